"""Cells at rest are left alone, and nothing else comes of it."""

import numpy as np
import pytest
from brian2 import (
    Function,
    Network,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    ms,
    prefs,
)
from brian2.core.network import _get_all_objects
from brian2.devices.device import get_device, reset_device, set_device

from diehl_cook.dense import DenseSynapses, fast_device
from diehl_cook.dense.resting import groups_that_may_rest

CELLS = 203
STEPS = 600
# The voltage comes to rest at `drive`. Some of the first 64 cells have it above the threshold, and
# those from 128 on once they have jumped: they fire whenever they may, which is after a long time
# at rest. The other cells are nudged, the last of them just then.
RESTING = """
dv/dt = (drive + g - v)/(2*ms) : 1
dg/dt = -g/(0.5*ms) : 1
drive : 1
fired : integer
"""
FIRES = "v > 0.5 and timestep(t, dt) % 295 == 294 - i % 2"
JUMPS = "timestep(t, dt) == 330 - i and i >= 128"
NUDGES = "timestep(t, dt) == i + 165 and i < 128"
# every update of one cell is a byte in a file
COUNTING = """
static double counted(const double x)
{
    static FILE* file = fopen("updates", "ab");
    fputc('.', file);
    return x;
}
"""


def resting_cells(name="resting"):
    group = NeuronGroup(
        CELLS,
        RESTING,
        threshold=FIRES,
        reset="fired += 1",
        events={"jump": JUMPS},
        method="euler",
        dtype=np.float32,
        name=name,
    )
    group.run_on_event("jump", "drive = 0.875; v = 0.875")
    group.drive = "0.75*int(i % 3 == 0)*int(i < 16)"
    return group


def nudging_cells():
    return NeuronGroup(CELLS, "", threshold=NUDGES, name="nudging")


def counted_cells():
    counted = Function(lambda x: x, arg_units=[1], return_unit=1)
    counted.implementations.add_implementation(
        "cpp", COUNTING, compiler_kwds={"headers": ["<cstdio>"]}
    )
    group = NeuronGroup(
        CELLS,
        "dv/dt = -counted(v)/(0.5*ms) : 1",
        method="euler",
        namespace={"counted": counted},
        name="counted_cells",
    )
    group.v = 1
    return group


def outcome(folder):
    """All that one program leaves behind."""
    set_device("cpp_standalone_fast", build_on_run=False)
    old = prefs.devices.cpp_standalone.extra_make_args_unix
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    try:
        defaultclock.dt = 0.5 * ms
        resting, nudging, counted = resting_cells(), nudging_cells(), counted_cells()
        synapses = DenseSynapses(nudging, resting, on_pre="g_post += 3", one_to_one=True)
        spikes = SpikeMonitor(resting)
        network = Network(resting, nudging, counted, synapses, spikes)
        for _ in range(2):
            network.run(STEPS / 2 * defaultclock.dt)
        get_device().build(directory=str(folder))
        values = {name: np.array(getattr(resting, name)[:]) for name in ("v", "g", "drive")}
        values |= {"fired": np.array(resting.fired[:]), "left": np.array(counted.v[:])}
        return values | {"spikes": np.stack([spikes.t / ms, spikes.i])}
    finally:
        get_device().reinit()
        reset_device()
        prefs.devices.cpp_standalone.extra_make_args_unix = old


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {name: tmp_path_factory.mktemp(name) for name in ("resting", "restless")}


@pytest.fixture(scope="module")
def outcomes(folders):
    found = {"resting": outcome(folders["resting"])}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_device, "groups_that_may_rest", lambda objects: frozenset())
        found["restless"] = outcome(folders["restless"])
    return found


@pytest.mark.parametrize("name", ["v", "g", "drive", "fired", "left", "spikes"])
def test_the_bits_are_those_without_rest(outcomes, name):
    np.testing.assert_array_equal(outcomes["resting"][name], outcomes["restless"][name])


def test_cells_fire_and_jump_after_a_long_rest(outcomes):
    times, cells = outcomes["restless"]["spikes"]
    assert np.unique(times).size == 4
    assert np.isin([0, 127, *range(128, CELLS)], cells).all()
    assert (outcomes["restless"]["drive"][128:] == 0.875).all()


def test_cells_at_rest_are_not_updated(outcomes, folders):
    updates = {name: (folder / "updates").stat().st_size for name, folder in folders.items()}
    assert updates["restless"] == CELLS * STEPS
    assert updates["resting"] < updates["restless"] / 2


def names_of_those_that_may_rest(*objects):
    return groups_that_may_rest(_get_all_objects(objects))


def test_what_is_reached_one_at_a_time_may_rest():
    resting, nudging = resting_cells(), nudging_cells()
    synapses = DenseSynapses(nudging, resting, on_pre="g_post += 0.3", one_to_one=True)
    back = DenseSynapses(resting, nudging, "w : 1", on_pre="w += g_pre")
    monitor = SpikeMonitor(resting)
    assert names_of_those_that_may_rest(resting, nudging, synapses, back, monitor) == {"resting"}


def dense(source, target):
    return DenseSynapses(source, target, on_pre="g_post += 0.3")


def dense_to_the_source(source, target):
    return DenseSynapses(target, source, on_pre="g_pre += 0.3")


def dense_regularly(source, target):
    synapses = DenseSynapses(source, target, one_to_one=True)
    synapses.run_regularly("g_post += 0.3")
    return synapses


def ordinary(source, target):
    return Synapses(source, target, on_pre="g_post += 0.3")


@pytest.mark.parametrize("connect", [dense, dense_to_the_source, dense_regularly, ordinary])
def test_what_many_reach_at_once_does_not_rest(connect):
    resting, nudging = resting_cells(), nudging_cells()
    assert not names_of_those_that_may_rest(resting, nudging, connect(nudging, resting))


def test_what_changes_at_set_times_does_not_rest():
    resting, other = resting_cells(), resting_cells("other")
    resting.run_regularly("drive = 0.5")
    assert names_of_those_that_may_rest(resting, other) == {"other"}
