"""What methods without spikes read from the same images: k-means and nearest neighbours."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.neighbors import KNeighborsClassifier

from diehl_cook.images.datasets import Split
from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.stages.readout import accuracy

#: Numbers of neighbours to choose from.
NEIGHBOURS = (1, 3, 5, 7)


@dataclasses.dataclass(frozen=True)
class Baselines:
    """Accuracies on the images to score, shares from 0 to 1.

    Attributes
    ----------
    k_means : list of float
        Of as many centres as the network has cells, one for each start. A centre has the class of
        most training images that are nearest to it.
    nearest_neighbours : float
        Of the training images; their number was chosen by the last sixth of them.
    neighbours : int
        That number.
    """

    k_means: list[float]
    nearest_neighbours: float
    neighbours: int


def measure(images: ExperimentImages, centres: int, starts: int = 3) -> Baselines:
    """Fit both to the learning images and score them, on pixels as they are.

    Parameters
    ----------
    images : ExperimentImages
        Of an experiment.
    centres : int
        How many k-means may have.
    starts : int
        How often it starts from other centres.

    Returns
    -------
    Baselines

    Raises
    ------
    ExperimentError
        If there are fewer images than centres.
    """
    if (there := len(images.learning.labels)) < centres:
        raise ExperimentError(f"cells: {centres} centres for {there} images to learn; choose fewer")
    k_means = [_k_means(images, centres, seed) for seed in range(starts)]
    neighbours = _best_neighbours(images.learning)
    return Baselines(
        k_means,
        _nearest(images.learning, images.scored, neighbours),
        neighbours,
    )


def _k_means(images: ExperimentImages, centres: int, seed: int) -> float:
    learned, classes = as_floats(images.learning), images.learning.labels
    model = KMeans(centres, n_init=10, random_state=seed).fit(learned)
    labels = np.array([commonest(classes[model.labels_ == each]) for each in range(centres)])
    return accuracy(images.scored.labels, labels[model.predict(as_floats(images.scored))])


def commonest(classes: NDArray[np.integer]) -> int:
    """The class that occurs most often, the smallest of several, or of all if there is none."""
    return int(np.bincount(classes, minlength=1).argmax())


def _best_neighbours(learning: Split) -> int:
    border = len(learning.labels) * 5 // 6
    known = Split(learning.images[:border], learning.labels[:border])
    asked = Split(learning.images[border:], learning.labels[border:])
    numbers = [number for number in NEIGHBOURS if number <= border]
    return max(numbers, key=lambda number: _nearest(known, asked, number), default=NEIGHBOURS[0])


def _nearest(known: Split, asked: Split, number: int) -> float:
    model = KNeighborsClassifier(number).fit(as_floats(known), known.labels)
    return accuracy(asked.labels, model.predict(as_floats(asked)))


def as_floats(split: Split) -> NDArray[np.float32]:
    """Images as rows of brightness that scikit-learn takes as they are."""
    return split.rows.astype(np.float32)
