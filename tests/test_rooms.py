"""The rooms of the house: a module imports from its own room and from rooms below it alone."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
PACKAGE = TESTS.parent / "diehl_cook"
#: From what is typed down to what knows nothing of this project.
ROOMS = (
    "__main__ cli demo __init__ estimator studies stages engine store images model figures dense"
)
FLOOR = {room: floor for floor, room in enumerate(reversed(ROOMS.split()))}
FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def imported_rooms(path):
    """Rooms that a file imports from, at its top, in functions, or for type checking."""
    for node in ast.walk(ast.parse((PACKAGE / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level < len(path.parts), f"{path}: write the import in full"
        names = [alias.name for alias in getattr(node, "names", [])]
        module = getattr(node, "module", None)
        if isinstance(node, ast.ImportFrom) and module == "diehl_cook":
            names = [f"diehl_cook.{name}" for name in names]
        elif isinstance(node, ast.ImportFrom):
            names = [module or ""]
        elif not isinstance(node, ast.Import):
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "diehl_cook":
                yield rest.partition(".")[0] or "__init__"


def room_of(path):
    return path.parts[0] if len(path.parts) > 1 else path.stem


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_imports_from_its_room_and_those_below(path):
    own = room_of(path)
    for room in imported_rooms(path):
        assert room == own or FLOOR.get(room, -1) < FLOOR[own], f"{own} imports {room}"


def test_every_room_stands_on_a_floor():
    assert {room_of(path) for path in FILES} <= set(FLOOR)


def test_every_file_that_the_page_of_tests_names_is_there():
    page = (TESTS / "README.md").read_text()
    names = re.findall(r"`([\w/]+\.py)`", page)
    assert len(names) > 15
    folders = TESTS, PACKAGE.parent
    assert [name for name in names if not any((each / name).exists() for each in folders)] == []
