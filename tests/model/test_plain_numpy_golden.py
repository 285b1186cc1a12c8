"""The NumPy simulation against the authors' published code, and against numbers by hand."""

from __future__ import annotations

import ast
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from plain_numpy import (
    Exponential,
    GoldenCase,
    Parameters,
    PowerLaw,
    PreAndPost,
    Result,
    Rule,
    Spikes,
    State,
    TraceDecay,
    Triplet,
    assert_matches,
    count_spikes,
    differences,
    golden_cases,
    golden_id,
    golden_paths,
    load_golden,
    observations_of,
    parameters_of,
    replay,
    simulate,
)
from plain_numpy.brian1 import Brian1DelayedSynapses, delays_of_other_synapses
from plain_numpy.cells import membrane, update_state
from plain_numpy.golden import DEFAULT_FOLDER
from plain_numpy.synapses import DelayedSynapses, InputSynapses

ALL_RULES = [PowerLaw(), Exponential(), PreAndPost(), Triplet()]
DECAY = TraceDecay(pre=0.5, post1=0.8, post2=0.9)
NOBODY = np.zeros(0, dtype=np.int64)
FIRST = np.array([0])


def golden(name: str) -> GoldenCase:
    """Load a file of this repository, wherever GOLDEN_DIR points."""
    return load_golden(DEFAULT_FOLDER / f"{name}.npz")


# --- The recordings ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", golden_cases(), ids=golden_id)
def test_numpy_simulation_matches_recording(case: GoldenCase) -> None:
    assert_matches(case, observations_of(replay(case), case))


def test_all_recordings_are_here() -> None:
    kinds = {
        (c.training, c.has_delay, c.post_before_pre, c.n_e) for c in golden_cases(DEFAULT_FOLDER)
    }
    assert kinds == {
        (False, False, False, 16),
        (True, False, False, 16),
        (True, False, True, 16),
        (True, True, False, 16),
        (True, False, False, 100),
    }


@pytest.mark.parametrize("name", ["stdp_n16", "stdp_postfirst_n16"])
def test_the_order_of_updates_is_visible_in_the_recording(name: str) -> None:
    case = golden(name)
    other = replay(case, post_before_pre=not case.post_before_pre)
    assert differences(case, observations_of(other, case), names=["w_after"])


def test_without_slips_delayed_plasticity_differs_from_recording() -> None:
    case = golden("stdp_delay_n16")
    meant, happened = replay(case, slips=False), replay(case, slips=True)
    assert np.abs(meant.w_after - happened.w_after).max() > 1e-3
    assert differences(case, observations_of(meant, case), names=["w_after"])


def test_delays_of_zero_are_no_delays() -> None:
    case = golden("stdp_n16")
    delayed = simulate(
        parameters_of(case),
        case.inputs,
        case.w_init,
        case.n_images,
        rule=Triplet(),
        trace_decay=case.trace_decay,
        delay_steps=np.zeros(case.w_init.shape, dtype=np.int64),
    )
    names = ["e_spike_step", "e_spike_index", "theta_after", "w_start", "w_after"]
    assert_matches(case, observations_of(delayed, case), names)


@pytest.mark.parametrize(
    "changes",
    [
        {"integrator": "exponential_euler"},
        {"theta_plus": 0.0501e-3},
        {"tau_theta": 1.01e4},
        {"weight_sum": 78.001},
    ],
    ids=str,
)
def test_a_slightly_different_network_does_not_match(changes: dict[str, object]) -> None:
    case = golden("stdp_n16")
    result = replay(case, parameters=parameters_of(case, **changes))
    assert differences(case, observations_of(result, case))


# --- Loading and comparing --------------------------------------------------------------------


def test_golden_dir_names_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(DEFAULT_FOLDER / "stdp_n16.npz", tmp_path / "another.npz")
    monkeypatch.setenv("GOLDEN_DIR", str(tmp_path))
    (case,) = golden_cases()
    assert golden_id(case) == "golden-another"
    assert_matches(case, observations_of(replay(case), case))


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no golden file"):
        golden_paths(tmp_path)


