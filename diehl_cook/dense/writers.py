"""What the code of a network writes to, as far as it is known before it is generated.

Whatever is left undone in a time step (`resting`, `traces`, `summing`) is safe only if all that
could call for it is looked at. So where there is an object of a kind that is not known here,
nothing is left undone.
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


def writers(objects: Iterable[BrianObject]) -> list[CodeRunner] | None:
    """Find all that may write to cells of a group other than one at a time, or to synapses.

    Parameters
    ----------
    objects : iterable of BrianObject
        All objects of a network, with those that others contain.

    Returns
    -------
    list of CodeRunner or None
        None if there is an object of a kind that is not known here.
    """
    others = [obj for obj in objects if not isinstance(obj, HARMLESS)]
    return others if all(isinstance(obj, CodeRunner) for obj in others) else None


def writes_one_by_one(runner: CodeRunner) -> bool:
    """Whether an object's code writes to the cells of events alone."""
    one_by_one = isinstance(runner, DenseRunner) and runner.group.layout.kind == "one_to_one"
    return one_by_one and runner.driver != "all"


def statements_in(code: str) -> list[str]:
    """Statements of a piece of code, one by one and without comments.

    Parameters
    ----------
    code : str
        With line breaks or semicolons between statements.
    """
    lines = [line.partition("#")[0] for line in code.splitlines()]
    statements = [statement.strip() for line in lines for statement in line.split(";")]
    return [statement for statement in statements if statement]


def statements_of(runner: CodeRunner) -> list[tuple[str, str, str]]:
    """Variable, operation and expression of each statement of an object's code."""
    return [parse_statement(statement)[:3] for statement in statements_in(runner.abstract_code)]


def written_variables(runner: CodeRunner) -> set[ArrayVariable]:
    """All arrays that an object's code writes to."""
    names = {name for name, _, _ in statements_of(runner)}
    variables = [runner.group.variables[name] for name in names if name in runner.group.variables]
    return {variable for variable in variables if isinstance(variable, ArrayVariable)}
