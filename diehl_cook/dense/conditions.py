"""C++ for the conditions of events, in parts of which few have to be computed."""

import ast
import copy
from collections.abc import Iterable, Iterator
from typing import Any

from brian2.codegen.statements import Statement
from brian2.core.functions import Function
from brian2.core.variables import Variable
from brian2.equations.equations import Equations
from brian2.utils.stringtools import get_identifiers

from .constants import ConstantKeepingCodeGenerator
from .waking import awake_array


def conjuncts(expression: str) -> list[str]:
    """Split a condition where "and" joins its parts."""

    def parts(node: ast.AST) -> Iterator[ast.AST]:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            for value in node.values:
                yield from parts(value)
        else:
            yield node

    return [ast.unparse(part) for part in parts(ast.parse(expression.strip(), mode="eval").body)]


def identifiers(statements: Iterable[Statement]) -> set[str]:
    """All names in the expressions of some statements."""
    return {name for statement in statements for name in get_identifiers(statement.expr)}


class ConditionSplittingCodeGenerator(ConstantKeepingCodeGenerator):
    """For a threshold of which the condition is several, joined by "and".

    The template gets ``gate``, those that are the same for all cells; ``first_part``, code for
    the first of the others; and ``awake`` if that part stays as it is in a cell at rest: the
    array that says which cells are not.
    """

    def translate_statement_sequence(
        self,
        sc_statements: dict[str | None, list[Statement]],
        ve_statements: dict[str | None, list[Statement]],
    ) -> tuple[dict[str | None, list[str]], dict[str | None, list[str]], dict[str, Any]]:
        """Translate, with the keywords for the template of a threshold."""
        scalar_code, vector_code, kwds = super().translate_statement_sequence(
            sc_statements, ve_statements
        )
        if self.template_name == "threshold":
            kwds |= self._parts(sc_statements[None], ve_statements[None])
        return scalar_code, vector_code, kwds

    def _parts(self, scalar: list[Statement], statements: list[Statement]) -> dict[str, Any]:
        *others, condition = statements
        names = identifiers(statements)
        parts = conjuncts(condition.expr) if self._is_pure(names) else ["True"]
        same = {statement.var for statement in scalar}
        same |= {name for name in names if self._is_same_for_all(name)}
        gate = [part for part in parts if get_identifiers(part) <= same]
        first = copy.copy(condition)
        first.expr = next((part for part in parts if part not in gate), "True")
        first.used_boolean_variables = []  # those of the whole condition
        code = [*others, first]
        read, _, indices, _ = self.arrays_helper(code)
        lines = self.translate_to_read_arrays(read - same, set(), indices)
        return {
            "gate": [self.translate_expression(part) for part in gate],
            "first_part": lines + self.translate_to_statements(code, {}),
            "awake": awake_array(self.owner) if self._is_steady(scalar, code) else None,
        }

    def _is_pure(self, names: Iterable[str]) -> bool:
        """Whether nothing happens if something is computed once more, or not at all."""
        used = [self.variables.get(name) for name in names]
        return all(variable.stateless for variable in used if isinstance(variable, Function))

    def _is_same_for_all(self, name: str) -> bool:
        variable = self.variables.get(name)
        if isinstance(variable, Function):
            return bool(variable.stateless) and name not in self.auto_vectorise
        return isinstance(variable, Variable) and bool(variable.scalar)

    def _is_steady(self, scalar: list[Statement], statements: list[Statement]) -> bool:
        """Whether code needs nothing but constants and what stays in a cell at rest."""
        steady = {kept.var for kept in self.kept_between_steps(scalar)[0]}
        steady |= {statement.var for statement in statements}
        steady |= set(getattr(self.owner, "equations", Equations("")).diff_eq_names)
        return all(self.is_constant(name) for name in identifiers(statements) - steady)
