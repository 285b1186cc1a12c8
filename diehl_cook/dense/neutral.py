"""Code of synapses that leaves them as they are where cells have neutral values.

``w = clip(w - eta*x_post, 0, w_max)`` does nothing but clip where the trace ``x_post`` is zero, and
``w *= scale_post`` nothing at all where ``scale_post`` is one. Most cells have such values most of
the time, and weights that stay as they are need not be written, nor, often, be read.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from brian2.codegen.statements import Statement
from brian2.core.functions import Function
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.utils.stringtools import get_identifiers

#: What a product with a trace, or with a factor, does not depend on.
VALUES = (0, 1)


@dataclass(frozen=True)
class Neutral:
    """What is left of some code where certain variables have a neutral value.

    Parameters
    ----------
    value : int
        The value.
    names : tuple of str
        The variables that must have it.
    statements : tuple of Statement
        The code that is left, in order. Synapses are at most clipped by it.
    """

    value: int
    names: tuple[str, ...]
    statements: tuple[Statement, ...]


def find_neutral(
    statements: list[Statement],
    of_synapses: Collection[str],
    of_cells: Collection[str],
    variables: Mapping[str, Any],
) -> Neutral | None:
    """Find values of the cells' variables at which code changes no synapse but by clipping it.

    Parameters
    ----------
    statements : list of Statement
        Code of a synapse.
    of_synapses : collection of str
        The variables of synapses that it writes.
    of_cells : collection of str
        Variables of cells that it reads and does not write.
    variables : mapping
        All variables by name.

    Returns
    -------
    neutral : Neutral or None
        None if there is no such value, or no variable that would have to have it.
    """
    if not of_synapses or any(s.used_boolean_variables for s in statements):
        return None
    if any(_does_more(name, variables) for s in statements for name in get_identifiers(s.expr)):
        return None
    for value in VALUES:
        neutral = _at(value, statements, of_synapses, of_cells, variables)
        if neutral is not None:
            return neutral
    return None


def _does_more(name: str, variables: Mapping[str, Any]) -> bool:
    """Whether a name is a function of which each call counts, such as ``rand()``."""
    function = variables.get(name)
    return isinstance(function, Function) and not function.stateless


def _at(
    value: int,
    statements: list[Statement],
    of_synapses: Collection[str],
    of_cells: Collection[str],
    variables: Mapping[str, Any],
) -> Neutral | None:
    names: set[str] = set()
    local: dict[sympy.Symbol, sympy.Expr] = {}
    left = []
    for statement in statements:
        if statement.var not in of_synapses:
            left.append(statement)
            if statement.op == ":=":
                local[str_to_sympy(statement.var)] = _expression(statement).subs(local)
            continue
        full = _expression(statement).subs(local)
        used = {symbol for symbol in full.free_symbols if symbol.name in of_cells}
        names |= {symbol.name for symbol in used}
        itself = str_to_sympy(statement.var)
        simple = full.subs(dict.fromkeys(used, value))
        if simple == itself:
            continue
        if not _is_clip(simple, itself, variables):
            return None
        left.append(_replaced(statement, sympy_to_str(simple)))
    return Neutral(value, tuple(sorted(names)), tuple(left)) if names else None


def _expression(statement: Statement) -> sympy.Expr:
    """What a variable becomes, for ``w *= x`` as well as for ``w = w * x``."""
    expr = statement.expr
    if statement.inplace:
        expr = f"{statement.var} {statement.op.removesuffix('=')} ({expr})"
    return str_to_sympy(expr)


def _is_clip(expr: sympy.Expr, itself: sympy.Symbol, variables: Mapping[str, Any]) -> bool:
    """Whether an expression keeps a variable between bounds that are the same for all synapses."""
    if getattr(expr.func, "__name__", "") != "clip" or expr.args[0] != itself:
        return False
    bounds = set().union(*(bound.free_symbols for bound in expr.args[1:]))
    return all(getattr(variables.get(symbol.name), "scalar", False) for symbol in bounds)


def _replaced(statement: Statement, expr: str) -> Statement:
    replaced = Statement(
        statement.var, "=", expr, statement.comment, statement.dtype, scalar=statement.scalar
    )
    replaced.used_boolean_variables = []
    return replaced
