"""All cells of the paper's figure 2B and their networks, from the committed experiments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diehl_cook.images import experiment_images
from diehl_cook.model import paper_results, resources
from diehl_cook.model.experiment import Experiment, ExperimentError
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.model.units import Count, CountOrZero, Section
from diehl_cook.stages import workflow
from diehl_cook.stages.progress import Narrator
from diehl_cook.store import network_file
from diehl_cook.store.files import csv_text, markdown_table, write_whole
from diehl_cook.store.network_file import Bits, NetworkFile
from diehl_cook.store.reading import Amount, AmountOrUnknown, FileError, Name, Share, read_table
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies.batch import Member, Score, score_of

#: Seeds of each size: the spread over seeds is wider, and a seed cheaper, in small networks.
SEEDS = {100: 5, 400: 3, 1600: 3, 6400: 2}

#: The sizes of which the best network of each rule is kept; of larger ones, of the best rule alone.
KEPT_SIZES = (400, 1600)

Row = dict[str, Any]


class Seed(Section):
    """A row of ``figure_2b.csv``: a run that was trained and tested."""

    rule: Name
    cells: Count
    seed: CountOrZero
    accuracy_mean: Share
    accuracy_sd: AmountOrUnknown
    spikes_per_image: Amount
    ms_per_presentation: AmountOrUnknown


def plan(
    rules: Sequence[str],
    sizes: Sequence[int],
    runs_folder: Path,
    overrides: Sequence[str] = (),
    seeds: int | None = None,
) -> list[Member]:
    """List the runs of the reproduction, the longest first.

    Parameters
    ----------
    rules : sequence of str
        Learning rules.
    sizes : sequence of int
        Excitatory cells.
    runs_folder : Path
        Where the run folders lie.
    overrides : sequence of str
        ``key=value`` pairs in place of the experiment files' values.
    seeds : int, optional
        How many seeds; by default `SEEDS`, and one for any other size.

    Returns
    -------
    list of Member

    Raises
    ------
    ExperimentError
        If an experiment file is missing or anything in it is wrong.
    """
    folder = resources.experiments() / "reproduce"
    return [
        _member(folder / f"{rule}_n{size}.yaml", overrides, seed, runs_folder)
        for size in sorted(sizes, reverse=True)
        for rule in rules
        for seed in range(seeds or SEEDS.get(size, 1))
    ]


def _member(path: Path, overrides: Sequence[str], seed: int, runs_folder: Path) -> Member:
    if not path.exists():
        raise ExperimentError(
            f"{path}: no such file; write one as those beside it, or leave out this rule or size"
        )
    experiment = load_experiment(path, overrides, seed=seed)
    return Member(
        experiment_images.resolve(experiment), RunFolder(runs_folder / f"{path.stem}-seed{seed}")
    )


def write_table(members: Sequence[Member], folder: Path) -> list[Row]:
    """Write ``figure_2b.csv`` and ``figure_2b.md``.

    Rows of a rule and size of which no run is done yet stay as they are.

    Parameters
    ----------
    members : sequence of Member
        Runs that are not done yet are left out.
    folder : Path
        Where the files go.

    Returns
    -------
    list of dict
        All rows of the CSV file.
    """
    scores = [(member.experiment, score_of(member)) for member in members]
    new = [_row(experiment, score) for experiment, score in scores if score is not None]
    fresh = {_group(row) for row in new}
    old = [row for row in read_rows(folder) if _group(row) not in fresh]
    rows = sorted([*old, *new], key=lambda row: (*_group(row), row["seed"]))
    write_whole(folder / "figure_2b.csv", csv_text(rows).encode())
    write_whole(folder / "figure_2b.md", markdown(rows).encode())
    return rows


def read_rows(folder: Path) -> list[Row]:
    """Rows of ``figure_2b.csv``, none if there is no such file."""
    path = folder / "figure_2b.csv"
    return (
        read_table(path, Seed, "delete it, and it is made from the runs") if path.exists() else []
    )


def markdown(rows: Iterable[Mapping[str, Any]]) -> str:
    """The paper's accuracies and ours as a Markdown table, in per cent."""
    lines = []
    for (rule, cells), accuracies in sorted(accuracies_of(rows).items(), key=_in_paper_order):
        mean, deviation = 100 * np.mean(accuracies), spread(accuracies)
        theirs = paper_results.test_accuracy(rule, cells)
        facts = ["", f"{mean:.2f}", ""]
        if theirs is not None:
            facts = [f"{theirs:.1f}", f"{mean:.2f}", f"{mean - theirs:+.2f}"]
        seeds = ["" if np.isnan(deviation) else f"{deviation:.2f}", len(accuracies)]
        lines.append([rule, cells, *facts, *seeds])
    columns = ["rule", "N", "paper", "ours", "difference", "spread over seeds", "seeds"]
    return markdown_table(columns, lines)


