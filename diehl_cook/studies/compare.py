"""Several runs beside each other: what differs, how well they read, and the spread over seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from diehl_cook import figures
from diehl_cook.model import paper_results
from diehl_cook.store.run_folder import RunFolder, flat, what_matters
from diehl_cook.studies.batch import Member, Score, score_of

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Runs that differ in their seed alone, side by side with such others.

    Attributes
    ----------
    keys : list of str
        Keys of the experiments, but for the seed, in which runs differ.
    groups : dict of tuple to list of RunFolder
        Runs by their values of these keys, in the order in which they were named.
    """

    keys: list[str]
    groups: dict[tuple[Any, ...], list[RunFolder]]


def compare(paths: Sequence[Path]) -> Comparison:
    """Set runs side by side.

    Parameters
    ----------
    paths : sequence of Path
        Run folders; one named twice counts once.

    Raises
    ------
    RunFolderError
        If one is none.
    """
    folders = [RunFolder(path) for path in dict.fromkeys(paths)]
    values = [_values(folder) for folder in folders]
    keys = [key for key in values[0] if len({str(each.get(key)) for each in values}) > 1]
    groups: dict[tuple[Any, ...], list[RunFolder]] = {}
    for folder, each in zip(folders, values, strict=True):
        groups.setdefault(tuple(each.get(key) for key in keys), []).append(folder)
    return Comparison(keys, groups)


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
    folders = (folder for group in comparison.groups.values() for folder in group)
    return [folder for folder in folders if folder.load_summary() is None]


def draw(comparison: Comparison) -> Figure | None:
    """Accuracy during training of every group, a panel for each size; None without any block."""
    curves: dict[int, dict[str, list[tuple[Any, Any]]]] = {}
    for values, folders in comparison.groups.items():
        name = ", ".join(
            f"{key.split('.')[-1]} {value}"
            for key, value in zip(comparison.keys, values, strict=True)
            if key not in ("cells", "name")
        )
        for folder in folders:
            blocks = folder.read_training()
            if not blocks:
                continue
            seen = [block["images"] for block in blocks]
            accuracy = [100 * block["online_accuracy"] for block in blocks]
            of_size = curves.setdefault(folder.experiment().cells, {})
            of_size.setdefault(name or folder.path.name, []).append((seen, accuracy))
    return figures.learning_curves(curves, {}) if curves else None


def _values(folder: RunFolder) -> dict[str, Any]:
    experiment = folder.experiment()
    values = what_matters(experiment) | {
        "evaluation": experiment.evaluation.model_dump(mode="json")
    }
    del values["seed"]
    return dict(flat(values))


def _measured(folders: Sequence[RunFolder]) -> Row:
    experiments = [folder.experiment() for folder in folders]
    scores = [
        score_of(Member(experiment, folder))
        for experiment, folder in zip(experiments, folders, strict=True)
    ]
    done = [score for score in scores if score is not None]
    accuracies = [100 * score.accuracy_mean for score in done]
    paper = paper_results.test_accuracy(experiments[0].rule, experiments[0].cells)
    return {
        "runs": " ".join(str(folder.path) for folder in folders),
        "accuracy": _rounded(accuracies, np.mean, 1),
        "sd over seeds": _rounded(accuracies, lambda values: np.std(values, ddof=1), 2),
        "paper": "" if paper is None else paper,
        "spikes an image": _mean_of(done, "spikes_per_image"),
        "mean theta (mV)": _mean_of(done, "mean_theta_mV"),
        "ms a presentation": _mean_of(done, "ms_per_presentation"),
    }


def _mean_of(scores: Sequence[Score], name: str) -> float | str:
    return _rounded([getattr(score, name) for score in scores], np.mean, 1)


def _rounded(values: Sequence[float], summary: Any, fewest: int) -> float | str:
    known = [value for value in values if not np.isnan(value)]
    return round(float(summary(known)), 2) if len(known) >= fewest else ""
