"""What is wrong with values that a model refuses, in one line."""

import difflib
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from diehl_cook.model.units import shown


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """One line for the first problem with the values of a model, and how many more there are."""
    # A default that follows from a wrong value is no problem of its own.
    first, *others = (
        each for each in error.errors() if each["type"] != "default_factory_not_called"
    )
    where = ".".join(map(str, location(first)))
    more = f" (and {len(others)} more)" if others else ""
    told = f"{where + ': ' if where else ''}{_reason(first, model)}{more}"
    return " ".join(told.split())


def location(problem: Mapping[str, Any]) -> tuple[int | str, ...]:
    """The parts of the key that a problem is with."""
    # pydantic adds this where the key of a mapping is wrong, not its value
    return tuple(part for part in problem["loc"] if part != "[key]")


def _reason(problem: Mapping[str, Any], model: type[BaseModel]) -> str:
    if problem["type"] == "extra_forbidden" and "." in str(problem["loc"][-1]):
        key = str(problem["loc"][-1])
        below = _in_braces(key.split("."), shown(problem["input"]))
        return f"is a key of several parts; in a file write {below}"
    if problem["type"] == "extra_forbidden":
        known = _keys_beside(problem["loc"], model)
        nearest = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1, cutoff=0.5)
        guess = f"did you mean '{nearest[0]}'?" if nearest else f"known are {', '.join(known)}"
        return f"unknown key; {guess}"
    if problem["type"] == "missing":
        return "is missing; state it"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "value_error" or isinstance(problem["input"], Mapping):
        return message
    return f"{message}, not {shown(problem['input'])}"


def _in_braces(parts: list[str], value: str) -> str:
    """Parts of a key one within the other, as YAML in one line."""
    first, *rest = parts
    return f"{first}: {{{_in_braces(rest, value)}}}" if rest else f"{first}: {value}"


def _keys_beside(location: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    for part in location[:-1]:
        if isinstance(part, int):  # the place in a list, whose kind its field told
            continue
        annotation = model.model_fields[part].annotation
        candidates = (annotation, *get_args(annotation))
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return [field.alias or name for name, field in model.model_fields.items()]
