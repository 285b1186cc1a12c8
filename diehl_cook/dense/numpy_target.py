"""Dense synapses on the runtime target NumPy."""

from typing import Any

from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.statements import Statement

_LOOP = "for _idx in _full_idx:"


class DenseNumpyCodeGenerator(NumpyCodeGenerator):
    """Brian2's generator, with indices of cells that follow when it goes synapse by synapse."""

    class_name = "numpy"

    def translate_statement(self, statement: Statement) -> str:
        """Translate a statement, values of names copied so that ``w += 1`` changes no other."""
        if statement.op in (":=", "=") and statement.expr.strip().isidentifier():
            code = str(super().translate_statement(statement))
            target, _, value = code.partition(" = ")
            return f"{target} = _numpy.array({value})"
        return str(super().translate_statement(statement))

    def vectorise_code(self, *args: Any, **kwds: Any) -> list[str]:
        """Code for statements that write to the same cell several times."""
        lines: list[str] = super().vectorise_code(*args, **kwds)
        if _LOOP in lines:
            locate = "    i, j, _presynaptic_idx, _postsynaptic_idx = _locate(_idx)"
            lines.insert(lines.index(_LOOP) + 1, locate)
        return lines


class DenseNumpyCodeObject(NumpyCodeObject):
    """Code object for dense synapses with NumPy."""

    templater = NumpyCodeObject.templater.derive(__package__, templates_dir="templates/numpy")
    generator_class = DenseNumpyCodeGenerator
