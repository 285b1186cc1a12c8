"""What a training leaves behind, wherever it is kept."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True)
class TrainedNetwork:
    """What a training leaves behind.

    Attributes
    ----------
    weights : ndarray, shape (n_inputs, cells)
        Input weights.
    theta : ndarray, shape (cells,)
        Adaptive threshold in volts.
    labels : ndarray, shape (cells,), or None
        Class of each cell, -1 for none; None before the labelling.
    """

    weights: NDArray[np.floating]
    theta: NDArray[np.floating]
    labels: NDArray[np.integer] | None = None
