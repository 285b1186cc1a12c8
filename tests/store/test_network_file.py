"""Trained networks in small files."""

import dataclasses
import io
import os
import zipfile

import numpy as np
import pytest

from diehl_cook.model.experiment import Experiment
from diehl_cook.store import network_file
from diehl_cook.store.network_file import NetworkFile
from diehl_cook.store.reading import FileError
from diehl_cook.store.trained_network import TrainedNetwork, Weighing


@pytest.fixture
def content():
    random = np.random.default_rng(0)
    experiment = Experiment.model_validate({"cells": 400, "training": {"images": 9}, "seed": 3})
    weights = random.random((784, 400), np.float32)
    network = TrainedNetwork(weights, random.random(400) / 20, random.integers(-1, 10, 400))
    return NetworkFile(experiment, network, {"accuracy_mean": 0.91})


@pytest.fixture
def path(content, tmp_path):
    network_file.save(tmp_path / "networks" / "some.npz", content, bits=16)
    return tmp_path / "networks" / "some.npz"


@pytest.mark.parametrize("bits", [32, 16, 8])
def test_comes_back_as_it_was_rounded(content, tmp_path, bits):
    network_file.save(tmp_path / "x.npz", content, bits)
    back = network_file.load(tmp_path / "x.npz")
    assert back.experiment == content.experiment
    assert back.measured == content.measured
    np.testing.assert_array_equal(back.network.theta, content.network.theta)
    np.testing.assert_array_equal(back.network.labels, content.network.labels)
    rounded = network_file.rounded(content.network, bits).weights
    np.testing.assert_array_equal(back.network.weights, rounded)


def test_rounding(content):
    weights = content.network.weights
    np.testing.assert_array_equal(network_file.rounded(content.network, 32).weights, weights)
    half = network_file.rounded(content.network, 16).weights
    np.testing.assert_allclose(half, weights, rtol=2**-11)
    bytes_ = network_file.rounded(content.network, 8).weights
    np.testing.assert_allclose(bytes_, weights, atol=weights.max() / 255 * 0.51)
    assert {half.dtype, bytes_.dtype} == {np.dtype(np.float32)}


def test_a_cell_without_weights_can_be_rounded(content):
    silent = content.network.weights.copy()
    silent[:, 7] = 0
    network = dataclasses.replace(content.network, weights=silent)
    assert not network_file.rounded(network, 8).weights[:, 7].any()


@pytest.mark.parametrize(("bits", "most"), [(32, 1.3e6), (16, 0.7e6), (8, 0.4e6)])
def test_is_small_and_holds_no_pickle(content, tmp_path, bits, most):
    network_file.save(tmp_path / "x.npz", content, bits)
    assert (tmp_path / "x.npz").stat().st_size < most
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        for name in archive.namelist():
            np.load(io.BytesIO(archive.read(name)), allow_pickle=False)


def test_the_same_network_gives_the_same_bytes(content, tmp_path):
    network_file.save(tmp_path / "one.npz", content)
    network_file.save(tmp_path / "other.npz", content)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_a_network_without_labels(content, tmp_path):
    bare = TrainedNetwork(content.network.weights, content.network.theta)
    network_file.save(tmp_path / "x.npz", NetworkFile(content.experiment, bare))
    assert network_file.load(tmp_path / "x.npz").network.labels is None


@pytest.fixture
def weighing():
    random = np.random.default_rng(1)
    return Weighing(np.array([2, 3, 9]), random.normal(size=(400, 3)), random.normal(size=3))


def test_what_a_readout_learned_comes_back(content, weighing, tmp_path):
    read = dataclasses.replace(content.network, weighings={"naive_bayes": weighing})
    network_file.save(tmp_path / "x.npz", NetworkFile(content.experiment, read), bits=8)
    ((name, back),) = network_file.load(tmp_path / "x.npz").network.weighings.items()
    assert name == "naive_bayes"
    for part in ("classes", "weights", "offsets"):
        np.testing.assert_array_equal(getattr(back, part), getattr(weighing, part))


@pytest.mark.parametrize(
    "change",
    [
        {"weights": np.zeros((399, 3))},
        {"weights": np.full((400, 3), np.nan)},
        {"offsets": np.zeros(2)},
        {"classes": np.array([0.5, 1, 2])},
    ],
    ids=["other cells", "no numbers", "other classes", "classes in between"],
)
def test_what_no_readout_learns_is_refused(content, weighing, tmp_path, change):
    broken = {"naive_bayes": dataclasses.replace(weighing, **change)}
    network = dataclasses.replace(content.network, weighings=broken)
    network_file.save(tmp_path / "x.npz", NetworkFile(content.experiment, network))
    with pytest.raises(FileError, match=r"x.npz: is damaged or foreign .*; export"):
        network_file.load(tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["weights", "theta"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_numbers_that_no_training_leaves_are_refused(content, tmp_path, name, value):
    values = getattr(content.network, name).copy()
    values.flat[3] = value
    network = dataclasses.replace(content.network, **{name: values})
    network_file.save(tmp_path / "x.npz", NetworkFile(content.experiment, network))
    with pytest.raises(FileError, match=f"is damaged or foreign .{name}: holds numbers outside"):
        network_file.load(tmp_path / "x.npz")


def test_missing_file(tmp_path):
    with pytest.raises(FileError, match="no such file"):
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
    with pytest.raises(FileError) as caught:
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
    with pytest.raises(FileError):
        network_file.load(path)
    assert not (path.parent / "exploded").exists()


def test_too_little_memory_is_not_taken_for_damage(path, monkeypatch):
    def fail(*arguments, **keywords):
        raise MemoryError

    monkeypatch.setattr(np, "load", fail)
    with pytest.raises(MemoryError):
        network_file.load(path)
