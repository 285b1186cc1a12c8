"""Several runs beside each other: what differs, how well they read, and the spread over seeds."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diehl_cook import figures
from diehl_cook.model import paper_results
from diehl_cook.stages.page import Picture
from diehl_cook.stages.pictures import which_runs
from diehl_cook.stages.settings import is_scheduled, settings
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies.batch import Member, Score, score_of

Row = dict[str, Any]

#: Stands for the value of a parameter in a run that has no such parameter.
NOT_THERE = ""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Runs that differ in their seed alone, side by side with such others.

    Attributes
    ----------
    keys : list of str
        Keys of the experiments, but for the seed, in which runs differ. Parameters that some
        of them do not have, such as those of another learning rule, count where those that
        have them differ; those of a schedule in any case.
    groups : dict of tuple to list of RunFolder
        Runs by their values of these keys, in the order in which they were named.
    """

    keys: list[str]
    groups: dict[tuple[Any, ...], list[RunFolder]]

    @property
    def folders(self) -> list[RunFolder]:
        """All runs."""
        return [folder for folders in self.groups.values() for folder in folders]

    def name(self, values: Sequence[Any]) -> str:
        """What makes a group different from the others of its size."""
        return ", ".join(
            str(value) if key == "rule" else f"{key.split('.')[-1]} {value}"
            for key, value in zip(self.keys, values, strict=True)
            if key != "cells" and value != NOT_THERE
        )


def compare(paths: Sequence[Path]) -> Comparison:
    """Set runs side by side.

    Parameters
    ----------
    paths : sequence of Path
        Run folders; one named twice, in whatever words, counts once.

    Raises
    ------
    RunFolderError
        If one is none.
    """
    different = {os.path.realpath(path): path for path in paths}
    folders = [RunFolder(path) for path in different.values()]
    values = [settings(folder.experiment()) for folder in folders]
    known = dict.fromkeys(key for each in values for key in each)
    keys = [key for key in known if _differs(key, values)]
    groups: dict[tuple[Any, ...], list[RunFolder]] = {}
    for folder, each in zip(folders, values, strict=True):
        groups.setdefault(tuple(each.get(key, NOT_THERE) for key in keys), []).append(folder)
    return Comparison(keys, groups)


def _differs(key: str, values: Sequence[Mapping[str, Any]]) -> bool:
    there = [str(each[key]) for each in values if key in each]
    return len({*there}) > 1 or (is_scheduled(key) and len(there) < len(values))


def table(comparison: Comparison) -> list[Row]:
    """A row for each group: what differs, its runs, and means over them.

    Accuracies are in per cent; fields of runs that are not evaluated are empty.
    """
    return [
        dict(zip(comparison.keys, values, strict=True)) | _measured(folders)
        for values, folders in comparison.groups.items()
    ]


def not_evaluated(comparison: Comparison) -> list[RunFolder]:
    """Runs whose accuracy is not known yet."""
    return [folder for folder in comparison.folders if folder.load_summary() is None]


def draw(comparison: Comparison) -> Picture | None:
    """Accuracy, spikes and theta during training, a column for each size; None without any block.

    Each group is a line, with a band that holds all its seeds.
    """
    curves: dict[str, dict[int, dict[str, list[tuple[Any, Any]]]]] = {
        name: {} for name in (*_QUANTITIES, _ACCURACY)
    }
    paper: dict[int, dict[str, float]] = {}
    for values, folders in comparison.groups.items():
        seeds = folders[0].path.name if len(folders) == 1 else f"{len(folders)} seeds"
        name = comparison.name(values) or seeds
        for folder in folders:
            rows, experiment = folder.read_training(), folder.experiment()
            if not rows:
                continue
            for quantity in curves:
                of_size = curves[quantity].setdefault(experiment.cells, {})
                of_size.setdefault(name, []).append(_course(rows, quantity))
            theirs = paper_results.accuracy_for(experiment)
            if theirs is not None:
                paper.setdefault(experiment.cells, {})[name] = theirs
    accuracy = curves.pop(_ACCURACY)
    if not accuracy:
        return None
    figure = figures.learning_curves(
        accuracy, paper, {_QUANTITIES[name]: of_sizes for name, of_sizes in curves.items()}
    )
    return Picture(
        "comparison",
        figures.sign(figure, which_runs([folder.experiment() for folder in comparison.folders])),
        "While they learn",
        "Each line is the mean over the seeds of one kind of run, and its band reaches from the"
        " lowest to the highest of them. Above, the share of the training images of a block that"
        " were classified correctly with the classes that the cells had in the block before;"
        " beneath it, how many spikes an image draws, and the mean adaptive threshold. A dashed"
        " line or a mark at the edge is the paper's accuracy on the test images, where it has"
        " one.",
        f"Learning curves of {len(comparison.groups)} kinds of runs; the table has their end.",
    )


def _course(rows: Sequence[Row], quantity: str) -> tuple[list[float], list[float]]:
    scale = 100 if quantity == _ACCURACY else 1
    return [row["images"] for row in rows], [scale * row[quantity] for row in rows]


def _measured(folders: Sequence[RunFolder]) -> Row:
    experiments = [folder.experiment() for folder in folders]
    scores = [
        score_of(Member(experiment, folder))
        for experiment, folder in zip(experiments, folders, strict=True)
    ]
    done = [score for score in scores if score is not None]
    accuracies = [100 * score.accuracy_mean for score in done]
    paper = paper_results.accuracy_for(experiments[0])
    return {
        "accuracy": _rounded(accuracies, np.mean, 1),
        "sd over seeds": _rounded(accuracies, lambda values: np.std(values, ddof=1), 2),
        "paper": "" if paper is None else paper,
        "spikes an image": _mean_of(done, "spikes_per_image"),
        "mean theta (mV)": _mean_of(done, "mean_theta_mV"),
        "ms a presentation": _mean_of(done, "ms_per_presentation"),
        "runs": " ".join(str(folder.path) for folder in folders),
    }


def _mean_of(scores: Sequence[Score], name: str) -> float | str:
    return _rounded([getattr(score, name) for score in scores], np.mean, 1)


def _rounded(values: Sequence[float], summary: Any, fewest: int) -> float | str:
    known = [value for value in values if not np.isnan(value)]
    return round(float(summary(known)), 2) if len(known) >= fewest else ""


_ACCURACY = "online_accuracy"
#: What is drawn beneath it, by its name in ``training.csv``.
_QUANTITIES = {
    "spikes_per_presentation": "spikes per\npresentation",
    "mean_theta_mV": "mean θ\n(mV)",
}
