"""What the published networks are: a table beside their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from brian2.units import mV, second

from diehl_cook.model import paper_results
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.nested import flat
from diehl_cook.store import network_file
from diehl_cook.store.files import markdown_table, write_whole

Row = dict[str, Any]

#: It is shown where the folder is browsed.
TABLE = "README.md"

_INTRODUCTION = """\
# Published networks

Trained by `make reproduce`, the best of the seeds that were there when it was kept;
`diehl-cook evaluate NAME` measures one again, `diehl_cook.load("NAME")` loads it. Test accuracy
in per cent, over repeats of the test images: after the weights were rounded to so many bits, and
before. This table is written by `diehl-cook networks`; `diehl-cook show NAME` prints all values of
a network.

"""


def rows_of(folder: Path) -> list[Row]:
    """Read every network file of a folder, smaller networks first.

    Parameters
    ----------
    folder : Path
        Holds ``.npz`` files.

    Returns
    -------
    list of dict
        A row for each network: what was measured of it and the settings in which they differ.

    Raises
    ------
    FileError
        If a file cannot be used.
    """
    rows = [_row(path) for path in folder.glob("*.npz") if not path.is_dir()]
    return sorted(rows, key=lambda row: (row["cells"], row["rule"], row["network"]))


def _row(path: Path) -> Row:
    content = network_file.load(path)
    experiment, measured = content.experiment, content.measured
    rule = experiment.learning_rule.model_dump()
    return {
        "network": path.stem,
        "rule": experiment.rule,
        "cells": experiment.cells,
        "seed": experiment.seed,
        "accuracy": measured.get("accuracy_mean"),
        "before rounding": measured.get("accuracy_mean_before_rounding"),
        "paper": paper_results.test_accuracy(experiment.rule, experiment.cells),
        "bits": network_file.bits_of(path),
        "kB": round(path.stat().st_size / 1000),
        "images": experiment.training.images,
        "inhibition": experiment.connections.inhibitory_to_excitatory,
        "theta_plus": f"{float(experiment.excitatory.theta_plus / mV):g} mV",
        "tau_theta": f"{float(experiment.excitatory.tau_theta / second):g} s",
        "rule's parameters": ", ".join(f"{name} {value}" for name, value in rule.items()),
        "schedule": _scheduled(experiment),
    }


def _scheduled(experiment: Experiment) -> str:
    """Values that the first images were learned with."""
    return "; ".join(
        f"until {until}: " + ", ".join(f"{key.split('.')[-1]} {value}" for key, value in flat(held))
        for until, held in experiment.training.schedule.items()
    )


def markdown(rows: Sequence[Row]) -> str:
    """The table for people, accuracy in per cent."""
    names = list(rows[0]) if rows else ["network"]
    return markdown_table(names, [[_shown(name, row[name]) for name in names] for row in rows])


def write(folder: Path, rows: Sequence[Row]) -> Path:
    """Write the table of the networks of a folder, as `rows_of` reads them, beside them."""
    write_whole(folder / TABLE, (_INTRODUCTION + markdown(rows)).encode())
    return folder / TABLE


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in ("accuracy", "before rounding"):
        return f"{100 * value:.2f}"
    return f"{value:,}" if name in ("cells", "images") else str(value)
