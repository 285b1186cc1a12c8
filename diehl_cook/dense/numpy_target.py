"""Dense synapses on the runtime target NumPy."""

import re
from typing import Any

import brian2
from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator, VectorisationError
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.statements import Statement

#: How Brian2 opens the loop in which it visits one synapse after the other.
LOOP = "for _idx in _full_idx:"
#: Any line at the outermost level that opens a block.
BLOCK = re.compile(r"(for|while|if|with|def)\b")


class DenseNumpyCodeGenerator(NumpyCodeGenerator):
    """Brian2's generator, with indices of cells that follow when it goes synapse by synapse."""

    class_name = "numpy"

    def translate_statement(self, statement: Statement) -> str:
        """Translate a statement, values of names copied so that ``w += 1`` changes no other."""
        is_name = statement.expr.strip().isidentifier()
        # booleans are never changed in place
        if statement.op in (":=", "=") and is_name and not statement.used_boolean_variables:
            return f"{statement.var} = _numpy.array({self.translate_expression(statement.expr)})"
        return str(super().translate_statement(statement))

    def ufunc_at_vectorisation(self, *args: Any, **kwds: Any) -> str:
        """Code for one statement; whether there is none is kept in mind."""
        try:
            return str(super().ufunc_at_vectorisation(*args, **kwds))
        except VectorisationError:
            self._one_by_one = True
            raise

    def vectorise_code(self, *args: Any, **kwds: Any) -> list[str]:
        """Code for statements that write to the same cell several times.

        Raises
        ------
        RuntimeError
            If this Brian2 words its loop over synapses in another way than those known.
        """
        self._one_by_one = False
        lines: list[str] = super().vectorise_code(*args, **kwds)
        blocks = [line for line in "\n".join(lines).splitlines() if BLOCK.match(line)]
        if blocks != [LOOP] * self._one_by_one:
            raise RuntimeError(
                f"Brian2 {brian2.__version__} words its NumPy code in a way that dense synapses do "
                f"not know (expected {[LOOP] * self._one_by_one}, found {blocks}): use the device "
                "cpp_standalone, or a Brian2 of another version."
            )
        if self._one_by_one:
            locate = "    i, j, _presynaptic_idx, _postsynaptic_idx = _locate(_idx)"
            lines.insert(lines.index(LOOP) + 1, locate)
        return lines


class DenseNumpyCodeObject(NumpyCodeObject):
    """Code object for dense synapses with NumPy."""

    templater = NumpyCodeObject.templater.derive(__package__, templates_dir="templates/numpy")
    generator_class = DenseNumpyCodeGenerator
