"""Methods without spikes on scikit-learn's digits."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from diehl_cook.images import experiment_images
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
