"""Code of cells in C++ standalone programs, in the form that compilers vectorise."""

import ast
import copy
from collections.abc import Iterator
from typing import Any

from brian2.codegen.statements import Statement
from brian2.core import clocks
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Variable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject, openmp_pragma
from brian2.equations.equations import Equations
from brian2.groups.neurongroup import NeuronGroup
from brian2.utils.stringtools import get_identifiers, stripped_deindented_lines

from .functions import BITS
from .generator import Statements, VectorisableCPPCodeGenerator, identifiers
from .team import found_array
from .threads import (
    Parts,
    Use,
    is_pure,
    may_be_called_by_many,
    may_share,
    shared_use,
)
from .waking import BLOCK, awake_array, trace_array

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


def conjuncts(expression: str) -> list[str]:
    """Split a condition where "and" joins its parts."""

    def parts(node: ast.AST) -> Iterator[ast.AST]:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            for value in node.values:
                yield from parts(value)
        else:
            yield node

    return [ast.unparse(part) for part in parts(ast.parse(expression.strip(), mode="eval").body)]


class CellsCPPCodeGenerator(VectorisableCPPCodeGenerator):
    """C++ of cells that may rest, and of conditions in parts of which few have to be computed.

    The template for the update of a group's state gets ``awake``, the array that says which
    cells are not at rest, and ``state``, the arrays that an update leaves as they are in those
    that are. That for a threshold of which the condition is several, joined by "and", gets
    ``gate``, those that are the same for all cells; ``first_part``, code for the first of the
    others; and ``awake`` if that part stays as it is in a cell at rest.
    """

    def find_use(self, scalar: Statements, vector: Statements) -> Use | None:
        """What the code does; large groups' updates and thresholds are shared out."""
        use = super().find_use(scalar, vector)
        blocks = [*scalar.values(), *vector.values()]
        if use is None or not self._can_share(blocks):
            return use
        written = self.written(blocks)
        own = [name for name in self.variables if self._is_of_cell(name)]
        own = [name for name in own if self.variables[name].size == len(self.owner)]
        return shared_use(use, self.variables, written, own, Parts(len(self.owner)))

    def _can_share(self, blocks: list[list[Statement]]) -> bool:
        if self.template_name not in ("stateupdate", "threshold"):
            return False
        if self.owner.__class__ is not NeuronGroup or not may_share(len(self.owner)):
            return False
        return all(may_be_called_by_many(identifiers(block), self.variables) for block in blocks)

    def template_keywords(self, scalar: Statements, vector: Statements) -> dict[str, Any]:
        """Keywords of the templates for state updates and thresholds."""
        kwds: dict[str, Any] = {"block": BLOCK}
        if self.template_name == "stateupdate":
            kwds["awake"] = awake_array(self.owner) if self._updates_state() else None
            kwds["state"] = (
                self._arrays_of_state([*scalar[None], *vector[None]]) if kwds["awake"] else []
            )
            if kwds["state"]:
                self.helpers[BITS] = None
            kwds |= self._traces_apart(vector[None])
        elif self.template_name == "threshold":
            kwds |= self._parts(scalar[None], vector[None])
            kwds |= {"found": found_array(self.name)}
        return kwds

    def wakes_cells(self) -> bool:
        """All code does but the update of the state, which puts cells to rest."""
        return not self._updates_state()

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

    def _traces_apart(self, statements: list[Statement]) -> dict[str, Any]:
        """Code of the traces, each for itself, and of all the rest."""
        traces: list[dict[str, Any]] = []
        rest = statements
        for name in sorted(self.arrays_helper(statements)[1] if self._updates_state() else ()):
            array = trace_array(self.variables[name])
            of_trace = self._statements_of(name, statements)
            if array is None:
                continue
            if of_trace is None:  # it counts as not zero for good
                traces.append({"array": array, "code": None})
                continue
            rest = [statement for statement in rest if statement not in of_trace]
            values = self.get_array_name(self.variables[name])
            traces.append({"array": array, "values": values, "code": self._code_of_cells(of_trace)})
        return {
            "traces": traces,
            "all_but_traces": self._code_of_cells(rest) if traces else None,
        }

    def _code_of_cells(self, statements: list[Statement]) -> list[str]:
        """Code of one cell; what is the same for all cells has been read before."""
        read, write, indices, conditional = self.arrays_helper(statements)
        read = {name for name in read if not self._is_scalar(name)}
        lines = self.translate_to_read_arrays(read, write, indices)
        lines += self.translate_to_declarations(read, write, indices)
        lines += self.translate_to_statements(statements, conditional)
        lines += self.translate_to_write_arrays(write)
        return stripped_deindented_lines("\n".join(lines))

    def _statements_of(self, name: str, statements: list[Statement]) -> list[Statement] | None:
        """The statements that update a variable, if all that they use besides is constant."""
        local = {name}
        found = []
        for statement in reversed(statements):
            used = identifiers([statement])
            if statement.var in local:
                found.append(statement)
                local |= {other for other in used if not self._is_scalar(other)}
            elif used & local - {name}:
                return None  # a local of this variable serves another one too
        others = (self.variables.get(other) for other in local - {name})
        return None if any(isinstance(other, ArrayVariable) for other in others) else found[::-1]

    def _is_scalar(self, name: str) -> bool:
        variable = self.variables.get(name)
        return name.startswith("_lio") or bool(getattr(variable, "scalar", False))

    def _is_of_cell(self, name: str) -> bool:
        variable = self.variables.get(name)
        if not isinstance(variable, ArrayVariable) or variable.scalar:
            return False
        return bool(self.variable_indices[name] == "_idx")

    def _parts(self, scalar: list[Statement], statements: list[Statement]) -> dict[str, Any]:
        *others, condition = statements
        names = identifiers(statements)
        parts = conjuncts(condition.expr) if is_pure(names, self.variables) else ["True"]
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


class FastCPPStandaloneCodeObject(CPPStandaloneCodeObject):
    """Code object for vectorised state updates, thresholds and ``run_regularly``."""

    templater = CPPStandaloneCodeObject.templater.derive(
        __package__,
        templates_dir="templates/fast_cpp",
        env_globals={"independent_pragma": independent_pragma, "CLOCK_CLASS": CLOCK_CLASS},
    )
    generator_class = CellsCPPCodeGenerator
