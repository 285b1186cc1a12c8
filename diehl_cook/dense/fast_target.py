"""Code of cells in C++ standalone programs, in the form that compilers vectorise."""

from typing import Any

from brian2.codegen.statements import Statement
from brian2.core import clocks
from brian2.core.functions import Function
from brian2.core.variables import Constant
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject, openmp_pragma
from brian2.utils.stringtools import get_identifiers

from .single_precision import Kind, PrecisionCPPCodeGenerator, kind_of_variable

#: Brian2 2.10 gave clocks a common base class.
CLOCK_CLASS = "BaseClock" if hasattr(clocks, "BaseClock") else "Clock"

#: Templates in which scalar code appears once.
KEEPING_TEMPLATES = frozenset(["stateupdate", "threshold", "reset"])


def independent_pragma(variable_indices: dict[str, str], variables: dict[str, Any]) -> str:
    """Return the promise that one cell's code touches no other cell's variables, where it holds.

    Parameters
    ----------
    variable_indices : mapping of str to str
        Index by name of variable.
    variables : mapping of str to Variable
        The variables that the code uses.

    Returns
    -------
    pragma : str
        Empty where variables are reached by another index than the cell's own.
    """
    own = all(variable_indices[name] in ("_idx", "0") for name in variables)
    return "#pragma GCC ivdep" if own and not openmp_pragma("with_openmp") else ""


class FastCPPCodeGenerator(PrecisionCPPCodeGenerator):
    """Brian2's C++, in the precision of the arrays, with factors of decay kept between steps.

    Brian2 computes what is the same for all cells once per time step. Where it depends on
    nothing but constants and ``dt``, such as ``exp(-dt/tau)``, it is computed here when ``dt``
    is first seen or has changed.
    """

    def translate_to_statements(
        self, statements: list[Statement], conditional_write_vars: dict[str, str]
    ) -> list[str]:
        """Translate, statements that depend on ``dt`` only first."""
        kept = self._constant_while_dt_is(statements)
        if not kept or self.template_name not in KEEPING_TEMPLATES:
            return super().translate_to_statements(statements, conditional_write_vars)
        lines = ["static double _dt_seen = 0.0;"]
        lines += [f"static double {statement.var};" for statement in kept]
        assignments = [f"{s.var} = {self.translate_expression(s.expr)};" for s in kept]
        lines += ["if (_dt_seen != dt)", "{", *assignments, "_dt_seen = dt;", "}"]
        others = [statement for statement in statements if statement not in kept]
        return lines + super().translate_to_statements(others, conditional_write_vars)

    def _constant_while_dt_is(self, statements: list[Statement]) -> list[Statement]:
        known = {name for name, var in self.variables.items() if self._is_constant(name, var)}
        kept: list[Statement] = []
        uses_dt = False
        for statement in statements:
            if not (statement.op == ":=" and statement.constant and statement.scalar):
                continue
            identifiers = get_identifiers(statement.expr)
            if identifiers <= known and self.expression_kind(statement.expr) is Kind.CONSTANT:
                self.kinds[statement.var] = Kind.CONSTANT
                known.add(statement.var)
                kept.append(statement)
                uses_dt = uses_dt or "dt" in identifiers
        # without dt, the compiler computes them
        return kept if uses_dt else []

    def _is_constant(self, name: str, variable: Any) -> bool:
        if isinstance(variable, Function):
            return variable.stateless and name not in self.auto_vectorise
        if name == "dt":
            return kind_of_variable(variable) is Kind.CONSTANT
        return isinstance(variable, Constant)


class FastCPPStandaloneCodeObject(CPPStandaloneCodeObject):
    """Code object for vectorised state updates, thresholds and ``run_regularly``."""

    templater = CPPStandaloneCodeObject.templater.derive(
        __package__,
        templates_dir="templates/fast_cpp",
        env_globals={"independent_pragma": independent_pragma, "CLOCK_CLASS": CLOCK_CLASS},
    )
    generator_class = FastCPPCodeGenerator
