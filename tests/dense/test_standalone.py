"""One compiled program with dense and ordinary synapses of every kind side by side."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, device, ms, prefs, second
from brian2.devices.device import get_device, reset_device, set_device
from pair_of_networks import RUN_FOR, Projection, build, result

ROWS, COLUMNS = 70, 35
PROJECTIONS = {
    "plastic": Projection(
        on_pre="v_post += w/8\nw = clip(w - rate*x_post/4, 0, w_max)",
        on_post="w = clip(w + rate*x_pre, 0, w_max)",
        regularly=["total_post += w", "w *= 2/(total_post + 1)"],
    ),
    "power": Projection(
        on_pre="v_post += w/8",
        on_post="w = clip(w + rate*(x_pre - 0.4)*(w_max - w)**0.2 + exp(-w)/50, 0, w_max)",
        kind="all_but_self",
        on_event={"pre": "nudge"},
        post_first=True,
        regularly=["total_pre += w"],
    ),
    "shared": Projection(model="", on_pre="v_post += rate/8", kind="all_but_self", recurrent=True),
    "one_to_one": Projection(on_pre="v_post += w*(j + 1)/N_post", kind="one_to_one"),
    "mixed": Projection(on_pre="v_post -= w*x_pre/8\nx_pre += w/64", recurrent=True),
}
EXACT = {"plastic.w", "shared.target.v", "one_to_one.target.v"}


def sizes(projection):
    square = projection.recurrent or projection.kind == "one_to_one"
    return (COLUMNS, COLUMNS) if square else (ROWS, COLUMNS)


def everything(dense, part, dtype=None, label=""):
    """Networks of all projections in one, and a function that returns all results."""
    network, all_groups = Network(), {}
    for number, (name, projection) in enumerate(PROJECTIONS.items()):
        rows, columns = sizes(projection)
        rng = np.random.default_rng(number)
        weights = rng.uniform(0.05, 0.4, (rows, columns))
        if dtype:
            projection = Projection(**{**vars(projection), "dtype": dtype})
        prefix = f"{label}_{name}_"
        one, groups = build(projection, dense, rows, columns, weights, part, prefix, dtype)
        network.add(*one.objects)
        all_groups[name] = groups, projection

    def read():
        return {
            f"{name}.{variable}": value
            for name, (groups, projection) in all_groups.items()
            for variable, value in result(groups, projection).items()
        }

    return network, read


def many_cells(dtype=None, name="many"):
    """Cells for the templates of state update, threshold, reset and regular updates."""
    group = NeuronGroup(
        200,
        """dv/dt = (x - v*(1 + x))/(10*ms) : 1
        x : 1
        y : 1
        dtheta/dt = -theta/(1e7*ms) : 1
        daway/dt = -away/(1*ms) : 1""",
        threshold="v > 0.4 and i % 3 != 1",
        reset="v = 0",
        refractory=2 * ms,
        events={"often": "v > 0.3"},
        method="exponential_euler",
        dtype={"theta": np.float64} | {k: dtype or float for k in ("v", "x", "y", "away")},
        name=name,
    )
    group.run_on_event("often", "x *= 1.01")
    group.run_regularly("y = exp(x*100 - 80)", dt=1.3 * ms, name=f"{name}_slow_clock")
    group.x = np.linspace(0, 1.6, 200)
    group.theta, group.away = 1, 1
    return group


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Results of one program, and of the same network at runtime with NumPy."""
    prefs.codegen.target = "numpy"
    extra_make_args = prefs.devices.cpp_standalone.extra_make_args_unix
    results = {}
    network, read = everything(dense=False, part=False, label="reference")
    reference_cells = many_cells()
    reference_spikes = SpikeMonitor(reference_cells)
    network.add(reference_cells, reference_spikes)
    network.run(RUN_FOR)
    results["numpy"] = read()
    results["numpy cells"] = {n: getattr(reference_cells, n)[:] for n in ("v", "x", "y", "theta")}
    results["numpy spikes"] = reference_spikes.t / ms, np.array(reference_spikes.i)

    set_device("cpp_standalone_fast", build_on_run=False)
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    try:
        readers = {}
        whole = Network()
        for label, dense, dtype in (
            ("dense", True, None),
            ("ordinary", False, None),
            ("single", True, np.float32),
        ):
            network, readers[label] = everything(dense, False, dtype, label)
            whole.add(*network.objects)
        groups = {"cells": many_cells(), "single cells": many_cells(np.float32, "many_single")}
        monitor = SpikeMonitor(groups["cells"])
        whole.add(*groups.values(), monitor)
        whole.run(RUN_FOR / 2)
        whole.run(RUN_FOR / 2)
        device.build(directory=str(tmp_path_factory.mktemp("program")), run=False)
        get_device().run()
        results |= {label: read() for label, read in readers.items()}
        for label, group in groups.items():
            results[label] = {n: np.array(getattr(group, n)[:]) for n in ("v", "x", "y", "theta")}
            results[label]["away"] = np.array(group.away[:])
        results["spikes"] = monitor.t / ms, np.array(monitor.i)
        get_device().run()
        results["again"] = readers["single"]()
    finally:
        get_device().reinit()
        reset_device()
        prefs.devices.cpp_standalone.extra_make_args_unix = extra_make_args
    return results


def test_something_happens(outcome):
    for name in PROJECTIONS:
        v = outcome["dense"][f"{name}.target.v"]
        assert np.unique(v).size > 3, name


def test_dense_equals_ordinary_in_the_program(outcome):
    for name, expected in outcome["ordinary"].items():
        tolerance = 0 if name in EXACT else 1e-12
        np.testing.assert_allclose(
            outcome["dense"][name], expected, rtol=tolerance, atol=tolerance, err_msg=name
        )


def test_dense_in_the_program_equals_numpy(outcome):
    for name, expected in outcome["numpy"].items():
        np.testing.assert_allclose(
            outcome["dense"][name], expected, rtol=1e-10, atol=1e-12, err_msg=name
        )


def test_single_precision_is_close(outcome):
    for name, expected in outcome["dense"].items():
        single = outcome["single"][name]
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, expected, rtol=2e-4, atol=2e-5, err_msg=name)


def test_the_program_gives_the_same_bits_again(outcome):
    for name, expected in outcome["single"].items():
        np.testing.assert_array_equal(outcome["again"][name], expected, err_msg=name)


def test_cells_equal_numpy(outcome):
    for name, expected in outcome["numpy cells"].items():
        np.testing.assert_allclose(
            outcome["cells"][name], expected, rtol=1e-10, atol=1e-14, err_msg=name
        )
    for got, expected in zip(outcome["spikes"], outcome["numpy spikes"], strict=True):
        np.testing.assert_allclose(got, expected)
    assert len(outcome["spikes"][0]) > 100


def test_exp_in_single_precision(outcome):
    x = outcome["single cells"]["x"].astype(np.float64)
    y = outcome["single cells"]["y"]
    at_update = np.isclose(y, 0) | (y > 0)
    assert at_update.all()
    assert y.max() > 1e30
    np.testing.assert_allclose(np.log(y[y > 1e-30]), 100 * x[y > 1e-30] - 80, rtol=1e-3, atol=2)


def test_double_precision_decay_next_to_single_precision(outcome):
    steps = round(float(RUN_FOR / second) / 0.5e-3)
    expected = np.exp(-0.5e-3 / 1e4 * steps)
    np.testing.assert_allclose(outcome["single cells"]["theta"], expected, rtol=1e-14)
    assert np.all(outcome["single cells"]["theta"] < 1)
