"""How a trained network bears what it was not trained for: noise, coarse weights, lost cells."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diehl_cook import figures
from diehl_cook.images import experiment_images
from diehl_cook.images.datasets import Split
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.units import Count, CountOrZero, Section
from diehl_cook.stages.compilation import compile_network
from diehl_cook.stages.evaluation import Examiner
from diehl_cook.stages.network import Network
from diehl_cook.stages.pictures import which_rows
from diehl_cook.stages.progress import Narrator
from diehl_cook.stages.readout import NO_CLASS
from diehl_cook.stages.same_images import require_learned
from diehl_cook.store.files import csv_text, write_whole
from diehl_cook.store.reading import Amount, Name, Share
from diehl_cook.store.reading import read_table as read_rows
from diehl_cook.store.trained_network import TrainedNetwork

Row = dict[str, Any]

TABLE = "robustness.csv"


class Point(Section):
    """A row of ``robustness.csv``: a network under a disturbance."""

    rule: Name
    cells: Count
    seed: CountOrZero
    disturbance: Literal["noise", "silent_inputs", "intensity", "bits", "removed_cells"]
    level: Amount
    images: Count
    accuracy: Share
    spikes_per_image: Amount
    skipped: Amount


@dataclasses.dataclass(frozen=True)
class Trial:
    """What a disturbance may change: images, weights, and the numbers of the experiment."""

    images: NDArray[np.uint8]
    network: TrainedNetwork
    experiment: Experiment


def add_noise(trial: Trial, level: float, random: np.random.Generator) -> Trial:
    """Add normal noise to each pixel, its deviation a share of full brightness."""
    noisy = trial.images + 255 * level * random.standard_normal(trial.images.shape)
    return dataclasses.replace(trial, images=np.rint(np.clip(noisy, 0, 255)).astype(np.uint8))


def silence_inputs(trial: Trial, level: float, random: np.random.Generator) -> Trial:
    """Let a share of the input cells, the same for all images, never fire."""
    pixels = trial.images.reshape(len(trial.images), -1).copy()
    silent = random.permutation(pixels.shape[1])[: round(level * pixels.shape[1])]
    pixels[:, silent] = 0
    return dataclasses.replace(trial, images=pixels.reshape(trial.images.shape))


def change_intensity(trial: Trial, level: float, random: np.random.Generator) -> Trial:
    """Show images so many times as intensely as in training."""
    presentation = trial.experiment.presentation
    changed = presentation.model_copy(update={"intensity": level * presentation.intensity})
    experiment = trial.experiment.model_copy(update={"presentation": changed})
    return dataclasses.replace(trial, experiment=experiment)


def round_weights(trial: Trial, level: float, random: np.random.Generator) -> Trial:
    """Leave so many bits of each weight: equal steps from zero to the largest of its cell."""
    weights, steps = trial.network.weights, 2 ** round(level) - 1
    largest = np.maximum(weights.max(axis=0), np.finfo(weights.dtype).tiny)
    rounded = np.rint(weights / largest * steps) * (largest / steps)
    network = dataclasses.replace(trial.network, weights=rounded.astype(weights.dtype))
    return dataclasses.replace(trial, network=network)


def remove_cells(trial: Trial, level: float, random: np.random.Generator) -> Trial:
    """Take a share of the cells away: they neither fire nor count among the cells of a class."""
    weights, labels = trial.network.weights.copy(), trial.network.labels
    assert labels is not None
    removed = random.permutation(labels.size)[: round(level * labels.size)]
    weights[:, removed] = 0
    left = labels.copy()
    left[removed] = NO_CLASS
    return dataclasses.replace(
        trial, network=dataclasses.replace(trial.network, weights=weights, labels=left)
    )


Disturb = Callable[[Trial, float, np.random.Generator], Trial]

#: Each disturbance with its levels; the first leaves everything as it is, or nearly so.
DISTURBANCES: dict[str, tuple[Disturb, tuple[float, ...]]] = {
    "noise": (add_noise, (0, 0.1, 0.2, 0.3, 0.5)),
    "silent_inputs": (silence_inputs, (0, 0.1, 0.2, 0.4, 0.6, 0.8)),
    "intensity": (change_intensity, (1, 0.25, 0.5, 2, 4)),
    "bits": (round_weights, (16, 8, 4, 3, 2, 1)),
    "removed_cells": (remove_cells, tuple(tenths / 10 for tenths in range(10))),
}


def measure(
    network: Network, names: Sequence[str], n_images: int, jobs: int, narrator: Narrator
) -> list[Row]:
    """Score a network under disturbances, on the first of its test images, once each.

    Labels stay those of the undisturbed network. An image that draws too few spikes even after
    all showings is counted as skipped and read as far as it goes.

    Parameters
    ----------
    network : Network
        One without labels gets them first.
    names : sequence of str
        Disturbances, of `DISTURBANCES`.
    n_images : int
        Test images to show.
    jobs : int
        Processes at a time; the result does not depend on it.
    narrator : Narrator
        Told how it goes on.

    Returns
    -------
    list of dict
        A row for each disturbance and level.
    """
    experiment, trained = _tolerant(network.experiment), network.trained
    images = experiment_images.load(experiment)
    require_learned(trained, images, repr(network))
    scored = Split(images.scored.images[:n_images], images.scored.labels[:n_images])
    presenter = compile_network(experiment, False, images.n_inputs, narrator)
    rows = []
    with tempfile.TemporaryDirectory() as workspace:
        examiner = Examiner(presenter, Path(workspace), jobs, narrator)
        if trained.labels is None:
            trained = examiner.label(trained, images.labelling)
        for name in names:
            disturb, levels = DISTURBANCES[name]
            for level in levels:
                random = np.random.default_rng(experiment.seed)
                trial = disturb(Trial(scored.images, trained, experiment), level, random)
                tried = dataclasses.replace(
                    examiner, presenter=presenter.with_numbers_of(trial.experiment)
                )
                shown = Split(trial.images, scored.labels)
                result = tried.evaluate(trial.network, images.labelling, shown)
                rows.append(
                    {
                        **_whose(experiment),
                        "disturbance": name,
                        "level": float(level),
                        "images": len(scored.labels),
                        "accuracy": round(result.accuracy, 6),
                        "spikes_per_image": round(float(result.spikes.mean()), 3),
                        "skipped": result.skipped,
                    }
                )
    return rows


def _tolerant(experiment: Experiment) -> Experiment:
    """One repeat, read as in the paper; a disturbed network may answer as it will."""
    evaluation = experiment.evaluation.model_copy(update={"repeats": 1, "readout": "class_mean"})
    return experiment.tolerant().model_copy(update={"evaluation": evaluation})


def missing(
    rows: Sequence[Row], network: Network, names: Sequence[str], n_images: int
) -> list[str]:
    """Disturbances of which a table has no row of a network on so many images, or all it has.

    Rows of more images are not given up for fewer.
    """
    shown = min(n_images, len(experiment_images.load(network.experiment).scored.labels))
    known = {_of(row) for row in rows if row["images"] >= shown}
    whose = _whose(network.experiment)
    return [name for name in names if _of({**whose, "disturbance": name}) not in known]


def write_table(folder: Path, rows: Sequence[Row]) -> list[Row]:
    """Put rows into ``robustness.csv``, in place of those of the same network and disturbance."""
    fresh = {_of(row) for row in rows}
    kept = [row for row in read_table(folder) if _of(row) not in fresh]
    everything = sorted([*kept, *rows], key=_of)
    write_whole(folder / TABLE, csv_text(everything).encode())
    return everything


def read_table(folder: Path) -> list[Row]:
    """Rows of ``robustness.csv``, none if there is no such file."""
    path = folder / TABLE
    return read_rows(path, Point, "delete it to measure anew") if path.exists() else []


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """Accuracy against each disturbance, and against the cells removed, by the file's name."""
    curves: dict[int, dict[str, dict[str, list[tuple[float, float]]]]] = {}
    removed: dict[str, dict[int, list[tuple[float, float]]]] = {}
    for row in rows:
        point = (row["level"], 100 * row["accuracy"])
        if row["disturbance"] == "removed_cells":
            removed.setdefault(row["rule"], {}).setdefault(row["cells"], []).append(point)
        else:
            of_size = curves.setdefault(row["cells"], {})
            of_size.setdefault(row["disturbance"], {}).setdefault(row["rule"], []).append(point)
    drawn = {"robustness": figures.robustness(curves)} if curves else {}
    drawn |= {"removed_cells": figures.removed_cells(removed)} if removed else {}
    shown = {
        name: [row for row in rows if (row["disturbance"] == "removed_cells") is lost]
        for name, lost in (("robustness", False), ("removed_cells", True))
    }
    return {name: figures.sign(figure, which_rows(shown[name])) for name, figure in drawn.items()}


def _whose(experiment: Experiment) -> Row:
    return {"rule": experiment.rule, "cells": experiment.cells, "seed": experiment.seed}


def _of(row: Row) -> tuple[int, str, int, int]:
    """What rows belong together: those of a network and a disturbance, in their order."""
    place = list(DISTURBANCES).index(row["disturbance"])
    return int(row["cells"]), row["rule"], int(row["seed"]), place
