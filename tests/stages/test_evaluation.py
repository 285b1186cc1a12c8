"""Labelling and testing on real digits: frozen, from rest, whatever the number of processes."""

import dataclasses
import json

import numpy as np
import pytest

from diehl_cook.engine.presenter import LABELLING, TESTING, start_weights
from diehl_cook.stages.evaluation import evaluate, label, respond
from diehl_cook.stages.readout import NO_CLASS, assign_labels, predict
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


@pytest.fixture
def work(digits, tmp_path):
    return digits.images[:IMAGES], digits.classes[:IMAGES], tmp_path


@pytest.fixture
def labelled(tester, network, work):
    images, classes, workspace = work
    return label(tester, network, images, classes, workspace, jobs=2)


def test_blocks_of_a_fixed_size_each_start_from_rest(tester, network, work):
    images, _, workspace = work
    responses = respond(tester, network, images, LABELLING, workspace, jobs=1).toarray()
    rest = tester.at_rest(network.weights, network.theta)
    for first in range(0, IMAGES, BLOCK):
        block = images[first : first + BLOCK]
        alone = tester.show(rest, block, first, LABELLING, workspace).responses.toarray()
        np.testing.assert_array_equal(responses[first : first + BLOCK], alone)


def test_the_number_of_processes_changes_no_bit(tester, network, work):
    images, _, workspace = work
    one, three = (
        respond(tester, network, images, LABELLING, workspace, jobs).toarray() for jobs in (1, 3)
    )
    assert one.sum() > 0
    np.testing.assert_array_equal(one, three)


def test_labels_come_from_the_responses_to_the_training_images(tester, network, work, labelled):
    images, classes, workspace = work
    responses = respond(tester, network, images, LABELLING, workspace, jobs=1)
    np.testing.assert_array_equal(labelled.labels, assign_labels(responses, classes))
    assert labelled.labels[0] == NO_CLASS
    np.testing.assert_array_equal(labelled.weights, network.weights)


def test_each_repeat_draws_its_own_input_spikes(tester, labelled, work):
    images, classes, workspace = work
    result = evaluate(tester, labelled, images, classes, workspace, jobs=2)
    assert result.spikes.shape == result.predictions.shape == (3, IMAGES)
    assert len({row.tobytes() for row in result.spikes}) == 3
    for repeat in range(3):
        responses = respond(tester, labelled, images, TESTING + repeat, workspace, jobs=1)
        np.testing.assert_array_equal(
            result.predictions[repeat], predict(responses, labelled.labels)
        )
        np.testing.assert_array_equal(result.spikes[repeat], responses.sum(axis=1))


def test_the_summary_holds_means_over_the_repeats(tester, labelled, work):
    images, classes, workspace = work
    result = evaluate(tester, labelled, images, classes, workspace, jobs=2)
    summary = json.loads(json.dumps(result.summary()))
    shares = [(row == classes).mean() for row in result.predictions]
    assert summary["accuracies"] == pytest.approx(shares)
    assert summary["accuracy_mean"] == pytest.approx(np.mean(shares))
    assert summary["accuracy_sd"] == pytest.approx(np.std(shares, ddof=1))
    assert summary["spikes_per_image"] == pytest.approx(result.spikes.mean())
    assert summary["unlabelled_cells"] == np.sum(labelled.labels == NO_CLASS) >= 1
    confusion = np.array(summary["confusion"])
    np.testing.assert_allclose(confusion.sum(axis=1), np.bincount(classes, minlength=10))
    assert np.trace(confusion) / IMAGES == pytest.approx(summary["accuracy_mean"])


def test_one_repeat_has_no_standard_deviation(experiment_with, presenter_of, labelled, work):
    images, classes, workspace = work
    tester = presenter_of(experiment_with("evaluation.repeats=1"), learning=False)
    summary = evaluate(tester, labelled, images, classes, workspace, jobs=1).summary()
    assert summary["accuracy_sd"] is None


def test_without_labels_there_is_no_evaluation(tester, network, work):
    images, classes, workspace = work
    with pytest.raises(ValueError, match="label it first"):
        evaluate(tester, network, images, classes, workspace, jobs=1)


def test_a_network_without_any_label_is_right_nowhere(tester, labelled, work):
    images, classes, workspace = work
    mute = dataclasses.replace(labelled, labels=np.full(100, NO_CLASS))
    result = evaluate(tester, mute, images, classes, workspace, jobs=2)
    assert result.summary()["accuracy_mean"] == 0
    assert result.confusion[:, -1].sum() == IMAGES


def test_progress_counts_up_to_all_images_of_all_repeats(tester, labelled, work):
    images, classes, workspace = work
    reported = []
    evaluate(tester, labelled, images, classes, workspace, 2, report=reported.append)
    counts = [progress.images for progress in reported]
    assert counts == sorted(counts)
    assert counts[-1] == 3 * IMAGES
    assert {progress.total for progress in reported} == {3 * IMAGES}
