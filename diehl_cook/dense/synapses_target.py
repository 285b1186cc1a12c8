"""Dense synapses in C++ standalone programs."""

import ast
from typing import Any

from brian2.codegen.statements import Statement
from brian2.core.variables import ArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.groups.subgroup import Subgroup
from brian2.utils.stringtools import stripped_deindented_lines

from .counting import BLOCK, Counters, counters
from .generator import Statements, VectorisableCPPCodeGenerator, identifiers
from .matrix import POST_INDEX, PRE_INDEX
from .neutral import Neutral, find_neutral
from .single_precision import is_literal
from .threads import (
    Parts,
    Use,
    is_event_list,
    may_be_called_by_many,
    may_share,
    shared_use,
)
from .waking import trace_array


class DenseCPPCodeGenerator(VectorisableCPPCodeGenerator):
    """Splits the code of a synapse into what is done once per row (or column) and the rest.

    Along a row the presynaptic cell stays the same, so that its variables are read before the
    loop and written after it; the loop itself then runs over contiguous arrays. Code that
    writes to an array which it also uses by another index (possible where a group connects to
    itself) is left as it is and done one synapse at a time.
    """

    def find_use(self, scalar: Statements, vector: Statements) -> Use | None:
        """What the code does; rows that lead to a large group are shared out by columns."""
        use = super().find_use(scalar, vector)
        if use is None or not self._can_share(vector):
            return use
        is_post = self._driver() == "post"
        index = PRE_INDEX if is_post else POST_INDEX
        own = [name for name, i in self.variable_indices.items() if i in ("_idx", index)]
        own = [name for name in own if not is_event_list(name)]
        layout = self.owner.layout
        parts = Parts(layout.rows, "rows") if is_post else Parts(layout.columns)
        return shared_use(use, self.variables, self.written(vector.values()), own, parts)

    def _can_share(self, vector: Statements) -> bool:
        layout = self.owner.layout
        if set(vector) != {None} or not may_share(layout.columns):
            return False
        # parts of a subgroup are not those of the group
        group = self.owner.source if self._driver() == "post" else self.owner.target
        if isinstance(group, Subgroup) or layout.kind == "one_to_one":
            return False
        return not self._mixes_indices(vector[None]) and may_be_called_by_many(
            identifiers(vector[None]), self.variables
        )

    def _driver(self) -> str:
        """Whose synapses the code visits."""
        return next(
            str(runner.driver)
            for runner in self.owner.contained_objects
            if self.name.startswith(f"{runner.name}_codeobject")
        )

    def template_keywords(self, scalar: Statements, vector: Statements) -> dict[str, Any]:
        """``by_row`` and ``by_column``, the parts of the code; None if it has to stay whole."""
        by_row = by_column = None
        counted: list[Counters] = []
        if set(vector) == {None}:
            counted = self._counters(self.arrays_helper(vector[None])[1])
            if not self._mixes_indices(vector[None]):
                by_row = self._split(vector[None], PRE_INDEX, POST_INDEX)
                by_row = by_row | self._in_blocks(vector[None])
                by_column = self._split(vector[None], POST_INDEX, PRE_INDEX)
        return {
            "by_row": by_row,
            "by_column": by_column,
            "block": BLOCK,
            "counted": [one.array for one in counted],
        }

    def _counters(self, names: set[str]) -> list[Counters]:
        """The counters of the matrices among some variables."""
        found = (counters(self.variables[name]) for name in sorted(names))
        return [one for one in found if one is not None]

    def _in_blocks(self, statements: list[Statement]) -> dict[str, Any]:
        """What is left undone in some blocks of columns, see `neutral` and `summing`."""
        read, write, _, _ = self.arrays_helper(statements)
        of_synapses, of_cells = (
            {name for name in read | write if self.variable_indices[name] == index}
            for index in ("_idx", POST_INDEX)
        )
        neutral = find_neutral(
            statements, of_synapses & write, of_cells & read - write, self.variables
        )
        summed = [
            one
            for one in self._counters(of_synapses)
            if self.name.startswith(f"{one.reader}_codeobject")
        ]
        sums = [self.variables[name] for name in sorted(of_cells & write)]
        return {
            "clipped": [],
            "neutral": None if neutral is None else self._neutral_code(neutral),
            "summed": summed[0].array if summed else None,
            "sums": [self.get_array_name(variable) for variable in sums],
        }

    def _neutral_code(self, neutral: Neutral) -> dict[str, Any]:
        """Code of a block in which cells have neutral values, and the test for them."""
        left = list(neutral.statements)
        code = self._split(left, PRE_INDEX, POST_INDEX)
        # what a clip alters, which is hardly ever anything, is written in a loop of its own
        clips = [s for s in left if self.variable_indices.get(s.var) == "_idx"]
        clipping = self._split(clips, PRE_INDEX, POST_INDEX) | {"clipped": []}
        code["clips"] = clipping if clips else None
        code["clipped"] = [s.var for s in clips]
        code["read"] = "\n".join(self.translate_to_read_arrays(set(neutral.names), set(), set()))
        code["names"], code["value"] = neutral.names, neutral.value
        traces = [trace_array(self.variables[name]) for name in neutral.names]
        known = neutral.value == 0 and None not in traces
        code["traces"] = traces if known else []
        return code

    def _mixes_indices(self, statements: list[Statement]) -> bool:
        read, write, _, _ = self.arrays_helper(statements)
        written = {self.variables[name] for name in write}
        indices: dict[ArrayVariable, set[str]] = {}
        for name in read | write:
            indices.setdefault(self.variables[name], set()).add(self.variable_indices[name])
        return any(len(indices[variable]) > 1 for variable in written)

    def _split(self, statements: list[Statement], outer: str, inner: str) -> dict[str, Any]:
        read, write, _, conditional = self.arrays_helper(statements)
        read = {name for name in read if not self.variables[name].scalar or name in write}
        of_outer, of_inner = (
            {name for name in read | write if self.variable_indices[name] == index}
            for index in (outer, inner)
        )
        own = (read | write) - of_outer - of_inner
        parts = {
            # a row may be empty: what is written after the loop has to be read before it
            "load_outer": self.translate_to_read_arrays(of_outer, write, set()),
            "load_inner": self._load(of_inner, read, write),
            "load": self._load(own, read, write),
            "body": self.translate_to_statements(statements, conditional),
            "store": self.translate_to_write_arrays(write & own),
            "store_inner": self.translate_to_write_arrays(write & of_inner),
            "store_outer": self.translate_to_write_arrays(write & of_outer),
        }
        code = {part: stripped_deindented_lines("\n".join(lines)) for part, lines in parts.items()}
        exponent = self._only_exponent(statements) if "_power(" in str(code["body"]) else None
        shared = any(self.variables[name].scalar for name in write)
        return code | {"exponent": exponent, "rows_together": not (of_outer or shared)}

    def _only_exponent(self, statements: list[Statement]) -> str | None:
        """The name that all exponents have, if it stands for one number."""
        powers = (
            node
            for statement in statements
            for node in ast.walk(ast.parse(statement.expr, mode="eval"))
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
        )
        exponents = {ast.unparse(node.right) for node in powers if not is_literal(node.right)}
        name = exponents.pop() if len(exponents) == 1 else ""
        return name if self.is_constant(name) else None

    def _load(self, names: set[str], read: set[str], write: set[str]) -> list[str]:
        return self.translate_to_read_arrays(
            names & read, write, set()
        ) + self.translate_to_declarations(names & read, names & write, set())


class DenseCPPStandaloneCodeObject(CPPStandaloneCodeObject):
    """Code object for dense synapses in C++ standalone."""

    templater = CPPStandaloneCodeObject.templater.derive(__package__, templates_dir="templates/cpp")
    generator_class = DenseCPPCodeGenerator
