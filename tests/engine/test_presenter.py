"""Showing real digits: the retry, the normalisation, what is counted and what stays frozen."""

import numpy as np
import pytest

from diehl_cook.engine.presenter import (
    LABELLING,
    LEARNING,
    TESTING,
    PresentationError,
    start_weights,
    weights_and_theta,
)
from diehl_cook.model.protocol import LONG_AGO

PIXELS = 784
RETRIES = "presentation.minimum_spikes=16"
SINCE = "excitatory.last_spike_step"
NO_LEARNING = ("plasticity.triplet.eta_presynaptic=0", "plasticity.triplet.eta_postsynaptic=0")
ENDLESS = (
    "presentation.minimum_spikes=1000000",
    "presentation.maximum_spikes=1000000",
    "presentation.maximum_showings=3",
)


@pytest.fixture
def show(tmp_path, start, digits):
    """Shows the first digits, or the given ones, to a network."""

    def show(presenter, images=40, state=None, first=0, stage=LEARNING):
        if isinstance(images, int):
            images = digits.images[first : first + images]
        state = start(presenter) if state is None else state
        return presenter.show(state, images, first, stage, tmp_path)

    return show


def assert_same(one, other):
    """The state of the network is the same to the bit; the input is drawn anew anyway."""
    names = [name for name in one if name.split(".")[0] not in ("input", "protocol")]
    assert "input_to_excitatory.w" in names
    assert "excitatory.theta" in names
    for name in names:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_responses_are_the_spikes_that_the_network_counted_in_the_last_showing(
    experiment_with, presenter_of, show, spy
):
    presenter = presenter_of(experiment_with(RETRIES), learning=True)
    runs = spy(presenter.program, "run")
    shown = show(presenter)
    raw = runs[0][1]
    counted = dict(zip(raw["presentations.image"], raw["presentations.spikes"], strict=True))
    assert (shown.showings > 1).any()
    np.testing.assert_array_equal(shown.responses.sum(axis=1), list(counted.values()))
    np.testing.assert_array_equal(list(counted), np.arange(40))
    assert shown.spikes == raw["presentations.spikes"].sum()
    assert shown.spikes > shown.responses.sum()


def test_an_image_is_shown_again_until_it_drew_enough_spikes(
    experiment_with, presenter_of, show, spy
):
    presenter = presenter_of(experiment_with(RETRIES), learning=True)
    runs = spy(presenter.program, "run")
    shown = show(presenter)
    raw = runs[0][1]
    enough = raw["presentations.spikes"] >= 16
    last = np.append(np.diff(raw["presentations.image"]) == 1, True)
    np.testing.assert_array_equal(enough, last)
    np.testing.assert_array_equal(
        raw["presentations.showing"], np.concatenate([np.arange(n) for n in shown.showings])
    )


def test_each_showing_is_more_intense_and_the_next_image_starts_anew(
    experiment_with, presenter_of, show, spy, digits
):
    dim, bright = digits.images[0] // 8, digits.images[1]
    presenter = presenter_of(experiment_with(*ENDLESS), learning=False)
    runs = spy(presenter.program, "run")
    with pytest.raises(PresentationError):
        show(presenter, bright[None])
    third = runs[0][1]["input.probability"]
    np.testing.assert_allclose(third, np.minimum(bright / 8 * 4 * 0.5e-3, 1), rtol=1e-6)

    presenter = presenter_of(experiment_with(), learning=False)
    runs = spy(presenter.program, "run")
    shown = show(presenter, np.stack([dim, bright]))
    assert shown.showings[0] > 1
    assert shown.showings[1] == 1
    np.testing.assert_allclose(runs[0][1]["input.probability"], bright / 8 * 2 * 0.5e-3, rtol=1e-6)


def test_a_blank_image_ends_in_an_error_that_names_it(experiment_with, presenter_of, show, digits):
    presenter = presenter_of(experiment_with("presentation.maximum_showings=4"), learning=False)
    images = np.stack([digits.images[0], np.zeros(PIXELS, np.uint8), digits.images[1]])
    with pytest.raises(PresentationError, match=r"image 8 drew fewer than 5 spikes in 4 showings"):
        show(presenter, images, first=7)


WEAK = ("presentation.maximum_showings=2", "presentation.intensity=0.1",
        "presentation.intensity_step=0.1")  # fmt: skip


@pytest.mark.parametrize(
    "advice",
    ["presentation.intensity=3", "connections.weight_sum=2000", "presentation.minimum_spikes=0",
     "excitatory.theta_start=0 mV"],
)  # fmt: skip
def test_too_few_spikes_name_keys_that_make_more(experiment_with, learner, show, digits, advice):
    weak = learner.with_numbers_of(experiment_with(*WEAK))
    with pytest.raises(PresentationError) as refused:
        show(weak, digits.images[:1])
    assert advice.partition("=")[0] in str(refused.value)
    more = learner.with_numbers_of(experiment_with(*WEAK, advice))
    assert show(more, digits.images[:1]).showings.size == 1


