"""Files that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

#: How names of files begin that are not whole yet.
UNFINISHED = ".unfinished-"


class WriteError(RuntimeError):
    """A file that cannot be written; the message names it and the way out."""


def write_whole(path: Path, content: bytes) -> None:
    """Write beside, then rename: a reader sees the old file or the new one, never half.

    The folder is made where it is missing. What is no file, as a device, is left as it is: a
    rename would put a file in its place.

    Raises
    ------
    WriteError
        If it cannot be written; nothing is left behind then.
    """
    try:
        if path.exists() and not path.is_file():
            raise WriteError(f"{path}: is no file that can be written; choose another name")
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_and_rename(path, content)
    except OSError as error:
        raise WriteError(
            f"{path}: cannot be written: {error.strerror or error}; mend that, and the same command"
            " goes on"
        ) from None


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


def png_bytes(figure: Figure) -> bytes:
    """Draw a figure as a PNG."""
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=150)
    return image.getvalue()


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