def accuracies_of(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], list[float]]:
    """Accuracy of each seed, as a share, by rule and number of cells."""
    groups: dict[tuple[str, int], list[float]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(float(row["accuracy_mean"]))
    return groups


def spread(accuracies: Sequence[float]) -> float:
    """Standard deviation over the seeds in per cent; NaN for a single one."""
    return 100 * float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else np.nan


def best_of(members: Sequence[Member]) -> dict[tuple[str, int], Member]:
    """The run of each rule and size that reads most digits, of those that are done."""
    best: dict[tuple[str, int], Member] = {}
    for member in sorted(members, key=_accuracy):
        if _accuracy(member) >= 0:
            best[member.experiment.rule, member.experiment.cells] = member
    return best


def worth_keeping(members: Sequence[Member]) -> list[Member]:
    """The best run of each rule at sizes in `KEPT_SIZES`, and of any rule at each larger size."""
    best = best_of(members)
    kept = [member for (_, cells), member in best.items() if cells in KEPT_SIZES]
    for size in sorted({cells for _, cells in best if cells > max(KEPT_SIZES)}):
        kept.append(max((best[key] for key in best if key[1] == size), key=_accuracy))
    return kept


def keep_network(member: Member, folder: Path, jobs: int, narrator: Narrator) -> Path:
    """Keep the network of a run in a small file, with its accuracy after the rounding.

    Parameters
    ----------
    member : Member
        A run that is done.
    folder : Path
        Where the file goes.
    jobs : int
        Processes at a time.
    narrator : Narrator
        Told how the measurement goes on.

    Returns
    -------
    Path
        The file. It is left as it is if it holds this very network.
    """
    experiment = member.experiment
    path = folder / f"{experiment.rule}_n{experiment.cells}.npz"
    bits: Bits = 16 if experiment.cells in KEPT_SIZES else 8
    network = network_file.rounded(member.folder.load_network(), bits)
    if path.exists() and _holds(path, experiment, network.weights):
        return path
    score = score_of(member)
    assert score is not None
    after = workflow.evaluate_network(experiment, network, jobs, narrator).summary()
    measured = {
        "seed": experiment.seed,
        "accuracy_mean": after["accuracy_mean"],
        "accuracy_sd": after["accuracy_sd"],
        "accuracy_mean_before_rounding": score.accuracy_mean,
    }
    network_file.save(path, NetworkFile(experiment, network, measured), bits)
    return path


def _accuracy(member: Member) -> float:
    score = score_of(member)
    return score.accuracy_mean if score else -1.0


def _holds(path: Path, experiment: Experiment, weights: np.ndarray) -> bool:
    try:
        kept = network_file.load(path)
    except FileError:
        return False
    return kept.experiment == experiment and np.array_equal(kept.network.weights, weights)


def _row(experiment: Experiment, score: Score) -> Row:
    return {
        "rule": experiment.rule,
        "cells": experiment.cells,
        "seed": experiment.seed,
        "accuracy_mean": round(score.accuracy_mean, 6),
        "accuracy_sd": round(score.accuracy_sd, 6),
        "spikes_per_image": round(score.spikes_per_image, 3),
        "ms_per_presentation": round(score.ms_per_presentation, 4),
    }


def _group(row: Mapping[str, Any]) -> tuple[str, int]:
    return row["rule"], int(row["cells"])


def _in_paper_order(item: tuple[tuple[str, int], Any]) -> tuple[int, int]:
    (rule, cells), _ = item
    rules = list(paper_results.TEST_ACCURACY)
    return cells, rules.index(rule) if rule in rules else len(rules)
