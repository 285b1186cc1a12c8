"""What a search file states: the choices of each key, how many trials, when to give one up."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from diehl_cook.images import experiment_images
from diehl_cook.model.experiment import Experiment, ExperimentError
from diehl_cook.model.experiment_file import read_yaml, refuse_other_kind
from diehl_cook.model.explanation import explain
from diehl_cook.model.units import Count, CountOrZero, Positive, Section, shown
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies import points
from diehl_cook.studies.batch import Member
from diehl_cook.studies.points import Overrides

if TYPE_CHECKING:
    from optuna import Trial


class Between(Section):
    """Any value from the lowest to the highest: whole numbers if both are."""

    low: Any
    high: Any
    log: bool = Field(False, description="whether to propose in proportion, not in steps")

    @model_validator(mode="after")
    def _check(self) -> Self:
        (low, unit), (high, other) = self._numbers
        if unit != other:
            raise ValueError(f"low is in {unit or 'no unit'} and high in {other or 'no unit'}")
        if not low < high:
            raise ValueError("low must be less than high")
        if self.log and low <= 0:
            raise ValueError("log needs a low above zero")
        return self

    @property
    def _numbers(self) -> list[tuple[float, str]]:
        return [_number_and_unit(value) for value in (self.low, self.high)]

    @property
    def ends(self) -> list[Any]:
        """The values to check beforehand."""
        return [self.low, self.high]

    def propose(self, trial: Trial, key: str) -> Any:
        """Let a trial choose, to three digits."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(key, self.low, self.high, log=self.log)
        (low, unit), (high, _) = self._numbers
        chosen = trial.suggest_float(key, low, high, log=self.log)
        number = min(max(float(f"{chosen:.3g}"), low), high)
        return f"{number:g} {unit}" if unit else number


class OneOf(Section):
    """One of some values."""

    values: list[Any] = Field(min_length=1)

    @field_validator("values")
    @classmethod
    def _check(cls, values: list[Any]) -> list[Any]:
        if len(set(map(str, values))) < len(values):
            raise ValueError("a value stands twice")
        return values

    @property
    def ends(self) -> list[Any]:
        """The values to check beforehand."""
        return self.values

    def propose(self, trial: Trial, key: str) -> Any:
        """Let a trial choose."""
        by_name = {str(value): value for value in self.values}
        return by_name[trial.suggest_categorical(key, list(by_name))]


def _choice(stated: Any) -> Between | OneOf:
    if isinstance(stated, Between | OneOf):
        return stated
    kind, values = (OneOf, {"values": stated}) if isinstance(stated, list) else (Between, stated)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ValueError(
            f"state a list of values or low and high: {explain(error, kind)}"
        ) from None


def _number_and_unit(value: Any) -> tuple[float, str]:
    found = None if isinstance(value, bool) else _NUMBER_AND_UNIT.fullmatch(str(value))
    try:
        number = float(found[1]) if found else math.nan
    except ValueError:
        number = math.nan
    if found is None or not math.isfinite(number):
        raise ValueError(f"low and high must be numbers, not {shown(value)}")
    return number, found[2]


class Pruning(Section):
    """When a trial that is worse than others is given up.

    Online accuracy says nothing before thresholds have risen: until then dozens of cells answer
    every image, afterwards it jumps. Thresholds have risen once a block adds little to what they
    rose since the start.
    """

    after: Count = Field(5, description="trials to be scored first")
    risen: Positive = Field(
        0.2,
        description="thresholds have risen when a block adds less than this share of their rise;"
        " our runs of 1600 and 6400 cells, blocks of 10,000 images: 0.25 to 0.4 before the jump,"
        " 0.16 and less after it",
    )


class SearchFile(Section):
    """What a search file states."""

    experiment: str = Field(description="a file, relative to this one, or a name, as n100")
    common: Overrides = Field({}, alias="set", description="values that all trials share")
    choices: dict[str, Annotated[Any, BeforeValidator(_choice)]] = Field(
        min_length=1, description="of each key a list of values, or low and high"
    )
    trials: Count = Field(le=10_000, description="points to try")
    seed: CountOrZero = Field(0, description="of the experiments and of what is proposed")
    pruning: Pruning = Pruning()

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        both = set(self.common) & set(self.choices)
        if both:
            raise ValueError(f"{min(both)} stands in set and choices")
        points.refuse_unfit_keys([{*self.common, *self.choices}])
        for key in self.choices:
            if key.partition(".")[0] in ("data", "evaluation"):
                raise ValueError(f"{key} cannot be searched: scores would not be comparable")
        return self


@dataclasses.dataclass(frozen=True)
class Search:
    """A search whose ends are known to be valid.

    Attributes
    ----------
    path : Path
        Its file.
    folder : Path
        Run folders and ``study.journal``, Optuna's own record, lie in it.
    file : SearchFile
        What the file states.
    base : dict
        Values that all trials share.
    """

    path: Path
    folder: Path
    file: SearchFile
    base: dict[str, Any]

    def member(self, point: Overrides) -> Member:
        """The run of a point."""
        name = f"{points.name_of(point, list(self.file.choices))}-seed{self.file.seed}"
        experiment = points.experiment_at(self.path, self.base, point, self.file.seed, name)
        return Member(experiment_images.resolve(experiment), RunFolder(self.folder / name))

    @property
    def first(self) -> Experiment:
        """The experiment at the lowest, or first, value of every key."""
        return self.member({key: choice.ends[0] for key, choice in self.file.choices.items()}
                           ).experiment  # fmt: skip


def load_search(path: Path, results: Path) -> Search:
    """Read a search file and check the ends of every key.

    Parameters
    ----------
    path : Path
        A YAML file; see `SearchFile`.
    results : Path
        The search gets a folder of its name in this one.

    Raises
    ------
    ExperimentError
        If anything is wrong with it, or its experiment would be scored on test images: one line.
    """
    stated = read_yaml(path)
    refuse_other_kind(path, stated, "search")
    try:
        file = SearchFile.model_validate(stated)
    except ValidationError as error:
        raise ExperimentError(f"{path}: {explain(error, SearchFile)}") from None
    base = points.base_of(path, file.experiment, file.common)
    search = Search(path, (results / path.stem).resolve(), file, base)
    ends = [search.member(point).experiment for point in _ends(file)]
    if search.first.data.validation == 0:
        raise ExperimentError(
            f"{path}: data.validation: a search scores training images that are held back, never"
            " test images; state how many, for example 10000"
        )
    n_inputs = experiment_images.load(search.first).n_inputs
    for experiment in ends:
        try:
            experiment.require_room(n_inputs)
        except ExperimentError as error:
            raise ExperimentError(f"{path}: {error}") from None
    return search


def _ends(file: SearchFile) -> Iterator[Overrides]:
    """The ends of each key, beside the first of the others."""
    first = {key: choice.ends[0] for key, choice in file.choices.items()}
    for key, choice in file.choices.items():
        for value in choice.ends:
            yield first | {key: value}


_NUMBER_AND_UNIT = re.compile(r"([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z]*)")
