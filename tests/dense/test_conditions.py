"""Conditions of events in parts: which are the same for all cells, and which come first."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, defaultclock, linked_var, ms, prefs, seed
from brian2.devices.device import get_device, reset_device, set_device

from diehl_cook.dense.cells_target import conjuncts

CELLS, STEPS = 83, 100


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    """How often cells fired, and had an event by chance, in one program."""
    old = prefs.devices.cpp_standalone.extra_make_args_unix
    set_device("cpp_standalone_fast", build_on_run=False)
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    try:
        defaultclock.dt = 0.5 * ms
        seed(1)
        other = NeuronGroup(CELLS, "level : 1", name="other")
        other.level = "i"
        cells = NeuronGroup(
            CELLS,
            "level : 1 (linked)\nfired : integer\nchances : integer",
            threshold="level > 40 and i % 2 == 0 and timestep(t, dt) >= 60",
            reset="fired += 1",
            events={"chance": "rand() < 0.005 and i < 64"},
            name="cells",
        )
        cells.run_on_event("chance", "chances += 1")
        cells.level = linked_var(other, "level", index=np.arange(CELLS)[::-1])
        Network(other, cells).run(STEPS * defaultclock.dt)
        get_device().build(directory=str(tmp_path_factory.mktemp("conditions")))
        return {"fired": np.array(cells.fired[:]), "chances": np.array(cells.chances[:])}
    finally:
        get_device().reinit()
        reset_device()
        prefs.devices.cpp_standalone.extra_make_args_unix = old


def test_every_part_counts(counts):
    i = np.arange(CELLS)
    may_fire = (CELLS - 1 - i > 40) & (i % 2 == 0)
    np.testing.assert_array_equal(counts["fired"], np.where(may_fire, STEPS - 60, 0))


def test_a_random_part_is_drawn_once(counts):
    assert not counts["chances"][64:].any()
    # 6400 draws, 32 events expected; 9 if a first draw decided which blocks are looked through
    assert abs(counts["chances"].sum() - 32) < 17  # three standard deviations


@pytest.mark.parametrize(
    ("condition", "parts"),
    [
        ("v > 1", ["v > 1"]),
        ("(v > 1 and w < 2) and not a", ["v > 1", "w < 2", "not a"]),
        ("v > 1 or w < 2 and a", ["v > 1 or (w < 2 and a)"]),
    ],
)
def test_conditions_are_split_where_and_joins_all(condition, parts):
    assert conjuncts(condition) == parts
