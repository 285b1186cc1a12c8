"""Which columns of a matrix have changed, so that sums over the others need not be made again.

In programs of ``cpp_standalone_fast`` a matrix over whose rows some code sums up, such as
``total_post += w``, has a counter for each block of columns, which all that writes to the block
moves on. Where neither the counter nor the value that the sum started from has moved since the
last time, the sum is what it was.
"""

from collections.abc import Iterable
from typing import Any

from brian2.core.base import BrianObject
from brian2.core.variables import ArrayVariable
from brian2.groups.group import CodeRunner
from brian2.utils.stringtools import get_identifiers

from .matrix import POST_INDEX, MatrixVariable
from .synapses import DenseRunner
from .writers import statements_of, writers, written_variables


def summed_matrices(objects: Iterable[BrianObject]) -> dict[MatrixVariable, str]:
    """Find matrices over which exactly one object sums up, and all whose writers count.

    Parameters
    ----------
    objects : iterable of BrianObject
        All objects of a network, with those that others contain.

    Returns
    -------
    dict
        Names of the objects that sum up, by matrix; empty if there is an object of a kind that is
        not known.
    """
    runners = writers(objects)
    if runners is None:
        return {}
    found: dict[MatrixVariable, list[str]] = {}
    for runner in runners:
        for variable in _summed(runner):
            found.setdefault(variable, []).append(runner.name)
    uncounted = {
        variable
        for runner in runners
        for variable in written_variables(runner)
        if not (isinstance(runner, DenseRunner) and variable.owner is runner.group)
    }
    return {
        variable: names[0]
        for variable, names in found.items()
        if len(names) == 1 and variable not in uncounted
    }


def _summed(runner: CodeRunner) -> list[MatrixVariable]:
    """The matrix that code sums up into postsynaptic cells, if it does nothing else."""
    if not isinstance(runner, DenseRunner) or runner.driver != "all":
        return []
    variables = runner.group.variables
    names: set[str] = set()
    for variable, op, expr in statements_of(runner):
        if op != "+=" or variables.indices.get(variable) != POST_INDEX:
            return []
        names |= get_identifiers(expr)
    used = [variables.get(name) for name in names]
    matrices = [variable for variable in used if isinstance(variable, MatrixVariable)]
    others = [variable for variable in used if not isinstance(variable, MatrixVariable)]
    is_sum = runner.group.layout.kind == "all" and len(matrices) == 1
    return matrices if is_sum and not any(_varies(variable) for variable in others) else []


def _varies(variable: Any) -> bool:
    return not (isinstance(variable, ArrayVariable) and variable.scalar and variable.constant)
