"""Experiment files: what they build on, what is set over them, and what is wrong in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from diehl_cook.model import resources, strict_yaml
from diehl_cook.model.experiment import Experiment, ExperimentError
from diehl_cook.model.explanation import explain, location
from diehl_cook.model.nested import flat, merge, nested
from diehl_cook.model.resources import require_regular
from diehl_cook.model.units import shown

#: Some values, and who states them, with which a message about one of them starts.
Layer = tuple[str, dict[str, Any]]
#: What a YAML file is for.
Kind = Literal["experiment", "sweep", "search"]


def load_experiment(
    source: str | Path, overrides: Iterable[str] = (), **settings: Any
) -> Experiment:
    """Read and validate an experiment.

    Parameters
    ----------
    source : str or Path
        A YAML file, or the name of an experiment that comes with the project, as "n100". The key
        ``extends`` of a file names one to build on: a file next to it, or such a name.
    overrides : str or iterable of str
        ``key=value`` pairs with dotted keys, for example ``training.images=1000``.
    **settings
        Values that go over everything else; two underscores stand for the dot between the parts
        of a key: ``seed=3``, ``excitatory__theta_plus="0.02 mV"``.

    Returns
    -------
    Experiment
        Frozen, with every value filled in.

    Raises
    ------
    ExperimentError
        If a file is missing or anything in it is wrong; one line with file, key and way out.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> experiment = dc.load_experiment("n100", cells=64, rule="power_law")
    >>> experiment.cells, experiment.excitatory.theta_plus
    (64, 12.5 * uvolt)
    """
    path = experiment_path(source)
    files = [(str(path), {"name": path.stem}), *_read_with_bases(path)]
    stated_as_text = [overrides] if isinstance(overrides, str) else overrides
    layers = files + [_override(override) for override in stated_as_text]
    stated = {name.replace("__", "."): value for name, value in settings.items()}
    layers += [
        (f"{key}={shown(value)}", set_value({}, key, value, Path()))
        for key, value in stated.items()
    ]
    try:
        return Experiment.model_validate(_merged(layers))
    except ValidationError as error:
        wrong = location(error.errors()[0])
        stating = (who for who, stated in reversed(layers) if _states(stated, wrong))
        origin = next(stating, None) or _first_wrong(layers, len(files))
        raise ExperimentError(f"{origin}: {explain(error, Experiment)}") from None


def _first_wrong(layers: Sequence[Layer], files: int) -> str:
    """What made values wrong that are so only together: a file, or what was stated over it."""
    end = files
    while end < len(layers) and _is_valid(_merged(layers[:end])):
        end += 1
    return layers[end - 1 if end > files else 0][0]


def _is_valid(values: Mapping[str, Any]) -> bool:
    try:
        Experiment.model_validate(values)
    except ValidationError:
        return False
    return True


def evaluated_as(
    experiment: Experiment, overrides: Iterable[str], *, moved_data: bool = False
) -> Experiment:
    """An experiment with other values of how its network is evaluated.

    Parameters
    ----------
    experiment : Experiment
        Of a network that is trained.
    overrides : iterable of str
        ``key=value`` pairs, with keys that begin with ``evaluation.``.
    moved_data : bool
        Whether a pair may have the key ``data.folder``, too: of a network that somebody else
        trained.

    Returns
    -------
    Experiment

    Raises
    ------
    ExperimentError
        If a key is another one, or a value is wrong.
    """
    layers = [_override(override) for override in overrides]
    for origin, stated in layers:
        moved = moved_data and [key for key, _ in flat(stated)] == ["data.folder"]
        if stated.keys() != {"evaluation"} and not moved:
            may = "keys of 'evaluation', as evaluation.repeats=1,"
            raise ExperimentError(
                f"{origin}: the network is trained with the values it has; only {may}"
                + (" and data.folder" if moved_data else "")
                + " may be set"
            )
    values = _merged([("", experiment.model_dump(mode="json")), *layers])
    return check_values(values, " ".join(origin for origin, _ in layers))


def experiment_path(source: str | Path) -> Path:
    """The file of an experiment, which a path or the name of one that comes along may say.

    Raises
    ------
    ExperimentError
        If a name is of none that comes with the project, or a missing file is that of one.
    """
    path, folder = Path(source), resources.experiments()
    if path.exists():
        return path
    if path.suffix or len(path.parts) > 1:
        if (folder / path.name).is_file():
            raise ExperimentError(
                f"{source}: no such file; say {path.stem} for the one that comes with the package"
            )
        return path
    named = folder / f"{source}.yaml"
    if not named.exists():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise ExperimentError(f"{source}: no such file or experiment; there are {known}")
    return named


def read_values(path: str | Path) -> dict[str, Any]:
    """Read an experiment file and those it builds on, without checking the values.

    Raises
    ------
    ExperimentError
        If a file is missing or is not YAML.
    """
    return {"name": Path(path).stem} | _merged(_read_with_bases(Path(path)))


def _merged(layers: Iterable[Layer]) -> dict[str, Any]:
    """All that is stated, the later over the earlier."""
    values: dict[str, Any] = {}
    for _, stated in layers:
        values = merge(values, stated)
    return values


def _states(values: Any, location: tuple[int | str, ...]) -> bool:
    """Whether values have a key; none has the empty one, of what is wrong with all together."""
    for part in location:
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return bool(location)


def set_value(values: Mapping[str, Any], key: str, value: Any, here: Path) -> dict[str, Any]:
    """Values of an experiment with one of them replaced; the key has dots between its parts.

    A relative ``data.folder`` starts in the folder `here`, where it was stated.
    """
    return merge(values, _as_stated_in(nested(key, value), here))


def check_values(values: Mapping[str, Any], origin: str) -> Experiment:
    """Make an experiment of values.

    Parameters
    ----------
    values : mapping
        As an experiment file states them, or as ``experiment.model_dump(mode="json")`` gives.
    origin : str
        Where they come from, with which an error message starts.

    Raises
    ------
    ExperimentError
        If anything is wrong with them; one line with origin, key and way out.
    """
    try:
        return Experiment.model_validate(values)
    except ValidationError as error:
        raise ExperimentError(f"{origin}: {explain(error, Experiment)}") from None


def dump_experiment(experiment: Experiment) -> str:
    """Write an experiment as YAML that `load_experiment` reads back to the same values."""
    return yaml.safe_dump(experiment.model_dump(mode="json"), sort_keys=False)


def _read_with_bases(path: Path, above: tuple[str, ...] = ()) -> list[Layer]:
    """What a file and those that it builds on state, the lowest first."""
    real = os.path.realpath(path)  # Path's own fails where links go in a circle
    if real in above:
        raise ExperimentError(f"{path}: extends itself; take one 'extends' out")
    values = _as_stated_in(read_yaml(path), path.parent)
    refuse_other_kind(path, values, "experiment")
    base = values.pop("extends", None)
    own = str(path), values
    if base is None:
        return [own]
    if not isinstance(base, str):
        raise ExperimentError(f"{path}: extends: name one file or experiment, for example 'n100'")
    try:
        below = _read_with_bases(named_in(path, base), (*above, real))
    except ExperimentError as error:
        raise ExperimentError(f"{path}: extends: {error}") from None
    return [*((f"{path}: extends: {origin}", stated) for origin, stated in below), own]


def named_in(path: Path, experiment: str) -> Path:
    """The experiment that a file names: a file beside it, or one that comes with the project."""
    beside, known = path.parent / experiment, resources.experiments() / f"{experiment}.yaml"
    # Path's own fails for names that no disk can hold
    return known if os.path.exists(known) and not os.path.exists(beside) else beside


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file of keys and values; a key stated twice is an error.

    Raises
    ------
    ExperimentError
        If the file is missing or is not such a file.
    """
    try:
        text = require_regular(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        folder = resources.experiments()
        raise ExperimentError(f"{path}: no such file; {folder} has examples") from None
    except IsADirectoryError:
        raise ExperimentError(
            f"{path}: cannot be read: is a folder; name a YAML file, as a run's experiment.yaml"
        ) from None
    except OSError as error:
        raise ExperimentError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ExperimentError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
    try:
        values = strict_yaml.load(text)
    except ValueError as error:
        raise ExperimentError(f"{path}: is not valid YAML: {error}") from None
    if not isinstance(values, dict):
        raise ExperimentError(f"{path}: is not a list of 'key: value' lines")
    return values


def refuse_other_kind(path: Path, values: Mapping[str, Any], wanted: Kind) -> None:
    """Make sure that a file is not, by its keys, one for another command.

    Raises
    ------
    ExperimentError
        If it is; the line names that command.
    """
    kind = _kind_of(values)
    if kind not in (wanted, None):
        article, command = ("an", "train") if kind == "experiment" else ("a", kind)
        raise ExperimentError(
            f"{path}: is {article} {kind}, where {wanted} files belong; for this one there is"
            f" diehl-cook {command}"
        )


def _kind_of(values: Mapping[str, Any]) -> Kind | None:
    if "experiment" not in values:
        return "experiment" if {"extends", "cells"} & values.keys() else None
    if {"choices", "trials"} & values.keys():
        return "search"
    return "sweep" if {"grid", "list", "random", "seeds"} & values.keys() else None


def _override(override: str) -> Layer:
    key, separator, text = str(override).partition("=")  # Python callers may give anything
    origin = f"--set {' '.join(str(override).split())}"  # one line, whatever was typed
    if not separator or not key.strip():
        raise ExperimentError(
            f"{origin}: write key=value, in quotes where it has a space: 'excitatory.tau_ge=2 ms'"
        )
    try:
        value = strict_yaml.load(text)
    except ValueError as error:
        raise ExperimentError(f"{origin}: is not valid YAML: {error}") from None
    return origin, set_value({}, key.strip(), value, Path())


def _as_stated_in(values: Mapping[str, Any], here: Path) -> dict[str, Any]:
    """Values as stated in a folder, where a relative folder of data starts, with text as keys."""
    data, training = values.get("data"), values.get("training")
    whole = dict(values)
    if isinstance(data, Mapping) and isinstance(data.get("folder"), str | os.PathLike):
        whole["data"] = {**data, "folder": str(_folder(data["folder"], here))}
    if isinstance(training, Mapping) and isinstance(training.get("schedule"), Mapping):
        phases = {str(until): values for until, values in training["schedule"].items()}
        if len(phases) == len(training["schedule"]):  # else the experiment refuses it
            whole["training"] = {**training, "schedule": phases}
    return whole


def _folder(stated: str | os.PathLike[str], here: Path) -> Path:
    if str(stated).startswith("sklearn:"):  # which a library brings along
        return Path(stated)
    whole = here.absolute() / os.path.expanduser(stated)  # Path's own fails for unknown users
    # One folder has one name, from wherever it is typed: the name tells runs apart.
    return Path(os.path.realpath(whole)) if ".." in whole.parts else whole
