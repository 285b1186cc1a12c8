"""Every readout of many networks: one table, and a figure for each size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from diehl_cook import figures
from diehl_cook.model import paper_results
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.units import Count, CountOrZero, Section
from diehl_cook.stages import workflow
from diehl_cook.stages.network import Network
from diehl_cook.stages.pictures import which_rows
from diehl_cook.stages.progress import Narrator
from diehl_cook.store.files import csv_text, markdown_table, write_whole
from diehl_cook.store.reading import Amount, AmountOrUnknown, Name, Share
from diehl_cook.store.reading import read_table as read_rows

Row = dict[str, Any]

TABLE = "readouts.csv"


class ReadoutRow(Section):
    """A row of ``readouts.csv``: a readout of a network, on the spikes up to a time."""

    rule: Name
    cells: Count
    seed: CountOrZero
    readout: Name
    read_ms: Amount
    accuracy_mean: Share
    accuracy_sd: AmountOrUnknown
    repeats: Count


def measure(network: Network, repeats: int, jobs: int, narrator: Narrator) -> list[Row]:
    """Score every readout of a network.

    Parameters
    ----------
    network : Network
        Its experiment says on which images.
    repeats : int
        How many times the test images are shown.
    jobs : int
        Processes at a time; the result does not depend on it.
    narrator : Narrator
        Told how it goes on.

    Returns
    -------
    list of dict
        A row for each readout and time.
    """
    experiment = network.experiment
    settings = experiment.evaluation.model_copy(update={"repeats": repeats})
    asked = experiment.model_copy(update={"evaluation": settings})
    result = workflow.evaluate_network(asked, network.trained, jobs, narrator, all_readouts=True)
    return [{**_whose(experiment), **row, "repeats": repeats} for row in result.readouts]


def write_table(folder: Path, rows: Sequence[Row]) -> list[Row]:
    """Put rows into ``readouts.csv``, in place of those of the same networks.

    Returns
    -------
    list of dict
        All rows of the file, by size, rule and seed.
    """
    fresh = {_network(row) for row in rows}
    kept = [row for row in read_table(folder) if _network(row) not in fresh]
    everything = sorted([*kept, *rows], key=_network)
    write_whole(folder / TABLE, csv_text(everything).encode())
    return everything


def read_table(folder: Path) -> list[Row]:
    """Rows of ``readouts.csv``, none if there is no such file."""
    path = folder / TABLE
    return read_rows(path, ReadoutRow, "delete it to measure anew") if path.exists() else []


def is_measured(rows: Sequence[Row], experiment: Experiment) -> bool:
    """Whether a table has rows of the network of an experiment."""
    return _network(_whose(experiment)) in {_network(row) for row in rows}


def markdown(rows: Sequence[Row]) -> str:
    """Accuracy on all spikes in per cent as a Markdown table, a line for each rule and size.

    The first readout has its mean and standard deviation over the seeds, the others their mean and,
    in brackets, that of their differences from the first, each on the same network.
    """
    readouts = list(dict.fromkeys(row["readout"] for row in rows))
    lines = []
    for cells, rule in sorted({(row["cells"], row["rule"]) for row in rows}):
        of_rule = [row for row in rows if (row["cells"], row["rule"]) == (cells, rule)]
        theirs = paper_results.test_accuracy(rule, cells)
        accuracies = [_on_all_spikes(of_rule, name) for name in readouts]
        facts = [rule, cells, len({row["seed"] for row in of_rule}), theirs or ""]
        facts += [_in_words(each, accuracies[0]) for each in accuracies]
        lines.append(facts)
    return markdown_table(["rule", "N", "seeds", "paper", *readouts], lines)


def _on_all_spikes(rows: Sequence[Row], readout: str) -> dict[int, float]:
    """Accuracy of one readout on all spikes, in per cent, by seed."""
    times = [row["read_ms"] for row in rows]
    return {
        row["seed"]: 100 * row["accuracy_mean"]
        for row in rows
        if row["readout"] == readout and row["read_ms"] == max(times)
    }


def _in_words(accuracies: Mapping[int, float], first: Mapping[int, float]) -> str:
    """Mean over the seeds of one readout, and how much more than the first readout that is."""
    seeds = accuracies.keys() & first.keys()
    if not seeds:
        return ""
    if accuracies == first:
        return _mean(list(accuracies.values()))
    gains = [accuracies[seed] - first[seed] for seed in seeds]
    return f"{np.mean(list(accuracies.values())):.2f} ({_mean(gains, '+')})"


def _mean(values: Sequence[float], sign: str = "") -> str:
    """A mean, with the standard deviation if there are several values."""
    spread = f" ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{np.mean(values):{sign}.2f}{spread}"


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """A figure for each size, under the name of its file."""
    return {
        f"readouts_n{cells}": _draw_size([row for row in rows if row["cells"] == cells], cells)
        for cells in sorted({row["cells"] for row in rows})
    }


def _draw_size(rows: Sequence[Row], cells: int) -> Figure:
    figure = figures.readouts(
        {
            rule: {
                name: _curves(rows, name, rule)
                for name in dict.fromkeys(row["readout"] for row in rows if row["rule"] == rule)
            }
            for rule in sorted({row["rule"] for row in rows})
        },
        {
            rule: accuracies[cells]
            for rule, accuracies in paper_results.TEST_ACCURACY.items()
            if cells in accuracies
        },
    )
    return figures.sign(figure, which_rows(rows))


def _curves(rows: Sequence[Row], readout: str, rule: str) -> tuple[list[float], np.ndarray]:
    """Times in milliseconds, and accuracy in per cent, shape (seeds, times), of one readout."""
    chosen = [row for row in rows if (row["readout"], row["rule"]) == (readout, rule)]
    times = sorted({float(row["read_ms"]) for row in chosen})
    accuracy = {(row["seed"], float(row["read_ms"])): row["accuracy_mean"] for row in chosen}
    seeds = sorted({row["seed"] for row in chosen})
    return times, 100 * np.array(
        [[accuracy.get((seed, time), np.nan) for time in times] for seed in seeds]
    )


def _whose(experiment: Experiment) -> Row:
    return {"rule": experiment.rule, "cells": experiment.cells, "seed": experiment.seed}


def _network(row: Row) -> tuple[int, str, int]:
    return int(row["cells"]), row["rule"], int(row["seed"])