@pytest.mark.parametrize("lost", ["w_init", "decay_post2", "delay_steps", "w_after_image"])
def test_an_incomplete_file_is_an_error_that_names_it(tmp_path: Path, lost: str) -> None:
    with np.load(DEFAULT_FOLDER / "stdp_delay_n16.npz") as file:
        arrays = {name: file[name] for name in file.files if name != lost}
    np.savez(tmp_path / "damaged.npz", **arrays)
    with pytest.raises(ValueError, match=rf"damaged\.npz.*'{lost}'"):
        load_golden(tmp_path / "damaged.npz")


@pytest.mark.parametrize("damage", ["change", "nan", "shape", "missing"])
@pytest.mark.parametrize("name", golden("stdp_n16").observations)
def test_comparison_sees_every_observation(name: str, damage: str) -> None:
    case = golden("stdp_n16")
    observed = dict(case.observations)
    assert differences(case, observed) == []
    array = observed.pop(name)
    if damage == "shape":
        observed[name] = array[1:]
    elif damage != "missing":
        changed = array.astype(float)
        changed.flat[-1] += 2e-10 if damage == "change" else math.nan
        observed[name] = changed
    (line,) = differences(case, observed)
    assert line.startswith(f"{name}: ")


# --- The rules, by hand -----------------------------------------------------------------------


def synapses_by_hand(
    rule: Rule,
    w: list[list[float]],
    pre: list[float] | None = None,
    post1: list[float] | None = None,
    post2: list[float] | None = None,
    post_before_pre: bool = False,
) -> InputSynapses:
    """Synapses of two inputs and two E cells with given traces."""
    synapses = InputSynapses(np.array(w), rule, DECAY, post_before_pre)
    for trace, values in ((synapses.pre, pre), (synapses.post1, post1), (synapses.post2, post2)):
        if values is not None:
            trace[:] = values
    return synapses


def test_power_law_by_hand() -> None:
    rule = PowerLaw(eta=0.1, x_tar=0.4, mu=0.5)
    synapses = synapses_by_hand(rule, [[0.19, 0.64], [0.75, 0.51]], pre=[0.5, 0.0])
    synapses.deliver(0, FIRST, NOBODY)
    np.testing.assert_array_equal(synapses.w, [[0.19, 0.64], [0.75, 0.51]])
    synapses.deliver(1, NOBODY, FIRST)  # pre is now (1.5, 0)
    # 0.19 + 0.1 (1.5 - 0.4) 0.81^0.5 and 0.75 + 0.1 (0 - 0.4) 0.25^0.5
    np.testing.assert_allclose(synapses.w, [[0.289, 0.64], [0.73, 0.51]], rtol=1e-14)


def test_exponential_by_hand() -> None:
    rule = Exponential(eta=0.1, x_tar=0.2, beta=2.0)
    synapses = synapses_by_hand(rule, [[0.5, 0.5], [0.25, 0.5]], pre=[1.0, 0.0])
    synapses.deliver(0, NOBODY, FIRST)
    # 0.5 + 0.1 (exp(-1) - 0.2 exp(-1)) and 0.25 - 0.1 * 0.2 exp(-2 * 0.75)
    by_hand = [[0.529430355293715, 0.5], [0.245537396797031, 0.5]]
    np.testing.assert_allclose(synapses.w, by_hand, rtol=1e-14)


def test_pre_and_post_by_hand() -> None:
    rule = PreAndPost(eta_pre=0.1, eta_post=0.2, x_tar=0.3, mu=0.5)
    start = [[0.36, 0.5], [0.19, 0.5]]
    synapses = synapses_by_hand(rule, start, pre=[0.5, 0.0], post1=[1.8, 0.0])
    synapses.deliver(0, FIRST, NOBODY)
    # 0.36 - 0.1 * 1.8 * 0.36^0.5
    np.testing.assert_allclose(synapses.w, [[0.252, 0.5], [0.19, 0.5]], rtol=1e-14)

    synapses = synapses_by_hand(rule, start, pre=[1.5, 0.0], post1=[1.8, 0.0])
    synapses.deliver(0, NOBODY, FIRST)
    # 0.36 + 0.2 (1.5 - 0.3) 0.64^0.5 and 0.19 + 0.2 (0 - 0.3) 0.81^0.5
    np.testing.assert_allclose(synapses.w, [[0.552, 0.5], [0.136, 0.5]], rtol=1e-14)
    np.testing.assert_allclose(synapses.post1, [2.8, 0.0])


