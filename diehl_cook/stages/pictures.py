"""The figures of a run, each with words for those who have not read the paper, or cannot see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diehl_cook import figures
from diehl_cook.engine.recorder import Record
from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.model import paper_results
from diehl_cook.model.experiment import Experiment
from diehl_cook.stages import snapshots
from diehl_cook.stages.network import Network
from diehl_cook.stages.page import Picture
from diehl_cook.stages.same_images import require_learned, require_scored
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.store.schemas import Summary
from diehl_cook.store.trained_network import TrainedNetwork


def pictures_of(folder: RunFolder, images: ExperimentImages) -> Iterator[Picture]:
    """Draw everything for which a run has data.

    Parameters
    ----------
    folder : RunFolder
        Of a run.
    images : ExperimentImages
        Those of its experiment.
    """
    experiment = folder.experiment()
    shape = images.learning.images.shape[1:]
    for picture in _unsigned(folder, images, experiment, shape):
        frames = picture.figure if isinstance(picture.figure, list) else [picture.figure]
        for figure in frames:
            figures.sign(figure, which_run(experiment))
        yield picture


def pictures_of_network(network: Network) -> Iterator[tuple[str, Figure]]:
    """Draw what a network alone can show, with the name of each figure."""
    for picture in (_receptive_fields(network.trained, None), _theta(network.trained)):
        assert not isinstance(picture.figure, list)
        yield picture.name, figures.sign(picture.figure, which_run(network.experiment))


def which_run(experiment: Experiment) -> str:
    """The line on every picture that says what it is of."""
    return which_runs([experiment])


def which_runs(experiments: Sequence[Experiment]) -> str:
    """The same for a picture of several runs: every rule, size, seed and length that occurs."""
    whose = [each.model_dump(include={"rule", "cells", "seed"}) for each in experiments]
    images = _listed(each.training.images for each in experiments)
    return f"{which_rows(whose)}, {images} training images"


def which_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """The same for rows of a table, which know nothing of the length of a training."""
    rules = dict.fromkeys(row["rule"] for row in rows)
    seeds = {row["seed"] for row in rows}
    return (
        f"{_joined(list(rules))}, {_listed(row['cells'] for row in rows)} cells,"
        f" {'seed' if len(seeds) == 1 else 'seeds'} {_listed(seeds)}"
    )


def _listed(numbers: Iterable[int]) -> str:
    return _joined([f"{number:,}" for number in sorted(set(numbers))])


def _joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _unsigned(
    folder: RunFolder, images: ExperimentImages, experiment: Experiment, shape: tuple[int, ...]
) -> Iterator[Picture]:
    network = folder.load_network() if folder.has_network() else None
    evaluated, rows = folder.load_evaluation(), folder.read_training()
    if network is not None:
        require_learned(network, images, folder.path)
    if evaluated:
        require_scored(evaluated[0], images, folder.path)
    kept = snapshots.load(folder, images.n_inputs)
    if kept is not None:
        yield _fields_over_training(*kept, shape, experiment.cells)
    if network is not None:
        yield _receptive_fields(network, shape)
    if rows:
        accuracy = 100 * evaluated[0].accuracy_mean if evaluated else None
        yield _online_accuracy(rows, paper_results.accuracy_for(experiment), accuracy)
    if evaluated:
        yield _confusion(evaluated[0])
    if network is not None and evaluated:
        predictions, classes = evaluated[1].predictions, evaluated[1].classes
        shown = images.scored.images[: len(classes)]
        yield _raster(
            Network(experiment, network), shown[0], int(classes[0]), int(predictions[0][0])
        )
        yield _misread(shown, classes, predictions[0])
    if network is not None:
        yield _theta(network)
    if evaluated:
        right = evaluated[1].predictions == evaluated[1].classes
        yield _spike_counts(evaluated[1].spikes.ravel(), right.ravel())


def _fields_over_training(
    seen: NDArray[np.integer], fields: NDArray[np.floating], shape: tuple[int, ...], cells: int
) -> Picture:
    return Picture(
        "fields_over_training",
        figures.fields_over_training(seen, fields, shape, cells),  # type: ignore[arg-type]
        "How the receptive fields form",
        "Each small square is one cell: its weights from the pixels of the image, dark where they"
        " are strong. They start at random. A cell that fires strengthens the inputs that made it"
        " fire, so its square comes to look like the digits it answers. Each picture follows"
        " after 1.6 times as many training images as the one before.",
        f"Moving picture of the receptive fields of {fields.shape[1]} cells at {len(seen)} moments,"
        f" from noise before the first image to shapes of digits after {seen[-1]:,}.",
    )


def _receptive_fields(network: TrainedNetwork, shape: tuple[int, ...] | None) -> Picture:
    cells, labels = len(network.theta), network.labels
    unlabelled = "" if labels is None else f"; {np.sum(labels < 0)} have no class"
    return Picture(
        "receptive_fields",
        figures.receptive_fields(network.weights, labels, shape),  # type: ignore[arg-type]
        "What each cell answers to",
        "The weights of every excitatory cell after the training, as pictures of the image that"
        " suits it best (Figure 2A of the paper). "
        + (
            "Classes come only now, when the learning is over: of the images that a cell answers."
            if labels is None
            else "The digit in a corner is the class whose images the cell answers most; it learned"
            " without any class."
        ),
        f"A grid of {cells} receptive fields, most of which look like a digit{unlabelled}.",
        vector=False,
    )


def _theta(network: TrainedNetwork) -> Picture:
    theta = 1e3 * network.theta
    return Picture(
        "theta",
        figures.theta_distribution(network.theta),
        "Adaptive thresholds",
        "Every spike of a cell raises its threshold a little (θ). A cell that fires often becomes"
        " harder to excite, which leaves room for the others: all cells come to take part.",
        f"Histogram of the thresholds of {theta.size} cells, from {theta.min():.1f} to"
        f" {theta.max():.1f} mV, mean {theta.mean():.1f} mV.",
    )


def _online_accuracy(
    rows: list[dict[str, float]], paper: float | None, final: float | None
) -> Picture:
    seen, accuracy, spikes, theta = (
        np.array([row[name] for row in rows])
        for name in ("images", "online_accuracy", "spikes_per_presentation", "mean_theta_mV")
    )
    known = 100 * accuracy[np.isfinite(accuracy)]
    course = f" from {known[0]:.0f} to {known[-1]:.0f} %" if known.size else ", not known yet"
    marks = "" if paper is None else " The dashed line is the paper's accuracy on the test images."
    marks += "" if final is None else " The diamond is ours."
    return Picture(
        "online_accuracy",
        figures.online_accuracy(seen, accuracy, paper, final, spikes, 1e-3 * theta, shares=True),
        "Accuracy while it learns",
        "The share of the training images of a block that were classified correctly with the"
        f" classes that the cells had in the block before (as in Figure 2C of the paper).{marks}"
        " Beneath it: how many spikes an image draws, and the mean threshold, which settles where"
        " both hold the balance.",
        f"Curve of the online accuracy over {seen[-1]:,.0f} training images,{course}; spikes per"
        f" presentation from {spikes[0]:.0f} to {spikes[-1]:.0f}; mean threshold from"
        f" {theta[0]:.0f} to {theta[-1]:.0f} mV.",
    )


def _confusion(summary: Summary) -> Picture:
    matrix = np.array(summary.confusion)
    mean, spread = summary.accuracy_mean, summary.accuracy_sd
    errors = matrix[:, : len(matrix)] * (1 - np.eye(len(matrix)))
    true, taken = np.unravel_index(np.argmax(errors), errors.shape)
    return Picture(
        "confusion",
        figures.confusion(matrix, 100 * mean, None if spread is None else 100 * spread),
        "Which digit is taken for which",
        "A row is a digit, a column what the network took it for; the diagonal is correct (Figure"
        " 3A of the paper). Numbers are images, the mean over the repeats. Colour is the"
        " share of the row, so that a digit with few images looks no better than one with many.",
        f"Confusion matrix, {100 * mean:.1f} % on the diagonal; the commonest mistake is a {true}"
        f" taken for a {taken}, {errors.max():.0f} images.",
    )


def _misread(
    images: NDArray[np.integer], classes: NDArray[np.integer], predictions: NDArray[np.integer]
) -> Picture:
    wrong = int(np.sum(classes != predictions))
    return Picture(
        "misread_digits",
        figures.misread_digits(images, classes, predictions),
        "Digits that it misclassified",
        "Images of the first repeat, each under its true digit and what the network took it"
        " for (Figure 3B of the paper); a question mark where no cell with a class fired.",
        f"{min(wrong, 100)} of {wrong:,} misclassified images out of {len(classes):,}, each under"
        " its true and its predicted digit.",
        vector=False,
    )


def _raster(network: Network, image: NDArray[np.integer], true: int, predicted: int) -> Picture:
    counts = network.respond(image[np.newaxis]).toarray()[0]
    strongest = np.argsort(-counts, kind="stable")[:2]
    record: Record = network.record(image, voltages=strongest)
    return Picture(
        "raster",
        figures.raster(record, image.shape, true, predicted),
        "One presentation, spike by spike",
        "Every dot above is a spike of a pixel; bright pixels spike more often. The few spikes in"
        " the middle are the answer: the first cells to fire silence the rest. Below, the voltage"
        " of the two cells that fired most, the winner and the runner-up, as it climbs to the"
        " threshold (dashed), which each spike raises a little.",
        f"Raster of the first scored image, a {true}, read as"
        f" {'nothing' if predicted < 0 else predicted}: {int(counts.sum())} spikes of"
        f" {int(np.sum(counts > 0))} excitatory cells.",
        vector=False,
    )


def _spike_counts(spikes: NDArray[np.integer], correct: NDArray[np.bool_]) -> Picture:
    return Picture(
        "spike_counts",
        figures.spike_counts(spikes, correct),
        "How many spikes an answer has",
        "Spikes of all excitatory cells together while an image was shown, apart for images that"
        " were classified correctly and those that were not.",
        f"Histogram of spikes per presentation, mean {spikes.mean():.1f}.",
    )
