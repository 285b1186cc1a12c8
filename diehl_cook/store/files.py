"""Files that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

#: How names of files begin that are not whole yet; 32 hexadecimal digits follow.
UNFINISHED = ".unfinished-"


#: Of a figure in a file.
Format = Literal["png", "svg", "pdf"]


class WriteError(RuntimeError):
    """A file that cannot be written; the message names it and the way out."""


def write_whole(path: Path, content: bytes) -> None:
    """Write beside, then rename: a reader sees the old file or the new one, never half.

    The folder is made where it is missing, and a link is followed to what it names. What is no
    file, as a device, is left as it is: a rename would put a file in its place.

    Raises
    ------
    WriteError
        If it cannot be written; nothing is left behind then.
    """
    try:
        if path.exists() and not path.is_file():
            raise WriteError(f"{path}: is no file that can be written; choose another name")
        place = Path(os.path.realpath(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        _write_and_rename(place, content)
    except OSError as error:
        raise WriteError(
            f"{path}: cannot be written: {error.strerror or error}; mend that, and the same command"
            " goes on"
        ) from None


def is_unfinished(path: Path) -> bool:
    """Whether this is what a process was writing when it was killed."""
    return re.fullmatch(rf"{re.escape(UNFINISHED)}[0-9a-f]{{32}}", path.name) is not None


def _write_and_rename(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f"{UNFINISHED}{uuid.uuid4().hex}")
    # Opened as any new file, unlike a temporary one: who may read it is the user's umask to say.
    with unfinished.open("xb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)  # a signal may come after the rename
            raise


def figure_bytes(figure: Figure, kind: Format = "png", dpi: int = 150) -> bytes:
    """Draw a figure.

    Parameters
    ----------
    figure : Figure
        What to draw.
    kind : {"png", "svg", "pdf"}
        Format of the picture. The same figure gives the same bytes.
    dpi : int
        Pixels of an inch.
    """
    picture = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "diehl_cook"}):
        figure.savefig(picture, format=kind, dpi=dpi, metadata=_METADATA.get(kind))
    return picture.getvalue()


#: No dates, so that nothing changes with the day.
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def smaller(picture: bytes) -> bytes:
    """A picture of pixels as WebP, in a fraction of the bytes that a PNG takes."""
    webp = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").save(webp, "webp", quality=85)
    return webp.getvalue()


def animation_bytes(frames: Sequence[Figure], milliseconds: int = 700) -> bytes:
    """Draw figures one after another as a WebP picture that moves, and starts over at the end.

    Parameters
    ----------
    frames : sequence of Figure
        One or more, of one size.
    milliseconds : int
        How long each stands; the last four times as long.
    """
    drawn = [_pixels(frame) for frame in frames]
    moving = io.BytesIO()
    drawn[0].save(
        moving,
        "webp",
        save_all=True,
        append_images=drawn[1:],
        duration=[milliseconds] * (len(drawn) - 1) + [4 * milliseconds],
        loop=0,
        quality=60,
        method=3,
    )
    return moving.getvalue()


#: Noise, as in the first frames, takes many bytes.
_DPI_OF_FRAMES = 85


def _pixels(figure: Figure) -> Image.Image:
    figure.set_dpi(_DPI_OF_FRAMES)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table with a header; the columns are the keys of the first row, and NaN is left empty."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: "" if value != value else value for name, value in row.items()} for row in rows
        )
    return text.getvalue()


def markdown_table(columns: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table for people, in Markdown: a header, and a line for each row."""
    lines = ["| " + " | ".join(map(str, line)) + " |" for line in (columns, *rows)]
    return "\n".join([lines[0], "|---" * len(columns) + "|", *lines[1:], ""])
