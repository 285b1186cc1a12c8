"""Trained networks in small files."""

import io
import os
import zipfile

import numpy as np
import pytest

from diehl_cook.model.experiment import Experiment
from diehl_cook.store import network_file
from diehl_cook.store.network_file import NetworkFile, NetworkFileError
from diehl_cook.store.trained_network import TrainedNetwork


@pytest.fixture
def content():
    random = np.random.default_rng(0)
    experiment = Experiment.model_validate({"cells": 400, "training": {"images": 9}, "seed": 3})
    weights = random.random((784, 400), np.float32)
    network = TrainedNetwork(weights, random.random(400) / 20, random.integers(-1, 10, 400))
    return NetworkFile(experiment, network, {"accuracy_mean": 0.91})


@pytest.fixture
def path(content, tmp_path):
    network_file.save(tmp_path / "networks" / "some.npz", content)
    return tmp_path / "networks" / "some.npz"


def test_comes_back_with_rounded_weights(path, content):
    back = network_file.load(path)
    assert back.experiment == content.experiment
    assert back.measured == content.measured
    np.testing.assert_array_equal(back.network.theta, content.network.theta)
    np.testing.assert_array_equal(back.network.labels, content.network.labels)
    np.testing.assert_allclose(back.network.weights, content.network.weights, rtol=2**-11)
    rounded = network_file.rounded(content.network).weights
    np.testing.assert_array_equal(back.network.weights, rounded)


def test_is_small_and_holds_no_pickle(path):
    assert path.stat().st_size < 1e6
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            np.load(io.BytesIO(archive.read(name)), allow_pickle=False)


def test_network_without_labels_is_refused(content, tmp_path):
    bare = TrainedNetwork(content.network.weights, content.network.theta)
    with pytest.raises(ValueError, match="label it first"):
        network_file.save(tmp_path / "x.npz", NetworkFile(content.experiment, bare, {}))


def test_missing_file(tmp_path):
    with pytest.raises(NetworkFileError, match="no such file"):
        network_file.load(tmp_path / "x.npz")


@pytest.mark.parametrize("damage", ["cut", "text", "foreign", "other size"])
def test_damaged_file_is_named(path, content, damage):
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "text":
        path.write_text("no network")
    elif damage == "foreign":
        np.savez(path, weights=np.zeros(3))
    else:
        with np.load(path) as file:
            np.savez(path, **{**file, "theta": np.zeros(7)})
    with pytest.raises(NetworkFileError) as caught:
        network_file.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value).splitlines()) == 1


class Explosive:
    """Does harm when unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("exploded",))


@pytest.mark.parametrize(
    "planted",
    [
        {"weights": np.array([Explosive()], object)},
        {"experiment": np.array("!!python/object/apply:os.mkdir [exploded]")},
        {"measured": np.array("__import__('os').mkdir('exploded')")},
    ],
    ids=["pickle", "yaml", "json"],
)
def test_nothing_in_a_file_is_executed(path, planted, monkeypatch):
    monkeypatch.chdir(path.parent)
    with np.load(path) as file:
        np.savez(path, **{**file, **planted})
    with pytest.raises(NetworkFileError):
        network_file.load(path)
    assert not (path.parent / "exploded").exists()


def test_too_little_memory_is_not_taken_for_damage(path, monkeypatch):
    def fail(*arguments, **keywords):
        raise MemoryError

    monkeypatch.setattr(np, "load", fail)
    with pytest.raises(MemoryError):
        network_file.load(path)
