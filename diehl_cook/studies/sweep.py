"""Sweeps: an experiment again and again, with other values and other seeds."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import Field, ValidationError, field_validator, model_validator

from diehl_cook.images import experiment_images
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.model.experiment_file import read_yaml, refuse_other_kind
from diehl_cook.model.explanation import explain
from diehl_cook.model.units import Count, CountOrZero, Section, shown
from diehl_cook.store.files import csv_text
from diehl_cook.store.run_folder import RunFolder, what_matters
from diehl_cook.studies import points
from diehl_cook.studies.batch import Member, Score, score_of
from diehl_cook.studies.points import Overrides
from diehl_cook.studies.workers import Failure

Choices = dict[str, list[Any]]

#: Runs of one sweep. More than anybody waits for, and few enough to check every one beforehand.
MOST_RUNS = 10_000


class Draw(Section):
    """Points drawn at random from a grid, none twice."""

    samples: Count = Field(description="how many points; all of them if there are fewer")
    seed: CountOrZero = 0
    choices: Choices = Field(min_length=1, description="values of each key")

    @property
    def points(self) -> int:
        """Points of the grid."""
        return math.prod(len(values) for values in self.choices.values())


class SweepFile(Section):
    """What a sweep file states.

    Each point of the grid is combined with each entry of the list and each point drawn at
    random, and each combination with each seed.
    """

    experiment: str = Field(description="a file, relative to this one, or a name, as n100")
    common: Overrides = Field({}, alias="set", description="values that all runs share")
    grid: Choices = Field({}, description="values of each key, all combined")
    entries: list[Overrides] = Field([], alias="list", description="values that go together")
    random: Draw | None = None
    seeds: list[CountOrZero] = Field([0], min_length=1)

    @field_validator("seeds")
    @classmethod
    def _check_seeds(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed stands twice")
        return seeds

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        choices = {**self.grid, **(self.random.choices if self.random else {})}
        empty = [key for key, values in choices.items() if not values]
        if empty:
            raise ValueError(f"{empty[0]}: state at least one value")
        groups = [set(self.grid), set(self.random.choices if self.random else {})]
        groups += [set(self.common), {key for entry in self.entries for key in entry}]
        for one, other in itertools.combinations(groups, 2):
            if one & other:
                raise ValueError(f"{min(one & other)} stands in two of set, grid, list and random")
        points.refuse_unfit_keys(
            [{*self.common, *choices, *entry} for entry in self.entries or [{}]]
        )
        return self

    @property
    def runs(self) -> int:
        """How many runs these are."""
        settings = math.prod(len(values) for values in self.grid.values())
        drawn = min(self.random.samples, self.random.points) if self.random else 1
        return settings * max(len(self.entries), 1) * drawn * len(self.seeds)


@dataclasses.dataclass(frozen=True)
class Setting:
    """Some values in place of the experiment's, and a run of them for each seed."""

    name: str
    overrides: Overrides
    members: tuple[Member, ...]


@dataclasses.dataclass(frozen=True)
class Sweep:
    """A sweep whose every run is known to be valid."""

    name: str
    seeds: tuple[int, ...]
    settings: tuple[Setting, ...]

    @property
    def members(self) -> list[Member]:
        """All runs: every setting with the first seed, then with the next."""
        by_setting = [setting.members for setting in self.settings]
        return [member for round_ in zip(*by_setting, strict=True) for member in round_]


def load_sweep(path: Path, results: Path) -> Sweep:
    """Read a sweep file and check every run of it.

    Parameters
    ----------
    path : Path
        A YAML file; see `SweepFile`.
    results : Path
        The run folders lie in a folder of the sweep's name in this one.

    Raises
    ------
    ExperimentError
        If anything is wrong with the file or with one of the runs: one line with file and key.
    """
    stated = read_yaml(path)
    refuse_other_kind(path, stated, "sweep")
    try:
        file = SweepFile.model_validate(stated)
    except ValidationError as error:
        raise ExperimentError(f"{path}: {explain(error, SweepFile)}") from None
    if file.runs > MOST_RUNS:
        raise ExperimentError(
            f"{path}: these are {shown(file.runs)} runs, and {MOST_RUNS} are the most; draw some of"
            " the points with 'random', or take values out"
        )
    base = points.base_of(path, file.experiment, file.common)
    overrides = list(_points(file))
    names = points.names_of(overrides)
    folder = results / path.stem
    settings = [
        Setting(name, point, tuple(_members(path, base, name, point, file.seeds, folder)))
        for name, point in zip(names, overrides, strict=True)
    ]
    _refuse_equals(path, settings)
    return Sweep(path.stem, tuple(file.seeds), tuple(settings))


