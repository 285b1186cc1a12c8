"""This project's network against the plain NumPy simulation, on random small networks.

Every parameter is drawn, so that none of them can be swapped with another unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from network_harness import (
    Room,
    Trial,
    assert_agree,
    experiment_of,
    run_at_runtime,
    run_standalone,
)
from plain_numpy import (
    Cell,
    Exponential,
    Parameters,
    PowerLaw,
    PreAndPost,
    Result,
    Rule,
    Spikes,
    State,
    TraceDecay,
    Triplet,
    simulate,
)
from plain_numpy.recorder import RECORDABLE

# Learning fast, for changes that are seen within a hundred steps.
RULES = {
    "triplet": Triplet(eta_pre=0.1, eta_post=0.5, w_max=1.5),
    "power_law": PowerLaw(eta=0.3, mu=0.6, w_max=1.5),
    "exponential": Exponential(eta=0.3, w_max=1.5),
    "pre_and_post": PreAndPost(eta_pre=0.1, eta_post=0.3, mu=0.7, w_max=1.5),
    "testing": None,
}
SLIP = Triplet(eta_pre=-0.1, eta_post=0.5, w_max=1.5)
INTEGRATORS = ["euler", "exponential_euler"]
REFRACTORINESS = ["published", "clamped"]
SYNAPSES = ["brian2", "dense"]

STEPS_IMAGE, STEPS_REST, PRESENTATIONS = 40, 10, 2
# Clamped cells are silent for 100 steps of 0.5 ms, so something must happen after these.
CLAMPED_STEPS_IMAGE = 140
ROOM = Room(n_input=30, n_e=11, n_presentations=PRESENTATIONS)


@dataclass(frozen=True)
class Drawn:
    """A random network and its input."""

    parameters: Parameters
    rule: Rule | None
    inputs: Spikes
    weights: np.ndarray
    theta: np.ndarray
    delay_steps: np.ndarray | None = None
    post_before_pre: bool = False

    @property
    def decay(self) -> TraceDecay | None:
        """What the integrator makes of the traces."""
        if self.rule is None:
            return None
        euler = self.parameters.integrator == "euler"
        return (TraceDecay.euler if euler else TraceDecay.exact)(self.rule, self.parameters.dt)

    def simulate(self) -> Result:
        """The NumPy simulation of it."""
        state = State.initial(self.theta.size, self.parameters)
        state.theta_e = self.theta.copy()
        return simulate(
            self.parameters,
            self.inputs,
            self.weights,
            PRESENTATIONS,
            rule=self.rule,
            state=state,
            trace_decay=self.decay,
            post_before_pre=self.post_before_pre,
            delay_steps=self.delay_steps,
            record=RECORDABLE,
        )

    def trial(self, synapses: str) -> Trial:
        """This project's network for it."""
        return Trial(
            experiment=experiment_of(
                *(self.parameters, self.rule, self.theta.size, synapses),
                delayed=self.delay_steps is not None,
                post_before_pre=self.post_before_pre,
            ),
            learning=self.rule is not None,
            inputs=self.inputs,
            weights=self.weights,
            theta=self.theta,
            n_presentations=PRESENTATIONS,
            delay_steps=self.delay_steps,
        )


def varied(section: Cell | Rule, rng: np.random.Generator) -> Cell | Rule:
    """The same with every voltage changed by up to 2 mV, every other number by up to a tenth."""
    changes = {}
    for name in (field.name for field in fields(section)):
        if isinstance(section, Cell) and name.startswith(("v_", "e_")):
            changes[name] = getattr(section, name) + rng.uniform(-2e-3, 2e-3)
        elif name == "refractory":
            changes[name] = section.refractory + rng.integers(-1, 2) * Parameters().dt
        else:
            changes[name] = getattr(section, name) * rng.uniform(0.9, 1.1)
    return replace(section, **changes)


def random_network(
    rule: Rule | None,
    integrator: str,
    refractoriness: str,
    seed: int,
    n_input: int,
    n_e: int,
    steps_image: int | None = None,
) -> Drawn:
    """A lively network: cells fire from the first steps on, some of them together."""
    rng = np.random.default_rng(seed)
    usual = STEPS_IMAGE if refractoriness == "published" else CLAMPED_STEPS_IMAGE
    normal = Parameters()
    parameters = Parameters(
        integrator=integrator,
        refractoriness=refractoriness,
        e=replace(varied(normal.e, rng), v_init=-0.06, tau_membrane=0.02),
        i=replace(varied(normal.i, rng), v_init=-0.07),
        tau_ge=rng.uniform(0.9e-3, 1.4e-3),
        tau_gi=rng.uniform(1.6e-3, 2.4e-3),
        w_ei=rng.uniform(9, 12),
        w_ie=rng.uniform(2, 6),
        theta_plus=rng.uniform(0.5e-3, 1e-3),
        theta_offset=rng.uniform(19e-3, 21e-3),
        tau_theta=rng.uniform(0.5, 2),
        steps_image=steps_image or usual,
        steps_rest=STEPS_REST,
        weight_sum=n_input * rng.uniform(0.2, 0.6),
    )
    # Some weights are above w_max at first, where the rules must still give numbers.
    size = (n_input, n_e)
    weights = rng.random(size) * rng.choice([0.1, 1, 8], size, p=[0.1, 0.8, 0.1])
    steps = PRESENTATIONS * parameters.steps_presentation
    fires = rng.random((steps, n_input)) < 0.12
    fires[np.arange(steps) % parameters.steps_presentation >= parameters.steps_image] = False
    return Drawn(
        parameters=parameters,
        rule=None if rule is None else varied(rule, rng),
        inputs=Spikes(*np.nonzero(fires)),
        weights=weights,
        theta=rng.uniform(18e-3, 24e-3, n_e),
    )


