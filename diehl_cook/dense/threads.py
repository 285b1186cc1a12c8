"""What code does with arrays, and whether several threads can share it out.

Each thread has cells of its own, and the columns of matrices that lead to them: in large groups
updates of the state, thresholds and rows of dense synapses are shared out so, and the rows of a
column. As each cell sees all in the same order as with one thread, the bits are the same with any
number of them. `team` says when a thread waits for another one.
"""

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable
from brian2.devices.device import get_device
from brian2.input.timedarray import TimedArray

from .waking import awake_array, full_name

#: Smaller groups are not shared out: waiting takes longer than another thread saves (measured at
#: 1600 cells, 1.15 times as long with two; at 6400, 0.60 to 0.66 times).
FEWEST_CELLS = 4096

#: Templates that touch no arrays but the code's variables. What they write is what the code says,
TEMPLATES = ("stateupdate", "reset", "dense_synapses", "threshold")
#: or all that belongs to their object.
MONITORS = ("spikemonitor", "statemonitor", "ratemonitor")


@dataclass(frozen=True)
class Parts:
    """How arrays are divided among threads: so many cells, or the rows of a matrix."""

    size: int
    of: str = "cells"


@dataclass(frozen=True)
class Use:
    """What a code object does with arrays, by their full names.

    Parameters
    ----------
    touched, written : frozenset of str
        All that it touches, and those of them that it may write to.
    own : mapping of str to Parts
        Where threads share it out: arrays of which each touches its own part alone.
    events : ArrayVariable, optional
        The list without events in which it does nothing.
    finds : ArrayVariable, optional
        The list of events that it makes.
    is_shared : bool
        Whether threads share it out.
    has_effects : bool
        Whether it calls functions, such as ``rand()``, of which the order of calls counts.
    """

    touched: frozenset[str]
    written: frozenset[str]
    own: Mapping[str, Parts] = field(default_factory=dict)
    events: ArrayVariable | None = None
    finds: ArrayVariable | None = None
    is_shared: bool = False
    has_effects: bool = False


def may_share(n_cells: int) -> bool:
    """Whether code of so many cells may be shared out in the run that is prepared."""
    device = get_device()
    return (
        n_cells >= FEWEST_CELLS
        and hasattr(device, "uses")
        and not getattr(device, "enable_profiling", False)
        and prefs.devices.cpp_standalone.openmp_threads == 0
    )


def note_use(name: str, use: Use | None) -> None:
    """Tell the device what a code object does."""
    uses: MutableMapping[str, Use | None] = getattr(get_device(), "uses", {})
    uses[name] = use


def use_of(
    template: str, owner: Any, variables: Mapping[str, Any], written: Collection[str]
) -> Use | None:
    """What code does that is not shared out; None where that is not known.

    Parameters
    ----------
    template : str
        Its template.
    owner : Group
        The group that it belongs to.
    variables : mapping
        All variables by name.
    written : collection of str
        Those that its statements write to.
    """
    if template not in TEMPLATES + MONITORS:
        return None
    arrays = dict(_arrays(variables))
    events = [name for name in arrays if is_event_list(name)]
    changed = {arrays[name] for name in written if name in arrays}
    if template in MONITORS:
        changed |= {array for array in arrays.values() if array.owner.name == owner.name}
    if template == "threshold":
        changed |= {
            arrays[name] for name in (*events, "lastspike", "not_refractory") if name in arrays
        }
    of_events = arrays[events[0]] if len(events) == 1 else None
    return Use(
        touched=frozenset(map(full_name, arrays.values())),
        written=frozenset(map(full_name, changed)) | _woken(changed),
        events=of_events if template in ("reset", "dense_synapses") else None,
        finds=of_events if template == "threshold" else None,
        has_effects=not may_be_called_by_many(variables, variables),
    )


def shared_use(
    use: Use,
    variables: Mapping[str, Any],
    written: Collection[str],
    own: Collection[str],
    parts: Parts,
) -> Use:
    """The same where threads share it out, if they can.

    Parameters
    ----------
    use : Use
        What one thread would do.
    variables : mapping
        All variables by name.
    written : collection of str
        Those that its statements write to.
    own : collection of str
        Those of which each thread touches its own part alone.
    parts : Parts
        How they are divided.
    """
    others = {full_name(var) for name, var in _arrays(variables) if name not in own}
    arrays = {var for name, var in _arrays(variables) if name in own}
    names = {full_name(array) for array in arrays} - others | _woken(arrays)
    if not {full_name(variables[name]) for name in written} <= names:
        return use
    return replace(
        use,
        touched=use.touched | names,
        written=use.written | _woken(arrays),
        own=dict.fromkeys(names, parts),
        is_shared=True,
    )


def is_pure(names: Collection[str], variables: Mapping[str, Any]) -> bool:
    """Whether functions among some names have the same value whenever they are called."""
    used = [variables.get(name) for name in names]
    return all(variable.stateless for variable in used if isinstance(variable, Function))


def may_be_called_by_many(names: Collection[str], variables: Mapping[str, Any]) -> bool:
    """Whether functions among some names can be called by several threads at once: not a user's."""
    known = {id(function) for function in DEFAULT_FUNCTIONS.values()}
    functions = [variables[name] for name in names if isinstance(variables.get(name), Function)]
    return is_pure(names, variables) and all(
        id(function) in known or isinstance(function, TimedArray) for function in functions
    )


def is_event_list(name: str) -> bool:
    """Whether this is Brian2's name of a list of events."""
    return name.startswith("_") and name.endswith("space")


def _arrays(variables: Mapping[str, Any]) -> list[tuple[str, ArrayVariable]]:
    return [(name, var) for name, var in variables.items() if isinstance(var, ArrayVariable)]


def _woken(arrays: Iterable[ArrayVariable]) -> frozenset[str]:
    """The arrays of awake blocks that go with some variables."""
    found = (awake_array(array.owner) for array in arrays)
    return frozenset(array for array in found if array is not None)
