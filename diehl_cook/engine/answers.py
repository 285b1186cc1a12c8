"""What excitatory cells answer to images: every spike that counts, and counts of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


@dataclasses.dataclass(frozen=True, eq=False)
class Answers:
    """Spikes of excitatory cells to the last showing of each image and the rest after it.

    Attributes
    ----------
    images : ndarray of int32, shape (spikes,)
        Row of the image that was on.
    cells : ndarray of int32, shape (spikes,)
        Which cell fired.
    steps : ndarray of int32, shape (spikes,)
        Time steps since the image came on.
    silent : ndarray of bool, shape (images,)
        Images that never drew enough spikes and were left behind, as
        ``presentation.on_silence: skip`` says.
    n_cells : int
        Number of cells.
    """

    images: NDArray[np.int32]
    cells: NDArray[np.int32]
    steps: NDArray[np.int32]
    silent: NDArray[np.bool_]
    n_cells: int

    @property
    def shape(self) -> tuple[int, int]:
        """Number of images and of cells."""
        return self.silent.size, self.n_cells

    def responses(self, steps: int | None = None) -> csr_array:
        """Count the spikes of each cell during each image.

        Parameters
        ----------
        steps : int, optional
            Read only so many time steps after an image came on; by default until the rest ends.

        Returns
        -------
        sparse array of int32, shape (images, cells)
        """
        read = slice(None) if steps is None else self.steps < steps
        rows, columns = self.images[read], self.cells[read]
        return csr_array((np.ones(rows.size, np.int32), (rows, columns)), shape=self.shape)


def join(parts: Sequence[Answers]) -> Answers:
    """Answers to images that were shown one part after another."""
    before = np.cumsum([0, *(part.shape[0] for part in parts)])
    return Answers(
        np.concatenate(
            [part.images + first for part, first in zip(parts, before, strict=False)],
            dtype=np.int32,
        ),
        np.concatenate([part.cells for part in parts]),
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.silent for part in parts]),
        parts[0].n_cells,
    )
