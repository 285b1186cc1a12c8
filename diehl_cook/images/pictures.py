"""Pictures of anybody's making as MNIST's were made: a digit of 20 pixels in a frame of 28.

MNIST's digits were scaled into a box of 20 x 20 pixels without changing their proportions, and
placed with their centre of mass in the middle of 28 x 28 pixels (LeCun et al., 1998).
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, UnidentifiedImageError

from diehl_cook.images.datasets import DatasetError
from diehl_cook.images.grey import in_eight_bits
from diehl_cook.images.upright import upright
from diehl_cook.model.resources import require_regular


def read_picture(path: str | Path, size: int = 28) -> NDArray[np.uint8]:
    """Read a picture file and make it like a digit of MNIST.

    Parameters
    ----------
    path : str or Path
        A picture in any format that Pillow reads, of any size; ink dark on light or light on dark.
    size : int
        Pixels of a side of the result.

    Returns
    -------
    ndarray, shape (size, size)
        Brightness from 0 to 255, ink bright.

    Raises
    ------
    DatasetError
        If the file is missing, no picture, too large, or blank.
    """
    try:
        with require_regular(Path(path)).open("rb") as file:
            return decode_picture(file, size)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from None


def decode_picture(file: BinaryIO, size: int = 28) -> NDArray[np.uint8]:
    """Read a picture as `read_picture` does, from an open file or from memory.

    Parameters
    ----------
    file : binary file
        The content of a picture file.
    size : int
        Pixels of a side of the result.

    Returns
    -------
    ndarray, shape (size, size)

    Raises
    ------
    ValueError
        If it is no picture, too large, or blank.
    """
    try:
        with Image.open(file) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise ValueError(f"has {picture.width} x {picture.height} pixels; make it smaller")
            whole = in_eight_bits(upright(picture)).convert("RGBA")
            pixels = _on(whole, "white")
            if pixels.min() == pixels.max():  # white ink on nothing, perhaps
                pixels = _on(whole, "black")
    except UnidentifiedImageError:
        raise ValueError("is no picture, or damaged") from None
    except (ValueError, MemoryError):
        raise
    except Exception as error:  # a damaged picture fails in many ways
        reason = " ".join(str(error).split())
        raise ValueError(f"is no picture, or damaged ({reason})") from None
    return like_mnist(pixels, size)


def _on(picture: Image.Image, ground: str) -> NDArray[np.uint8]:
    """Grey levels of a picture, which may be transparent, on a ground."""
    opaque = Image.new("RGBA", picture.size, ground)
    opaque.alpha_composite(picture)
    return np.asarray(opaque.convert("L"))


def like_mnist(pixels: ArrayLike, size: int = 28) -> NDArray[np.uint8]:
    """Make a drawn digit like those of MNIST.

    Parameters
    ----------
    pixels : array, shape (rows, columns)
        Grey levels from 0 to 255. What most of the border has is taken for the paper.
    size : int
        Pixels of a side of the result; the digit fills a box of 5/7 of it.

    Returns
    -------
    ndarray, shape (size, size)
        Brightness from 0 to 255, ink bright, its centre of mass in the middle.

    Raises
    ------
    ValueError
        If nothing is drawn on the paper.
    """
    grey = np.asarray(pixels, dtype=float)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = np.abs(grey - np.median(border))
    if ink.max(initial=0) < _FAINTEST:
        raise ValueError("is blank: nothing is drawn on the paper")
    ink = np.clip(ink / ink.max() - _PAPER, 0, None) / (1 - _PAPER)
    rows, columns = (np.flatnonzero(ink.max(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = round(size * 5 / 7)
    shape = np.maximum(1, np.rint(np.array(ink.shape) * box / max(ink.shape))).astype(int)
    scaled = Image.fromarray(np.rint(255 * ink).astype(np.uint8)).resize(
        (int(shape[1]), int(shape[0])), Image.Resampling.LANCZOS
    )
    digit = np.asarray(scaled, dtype=float)
    digit *= 255 / max(digit.max(), 1)
    return _centred(np.rint(digit).astype(np.uint8), size)


def _centred(digit: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Place a digit with its centre of mass in the middle, or as near as the frame lets it."""
    frame = np.zeros((size, size), np.uint8)
    corner = []
    for axis, length in enumerate(digit.shape):
        mass = digit.sum(axis=1 - axis, dtype=float)
        centre = np.sum(mass * np.arange(length)) / mass.sum()  # MNIST's lie in pixel 14 of 0 to 27
        corner.append(int(np.clip(round(size / 2 - centre), 0, size - length)))
    top, left = corner
    frame[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return frame


# Levels that ink must differ from the paper somewhere; the share of the darkest ink below which
# a level is still the paper's, whose grain a scanner or a lossy format leaves.
_FAINTEST, _PAPER = 16, 0.1
_MOST_PIXELS = 50_000_000
