"""Synapses of all pairs of cells as a row-major matrix: places, indices, values.

Which cells a synapse connects is worked out from its place in the matrix instead of stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.codegen.translation import get_identifiers_recursively
from brian2.core.variables import ArrayVariable, AuxiliaryVariable, Variables, VariableView
from brian2.groups.group import Indexing, VariableOwner

PRE_INDEX = "_presynaptic_idx"
POST_INDEX = "_postsynaptic_idx"


@dataclass(frozen=True)
class Layout:
    """The synapses of two groups of cells.

    Parameters
    ----------
    rows, columns : int
        Number of pre- and postsynaptic cells.
    row_start, column_start : int
        Where the cells start in the arrays of their variables (not 0 in subgroups).
    kind : {'all', 'all_but_self', 'one_to_one'}
        All pairs; all pairs but ``i == j``, whose places in a matrix exist but are never
        visited; or only ``i == j``, stored as a vector.
    """

    rows: int
    columns: int
    row_start: int
    column_start: int
    kind: str

    @property
    def size(self) -> int:
        """Number of places for per-synapse values."""
        return self.rows if self.kind == "one_to_one" else self.rows * self.columns

    @property
    def shape(self) -> tuple[int, int] | None:
        """Shape of per-synapse values as a matrix, None for one-to-one."""
        return None if self.kind == "one_to_one" else (self.rows, self.columns)

    def pre(self) -> np.ndarray:
        """Presynaptic cell of every place, shape ``(size,)``."""
        pre = np.arange(self.rows, dtype=np.int32)
        return pre if self.kind == "one_to_one" else np.repeat(pre, self.columns)

    def post(self) -> np.ndarray:
        """Postsynaptic cell of every place, shape ``(size,)``."""
        if self.kind == "one_to_one":
            return self.pre()
        return np.tile(np.arange(self.columns, dtype=np.int32), self.rows)

    def template_kwds(self, driver: str = "all") -> dict[str, Any]:
        """Return what the templates need to know.

        Parameters
        ----------
        driver : {'pre', 'post', 'all'}
            Which synapses are visited: those of presynaptic cells with an event, of
            postsynaptic cells with an event, or all.
        """
        return {"layout": self, "driver": driver}


class ImplicitIndex(AuxiliaryVariable):
    """An integer per synapse that generated code computes from its loop counters.

    Parameters
    ----------
    name : str
        The name in generated code.
    values : callable
        Returns the integers of all synapses, shape ``(N,)``; called when a user asks for them.
    unique : bool
        Whether no value occurs twice among the synapses that one pass of the code visits.
    """

    def __init__(self, name: str, values: Callable[[], np.ndarray], unique: bool = False) -> None:
        super().__init__(name, dtype=np.int32)
        self.values = values
        self.unique = unique

    def get_addressable_value(self, name: str, group: VariableOwner) -> np.ndarray:
        """Return all values, shape ``(N,)``."""
        return self.values()

    get_addressable_value_with_unit = get_addressable_value


class MatrixIndexing(Indexing):
    """Flat positions of synapses from a flat index or a pair ``[pre, post]``.

    Parameters
    ----------
    group : DenseSynapses
        The synapses to index.
    shape : tuple of int or None
        ``(N_pre, N_post)``, or None where synapses form no matrix (one-to-one).
    """

    def __init__(self, group: VariableOwner, shape: tuple[int, int] | None) -> None:
        super().__init__(group)
        self.shape = shape

    def __call__(self, item: Any = slice(None), index_var: Any = None) -> np.ndarray:
        """Return flat positions for `item`.

        Raises
        ------
        NotImplementedError
            For variables of the connected cells, which have no place per synapse here.
        IndexError
            For a pair of indices where synapses form no matrix.
        """
        if isinstance(index_var, ImplicitIndex):
            raise NotImplementedError(
                "Dense synapses give no access to pre- or postsynaptic variables one synapse at a "
                "time; use the variable of the source or target group itself."
            )
        if not isinstance(item, tuple):
            return super().__call__(item, index_var)
        if self.shape is None or len(item) != 2:
            raise IndexError("Expected one index per synapse, or a pair [pre, post] of a matrix.")
        rows, columns = (
            np.atleast_1d(np.arange(size, dtype=np.int64)[part])
            for size, part in zip(self.shape, item, strict=True)
        )
        flat = rows[:, np.newaxis] * self.shape[1] + columns
        return flat.ravel().astype(np.int32)


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
