"""The figures of a run folder, drawn from what the run left there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diehl_cook import figures
from diehl_cook.images.splits import Splits
from diehl_cook.model import paper_results
from diehl_cook.stages.network import Network
from diehl_cook.stages.same_images import require_learned, require_scored
from diehl_cook.store.run_folder import RunFolder


def draw(folder: RunFolder, images: Splits) -> list[str]:
    """Draw every figure for which there is data into ``figures/``.

    Returns
    -------
    list of str
        Names of the figures.

    Raises
    ------
    FileError
        If the run learned or was scored on other images.
    """
    names = []
    for name, figure in _figures(folder, images):
        folder.save_figure(name, figure)
        names.append(name)
    return names


def figures_of(network: Network) -> Iterator[tuple[str, Figure]]:
    """Draw what a network alone can show, with the name of each figure."""
    yield "receptive_fields", figures.receptive_fields(network)
    yield "theta", figures.theta_distribution(network.theta)


def _figures(folder: RunFolder, images: Splits) -> Iterator[tuple[str, Figure]]:
    experiment = folder.experiment()
    network = folder.load_network() if folder.has_network() else None
    if network is not None:
        require_learned(network, images, folder.path)
    evaluated = folder.load_evaluation()
    if evaluated:
        require_scored(evaluated[0], images, folder.path)
    paper_accuracy = paper_results.test_accuracy(experiment.rule, experiment.cells)
    rows = folder.read_training()
    yield (
        "online_accuracy",
        figures.online_accuracy(
            np.array([row["images"] for row in rows]),
            100 * np.array([row["online_accuracy"] for row in rows]),
            paper_accuracy,
            100 * evaluated[0].accuracy_mean if evaluated else None,
        ),
    )
    if network is not None:
        shape = images.learning.images.shape[1:]
        yield "receptive_fields", figures.receptive_fields(network.weights, network.labels, shape)
        yield "theta", figures.theta_distribution(network.theta)
    if network is not None and evaluated:
        summary, details = evaluated
        spread = summary.accuracy_sd
        predictions, classes = details.predictions, details.classes
        shown = images.scored.images[: len(classes)]
        yield "raster", _raster(Network(experiment, network), shown, classes, predictions[0])
        yield (
            "confusion",
            figures.confusion(
                np.array(summary.confusion),
                100 * summary.accuracy_mean,
                None if spread is None else 100 * spread,
            ),
        )
        yield "misread_digits", figures.misread_digits(shown, classes, predictions[0])
        yield (
            "spike_counts",
            figures.spike_counts(details.spikes.ravel(), (predictions == classes).ravel()),
        )


def _raster(
    network: Network,
    images: NDArray[np.integer],
    classes: NDArray[np.integer],
    predictions: NDArray[np.integer],
) -> Figure:
    """The presentation of the first image in the first repeat, with its two strongest cells."""
    counts = network.respond(images[:1]).toarray()[0]
    strongest = np.argsort(-counts, kind="stable")[:2]
    record = network.record(images[0], voltages=strongest)
    return figures.raster(record, images.shape[1:], int(classes[0]), int(predictions[0]))