def test_too_few_spikes_of_weights_without_a_sum_name_what_these_have(
    experiment_with, presenter_of, show, digits
):
    free = ("connections.normalise=false", "connections.w_max=0.001")
    weak = presenter_of(experiment_with(*WEAK, *free), learning=False)
    with pytest.raises(
        PresentationError, match=r"or connections\.w_start or connections\.w_max, or"
    ):
        show(weak, digits.images[:1])


def test_a_blank_image_is_left_behind_if_asked_for(
    experiment_with, presenter_of, show, digits, spy
):
    skipping = experiment_with("presentation.maximum_showings=4", "presentation.on_silence=skip")
    presenter = presenter_of(skipping, learning=False)
    runs = spy(presenter.program, "run")
    blank = np.zeros(PIXELS, np.uint8)
    images = np.stack([digits.images[0], blank, blank, digits.images[1], blank])
    shown = show(presenter, images, first=7)
    assert shown.showings.tolist() == [1, 4, 4, 1, 4]
    assert shown.answers.silent.tolist() == [False, True, True, False, True]
    np.testing.assert_array_equal(shown.responses.sum(axis=1) >= 5, ~shown.answers.silent)
    # The image after a blank one is shown as intensely as any at first.
    showing = runs[0][1]["presentations.showing"]
    assert showing.tolist() == [0, *range(4), *range(4), 0, *range(4)]
    alone = show(presenter, images[3:4], first=10)
    assert alone.showings.tolist() == [1]


def test_weights_are_normalised_before_each_showing(experiment_with, presenter_of, show, start):
    presenter = presenter_of(experiment_with(*NO_LEARNING), learning=True)
    state = start(presenter)
    before = start_weights(presenter.experiment, PIXELS)
    after, _ = weights_and_theta(show(presenter, 1, state).state, PIXELS)
    np.testing.assert_allclose(after.sum(axis=0, dtype=float), 78, rtol=1e-5)
    np.testing.assert_allclose(after, before * 78 / before.sum(axis=0), rtol=1e-5)
    tripled = state | {"input_to_excitatory.w": 3 * before.ravel()}
    again, _ = weights_and_theta(show(presenter, 1, tripled).state, PIXELS)
    np.testing.assert_allclose(again, after, rtol=1e-5)


def test_learning_changes_weights_and_thresholds(learner, show, start):
    state = start(learner)
    weights, theta = weights_and_theta(show(learner, 20, state).state, PIXELS)
    assert np.abs(weights.sum(axis=0, dtype=float) - 78).max() > 0.01
    assert theta.dtype == np.float64
    assert theta.max() > 0.02
    assert theta.min() < 0.02  # decays where no spike comes


def test_each_spike_raises_the_threshold_of_its_cell(experiment_with, presenter_of, show):
    steady = experiment_with("excitatory.tau_theta=1e12 s", "presentation.minimum_spikes=0")
    shown = show(presenter_of(steady, learning=True), 10)
    spikes = shown.responses.sum(axis=0)
    assert spikes.sum() == shown.spikes
    np.testing.assert_allclose(
        shown.state["excitatory.theta"], 0.02 + spikes * 0.0125e-3, rtol=1e-9
    )


@pytest.mark.parametrize(("rate", "reached"), [("eta_postsynaptic", 1.0), ("eta_presynaptic", 0.0)])
def test_weights_stay_between_zero_and_w_max(experiment_with, presenter_of, show, rate, reached):
    # The last showing is not normalised any more: what is seen are the bounds of the rule.
    experiment = experiment_with(*NO_LEARNING, f"plasticity.triplet.{rate}=5")
    weights, _ = weights_and_theta(show(presenter_of(experiment, learning=True), 1).state, PIXELS)
    assert (weights == reached).any()
    assert weights.min() >= 0
    assert weights.max() <= 1


def test_nothing_learned_changes_in_a_network_that_does_not_learn(reader, show, start):
    state = start(reader)
    shown = show(reader, 20, state, stage=TESTING)
    assert shown.spikes > 0
    for name in ("input_to_excitatory.w", "excitatory.theta"):
        after = shown.state.get(name, state[name])
        np.testing.assert_array_equal(after, state[name].astype(after.dtype))


def test_a_network_without_learning_answers_in_the_order_shown_alone(reader, show):
    whole = show(reader, 30, stage=LABELLING)
    np.testing.assert_array_equal(
        show(reader, 10, stage=LABELLING).responses.toarray(), whole.responses.toarray()[:10]
    )


@pytest.mark.parametrize("cut", [1, 13, 39])
def test_a_run_in_two_parts_ends_in_the_same_bits(experiment_with, presenter_of, show, cut):
    presenter = presenter_of(experiment_with(RETRIES), learning=True)
    whole = show(presenter)
    one = show(presenter, cut)
    two = show(presenter, 40 - cut, one.state, first=cut)
    assert_same(two.state, whole.state)
    np.testing.assert_array_equal(
        np.vstack([one.responses.toarray(), two.responses.toarray()]), whole.responses.toarray()
    )
    np.testing.assert_array_equal(np.append(one.showings, two.showings), whole.showings)


