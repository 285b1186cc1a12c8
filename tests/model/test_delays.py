"""Input delays: spikes take effect late, other delays in testing, the same bits in any chunks."""

import numpy as np
import pytest

from diehl_cook.engine.presenter import LABELLING, LEARNING, TESTING

STRUCTURE = ("cells=16", "synapses=brian2", "connections.input_delay=10 ms")
FROZEN = (
    "plasticity.triplet.eta_presynaptic=0",
    "plasticity.triplet.eta_postsynaptic=0",
    "excitatory.theta_plus=0 mV",
    "excitatory.v_start=-65 mV",
    "inhibitory.v_start=-60 mV",
)
DELAY = "input_to_excitatory.delay"
SYNAPSES = 784 * 16
STEP = 0.5e-3


@pytest.fixture(scope="module")
def delayed(experiment_with, presenter_of):
    """Makes networks of 16 cells with delays that learn."""
    return lambda *overrides: presenter_of(experiment_with(*STRUCTURE, *overrides), learning=True)


@pytest.fixture
def delays_of(spy, digits, start, tmp_path):
    """The delays that a network is run with in each of some stages."""

    def delays(presenter, *stages):
        runs = spy(presenter.program, "run")
        for stage in stages:
            presenter.show(start(presenter), digits.images[:1], 0, stage, tmp_path)
        return [arguments[0][DELAY] for arguments, _ in runs]

    return delays


def test_delays_are_uniform_up_to_the_longest(delayed, delays_of):
    (delays,) = delays_of(delayed(), LEARNING)
    assert delays.shape == (SYNAPSES,)
    assert delays.min() >= 0
    assert delays.max() <= 0.01
    counts, _ = np.histogram(delays, bins=10, range=(0, 0.01))
    np.testing.assert_allclose(counts, SYNAPSES / 10, atol=5 * np.sqrt(SYNAPSES / 10))


def test_training_labelling_and_testing_draw_different_delays(delayed, delays_of):
    stages = (LEARNING, LABELLING, TESTING, TESTING + 1)
    assert len({delays.tobytes() for delays in delays_of(delayed(), *stages)}) == 4


def test_another_seed_draws_other_delays_and_the_same_seed_the_same(delayed, delays_of):
    (one, again) = delays_of(delayed(), LEARNING, LEARNING)
    (other,) = delays_of(delayed("seed=1"), LEARNING)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_common_delay_shifts_every_excitatory_spike_by_itself(
    delayed, spy, digits, start, tmp_path
):
    presenter = delayed(*FROZEN)
    runs = spy(presenter.program, "run")
    for steps in (0, 1, 20):
        state = start(presenter) | {DELAY: np.full(SYNAPSES, steps * STEP)}
        presenter.show(state, digits.images[:1], 0, LEARNING, tmp_path)
    prompt, *late = [results for _, results in runs]
    first = np.rint(prompt["excitatory_spikes.t"] / STEP)
    assert first.size > 5
    for steps, results in zip((1, 20), late, strict=True):
        np.testing.assert_array_equal(results["excitatory_spikes.i"], prompt["excitatory_spikes.i"])
        np.testing.assert_array_equal(np.rint(results["excitatory_spikes.t"] / STEP), first + steps)


@pytest.mark.parametrize("cut", [1, 6])
def test_a_run_in_two_parts_ends_in_the_same_bits(delayed, digits, start, tmp_path, cut):
    presenter, images = delayed(), digits.images[:10]

    def show(state, first, end):
        return presenter.show(state, images[first:end], first, LEARNING, tmp_path)

    whole = show(start(presenter), 0, 10)
    one = show(start(presenter), 0, cut)
    two = show(one.state, cut, 10)
    learned = ("input_to_excitatory.w", "excitatory.theta", "excitatory.v", "excitatory.ge")
    for name in learned:
        np.testing.assert_array_equal(two.state[name], whole.state[name], err_msg=name)
    np.testing.assert_array_equal(
        np.vstack([one.responses.toarray(), two.responses.toarray()]), whole.responses.toarray()
    )
