"""The figures of the paper, drawn from the runs of the reproduction: 2A, 2B, 2C, 3A and 3B."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from diehl_cook import figures
from diehl_cook.images import experiment_images
from diehl_cook.model import paper_results
from diehl_cook.model.units import Count, CountOrZero, Section
from diehl_cook.stages.pictures import which_rows, which_run
from diehl_cook.stages.same_images import require_learned, require_scored
from diehl_cook.store.files import csv_text, figure_bytes, write_whole
from diehl_cook.store.reading import Amount, Name, ShareOrUnknown, read_table
from diehl_cook.studies.batch import Member
from diehl_cook.studies.reproduce import Row, accuracies_of, best_of, spread, worth_keeping

#: Sizes of which accuracy during training is drawn; smaller ones see few blocks.
CURVE_SIZES = (400, 1600, 6400)

#: Misclassified digits of one run: as many as the largest network can leave.
MOST_DIGITS = 1000


class Curve(Section):
    """A row of ``figure_2c.csv``: a block of a training."""

    rule: Name
    cells: Count
    seed: CountOrZero
    images: Count
    online_accuracy: ShareOrUnknown
    spikes_per_presentation: Amount
    mean_theta_mV: Amount


def write_curves(members: Sequence[Member], folder: Path) -> list[Row]:
    """Write ``figure_2c.csv``: a row for each block of each run.

    Rows of a rule and size of which no run has begun stay as they are.

    Parameters
    ----------
    members : sequence of Member
        Runs that have not begun are left out.
    folder : Path
        Where the file goes.

    Returns
    -------
    list of dict
        All rows of the file.
    """
    new = [
        {
            "rule": member.experiment.rule,
            "cells": member.experiment.cells,
            "seed": member.experiment.seed,
            "images": int(block["images"]),
            "online_accuracy": round(block["online_accuracy"], 4),
            "spikes_per_presentation": round(block["spikes_per_presentation"], 2),
            "mean_theta_mV": round(block["mean_theta_mV"], 2),
        }
        for member in members
        if member.experiment.cells in CURVE_SIZES
        for block in member.folder.read_training()
    ]
    fresh = {(row["rule"], row["cells"]) for row in new}
    old = [row for row in read_curves(folder) if (row["rule"], row["cells"]) not in fresh]
    rows = sorted(
        [*old, *new], key=lambda row: (row["rule"], row["cells"], row["seed"], row["images"])
    )
    if rows:
        write_whole(folder / "figure_2c.csv", csv_text(rows).encode())
    return rows


def read_curves(folder: Path) -> list[Row]:
    """Rows of ``figure_2c.csv``, none if there is no such file."""
    path = folder / "figure_2c.csv"
    return (
        read_table(path, Curve, "delete it, and it is made from the runs") if path.exists() else []
    )


def draw(
    rows: Iterable[Mapping[str, Any]],
    curves: Sequence[Mapping[str, Any]],
    members: Sequence[Member],
    folder: Path,
) -> None:
    """Draw what can be drawn: of runs that are not here, figures 2B and 2C alone.

    Parameters
    ----------
    rows : iterable of dict
        Rows of ``figure_2b.csv``.
    curves : sequence of dict
        Rows of ``figure_2c.csv``.
    members : sequence of Member
        Among which the best networks are sought.
    folder : Path
        Where the pictures go.
    """
    rows = list(rows)
    if ours := accuracies_of(rows):
        _save(figures.sign(_against_size(ours), which_rows(rows)), folder / "figure_2b.png")
    if curves:
        _save(figures.sign(_while_training(curves), which_rows(curves)), folder / "figure_2c.png")
    best = best_of(members)
    if ("triplet", 100) in best:
        member = best["triplet", 100]
        network, images = member.folder.load_network(), experiment_images.load(member.experiment)
        require_learned(network, images, member.folder.path)
        shape = images.learning.images.shape[1:]
        fields = figures.receptive_fields(network.weights, network.labels, shape)
        _save(figures.sign(fields, which_run(member.experiment)), folder / "figure_2a.png")
    for member in worth_keeping(members):
        if member.experiment.cells == max(paper_results.SIZES):
            _draw_answers(member, folder)


def _against_size(ours: Mapping[tuple[str, int], Sequence[float]]) -> Figure:
    points: dict[str, dict[int, tuple[float, float]]] = {}
    for (rule, cells), accuracies in ours.items():
        mean = 100 * float(np.mean(accuracies))
        points.setdefault(rule, {})[cells] = (mean, float(np.nan_to_num(spread(accuracies))))
    theirs = {rule: paper_results.TEST_ACCURACY.get(rule, {}) for rule in points}
    return figures.accuracy_against_size(points, theirs)


def _while_training(curves: Iterable[Mapping[str, Any]]) -> Figure:
    runs: dict[int, dict[str, dict[int, list[tuple[float, float]]]]] = {}
    for row in curves:
        by_seed = runs.setdefault(row["cells"], {}).setdefault(row["rule"], {})
        by_seed.setdefault(row["seed"], []).append((row["images"], 100 * row["online_accuracy"]))
    theirs = {
        size: {rule: paper_results.TEST_ACCURACY.get(rule, {}).get(size, np.nan) for rule in rules}
        for size, rules in runs.items()
    }
    return figures.learning_curves(
        {
            size: {
                rule: [tuple(np.array(points).T) for points in by_seed.values()]
                for rule, by_seed in rules.items()
            }
            for size, rules in runs.items()
        },
        theirs,
    )


def _draw_answers(member: Member, folder: Path) -> None:
    """Draw figures 3A and 3B: what one run took for what, and every digit of its first repeat."""
    evaluated = member.folder.load_evaluation()
    assert evaluated is not None  # it is among the best
    summary, details = evaluated
    deviation = summary.accuracy_sd
    matrix = figures.confusion(
        np.array(summary.confusion),
        100 * summary.accuracy_mean,
        None if deviation is None else 100 * deviation,
    )
    _save(figures.sign(matrix, which_run(member.experiment)), folder / "figure_3a.png")
    classes = details.classes
    images = experiment_images.load(member.experiment)
    require_scored(summary, images, member.folder.path)
    digits = figures.misread_digits(
        images.scored.images, classes, details.predictions[0], most=MOST_DIGITS, columns=25
    )
    _save(figures.sign(digits, which_run(member.experiment)), folder / "figure_3b.png")


def _save(figure: Figure, path: Path) -> None:
    write_whole(path, figure_bytes(figure))
