"""One file for the compiler, made of those that Brian2 writes.

Brian2 writes a file for each code object, some thirty files that all include the same headers,
and reading those is most of the work of compiling. Here they become one file. Each code object
keeps its helpers to itself, in a namespace, because most of them have the same ones. A code object
that could mean something else there, or whose form is not known, keeps a file of its own.
"""

import re
from collections.abc import Collection, Iterable, Mapping

#: What Brian2 writes between what a code object includes and what it defines.
MARK = "////// SUPPORT CODE ///////\n"

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b[ \t]*(.*)\n", re.MULTILINE)
#: Headers that can be included anywhere, any number of times: those of C++ and of Brian2.
_HARMLESS = re.compile(r'<[a-z]+>|"(objects|synapses_classes|(brianlib|code_objects)/\w+)\.h"')
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*((?:define|undef|ifdef|ifndef|include)\b.*)", re.MULTILINE)
#: Brian2's own macros, the same in all code objects.
_BRIAN2S = re.compile(r"define _brian_\w+\b.*|ifdef (DEBUG|_MSC_VER)")
_DECLARED = re.compile(r"^[ \t]*void (\w+)\(\);$", re.MULTILINE)


def can_share(source: str, header: str) -> bool:
    """Whether a code object means the same in a file that it has to itself and in a shared one.

    Parameters
    ----------
    source, header : str
        Its C++.

    Returns
    -------
    bool
        False if it includes headers, or defines macros, of a user's own, which others would see;
        and if Brian2 wrote it in another form than the one known here.
    """
    includes, *definitions = source.split(MARK)
    if len(definitions) != 1 or header.count(";") != len(_DECLARED.findall(header)):
        return False
    directives = _DIRECTIVE.findall(_INCLUDE.sub("", includes) + definitions[0])
    return all(map(_HARMLESS.fullmatch, _INCLUDE.findall(includes))) and all(
        map(_BRIAN2S.fullmatch, directives)
    )


def one_file(code_objects: Mapping[str, tuple[str, str]], others: Iterable[str]) -> str:
    """Write code objects, and what calls them, as one file.

    Parameters
    ----------
    code_objects : mapping of str to tuple of str
        Source and header by name, of code objects that can share a file.
    others : iterable of str
        C++ that follows them as it is, save that each header is included once.

    Returns
    -------
    str
        C++.
    """
    included = dict.fromkeys(
        header for source, _ in code_objects.values() for header in _INCLUDE.findall(source)
    )
    parts = [f"#include {header}\n" for header in included]
    parts += [_apart(name, *code) for name, code in code_objects.items()]
    for text in others:
        parts.append(_without_includes(text, included))
        included |= dict.fromkeys(_INCLUDE.findall(text))
    return "\n".join(parts)


def _without_includes(text: str, headers: Collection[str]) -> str:
    """Leave out the lines that include some headers."""

    def line(found: re.Match[str]) -> str:
        return "\n" if found[1] in headers else found[0]

    return _INCLUDE.sub(line, text)


def _apart(name: str, source: str, header: str) -> str:
    """Code of a code object, of which others see only what its header declares."""
    for_all, own = _INCLUDE.sub("", source).split(MARK)
    calls = "".join(
        f"void {function}() {{ of_{name}::{function}(); }}\n"
        for function in _DECLARED.findall(header)
    )
    return f"{for_all.strip()}\nnamespace {{ namespace of_{name} {{\n{own}\n}} }}\n{calls}"
