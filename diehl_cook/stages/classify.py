"""What a network says to pictures that are of no data set, and on what spikes it says so."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from math import isqrt
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from diehl_cook.images.pictures import read_picture
from diehl_cook.model.experiment import ReadoutName
from diehl_cook.stages import readout
from diehl_cook.stages.network import Network


@dataclasses.dataclass(frozen=True)
class Reading:
    """What a network reads from an image.

    Attributes
    ----------
    class_ : int
        The class that the readout of the experiment reads, -1 for none.
    runner_up : int
        The class that comes next, -1 for none.
    spikes : mapping of int to int
        Spikes of the cells of each class that cells have or that is read.
    total : int
        All spikes, those of cells without a class too.
    readout : str
        Which readout read the class.
    """

    class_: int
    runner_up: int
    spikes: Mapping[int, int]
    total: int
    readout: ReadoutName

    def __str__(self) -> str:
        if self.class_ == readout.NO_CLASS:
            return f"no class: {self.total} spikes, none of a cell with a class"
        if self.readout != "class_mean":  # which reads more than the spikes of a class's cells
            second = "no other class"
            if self.runner_up != readout.NO_CLASS:
                second = f"then {self.runner_up}"
            return f"{self.class_}, {second}: {self.readout} of {self.total} spikes"
        words = f"{self.class_}: {self.spikes[self.class_]} of {self.total} spikes"
        if self.runner_up == readout.NO_CLASS:
            return f"{words}, no other class answered"
        return f"{words}, then {self.runner_up} with {self.spikes[self.runner_up]}"


def classify(network: Network, pictures: Sequence[str | Path]) -> list[Reading]:
    """Read picture files, each as the first image that the network sees.

    Parameters
    ----------
    network : Network
        Evaluated, for square images.
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
        If the network cannot be read yet, or its images are not square.
    """
    size = picture_size(network)
    images = [read_picture(path, size) for path in pictures]
    return [read(network, network.respond(image[np.newaxis], jobs=1)) for image in images]


def picture_size(network: Network) -> int:
    """How many pixels the side of a picture has that a network can read.

    Raises
    ------
    ValueError
        If the network cannot be read yet, or its images are not square.
    """
    size = isqrt(network.n_inputs)
    if size**2 != network.n_inputs:
        raise ValueError(f"{network!r} cannot read pictures: its images are not square")
    _ = network.reader  # which says what it lacks
    return size


def read(network: Network, response: csr_array) -> Reading:
    """Read the class of an image from the spikes that it drew.

    Parameters
    ----------
    network : Network
        Evaluated.
    response : sparse array, shape (1, cells)
        Spikes of each cell.

    Returns
    -------
    Reading
    """
    reader = network.reader
    (scores,) = reader.scores(response)
    order = [
        int(reader.classes_[place])
        for place in np.argsort(-scores, kind="stable")
        if scores[place] > -np.inf
    ]
    first, second, *_ = [*order, readout.NO_CLASS, readout.NO_CLASS]
    cells = response.toarray()[0]
    assert network.labels is not None
    spikes = {int(class_): int(cells[network.labels == class_].sum()) for class_ in reader.classes_}
    name = network.experiment.evaluation.readout
    return Reading(first, second, spikes, int(response.sum()), name)