def table(sweep: Sweep, failures: Mapping[str, Failure]) -> list[dict[str, Any]]:
    """Tell what came of a sweep: a row for each setting, the best first.

    Parameters
    ----------
    sweep : Sweep
        Runs that are not done yet leave their fields empty.
    failures : mapping of str to Failure
        Runs that failed, by name.

    Returns
    -------
    list of dict
        Values swept, accuracy of each seed, mean and standard deviation over the seeds, means of
        the activity, and what failed.
    """
    keys = list(dict.fromkeys(key for setting in sweep.settings for key in setting.overrides))
    rows = [_row(sweep, setting, keys, failures) for setting in sweep.settings]
    return sorted(rows, key=lambda row: -math.inf if row["mean"] == "" else row["mean"])[::-1]


def table_bytes(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The table as a CSV file."""
    return csv_text(rows).encode()


def as_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table in columns, to be read."""
    shown = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in shown) for column in range(len(shown[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in shown
    )


def _points(file: SweepFile) -> Iterator[Overrides]:
    drawn = _drawn(file.random) if file.random else [{}]
    for parts in itertools.product(_grid(file.grid), file.entries or [{}], drawn):
        yield {key: value for part in parts for key, value in part.items()}


def _grid(choices: Choices) -> Iterator[Overrides]:
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


def _drawn(draw: Draw) -> list[Overrides]:
    generator, count = random.Random(draw.seed), min(draw.samples, draw.points)
    if draw.points <= sys.maxsize:
        numbers = generator.sample(range(draw.points), count)
    else:  # more than a range can count
        chosen: dict[int, None] = {}
        while len(chosen) < count:
            chosen[generator.randrange(draw.points)] = None
        numbers = list(chosen)
    return [_numbered(draw.choices, number) for number in numbers]


def _numbered(choices: Choices, number: int) -> Overrides:
    """A point of a grid by its number; the last key changes first."""
    point = {}
    for key, values in reversed(choices.items()):
        number, position = divmod(number, len(values))
        point[key] = values[position]
    return {key: point[key] for key in choices}


def _refuse_equals(path: Path, settings: Sequence[Setting]) -> None:
    """Make sure that no two settings are one experiment, as those of 1 and 1.0 are."""
    known: dict[str, Setting] = {}
    for setting in settings:
        experiment = setting.members[0].experiment
        evaluation = experiment.evaluation.model_dump(mode="json")
        same = known.setdefault(
            json.dumps([what_matters(experiment), evaluation], sort_keys=True), setting
        )
        if same is not setting:
            one, other = (points.in_words(each.overrides) for each in (same, setting))
            raise ExperimentError(
                f"{path}: {one} and {other} are one experiment; take one of them out"
            )


def _members(
    path: Path,
    base: Mapping[str, Any],
    name: str,
    overrides: Overrides,
    seeds: Sequence[int],
    folder: Path,
) -> Iterator[Member]:
    for seed in seeds:
        run_name = f"{name}-seed{seed}"
        experiment = points.experiment_at(path, base, overrides, seed, run_name)
        yield Member(experiment_images.resolve(experiment), RunFolder(folder / run_name))


def _row(
    sweep: Sweep, setting: Setting, keys: Sequence[str], failures: Mapping[str, Failure]
) -> dict[str, Any]:
    scores = [score_of(member) for member in setting.members]
    done = [score for score in scores if score is not None]
    accuracies = [score.accuracy_mean for score in done]
    errors = [
        f"seed {member.experiment.seed}: {failures[member.name].reason}"
        for member in setting.members
        if member.name in failures
    ]
    return {
        **{key: setting.overrides.get(key, "") for key in keys},
        **{
            f"seed {seed}": _rounded(score and score.accuracy_mean)
            for seed, score in zip(sweep.seeds, scores, strict=True)
        },
        "mean": _rounded(np.mean(accuracies) if done else None),
        "sd": _rounded(np.std(accuracies, ddof=1) if len(done) > 1 else None),
        **{name: _rounded(_mean(done, name), digits) for name, digits in _ACTIVITY.items()},
        "error": "; ".join(errors),
    }


def _mean(scores: Sequence[Score], name: str) -> float | None:
    return float(np.mean([getattr(score, name) for score in scores])) if scores else None


def _rounded(value: Any, digits: int = 5) -> float | str:
    return "" if value is None or np.isnan(value) else round(float(value), digits)


# What a table tells of the activity, and to how many digits.
_ACTIVITY = {
    "spikes_per_image": 2,
    "training_spikes": 2,
    "retries_per_image": 4,
    "mean_theta_mV": 2,
}
