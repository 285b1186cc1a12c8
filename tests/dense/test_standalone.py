"""One compiled program with synapses of every kind, compared with ordinary ones and with NumPy."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, defaultclock, ms, prefs
from brian2.devices.device import get_device, reset_device, set_device

from diehl_cook.dense import DenseSynapses

ROWS, COLUMNS = 70, 35
STEPS = 60
CELLS = """
dx/dt = -x/(20*ms) : 1
phase : 1
total : 1
"""
#: name: (on_pre, on_post, arguments for both kinds, for dense ones, condition for ordinary ones)
PROJECTIONS = {
    "plastic": (
        "v_plastic_post += w\nw = clip(w - x_post/8, 0, 1)",
        "w = clip(w + x_pre/4, 0, 1)",
        {},
        {},
        None,
    ),
    "power": (
        "v_power_post += w",
        "w = clip(w + (x_pre - 0.4)*(1 - w)**0.2/8 + exp(-w)/50, 0, 1)",
        {"on_event": {"pre": "nudge"}},
        {"include_self": False},
        "i != j",
    ),
    "single": (
        "v_single_post += w*x_pre/3",
        "w *= 1 - x_pre/9",
        {},
        {"one_to_one": True},
        "i == j",
    ),
    "mixed": (
        "v_mixed_post += w\nv_mixed_pre += w*(i + 1)/N_post",
        None,
        {},
        {"include_self": False},
        "i != j",
    ),
}
RECURRENT = {"single", "mixed"}
REGULARLY = ["total_post += w", "w *= 2/(total_post + 1)"]


def cells(n, name, seed):
    variables = "".join(f"v_{projection} : 1\n" for projection in PROJECTIONS)
    group = NeuronGroup(
        n,
        CELLS + variables,
        threshold="sin(phase + 1.7*t/ms) > 0.8",
        reset="x = 1",
        events={"nudge": "cos(2*phase + 0.9*t/ms) > 0.7"},
        method="exact",
        name=name,
    )
    group.phase = np.random.default_rng(seed).uniform(0, 6, n)
    return group


def connected(dense, source, target, label, names, dtype=None):
    """Synapses by name of projection."""
    synapses = {}
    for name in names:
        on_pre, on_post, both, only_dense, condition = PROJECTIONS[name]
        arguments = {"on_pre": on_pre, "on_post": on_post, "name": f"{label}_{name}", **both}
        pair = (target, target) if name in RECURRENT else (source, target)
        shape = tuple(map(len, pair))
        weights = np.random.default_rng(len(name)).uniform(0.05, 0.4, shape)
        if dense:
            one = DenseSynapses(*pair, "w : 1", **arguments, **only_dense, dtype=dtype)
        else:
            one = Synapses(*pair, "w : 1", **arguments, dtype=dtype)
            one.connect(condition)
        matrix = dense and not only_dense.get("one_to_one")
        one.w = weights if matrix else weights[existing(name, shape)]
        if name == "plastic":
            for order, code in enumerate(REGULARLY):
                one.run_regularly(code, dt=4 * ms, order=order, name=f"{label}_{name}_{order}")
        synapses[name] = one
    return synapses


def existing(name, shape):
    self = np.eye(*shape, dtype=bool)
    return {None: np.ones(shape, dtype=bool), "i != j": ~self, "i == j": self}[PROJECTIONS[name][4]]


def weights_of(synapses, name):
    w = np.array(synapses.w[:])
    if isinstance(synapses, DenseSynapses) and synapses.layout.kind == "all_but_self":
        w = w.reshape(synapses.layout.shape)[existing(name, synapses.layout.shape)]
    return w


def many_cells(dtype, name):
    """Cells for the templates of state update, threshold, reset and regular updates."""
    group = NeuronGroup(
        200,
        """dv/dt = (x - v*(1 + x))/(10*ms) : 1 (unless refractory)
        x : 1
        y : 1
        dtheta/dt = -theta/(1e7*ms) : 1
        daway/dt = -away/(0.1*ms) : 1""",
        threshold="v > 0.4 and i % 3 != 1",
        reset="v = 0",
        refractory=2 * ms,
        method="exponential_euler",
        dtype={"theta": np.float64, **dict.fromkeys(("v", "x", "y", "away"), dtype)},
        name=name,
    )
    group.run_regularly("y = exp(x*100 - 80)", dt=1.5 * ms, name=f"{name}_slow_clock")
    group.x = np.linspace(0, 1.6, 200)
    group.theta, group.away = 1, 1
    return group


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Results of one program, and of the same network at runtime with NumPy."""
    old = prefs.codegen.target, prefs.devices.cpp_standalone.extra_make_args_unix
    prefs.codegen.target = "numpy"
    results = {}
    defaultclock.dt = 0.5 * ms
    source, target = cells(ROWS, "source", 1), cells(COLUMNS, "target", 2)
    ordinary = connected(False, source, target, "ordinary", PROJECTIONS)
    expected = many_cells(np.float64, "many")
    spikes = SpikeMonitor(expected)
    Network(source, target, *ordinary.values(), expected, spikes).run(STEPS * defaultclock.dt)
    results["numpy"] = {name: weights_of(one, name) for name, one in ordinary.items()}
    results["numpy"] |= {f"v_{name}": getattr(target, f"v_{name}")[:] for name in PROJECTIONS}
    results["numpy cells"] = {"v": expected.v[:], "spikes": np.stack([spikes.t / ms, spikes.i])}

    set_device("cpp_standalone_fast", build_on_run=False)
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    try:
        defaultclock.dt = 0.5 * ms
        source, target = cells(ROWS, "source", 1), cells(COLUMNS, "target", 2)
        other_target = cells(COLUMNS, "other_target", 2)
        dense = connected(True, source, target, "dense", PROJECTIONS)
        ordinary = connected(False, source, other_target, "ordinary", ["plastic"])
        single = connected(True, source, other_target, "single", ["power"], np.float32)
        group = many_cells(np.float32, "many")
        spikes = SpikeMonitor(group)
        network = Network(source, target, other_target, group, spikes)
        network.add(dense.values(), ordinary.values(), single.values())
        network.run(STEPS / 2 * defaultclock.dt)
        network.run(STEPS / 2 * defaultclock.dt)
        device = get_device()
        device.build(directory=str(tmp_path_factory.mktemp("program")), run=False)
        device.run()
        results["dense"] = {name: weights_of(one, name) for name, one in dense.items()}
        results["dense"] |= {f"v_{name}": getattr(target, f"v_{name}")[:] for name in PROJECTIONS}
        results["ordinary"] = {
            "plastic": weights_of(ordinary["plastic"], "plastic"),
            "v_plastic": other_target.v_plastic[:],
        }
        results["single"] = {"power": weights_of(single["power"], "power")}
        results["single"]["v_power"] = other_target.v_power[:]
        results["cells"] = {n: np.array(getattr(group, n)[:]) for n in ("v", "x", "y", "theta")}
        results["cells"]["spikes"] = np.stack([spikes.t / ms, spikes.i])
        device.run()
        results["again"] = {"power": weights_of(single["power"], "power"), "v": group.v[:]}
    finally:
        get_device().reinit()
        reset_device()
        prefs.codegen.target, prefs.devices.cpp_standalone.extra_make_args_unix = old
    return results


