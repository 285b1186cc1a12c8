"""What is left undone, or shared out, in large networks alone is tried in small ones, too."""

import gc

import pytest
from brian2.devices.device import get_device, reset_device, set_device


@pytest.fixture(autouse=True, scope="module")
def _traces_of_few_cells():
    with pytest.MonkeyPatch.context() as patch:
        for fewest in ("FEWEST_CELLS", "FEWEST_CELLS_WITH_FUNCTIONS"):
            patch.setattr(f"diehl_cook.dense.traces.{fewest}", 1)
        yield


@pytest.fixture
def _few_cells_are_shared_out(monkeypatch):
    monkeypatch.setattr("diehl_cook.dense.threads.FEWEST_CELLS", 1)


@pytest.fixture
def device():
    """The device, which writes programs and does not compile them unasked."""
    gc.collect()  # names of objects that still exist would get a number
    set_device("cpp_standalone_fast", build_on_run=False)
    yield get_device()
    get_device().reinit()
    reset_device()
