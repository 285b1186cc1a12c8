"""Labelling and testing on real digits: frozen, from rest, whatever the number of processes."""

import contextlib
import dataclasses
import json

import numpy as np
import pytest

from diehl_cook.engine.presenter import LABELLING, TESTING, start_weights
from diehl_cook.images.datasets import Split
from diehl_cook.stages.evaluation import Examiner
from diehl_cook.stages.readout import NO_CLASS, NaiveBayes, assign_labels, predict
from diehl_cook.store.trained_network import TrainedNetwork

BLOCK, IMAGES = 25, 60


@pytest.fixture(scope="module")
def tester(experiment_with, presenter_of):
    experiment = experiment_with(f"evaluation.block={BLOCK}", "evaluation.repeats=3")
    return presenter_of(experiment, learning=False)


@pytest.fixture(scope="module")
def network(tester):
    """A network that was never trained, with one cell that never fires."""
    theta = np.linspace(0.018, 0.022, 100)
    theta[0] = 10
    weights = start_weights(tester.experiment, 784)
    return TrainedNetwork(weights * 78 / weights.sum(axis=0), theta)


class Listener:
    """A narrator that keeps what it is told."""

    def __init__(self):
        self.heard = []

    def follow(self, title):
        return contextlib.nullcontext(self.heard.append)


@pytest.fixture(scope="module")
def shown(digits):
    return Split(digits.images[:IMAGES].reshape(-1, 28, 28), digits.classes[:IMAGES])


@pytest.fixture
def examiner(tester, tmp_path):
    return Examiner(tester, tmp_path, jobs=2, narrator=Listener())


@pytest.fixture
def respond(examiner):
    """Counts the spikes that the images draw from a network, in a random stream."""
    return lambda network, shown, stage, jobs=1: (
        dataclasses.replace(examiner, jobs=jobs)
        .respond(network, shown.rows, stage, lambda progress: None)
        .toarray()
    )


@pytest.fixture
def labelled(examiner, network, shown):
    return examiner.label(network, shown)


def test_blocks_of_a_fixed_size_each_start_from_rest(tester, network, shown, respond, tmp_path):
    responses = respond(network, shown, LABELLING)
    rest = tester.at_rest(network.weights, network.theta)
    for first in range(0, IMAGES, BLOCK):
        block = shown.rows[first : first + BLOCK]
        alone = tester.show(rest, block, first, LABELLING, tmp_path).responses.toarray()
        np.testing.assert_array_equal(responses[first : first + BLOCK], alone)


def test_the_number_of_processes_changes_no_bit(network, shown, respond):
    one, three = (respond(network, shown, LABELLING, jobs) for jobs in (1, 3))
    assert one.sum() > 0
    np.testing.assert_array_equal(one, three)


def test_labels_come_from_the_responses_to_the_training_images(network, shown, labelled, respond):
    responses = respond(network, shown, LABELLING)
    np.testing.assert_array_equal(labelled.labels, assign_labels(responses, shown.labels))
    assert labelled.labels[0] == NO_CLASS
    np.testing.assert_array_equal(labelled.weights, network.weights)


def test_each_repeat_draws_its_own_input_spikes(examiner, labelled, shown, respond):
    result = examiner.evaluate(labelled, shown, shown)
    assert result.spikes.shape == result.predictions.shape == (3, IMAGES)
    assert len({row.tobytes() for row in result.spikes}) == 3
    for repeat in range(3):
        responses = respond(labelled, shown, TESTING + repeat)
        np.testing.assert_array_equal(
            result.predictions[repeat], predict(responses, labelled.labels)
        )
        np.testing.assert_array_equal(result.spikes[repeat], responses.sum(axis=1))


def test_the_summary_holds_means_over_the_repeats(examiner, labelled, shown):
    result = examiner.evaluate(labelled, shown, shown)
    summary = json.loads(json.dumps(result.summary()))
    shares = [(row == shown.labels).mean() for row in result.predictions]
    assert summary["accuracies"] == pytest.approx(shares)
    assert summary["accuracy_mean"] == result.accuracy == pytest.approx(np.mean(shares))
    assert summary["accuracy_sd"] == result.accuracy_sd == pytest.approx(np.std(shares, ddof=1))
    assert summary["spikes_per_image"] == pytest.approx(result.spikes.mean())
    assert summary["unlabelled_cells"] == np.sum(labelled.labels == NO_CLASS) >= 1
    confusion = np.array(summary["confusion"])
    of_class = np.bincount(shown.labels, minlength=10)
    np.testing.assert_allclose(confusion.sum(axis=1), of_class)
    assert np.trace(confusion) / IMAGES == pytest.approx(summary["accuracy_mean"])
    assert np.sum(result.per_class * of_class) / IMAGES == pytest.approx(result.accuracy)


def test_one_repeat_has_no_standard_deviation(
    experiment_with, presenter_of, labelled, shown, tmp_path
):
    tester = presenter_of(experiment_with("evaluation.repeats=1"), learning=False)
    assert (
        Examiner(tester, tmp_path).evaluate(labelled, shown, shown).summary()["accuracy_sd"] is None
    )


def test_a_network_without_labels_gets_them_from_the_learned_images(
    examiner, network, labelled, shown
):
    result = examiner.evaluate(network, shown, shown)
    np.testing.assert_array_equal(result.labels, labelled.labels)


def test_what_the_readout_learned_is_kept_and_taken_as_it_is(
    experiment_with, presenter_of, network, shown, tmp_path, spy
):
    asked = experiment_with("evaluation.readout=naive_bayes", "evaluation.repeats=1")
    examiner = Examiner(presenter_of(asked, learning=False), tmp_path)
    learning = spy(Examiner, "learn")
    first = examiner.evaluate(network, shown, shown)
    again = examiner.evaluate(first.network, shown, shown)
    assert len(learning) == 1
    np.testing.assert_array_equal(again.predictions, first.predictions)
    responses = learning[0][1].responses()
    tested = examiner.present(network, shown)[0].responses()
    expected = NaiveBayes().fit(responses, shown.labels).predict(tested)
    np.testing.assert_array_equal(first.predictions, [expected])


def test_a_network_without_any_label_is_right_nowhere(examiner, labelled, shown):
    mute = dataclasses.replace(labelled, labels=np.full(100, NO_CLASS))
    result = examiner.evaluate(mute, shown, shown)
    assert result.accuracy == 0
    assert result.confusion[:, -1].sum() == IMAGES


def test_progress_counts_up_to_all_images_of_all_repeats(examiner, labelled, shown):
    heard = examiner.narrator.heard
    heard.clear()
    examiner.evaluate(labelled, shown, shown)
    counts = [progress.images for progress in heard]
    assert counts == sorted(counts)
    assert counts[-1] == 3 * IMAGES
    assert {progress.total for progress in heard} == {3 * IMAGES}
