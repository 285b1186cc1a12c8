"""One file for the compiler, made of those that Brian2 writes.

Brian2 writes a file for each code object, some thirty of a hundred lines that all include the
same headers: to read those took two thirds of the work of compiling. Here they become one.
Each keeps its helpers to itself, in a namespace, because most of them have the same ones.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

#: The files of a program besides those of code objects, in an order in which they can be read.
#: ``objects.cpp``, which only allocates, reads and writes arrays, is not worth optimising.
OTHERS = ("synapses_classes.cpp", "network.cpp", "run.cpp", "main.cpp")

#: What Brian2 writes between what a code object includes and what it defines.
MARK = "////// SUPPORT CODE ///////\n"

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b.*\n", re.MULTILINE)
_DECLARED = re.compile(r"^\s*void (\w+)\(\);$", re.MULTILINE)


def united(sources: Iterable[str]) -> list[str]:
    """Choose those of a program's files that become one.

    Parameters
    ----------
    sources : iterable of str
        Files, relative to the folder of the program.

    Returns
    -------
    list of str
        Those of code objects by name, and those of `OTHERS` that there are.
    """
    names = set(sources)
    of_code = sorted(name for name in names if PurePosixPath(name).parent.name == "code_objects")
    return [*of_code, *(name for name in OTHERS if name in names)]


def one_file(folder: Path, names: Iterable[str], shared: Mapping[str, str]) -> str:
    """Write several files of a program as one.

    Parameters
    ----------
    folder : Path
        Of the program; the files and their headers are read there.
    names : iterable of str
        The files, see `united`.
    shared : mapping of str to str
        C++ type by name of each array that one code object defines and others use.

    Returns
    -------
    str
        C++. The code objects' own headers come first, then what each defines.

    Raises
    ------
    NotImplementedError
        If Brian2 writes code objects in another form than the one known here.
    """
    included: dict[str, None] = {}
    parts = []
    for name in names:
        if name in OTHERS:
            parts.append((folder / name).read_text())
            continue
        text = (folder / name).read_text()
        included |= dict.fromkeys(line.strip() for line in _INCLUDE.findall(text))
        header = (folder / name).with_suffix(".h").read_text()
        parts.append(_apart(PurePosixPath(name).stem, _INCLUDE.sub("", text), header))
    declared = [f"extern {c_type} {array}[];" for array, c_type in sorted(shared.items())]
    return "\n".join([*included, *declared, "", *parts])


def _apart(name: str, text: str, header: str) -> str:
    """Code of a code object, of which others see only what its header declares."""
    functions = _DECLARED.findall(header)
    if text.count(MARK) != 1 or header.count(";") != len(functions):
        raise NotImplementedError(
            f"code object '{name}': Brian2 writes its C++ in another form than the one known to "
            f"{__package__}; use the device 'cpp_standalone'"
        )
    for_all, own = text.split(MARK)
    calls = "".join(f"void {function}() {{ of_{name}::{function}(); }}\n" for function in functions)
    return f"{for_all.strip()}\nnamespace {{ namespace of_{name} {{\n{own}\n}} }}\n{calls}"
