"""Cells at rest: those that an update of their state left as they were are left alone.

Where nothing has reached a cell for long, another time step changes none of its variables, to
the last bit. So in programs of ``cpp_standalone_fast`` some groups have an array of bytes, one
for each block of cells, that says whether the block is awake. What writes to a cell
wakes its block; the update of the state puts the block to rest.

A group qualifies if all that may write to its cells reaches them one at a time: its own reset,
and one-to-one dense synapses. What writes to many cells at once would keep them awake.
"""

from collections.abc import Iterable

from brian2.core.base import BrianObject
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import NeuronGroup

from .synapses import DenseRunner
from .writers import writers, writes_one_by_one, written_variables


def groups_that_may_rest(objects: Iterable[BrianObject]) -> frozenset[str]:
    """Find the groups whose cells are woken by all that writes to them.

    Parameters
    ----------
    objects : iterable of BrianObject
        All objects of a network, with those that others contain.

    Returns
    -------
    frozenset of str
        Names of groups; none if there is an object of a kind that is not known here.
    """
    objects = list(objects)
    groups = {
        obj.name for obj in objects if type(obj) is NeuronGroup and obj.equations.diff_eq_names
    }
    runners = writers(objects)
    if runners is None or not all(_writes_what_it_says(runner) for runner in runners):
        return frozenset()
    for runner in runners:
        if not writes_one_by_one(runner):
            groups -= {variable.owner.name for variable in written_variables(runner)}
    return frozenset(groups)


def _writes_what_it_says(runner: CodeRunner) -> bool:
    """Others, such as those of summed variables, write to cells that their code does not name."""
    return isinstance(runner, DenseRunner) or type(runner) is CodeRunner
