"""Methods without spikes on scikit-learn's digits."""

import dataclasses

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from diehl_cook.images import experiment_images
from diehl_cook.images.datasets import Split
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.studies.baselines import NEIGHBOURS, measure


@pytest.fixture(scope="module")
def images(experiments):
    return experiment_images.load(
        load_experiment(experiments / "smoke.yaml", ["data.folder=sklearn:digits"])
    )


def test_k_means_and_neighbours_read_digits(images):
    found = measure(images, centres=30, starts=2)
    assert len(found.k_means) == 2
    assert all(0.8 < each < 0.97 for each in found.k_means)
    model = KNeighborsClassifier(found.neighbours)
    model.fit(images.learning.rows.astype(float), images.learning.labels)
    expected = model.score(images.scored.rows.astype(float), images.scored.labels)
    assert found.nearest_neighbours == pytest.approx(expected)
    assert found.neighbours in NEIGHBOURS
    assert found.nearest_neighbours > max(found.k_means)


def test_one_centre_reads_the_commonest_class(images):
    commonest = np.bincount(images.learning.labels).argmax()
    expected = (images.scored.labels == commonest).mean()
    assert measure(images, centres=1, starts=1).k_means == [pytest.approx(expected)]


def few(images, count):
    part = Split(images.learning.images[:count], images.learning.labels[:count])
    return dataclasses.replace(images, learning=part)


def test_fewer_images_than_centres_are_told(images):
    with pytest.raises(ExperimentError, match=r"^cells: 16 centres for 3 images to learn; choose"):
        measure(few(images, 3), centres=16)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_a_few_images_have_as_many_neighbours_as_there_are(images, count):
    found = measure(few(images, count), centres=1, starts=1)
    assert found.neighbours in NEIGHBOURS
    assert found.neighbours <= max(1, count * 5 // 6)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_equal_images_leave_centres_without_any(images):
    equal = np.repeat(images.learning.images[:1], 40, axis=0)
    part = Split(equal, np.repeat(images.learning.labels[:1], 40))
    found = measure(dataclasses.replace(images, learning=part), centres=4, starts=1)
    expected = (images.scored.labels == images.learning.labels[0]).mean()
    assert found.k_means == [pytest.approx(expected)]
