"""The README's numbers are those of the committed results, and what it links to is there."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PAGES = sorted((ROOT / "docs").glob("*.md"))


def test_every_table_is_as_the_results_say():
    spec = importlib.util.spec_from_file_location("fill_readme", ROOT / "docs" / "fill_readme.py")
    fill_readme = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill_readme)
    for path, blocks in zip(fill_readme.PAGES, (3, 3), strict=True):
        page = path.read_text()
        assert len(fill_readme.BLOCK.findall(page)) >= blocks
        assert fill_readme.filled(page) == page, "make readme"


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in PAGES)])
def test_what_is_linked_is_there(page):
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text())
    assert page != "README.md" or len(links) > 15
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_page_can_be_found_from_the_readme():
    assert [path.name for path in PAGES if f"(docs/{path.name})" not in README] == []


def test_sections_that_are_linked_are_there():
    linked = [
        (path, *found)
        for path in (ROOT / "README.md", *PAGES)
        for found in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", path.read_text())
    ]
    assert linked
    for path, file, section in linked:
        text = (path.parent / file if file else path).read_text()
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert section in slugs, f"{file}#{section}"


def test_every_package_is_on_the_map():
    packages = {path.parent.name for path in ROOT.glob("diehl_cook/*/__init__.py")}
    assert {name for name in packages if f"[`{name}/`]" not in README} == set()
