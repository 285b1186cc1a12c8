"""Each learning rule on two inputs and one cell, against changes worked out by hand."""

import re
from math import exp
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from brian2 import NeuronGroup, TimedArray, defaultclock, ms, prefs

from diehl_cook.model import neurons, protocol
from diehl_cook.model.experiment import Experiment, ExperimentError
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.model.network import build_network
from diehl_cook.model.plasticity import RULES, PowerLaw, PreAndPost

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
DOCS = Path(__file__).parents[2] / "docs" / "learning_rules.md"
DT = 0.5
START = [0.2, 0.6]


@pytest.fixture(autouse=True)
def interpreted():
    before, prefs.codegen.target = prefs.codegen.target, "numpy"
    yield
    prefs.codegen.target = before


def decay(steps, tau):
    return exp(-steps * DT / tau)


def experiment_of(rule, **parameters):
    return Experiment.model_validate(
        {
            "cells": 1,
            "rule": rule,
            "synapses": "brian2",
            "precision": "double",
            "plasticity": {rule: parameters},
            "training": {"images": 1},
        }
    )


def weights_after(experiment, steps, input_spikes=(), cell_spikes=(), start=START):
    """Weights after some steps of 0.5 ms, with spikes of the first input and the cell given."""
    rule = experiment.learning_rule
    defaultclock.dt = DT * ms
    inputs = NeuronGroup(
        2,
        neurons.input_trace_equations(experiment.learning_rule),
        threshold="input_fires(t, i) > 0",
        reset=rule.on_input_spike,
        name="input",
    )
    inputs.resetter["spike"].when = "after_thresholds"
    network = build_network(experiment, inputs, learning=True)
    network["excitatory"].run_regularly(
        "v = (cell_fires(t) - 1) * volt", when="before_thresholds", name="drive"
    )
    network.add(network["excitatory"].contained_objects)
    values = protocol.parameter_values(experiment)
    values |= protocol.resting_state(experiment, np.array(start)[:, None], np.array([0.02]))
    values["excitatory.refractory_period"] = np.array([0.0])
    for name, value in values.items():
        group, variable = name.split(".")
        if group in network and variable in network[group].variables:
            network[group].variables[variable].set_value(value)
    namespace = {
        "input_fires": spike_train([(step, 0) for step in input_spikes], (steps, 2)),
        "cell_fires": spike_train(cell_spikes, steps),
    }
    network.run(steps * DT * ms, namespace=namespace)
    return np.array(network["input_to_excitatory"].w)


def spike_train(positions, shape):
    train = np.zeros(shape)
    for position in positions:
        train[position] = 1
    return TimedArray(train, dt=DT * ms)


def test_power_law():
    experiment = experiment_of("power_law", eta=0.1, x_target=0.4, mu=0.5, tau_presynaptic="20 ms")
    weights = weights_after(experiment, 8, input_spikes=[1, 3], cell_spikes=[5])
    x = decay(4, 20) + decay(2, 20)
    expected = [
        0.2 + 0.1 * (x - 0.4) * (1 - 0.2) ** 0.5,
        0.6 + 0.1 * (0 - 0.4) * (1 - 0.6) ** 0.5,
    ]
    np.testing.assert_allclose(weights, expected, rtol=1e-9)


def test_exponential():
    experiment = experiment_of(
        "exponential", eta=0.1, x_target=0.2, beta=2.0, tau_presynaptic="10 ms"
    )
    weights = weights_after(experiment, 8, input_spikes=[1, 3], cell_spikes=[5])
    x = decay(4, 10) + decay(2, 10)
    expected = [
        0.2 + 0.1 * (x * exp(-2 * 0.2) - 0.2 * exp(-2 * (1 - 0.2))),
        0.6 - 0.1 * 0.2 * exp(-2 * (1 - 0.6)),
    ]
    np.testing.assert_allclose(weights, expected, rtol=1e-9)


