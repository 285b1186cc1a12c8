"""The estimator: scikit-learn's own checks, and digits read in a pipeline."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import diehl_cook as dc
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.stages.evaluation import Examiner
from diehl_cook.stages.readout import NaiveBayes

SMALL = {"cells": 16, "random_state": 0}
#: What cannot hold, and why.
CANNOT_HOLD = {
    "check_methods_sample_order_invariance": "a presentation starts where the one before it ended",
    "check_methods_subset_invariance": "input spikes are drawn anew for each place in a row",
}


@pytest.fixture(scope="module")
def digits_8x8():
    """Digits of 8 x 8 pixels, from 0 to 16."""
    images, classes = load_digits(return_X_y=True)
    return images[:300], classes[:300]


@pytest.fixture(scope="module")
def fitted(digits_8x8):
    return dc.DiehlCookClassifier(**SMALL).fit(*digits_8x8)


@pytest.mark.parametrize("call", ["predict", "transform"])
def test_before_a_fit_it_says_so(call, digits_8x8):
    with pytest.raises(NotFittedError):
        getattr(dc.DiehlCookClassifier(**SMALL), call)(digits_8x8[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("cells", "epochs") for value in ("many", 0, 2.5)]
    + [("n_jobs", "all"), ("n_jobs", 1.5), ("n_jobs", 0)],
)
def test_a_count_that_is_none_is_refused(name, value, digits_8x8, monkeypatch):
    monkeypatch.setattr("diehl_cook.estimator.training.train", pytest.fail)
    with pytest.raises((TypeError, ValueError), match=f"^{name} "):
        dc.DiehlCookClassifier(**SMALL | {name: value}).fit(*digits_8x8)


@pytest.mark.parametrize(
    ("stated", "cores"), [(None, 4), (-1, 4), (-2, 3), (2, 2), (np.int64(1), 1)]
)
def test_jobs_are_counted_as_in_scikit_learn(stated, cores, monkeypatch):
    monkeypatch.setattr("joblib._parallel_backends.cpu_count", lambda *_, **__: 4)
    assert dc.DiehlCookClassifier(n_jobs=stated)._jobs == cores


def test_counts_of_numpy_are_counts():
    numpys = dc.DiehlCookClassifier(np.int64(16), epochs=np.int64(2), random_state=0)
    pythons = dc.DiehlCookClassifier(16, epochs=2, random_state=0)
    images = np.full((4, 64), 33, np.uint8)
    numpys.n_features_in_ = pythons.n_features_in_ = 64
    assert numpys._experiment(images) == pythons._experiment(images)


@pytest.mark.slow
def test_scikit_learns_own_checks():
    outcomes = check_estimator(
        dc.DiehlCookClassifier(**SMALL), expected_failed_checks=CANNOT_HOLD, on_skip=None
    )
    failed = {each["check_name"] for each in outcomes if each["status"] == "xfail"}
    assert failed == set(CANNOT_HOLD)
    assert len(outcomes) > 50


def test_digits_of_another_size_are_learned(fitted, digits_8x8):
    images, classes = digits_8x8
    assert fitted.score(images, classes) > 0.55  # sixteen cells for ten classes; chance is 0.1
    spikes = fitted.transform(images)
    assert spikes.shape == (300, 16)
    assert 5 < spikes.sum() / 300 < 60


def test_the_same_seed_gives_the_same_answers_and_another_does_not(fitted, digits_8x8):
    images, classes = digits_8x8
    same = clone(fitted).set_params(n_jobs=1).fit(images, classes)
    np.testing.assert_array_equal(same.network_.weights, fitted.network_.weights)
    np.testing.assert_array_equal(
        same.transform(images).toarray(), fitted.transform(images).toarray()
    )
    other = clone(fitted).set_params(random_state=1).fit(images, classes)
    assert not np.array_equal(other.network_.weights, fitted.network_.weights)


def test_nothing_that_learns_sees_the_classes(fitted, digits_8x8):
    images, classes = digits_8x8
    shuffled = np.random.default_rng(0).permutation(classes)
    other = clone(fitted).fit(images, shuffled)
    np.testing.assert_array_equal(other.network_.weights, fitted.network_.weights)


def test_classes_of_any_kind(fitted, digits_8x8):
    images, classes = digits_8x8
    names = np.array([f"class {number}" for number in range(10)])
    named = clone(fitted).fit(images, names[classes])
    np.testing.assert_array_equal(named.predict(images), names[fitted.predict(images)])


def test_classes_are_read_as_a_setting_says(fitted, digits_8x8):
    images, classes = digits_8x8
    settings = {**(fitted.settings or {}), "evaluation.readout": "naive_bayes"}
    other = clone(fitted).set_params(settings=settings).fit(images, classes)
    assert isinstance(other.network_.reader, NaiveBayes)
    expected = other.network_.reader.predict(fitted.transform(images))
    np.testing.assert_array_equal(other.predict(images), expected)
    assert other.score(images, classes) > fitted.score(images, classes)


def test_brightness_of_any_scale(fitted, digits_8x8):
    images, classes = digits_8x8
    scaled = clone(fitted).fit(images / 4 - 3, classes)
    np.testing.assert_array_equal(scaled.network_.weights, fitted.network_.weights)


def test_inputs_that_are_no_pixels_have_no_weight(digits_8x8):
    images, classes = digits_8x8
    model = dc.DiehlCookClassifier(**SMALL).fit(images[:40, :50], classes[:40])
    assert not model.network_.weights[50:].any()
    assert model.network_.weights[:50].any()


def test_a_blank_image_has_no_spikes_and_the_most_frequent_class(fitted, digits_8x8):
    images, classes = digits_8x8
    some = np.concatenate([np.zeros((2, 64)), images[:1]])
    assert fitted.transform(some).sum(axis=1).tolist()[:2] == [0, 0]
    assert fitted.predict(some).tolist()[:2] == [np.bincount(classes).argmax()] * 2
    again = clone(fitted).fit(np.concatenate([some, images]), np.concatenate([[1, 2, 3], classes]))
    assert again.transform(images[:1]).sum() > 0


def test_settings_that_are_no_mapping_are_told(digits_8x8):
    with pytest.raises(TypeError, match=r"^settings: 'cells=3' is no mapping; write "):
        dc.DiehlCookClassifier(**SMALL, settings="cells=3").fit(*digits_8x8)


@pytest.mark.parametrize(
    ("key", "error", "complaint"),
    [
        ("data.folder", ValueError, "settings: data.folder: does nothing here"),
        ("evaluation.repeats", ValueError, "settings: evaluation.repeats: does nothing here"),
        ("evaluation__repeats", ValueError, "settings: evaluation.repeats: does nothing here"),
        (3, TypeError, "settings: 3 is no key; write "),
    ],
)
def test_settings_that_could_do_nothing_are_told(key, error, complaint, digits_8x8):
    with pytest.raises(error, match=f"^{complaint}"):
        dc.DiehlCookClassifier(**SMALL, settings={key: 4}).fit(*digits_8x8)


def test_a_setting_is_one_however_its_key_is_written(digits_8x8):
    images, classes = (each[:40] for each in digits_8x8)
    weight = "connections.inhibitory_to_excitatory"
    written = {
        "connections": {"inhibitory_to_excitatory": 22, "weight_sum": "auto"},
        "training": {"schedule": {20: {"excitatory": {"theta_plus": "1 mV"}}}},
    }
    model = dc.DiehlCookClassifier(**SMALL, settings=written).fit(images, classes)
    experiment = model.network_.experiment
    assert experiment.connections.inhibitory_to_excitatory == 22
    assert experiment.training.schedule == {20: {"excitatory": {"theta_plus": "1 mV"}}}
    for twice in ({"connections": {"inhibitory_to_excitatory": 9}}, {weight.replace(".", "__"): 9}):
        with pytest.raises(ValueError, match=f"settings: {weight}: stands there twice"):
            clone(model).set_params(settings={weight: 22} | twice).fit(images, classes)
    for nothing in ({"evaluation": {"repeats": 3}}, {"data__folder": "here"}):
        with pytest.raises(ValueError, match=": does nothing here"):
            clone(model).set_params(settings=nothing).fit(images, classes)


def test_passes_and_images_of_the_labelling_are_those_stated(digits_8x8, spy):
    images, classes = digits_8x8
    shown = spy(Examiner, "label")
    settings = {
        "connections.weight_sum": "auto",
        "evaluation.labelling_images": 30,
        "evaluation.labelling_passes": 2,
    }
    model = dc.DiehlCookClassifier(**SMALL, settings=settings).fit(images[:40], classes[:40])
    ((arguments, _),) = shown
    *_, split = arguments
    assert split.labels.size == 60
    np.testing.assert_array_equal(split.labels[:30], split.labels[30:])
    usual = clone(model).set_params(settings=None).fit(images[:40], classes[:40])
    mine, theirs = (each.network_.experiment.connections.weight_sum for each in (model, usual))
    assert mine == theirs


def test_settings_reach_the_experiment(digits_8x8):
    images, classes = digits_8x8
    settings = {"connections.inhibitory_to_excitatory": 22, "training.block": 20}
    model = dc.DiehlCookClassifier(**SMALL, settings=settings).fit(images[:40], classes[:40])
    assert model.network_.experiment.connections.inhibitory_to_excitatory == 22
    with pytest.raises(ExperimentError, match="did you mean 'weight_sum'"):
        clone(model).set_params(settings={"connections.weight_sun": 1}).fit(images, classes)


def test_in_a_pipeline_and_a_grid_search(digits_8x8):
    images, classes = digits_8x8
    pipeline = make_pipeline(dc.DiehlCookClassifier(**SMALL), LogisticRegression(max_iter=3000))
    search = GridSearchCV(pipeline, {"diehlcookclassifier__epochs": [1, 2]}, cv=2)
    search.fit(images[:200], classes[:200])
    assert search.best_score_ > 0.5
