"""Files that are read: each has one schema, and what does not fit it is refused here, in one line.

Code behind it trusts what it gets.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from diehl_cook.model.explanation import explain
from diehl_cook.model.resources import require_regular
from diehl_cook.model.units import shown

Schema = TypeVar("Schema", bound=BaseModel)
Content = TypeVar("Content")


class FileError(RuntimeError):
    """A file or a folder that cannot be used; the message names it and the way out."""


def read_json(path: Path, schema: type[Schema], way_out: str) -> Schema:
    """Read a JSON file.

    Parameters
    ----------
    path : Path
        The file.
    schema : subclass of BaseModel
        What it must be.
    way_out : str
        Ends the message if it is something else.

    Raises
    ------
    FileError
        If it is missing, or does not fit.
    """
    return _read(
        path, schema, way_out, lambda: schema.model_validate_json(path.read_bytes(), strict=True)
    )


def read_arrays(path: Path, schema: type[Schema], way_out: str) -> Schema:
    """Read an ``.npz`` file of plain arrays; as `read_json`."""

    def parse() -> Schema:
        if not is_zipfile(path):
            raise ValueError("is no .npz file")
        with np.load(path, allow_pickle=False) as file:
            return schema.model_validate({name: file[name] for name in file.files})

    return _read(path, schema, way_out, parse)


def read_table(path: Path, schema: type[BaseModel], way_out: str) -> list[dict[str, Any]]:
    """Read a CSV file with a header, each row of which fits a schema; as `read_json`."""
    return _read(path, schema, way_out, lambda: _rows(path, schema))


def _rows(path: Path, schema: type[BaseModel]) -> list[dict[str, Any]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file, strict=True)
        names = next(reader, [])
        if len(set(names)) < len(names):
            raise ValueError("a column stands twice")
        rows = [_row(names, fields, reader.line_num, schema) for fields in reader]
    if names and not rows:
        raise ValueError("has columns but no row")
    return rows


def _row(names: list[str], fields: list[str], line: int, schema: type[BaseModel]) -> dict[str, Any]:
    if len(fields) != len(names):
        raise ValueError(f"line {line}: has {len(fields)} fields under {len(names)} columns")
    try:
        return schema.model_validate(dict(zip(names, fields, strict=True))).model_dump()
    except ValidationError as error:
        raise ValueError(f"line {line}: {explain(error, schema)}") from None


def _read(
    path: Path, schema: type[BaseModel], way_out: str, parse: Callable[[], Content]
) -> Content:
    try:
        require_regular(path)
        return parse()
    except MemoryError:
        raise
    except FileNotFoundError:
        raise FileError(f"{path}: no such file") from None
    except ValidationError as error:
        _refuse_unknown_rule(path, error)
        reason = explain(error, schema)
    except OSError as error:
        reason = error.strerror or str(error)
    except Exception as error:  # a damaged file fails in many ways
        reason = " ".join(str(error).split()) or type(error).__name__
    raise FileError(f"{path}: is damaged or foreign ({reason}); {way_out}")


def _refuse_unknown_rule(path: Path, error: ValidationError) -> None:
    """Say so where nothing is wrong but that somebody's own rule is not known here."""
    for problem in error.errors():
        name = problem["input"]
        if problem["loc"] == ("experiment", "rule") and isinstance(name, str):
            raise FileError(
                f"{path}: is of the learning rule {shown(name)}, which is not known here;"
                " diehl_cook.add_rule makes it known, in Python"
            )


def within(kinds: str, dimensions: int, low: float, high: float) -> PlainValidator:
    """Numbers that an array may hold.

    Parameters
    ----------
    kinds : str
        NumPy's letters: f for real numbers, i and u for whole ones.
    dimensions : int
        Of the array.
    low, high : float
        Bounds of each number, themselves allowed.
    """

    def check(value: Any) -> NDArray[Any]:
        array = np.asarray(value)
        if array.ndim != dimensions or array.dtype.kind not in kinds:
            raise ValueError(
                f"has the shape {array.shape} and the type {array.dtype}, which it cannot have"
            )
        if array.size and not (float(array.min()) >= low and float(array.max()) <= high):
            raise ValueError(f"holds numbers outside [{low:g}, {high:g}]")
        return array

    return PlainValidator(check)


def text_of(value: Any) -> str:
    """The text that an array of no dimensions holds."""
    array = np.asarray(value)
    if array.ndim or array.dtype.kind != "U":
        raise ValueError(f"has the shape {array.shape} and the type {array.dtype}; expected text")
    return str(array)


def _unknown_if_empty(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    return math.nan if value == "" or value != value else check(value)


#: A word, as a rule's name.
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, BeforeValidator(text_of)]
#: A share from 0 to 1.
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
#: A number from 0 on.
Amount = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
#: The same, NaN where a field is empty.
ShareOrUnknown = Annotated[Share, WrapValidator(_unknown_if_empty)]
AmountOrUnknown = Annotated[Amount, WrapValidator(_unknown_if_empty)]
