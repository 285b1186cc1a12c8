"""Every file that is read, with any one value in it replaced: read, or refused in one line."""

import csv
import io
import json
import math
import os
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pretended import block, checkpoint, evaluation

from diehl_cook.model.experiment import Experiment
from diehl_cook.model.plasticity import RULES
from diehl_cook.stages import snapshots
from diehl_cook.store import network_file
from diehl_cook.store.files import csv_text
from diehl_cook.store.network_file import NetworkFile
from diehl_cook.store.reading import FileError, read_arrays
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.store.trained_network import TrainedNetwork
from diehl_cook.studies import (
    batch,
    paper_figures,
    peers,
    readouts,
    reference_runs,
    reproduce,
    robustness,
)

EXPERIMENT = Experiment.model_validate({"cells": 3, "training": {"images": 20, "block": 5}})
NETWORK = TrainedNetwork(np.ones((4, 3), np.float32), np.full(3, 0.02), np.array([0, 1, -1]))
WHOSE = {"rule": "triplet", "cells": 400, "seed": 0}


def begun_training():
    """A checkpoint after two blocks and two images, one of which drew three spikes."""
    return checkpoint(EXPERIMENT, 2) | {
        "images": np.array(12),
        "rows": np.array(json.dumps([block(5, math.nan), block(10)])),
        "labels": np.array([0, 1, 1]),
        "block/data": np.array([2, 1], np.int32),
        "block/indices": np.array([0, 2], np.int32),
        "block/indptr": np.array([0, 2, 2], np.int32),
    }


def table(rows):
    return lambda path: path.write_text(csv_text(rows))


def evaluated(path):
    folder = RunFolder(path.parent)
    folder.settle(EXPERIMENT)
    folder.save_evaluation(*evaluation(EXPERIMENT, 0.5))


def begun(path):
    folder = RunFolder(path.parent)
    folder.settle(EXPERIMENT)
    folder.update_manifest(seed=0, training_ended="2026")


def photographed(path):
    folder = RunFolder(path.parent)
    folder.settle(EXPERIMENT)
    for images in (0, 5):
        snapshots.add(folder, images, np.ones((4, 3)))


def score(path):
    """What sweeps and tables make of an evaluation."""
    RunFolder(path.parent).load_evaluation()
    batch.score_of(batch.Member(EXPERIMENT, RunFolder(path.parent)))


#: Name of each file, what writes a valid one, and what reads it and uses what it read.
FILES = {
    "evaluation.json": (evaluated, score),
    "predictions.npz": (evaluated, score),
    "manifest.json": (
        begun,
        lambda path: RunFolder(path.parent).update_manifest(seed=1),
    ),
    "training.csv": (
        table([block(5, math.nan), block(10)]),
        lambda path: RunFolder(path.parent).read_training(),
    ),
    "checkpoint.npz": (
        lambda path: np.savez(path, **begun_training()),
        lambda path: RunFolder(path.parent).load_checkpoint(),
    ),
    "snapshots.npz": (
        photographed,
        lambda path: snapshots.load(RunFolder(path.parent), 4),
    ),
    "network.npz": (
        lambda path: network_file.save(path, NetworkFile(EXPERIMENT, NETWORK, {"seed": 1})),
        network_file.load,
    ),
    "small network.npz": (
        lambda path: network_file.save(path, NetworkFile(EXPERIMENT, NETWORK), bits=8),
        network_file.load,
    ),
    "reference.csv": (
        table(
            [
                {"seed": seed} | dict.fromkeys(reference_runs.QUANTITIES, 0.5 + seed / 10)
                for seed in range(3)
            ]
        ),
        lambda path: reference_runs.compare(
            dict.fromkeys(reference_runs.QUANTITIES, 0.6), reference_runs.read_reference(path)
        ),
    ),
    "figure_2b.csv": (
        table(
            [
                WHOSE | {"seed": seed, "accuracy_mean": 0.9, "accuracy_sd": sd}
                | {"spikes_per_image": 17.5, "ms_per_presentation": 0.5}
                for seed, sd in enumerate([0.001, math.nan])
            ]
        ),
        lambda path: reproduce.markdown(reproduce.read_rows(path.parent)),
    ),
    "figure_2c.csv": (
        table(
            [
                WHOSE | {"images": images, "online_accuracy": accuracy}
                | {"spikes_per_presentation": 17.5, "mean_theta_mV": 30.5}
                for images, accuracy in [(5, math.nan), (10, 0.5)]
            ]
        ),
        lambda path: paper_figures.write_curves([], path.parent),
    ),
    "readouts.csv": (
        table(
            [
                WHOSE | {"seed": seed, "readout": name, "read_ms": time, "accuracy_mean": 0.9}
                | {"accuracy_sd": math.nan, "repeats": 1}
                for seed in (0, 1) for name in ("class_mean", "logistic") for time in (50.0, 350.0)
            ]
        ),
        lambda path: readouts.markdown(readouts.read_table(path.parent)),
    ),
    "robustness.csv": (
        table(
            [
                WHOSE | {"disturbance": name, "level": 0.5, "images": 20, "accuracy": 0.9}
                | {"spikes_per_image": 17.5, "skipped": 0.0}
                for name in ("noise", "bits")
            ]
        ),
        lambda path: robustness.read_table(path.parent),
    ),
    "answers.npz": (
        lambda path: np.savez(
            path, learned=np.ones((4, 3), int), tested=np.ones((2, 3), int), seconds=np.ones(3)
        ),
        lambda path: read_arrays(path, peers.Answers, "delete it"),
    ),
}  # fmt: skip

