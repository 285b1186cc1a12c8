"""C++ that a compiler can vectorise, for cells and for dense synapses alike.

As Brian2's own generator, save that

- expressions and locals have the precision of the arrays they use, see `single_precision`;
- what depends on constants alone is not computed in every time step;
- code that writes to a cell wakes it, see `resting`.

What a template needs beyond the lines of code is handed over in one place,
`VectorisableCPPCodeGenerator.template_keywords`.
"""

import ast
import copy
from collections.abc import Iterable
from typing import Any

import numpy as np
from brian2.codegen.generators.cpp_generator import CPPCodeGenerator, c_data_type
from brian2.codegen.statements import Statement
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.variables import ArrayVariable, Constant, Subexpression, Variable
from brian2.utils.stringtools import get_identifiers, word_substitute

from .functions import CLIP, EXP, POWER
from .single_precision import ADAPTS, Kind, PrecisionRenderer, kind_of_dtype, kind_of_variable
from .threads import Use, note_use, use_of
from .waking import waking_lines

#: Statements by name of block; None stands for a template that has one block only.
Statements = dict[str | None, list[Statement]]

#: Templates in which scalar code appears once.
KEEPING_TEMPLATES = frozenset(["stateupdate", "threshold", "reset"])


def identifiers(statements: Iterable[Statement]) -> set[str]:
    """All names in the expressions of some statements."""
    return {name for statement in statements for name in get_identifiers(statement.expr)}


