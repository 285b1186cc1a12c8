"""Points among the values of an experiment: their names, and the experiments that they make."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import (
    check_values,
    load_experiment,
    named_in,
    read_values,
    set_value,
)
from diehl_cook.model.units import shown

#: Values by dotted key, in place of an experiment's own.
Overrides = dict[str, Any]


def base_of(path: Path, experiment: str, common: Overrides) -> dict[str, Any]:
    """Values that the runs of a file share.

    Parameters
    ----------
    path : Path
        The file, which names the experiment.
    experiment : str
        An experiment file beside it, or the name of one that comes with the project.
    common : dict
        Values in place of the experiment's.

    Raises
    ------
    ExperimentError
        If anything is wrong with the experiment.
    """
    base = named_in(path, experiment)
    load_experiment(base)  # names the file that something is wrong in
    return _with(read_values(base), common, path)


def experiment_at(
    path: Path, base: Mapping[str, Any], point: Overrides, seed: int, name: str
) -> Experiment:
    """The experiment that a point makes of the values that all runs of a file share.

    Raises
    ------
    ExperimentError
        If it is none; the line names the file.
    """
    values = _with(base, point, path)
    return check_values(values | {"seed": seed, "name": name}, str(path))


def refuse_unfit_keys(groups: Sequence[Iterable[str]]) -> None:
    """Make sure that keys can be combined; each group holds those of one point.

    Raises
    ------
    ValueError
        If a key is a part of another one, or is the seed or the name of a run.
    """
    for keys in map(set, groups):
        for key in sorted(keys):
            above = [other for other in keys if key.startswith(f"{other}.")]
            if above:
                raise ValueError(f"{key} is a part of {above[0]}; state one of them")
            if key in ("seed", "name"):
                raise ValueError(f"{key} cannot be varied" + "; state 'seeds'" * (key == "seed"))


def names_of(points: Sequence[Overrides]) -> list[str]:
    """A readable name of each point, which its run folders get."""
    keys = list(dict.fromkeys(key for point in points for key in point))
    names = [name_of(point, keys) for point in points]
    count = Counter(names)
    return [
        name if count[name] == 1 else f"{name}-{_digest(repr(point))}"
        for name, point in zip(names, points, strict=True)
    ]


def name_of(point: Overrides, keys: Sequence[str]) -> str:
    """A readable name of a point, each key as short as tells it from the other keys."""
    parts = (f"{_shortest(key, keys)}={_plain(value)}" for key, value in point.items())
    return _cut(",".join(parts)) or "as_is"


def in_words(point: Overrides) -> str:
    """A point as a message tells it."""
    return ", ".join(f"{key}: {shown(value)}" for key, value in point.items())


def _with(base: Mapping[str, Any], point: Overrides, path: Path) -> dict[str, Any]:
    values = dict(base)
    for key, value in point.items():
        values = set_value(values, key, value, path.parent)
    return values


def _shortest(key: str, keys: Sequence[str]) -> str:
    """The last parts of a dotted key, as few as tell it from the others."""
    parts = key.split(".")
    for count in range(1, len(parts)):
        ending = parts[-count:]
        if sum(other.split(".")[-count:] == ending for other in keys) == 1:
            return ".".join(ending)
    return key


def _plain(value: Any) -> str:
    """A value without characters that a file name should not have."""
    return re.sub(r"[^A-Za-z0-9.+_-]+", "", str(value))


def _cut(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 9]}-{_digest(name)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


_LONGEST_NAME = 120
