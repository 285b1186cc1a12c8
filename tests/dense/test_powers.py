"""Powers in dense synapses: those of one half are square roots, the others what they were."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, defaultclock, ms
from brian2.devices.device import get_device, reset_device, set_device

from diehl_cook.dense import DenseSynapses

ROWS, COLUMNS = 9, 40
SHARED = "w : 1\nmu : 1 (shared, constant)\nnu : 1 (shared, constant)"
POWER, WITH_TRACE = "w = 0.9 * w**mu", "w = clip(w - 0.3 * x_post * w**mu, 0, 1)"
#: Code, pathway, exponents mu and nu.
KINDS = {
    "rows": (POWER, "on_pre", 0.5, 1),
    "rows_other": (POWER, "on_pre", 0.4, 1),
    "columns": (POWER, "on_post", 0.5, 1),
    "columns_other": (POWER, "on_post", 0.4, 1),
    "squared_too": ("w = w**mu * int(i >= 0)**2", "on_pre", 0.5, 1),
    "two": ("w = 0.9 * w**mu * w**nu", "on_pre", 0.5, 0.25),
    "trace": (WITH_TRACE, "on_pre", 0.5, 1),
    "trace_other": (WITH_TRACE, "on_pre", 0.4, 1),
    "below": ("w = (w - 2)**mu", "on_pre", 0.5, 1),
    "below_nearly": ("w = (w - 2)**mu", "on_pre", 0.500001, 1),
    "computed": ("w = 0.9 * w**(mu*nu)", "on_pre", 0.5, 0.5),
}


@pytest.fixture(scope="module")
def powers(tmp_path_factory):
    """Weights before and after the one spike of every cell, and what traces were then."""
    set_device("cpp_standalone_fast", build_on_run=False)
    device = get_device()
    single = {"w": np.float32, "mu": np.float32, "nu": np.float32}
    try:
        defaultclock.dt = 0.5 * ms
        inputs = NeuronGroup(ROWS, "", threshold="t < dt", name="inputs")
        cells = NeuronGroup(
            COLUMNS,
            "dx/dt = -x/(20*ms) : 1",
            threshold="t < dt",
            reset="",
            method="exact",
            dtype={"x": np.float32},
            name="cells",
        )
        cells.x = x = np.arange(COLUMNS) % 4 // 3
        before = np.random.default_rng(0).uniform(0, 1, (ROWS, COLUMNS)).astype(np.float32)
        before[0, 0] = 0
        groups = {}
        for name, (code, pathway, mu, nu) in KINDS.items():
            synapses = DenseSynapses(
                inputs, cells, SHARED, **{pathway: code}, dtype=single, name=f"powers_{name}"
            )
            synapses.w, synapses.mu, synapses.nu = before.ravel(), mu, nu
            groups[name] = synapses
        among = DenseSynapses(
            cells, cells, "w : 1", on_pre="w = w**half", include_self=False, dtype=single,
            namespace={"half": 0.5}, name="powers_among",
        )  # fmt: skip
        among.w = 0.3
        double = DenseSynapses(inputs, cells, SHARED, on_pre=POWER, name="powers_double")
        double.w, double.mu, double.nu = before.ravel(), 0.5, 1
        Network(inputs, cells, *groups.values(), among, double).run(defaultclock.dt)
        device.build(directory=str(tmp_path_factory.mktemp("powers")))
        after = {name: np.array(group.matrix("w")) for name, group in groups.items()}
        after |= {"among": np.array(among.w[:]), "double": np.array(double.matrix("w"))}
        return before, after, x * np.exp(-0.5 / 20)
    finally:
        device.reinit()
        reset_device()


@pytest.mark.parametrize("name", ["rows", "columns"])
def test_a_power_of_one_half_is_the_square_root_to_the_bit(powers, name):
    before, after, _ = powers
    np.testing.assert_array_equal(after[name], np.float32(0.9) * np.sqrt(before))


@pytest.mark.parametrize("name", ["rows_other", "columns_other", "two", "computed"])
def test_other_powers_are_powers(powers, name):
    before, after, _ = powers
    exponent = {"two": 0.75, "computed": 0.25}.get(name, 0.4)
    np.testing.assert_allclose(after[name], 0.9 * before.astype(float) ** exponent, rtol=2e-6)


def test_exponents_that_are_written_out_do_not_count(powers):
    before, after, _ = powers
    np.testing.assert_array_equal(after["squared_too"], np.sqrt(before))


@pytest.mark.parametrize(("name", "mu"), [("trace", 0.5), ("trace_other", 0.4)])
def test_where_columns_are_left_alone_too(powers, name, mu):
    before, after, x = powers
    expected = np.clip(before - 0.3 * x * before.astype(float) ** mu, 0, 1)
    np.testing.assert_allclose(after[name], expected, rtol=2e-6, atol=2e-7)


def test_an_exponent_may_be_a_number_of_the_namespace(powers):
    _, after, _ = powers
    expected = np.full((COLUMNS, COLUMNS), np.sqrt(np.float32(0.3)))
    np.fill_diagonal(expected, 0.3)  # no synapse
    np.testing.assert_array_equal(after["among"], expected.ravel())


def test_a_root_of_a_negative_number_is_what_powers_beside_it_are(powers):
    _, after, _ = powers
    np.testing.assert_allclose(after["below"], after["below_nearly"], rtol=1e-5)


def test_double_precision_is_as_ever(powers):
    before, after, _ = powers
    assert after["double"].dtype == np.float64
    np.testing.assert_allclose(after["double"], 0.9 * np.sqrt(before.astype(float)), rtol=1e-15)
