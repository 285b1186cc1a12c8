"""A report as one HTML file: no script, no file beside it, nothing fetched from anywhere."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import jinja2
from matplotlib.figure import Figure

from diehl_cook.store.files import Format, animation_bytes, figure_bytes, smaller

#: A longer table is folded away.
MOST_ROWS = 25


@dataclasses.dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str
    kind: str = "words"


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows under a header; the first cell of a row names it.

    Attributes
    ----------
    caption : str
        What it shows.
    columns : sequence of str
        The header.
    rows : sequence of sequence of str
        As they are printed. A share in per cent, in a column named in `bars`, gets a bar.
    folded : bool
        Whether only its caption is seen at first.
    bars : sequence of str
        Columns of shares in per cent.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False
    bars: Sequence[str] = ()
    kind: str = "table"


@dataclasses.dataclass(frozen=True)
class Commands:
    """Lines to type."""

    lines: Sequence[str]
    kind: str = "commands"


@dataclasses.dataclass(frozen=True)
class Picture:
    """A figure that explains itself.

    Attributes
    ----------
    name : str
        Of its file.
    figure : Figure, or list of Figure
        Frames, where it moves.
    title, caption : str
        What is seen, and what that means to somebody who has not read the paper.
    alternative : str
        What it says to somebody who does not see it.
    vector : bool
        Whether it stays small as a vector picture.
    """

    name: str
    figure: Figure | list[Figure]
    title: str
    caption: str
    alternative: str
    vector: bool = True
    kind: str = "picture"

    def file(self, kind: Format = "png") -> tuple[str, bytes]:
        """Name and content of its file; what moves is a WebP picture in any case."""
        if isinstance(self.figure, list):
            return f"{self.name}.webp", self._moving
        return f"{self.name}.{kind}", self._pixels if kind == "png" else self._vectors(kind)

    @property
    def source(self) -> str:
        """Its content as a URL."""
        if isinstance(self.figure, list):
            return _url("webp", self._moving)
        if self.vector:
            return _url("svg+xml", self._vectors("svg"))
        return _url("webp", smaller(self._pixels))

    @property
    def still(self) -> str | None:
        """For readers who want nothing to move: the last frame."""
        if not isinstance(self.figure, list):
            return None
        return _url("webp", smaller(figure_bytes(self.figure[-1], dpi=100)))

    @cached_property
    def _moving(self) -> bytes:
        assert isinstance(self.figure, list)
        return animation_bytes(self.figure)

    @cached_property
    def _pixels(self) -> bytes:
        assert isinstance(self.figure, Figure)
        return figure_bytes(self.figure)

    def _vectors(self, kind: Format) -> bytes:
        assert isinstance(self.figure, Figure)
        return figure_bytes(self.figure, kind)


@dataclasses.dataclass(frozen=True)
class PictureFile:
    """A picture that was drawn before, from its file; otherwise as `Picture`."""

    content: bytes
    title: str
    caption: str
    alternative: str
    still: None = None
    kind: str = "picture"

    @property
    def source(self) -> str:
        """Its content as a URL."""
        return _url("webp", smaller(self.content))


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    parts: Sequence[Any]


def render(title: str, verdict: str, sections: Sequence[Section]) -> bytes:
    """Fill the page.

    Parameters
    ----------
    title : str
        What it is about.
    verdict : str
        What came out, in one sentence.
    sections : sequence of Section
        Those without parts are left out.

    Returns
    -------
    bytes
        An HTML file.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("diehl_cook.stages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    filled = environment.get_template("page.html").render(
        title=title, verdict=verdict, sections=[each for each in sections if each.parts]
    )
    return filled.encode()


def _url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