def test_dense_has_the_bits_of_ordinary_synapses(outcome):
    for name, expected in outcome["ordinary"].items():
        np.testing.assert_array_equal(outcome["dense"][name], expected, err_msg=name)


def test_dense_equals_numpy(outcome):
    for name, expected in outcome["numpy"].items():
        assert np.unique(expected).size > 3, name
        np.testing.assert_allclose(outcome["dense"][name], expected, rtol=1e-11, err_msg=name)


def test_single_precision_is_close(outcome):
    assert outcome["single"]["power"].dtype == np.float32
    for name, single in outcome["single"].items():
        np.testing.assert_allclose(single, outcome["dense"][name], rtol=1e-5, err_msg=name)


def test_the_program_gives_the_same_bits_again(outcome):
    np.testing.assert_array_equal(outcome["again"]["power"], outcome["single"]["power"])
    np.testing.assert_array_equal(outcome["again"]["v"], outcome["cells"]["v"])


def test_cells_equal_numpy(outcome):
    expected = outcome["numpy cells"]["spikes"]
    assert expected.shape[1] > 100
    np.testing.assert_allclose(outcome["cells"]["spikes"], expected)
    np.testing.assert_allclose(
        outcome["cells"]["v"], outcome["numpy cells"]["v"], rtol=1e-4, atol=1e-6
    )


def test_exp_in_single_precision(outcome):
    x, y = outcome["cells"]["x"], outcome["cells"]["y"]
    exponent = x * np.float32(100) - np.float32(80)
    assert y.max() > 1e30
    # a rounding error of the exponent, at most 2**-18, is one of the result, relatively
    np.testing.assert_allclose(y, np.exp(exponent.astype(np.float64)), rtol=1e-5)


def test_double_precision_decay_next_to_single_precision(outcome):
    expected = np.exp(-0.5e-3 / 1e4 * STEPS)
    np.testing.assert_allclose(outcome["cells"]["theta"], expected, rtol=1e-14)