def test_pre_and_post():
    experiment = experiment_of(
        "pre_and_post",
        eta_presynaptic=0.05,
        eta_postsynaptic=0.1,
        x_target=0.2,
        mu=0.5,
        tau_presynaptic="20 ms",
        tau_postsynaptic="30 ms",
    )
    weights = weights_after(experiment, 8, input_spikes=[1, 6], cell_spikes=[3, 4])
    first = 0.2 + 0.1 * (decay(2, 20) - 0.2) * (1 - 0.2) ** 0.5
    second = first + 0.1 * (decay(3, 20) - 0.2) * (1 - first) ** 0.5
    x_post = decay(3, 30) + decay(2, 30)
    unfed = 0.6 - 0.1 * 0.2 * (1 - 0.6) ** 0.5
    expected = [
        second - 0.05 * x_post * second**0.5,
        unfed - 0.1 * 0.2 * (1 - unfed) ** 0.5,
    ]
    np.testing.assert_allclose(weights, expected, rtol=1e-9)


def test_triplet():
    experiment = experiment_of("triplet", eta_presynaptic=0.05, eta_postsynaptic=0.1)
    weights = weights_after(experiment, 9, input_spikes=[0, 1, 7], cell_spikes=[3, 5])
    # Nearest spikes only; the first excitatory spike finds no trace of an earlier one.
    expected = 0.2 + 0.1 * decay(4, 20) * decay(2, 40) - 0.05 * decay(2, 20)
    np.testing.assert_allclose(weights, [expected, 0.6], rtol=1e-9)


def test_spikes_of_the_same_step():
    """The input's trace is set before both changes, the cell's after them."""
    experiment = experiment_of("triplet", eta_presynaptic=0.05, eta_postsynaptic=0.1)
    weights = weights_after(experiment, 6, input_spikes=[4], cell_spikes=[2, 4])
    expected = 0.2 - 0.05 * decay(2, 20) + 0.1 * 1 * decay(2, 40)
    np.testing.assert_allclose(weights, [expected, 0.6], rtol=1e-9)


def test_spikes_of_the_same_step_in_the_other_order():
    """The cell's change sees the input's trace as it was, the input's the new one of the cell."""
    experiment = experiment_of("triplet", eta_presynaptic=0.05, eta_postsynaptic=0.1)
    post_first = experiment.connections.model_copy(update={"update_order": "post_first"})
    experiment = experiment.model_copy(update={"connections": post_first})
    weights = weights_after(experiment, 6, input_spikes=[1, 4], cell_spikes=[2, 4])
    expected = 0.2 + 0.1 * decay(3, 20) * decay(2, 40) - 0.05 * 1
    np.testing.assert_allclose(weights, [expected, 0.6], rtol=1e-9)


def test_sign_slip_of_the_ports_strengthens_at_both_spikes():
    experiment = experiment_of("triplet", eta_presynaptic=-0.05, eta_postsynaptic=0.1)
    weights = weights_after(experiment, 6, input_spikes=[4], cell_spikes=[2])
    np.testing.assert_allclose(weights, [0.2 + 0.05 * decay(2, 20), 0.6], rtol=1e-9)
    experiment = experiment_of("triplet", eta_presynaptic=-5.0)
    np.testing.assert_array_equal(weights_after(experiment, 6, [4], [2]), [1, 0.6])


@pytest.mark.parametrize("rule", ["power_law", "exponential"])
def test_input_spikes_alone_change_nothing(rule):
    assert RULES[rule].on_pre == ""
    weights = weights_after(experiment_of(rule), 6, input_spikes=range(6))
    np.testing.assert_array_equal(weights, START)


@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("inputs", [range(1, 40), range(0)], ids=["fed", "unfed"])
def test_weights_stay_in_bounds(rule, inputs):
    rates = {name: 5.0 for name in RULES[rule].model_fields if name.startswith("eta")}
    experiment = experiment_of(rule, **rates)
    weights = weights_after(experiment, 40, inputs, range(1, 40, 3), start=[0.0, 1.0])
    assert np.all((weights >= 0) & (weights <= 1))


