"""A training to watch: after every few images, the fields as they are and the online accuracy."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack

from diehl_cook.engine.presenter import LEARNING, Presenter, weights_and_theta
from diehl_cook.images.datasets import Split
from diehl_cook.model.experiment import Experiment
from diehl_cook.stages import readout
from diehl_cook.stages.compilation import compile_network


@dataclasses.dataclass(frozen=True)
class Moment:
    """How far a training has come.

    Attributes
    ----------
    images, total : int
        Images seen, and those there will be.
    weights : ndarray, shape (n_inputs, cells)
        Input weights.
    labels : ndarray, shape (cells,), or None
        Class of each cell in the last block; None before the first block has ended.
    accuracy : float or None
        Where a block ends, the share of its images that the labels of the block before read
        rightly, paper figure 2C.
    """

    images: int
    total: int
    weights: NDArray[np.floating]
    labels: NDArray[np.integer] | None
    accuracy: float | None


class Learner:
    """A network that learns from the start again each time it is watched.

    Parameters
    ----------
    experiment : Experiment
        What is trained; its blocks are those of the accuracy.
    images : Split
        Training images. Their classes are for the accuracy alone.
    """

    def __init__(self, experiment: Experiment, images: Split) -> None:
        self.experiment, self.images = experiment, images

    @cached_property
    def presenter(self) -> Presenter:
        """The compiled network, made when it is first needed."""
        return compile_network(self.experiment, True, self.images.rows.shape[1])

    def moments(self, seed: int) -> Iterator[Moment]:
        """Train, a few images each time the next moment is asked for.

        Parameters
        ----------
        seed : int
            Of weights and input spikes.

        Yields
        ------
        Moment
            The first before any image.
        """
        training = self.experiment.training
        presenter = self.presenter.with_numbers_of(
            self.experiment.model_copy(update={"seed": seed})
        )
        rows, classes = self.images.rows, self.images.labels
        state, labels, block = presenter.start(), None, []
        weights, _ = weights_and_theta(state, presenter.n_inputs)
        yield Moment(0, training.images, weights, None, None)
        with tempfile.TemporaryDirectory() as workspace:
            for first in range(0, training.images, training.chunk):
                end = min(first + training.chunk, training.images)
                chunk = np.arange(first, end) % len(rows)
                shown = presenter.show(state, rows[chunk], first, LEARNING, Path(workspace))
                state, accuracy = shown.state, None
                block.append(shown.responses)
                if end % training.block == 0:
                    responses = vstack(block)
                    seen = classes[np.arange(end - training.block, end) % len(rows)]
                    if labels is not None:
                        accuracy = readout.accuracy(seen, readout.predict(responses, labels))
                    labels, block = readout.assign_labels(responses, seen), []
                weights, _ = weights_and_theta(state, presenter.n_inputs)
                yield Moment(end, training.images, weights, labels, accuracy)
