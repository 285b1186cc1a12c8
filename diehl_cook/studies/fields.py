"""What the fields of a network know without its spikes, at any moment of its training."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from diehl_cook.engine.presenter import weights_and_theta
from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.images.labelled_images import Split
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.network import INPUT_TO_EXCITATORY
from diehl_cook.stages import run
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies.baselines import as_floats, commonest

#: The class of a field is that of most of so many learned images, those most like it; ours.
ALIKE = 20
#: An image is read by so many fields, those most like it.
NEAREST = (1, 5)


@dataclasses.dataclass(frozen=True)
class Moment:
    """A network at some moment of its training.

    Attributes
    ----------
    experiment : Experiment
        What it is trained with.
    images : int
        Images learned.
    weights : ndarray, shape (n_inputs, cells)
        Input weights.
    theta : ndarray, shape (cells,)
        Adaptive threshold in volts.
    responses : sparse array, shape (images, cells)
        Spikes of each cell during the images since the last block ended; none after the training.
    """

    experiment: Experiment
    images: int
    weights: NDArray[np.floating]
    theta: NDArray[np.floating]
    responses: csr_array


def moment_of(source: str | Path) -> Moment:
    """A trained network, or a training as its last checkpoint left it.

    Parameters
    ----------
    source : str or Path
        A run folder, a network file, or the name of a published network.

    Raises
    ------
    RunFolderError, NetworkFileError, FileError
        If there is none, it has no checkpoint yet, or it cannot be used.
    """
    folder = RunFolder(Path(source))
    checkpoint = None
    if folder.path.is_dir() and not folder.has_network():
        folder.experiment()  # tells a folder that is none of a run
        checkpoint = folder.load_checkpoint()
    if checkpoint is None:
        network = run.load(source)
        images = network.experiment.training.images
        none = csr_array((0, network.experiment.cells))
        return Moment(network.experiment, images, network.weights, network.theta, none)
    experiment, state = checkpoint.experiment, checkpoint.state
    n_inputs = state[f"{INPUT_TO_EXCITATORY}.w"].size // experiment.cells
    weights, theta = weights_and_theta(state, n_inputs)
    return Moment(experiment, checkpoint.images, weights, theta, checkpoint.responses)


def measure(moment: Moment, images: ExperimentImages) -> dict[str, float]:
    """How far fields and thresholds have come, and how well fields alone read images.

    Parameters
    ----------
    moment : Moment
        Of a training.
    images : ExperimentImages
        Of its experiment. Those to score are read by the fields most like them (cosine).

    Returns
    -------
    dict of str to float
        Value of each quantity, in the order to tell them.
    """
    fields = np.asarray(moment.weights, np.float32).T
    spread = pixels(moment.weights)
    found = {
        "images learned": moment.images,
        "threshold, mean (mV)": float(moment.theta.mean() * 1e3),
        "threshold, standard deviation (mV)": float(moment.theta.std() * 1e3),
        "pixels of a field, median": float(np.median(spread)),
        "share of the cells that have begun": float(np.mean(spread < len(moment.weights) / 2)),
    }
    shown = moment.responses.shape[0]
    if shown:
        found["spikes of an image"] = float(moment.responses.sum() / shown)
        found["cells that answer an image"] = moment.responses.count_nonzero() / shown
    classes = _classes(fields, images.learning)
    every = np.bincount(classes, minlength=int(images.learning.labels.max()) + 1)
    for each, cells in enumerate(every):
        found[f"cells of class {each}"] = int(cells)
    for count in NEAREST:
        model = KNeighborsClassifier(min(count, len(fields)), metric="cosine")
        model.fit(fields, classes)
        share = model.score(as_floats(images.scored), images.scored.labels)
        found[f"{images.scored_on} images, nearest {count} (%)"] = 100 * share
    return found


def pixels(weights: NDArray[np.floating]) -> NDArray[np.floating]:
    """Over how many pixels the weights of each cell spread: (Σw)² / Σw²; ours.

    Parameters
    ----------
    weights : ndarray, shape (n_inputs, cells)
        Not negative; a cell whose weights are all 0 spreads over none.

    Returns
    -------
    ndarray, shape (cells,)
    """
    squares = np.sum(weights**2, axis=0)
    sums = np.sum(weights, axis=0)
    return np.divide(sums**2, squares, out=np.zeros_like(sums), where=squares > 0)


def _classes(fields: NDArray[np.floating], learned: Split) -> NDArray[np.int64]:
    model = NearestNeighbors(n_neighbors=min(ALIKE, len(learned.labels)), metric="cosine")
    alike = model.fit(as_floats(learned)).kneighbors(fields, return_distance=False)
    return np.array([commonest(classes) for classes in learned.labels[alike]])
