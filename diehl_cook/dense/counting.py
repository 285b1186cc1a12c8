"""Counters of changes to blocks of a matrix's columns, see `summing`."""

from collections.abc import Mapping
from dataclasses import dataclass

from brian2.core.variables import ArrayVariable
from brian2.devices.device import get_device

from .waking import full_name

#: Columns that share a counter.
BLOCK = 16


@dataclass(frozen=True)
class Counters:
    """The counters of a matrix: the C++ array, and the name of the object that looks at them."""

    array: str
    reader: str


def counters(variable: ArrayVariable) -> Counters | None:
    """The counters of a matrix in the run that is prepared, if it has any."""
    known: Mapping[str, Counters] = getattr(get_device(), "counters", {})
    return known.get(full_name(variable))
