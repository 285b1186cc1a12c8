"""What is left undone in large networks alone is tried in small ones, too."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def _traces_of_few_cells():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diehl_cook.dense.traces.FEWEST_CELLS", 1)
        yield
