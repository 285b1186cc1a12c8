"""Which cell a synapse belongs to, worked out from its place in the matrix instead of stored."""

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2.core.variables import AuxiliaryVariable
from brian2.groups.group import Indexing, VariableOwner

PRE_INDEX = "_presynaptic_idx"
POST_INDEX = "_postsynaptic_idx"


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