words = st.text(max_size=8) | st.sampled_from(
    ["", "-1", "nan", "inf", "1e400", "9" * 40, "true", "[]", "0x10", "1_0", *RULES]
)
values = st.recursive(
    st.none() | st.booleans() | words | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
types = st.sampled_from(
    ["bool", "int8", "uint8", "int64", "float16", "float32", "complex64", "U3", "S2", "M8[s]"]
)
any_array = st.one_of(
    types.flatmap(lambda kind: arrays(kind, array_shapes(min_dims=0, max_dims=3, min_side=0))),
    arrays("int64", array_shapes(max_dims=2), elements=st.integers(-3, 300)),
    arrays("float64", array_shapes(max_dims=2), elements=st.floats(-1, 2)),
    words.map(np.array),
    values.map(lambda value: np.array(json.dumps(value))),
)


def places(tree, path=()):
    """Where values stand in what JSON holds."""
    yield path
    inner = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in inner:
        yield from places(value, (*path, key))


def put(tree, path, value):
    if not path:
        return value
    copy = tree.copy()
    copy[path[0]] = put(tree[path[0]], path[1:], value)
    return copy


def one_replaced(content, name, draw):
    """The content of a file with one of its values replaced, left out, or added."""
    if name.endswith(".json"):
        tree = json.loads(content)
        path = draw(st.sampled_from(list(places(tree))))
        return json.dumps(put(tree, path, draw(values))).encode()
    if name.endswith(".csv"):
        lines = list(csv.reader(io.StringIO(content.decode())))
        line = draw(st.integers(0, len(lines) - 1))
        field = draw(st.integers(0, len(lines[0]) - 1))
        replaced = draw(st.lists(words, max_size=2)) if draw(st.booleans()) else [draw(words)]
        lines[line][field : field + 1] = replaced
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        return text.getvalue().encode("utf-8", "surrogatepass")
    with np.load(io.BytesIO(content)) as file:
        held = dict(file)
    key = draw(st.sampled_from([*held, "state/new", "other"]))
    if draw(st.integers(0, 9)) == 0:
        held.pop(key, None)
    elif key in held and held[key].size and draw(st.booleans()):
        changed = held[key].copy()
        try:
            changed.flat[draw(st.integers(0, changed.size - 1))] = draw(values)
        except (ValueError, TypeError, OverflowError):
            return content
        held[key] = changed
    else:
        held[key] = draw(any_array)
    buffer = io.BytesIO()
    np.savez(buffer, **held)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """A valid file of each kind, in a folder of its own, and its bytes."""
    made = {}
    for name, (write, _) in FILES.items():
        path = tmp_path_factory.mktemp("files") / name
        write(path)
        made[name] = path, path.read_bytes()
    return made


@pytest.mark.parametrize("name", FILES)
def test_a_valid_file_is_read(valid, name):
    path, content = valid[name]
    path.write_bytes(content)
    FILES[name][1](path)


def read_or_refused_in_one_line(name, path):
    said = f"{path}: read"
    try:
        FILES[name][1](path)
    except FileError as error:
        said = str(error)
    assert said.startswith(f"{path}: ")
    assert len(said.splitlines()) == 1
    assert len(said) < 500 + len(str(path))


@pytest.mark.filterwarnings("ignore::RuntimeWarning:numpy")
@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_any_one_value_replaced_is_read_or_refused_in_one_line(valid, name, data):
    path, content = valid[name]
    path.write_bytes(one_replaced(content, name, data.draw))
    read_or_refused_in_one_line(name, path)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"[", b"{}", b"a,b\n1,2\n", b"a,b\n1\n", b"a"]
)
def test_what_is_something_else_is_read_as_nothing_or_refused_in_one_line(valid, name, content):
    path, _ = valid[name]
    path.write_bytes(content)
    read_or_refused_in_one_line(name, path)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".csv")])