def test_steps_since_the_last_spike_stay_in_32_bits_however_many_images(reader, show):
    """Each run moves the last spike further back; after 1.6 million images it would wrap around."""
    shown = show(reader, 10, stage=LABELLING)
    fired = shown.responses.sum(axis=0) > 0
    assert 0 < fired.sum() < 100
    steps = 10 * reader.experiment.presentation_steps
    np.testing.assert_array_equal(shown.state[SINCE][~fired], LONG_AGO)
    assert np.all((shown.state[SINCE][fired] >= -steps) & (shown.state[SINCE][fired] < 0))
    assert shown.state[SINCE].dtype == np.int32
    # within one run, the smallest number that is reckoned with still fits
    longest = reader.capacity * reader.experiment.presentation_steps * 200
    assert LONG_AGO - longest >= np.iinfo(np.int32).min


def test_when_a_cell_last_spiked_matters_no_more_after_a_while(reader, show, start):
    just_over = start(reader) | {SINCE: np.full(100, -10)}  # refractory for 10 steps of 0.5 ms
    one, other = (show(reader, 3, state=state) for state in (start(reader), just_over))
    np.testing.assert_array_equal(one.responses.toarray(), other.responses.toarray())


def test_the_same_run_twice_gives_the_same_bits(learner, show):
    assert_same(show(learner, 20).state, show(learner, 20).state)


def test_stage_seed_and_running_number_choose_other_input_spikes(
    experiment_with, presenter_of, reader, show, start, digits
):
    state = start(reader)
    images = digits.images[:10]
    other = presenter_of(experiment_with("seed=1"), learning=False)
    responses = [
        show(reader, images, state, stage=LABELLING),
        show(reader, images, state, stage=TESTING),
        show(reader, images, state, stage=TESTING + 1),
        show(reader, images, state, stage=LABELLING, first=10),
        show(other, images, state, stage=LABELLING),
    ]
    assert len({shown.responses.toarray().tobytes() for shown in responses}) == 5


def test_start_weights_are_those_of_the_published_code(experiment_with):
    weights = start_weights(experiment_with(), PIXELS)
    assert weights.shape == (PIXELS, 100)
    assert weights.min() >= 0.003
    assert weights.max() < 0.303
    assert weights.mean() == pytest.approx(0.153, rel=0.01)
    assert not np.array_equal(weights, start_weights(experiment_with("seed=1"), PIXELS))


def test_more_images_than_a_program_holds_are_shown_to_the_same_bits(
    learner, digits, start, tmp_path, monkeypatch
):
    images = digits.images[:7]
    at_once = learner.show(start(learner), images, 0, LEARNING, tmp_path)
    monkeypatch.setattr(learner, "capacity", 3)
    in_parts = learner.show(start(learner), images, 0, LEARNING, tmp_path)
    for name in ("input_to_excitatory.w", "excitatory.theta", "excitatory.v", "inhibitory.v"):
        np.testing.assert_array_equal(in_parts.state[name], at_once.state[name], err_msg=name)
    np.testing.assert_array_equal(in_parts.responses.toarray(), at_once.responses.toarray())
    np.testing.assert_array_equal(in_parts.showings, at_once.showings)
    assert in_parts.spikes == at_once.spikes


SCHEDULED = (
    "training.schedule={10: {excitatory: {theta_plus: 1 mV, tau_theta: 2 s}},"
    " 25: {plasticity: {triplet: {eta_postsynaptic: 0.1}},"
    " connections: {inhibitory_to_excitatory: 40, excitatory_to_inhibitory: 9}}}"
)


@pytest.mark.parametrize("cut", [5, 10, 18, 30])
def test_values_of_a_schedule_hold_until_so_many_images(experiment_with, learner, show, cut):
    scheduled = learner.with_numbers_of(experiment_with(SCHEDULED))
    one = show(scheduled, cut)
    whole = show(scheduled, 40 - cut, one.state, first=cut)
    state = None
    for first, end, values in (
        (0, 10, ["excitatory.theta_plus=1 mV", "excitatory.tau_theta=2 s"]),
        (
            10,
            25,
            [
                "plasticity.triplet.eta_postsynaptic=0.1",
                "connections.inhibitory_to_excitatory=40",
                "connections.excitatory_to_inhibitory=9",
            ],
        ),
        (25, 40, []),
    ):
        learning = learner.with_numbers_of(experiment_with(*values))
        state = show(learning, end - first, state, first).state
    assert_same(whole.state, state)
    assert not np.array_equal(state["excitatory.theta"], show(learner).state["excitatory.theta"])


def test_a_schedule_is_of_learning_alone(experiment_with, reader, show):
    scheduled = reader.with_numbers_of(experiment_with(SCHEDULED))
    np.testing.assert_array_equal(
        show(scheduled).responses.toarray(), show(reader).responses.toarray()
    )


def test_what_goes_wrong_in_a_phase_names_the_schedule(experiment_with, learner, show):
    scheduled = learner.with_numbers_of(experiment_with(SCHEDULED, *ENDLESS))
    with pytest.raises(PresentationError, match=r"; until 10 images training\.schedule has values"):
        show(scheduled, 1)
