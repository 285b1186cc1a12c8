"""Is a new build like the old ones? Runs against a distribution over seeds.

The spread between seeds is the noise floor: a run counts as inside if it could be one more seed.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from diehl_cook.model.experiment import Experiment
from diehl_cook.model.units import CountOrZero, Section
from diehl_cook.stages import training
from diehl_cook.store.files import csv_text, write_whole
from diehl_cook.store.reading import Amount, FileError, Name, Share, read_table
from diehl_cook.store.run_folder import RunFolder, RunFolderError, run_key

#: What is compared: test accuracy, mean theta (mV), spikes per presentation at the end of the
#: training, and spikes per test presentation.
QUANTITIES = ("accuracy", "mean_theta_mV", "training_spikes", "test_spikes")

#: A build like the old ones is called outside once in so many quantities.
FALSE_ALARM = 0.001

#: Fewer runs tell nothing of the spread.
FEWEST_RUNS = 3


_WAY_OUT = "make one from runs with --write"


class Reference(Section):
    """A row of a reference distribution: one run."""

    seed: CountOrZero
    experiment: Name | None = None
    accuracy: Share
    mean_theta_mV: Amount
    training_spikes: Amount
    test_spikes: Amount


@dataclasses.dataclass(frozen=True)
class Check:
    """One quantity of one run against the reference distribution."""

    quantity: str
    value: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether the run could be one more seed of the reference."""
        return self.low <= self.value <= self.high


def measure(folder: RunFolder) -> dict[str, float]:
    """Take the compared quantities out of an evaluated run.

    Raises
    ------
    RunFolderError
        If it was not evaluated, or is too short for a row of ``training.csv``.
    """
    summary, rows = folder.load_summary(), folder.read_training()
    if summary is None or not rows:
        raise RunFolderError(
            f"{folder.path}: is not evaluated; do so first: diehl-cook evaluate, or make evaluate"
        )
    return {
        "accuracy": summary.accuracy_mean,
        "mean_theta_mV": rows[-1]["mean_theta_mV"],
        "training_spikes": training.at_the_end(rows)[0],
        "test_spikes": summary.spikes_per_image,
    }


def write_reference(folders: Sequence[RunFolder], path: Path) -> None:
    """Store a reference distribution: a row per run.

    Raises
    ------
    FileError
        If they are fewer than three, or differ in more than their seeds.
    """
    if len(folders) < FEWEST_RUNS:
        raise FileError(
            f"{path}: {len(folders)} runs tell nothing of the spread; name three or more"
        )
    experiments = [folder.experiment() for folder in folders]
    if len({_key(experiment) for experiment in experiments}) > 1:
        raise FileError(f"{path}: these runs are of several experiments; name those of one")
    rows = [
        {"seed": experiment.seed, "experiment": _key(experiment), **measure(folder)}
        for experiment, folder in zip(experiments, folders, strict=True)
    ]
    write_whole(path, csv_text(rows).encode())


def read_reference(path: Path) -> dict[str, list[float]]:
    """Read the values of each quantity that `write_reference` stored.

    Raises
    ------
    FileError
        If there are none, or fewer than three runs.
    """
    if not path.exists():
        raise FileError(f"{path}: no reference here; make one from runs with --write")
    rows = read_table(path, Reference, _WAY_OUT)
    if len(rows) < FEWEST_RUNS:
        raise FileError(f"{path}: holds {len(rows)} runs; make one of three or more with --write")
    return {name: [row[name] for row in rows] for name in QUANTITIES}


def require_same_experiment(folder: RunFolder, path: Path) -> None:
    """Make sure that a run is of the experiment of a reference, if that tells its own.

    Raises
    ------
    FileError
        If it is of another, or was evaluated otherwise.
    """
    known = {row["experiment"] for row in read_table(path, Reference, _WAY_OUT)} - {None}
    if known and known != {_key(folder.experiment())}:
        raise FileError(
            f"{folder.path}: is of another experiment than {path}; make a reference of such runs"
            " with --write, and name it with --reference"
        )


def _key(experiment: Experiment) -> str:
    """What tells experiments apart, their evaluation too, whatever the seed."""
    evaluation = experiment.evaluation.model_dump_json(exclude_defaults=True)
    digest = hashlib.sha256(evaluation.encode()).hexdigest()[:8]
    return f"{run_key(experiment.model_copy(update={'seed': 0}))}-{digest}"


def compare(measured: Mapping[str, float], reference: Mapping[str, Sequence[float]]) -> list[Check]:
    """Compare a run with a reference: the prediction interval for one more seed."""
    checks = []
    for name in QUANTITIES:
        values = np.asarray(reference[name])
        n = values.size
        reach = stats.t.ppf(1 - FALSE_ALARM / 2, n - 1) * values.std(ddof=1) * np.sqrt(1 + 1 / n)
        mean = values.mean()
        checks.append(Check(name, measured[name], mean - reach, mean + reach))
    return checks
