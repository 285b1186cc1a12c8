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
from diehl_cook.images.datasets import Split
from diehl_cook.stages import readout
from diehl_cook.stages.progress import Narrator, Progress, Report, Silence
from diehl_cook.store.trained_network import TrainedNetwork


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Accuracy over repeated presentations of the test images.

    Attributes
    ----------
    labels : ndarray, shape (cells,)
        Class of each cell.
    predictions : ndarray, shape (repeats, images)
        Class read in each repeat.
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

    @property
    def accuracy(self) -> float:
        """Mean over the repeats, a share from 0 to 1."""
        return float(self.accuracies.mean())

    @property
    def accuracy_sd(self) -> float | None:
        """Standard deviation over the repeats; None of a single one."""
        return float(self.accuracies.std(ddof=1)) if len(self.accuracies) > 1 else None

    @property
    def per_class(self) -> NDArray[np.floating]:
        """Share of each class that is classified correctly; NaN of a class without images."""
        shown = self.confusion.sum(axis=1)
        correct = np.diagonal(self.confusion)
        return np.divide(correct, shown, out=np.full(len(shown), np.nan), where=shown > 0)

    def summary(self) -> dict[str, Any]:
        """The numbers to report, as plain Python values."""
        return {
            "accuracy_mean": self.accuracy,
            "accuracy_sd": self.accuracy_sd,
            "accuracies": self.accuracies.tolist(),
            "spikes_per_image": float(self.spikes.mean()),
            "unlabelled_cells": int(np.sum(self.labels == readout.NO_CLASS)),
            "images_without_prediction": float(self.confusion[:, -1].sum()),
            "confusion": self.confusion.tolist(),
        }


@dataclasses.dataclass(frozen=True)
class Examiner:
    """Shows images to a trained network, in blocks that each start from rest, several at a time.

    Attributes
    ----------
    presenter : Presenter
        A network that does not learn.
    workspace : Path
        Folder for temporary files.
    jobs : int
        Processes at a time; no answer depends on it.
    narrator : Narrator
        Told how the images go on.
    """

    presenter: Presenter
    workspace: Path
    jobs: int = 1
    narrator: Narrator = dataclasses.field(default_factory=Silence)

    def respond(
        self, network: TrainedNetwork, images: NDArray[np.integer], stage: int, report: Report
    ) -> csr_array:
        """Count the spikes that images draw.

        Parameters
        ----------
        network : TrainedNetwork
            Weights and thresholds.
        images : ndarray, shape (n, n_inputs)
            Brightness from 0 to 255.
        stage : int
            The random stream.
        report : callable
            Called with a `Progress` as images are done.

        Returns
        -------
        sparse array, shape (n, cells)
            Spikes of each cell during each image.
        """
        size = self.presenter.experiment.evaluation.block
        show = delayed(self.presenter.show)
        start = self.presenter.at_rest(network.weights, network.theta)
        tasks = (
            show(start, images[first : first + size], first, stage, self.workspace)
            for first in range(0, len(images), size)
        )
        # Threads suffice: each waits for a process of its own, the compiled program.
        shown = Parallel(n_jobs=self.jobs, backend="threading", return_as="generator")(tasks)
        return csr_array(vstack(list(_reported(shown, len(images), report))))

    def label(self, network: TrainedNetwork, shown: Split) -> TrainedNetwork:
        """Give each cell the class it answers most, from one presentation of each image.

        Parameters
        ----------
        network : TrainedNetwork
            Weights and thresholds.
        shown : Split
            Training images.

        Returns
        -------
        TrainedNetwork
            The same network with labels.
        """
        with self.narrator.follow("labelling") as report:
            responses = self.respond(network, shown.rows, LABELLING, report)
        return dataclasses.replace(network, labels=readout.assign_labels(responses, shown.labels))

    def evaluate(self, network: TrainedNetwork, shown: Split) -> Evaluation:
        """Measure the accuracy of a labelled network, repeatedly.

        Parameters
        ----------
        network : TrainedNetwork
            With labels.
        shown : Split
            Test images.

        Returns
        -------
        Evaluation
        """
        if network.labels is None:
            raise ValueError("the network has no labels; label it first")
        repeats = self.presenter.experiment.evaluation.repeats
        predictions, spikes = [], []
        with self.narrator.follow("testing") as report:
            for repeat in range(repeats):
                on_repeat = _shifted(report, repeat * len(shown.rows), repeats * len(shown.rows))
                responses = self.respond(network, shown.rows, TESTING + repeat, on_repeat)
                predictions.append(readout.predict(responses, network.labels))
                spikes.append(responses.sum(axis=1))
        n_classes = int(max(shown.labels.max(), network.labels.max())) + 1
        counts = [readout.confusion(shown.labels, row, n_classes) for row in predictions]
        return Evaluation(
            labels=network.labels,
            predictions=np.array(predictions),
            spikes=np.array(spikes),
            accuracies=np.array([readout.accuracy(shown.labels, row) for row in predictions]),
            confusion=np.mean(counts, axis=0),
        )


def _reported(blocks: Iterable[Shown], total: int, report: Report) -> Iterator[csr_array]:
    done = 0
    for block in blocks:
        done += block.responses.shape[0]
        report(Progress(done, total, block.spikes / int(block.showings.sum())))
        yield block.responses


def _shifted(report: Report, before: int, total: int) -> Callable[[Progress], None]:
    """Report the progress of a part as progress of the whole."""
    return lambda progress: report(
        dataclasses.replace(progress, images=before + progress.images, total=total)
    )
