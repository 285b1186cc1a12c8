"""What a network says to pictures that are of no data set, and on what spikes it says so."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from math import isqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diehl_cook.images.pictures import read_picture
from diehl_cook.stages import readout
from diehl_cook.stages.network import Network


@dataclasses.dataclass(frozen=True)
class Reading:
    """What a network reads from an image.

    Attributes
    ----------
    class_ : int
        The class whose cells have the highest mean response, -1 for none.
    runner_up : int
        The class that comes next, -1 for none.
    spikes : ndarray, shape (n_classes,)
        Spikes of the cells of each class.
    total : int
        All spikes, those of cells without a class too.
    """

    class_: int
    runner_up: int
    spikes: NDArray[np.integer]
    total: int

    def __str__(self) -> str:
        if self.class_ == readout.NO_CLASS:
            return f"no class: {self.total} spikes, none of a cell with a class"
        words = f"{self.class_}: {self.spikes[self.class_]} of {self.total} spikes"
        if self.runner_up == readout.NO_CLASS:
            return f"{words}, no other class answered"
        return f"{words}, then {self.runner_up} with {self.spikes[self.runner_up]}"


def classify(network: Network, pictures: Sequence[str | Path]) -> list[Reading]:
    """Read picture files, each as the first image that the network sees.

    Parameters
    ----------
    network : Network
        With labels, for square images.
    pictures : sequence of str or Path
        Picture files; `diehl_cook.images.pictures` says how they are made like MNIST's.

    Returns
    -------
    list of Reading

    Raises
    ------
    DatasetError
        If a file is no picture or blank.
    ValueError
        If the network has no labels, or its images are not square.
    """
    size = isqrt(network.n_inputs)
    if network.labels is None or size**2 != network.n_inputs:
        raise ValueError(f"{network!r} cannot read pictures: it needs labels and square images")
    images = [read_picture(path, size) for path in pictures]
    return [_read(network, network.labels, image) for image in images]


def _read(network: Network, labels: NDArray[np.integer], image: NDArray[np.uint8]) -> Reading:
    response = network.respond(image[np.newaxis], jobs=1)
    spikes, cells = readout.spikes_by_class(response, labels)
    means = spikes[0] / np.maximum(cells, 1)
    order = [int(class_) for class_ in np.argsort(-means, kind="stable") if means[class_] > 0]
    first, second, *_ = [*order, readout.NO_CLASS, readout.NO_CLASS]
    return Reading(first, second, spikes[0], int(response.sum()))
