"""Traces: variables of cells that decay on their own, and are zero in most cells.

A trace is set where a cell fires and forgotten soon after. In programs of ``cpp_standalone_fast``
each trace of a large group has an array of bytes, one for each block of cells, that is zero where
the trace is zero in the whole block: there it needs no update, and what a product with it adds to
synapses is nothing (`neutral`). What writes to a cell sets its byte; the update of the trace looks
from time to time whether all have come to zero.
"""

import ast
from collections.abc import Iterable
from typing import Any

from brian2.core.base import BrianObject
from brian2.core.variables import ArrayVariable
from brian2.groups.neurongroup import NeuronGroup
from brian2.parsing.sympytools import str_to_sympy
from brian2.utils.stringtools import get_identifiers

from .synapses import DenseRunner
from .writers import statements_of, writers, writes_one_by_one, written_variables

#: In smaller groups it takes longer to look for zeros than to compute with them (measured at 100
#: to 1600 cells, an eighth to a third longer; at 6400 up to a seventh less).
FEWEST_CELLS = 4096


def traces(objects: Iterable[BrianObject]) -> list[ArrayVariable]:
    """Find the traces that dense synapses use and to whose cells everything writes one at a time.

    Parameters
    ----------
    objects : iterable of BrianObject
        All objects of a network, with those that others contain.

    Returns
    -------
    list of ArrayVariable
        Of groups of `FEWEST_CELLS` and more; empty if there is an object of a kind that is not
        known here.
    """
    objects = list(objects)
    runners = writers(objects)
    if runners is None:
        return []
    found = [
        variable
        for obj in objects
        if type(obj) is NeuronGroup and len(obj) >= FEWEST_CELLS
        for variable in _decaying(obj)
    ]
    written = {
        variable
        for runner in runners
        if not writes_one_by_one(runner)
        for variable in written_variables(runner)
    }
    used = {
        runner.group.variables.get(name)
        for runner in runners
        if isinstance(runner, DenseRunner)
        for _, _, expr in statements_of(runner)
        for name in get_identifiers(expr)
    }
    return [variable for variable in found if variable in used - written]


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
