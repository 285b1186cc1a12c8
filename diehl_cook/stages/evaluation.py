"""Labelling and test presentations with frozen weights and thresholds, paper section 2.6."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from diehl_cook.engine.presenter import LABELLING, TESTING, Presenter, Shown
from diehl_cook.stages import readout
from diehl_cook.stages.progress import Progress
from diehl_cook.store.trained_network import TrainedNetwork

Report = Callable[[Progress], None]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Accuracy over repeated presentations of the test images.

    Attributes
    ----------
    labels : ndarray, shape (cells,)
        Class of each cell.
    predictions : ndarray, shape (repeats, images)
        Class read from each presentation.
    spikes : ndarray, shape (repeats, images)
        Excitatory spikes of each presentation.
    accuracies : ndarray, shape (repeats,)
        Shares from 0 to 1.
    confusion : ndarray, shape (n_classes, n_classes + 1)
        Mean count over the repeats; the last column counts images without a prediction.
    """

    labels: NDArray[np.integer]
    predictions: NDArray[np.integer]
    spikes: NDArray[np.integer]
    accuracies: NDArray[np.floating]
    confusion: NDArray[np.floating]

    def summary(self) -> dict[str, Any]:
        """The numbers to report, as plain Python values."""
        accuracies = self.accuracies
        spread = float(accuracies.std(ddof=1)) if len(accuracies) > 1 else None
        return {
            "accuracy_mean": float(accuracies.mean()),
            "accuracy_sd": spread,
            "accuracies": accuracies.tolist(),
            "spikes_per_image": float(self.spikes.mean()),
            "unlabelled_cells": int(np.sum(self.labels == readout.NO_CLASS)),
            "images_without_prediction": float(self.confusion[:, -1].sum()),
            "confusion": self.confusion.tolist(),
        }


def label(
    presenter: Presenter,
    network: TrainedNetwork,
    images: NDArray[np.integer],
    classes: NDArray[np.integer],
    workspace: Path,
    jobs: int,
    report: Report = lambda progress: None,
) -> TrainedNetwork:
    """Give each cell the class it answers most, from one presentation of the images.

    Parameters
    ----------
    presenter : Presenter
        A network that does not learn.
    network : TrainedNetwork
        Weights and thresholds.
    images : ndarray, shape (n, n_inputs)
        Training images.
    classes : ndarray, shape (n,)
        Their classes.
    workspace : Path
        Folder for temporary files.
    jobs : int
        Processes at a time; the result does not depend on it.
    report : callable
        Called with a `Progress` as images are done.

    Returns
    -------
    TrainedNetwork
        The same network with labels.
    """
    responses = respond(presenter, network, images, LABELLING, workspace, jobs, report)
    return dataclasses.replace(network, labels=readout.assign_labels(responses, classes))


def evaluate(
    presenter: Presenter,
    network: TrainedNetwork,
    images: NDArray[np.integer],
    classes: NDArray[np.integer],
    workspace: Path,
    jobs: int,
    report: Report = lambda progress: None,
) -> Evaluation:
    """Measure the accuracy of a labelled network over repeated presentations.

    Parameters are those of `label`, with test images; ``network.labels`` must be there.

    Returns
    -------
    Evaluation
    """
    if network.labels is None:
        raise ValueError("the network has no labels; label it first")
    repeats = presenter.experiment.evaluation.repeats
    predictions, spikes = [], []
    for repeat in range(repeats):
        on_repeat = _shifted(report, repeat * len(images), repeats * len(images))
        responses = respond(
            presenter, network, images, TESTING + repeat, workspace, jobs, on_repeat
        )
        predictions.append(readout.predict(responses, network.labels))
        spikes.append(responses.sum(axis=1))
    n_classes = int(max(classes.max(), network.labels.max())) + 1
    return Evaluation(
        labels=network.labels,
        predictions=np.array(predictions),
        spikes=np.array(spikes),
        accuracies=np.array([readout.accuracy(classes, row) for row in predictions]),
        confusion=np.mean(
            [readout.confusion(classes, row, n_classes) for row in predictions], axis=0
        ),
    )


def respond(
    presenter: Presenter,
    network: TrainedNetwork,
    images: NDArray[np.integer],
    stage: int,
    workspace: Path,
    jobs: int,
    report: Report = lambda progress: None,
) -> csr_array:
    """Show images in blocks that each start from rest, several at a time.

    Parameters are those of `label`; `stage` is the random stream.

    Returns
    -------
    sparse array, shape (n, cells)
        Spikes of each cell during each image.
    """
    size = presenter.experiment.evaluation.block
    start = presenter.at_rest(network.weights, network.theta)
    tasks = (
        delayed(presenter.show)(start, images[first : first + size], first, stage, workspace)
        for first in range(0, len(images), size)
    )
    # Threads suffice: each waits for a process of its own, the compiled program.
    shown = Parallel(n_jobs=jobs, backend="threading", return_as="generator")(tasks)
    return csr_array(vstack(list(_reported(shown, len(images), report))))


def _reported(blocks: Iterable[Shown], total: int, report: Report) -> Iterator[csr_array]:
    done = 0
    for block in blocks:
        done += block.responses.shape[0]
        report(Progress(done, total, block.spikes / int(block.showings.sum())))
        yield block.responses


def _shifted(report: Report, before: int, total: int) -> Report:
    """Report the progress of a part as progress of the whole."""
    return lambda progress: report(
        dataclasses.replace(progress, images=before + progress.images, total=total)
    )
