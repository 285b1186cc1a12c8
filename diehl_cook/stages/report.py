"""The figures of a run folder, drawn from what the run left there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from diehl_cook import figures
from diehl_cook.engine.presenter import record_presentation
from diehl_cook.images.datasets import Split
from diehl_cook.images.splits import Splits
from diehl_cook.model import published
from diehl_cook.model.experiment import Experiment
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.store.trained_network import TrainedNetwork


def draw(folder: RunFolder, images: Splits) -> list[str]:
    """Draw every figure for which there is data into ``figures/``.

    Returns
    -------
    list of str
        Names of the figures.
    """
    names = []
    for name, figure in _figures(folder, images):
        folder.save_figure(name, figure)
        names.append(name)
    return names


def _raster(experiment: Experiment, network: TrainedNetwork, scored: Split) -> Figure:
    """All spikes while the first of the scored images is shown."""
    image = scored.images[0]
    raster = record_presentation(experiment, network.weights, network.theta, image.ravel())
    return figures.raster(
        *raster.excitatory,
        experiment.cells,
        image,
        float(experiment.presentation.image),
        float(experiment.presentation.image + experiment.presentation.rest),
        *raster.input,
        *raster.inhibitory,
    )


def _figures(folder: RunFolder, images: Splits) -> Iterator[tuple[str, Figure]]:
    experiment = folder.experiment()
    evaluated = folder.load_evaluation()
    paper_accuracy = published.test_accuracy(experiment.rule, experiment.cells)
    rows = folder.read_training()
    yield (
        "online_accuracy",
        figures.online_accuracy(
            np.array([row["images"] for row in rows]),
            100 * np.array([row["online_accuracy"] for row in rows]),
            paper_accuracy,
            100 * evaluated[0]["accuracy_mean"] if evaluated else None,
        ),
    )
    if folder.has_network():
        network = folder.load_network()
        shape = images.learning.images.shape[1:]
        yield "receptive_fields", figures.receptive_fields(network.weights, network.labels, shape)
        yield "theta", figures.theta_distribution(network.theta)
        yield "raster", _raster(experiment, network, images.scored)
    if evaluated:
        summary, details = evaluated
        spread = summary["accuracy_sd"]
        predictions, classes = details["predictions"], details["classes"]
        shown = images.scored.images[: len(classes)]
        yield (
            "confusion",
            figures.confusion(
                np.array(summary["confusion"]),
                100 * summary["accuracy_mean"],
                None if spread is None else 100 * spread,
            ),
        )
        yield "misread_digits", figures.misread_digits(shown, classes, predictions[0])
        yield (
            "spike_counts",
            figures.spike_counts(details["spikes"].ravel(), (predictions == classes).ravel()),
        )
