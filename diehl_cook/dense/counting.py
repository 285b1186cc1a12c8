"""Counters of changes to blocks of a matrix's columns, see `summing`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brian2.devices.device import get_device

#: Columns that share a counter.
BLOCK = 16


@dataclass(frozen=True)
class Counters:
    """The counters of a matrix: the C++ array, and the name of the object that looks at them."""

    array: str
    reader: str


def counters(variable: Any) -> Counters | None:
    """The counters of a matrix in the run that is prepared, if it has any."""
    known: Mapping[Any, Counters] = getattr(get_device(), "counters", {})
    return known.get(variable)
