"""Turns that threads take in each time step, and for which turns of the others they wait.

The first thread takes all turns, the others those that are shared out, `threads`. A thread waits
where another one may still be at what it needs, or may still need what it is about to change,
which follows from what code does with arrays. ``templates/fast_cpp/team.h`` makes a plan of it
for the code objects that are due in a time step.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brian2.core.variables import ArrayVariable

from .threads import Use
from .waking import full_name

#: The environment variable that says how many threads a program has.
VARIABLE = "CPP_STANDALONE_FAST_THREADS"

#: What code does, by name; None where that is not known.
Uses = Mapping[str, Use | None]


def must_wait(after: Use | None, before: Use | None) -> bool:
    """Whether a turn waits until another thread has taken a turn that comes before it.

    Parameters
    ----------
    after, before : Use or None
        What is done in the two turns; None where that is not known.
    """
    if before is None or after is None:
        return True
    if not (before.is_shared or after.is_shared):
        return False
    both = before.written & after.touched | before.touched & after.written
    return any(before.own.get(array, array) != after.own.get(array) for array in both)


def waits(after: Use | None, before: Use | None) -> str:
    """The same in C++.

    Returns
    -------
    str
        ``0`` no; ``1`` if the later turn has events; ``2`` yes; ``3`` yes, even if the earlier one
        had no events, since it looked whether it had.
    """
    if not must_wait(after, before):
        return "0"
    if before is None or after is None:
        return "3"
    if before.events is not None and full_name(before.events) in after.written:
        return "3"
    # whether there are events is known only after the turn that finds them
    is_known = after.events is not None and full_name(after.events) not in before.written
    return "1" if is_known else "2"


def needs(after: Use | None, before: Use | None) -> bool:
    """Whether two turns have to stay in their order, whoever takes them."""
    if before is None or after is None:
        return True
    if before.has_effects and after.has_effects:
        return True
    return bool(before.written & after.touched | before.touched & after.written)


@dataclass(frozen=True)
class Events:
    """A list of events in C++, and where in it their number stands."""

    array: str
    end: int


@dataclass(frozen=True)
class Gathering:
    """Putting together what threads have found, before somebody uses it.

    Parameters
    ----------
    events : Events
        The list.
    found : str
        C++ array of how many events each thread has found.
    thresholder : int
        Number of the member that finds them.
    """

    events: Events
    found: str
    thresholder: int


@dataclass(frozen=True)
class Member:
    """What takes a turn.

    Parameters
    ----------
    function : str or None
        In C++.
    is_shared : bool
        Whether all threads take the turn.
    events : Events or None
        Without which it does nothing.
    waits : str
        For each member, see `waits`.
    needs : str
        For each member, ``1`` if it cannot change places with one that comes before it, else ``0``.
    gathering : Gathering or None
        If that is what it does.
    """

    function: str | None
    is_shared: bool
    events: Events | None
    waits: str
    needs: str
    gathering: Gathering | None


def found_array(name: str) -> str:
    """C++ name of the array in which threads say how many events a code object has found."""
    return f"_found_{name}"


def team(
    uses: Uses, clocks: Iterable[Any], array_name: Callable[[ArrayVariable], str]
) -> list[Member]:
    """List all that may take a turn.

    Parameters
    ----------
    uses : mapping
        What code objects do, by name.
    clocks : iterable of Clock
        All clocks.
    array_name : callable
        C++ name of an array.

    Returns
    -------
    list of Member
        Code objects; the gathering of events; the clocks going on. Empty if nothing is shared out.
    """
    shared = {name: use for name, use in uses.items() if use is not None and use.is_shared}
    if not shared:
        return []
    found = {name: use.finds for name, use in shared.items() if use.finds is not None}
    members: dict[str, Use | None] = {f"_run_{name}": use for name, use in uses.items()}
    for name, events in found.items():
        members[f"_gather_{name}"] = _all_of([events])
    members["clocks"] = _all_of(_times(clocks))

    def events_of(variable: ArrayVariable | None) -> Events | None:
        if variable is None:
            return None
        return Events(f"brian::{array_name(variable)}", variable.size - 1)

    def gathering(name: str) -> Gathering | None:
        if name not in found:
            return None
        events = Events(f"brian::{array_name(found[name])}", found[name].size - 1)
        return Gathering(events, found_array(name), thresholder=list(uses).index(name))

    return [
        Member(
            function=name if name.startswith("_") else None,
            is_shared=use is not None and use.is_shared,
            events=events_of(use.events if use is not None else None),
            waits="".join(waits(use, before) for before in members.values()),
            needs="".join(str(int(needs(use, before))) for before in members.values()),
            gathering=gathering(name.removeprefix("_gather_")),
        )
        for name, use in members.items()
    ]


def _all_of(variables: Iterable[ArrayVariable]) -> Use:
    """What reads and writes some arrays, in the first thread."""
    names = frozenset(map(full_name, variables))
    return Use(names, names)


def _times(clocks: Iterable[Any]) -> Iterator[ArrayVariable]:
    """All that changes when clocks go on."""
    for clock in clocks:
        yield from (variable for name, variable in clock.variables.items() if name != "dt")
