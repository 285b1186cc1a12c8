"""Which pairs of cells are connected, and where their values lie in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np


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
