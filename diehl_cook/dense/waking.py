"""C++ that wakes cells at rest and traces, see `resting` and `traces`."""

from collections.abc import Collection, Mapping
from typing import Any

from brian2.core.variables import ArrayVariable
from brian2.devices.device import get_device
from brian2.groups.group import Group

#: Cells that rest and wake together.
BLOCK = 16


def awake_array(group: Any) -> str | None:
    """C++ name of the array that says which blocks of a group are awake, if any may rest."""
    arrays: Mapping[str, str] = getattr(get_device(), "awake_arrays", {})
    return arrays.get(group.name) if isinstance(group, Group) else None


def full_name(variable: ArrayVariable) -> str:
    """Name of a variable and of the group that it belongs to, for use in C++."""
    return f"{variable.owner.name}_{variable.name}"


def trace_array(variable: ArrayVariable) -> str | None:
    """C++ name of the array that says in which blocks a trace is not zero, if it is one."""
    arrays: Mapping[str, str] = getattr(get_device(), "trace_arrays", {})
    return arrays.get(full_name(variable))


def waking_lines(
    written: Collection[str], variables: Mapping[str, Any], indices: Mapping[str, str]
) -> list[str]:
    """Return C++ that wakes the cells, and the traces, that code writes to.

    Parameters
    ----------
    written : collection of str
        Names of variables.
    variables, indices : mapping
        Variables, and names of their indices, by name.
    """
    woken = {
        (array, indices[name])
        for name in written
        for array in (awake_array(variables[name].owner), trace_array(variables[name]))
        if array is not None
    }
    return [f"{array}[{index} / {BLOCK}] = 1;" for array, index in sorted(woken)]