def delayed(network: Drawn, seed: int) -> Drawn:
    """The same with delays up to the length of a rest."""
    delays = np.random.default_rng(seed).integers(0, STEPS_REST + 1, network.weights.shape)
    return replace(network, delay_steps=delays)


def assert_lively(result: Result) -> None:
    """There are spikes of both kinds to agree on, and a cell that has recovered from one."""
    assert result.e_spikes.step.size >= 5
    assert result.i_spikes.step.size >= 5
    assert np.bincount(result.e_spikes.index).max() >= 2


random_cases = given(seed=st.integers(0, 2**31), n_input=st.integers(10, 30), n_e=st.integers(2, 8))
# Numbers come from the seed: to shrink it would only find another network.
few_examples = settings(max_examples=2, phases=(Phase.explicit, Phase.generate))
one_example = settings(few_examples, max_examples=1)


@pytest.mark.parametrize("refractoriness", REFRACTORINESS)
@pytest.mark.parametrize("integrator", INTEGRATORS)
@pytest.mark.parametrize("rule", RULES)
@few_examples
@random_cases
def test_runtime_agrees(
    rule: str, integrator: str, refractoriness: str, seed: int, n_input: int, n_e: int
) -> None:
    network = random_network(RULES[rule], integrator, refractoriness, seed, n_input, n_e)
    result = network.simulate()
    assert_lively(result)
    for synapses in SYNAPSES:
        assert_agree(run_at_runtime(network.trial(synapses)), result)


@pytest.mark.parametrize("rule", RULES)
@few_examples
@random_cases
def test_delays_agree(rule: str, seed: int, n_input: int, n_e: int) -> None:
    """With delays up to the length of a rest; traces on synapses decay exactly."""
    network = random_network(RULES[rule], "exponential_euler", "published", seed, n_input, n_e)
    network = delayed(network, seed)
    result = network.simulate()
    assert_lively(result)
    assert_agree(run_at_runtime(network.trial("brian2")), result)


@pytest.mark.parametrize("rule", [SLIP, None], ids=["learning", "testing"])
@one_example
@random_cases
def test_lockout_and_sign_slip_of_the_ports_agree(
    rule: Rule | None, seed: int, n_input: int, n_e: int
) -> None:
    """No spike for 50 ms, the voltage held for the first few of them and free for the others."""
    network = random_network(rule, "euler", "lockout", seed, n_input, n_e)
    result = network.simulate()
    assert_lively(result)
    for synapses in SYNAPSES:
        assert_agree(run_at_runtime(network.trial(synapses)), result)


@pytest.mark.parametrize("rule", [name for name, rule in RULES.items() if rule is not None])
@one_example
@random_cases
def test_the_other_order_of_updates_agrees(rule: str, seed: int, n_input: int, n_e: int) -> None:
    """Without delays and with them."""
    network = random_network(RULES[rule], "exponential_euler", "published", seed, n_input, n_e)
    network = replace(network, post_before_pre=True)
    result = network.simulate()
    assert_lively(result)
    for synapses in SYNAPSES:
        assert_agree(run_at_runtime(network.trial(synapses)), result)
    network = delayed(network, seed)
    assert_agree(run_at_runtime(network.trial("brian2")), network.simulate())


# All share one room, and there is one program for each combination, some seconds to compile.
COMPILED = [
    *((rule, integrator, "dense") for rule in RULES for integrator in INTEGRATORS),
    *((rule, "exponential_euler", "brian2") for rule in RULES),
]


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "integrator", "synapses"), COMPILED)
def test_standalone_agrees(rule: str, integrator: str, synapses: str, programs: Path) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n_input, n_e = int(rng.integers(10, 31)), int(rng.integers(2, ROOM.n_e + 1))
        network = random_network(RULES[rule], integrator, "published", seed, n_input, n_e)
        result = network.simulate()
        assert_lively(result)
        assert_agree(run_standalone(network.trial(synapses), programs, ROOM), result)
