"""Variables by name: what goes into a compiled network, comes out, and is kept in files."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
