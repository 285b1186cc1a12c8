"""From responses to classes: cases worked out by hand, and what must not matter."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from threadpoolctl import threadpool_info, threadpool_limits

from diehl_cook.model.experiment import ReadoutName
from diehl_cook.stages.readout import (
    NO_CLASS,
    READOUTS,
    ClassVote,
    Logistic,
    NaiveBayes,
    accuracy,
    assign_labels,
    confusion,
    is_learned,
    learn,
    predict,
    reader_of,
)
from diehl_cook.store.trained_network import TrainedNetwork


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


# The contract of every readout: a newly registered one is in it by itself.


@pytest.fixture(params=READOUTS)
def reader(request):
    return READOUTS[request.param]()


@pytest.fixture
def legible():
    """Responses that tell three classes, not in a row, from one another; and these classes."""
    random = np.random.default_rng(0)
    classes = random.choice([2, 3, 7], 300).astype(np.uint8)
    rates = {2: [8, 1, 0, 1], 3: [1, 8, 1, 0], 7: [0, 1, 8, 1]}
    return random.poisson([[*rates[c], 0] for c in classes]), classes


def test_the_experiment_knows_every_readout():
    assert set(READOUTS) == set(get_args(ReadoutName))


def test_a_readout_reads_what_it_has_learned(reader, legible):
    responses, classes = legible
    assert reader.fit(responses[:200], classes[:200]) is reader
    assert (reader.predict(responses[200:]) == classes[200:]).mean() > 0.95
    assert reader.classes_.tolist() == [2, 3, 7]


def test_a_readout_has_the_manners_of_scikit_learn(reader, legible):
    responses, classes = legible
    with pytest.raises(NotFittedError):
        reader.predict(responses)
    fitted = clone(reader).fit(responses, classes)
    assert fitted.get_params() == reader.get_params()
    assert fitted.score(responses, classes) == (fitted.predict(responses) == classes).mean()
    with pytest.raises(NotFittedError):
        reader.predict(responses)


def test_sparse_and_dense_responses_read_the_same(reader, legible):
    responses, classes = legible
    dense = reader.fit(responses, classes).predict(responses)
    sparse = clone(reader).fit(csr_array(responses), classes).predict(csr_array(responses))
    np.testing.assert_array_equal(dense, sparse)


def test_an_image_that_no_cell_answered_has_no_class(reader, legible):
    responses, classes = legible
    reader.fit(responses, classes)
    predictions = reader.predict(np.vstack([responses[:1], np.zeros_like(responses[:1])]))
    assert predictions.tolist() == [classes[0], NO_CLASS]


def test_a_readout_refuses_responses_of_other_cells_or_images(reader, legible):
    responses, classes = legible
    with pytest.raises(ValueError, match="4 cells, but fitted to 5"):
        reader.fit(responses, classes).predict(responses[:, :4])
    with pytest.raises(ValueError, match="300 responses for 299 classes"):
        reader.fit(responses, classes[1:])


def test_one_class_alone_can_be_learned(reader, legible):
    responses, _ = legible
    assert set(reader.fit(responses, np.full(300, 4)).predict(responses)) == {4}


def test_the_class_with_the_highest_score_is_read(reader, legible):
    responses, classes = legible
    responses = np.vstack([responses, np.zeros_like(responses[:1])])
    scores = reader.fit(responses[:-1], classes).scores(responses)
    assert scores.shape == (301, 3)
    np.testing.assert_array_equal(scores[-1], -np.inf)
    np.testing.assert_array_equal(
        reader.predict(responses)[:-1], reader.classes_[scores[:-1].argmax(axis=1)]
    )


@pytest.mark.parametrize("known", [[2, 3, 7], [3, 7], [7]])
@pytest.mark.parametrize("name", READOUTS)
def test_what_a_readout_learned_can_be_kept_with_the_network(name, known, legible):
    responses, classes = legible
    shown = np.isin(classes, known)
    bare = TrainedNetwork(np.ones((4, 5)), np.zeros(5))
    assert not is_learned(name, bare)
    with pytest.raises(ValueError, match="no labels yet; evaluate the run first"):
        reader_of(name, bare)
    network = learn(name, bare, responses[shown], classes[shown])
    assert is_learned(name, network)
    fitted = READOUTS[name]().fit(responses[shown], classes[shown])
    np.testing.assert_array_equal(
        reader_of(name, network).scores(responses), fitted.scores(responses)
    )
    again = learn(name, network, responses[:9], classes[:9])
    assert again.labels is network.labels
    assert again.weighings == network.weighings


def test_labels_alone_are_read_by_the_paper_s_readout_only(legible):
    network = learn("class_mean", TrainedNetwork(np.ones((4, 5)), np.zeros(5)), *legible)
    assert not is_learned("logistic", network)
    with pytest.raises(ValueError, match="'logistic' has learned nothing yet; evaluate"):
        reader_of("logistic", network)


@pytest.mark.parametrize("known", [[2, 3, 7], [3, 7]])
def test_predictions_are_those_of_scikit_learn(known, legible):
    responses, classes = legible
    shown = np.isin(classes, known)
    counts, classes = responses[shown], classes[shown]
    bayes = MultinomialNB().fit(counts, classes)
    np.testing.assert_array_equal(
        NaiveBayes().fit(counts, classes).predict(counts), bayes.predict(counts)
    )
    logistic = LogisticRegression(C=0.3, max_iter=1000).fit(np.sqrt(counts), classes)
    np.testing.assert_array_equal(
        Logistic((0.3,)).fit(counts, classes).predict(counts), logistic.predict(np.sqrt(counts))
    )


def test_class_vote_counts_each_spike_by_the_shares_of_its_cell():
    # The cell's mean responses are 4 to class 0 and 1 to class 1, then 0 and 2.
    reader = ClassVote().fit(table([3, 0], [5, 0], [1, 2]), np.array([0, 0, 1]))
    np.testing.assert_allclose(reader.weighing_.weights, [[0.8, 0.2], [0, 1]])
    # Votes for class 0: 1.6 of 3, and 0.8 of 2; equal votes give the lowest class.
    np.testing.assert_array_equal(reader.predict(table([2, 1], [1, 1])), [0, 1])


def test_a_cell_that_never_fired_casts_no_vote():
    reader = ClassVote().fit(table([1, 0], [0, 0]), np.array([0, 1]))
    np.testing.assert_array_equal(reader.predict(table([0, 9], [1, 9])), [NO_CLASS, 0])


def test_naive_bayes_multiplies_the_shares_of_the_cells_of_a_class():
    # With one spike added to each cell, class 0 fires 4 : 2 and class 1 fires 1 : 3.
    reader = NaiveBayes().fit(table([3, 1], [0, 2]), np.array([0, 1]))
    # Two spikes of the first cell against three of the second:
    # (4/6)^2 (2/6)^3 < (1/4)^2 (3/4)^3; against one: (4/6)^2 (2/6) > (1/4)^2 (3/4).
    np.testing.assert_array_equal(reader.predict(table([2, 3], [2, 1])), [1, 0])


def test_logistic_chooses_its_strength_on_what_it_learns(legible):
    responses, classes = legible
    random = np.random.default_rng(1).permutation(classes)
    for told, strengths in ((classes, (1e-9, 1.0)), (classes, (1.0, 1e9)), (random, (1.0,))):
        assert Logistic(strengths).fit(responses, told).strength_ == 1.0


def test_logistic_takes_the_middle_strength_where_a_class_is_too_rare_to_choose():
    responses, classes = table([1, 0], [0, 1], [2, 0], [0, 2]), np.array([0, 1, 0, 1])
    reader = Logistic((0.1, 0.5, 2.0)).fit(responses, classes)
    assert reader.strength_ == 0.5
    np.testing.assert_array_equal(reader.predict(responses), classes)


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_logistic_comes_to_its_end_where_cells_that_are_much_alike_fire_thousands_of_spikes():
    digits = load_digits()
    fields = np.random.default_rng(0).random((64, 16))
    responses = np.rint(6 * digits.data[:50] @ fields).astype(int)
    assert responses.sum(axis=1).mean() > 10_000
    reader = Logistic((0.3,)).fit(responses, digits.target[:50])
    assert np.mean(reader.predict(responses) == digits.target[:50]) > 0.9


def test_logistic_takes_one_thread(monkeypatch, legible):
    threads, fit = [], LogisticRegression.fit

    def counted(model, *given):
        threads.extend(each["num_threads"] for each in threadpool_info())
        return fit(model, *given)

    monkeypatch.setattr(LogisticRegression, "fit", counted)
    with threadpool_limits(2):
        Logistic((0.3,)).fit(*legible)
    assert set(threads) == {1}
