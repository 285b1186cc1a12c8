"""From responses to classes: cases worked out by hand, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from diehl_cook.stages.readout import NO_CLASS, accuracy, assign_labels, confusion, predict


def table(*rows):
    """Responses, a row per image."""
    return np.array(rows)


@st.composite
def experiments(draw):
    """Responses, classes of the images, and a random generator."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    images, cells = draw(st.integers(1, 30)), draw(st.integers(1, 12))
    responses = random.poisson(draw(st.sampled_from([0.1, 1, 10])), (images, cells))
    return responses, random.integers(0, draw(st.integers(1, 5)), images), random


def test_a_cell_gets_the_class_it_answers_most():
    responses = table([5, 0], [1, 2], [0, 3])
    np.testing.assert_array_equal(assign_labels(responses, np.array([2, 0, 1])), [2, 1])


def test_a_label_follows_the_mean_response_not_the_sum():
    # Three images of class 0 draw six spikes together, the one of class 1 draws five.
    responses = table([2], [2], [2], [5])
    np.testing.assert_array_equal(assign_labels(responses, np.array([0, 0, 0, 1])), [1])


def test_silent_cells_get_no_label():
    responses = table([0, 1], [0, 0])
    np.testing.assert_array_equal(assign_labels(responses, np.array([0, 1])), [NO_CLASS, 0])


def test_equal_responses_give_the_lowest_class():
    responses = table([3], [3], [1])
    np.testing.assert_array_equal(assign_labels(responses, np.array([7, 4, 1])), [4])


def test_a_class_without_images_is_never_a_label():
    responses = table([1, 2], [2, 1])
    np.testing.assert_array_equal(assign_labels(responses, np.array([3, 9])), [9, 3])


def test_a_prediction_follows_the_mean_over_cells_not_the_sum():
    # Three cells of class 0 fire six spikes together, the one of class 1 five.
    labels = np.array([0, 0, 0, 1])
    np.testing.assert_array_equal(predict(table([2, 2, 2, 5]), labels), [1])


def test_silent_cells_of_a_class_count_in_its_mean():
    labels = np.array([0, 0, 1])
    np.testing.assert_array_equal(predict(table([5, 0, 3]), labels), [1])


def test_cells_without_a_label_do_not_vote():
    labels = np.array([NO_CLASS, 2, 1])
    np.testing.assert_array_equal(predict(table([100, 1, 2]), labels), [1])


def test_an_image_that_no_labelled_cell_answers_gets_no_class():
    labels = np.array([NO_CLASS, 0, 1])
    np.testing.assert_array_equal(predict(table([9, 0, 0], [0, 0, 1]), labels), [NO_CLASS, 1])


def test_without_any_label_no_image_gets_a_class():
    labels = np.full(2, NO_CLASS)
    np.testing.assert_array_equal(predict(table([1, 2], [3, 4]), labels), [NO_CLASS] * 2)


def test_equal_votes_give_the_lowest_class():
    np.testing.assert_array_equal(predict(table([4, 4, 4]), np.array([8, 3, 5])), [3])


def test_an_image_without_prediction_is_a_mistake():
    assert accuracy(np.array([0, 1, 2, 3]), np.array([0, 1, 3, NO_CLASS])) == 0.5


def test_confusion_has_true_classes_in_rows_and_a_last_column_for_no_prediction():
    counts = confusion(np.array([0, 0, 1, 2]), np.array([0, 2, NO_CLASS, 2]), 3)
    np.testing.assert_array_equal(counts, [[1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 1, 0]])


@given(experiments())
def test_labels_and_predictions_are_those_of_plain_loops(case):
    responses, classes, _ = case
    labels = assign_labels(responses, classes)
    for cell, response in enumerate(responses.T):
        means = {c: response[classes == c].mean() for c in sorted(set(classes))}
        expected = max(means, key=means.get) if response.any() else NO_CLASS
        assert labels[cell] == expected
    for response, prediction in zip(responses, predict(responses, labels), strict=True):
        means = {c: response[labels == c].mean() for c in sorted({*labels} - {NO_CLASS})}
        answered = any(means.values())
        assert prediction == (max(means, key=means.get) if answered else NO_CLASS)


@given(experiments())
def test_the_order_of_cells_does_not_matter(case):
    responses, classes, random = case
    order = random.permutation(responses.shape[1])
    labels = assign_labels(responses, classes)
    np.testing.assert_array_equal(assign_labels(responses[:, order], classes), labels[order])
    np.testing.assert_array_equal(
        predict(responses[:, order], labels[order]), predict(responses, labels)
    )


@given(experiments())
def test_the_order_of_images_does_not_matter(case):
    responses, classes, random = case
    order = random.permutation(len(classes))
    labels = assign_labels(responses, classes)
    np.testing.assert_array_equal(assign_labels(responses[order], classes[order]), labels)
    np.testing.assert_array_equal(
        predict(responses[order], labels), predict(responses, labels)[order]
    )


@given(experiments())
def test_showing_every_image_twice_changes_no_label(case):
    responses, classes, _ = case
    twice = assign_labels(np.tile(responses, (2, 1)), np.tile(classes, 2))
    np.testing.assert_array_equal(twice, assign_labels(responses, classes))


@given(experiments())
def test_sparse_and_dense_responses_give_the_same(case):
    responses, classes, _ = case
    labels = assign_labels(responses, classes)
    np.testing.assert_array_equal(assign_labels(csr_array(responses), classes), labels)
    np.testing.assert_array_equal(predict(csr_array(responses), labels), predict(responses, labels))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_classes_may_be_of_any_integer_type(dtype):
    responses = table([1, 0], [0, 1])
    classes = np.array([4, 2], dtype)
    labels = assign_labels(responses, classes)
    np.testing.assert_array_equal(labels, [4, 2])
    assert accuracy(classes, predict(responses, labels)) == 1.0