class VectorisableCPPCodeGenerator(CPPCodeGenerator):
    """Brian2's C++, in the precision of the arrays, with factors of decay kept between steps.

    Brian2 computes what is the same for all cells once per time step. Where it depends on
    nothing but constants, shared constant variables and ``dt``, such as ``exp(-dt/tau)``, it is
    computed here only when one of them is first seen or has changed.
    """

    #: The name under which Brian2 looks for implementations of functions.
    class_name = "vectorisable_cpp"

    def __init__(self, *args: Any, **kwds: Any) -> None:
        super().__init__(*args, **kwds)
        self.kinds: dict[str, Kind] = {}
        #: C++ that goes before the code: what it calls.
        self.helpers: dict[str, None] = {}
        self.is_shared = False
        for name, variable in self.variables.items():
            if isinstance(variable, Variable) and not isinstance(variable, Subexpression):
                self.kinds[name] = kind_of_variable(variable)

    def translate_statement_sequence(
        self, sc_statements: Statements, ve_statements: Statements
    ) -> tuple[dict[str | None, list[str]], dict[str | None, list[str]], dict[str, Any]]:
        """Translate, with the keywords for the template."""
        use = self.find_use(sc_statements, ve_statements)
        self.is_shared = use is not None and use.is_shared
        note_use(self.name, use)
        scalar_code, vector_code, kwds = super().translate_statement_sequence(
            sc_statements, ve_statements
        )
        kwds |= {"is_shared": self.is_shared, "storage": self.storage}
        kwds |= self.template_keywords(sc_statements, ve_statements)
        kwds["support_code_lines"] += "".join(self.helpers).splitlines()
        return scalar_code, vector_code, kwds

    @property
    def storage(self) -> str:
        """How C++ declares what is kept from step to step, each thread for itself."""
        return "static thread_local" if self.is_shared else "static"

    def find_use(self, scalar: Statements, vector: Statements) -> Use | None:
        """What the code does with arrays, and whether threads share it out."""
        written = self.written([*scalar.values(), *vector.values()])
        return use_of(self.template_name, self.owner, self.variables, written)

    def written(self, blocks: Iterable[list[Statement]]) -> set[str]:
        """Names of the arrays that some code writes to."""
        return {name for block in blocks for name in self.arrays_helper(block)[1]}

    def template_keywords(self, scalar: Statements, vector: Statements) -> dict[str, Any]:
        """What the template of this code needs beyond the translated lines."""
        return {}

    def translate_to_write_arrays(self, write: set[str]) -> list[str]:
        """Translate, and wake the cells that are written to."""
        lines: list[str] = super().translate_to_write_arrays(write)
        if not self.wakes_cells():
            return lines
        return lines + waking_lines(write, self.variables, self.variable_indices)

    def wakes_cells(self) -> bool:
        """Whether cells that this code writes to are not at rest afterwards."""
        return True

    def translate_expression(self, expr: str, single: bool = False) -> str:
        """Translate an expression, to single precision if it has none of its own."""
        expr = word_substitute(expr, self.func_name_replacements)
        renderer = PrecisionRenderer(self.kinds, self.auto_vectorise)
        node = ast.parse(expr.strip(), mode="eval").body
        code = renderer.render_single(node) if single else renderer.render_node(node)
        if "_power(" in code:
            self.helpers[POWER] = None
        return str(code).strip()

    def expression_kind(self, expr: str) -> Kind:
        """Kind of an expression given as a string."""
        expr = word_substitute(expr, self.func_name_replacements)
        renderer = PrecisionRenderer(self.kinds, self.auto_vectorise)
        return renderer.kind(ast.parse(expr.strip(), mode="eval").body)

    def translate_statement(self, statement: Statement) -> str:
        """Translate a statement; locals get the precision of what they are made of."""
        kind = self.expression_kind(statement.expr)
        if statement.op == ":=":
            return super().translate_statement(self._declare(statement, kind))
        if (
            kind in ADAPTS
            and self.kinds.get(statement.var) is Kind.SINGLE
            and not statement.used_boolean_variables
        ):
            code = self.translate_expression(statement.expr, single=True)
            return f"{statement.var} {statement.op} {code};"
        return super().translate_statement(statement)

    def _declare(self, statement: Statement, kind: Kind) -> Statement:
        statement = copy.copy(statement)
        if np.dtype(statement.dtype).kind != "f":
            self.kinds[statement.var] = kind_of_dtype(statement.dtype)
            if statement.expr.startswith("int(") and kind is Kind.INTEGER:
                statement.dtype = np.int32  # what int_ returns; 64 bits would halve the speed
            return statement
        if kind is Kind.SINGLE:
            statement.dtype = np.float32
            self.kinds[statement.var] = Kind.SINGLE
            return statement
        statement.dtype = np.float64
        fixed = statement.constant and kind in (Kind.CONSTANT, Kind.LITERAL_INTEGER)
        self.kinds[statement.var] = Kind.CONSTANT if fixed else Kind.DOUBLE
        return statement

    def translate_to_statements(
        self, statements: list[Statement], conditional_write_vars: dict[str, str]
    ) -> list[str]:
        """Translate, statements that need no computing in every step first."""
        kept, inputs = self.kept_between_steps(statements)
        if not kept or self.template_name not in KEEPING_TEMPLATES:
            return super().translate_to_statements(statements, conditional_write_vars)
        declared = [self._declare(statement, self.kinds[statement.var]) for statement in kept]
        lines = [f"{self.storage} {c_data_type(s.dtype)} {s.var};" for s in declared]
        lines += [
            f"{self.storage} {c_data_type(self.variables[name].dtype)} _seen_{name};"
            for name in inputs
        ]
        changed = " || ".join(["!_seen", *(f"_seen_{name} != {name}" for name in inputs)])
        assignments = [f"{s.var} = {self.translate_expression(s.expr)};" for s in declared]
        assignments += [f"_seen_{name} = {name};" for name in inputs]
        lines += [f"{self.storage} bool _seen = false;", f"if ({changed})", "{"]
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
            names = get_identifiers(statement.expr)
            if names <= known and np.dtype(statement.dtype).kind == "f":
                self.kinds[statement.var] = self.expression_kind(statement.expr)
                known.add(statement.var)
                kept.append(statement)
                inputs |= {name for name in names if self._may_change(name)}
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


for _name, _code in (("clip", CLIP), ("exp", EXP)):
    DEFAULT_FUNCTIONS[_name].implementations.add_implementation(
        VectorisableCPPCodeGenerator,
        code=_code,
        name=f"_{_name}",
        compiler_kwds={"headers": ["<cstring>"]},
    )
