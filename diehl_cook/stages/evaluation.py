"""Labelling and testing with frozen weights and thresholds, paper section 2.6."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_array

from diehl_cook.engine.answers import Answers, join
from diehl_cook.engine.presenter import LABELLING, TESTING, Presenter, Shown
from diehl_cook.images.datasets import Split
from diehl_cook.model.experiment import ReadoutName
from diehl_cook.stages import readout, readout_table
from diehl_cook.stages.progress import Follower, Narrator, Progress, Silence
from diehl_cook.store.trained_network import TrainedNetwork


@dataclasses.dataclass(frozen=True, repr=False)
class Evaluation:
    """Accuracy over repeats: the test images are shown several times.

    Attributes
    ----------
    network : TrainedNetwork
        With labels, and what the readout learned.
    predictions : ndarray, shape (repeats, images)
        Class read in each repeat.
    spikes : ndarray, shape (repeats, images)
        Excitatory spikes of each presentation.
    accuracies : ndarray, shape (repeats,)
        Shares from 0 to 1.
    confusion : ndarray, shape (n_classes, n_classes + 1)
        Mean count over the repeats; the last column counts images without a prediction.
    skipped : float
        Images that never drew enough spikes, the mean over the repeats.
    readouts : sequence of dict
        Every readout compared, as `readout_table.compare` does, if that was asked for.
    """

    network: TrainedNetwork
    predictions: NDArray[np.integer]
    spikes: NDArray[np.integer]
    accuracies: NDArray[np.floating]
    confusion: NDArray[np.floating]
    skipped: float = 0.0
    readouts: Sequence[readout_table.Row] = ()

    def __repr__(self) -> str:
        images = self.predictions.shape[1]
        return (
            f"<Evaluation: {self.accuracy:.2%} of {images} images correct, {self.repeats_in_words}>"
        )

    @property
    def repeats_in_words(self) -> str:
        """How many there are, in words."""
        count = len(self.predictions)
        return f"{count} {'repeat' if count == 1 else 'repeats'}"

    @property
    def labels(self) -> NDArray[np.integer]:
        """Class of each cell, shape (cells,)."""
        assert self.network.labels is not None
        return self.network.labels

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
            "skipped_images": self.skipped,
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
        self, network: TrainedNetwork, images: NDArray[np.integer], stage: int, follow: Follower
    ) -> csr_array:
        """Count the spikes that images draw.

        Parameters are those of `answer`.

        Returns
        -------
        sparse array, shape (n, cells)
            Spikes of each cell during each image.
        """
        return self.answer(network, images, stage, follow).responses()

    def answer(
        self, network: TrainedNetwork, images: NDArray[np.integer], stage: int, follow: Follower
    ) -> Answers:
        """Keep the spikes that images draw.

        Parameters
        ----------
        network : TrainedNetwork
            Weights and thresholds.
        images : ndarray, shape (n, n_inputs)
            Brightness from 0 to 255.
        stage : int
            The random stream.
        follow : callable
            Called with a `Progress` as images are done.

        Returns
        -------
        Answers
        """
        size = self.presenter.experiment.evaluation.block
        show = delayed(self.presenter.show)
        start = self.presenter.at_rest(network.weights, network.theta)
        firsts = range(0, len(images), size)
        tasks = (
            show(start, images[first : first + size], first, stage, self.workspace)
            for first in firsts
        )
        # Threads suffice: each waits for a process of its own, the compiled program. All that are
        # asked for are started, however little there is to do.
        jobs = min(self.jobs, max(len(firsts), 1))
        shown = Parallel(n_jobs=jobs, backend="threading", return_as="generator")(tasks)
        return join(list(_followed(shown, len(images), follow)))

    def label(self, network: TrainedNetwork, shown: Split) -> TrainedNetwork:
        """Give each cell the class it answers most, from one presentation of each image.

        What the experiment's readout learns beyond that comes from the same answers.

        Parameters
        ----------
        network : TrainedNetwork
            Weights and thresholds.
        shown : Split
            Training images.

        Returns
        -------
        TrainedNetwork
            The same network, ready to be read.
        """
        answers = self.learn(network, shown)
        return readout.learn(self._readout, network, answers.responses(), shown.labels)

    def learn(self, network: TrainedNetwork, shown: Split) -> Answers:
        """The answers to training images that a readout is fitted to."""
        with self.narrator.follow("labelling") as follow:
            return self.answer(network, shown.rows, LABELLING, follow)

    def present(self, network: TrainedNetwork, shown: Split) -> list[Answers]:
        """The answers to test images, in each repeat."""
        repeats, images = self.presenter.experiment.evaluation.repeats, len(shown.rows)
        with self.narrator.follow("testing") as follow:
            return [
                self.answer(
                    network,
                    shown.rows,
                    TESTING + repeat,
                    _shifted(follow, repeat * images, repeats * images),
                )
                for repeat in range(repeats)
            ]

    def evaluate(
        self,
        network: TrainedNetwork,
        learned: Split,
        scored: Split,
        all_readouts: bool = False,
    ) -> Evaluation:
        """Measure the accuracy, repeatedly, as ``evaluation.readout`` reads the spikes.

        Parameters
        ----------
        network : TrainedNetwork
            Its labels and what its readout learned, if it has them, are taken as they are.
        learned : Split
            Training images, for labels and for what else a readout learns; not shown if
            nothing is to be learned from them.
        scored : Split
            Test images.
        all_readouts : bool
            Whether to compare all readouts, too.

        Returns
        -------
        Evaluation
        """
        answers: Answers | None = None
        if all_readouts or not readout.is_learned(self._readout, network):
            answers = self.learn(network, learned)
            network = readout.learn(self._readout, network, answers.responses(), learned.labels)
        tested = self.present(network, scored)
        result = score(tested, scored.labels, self._readout, network)
        if answers is None or not all_readouts:
            return result
        rows = readout_table.compare(
            self.presenter.experiment,
            answers,
            learned.labels,
            tested,
            scored.labels,
            self.narrator.say,
        )
        return dataclasses.replace(result, readouts=rows)

    @property
    def _readout(self) -> ReadoutName:
        return self.presenter.experiment.evaluation.readout


def score(
    answers: Sequence[Answers],
    classes: NDArray[np.integer],
    name: ReadoutName,
    network: TrainedNetwork,
) -> Evaluation:
    """Read the classes of all repeats.

    Parameters
    ----------
    answers : sequence of Answers
        One for each repeat.
    classes : ndarray, shape (images,)
        Classes of the images.
    name : str
        Of the readout.
    network : TrainedNetwork
        With labels, and what the readout learned.

    Returns
    -------
    Evaluation
    """
    responses, reader = [each.responses() for each in answers], readout.reader_of(name, network)
    predictions = np.array([reader.predict(each) for each in responses])
    assert network.labels is not None
    n_classes = int(max(classes.max(), network.labels.max(), predictions.max())) + 1
    counts = [readout.confusion(classes, row, n_classes) for row in predictions]
    return Evaluation(
        network=network,
        predictions=predictions,
        spikes=np.array([each.sum(axis=1) for each in responses]),
        accuracies=np.array([readout.accuracy(classes, row) for row in predictions]),
        confusion=np.mean(counts, axis=0),
        skipped=float(np.mean([each.silent.sum() for each in answers])),
    )


def _followed(blocks: Iterable[Shown], total: int, follow: Follower) -> Iterator[Answers]:
    done = 0
    for block in blocks:
        done += block.answers.shape[0]
        follow(Progress(done, total, block.spikes / int(block.showings.sum())))
        yield block.answers


def _shifted(follow: Follower, before: int, total: int) -> Callable[[Progress], None]:
    """Tell the progress of a part as progress of the whole."""
    return lambda progress: follow(
        dataclasses.replace(progress, images=before + progress.images, total=total)
    )
