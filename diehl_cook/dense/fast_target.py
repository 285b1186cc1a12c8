"""Code of cells in C++ standalone programs, in the form that compilers vectorise."""

from typing import Any

from brian2.codegen.statements import Statement
from brian2.core import clocks
from brian2.core.variables import ArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject, openmp_pragma
from brian2.groups.neurongroup import NeuronGroup

from .conditions import ConditionSplittingCodeGenerator, identifiers
from .waking import BLOCK, awake_array, waking_lines

#: Brian2 2.10 gave clocks a common base class.
CLOCK_CLASS = "BaseClock" if hasattr(clocks, "BaseClock") else "Clock"

#: The promise that no iteration of the loop below it needs another one's results.
INDEPENDENT = """
#if defined(__clang__)
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
"""


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
    return INDEPENDENT if own and not openmp_pragma("with_openmp") else ""


class FastCPPCodeGenerator(ConditionSplittingCodeGenerator):
    """C++ of cells that may rest, see `resting`.

    The template for the update of a group's state gets ``awake``, the array that says which
    cells are not at rest, and ``state``, the arrays that an update leaves as they are in those
    that are. Other code wakes the cells that it writes to.
    """

    def translate_statement_sequence(
        self,
        sc_statements: dict[str | None, list[Statement]],
        ve_statements: dict[str | None, list[Statement]],
    ) -> tuple[dict[str | None, list[str]], dict[str | None, list[str]], dict[str, Any]]:
        """Translate, with the keywords for the template of a state update."""
        scalar_code, vector_code, kwds = super().translate_statement_sequence(
            sc_statements, ve_statements
        )
        if self.template_name == "stateupdate":
            statements = [*sc_statements[None], *ve_statements[None]]
            kwds["awake"] = awake_array(self.owner) if self._updates_state() else None
            kwds["state"] = self._arrays_of_state(statements) if kwds["awake"] else []
        return scalar_code, vector_code, kwds | {"block": BLOCK}

    def translate_to_write_arrays(self, write: set[str]) -> list[str]:
        """Translate, and wake the cells that are written to."""
        lines: list[str] = super().translate_to_write_arrays(write)
        if self._updates_state():
            return lines
        return lines + waking_lines(write, self.variables, self.variable_indices)

    def _updates_state(self) -> bool:
        return isinstance(self.owner, NeuronGroup) and self.name.startswith(
            f"{self.owner.name}_stateupdater"
        )

    def _arrays_of_state(self, statements: list[Statement]) -> list[str]:
        """Arrays of all that an update writes; none if it needs more than a cell and constants."""
        local = {statement.var for statement in statements if statement.op == ":="}
        names = identifiers(statements) - local
        if not all(self._is_of_cell(name) or self.is_constant(name) for name in names):
            return []
        written = self.arrays_helper(statements)[1]
        return [self.get_array_name(self.variables[name]) for name in sorted(written)]

    def _is_of_cell(self, name: str) -> bool:
        variable = self.variables.get(name)
        if not isinstance(variable, ArrayVariable) or variable.scalar:
            return False
        return bool(self.variable_indices[name] == "_idx")


class FastCPPStandaloneCodeObject(CPPStandaloneCodeObject):
    """Code object for vectorised state updates, thresholds and ``run_regularly``."""

    templater = CPPStandaloneCodeObject.templater.derive(
        __package__,
        templates_dir="templates/fast_cpp",
        env_globals={"independent_pragma": independent_pragma, "CLOCK_CLASS": CLOCK_CLASS},
    )
    generator_class = FastCPPCodeGenerator
