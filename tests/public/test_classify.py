"""Drawn digits are read, most of them correctly, with a published network."""

import dataclasses

import numpy as np
import pytest
from strokes import picture_of

import diehl_cook as dc
from diehl_cook.cli import main
from diehl_cook.stages.classify import classify
from diehl_cook.stages.network import Network
from diehl_cook.store.trained_network import TrainedNetwork, Weighing


@pytest.fixture(scope="module")
def network():
    return dc.load("triplet_n400")


def draw(folder, **look):
    """Picture files of the ten digits."""
    paths = [folder / f"{digit}.png" for digit in range(10)]
    for digit, path in enumerate(paths):
        picture_of(digit, **look).save(path)
    return paths


@pytest.mark.parametrize(
    "look",
    [{}, {"size": 64, "paper": 20, "ink": 240, "shift": 0.08}, {"size": 900, "shift": -0.06}],
    ids=["ink on paper", "chalk on slate, small", "large, off the middle"],
)
def test_drawn_digits_are_read(network, tmp_path, look):
    readings = classify(network, draw(tmp_path, **look))
    assert sum(reading.class_ == digit for digit, reading in enumerate(readings)) >= 8
    for reading in readings:
        assert reading.spikes[reading.class_] > 0
        assert sum(reading.spikes.values()) <= reading.total
        assert reading.runner_up != reading.class_


def test_the_command_says_class_spikes_and_runner_up(network, tmp_path, capsys):
    paths = draw(tmp_path)[3:5]
    assert main(["classify", *map(str, paths)]) == 0
    expected = [f"{path}: {reading}" for path, reading in zip(paths, classify(network, paths))]  # noqa: B905
    assert capsys.readouterr().out.splitlines() == expected
    assert " spikes, " in expected[0]


def test_a_file_that_is_no_picture_ends_with_2(tmp_path, capsys):
    (tmp_path / "x.png").write_text("no picture")
    assert main(["classify", str(tmp_path / "x.png")]) == 2
    assert capsys.readouterr().err.startswith(f"diehl_cook: {tmp_path / 'x.png'}: is no picture")


def test_a_network_without_labels_cannot_read(network, tmp_path, capsys):
    bare = TrainedNetwork(network.weights, network.theta)
    Network(network.experiment, bare).save(tmp_path / "bare.npz")
    paths = draw(tmp_path)[:1]
    assert main(["classify", str(paths[0]), "--network", str(tmp_path / "bare.npz")]) == 2
    assert "the cells have no labels yet; evaluate the run first" in capsys.readouterr().err


def test_pictures_are_read_as_the_experiment_reads(network, tmp_path):
    """A readout for which everything speaks for 7, then for 3."""
    weighing = Weighing(np.array([3, 7]), np.ones((400, 2)), np.array([0.0, 1.0]))
    weighings = {"naive_bayes": weighing}
    settings = network.experiment.evaluation.model_copy(update={"readout": "naive_bayes"})
    experiment = network.experiment.model_copy(update={"evaluation": settings})
    other = Network(experiment, dataclasses.replace(network.trained, weighings=weighings))
    (picture,) = draw(tmp_path)[:1]
    (reading,), (plain,) = classify(other, [picture]), classify(network, [picture])
    assert (reading.class_, reading.runner_up) == (7, 3)
    assert reading.spikes == {class_: plain.spikes[class_] for class_ in (3, 7)}
    assert reading.total == plain.total
    assert str(reading) == f"7, then 3: naive_bayes of {plain.total} spikes"
    alone = dataclasses.replace(reading, runner_up=-1)
    assert str(alone) == f"7, no other class: naive_bayes of {plain.total} spikes"
