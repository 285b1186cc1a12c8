"""Traces: variables of cells that decay on their own, and are zero in most cells.

A trace is set where a cell fires and forgotten soon after. In programs of ``cpp_standalone_fast``
each trace of a group large enough has an array of bytes, one for each block of cells, that is zero
where the trace is zero in the whole block: there it needs no update, and what a product with it
adds to synapses is nothing (`neutral`). What writes to a cell sets its byte; the update of the
trace looks from time to time whether all have come to zero.
"""

import ast
from collections.abc import Callable, Iterable
from typing import Any

from brian2.core.base import BrianObject
from brian2.core.variables import ArrayVariable
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import NeuronGroup
from brian2.parsing.sympytools import str_to_sympy
from brian2.utils.stringtools import get_identifiers

from .synapses import DenseRunner
from .writers import statements_of, writers, writes_one_by_one, written_variables

#: In smaller groups it takes longer to look for zeros than to compute with them (measured at 100
#: to 1600 cells, an eighth to a third longer; at 6400 up to a seventh less).
FEWEST_CELLS = 4096
#: The same where rows of synapses compute powers, or other functions, of what meets the trace
#: (``w -= eta*x_post*w**mu``: as long at 100 cells, a third less at 400, two fifths at 1600; where
#: the power is a square root, a fifth less at 400 and at 1600).
FEWEST_CELLS_WITH_FUNCTIONS = 256


def traces(objects: Iterable[BrianObject]) -> list[ArrayVariable]:
    """Find the traces that dense synapses use and to whose cells everything writes one at a time.

    Parameters
    ----------
    objects : iterable of BrianObject
        All objects of a network, with those that others contain.

    Returns
    -------
    list of ArrayVariable
        Of groups of `FEWEST_CELLS` and more, or of `FEWEST_CELLS_WITH_FUNCTIONS`; empty if there
        is an object of a kind that is not known here.
    """
    objects = list(objects)
    runners = writers(objects)
    if runners is None:
        return []
    written = {
        variable
        for runner in runners
        if not writes_one_by_one(runner)
        for variable in written_variables(runner)
    }
    used = _used(runners, lambda runner, expr: True)
    with_functions = _used(
        runners, lambda runner, expr: runner.driver != "post" and _has_functions(expr)
    )
    return [
        variable
        for group in objects
        if type(group) is NeuronGroup
        for variable in _decaying(group)
        if variable in used - written
        and len(group)
        >= (FEWEST_CELLS_WITH_FUNCTIONS if variable in with_functions else FEWEST_CELLS)
    ]


def _used(
    runners: Iterable[CodeRunner], by: Callable[[DenseRunner, str], bool]
) -> set[ArrayVariable]:
    """Variables in certain expressions of dense synapses."""
    return {
        variable
        for runner in runners
        if isinstance(runner, DenseRunner)
        for _, _, expr in statements_of(runner)
        if by(runner, expr)
        for name in get_identifiers(expr)
        if isinstance(variable := runner.group.variables.get(name), ArrayVariable)
    }


def _has_functions(expr: str) -> bool:
    """Whether an expression has powers in it, or calls of functions other than ``clip``."""
    return any(
        isinstance(node, ast.Pow)
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") != "clip")
        for node in ast.walk(ast.parse(expr, mode="eval"))
    )


def _decaying(group: NeuronGroup) -> list[ArrayVariable]:
    """Variables that stay at zero, and depend on nothing else that moves."""
    found = []
    for name in sorted(group.equations.diff_eq_names):
        expr = group.equations[name].expr.code
        others = [group.variables.get(other) for other in get_identifiers(expr) - {name}]
        if _is_number(expr, others) and str_to_sympy(expr).subs(str_to_sympy(name), 0) == 0:
            found.append(group.variables[name])
    return found


def _is_number(expr: str, others: Iterable[Any]) -> bool:
    """Whether an expression has but numbers in it, beside a variable; outside names are numbers."""
    calls = any(isinstance(node, ast.Call) for node in ast.walk(ast.parse(expr, mode="eval")))
    return not calls and all(
        other is None or (isinstance(other, ArrayVariable) and other.scalar and other.constant)
        for other in others
    )
