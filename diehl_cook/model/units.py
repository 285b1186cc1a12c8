"""Values with units in a YAML file, read as people write them: ``350 ms``, ``-65 mV``."""

from __future__ import annotations

import functools
import re
import reprlib
from typing import Annotated, Any, Literal

import brian2.units as units
from brian2.units.fundamentalunits import Quantity, have_same_dimensions
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

_NUMBER_AND_UNIT = re.compile(r"\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z]+)\s*")

# Whatever is computed from values within these bounds is finite.
_SMALLEST, _LARGEST = 1e-30, 1e30

_TIME_UNITS = ("ms", "s", "us")
_VOLTAGE_UNITS = ("mV", "V", "uV")

# Abbreviations that Brian2 leaves to its spelled-out names.
_UNITS: dict[str, Quantity] = {
    "s": units.second,
    "ms": units.ms,
    "us": units.us,
    "V": units.volt,
    "mV": units.mV,
    "uV": units.uvolt,
}


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = 60
_brief.maxlevel = 2


class Section(BaseModel):
    """A part of an experiment file: unknown keys are errors, values never change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, validate_default=True
    )


def shown(value: Any) -> str:
    """A value as somebody wrote it, cut short if it is long."""
    try:
        return _brief.repr(value)
    except ValueError:  # Python refuses to print integers of thousands of digits
        return "so large a number"


def parse_quantity(text: Any, allowed: tuple[str, ...]) -> Quantity:
    """Read a number with its unit.

    Parameters
    ----------
    text : str or Quantity
        For example ``"350 ms"``.
    allowed : tuple of str
        The units that fit; the first is the one to suggest.

    Returns
    -------
    Quantity
        The value in Brian2's units.

    Raises
    ------
    ValueError
        If the unit is missing, unknown, or of another dimension, or the number beyond reason.
    """
    example = f"write a number and a unit, for example '5 {allowed[0]}'"
    if isinstance(text, Quantity):
        if not have_same_dimensions(text, _UNITS[allowed[0]]):
            raise ValueError(f"{text} has the wrong unit: {example}")
        if text.ndim:
            raise ValueError(f"{shown(text)} are several values: {example}")
        return text
    match = _NUMBER_AND_UNIT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{shown(text)} is not a value with a unit: {example}")
    number, unit = match.groups()
    if unit not in allowed:
        raise ValueError(f"{shown(text)} has the wrong unit, expected one of {', '.join(allowed)}")
    try:
        value = float(number)
    except ValueError:
        raise ValueError(f"{shown(text)} is not a value with a unit: {example}") from None
    if value != 0 and not _SMALLEST < abs(value * float(_UNITS[unit])) < _LARGEST:
        raise ValueError(f"{shown(text)} is out of bounds: {example}")
    return value * _UNITS[unit]


def format_quantity(quantity: Quantity, allowed: tuple[str, ...]) -> str:
    """Write a quantity so that `parse_quantity` reads the very same bits back."""
    return _in_words(float(quantity), allowed)


@functools.lru_cache(maxsize=1000)  # the same few stand in every experiment
def _in_words(value: float, allowed: tuple[str, ...]) -> str:
    candidates = [f"{value / float(_UNITS[unit]):.15g} {unit}" for unit in allowed]
    exact = [text for text in candidates if float(parse_quantity(text, allowed)) == value]
    return exact[0] if exact else f"{value!r} {_base(allowed)}"


def _base(allowed: tuple[str, ...]) -> str:
    return next(unit for unit in allowed if float(_UNITS[unit]) == 1.0)


def _read(allowed: tuple[str, ...]) -> PlainValidator:
    return PlainValidator(lambda value: parse_quantity(value, allowed))


def _write(allowed: tuple[str, ...]) -> PlainSerializer:
    return PlainSerializer(lambda value: format_quantity(value, allowed), return_type=str)


def _require_positive(value: Quantity) -> Quantity:
    if not float(value) > 0:
        raise ValueError(f"must be greater than zero, not {value}")
    return value


def _require_not_negative(value: Quantity) -> Quantity:
    if not float(value) >= 0:
        raise ValueError(f"must not be negative, not {value}")
    return value


def _within(smallest: float, largest: float) -> AfterValidator:
    """Bounds of what is not zero, beyond which single precision or the model makes no sense."""

    def check(value: Any) -> Any:
        if float(value) != 0 and not smallest <= abs(float(value)) <= largest:
            raise ValueError(f"is out of bounds, [{smallest:g}, {largest:g}] in SI units: {value}")
        return value

    return AfterValidator(check)


def require_printable(text: Any) -> Any:
    """Refuse what no file or terminal can show, such as half a character.

    Raises
    ------
    ValueError
        If there is such a character.
    """
    if not str(text).isprintable():
        raise ValueError(f"{str(text)!a} is not printable text")
    return text


def _refuse_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"expected a number, not {value}")
    return value


_Positive = AfterValidator(_require_positive)
_NotNegative = AfterValidator(_require_not_negative)
_Seconds, _Volts, _Plain = _within(1e-9, 1e12), _within(1e-12, 1e3), _within(1e-9, 1e9)
Time = Annotated[Quantity, _read(_TIME_UNITS), _write(_TIME_UNITS), _Positive, _Seconds]
TimeOrZero = Annotated[Quantity, _read(_TIME_UNITS), _write(_TIME_UNITS), _NotNegative, _Seconds]
Voltage = Annotated[Quantity, _read(_VOLTAGE_UNITS), _write(_VOLTAGE_UNITS), _Volts]
VoltageOrZero = Annotated[
    Quantity, _read(_VOLTAGE_UNITS), _write(_VOLTAGE_UNITS), _NotNegative, _Volts
]
Printable = Annotated[str, AfterValidator(require_printable)]

_NoBoolean = BeforeValidator(_refuse_boolean)
Number = Annotated[float, Field(allow_inf_nan=False), _NoBoolean, _Plain]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False), _NoBoolean, _Plain]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False), _NoBoolean, _Plain]
Count = Annotated[int, Field(gt=0, lt=2**31), _NoBoolean]
CountOrZero = Annotated[int, Field(ge=0, lt=2**31), _NoBoolean]


def _auto_or_positive(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    return value if value == "auto" else check(value)


#: A number above zero, or ``auto`` for one that follows from the images.
PositiveOrAuto = Annotated[
    Positive, WrapValidator(_auto_or_positive), PlainSerializer(lambda value: value)
]

MOST_THREADS = 64  # that share out a program's work


def _require_threads(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value != "auto" and not (is_number and 1 <= value <= MOST_THREADS):
        raise ValueError(f"expected auto, or a whole number from 1 to {MOST_THREADS}, not {value}")
    return value


#: So many threads, or ``auto`` for what the network's size and the machine suggest.
ThreadsOrAuto = Annotated[int | Literal["auto"], BeforeValidator(_require_threads)]
