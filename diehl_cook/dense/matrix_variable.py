"""State variables with one value per synapse, kept as one row-major matrix."""

from typing import Any

import numpy as np
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.codegen.translation import get_identifiers_recursively
from brian2.core.variables import ArrayVariable, Variables, VariableView
from brian2.groups.group import VariableOwner

from .indices import POST_INDEX, PRE_INDEX


class MatrixVariable(ArrayVariable):
    """An array of ``N_pre * N_post`` values that can be set from a matrix."""

    def get_addressable_value(self, name: str, group: VariableOwner) -> "MatrixView":
        """View without units."""
        return MatrixView(name=name, variable=self, group=group, dimensions=None)

    def get_addressable_value_with_unit(self, name: str, group: VariableOwner) -> "MatrixView":
        """View with units."""
        return MatrixView(name=name, variable=self, group=group, dimensions=self.dim)


class MatrixView(VariableView):
    """What ``S.w`` returns: reads as a flat array, takes flat arrays, matrices and expressions."""

    def set_item(self, item: Any, value: Any, level: int = 0, namespace: Any = None) -> None:
        """Set values; a two-dimensional `value` must have the shape that `item` selects.

        Raises
        ------
        ValueError
            If a matrix has another shape than the synapses it is meant for.
        """
        if not isinstance(value, str) and np.ndim(value) == 2:
            value = self._flattened(item, value)
        super().set_item(item, value, level=level + 1, namespace=namespace)

    def _flattened(self, item: Any, matrix: Any) -> Any:
        shape = self.indexing.shape
        if shape is None:
            raise ValueError(f"'{self.name}' is one-to-one: it takes an array, not a matrix.")
        if isinstance(item, tuple):
            expected = tuple(
                np.atleast_1d(np.arange(size)[part]).size
                for size, part in zip(shape, item, strict=True)
            )
        elif isinstance(item, slice) and item == slice(None):
            expected = shape
        else:
            raise ValueError(f"Set '{self.name}' from a matrix with [:] or [pre, post].")
        if np.shape(matrix) != expected:
            raise ValueError(
                f"'{self.name}' takes a matrix of shape {expected} [pre, post], "
                f"not {np.shape(matrix)}."
            )
        return np.asanyarray(matrix).ravel()

    def set_with_expression_conditional(
        self, cond: str, code: str, run_namespace: Any, check_units: bool = True
    ) -> None:
        """Set by expression, in which ``i``, ``j`` and variables of the cells may appear."""
        variables = Variables(None)
        variables.add_auxiliary_variable("_cond", dtype=bool)
        codeobj = create_runner_codeobj(
            self.group,
            {"condition": f"_cond = {cond}", "statement": f"{self.name} = {code}"},
            "group_variable_set_conditional",
            name=f"{self.group_name}_{self.name}_set*",
            additional_variables=variables,
            check_units=check_units,
            run_namespace=run_namespace,
            template_kwds=self.group.layout.template_kwds(),
            codeobj_class=self.group.current_codeobj_class(),
        )
        codeobj()

    def set_with_expression(
        self, item: Any, code: str, run_namespace: Any, check_units: bool = True
    ) -> None:
        """Set some synapses by an expression of per-synapse and shared variables.

        Raises
        ------
        NotImplementedError
            If the expression needs to know which cells a synapse connects.
        """
        for name in get_identifiers_recursively([code], self.group.variables):
            if name in ("i", "j") or self.group.variables.indices[name] in (PRE_INDEX, POST_INDEX):
                raise NotImplementedError(
                    f"'{name}' cannot be used to set a part of dense '{self.name}'; use a string "
                    f"condition instead, such as {self.name}['i < 3'] = ..."
                )
        super().set_with_expression(item, code, run_namespace, check_units=check_units)

    def get_with_expression(self, code: str, run_namespace: Any) -> Any:
        """Refuse: reading by condition is a NumPy one-liner on the matrix.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            f"Dense '{self.name}' cannot be read by the condition '{code}'; index the array that "
            f"{self.group_name}.matrix('{self.name}') returns."
        )
