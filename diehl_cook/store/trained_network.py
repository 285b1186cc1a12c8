"""What a training leaves behind, wherever it is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True, eq=False)
class Weighing:
    """What a linear readout learned: how much each spike, or its root, speaks for each class.

    Attributes
    ----------
    classes : ndarray, shape (n_classes,)
        Ascending.
    weights : ndarray, shape (cells, n_classes)
        Of the count of each cell.
    offsets : ndarray, shape (n_classes,)
        What speaks for a class without any spike.
    """

    classes: NDArray[np.integer]
    weights: NDArray[np.floating]
    offsets: NDArray[np.floating]


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
    weighings : mapping of str to Weighing
        What readouts learned, by name; none of those that read by labels alone.
    learned : str or None
        SHA-256 of the images that it learned; None where that was not kept.
    """

    weights: NDArray[np.floating]
    theta: NDArray[np.floating]
    labels: NDArray[np.integer] | None = None
    weighings: Mapping[str, Weighing] = dataclasses.field(default_factory=dict)
    learned: str | None = None
