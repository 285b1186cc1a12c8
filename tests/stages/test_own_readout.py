"""The page on readouts: its code does what it says of it."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import NearestCentroid

from diehl_cook.model.experiment import Experiment
from diehl_cook.stages.readout import READOUTS, learn, reader_of
from diehl_cook.store import network_file
from diehl_cook.store.network_file import NetworkFile
from diehl_cook.store.trained_network import TrainedNetwork

PAGE = (Path(__file__).parents[2] / "docs" / "readouts.md").read_text()
ANY_CLASSIFIER, OWN_READOUT = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def nearest_mean(monkeypatch):
    names = {}
    exec(OWN_READOUT, names)
    monkeypatch.setitem(READOUTS, "nearest_mean", names["NearestMean"])
    return names["NearestMean"]


@pytest.fixture
def answers():
    random = np.random.default_rng(0)
    classes = random.choice([2, 3, 7], 300)
    return random.poisson(np.eye(8)[classes][:, 1:] * 3 + 1), classes


def test_a_readout_of_one_s_own_reads_as_it_says(nearest_mean, answers):
    learned, classes = (each[:200] for each in answers)
    shown = answers[0][200:]
    reader = nearest_mean().fit(learned, classes)
    expected = NearestCentroid().fit(learned, classes)
    np.testing.assert_array_equal(reader.predict(shown), expected.predict(shown))
    distances = euclidean_distances(shown, expected.centroids_, squared=True)
    squares = (shown**2).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(squares - reader.scores(shown), distances)


def test_a_network_file_keeps_what_it_has_learned(nearest_mean, answers, tmp_path):
    bare = TrainedNetwork(np.ones((4, 7), np.float32), np.zeros(7))
    network = learn("nearest_mean", bare, *answers)
    experiment = Experiment.model_validate({"cells": 7, "training": {"images": 1}})
    network_file.save(tmp_path / "own.npz", NetworkFile(experiment, network, {}))
    kept = network_file.load(tmp_path / "own.npz").network
    np.testing.assert_array_equal(
        reader_of("nearest_mean", kept).scores(answers[0]),
        nearest_mean().fit(*answers).scores(answers[0]),
    )


def test_a_classifier_of_scikit_learn_reads_the_spikes(capsys):
    names = {}
    fewer = ANY_CLASSIFIER.replace("10_000", "1_000").replace("55_000", "59_500")
    assert fewer != ANY_CLASSIFIER
    exec(fewer, names)
    assert names["spikes"].shape == (1000, 400)
    told = [line.split(": ") for line in capsys.readouterr().out.splitlines()]
    assert [name for name, _ in told] == [
        "RidgeClassifier",
        *(r.__name__ for r in READOUTS.values()),
    ]
    assert min(float(share.rstrip("%")) for _, share in told) > 80


def test_the_page_names_every_readout():
    table = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert table == list(READOUTS)
