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
from brian2.core.variables import ArrayVariable
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import NeuronGroup, Resetter, StateUpdater, Thresholder
from brian2.input.poissongroup import PoissonGroup
from brian2.input.spikegeneratorgroup import SpikeGeneratorGroup
from brian2.monitors import EventMonitor, PopulationRateMonitor, StateMonitor
from brian2.parsing.statements import parse_statement

from .synapses import DenseRunner, DenseSynapses

#: What writes to its own cells one at a time, or to none.
HARMLESS = (
    *(NeuronGroup, StateUpdater, Thresholder, Resetter, PoissonGroup, SpikeGeneratorGroup),
    *(EventMonitor, StateMonitor, PopulationRateMonitor, DenseSynapses),
)


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
    for obj in objects:
        if isinstance(obj, HARMLESS):
            continue
        if not isinstance(obj, DenseRunner) and type(obj) is not CodeRunner:
            return frozenset()
        if not writes_one_by_one(obj):
            groups -= _written_groups(obj)
    return frozenset(groups)


def writes_one_by_one(runner: CodeRunner) -> bool:
    """Whether an object's code writes to the cells of events alone."""
    one_by_one = isinstance(runner, DenseRunner) and runner.group.layout.kind == "one_to_one"
    return one_by_one and runner.driver != "all"


def statements_of(runner: CodeRunner) -> list[tuple[str, str, str]]:
    """Variable, operation and expression of each statement of an object's code."""
    lines = [line for line in runner.abstract_code.splitlines() if line.split("#")[0].strip()]
    return [parse_statement(line)[:3] for line in lines]


def written_variables(runner: CodeRunner) -> set[ArrayVariable]:
    """All arrays that an object's code writes to."""
    names = {name for name, _, _ in statements_of(runner)}
    variables = [runner.group.variables[name] for name in names if name in runner.group.variables]
    return {variable for variable in variables if isinstance(variable, ArrayVariable)}


def _written_groups(runner: CodeRunner) -> set[str]:
    return {variable.owner.name for variable in written_variables(runner)}
