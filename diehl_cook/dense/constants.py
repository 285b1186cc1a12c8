"""C++ in which what depends on constants alone is not computed in every time step."""

import numpy as np
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.codegen.statements import Statement
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Constant
from brian2.utils.stringtools import get_identifiers

from .single_precision import PrecisionCPPCodeGenerator

#: Templates in which scalar code appears once.
KEEPING_TEMPLATES = frozenset(["stateupdate", "threshold", "reset"])


class ConstantKeepingCodeGenerator(PrecisionCPPCodeGenerator):
    """Brian2's C++, in the precision of the arrays, with factors of decay kept between steps.

    Brian2 computes what is the same for all cells once per time step. Where it depends on
    nothing but constants, shared constant variables and ``dt``, such as ``exp(-dt/tau)``, it is
    computed here only when one of them is first seen or has changed.
    """

    def translate_to_statements(
        self, statements: list[Statement], conditional_write_vars: dict[str, str]
    ) -> list[str]:
        """Translate, statements that need no computing in every step first."""
        kept, inputs = self.kept_between_steps(statements)
        if not kept or self.template_name not in KEEPING_TEMPLATES:
            return super().translate_to_statements(statements, conditional_write_vars)
        declared = [self._declare(statement, self.kinds[statement.var]) for statement in kept]
        lines = [f"static {c_data_type(s.dtype)} {s.var};" for s in declared]
        lines += [
            f"static {c_data_type(self.variables[name].dtype)} _seen_{name};" for name in inputs
        ]
        changed = " || ".join(["!_seen", *(f"_seen_{name} != {name}" for name in inputs)])
        assignments = [f"{s.var} = {self.translate_expression(s.expr)};" for s in declared]
        assignments += [f"_seen_{name} = {name};" for name in inputs]
        lines += ["static bool _seen = false;", f"if ({changed})", "{"]
        lines += [*assignments, "_seen = true;", "}"]
        others = [statement for statement in statements if statement not in kept]
        return lines + super().translate_to_statements(others, conditional_write_vars)

    def kept_between_steps(self, statements: list[Statement]) -> tuple[list[Statement], list[str]]:
        """Find the statements to keep, and the variables that they are computed from."""
        known = {name for name in self.variables if self.is_constant(name)}
        kept: list[Statement] = []
        inputs: set[str] = set()
        for statement in statements:
            if not (statement.op == ":=" and statement.constant and statement.scalar):
                continue
            identifiers = get_identifiers(statement.expr)
            if identifiers <= known and np.dtype(statement.dtype).kind == "f":
                self.kinds[statement.var] = self.expression_kind(statement.expr)
                known.add(statement.var)
                kept.append(statement)
                inputs |= {name for name in identifiers if self._may_change(name)}
        # of literals alone, the compiler makes numbers
        return (kept, sorted(inputs)) if inputs else ([], [])

    def is_constant(self, name: str) -> bool:
        """Whether a name stands for one number or pure function during a whole run."""
        variable = self.variables.get(name)
        if isinstance(variable, Function):
            return bool(variable.stateless) and name not in self.auto_vectorise
        return isinstance(variable, Constant) or self._may_change(name)

    def _may_change(self, name: str) -> bool:
        """Whether this is a number that stays the same, if at all, for a whole run."""
        variable = self.variables.get(name)
        if not isinstance(variable, ArrayVariable) or not variable.scalar:
            return False
        return bool(variable.constant) or name == "dt"
