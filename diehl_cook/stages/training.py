"""Passes over the training images: chunk after chunk, with checkpoints and online accuracy."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from diehl_cook.engine.presenter import LEARNING, Presenter, Shown, weights_and_theta
from diehl_cook.images.datasets import Split
from diehl_cook.model.arrays import Arrays
from diehl_cook.model.experiment import Experiment
from diehl_cook.stages import readout, snapshots
from diehl_cook.stages.progress import Follower, Progress
from diehl_cook.store.run_folder import (
    RunFolder,
    RunFolderError,
    what_matters,
)
from diehl_cook.store.trained_network import TrainedNetwork


@dataclasses.dataclass
class Block:
    """What happened since the last row of ``training.csv``."""

    responses: list[csr_array] = dataclasses.field(default_factory=list)
    presentations: int = 0
    spikes: int = 0
    skipped: int = 0
    seconds: float = 0.0

    @property
    def images(self) -> int:
        """Images shown so far in this block."""
        return sum(part.shape[0] for part in self.responses)

    def add(self, shown: Shown, seconds: float) -> None:
        """Count what came of one more chunk."""
        self.responses.append(shown.responses)
        self.presentations += int(shown.showings.sum())
        self.spikes += shown.spikes
        self.skipped += int(shown.answers.silent.sum())
        self.seconds += seconds


@dataclasses.dataclass
class Journey:
    """How far a training has come: all that a checkpoint holds."""

    state: Arrays
    images: int = 0
    rows: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    labels: NDArray[np.integer] | None = None
    block: Block = dataclasses.field(default_factory=Block)


def train(
    presenter: Presenter,
    learned: Split,
    folder: RunFolder,
    workspace: Path,
    follow: Follower = lambda progress: None,
    start: Arrays | None = None,
) -> TrainedNetwork:
    """Train a network, or go on where an earlier call was stopped.

    Parameters
    ----------
    presenter : Presenter
        A learning network.
    learned : Split
        Training images, shown in this order, again and again. Their classes are for the online
        accuracy alone: nothing that learns sees them.
    folder : RunFolder
        Settled on the presenter's experiment and claimed by the caller.
    workspace : Path
        Folder for temporary files.
    follow : callable
        Called with a `Progress` after each chunk.
    start : dict of str to ndarray, optional
        Where the network stands at first, by default as `Presenter.start` says.

    Returns
    -------
    TrainedNetwork
        Also kept in the folder.
    """
    experiment, images = presenter.experiment, learned.rows
    journey = _resume(folder, presenter, learned) or Journey(start or presenter.start())
    moments = snapshots.moments(experiment.training.images)
    if journey.images == 0:
        snapshots.add(folder, 0, _weights(journey, presenter))
    while journey.images < experiment.training.images:
        chunk = _next_chunk(journey.images, experiment, moments)
        begun = time.monotonic()
        shown = presenter.show(
            journey.state, images[chunk % len(images)], journey.images, LEARNING, workspace
        )
        journey.state = shown.state
        journey.images += len(chunk)
        journey.block.add(shown, time.monotonic() - begun)
        follow(_progress(journey, experiment, learned.labels, shown))
        if _ends_block(journey.images, experiment):
            _close_block(journey, learned.labels)
            folder.write_training(journey.rows)
        if journey.images in moments:
            snapshots.add(folder, journey.images, _weights(journey, presenter))
        folder.save_checkpoint(_pack(journey) | _origin(presenter, learned))
    folder.write_training(journey.rows)
    weights, theta = weights_and_theta(journey.state, presenter.n_inputs)
    network = TrainedNetwork(weights, theta, learned=learned.sha256)
    folder.save_network(network)
    return network


def at_the_end(rows: Sequence[Mapping[str, float]]) -> tuple[float, float]:
    """How much a network fires at the end of its training.

    Parameters
    ----------
    rows : sequence of dict
        Of ``training.csv``.

    Returns
    -------
    spikes : float
        Excitatory spikes per presentation over the last blocks, up to 10,000 images.
    retries : float
        Showings of an image beyond the first, there. Both are NaN without any block.
    """
    if not rows:
        return np.nan, np.nan
    ends = np.array([row["images"] for row in rows])
    images = np.diff(ends, prepend=0)
    last = ends > ends[-1] - 10_000
    retries = np.array([row["retries"] for row in rows])[last]
    spikes = np.array([row["spikes_per_presentation"] for row in rows])[last]
    presentations = images[last] + retries
    return (
        float(np.sum(spikes * presentations) / presentations.sum()),
        float(retries.sum() / images[last].sum()),
    )


def _ends_block(images: int, experiment: Experiment) -> bool:
    training = experiment.training
    return images % training.block == 0 or images == training.images


def _next_chunk(position: int, experiment: Experiment, moments: set[int]) -> NDArray[np.integer]:
    """Running numbers of the images up to the next checkpoint.

    A chunk ends where a block ends, and at each of the moments, the last of which is the end.
    """
    training = experiment.training
    block_end = (position // training.block + 1) * training.block
    moment = min(each for each in moments if each > position)
    return np.arange(position, min(position + training.chunk, block_end, moment))


def _weights(journey: Journey, presenter: Presenter) -> NDArray[np.floating]:
    return weights_and_theta(journey.state, presenter.n_inputs)[0]


def _block_classes(journey: Journey, classes: NDArray[np.integer]) -> NDArray[np.integer]:
    shown = np.arange(journey.images - journey.block.images, journey.images)
    return classes[shown % len(classes)]


def _online_accuracy(journey: Journey, classes: NDArray[np.integer]) -> float:
    """Accuracy in this block with the labels of the block before, paper figure 2C."""
    if journey.labels is None or not _labelled(journey):
        return np.nan
    predictions = readout.predict(vstack(journey.block.responses), journey.labels)
    return readout.accuracy(_block_classes(journey, classes), predictions)


def _labelled(journey: Journey) -> float:
    """Share of the cells that have a class."""
    return 0.0 if journey.labels is None else float(np.mean(journey.labels != readout.NO_CLASS))


def _close_block(journey: Journey, classes: NDArray[np.integer]) -> None:
    block = journey.block
    accuracy = _online_accuracy(journey, classes)
    theta = journey.state["excitatory.theta"]
    journey.rows.append(
        {
            "images": journey.images,
            "online_accuracy": accuracy,
            "spikes_per_presentation": block.spikes / block.presentations,
            "retries": block.presentations - block.images,
            "skipped": block.skipped,
            "mean_theta_mV": float(theta.mean() * 1e3),
            "ms_per_presentation": round(block.seconds / block.presentations * 1e3, 4),
        }
    )
    journey.labels = readout.assign_labels(
        vstack(block.responses), _block_classes(journey, classes)
    )
    journey.block = Block()


def _progress(
    journey: Journey, experiment: Experiment, classes: NDArray[np.integer], shown: Shown
) -> Progress:
    return Progress(
        images=journey.images,
        total=experiment.training.images,
        spikes_per_presentation=shown.spikes / int(shown.showings.sum()),
        accuracy=_online_accuracy(journey, classes),
        labelled=_labelled(journey),
    )


def _pack(journey: Journey) -> Arrays:
    """A journey as plain arrays."""
    block = journey.block
    responses = vstack([*block.responses, csr_array((0, len(journey.state["excitatory.theta"])))])
    responses = csr_array(responses)
    return {
        **{f"state/{name}": value for name, value in journey.state.items()},
        "images": np.array(journey.images),
        "rows": np.array(json.dumps(journey.rows)),
        "labels": np.array([]) if journey.labels is None else journey.labels,
        "block/counts": np.array([block.presentations, block.spikes, block.skipped]),
        "block/seconds": np.array(block.seconds),
        "block/shape": np.array(responses.shape),
        "block/data": responses.data,
        "block/indices": responses.indices,
        "block/indptr": responses.indptr,
    }


def _origin(presenter: Presenter, learned: Split) -> Arrays:
    """What a checkpoint belongs to."""
    return {
        "learned": np.array(learned.sha256),
        "experiment": np.array(presenter.experiment.model_dump_json()),
        "program": np.array(presenter.program.version),
    }


def _resume(folder: RunFolder, presenter: Presenter, learned: Split) -> Journey | None:
    there = folder.load_checkpoint()
    if there is None:
        return None
    path = folder.path / "checkpoint.npz"
    if what_matters(there.experiment) != what_matters(presenter.experiment):
        raise RunFolderError(
            f"{path}: is of another experiment;"
            " put the right one there, or delete the file to start afresh"
        )
    if there.program != presenter.program.version or not presenter.fits(there.state):
        raise RunFolderError(
            f"{path}: is of another version of this program;"
            " go on with that version, or delete the file to start afresh"
        )
    if there.learned not in (None, learned.sha256):
        raise RunFolderError(
            f"{path}: learned other images than the data now hold;"
            " put those back, or delete the file to start afresh"
        )
    presentations, spikes, skipped = (int(count) for count in there.counts)
    return Journey(
        state=there.state,
        images=there.images,
        rows=[row.model_dump() for row in there.rows],
        labels=there.labels if there.labels.size else None,
        block=Block([there.responses], presentations, spikes, skipped, there.seconds),
    )