def test_triplet_by_hand() -> None:
    rule = Triplet(eta_pre=0.1, eta_post=0.2)
    synapses = synapses_by_hand(rule, [[0.25, 0.5], [0.75, 1.0]])
    synapses.deliver(0, NOBODY, FIRST)  # post2 was 0: no change
    synapses.decay_traces()
    arriving = synapses.deliver(1, FIRST, NOBODY)
    np.testing.assert_array_equal(arriving, [0.25, 0.5])  # the weights before the update
    # 0.25 - 0.1 * 0.8
    np.testing.assert_allclose(synapses.w, [[0.17, 0.5], [0.75, 1.0]], rtol=1e-14)
    synapses.decay_traces()
    synapses.deliver(2, NOBODY, FIRST)
    # 0.17 + 0.2 * 0.5 * 0.9^2
    np.testing.assert_allclose(synapses.w, [[0.251, 0.5], [0.75, 1.0]], rtol=1e-14)


@pytest.mark.parametrize(("post_before_pre", "weight", "arrives"), [(0, 0.6, 0.5), (1, 0.41875, 0)])
def test_input_and_e_spike_in_one_step(
    post_before_pre: bool, weight: float, arrives: float
) -> None:
    synapses = synapses_by_hand(
        Triplet(eta_pre=0.1, eta_post=0.2),
        [[0.5, 0.0], [0.0, 0.0]],
        pre=[0.125, 0.0],
        post1=[0.5, 0.0],
        post2=[0.75, 0.0],
        post_before_pre=post_before_pre,
    )
    arriving = synapses.deliver(0, FIRST, FIRST)
    # pre first: 0.5 - 0.1 * 0.5 + 0.2 * 1 * 0.75; post first: 0.5 + 0.2 * 0.125 * 0.75 - 0.1 * 1
    assert synapses.w[0, 0] == pytest.approx(weight, abs=1e-15)
    assert arriving[0] == pytest.approx(arrives or 0.51875, abs=1e-15)


@pytest.mark.parametrize(("rule", "trace"), [(r, 1.0 + r.accumulates) for r in ALL_RULES], ids=str)
def test_traces_add_except_for_triplet(rule: Rule, trace: float) -> None:
    synapses = synapses_by_hand(rule, [[0.5, 0.5], [0.5, 0.5]])
    for step in range(2):
        synapses.deliver(step, FIRST, FIRST)
    assert synapses.pre[0] == synapses.post1[0] == synapses.post2[0] == trace


def test_clipping_touches_what_spiked_and_nothing_else() -> None:
    synapses = synapses_by_hand(Triplet(eta_pre=1.0), [[1.5, 0.1], [1.5, 0.1]], post1=[0, 1.0])
    synapses.deliver(0, FIRST, NOBODY)
    np.testing.assert_array_equal(synapses.w, [[1.0, 0.0], [1.5, 0.1]])
    synapses = synapses_by_hand(Triplet(), [[1.5, 1.5], [1.5, 1.5]])
    synapses.deliver(0, NOBODY, FIRST)
    np.testing.assert_array_equal(synapses.w, [[1.0, 1.5], [1.0, 1.5]])


@pytest.mark.parametrize("rule", [PowerLaw(), Exponential()], ids=str)
def test_rules_without_pre_update_do_not_clip_at_input_spikes(rule: Rule) -> None:
    synapses = synapses_by_hand(rule, [[1.5, 0.5], [0.5, 0.5]])
    synapses.deliver(0, FIRST, NOBODY)
    assert synapses.w[0, 0] == 1.5


@pytest.mark.parametrize("rule", ALL_RULES, ids=str)
def test_weights_above_the_bound_stay_numbers(rule: Rule) -> None:
    synapses = synapses_by_hand(rule, [[1.5, 1.5], [0.0, 0.0]])
    synapses.deliver(0, FIRST, FIRST)
    assert np.isfinite(synapses.w).all()


# --- Delays, by hand --------------------------------------------------------------------------


