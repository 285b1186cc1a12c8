"""Images with their classes, and what is said when there are none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SplitName = Literal["train", "test"]


class DatasetError(ValueError):
    """A data file that cannot be used; the message, one line, names it and the way out."""


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Images and their labels, read-only, in the order of the file.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, rows, columns)
        Brightness, 0 to 255.
    labels : ndarray of uint8, shape (n,)
        The class of each image.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __repr__(self) -> str:
        rows, columns = self.images.shape[1:]
        return f"<Split: {len(self.images)} images of {rows} x {columns} pixels>"

    @property
    def rows(self) -> NDArray[np.uint8]:
        """Each image as a row of pixels, shape (n, n_pixels)."""
        return self.images.reshape(len(self.images), -1)

    @cached_property
    def sha256(self) -> str:
        """Tells images, their shape and their classes from any others."""
        digest = hashlib.sha256(repr(self.images.shape).encode())
        for array in (self.images, self.labels):
            digest.update(np.ascontiguousarray(array, np.uint8).data)
        return digest.hexdigest()