@pytest.mark.parametrize("rule", ["power_law", "pre_and_post"])
def test_weight_that_the_normalisation_lifted_above_its_bound_stays_a_number(rule):
    weights = weights_after(experiment_of(rule), 6, [1], [3], start=[1.3, 1.2])
    assert np.all((weights >= 0) & (weights <= 1))


def test_values_of_the_published_code():
    rule = load_experiment(EXPERIMENTS / "n400.yaml").learning_rule
    assert (rule.eta_presynaptic, rule.eta_postsynaptic) == (1e-4, 1e-2)
    assert [float(tau / ms) for tau in (rule.tau_presynaptic, rule.tau_postsynaptic_1)] == [20, 20]
    assert float(rule.tau_postsynaptic_2 / ms) == 40


class Everywhere(PreAndPost):
    """Changes of weights, too, use what belongs to the traces."""

    on_input_spike: ClassVar[str] = "x += eta_presynaptic"
    on_excitatory_spike: ClassVar[str] = "x += eta_postsynaptic"
    on_pre: ClassVar[str] = (
        "w = clip(w - eta_presynaptic * x_post * tau_presynaptic / tau_postsynaptic, 0, w_max)"
    )
    on_post: ClassVar[str] = (
        "w = clip(w + eta_postsynaptic * x_pre * tau_postsynaptic / tau_presynaptic, 0, w_max)"
    )


@pytest.mark.parametrize("synapses", ["brian2", "dense"])
def test_a_parameter_may_be_used_wherever_a_rule_has_something_to_say(synapses):
    parameters = {"eta_presynaptic": 0.5, "eta_postsynaptic": 0.25}
    taus = {"tau_presynaptic": "20 ms", "tau_postsynaptic": "10 ms"}
    rule = Everywhere.model_validate(parameters | taus)
    real = experiment_of("triplet")
    sections = {name: getattr(real, name) for name in type(real).model_fields}
    experiment = SimpleNamespace(**sections | {"synapses": synapses}, learning_rule=rule)
    weights = weights_after(experiment, 8, input_spikes=[1, 6], cell_spikes=[3])
    first = 0.2 + 0.25 * 0.5 * decay(2, 20) * 10 / 20
    expected = first - 0.5 * 0.25 * decay(3, 10) * 20 / 10
    np.testing.assert_allclose(weights, [expected, 0.6], rtol=1e-9)


class Saturating(PowerLaw):
    excitatory_traces: ClassVar[str] = "dx/dt = -x**2 / tau_presynaptic : 1"


def test_traces_that_exponential_euler_cannot_integrate_are_told_with_what_can():
    real = experiment_of("power_law")
    sections = {name: getattr(real, name) for name in type(real).model_fields}
    experiment = SimpleNamespace(**sections, learning_rule=Saturating())
    with pytest.raises(ExperimentError, match=r"^rule: power_law: .*'x', could .*euler'$"):
        protocol.build_presentation(experiment, learning=True, n_inputs=2, capacity=1)
    experiment.integration = "euler"
    np.testing.assert_array_equal(weights_after(experiment, 2), START)


def test_fifth_rule_of_the_documentation():
    """The class as printed is all that a rule needs: the network runs it as it is."""
    code, *_ = re.findall(r"```python\n(from typing .*?)```", DOCS.read_text(), re.DOTALL)
    names = {"__name__": __name__}  # nothing but what the page imports
    exec(compile(code, str(DOCS), "exec", dont_inherit=True), names)
    pair = names["Pair"](eta_presynaptic=0.05, eta_postsynaptic=0.1)
    real = experiment_of("triplet")
    sections = {name: getattr(real, name) for name in type(real).model_fields}
    experiment = SimpleNamespace(**sections, learning_rule=pair)
    weights = weights_after(experiment, 8, input_spikes=[1, 6], cell_spikes=[3, 4])
    expected = 0.2 + 0.1 * (decay(2, 20) + decay(3, 20)) - 0.05 * (decay(3, 20) + decay(2, 20))
    np.testing.assert_allclose(weights, [expected, 0.6], rtol=1e-9)