def test_columns_without_a_row_are_no_table(valid, name):
    path, _ = valid[name]
    path.write_text("images,classes\n")
    with pytest.raises(FileError, match="has columns but no row"):
        FILES[name][1](path)


@pytest.mark.parametrize(
    ("name", "key", "value", "message"),
    [
        ("evaluation.json", "accuracy_mean", 1.5, "accuracy_mean: Input should be less than"),
        ("evaluation.json", "accuracy_mean", 0.4, "accuracy_mean is not the mean of accuracies"),
        ("evaluation.json", "confusion", [[1.0]], "confusion has not one column more than rows"),
        ("predictions.npz", "spikes", np.zeros((1, 2), int), "of other numbers of images"),
        ("predictions.npz", "classes", np.zeros(1), "classes: has the shape (1,) and the type flo"),
        ("checkpoint.npz", "images", np.array(13), "images, rows and block/shape do not go"),
        ("checkpoint.npz", "block/indices", np.array([0, 3]), "indices must be < 3"),
        ("checkpoint.npz", "state/a.b", np.array([np.nan]), "state.a.b: holds numbers outside"),
        ("snapshots.npz", "images", np.array([5, 5]), "moments do not follow one another"),
        ("snapshots.npz", "largest", np.ones(1, np.float32), "of other numbers of moments"),
        ("network.npz", "labels", np.array([0, 1, 1000]), "labels: holds numbers outside"),
        ("network.npz", "theta", np.ones(2), "is not a network of 3 cells"),
    ],
)  # fmt: skip
def test_what_no_run_leaves_is_named(valid, name, key, value, message):
    path, content = valid[name]
    if name.endswith(".json"):
        path.write_text(json.dumps(json.loads(content) | {key: value}))
    else:
        with np.load(io.BytesIO(content)) as file:
            np.savez(path, **{**file, key: value})
    with pytest.raises(FileError) as refused:
        FILES[name][1](path)
    assert message in str(refused.value)


@pytest.mark.parametrize("name", FILES)
def test_a_pipe_is_refused_and_not_waited_for(valid, tmp_path, name):
    path = tmp_path / name
    shutil.copytree(valid[name][0].parent, tmp_path, dirs_exist_ok=True)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(
        FileError, match=r"is damaged or foreign .is a pipe or a device, not a file"
    ):
        FILES[name][1](path)


def test_what_is_no_archive_is_told_without_advice_to_load_it_unsafely(tmp_path):
    path = tmp_path / "picture.npz"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    with pytest.raises(FileError, match=r"foreign \(is no \.npz file\); delete it$"):
        read_arrays(path, peers.Answers, "delete it")
