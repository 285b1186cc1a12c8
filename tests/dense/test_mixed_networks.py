"""Networks that mix dense synapses with what else Brian2 has do as on Brian2's own device.

Each program has several networks. On ``cpp_standalone`` Brian2's ordinary synapses stand where the
dense ones are, so that both parts of the extension are compared with Brian2 alone.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    prefs,
    seed,
)
from brian2.devices.device import get_device, reset_device, set_device
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from diehl_cook.dense import DenseSynapses, fast_device
from diehl_cook.dense.team import VARIABLE

pytestmark = [
    pytest.mark.slow,  # some 240 files to compile
    pytest.mark.usefixtures("_few_cells_are_shared_out"),
]

STEP = 0.5 * ms
RUNS = (700, 800)  # steps

#: Cells that fire at times of their own, early in each of two spells; silent for long in between.
DRIVERS = """
dx/dt = -x/(9*ms) : 1
phase : 1
"""
DRIVERS_FIRE = "timestep(t, dt) % 700 < 60 and sin(phase + 1.3*t/ms) > 0.9"

DRIVEN = """
dv/dt = (drive(t) + g - v)/(7*ms) : 1 {unless_refractory}
dg/dt = -g/(3*ms) : 1
dy/dt = -y/(12*ms) : 1
total : 1
fired : integer
"""

#: Cells that nothing reaches but their own driver, so that they may come to rest.
RESTING = """
dv/dt = (g - v)/(0.4*ms) : 1
dg/dt = -g/(0.2*ms) : 1
"""

KINDS = {
    "all": (None, {}),
    "all but self": ("i != j", {"include_self": False}),
    "one to one": ("i == j", {"one_to_one": True}),
}
LEARNS = {
    "on_pre": "g_post += w/8\nw = clip(w - y_post/9, 0, 1)",
    "on_post": "w = clip(w + x_pre/7, 0, 1)",
}
NO_LEARNING = {"on_pre": "g_post += w/8", "on_post": None}


@dataclass(frozen=True)
class Mixture:
    """What a network consists of besides its cells."""

    cells: int
    method: str
    dense: str
    refractory: bool = False
    learns: bool = False
    part: bool = False  # the first cells of either group are left out
    ordinary: str | None = None  # delays of ordinary synapses
    poisson: bool = False
    generator: bool = False
    regularly: bool = False
    coarse: bool = False  # the clock of the state monitors


mixtures = st.builds(
    Mixture,
    cells=st.integers(3, 40) | st.just(150),  # of two parts
    refractory=st.booleans(),
    method=st.sampled_from(["exponential_euler", "euler"]),
    dense=st.sampled_from(sorted(KINDS)),
    learns=st.booleans(),
    part=st.booleans(),
    ordinary=st.sampled_from([None, None, "one", "own"]),
    poisson=st.booleans(),
    generator=st.booleans(),
    regularly=st.booleans(),
    coarse=st.booleans(),
)


def connect(is_fast, pair, kind, name, **statements):
    """All-to-all synapses, dense or ordinary."""
    condition, options = KINDS[kind]
    if is_fast:
        synapses = DenseSynapses(*pair, "w : 1", name=name, **statements, **options)
    else:
        synapses = Synapses(*pair, "w : 1", name=name, **statements)
        synapses.connect(condition)
    synapses.w = "0.3 + 0.4*sin(i + 3*j)"
    return synapses


def build(mixture, is_fast, prefix):
    """A network, by name of object."""
    n = mixture.cells
    options = {"dtype": np.float64, "method": mixture.method}
    drivers = NeuronGroup(n, DRIVERS, threshold=DRIVERS_FIRE, reset="x = 1", **options)
    drivers.phase = "2.1*i"
    unless_refractory = "(unless refractory)" if mixture.refractory else ""
    driven = NeuronGroup(
        n,
        DRIVEN.format(unless_refractory=unless_refractory),
        threshold="v > 0.61 + 0.01*sin(i)",
        reset="v = 0; y += 1; fired += 1",
        refractory=2 * ms if mixture.refractory else False,
        namespace={"drive": TimedArray([0.2, 0.7, 0.1], dt=90 * ms, name=f"{prefix}drive")},
        **options,
    )
    driven.v = "0.5*rand()"
    resting = NeuronGroup(
        n,
        RESTING,
        threshold="v > 0.3",
        reset="v = 0",
        dtype=np.float64,
        method="exponential_euler",  # its time constants are shorter than a step
        name=f"{prefix}resting",
    )
    pair = (drivers[1:], driven[1:]) if mixture.part else (drivers, driven)
    statements = LEARNS if mixture.learns else NO_LEARNING
    dt = 2 * STEP if mixture.coarse else STEP
    parts = {
        "drivers": drivers,
        "driven": driven,
        "resting": resting,
        "dense": connect(is_fast, pair, mixture.dense, f"{prefix}dense", **statements),
        "nudging": connect(
            is_fast, (drivers, resting), "one to one", f"{prefix}nudging", on_pre="g_post += w"
        ),
        "spikes": SpikeMonitor(driven),
        "spikes at rest": SpikeMonitor(resting, variables="g"),
        "rate": PopulationRateMonitor(pair[1]),
        "states": StateMonitor(driven, ["v", "g"], record=[0, n - 1], dt=dt),
        "states at rest": StateMonitor(resting, ["v", "g"], record=True, dt=dt),
    }
    if mixture.part:
        parts |= {"part of drivers": pair[0], "part of driven": pair[1]}
    if mixture.ordinary:
        synapses = Synapses(
            *pair,
            "u : 1\ndz/dt = -z/(20*ms) : 1 (event-driven)",
            on_pre="v_post += u\nz += 1\nu = clip(u + z/50, 0, 0.3)",
            delay=1.5 * ms if mixture.ordinary == "one" else None,
        )
        synapses.connect("(i + j) % 3 == 0")
        synapses.u = "0.1 + 0.01*j"
        if mixture.ordinary == "own":
            synapses.delay = "0.5*(i % 4)*ms"
        parts["ordinary"] = synapses
    if mixture.poisson:
        parts["poisson"] = PoissonInput(driven, "g", N=7, rate=40 * Hz, weight=0.043)
    if mixture.generator:
        steps = np.arange(5, 1200, 35)
        given = SpikeGeneratorGroup(n, np.arange(len(steps)) % n, steps * STEP)
        parts["given spikes"] = given
        parts["given"] = connect(
            is_fast, (given, pair[1]), "all", f"{prefix}given", on_pre="v_post += w/9"
        )
    if mixture.regularly:
        driven.run_regularly("total = 0", dt=25 * ms, order=0)
        parts["dense"].run_regularly("total_post += w", dt=25 * ms, order=1)
        driven.run_regularly("g = clip(g, 0, 1) + total/90", dt=25 * ms, order=2)
    return Network(parts.values()), parts


def outcome(parts):
    """All that a network leaves behind, by name of part and variable."""
    found = {}
    for part, variables in {
        "drivers": ["x"],
        "driven": ["v", "g", "y", "total", "fired"],
        "resting": ["v", "g"],
        "dense": ["w"],
        "ordinary": ["u", "z"],
    }.items():
        if part in parts:
            found |= {
                f"{part}.{name}": np.array(getattr(parts[part], name)[:]) for name in variables
            }
    dense = parts["dense"]
    if isinstance(dense, DenseSynapses) and dense.layout.kind == "all_but_self":
        found["dense.w"] = dense.matrix("w")[~np.eye(*dense.layout.shape, dtype=bool)]
    for name in ("spikes", "spikes at rest"):
        found[name] = np.stack([parts[name].t / ms, parts[name].i])
    for name in ("states", "states at rest"):
        found |= {f"{name}.{variable}": getattr(parts[name], variable)[:] for variable in "vg"}
    return found | {"rate": parts["rate"].rate / Hz, "seen": parts["spikes at rest"].g[:]}


def outcomes(mixed, device, folder, threads):
    """What each of some networks leaves behind, all in one program."""
    old = prefs.devices.cpp_standalone.extra_make_args_unix
    set_device(device, build_on_run=False)
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    try:
        defaultclock.dt = STEP
        seed(7)
        all_parts = []
        for number, mixture in enumerate(mixed):
            network, parts = build(mixture, device == fast_device.NAME, f"net{number}_")
            for steps in RUNS:
                network.run(steps * STEP)
                parts["driven"].g = 0.25  # between runs, and after the last
            all_parts.append(parts)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(VARIABLE, str(threads))
            get_device().build(directory=str(folder))
        return [outcome(parts) for parts in all_parts]
    finally:
        get_device().reinit()
        reset_device()
        prefs.devices.cpp_standalone.extra_make_args_unix = old


def assert_same(mixed, folder, threads):
    fast = outcomes(mixed, fast_device.NAME, folder / "fast", threads)
    expected = outcomes(mixed, "cpp_standalone", folder / "brian2", threads)
    for one, other, mixture in zip(fast, expected, mixed, strict=True):
        assert one.keys() == other.keys()
        assert other["spikes"].size > 20
        for name in other:
            assert np.isfinite(other[name]).all(), name
            np.testing.assert_allclose(
                one[name], other[name], rtol=1e-9, atol=1e-12, err_msg=f"{name} of {mixture}"
            )


#: All there is; and a network in which cells come to rest, which few other objects let them do.
MIXED = (
    Mixture(
        cells=23,
        method="exponential_euler",
        dense="all",
        refractory=True,
        learns=True,
        part=True,
        ordinary="own",
        poisson=True,
        generator=True,
        regularly=True,
    ),
    Mixture(cells=150, method="euler", dense="all but self", coarse=True),
)


@pytest.mark.parametrize("threads", [1, 2])
def test_mixed_networks_do_as_on_brian2s_device(tmp_path, threads):
    assert_same(MIXED, tmp_path, threads)


# programs take too long to look for the smallest one that fails
@settings(
    max_examples=10,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the same for all
)
@given(st.lists(mixtures, min_size=2, max_size=2), st.integers(1, 3))
def test_any_mixed_networks_do_as_on_brian2s_device(tmp_path_factory, mixed, threads):
    assert_same(mixed, tmp_path_factory.mktemp("mixed"), threads)
