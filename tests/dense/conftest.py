"""What is left undone in large networks alone is tried in small ones, too."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def _traces_of_few_cells():
    with pytest.MonkeyPatch.context() as patch:
        for fewest in ("FEWEST_CELLS", "FEWEST_CELLS_WITH_FUNCTIONS"):
            patch.setattr(f"diehl_cook.dense.traces.{fewest}", 1)
        yield
