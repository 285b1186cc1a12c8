"""What is special about an experiment: where it differs from those that come with the project."""

from __future__ import annotations

import dataclasses
import json
import shlex
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from diehl_cook.images.experiment_images import resolve
from diehl_cook.model import resources
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.model.nested import flat
from diehl_cook.store.run_folder import what_matters


def settings(experiment: Experiment) -> dict[str, Any]:
    """Values of an experiment by dotted key, but for its name, its seed, and what alters nothing.

    Of the learning rules the chosen one alone is among them.
    """
    values = what_matters(experiment)
    values["evaluation"] = experiment.evaluation.model_dump(mode="json")
    values["training"]["block"] = experiment.training.block
    del values["seed"]
    return dict(flat(values))


def is_scheduled(key: str) -> bool:
    """Whether a key is of a schedule: an experiment without it is another one."""
    return key.startswith("training.schedule.")


@dataclasses.dataclass(frozen=True)
class Base:
    """An experiment that comes with the project, beside which another one is put.

    Attributes
    ----------
    file : str
        As it is named on the command line.
    differences : dict of str to tuple
        For each key in which they differ, the value here and the value there.
    """

    file: str
    differences: dict[str, tuple[Any, Any]]


def base_of(experiment: Experiment) -> Base:
    """Of the experiments that come along, the one with the fewest differences, or of its name."""
    here = settings(experiment)
    bases = [
        Base(
            file, {key: (here[key], there.get(key)) for key in here if here[key] != there.get(key)}
        )
        for file, there in _known(here["connections.weight_sum"] == "auto").items()
        if not any(map(is_scheduled, there.keys() - here.keys()))
    ]
    return min(
        bases, key=lambda base: (len(base.differences), Path(base.file).stem != experiment.name)
    )


@cache
def _known(as_stated: bool) -> dict[str, dict[str, Any]]:
    """Settings by file; a run's own have the number for ``connections.weight_sum: auto``."""
    folder = resources.experiments()
    paths = [*sorted(folder.glob("*.yaml")), *sorted(folder.glob("reproduce/*.yaml"))]
    stated = {path: load_experiment(path) for path in paths}
    return {
        f"experiments/{path.relative_to(folder)}": settings(each if as_stated else resolve(each))
        for path, each in stated.items()
    }


def published(experiment: Experiment) -> dict[str, tuple[Any, Any]]:
    """Where it differs from the defaults, most of which are the published code's."""
    images = experiment.training.images
    defaults = Experiment.model_validate(
        {"cells": experiment.cells, "rule": experiment.rule, "training": {"images": images}}
    )
    here, there = settings(experiment), settings(defaults)
    return {key: (here[key], there.get(key)) for key in here if here[key] != there.get(key)}


def overrides(base: Base) -> list[str]:
    """The differences as ``key=value``, as ``--set`` takes them."""
    return [f"{key}={_typed(here)}" for key, (here, _) in base.differences.items()]


def commands(experiment: Experiment, run: str) -> list[str]:
    """What to type to train and evaluate it again into a run folder."""
    base, run = base_of(experiment), shlex.quote(run)
    stated = " ".join(shlex.quote(each) for each in overrides(base))
    train = f"make train EXPERIMENT={base.file} SEED={experiment.seed}"
    return [
        train + (f' SET="{stated}"' if stated else "") + f" RUN={run}",
        f"make evaluate RUN={run}",
        f"make report RUN={run}",
    ]


def described(experiment: Experiment) -> list[tuple[str, str, str]]:
    """Every value: its key, the value as a file states it, and what the schema says of it."""
    return [
        (key, _typed(value), _description(experiment, key))
        for key, value in flat(experiment.model_dump(mode="json"))
    ]


def _description(model: BaseModel, key: str) -> str:
    name, _, rest = key.partition(".")
    fields = type(model).model_fields
    if rest and isinstance(getattr(model, name), BaseModel):
        return _description(getattr(model, name), rest)
    return (fields[name].description if name in fields else None) or ""


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
