"""What is leaned on in Brian2 is listed, all of it, and missed as soon as it is gone."""

import ast
import importlib
import inspect
import pkgutil

import brian2
import pytest

from diehl_cook import dense
from diehl_cook.dense import brian2_internals

MODULES = [
    importlib.import_module(f"{dense.__name__}.{info.name}")
    for info in pkgutil.iter_modules(dense.__path__)
]
LISTED = {
    f"{path}.{member.partition('(')[0]}"
    for path, members in brian2_internals.NAMES.items()
    for member in members
}
CPP = "brian2.devices.cpp_standalone.codeobject.CPPStandaloneCodeObject"


def test_this_brian2_has_all_that_is_leaned_on():
    assert brian2_internals.missing() == [], f"Brian2 {brian2.__version__} has not"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"brian2.gone": ()}, "brian2.gone"),
        ({"brian2.core.variables.Gone": ()}, "brian2.core.variables.Gone"),
        ({"brian2.core.variables": ("Gone",)}, "brian2.core.variables.Gone"),
        (
            {"brian2.core.variables.Variables": ("_add_gone(name)",)},
            "brian2.core.variables.Variables._add_gone",
        ),
        (
            {"brian2.core.variables.Variables": ("_add_variable(name, gone)",)},
            "parameter 'gone' of brian2.core.variables.Variables._add_variable",
        ),
    ],
)
def test_a_name_that_is_gone_is_missed(names, said):
    assert brian2_internals.missing(names, {}) == [said]


@pytest.mark.parametrize(
    ("templates", "said"),
    [
        ({"gone.cpp": ()}, f"template gone.cpp of {CPP}"),
        ({"common_group.cpp": ("gone",)}, f"block 'gone' in template common_group.cpp of {CPP}"),
    ],
)
def test_a_template_that_is_gone_is_missed(templates, said):
    assert brian2_internals.missing({}, {CPP: templates}) == [said]


def test_a_brian2_that_lacks_something_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(brian2_internals, "missing", lambda: ["a", "b"])
    with pytest.raises(ImportError, match=r"has no a, no b, on which .* leans: install") as raised:
        brian2_internals.require_all()
    assert "\n" not in str(raised.value)


def imported(module):
    """What a module imports from Brian2 that ``from brian2 import *`` does not bring."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("brian2."):
            for alias in node.names:
                if not hasattr(brian2, alias.name):
                    yield f"{node.module}.{alias.name}"


def of_brian2(cls, name):
    """Full name of an attribute that a class has from Brian2, None if from elsewhere."""
    for base in cls.__mro__:
        if not base.__module__.startswith("brian2."):
            continue
        if name in vars(base) or f"self.{name} =" in inspect.getsource(base):
            return f"{base.__module__}.{base.__name__}.{name}"
    return None


def inherited(module):
    """What the classes of a module replace or use of the classes of Brian2 that they extend."""
    tree = ast.parse(inspect.getsource(module))
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            cls = getattr(module, node.name)
            used = {
                part.attr
                for part in ast.walk(node)
                if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name)
                if part.value.id == "self"
            }
            replaced = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
            replaced |= {
                target.id
                for part in node.body
                if isinstance(part, ast.Assign)
                for target in part.targets
            }
            for name in used | replaced:
                if name.startswith("__"):
                    continue
                yield of_brian2(cls, name)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_list_is_complete(module):
    leaned_on = {*imported(module), *inherited(module)} - {None}
    # once is enough, for a class or for one that it extends: versions differ in where a name stands
    known = {name.rpartition(".")[2] for name in LISTED}
    assert {name for name in leaned_on if name.rpartition(".")[2] not in known} == set()


def test_the_list_has_nothing_that_is_not_used():
    text = "".join(
        inspect.getsource(module) for module in MODULES if module is not brian2_internals
    )
    names = {name.rpartition(".")[2] for name in LISTED}
    assert {name for name in names - {"__init__", "__call__"} if name not in text} == set()