def test_delayed_spike_meets_what_is_there_when_it_arrives() -> None:
    w = np.array([[0.5, 0.4]])
    rule = Triplet(eta_pre=0.1, eta_post=0.2)
    synapses = DelayedSynapses(w, np.array([[2, 0]]), rule, TraceDecay(0.5, 0.8, 0.9))
    np.testing.assert_array_equal(synapses.deliver(0, FIRST, NOBODY), [0.0, 0.4])
    np.testing.assert_array_equal(synapses.pre, [[0.0, 1.0]])
    synapses.decay_traces()
    synapses.deliver(1, NOBODY, FIRST)  # sees its own trace, still 0
    np.testing.assert_array_equal(synapses.w, w)
    synapses.decay_traces()
    np.testing.assert_array_equal(synapses.deliver(2, NOBODY, NOBODY), [0.5, 0.0])
    np.testing.assert_array_equal(synapses.pre, [[1.0, 0.25]])
    assert synapses.w[0, 0] == pytest.approx(0.5 - 0.1 * 0.8)  # post1, one step after its spike
    synapses.decay_traces()
    synapses.deliver(3, NOBODY, FIRST)
    assert synapses.w[0, 0] == pytest.approx(0.42 + 0.2 * 0.5 * 0.9**2)


@pytest.mark.parametrize("rule", ALL_RULES, ids=str)
def test_equal_delays_shift_the_input(rule: Rule) -> None:
    """With one delay for all, all that happens is that the input comes later."""
    parameters, inputs, w = random_network(seed=4)
    later = Spikes(inputs.step + 7, inputs.index)
    shifted = simulate(parameters, later, w, 2, rule=rule)
    delayed = simulate(parameters, inputs, w, 2, rule=rule, delay_steps=np.full(w.shape, 7))
    assert shifted.e_spikes.step.size > 20
    np.testing.assert_array_equal(shifted.e_spikes.step, delayed.e_spikes.step)
    np.testing.assert_array_equal(shifted.e_spikes.index, delayed.e_spikes.index)
    np.testing.assert_allclose(shifted.weights, delayed.weights, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule", ALL_RULES, ids=str)
def test_each_synapse_has_its_own_delay(rule: Rule) -> None:
    """Without inhibition, each E cell sees the inputs as if they were late, each by its delay."""
    parameters, inputs, w = random_network(seed=5, w_ie=0.0)
    delays = np.random.default_rng(6).integers(0, 20, w.shape)
    delayed = simulate(parameters, inputs, w, 2, rule=rule, delay_steps=delays)
    for cell in range(w.shape[1]):
        later = Spikes.sorted(inputs.step + delays[inputs.index, cell], inputs.index)
        alone = simulate(parameters, later, w[:, [cell]], 2, rule=rule)
        of_cell = delayed.e_spikes.index == cell
        assert of_cell.sum() > 10
        np.testing.assert_array_equal(delayed.e_spikes.step[of_cell], alone.e_spikes.step)
        np.testing.assert_allclose(delayed.weights[:, cell], alone.weights[:, 0], atol=1e-12)


def test_other_synapses_delays_are_those_of_the_wrong_index() -> None:
    delays = np.array([[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(delays_of_other_synapses(delays), [[0, 2], [1, 3], [2, 4]])


@pytest.mark.parametrize(
    ("delays", "complaint"),
    [
        (np.zeros((2, 2), int), "shape"),
        (np.full((1, 2), -1), "whole numbers"),
        (np.full((1, 2), 0.5), "whole numbers"),
        (np.full((1, 2), 20), "19 is the longest"),
    ],
)
def test_bad_delays_are_refused(delays: np.ndarray, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Brian1DelayedSynapses(np.ones((1, 2)), delays)


# --- The cells --------------------------------------------------------------------------------


def random_network(seed: int, **changes: object) -> tuple[Parameters, Spikes, np.ndarray]:
    """A lively network of 20 inputs and 5 E cells, two presentations of 250 steps."""
    rng = np.random.default_rng(seed)
    parameters = Parameters(theta_init=5e-3, steps_image=200, steps_rest=50, weight_sum=20.0).with_(
        **changes
    )
    fires = rng.random((500, 20)) < 0.1
    fires[200:250] = fires[450:] = False
    step, index = np.nonzero(fires)
    return parameters, Spikes(step, index), rng.random((20, 5))


@pytest.mark.parametrize(
    ("integrator", "v"), [("euler", -0.059825), ("exponential_euler", -0.05982608920691434)]
)
def test_membrane_by_hand(integrator: str, v: float) -> None:
    parameters = Parameters(integrator=integrator)
    result = membrane(np.array([-0.06]), np.array([1.0]), np.array([0.5]), parameters.e, parameters)
    assert result[0] == pytest.approx(v, abs=1e-14)


@pytest.mark.parametrize(("integrator", "bounded"), [("euler", 0), ("exponential_euler", 1)])
def test_only_exponential_euler_survives_strong_inhibition(integrator: str, bounded: bool) -> None:
    parameters = Parameters(integrator=integrator)
    v, gi = np.array([-0.06]), np.array([36 * parameters.w_ie])
    v = membrane(v, np.zeros(1), gi, parameters.e, parameters)
    assert (v[0] >= parameters.e.e_inh) == bounded


def test_integrators_agree_for_small_steps() -> None:
    results = []
    for integrator in ("euler", "exponential_euler"):
        parameters = Parameters(integrator=integrator, dt=1e-7)
        v, g = np.array([-0.06]), np.array([0.3])
        results.append(membrane(v, g, g, parameters.e, parameters)[0] - v[0])
    assert results[0] == pytest.approx(results[1], rel=1e-5)


def test_decay_of_traces() -> None:
    exact, euler = (decay(Triplet(), 0.5e-3) for decay in (TraceDecay.exact, TraceDecay.euler))
    assert exact.pre == exact.post1 == golden("stdp_n16").decay_pre
    assert exact.post2 == pytest.approx(0.9875778004938814, abs=1e-15)  # exp(-1/80)
    assert (euler.pre, euler.post1, euler.post2) == pytest.approx((0.975, 0.975, 0.9875))
    assert TraceDecay.exact(PowerLaw(tau_pre=0.5e-3), 0.5e-3) == TraceDecay(pre=math.exp(-1))


@pytest.mark.parametrize(
    ("integrator", "factors"),
    [
        ("euler", (0.5, 0.75, 1 - 5e-8)),
        ("exponential_euler", (math.exp(-0.5), math.exp(-0.25), math.exp(-5e-8))),
    ],
)
def test_decay_of_conductances_and_theta(
    integrator: str, factors: tuple[float, float, float]
) -> None:
    parameters = Parameters(integrator=integrator)
    state = State.initial(1, parameters)
    state.ge_e[:] = state.gi_e[:] = state.ge_i[:] = state.theta_e[:] = 1.0
    update_state(state, parameters, training=True)
    observed = (state.ge_e[0], state.gi_e[0], state.theta_e[0])
    assert observed == pytest.approx(factors, rel=0, abs=1e-15)
    assert state.ge_i[0] == pytest.approx(factors[0], abs=1e-15)


def shortest_interval(result: Result) -> int:
    """Return the shortest time between two spikes of the same E cell, in steps."""
    spikes = result.e_spikes
    return min(
        np.diff(spikes.step[spikes.index == cell]).min(initial=10**6)
        for cell in range(result.weights.shape[1])
    )


@pytest.mark.parametrize("integrator", ["euler", "exponential_euler"])
@pytest.mark.parametrize(
    ("refractoriness", "shortest", "held"),
    [("published", 10, 0), ("lockout", 100, 10), ("clamped", 100, 99)],
)
def test_refractoriness(integrator: str, refractoriness: str, shortest: int, held: int) -> None:
    """Driven hard, a cell fires at the first step allowed; its voltage is held so long, not longer.

    A cell that is held throughout is above threshold as soon as it may be: at the update of the
    100th step, after which it is reset again.
    """
    parameters = Parameters(
        integrator=integrator, refractoriness=refractoriness, steps_image=350, w_ie=0.0
    )
    step = np.repeat(np.arange(350), 2)
    inputs = Spikes(step, np.tile([0, 1], 350))
    result = simulate(parameters, inputs, np.full((2, 1), 20.0), 1, record=["v_e"])
    assert shortest_interval(result) == shortest
    first = result.e_spikes.step[0]
    at_reset = result.records["v_e"][first : first + shortest, 0] == parameters.e.v_reset
    assert at_reset.sum() == held + 1
    assert at_reset[: held + 1].all()


@pytest.mark.parametrize("integrator", ["euler", "exponential_euler"])
@pytest.mark.parametrize(("refractoriness", "held"), [("lockout", 10), ("clamped", 100)])
def test_voltage_is_held_so_long_and_not_longer(
    integrator: str, refractoriness: str, held: int
) -> None:
    """Under a drive below threshold it leaves the reset one step after it was last held."""
    parameters = Parameters(integrator=integrator, refractoriness=refractoriness, w_ie=0.0)
    step = np.arange(350)
    result = simulate(
        parameters,
        Spikes(step, np.where(step < 8, 0, 1)),
        np.array([[20.0], [0.05]]),
        1,
        record=["v_e"],
    )
    (first,) = result.e_spikes.step
    at_reset = result.records["v_e"][first:350, 0] == parameters.e.v_reset
    assert at_reset[: held + 1].all()
    assert not at_reset[held + 1 :].any()


def test_spikes_of_a_rest_are_counted_with_the_next_image() -> None:
    """Images of 7 steps and rests of 3: the last spike comes too late to be counted at all."""
    spikes = Spikes(np.array([0, 6, 7, 9, 10, 16, 17]), np.array([0, 1, 0, 1, 1, 1, 0]))
    counts = count_spikes(spikes, (2, 2), Parameters(steps_image=7, steps_rest=3))
    np.testing.assert_array_equal(counts, [[1, 1], [1, 3]])


def test_inhibitory_cell_is_clamped_for_four_steps_and_may_fire_in_the_fourth() -> None:
    """An I cell under strong lasting excitation, from the recordings' description of resets."""
    parameters = Parameters(w_ei=400.0, refractoriness="published", w_ie=0.0)
    step = np.repeat(np.arange(100), 2)
    inputs = Spikes(step, np.tile([0, 1], 100))
    weights = np.full((2, 1), 20.0)
    result = simulate(parameters, inputs, weights, 1, record=["v_i", "v_i_updated"])
    assert np.diff(result.i_spikes.step).min() == 4
    first = result.i_spikes.step[0]
    assert (result.records["v_i"][first : first + 5] == parameters.i.v_reset).all()
    assert result.records["v_i_updated"][first + 4, 0] > parameters.i.v_thresh


def test_testing_leaves_weights_and_theta_alone() -> None:
    parameters, inputs, w = random_network(seed=1)
    result = simulate(parameters, inputs, w, 2)
    assert result.e_spikes.step.size > 20
    np.testing.assert_array_equal(result.weights, w)
    np.testing.assert_array_equal(result.theta_after, parameters.theta_init)


@pytest.mark.parametrize("rule", ALL_RULES, ids=str)
def test_training_normalises_before_each_presentation(rule: Rule) -> None:
    parameters, inputs, w = random_network(seed=2)
    result = simulate(parameters, inputs, w, 2, rule=rule)
    np.testing.assert_allclose(result.w_start.sum(axis=1), parameters.weight_sum, rtol=1e-13)
    assert np.abs(result.w_after[0].sum(axis=0) - parameters.weight_sum).max() > 1e-6


@pytest.mark.parametrize(
    ("name", "value"), [("integrator", "rk4"), ("refractoriness", "none"), ("theta_minus", 1.0)]
)
def test_unknown_settings_are_refused(name: str, value: object) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        Parameters().with_(**{name: value})


def test_unknown_records_and_late_spikes_are_refused() -> None:
    parameters, inputs, w = random_network(seed=3)
    with pytest.raises(ValueError, match="gi_i"):
        simulate(parameters, inputs, w, 2, record=["gi_i"])
    with pytest.raises(ValueError, match="simulated are 250"):
        simulate(parameters, inputs, w, 1)


def test_it_imports_numpy_only() -> None:
    folder = DEFAULT_FOLDER.parent / "plain_numpy"
    allowed = sys.stdlib_module_names | {"numpy"}
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            assert {name.split(".")[0] for name in names} <= allowed, path.name
