"""Fields without spikes: what they know of digits, and how far they have come."""

import dataclasses

import numpy as np
import pytest
from scipy.sparse import csr_array

from diehl_cook import cli
from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.images.labelled_images import Split
from diehl_cook.stages.training import train
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies import fields
from diehl_cook.studies.fields import Moment


@pytest.fixture(scope="module")
def images(digits):
    """Digits to learn, and others to score."""
    pictures = digits.images.reshape(-1, 28, 28)
    learned = Split(pictures[:1000], digits.classes[:1000])
    scored = Split(pictures[1000:1400], digits.classes[1000:1400])
    return ExperimentImages(learned, learned, scored, "validation", "here")


def moment(experiment, weights, responses=None):
    cells = weights.shape[1]
    none = csr_array((0, cells)) if responses is None else csr_array(responses)
    return Moment(experiment, 70, weights, np.linspace(0.02, 0.04, cells), none)


@pytest.fixture
def of_digits(experiment_with, digits):
    """As many fields as images, each an image, its brightness of no matter."""
    weights = digits.images[:200].T * np.linspace(0.1, 2, 200)
    return moment(experiment_with(), weights)


def test_fields_that_are_digits_read_digits(of_digits, images):
    found = fields.measure(of_digits, images)
    assert found["validation images, nearest 1 (%)"] > 75
    assert found["validation images, nearest 5 (%)"] > 65
    assert found["share of the cells that have begun"] == 1


def test_the_nearest_fields_vote(experiment_with, images, digits):
    """Fields that are learned images, many times each, have the class of that image."""
    learned = Split(images.learning.images[:50].repeat(20, axis=0), digits.classes[:50].repeat(20))
    few = dataclasses.replace(images, learning=learned)
    found = fields.measure(moment(experiment_with(), digits.images[:50].T.astype(float)), few)
    rows = images.scored.rows / np.linalg.norm(images.scored.rows, axis=1, keepdims=True)
    likeness = rows @ (digits.images[:50].T / np.linalg.norm(digits.images[:50], axis=1))
    nearest = digits.classes[:50][np.argsort(-likeness, axis=1)]
    for count in (1, 5):
        votes = np.array([np.bincount(each).argmax() for each in nearest[:, :count]])
        expected = 100 * np.mean(votes == images.scored.labels)
        assert found[f"validation images, nearest {count} (%)"] == pytest.approx(expected)


def test_a_field_has_the_class_of_the_images_most_like_it(of_digits, images, digits):
    found = fields.measure(of_digits, images)
    told = [found[f"cells of class {each}"] for each in range(10)]
    assert sum(told) == 200
    assert np.abs(told - np.bincount(digits.classes[:200])).sum() < 60


def test_a_field_spreads_over_as_many_pixels_as_share_its_weight():
    weights = np.array([[1.0, 2.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert fields.pixels(weights).tolist() == [2, 1, 0]


def test_most_of_the_images_most_alike_decide_a_class(experiment_with, images):
    """Not the very most alike, whose class a single odd image may have."""
    rows = np.zeros((25, 28, 28), np.uint8)
    rows[:, 0, 0] = 100
    rows[1:, 0, 1] = np.arange(1, 25)  # ever less like the field
    labels = np.array([9] + 11 * [4] + 8 * [7] + 5 * [1])
    few = dataclasses.replace(images, learning=Split(rows, labels))
    weights = np.zeros((784, 1))
    weights[0] = 1
    found = fields.measure(moment(experiment_with(), weights), few)
    assert [found[f"cells of class {each}"] for each in range(10)] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]


def test_fields_at_their_start_know_nothing(experiment_with, images):
    weights = np.random.default_rng(0).uniform(0.2, 0.4, (784, 50))
    found = fields.measure(moment(experiment_with(), weights), images)
    assert found["share of the cells that have begun"] == 0
    assert found["pixels of a field, median"] > 700
    assert found["validation images, nearest 1 (%)"] < 40


def test_the_spikes_since_the_last_block(experiment_with, images):
    responses = [[0, 3, 0], [2, 1, 0]]
    weights = np.random.default_rng(0).uniform(0, 1, (784, 3))
    found = fields.measure(moment(experiment_with(), weights, responses), images)
    assert found["images learned"] == 70
    assert found["spikes of an image"] == 3
    assert found["cells that answer an image"] == 1.5
    assert found["threshold, mean (mV)"] == pytest.approx(30)
    assert found["threshold, standard deviation (mV)"] == pytest.approx(np.std([20, 30, 40]))


def test_after_the_training_no_spikes_are_told(of_digits, images):
    assert "spikes of an image" not in fields.measure(of_digits, images)


def test_a_published_network_is_at_the_end_of_its_training():
    there = fields.moment_of("triplet_n400")
    assert there.weights.shape == (784, 400)
    assert there.images == there.experiment.training.images


def test_a_training_that_has_not_ended(tmp_path, experiment_with, presenter_of, digits):
    experiment = experiment_with("training.images=9", "training.block=4", "training.chunk=2")
    presenter, folder = presenter_of(experiment, learning=True), RunFolder(tmp_path / "run")
    learned = Split(digits.images.reshape(-1, 28, 28), digits.classes)

    def stop(progress):
        if progress.images > 6:
            raise KeyboardInterrupt

    with folder.claim() as workspace:
        folder.settle(experiment)
        with pytest.raises(KeyboardInterrupt):
            train(presenter, learned, folder, workspace, stop)
    there = fields.moment_of(folder.path)
    assert there.images == 6
    assert there.weights.shape == (784, experiment.cells)
    assert np.median(there.weights.sum(axis=0)) == pytest.approx(78, rel=1e-4)
    assert np.all(there.theta > 0)
    assert there.responses.shape == (2, experiment.cells)


def test_the_command_tells_each_quantity(monkeypatch, images, capsys):
    monkeypatch.setattr("diehl_cook.images.experiment_images.load", lambda experiment: images)
    assert cli.main(["fields", "triplet_n400"]) == 0
    said = dict(line.rsplit(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert float(said["validation images, nearest 1 (%)"]) > 80
    assert sum(int(said[f"cells of class {each}"]) for each in range(10)) == 400


def test_a_folder_that_is_none_of_a_run(tmp_path, capsys):
    assert cli.main(["fields", str(tmp_path)]) == 2
    assert "no run here" in capsys.readouterr().err
