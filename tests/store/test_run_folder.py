"""Run folders: whole writes, one process and one experiment each, nothing foreign believed."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pretended import block, checkpoint, evaluation

from diehl_cook.store import run_folder
from diehl_cook.store.files import WriteError
from diehl_cook.store.reading import FileError
from diehl_cook.store.run_folder import RunFolder, run_key, what_matters
from diehl_cook.store.trained_network import TrainedNetwork

NETWORK = TrainedNetwork(np.ones((784, 100), np.float32), np.full(100, 0.02))


@pytest.fixture
def folder(tmp_path, experiment_with):
    folder = RunFolder(tmp_path / "run")
    with folder.claim():
        folder.settle(experiment_with())
    return folder


def complaint(call, *arguments):
    """The one line that a folder is refused with."""
    with pytest.raises(FileError) as raised:
        call(*arguments)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    return message


def claim(folder):
    with folder.claim():
        pass


def test_what_was_saved_is_loaded_with_the_same_bits(folder):
    theta = np.linspace(0.01, 0.03, 100)
    weights = np.random.default_rng(0).random((784, 100), np.float32)
    folder.save_network(TrainedNetwork(weights, theta))
    without = folder.load_network()
    folder.save_network(TrainedNetwork(weights, theta, np.arange(100) % 10))
    labelled = folder.load_network()
    assert without.labels is None
    np.testing.assert_array_equal(labelled.labels, np.arange(100) % 10)
    for network in (without, labelled):
        assert network.weights.dtype == np.float32
        np.testing.assert_array_equal(network.weights, weights)
        np.testing.assert_array_equal(network.theta, theta)


def test_a_checkpoint_takes_the_place_of_the_one_before(folder):
    assert folder.load_checkpoint() is None
    for count in (1, 2):
        folder.save_checkpoint(checkpoint(folder.experiment(), count))
    assert folder.load_checkpoint().images == 2
    np.testing.assert_array_equal(folder.load_checkpoint().state["a.b"], [2, 2, 2])


def test_the_table_of_a_training_reads_as_written_and_empty_fields_as_nan(folder):
    assert folder.read_training() == []
    folder.write_training([block(500, np.nan), block(1000, 0.1)])
    first, second = folder.read_training()
    assert np.isnan(first["online_accuracy"])
    assert second == block(1000, 0.1)
    line = (folder.path / "training.csv").read_text().splitlines()[1]
    assert line == f"500,,17.0,3,0,30.0,0.25,{run_key(folder.experiment())}"


def test_a_long_table_asks_once_what_run_it_is_of(folder, spy):
    asked = spy(RunFolder, "_experiment_and_key")
    folder.write_training([block(500 * n) for n in range(1, 51)])
    assert len(folder.read_training()) == 50
    assert len(asked) == 2  # to write it, and to read it


def test_an_evaluation_is_loaded_as_saved(folder):
    assert folder.load_evaluation() is None
    before = evaluation(folder.experiment(), 0.5)
    folder.save_evaluation(*before)
    summary, details = folder.load_evaluation()
    assert summary == before[0]
    assert details.model_dump() == before[1].model_dump()


def test_entries_add_to_the_manifest(folder):
    folder.update_manifest(seed=1, began="a")
    folder.update_manifest(began="b", ended="c")
    manifest = json.loads((folder.path / "manifest.json").read_text())
    key = run_key(folder.experiment())
    assert manifest == {"run": key, "seed": 1, "began": "b", "ended": "c"}


def test_a_picture_lies_under_figures(folder):
    path = folder.save_figure("theta.png", b"a picture")
    assert path == folder.path / "figures" / "theta.png"
    assert path.read_bytes() == b"a picture"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_litter(folder, monkeypatch, failing):
    folder.save_checkpoint(checkpoint(folder.experiment(), 1))
    before = sorted(os.listdir(folder.path))

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    message = (
        "checkpoint.npz: cannot be written: No space left on device; mend that, and the same"
        " command goes on"
    )
    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(WriteError, match=message):
            folder.save_checkpoint(checkpoint(folder.experiment(), 2))
    assert folder.load_checkpoint().images == 1
    assert sorted(os.listdir(folder.path)) == before


def test_an_interrupted_write_leaves_the_old_file(folder, monkeypatch):
    folder.save_checkpoint(checkpoint(folder.experiment(), 1))

    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            folder.save_checkpoint(checkpoint(folder.experiment(), 2))
    assert folder.load_checkpoint().images == 1


def test_files_can_be_read_by_everybody(folder):
    folder.save_network(NETWORK)
    for name in ("network.npz", "experiment.yaml"):
        assert (folder.path / name).stat().st_mode & 0o777 == 0o644


def test_a_second_process_is_refused_until_the_first_has_ended(folder):
    code = (
        "import sys; from pathlib import Path; from diehl_cook.store.run_folder import RunFolder\n"
        f"with RunFolder(Path({str(folder.path)!r})).claim():\n"
        "    print('claimed', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "claimed\n"
        message = complaint(claim, folder)
        other.communicate()
    assert (
        message == f"{folder.path}: another process works in this folder; wait, or choose another"
    )
    claim(folder)


def test_a_process_killed_while_writing_leaves_neither_lock_nor_litter(folder):
    folder.save_checkpoint(checkpoint(folder.experiment(), 1))
    code = (
        "import os; from pathlib import Path; from diehl_cook.store.run_folder import RunFolder\n"
        f"folder = RunFolder(Path({str(folder.path)!r}))\n"
        "os.replace = lambda *paths: os.kill(os.getpid(), 9)\n"
        "with folder.claim():\n"
        "    folder.save_checkpoint({})\n"
    )
    before = set(os.listdir(folder.path))
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert len(set(os.listdir(folder.path)) - before) == 2
    with folder.claim() as workspace:
        assert list(workspace.iterdir()) == []
        assert set(os.listdir(folder.path)) == before | {workspace.name}
    assert folder.load_checkpoint().images == 1


def test_the_workspace_is_gone_after_the_claim_also_after_an_error(folder):
    workspaces = []

    def fail():
        with folder.claim() as workspace:
            workspaces.append(workspace)
            (workspace / "file").touch()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not workspaces[0].exists()


@pytest.mark.parametrize("name", ["r\udcff", "two\nlines", "\x07"])
def test_a_name_that_no_report_can_show_is_refused(tmp_path, name):
    message = complaint(RunFolder, tmp_path / name)
    assert message.endswith(" is not printable text; choose another folder")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    message = complaint(claim, RunFolder(tmp_path / "file" / "run"))
    assert "file/run: cannot be written: Not a directory; choose another folder" in message


@pytest.mark.parametrize(
    ("override", "difference"),
    [
        ("seed=1", "seed: 0 there, 1 asked for"),
        ("rule=exponential", "rule: triplet there, exponential asked for"),
        ("excitatory.tau_ge=2 ms", "excitatory.tau_ge: 1 ms there, 2 ms asked for"),
        ("training.images=10", "training.images: 1000 there, 10 asked for"),
    ],
)
def test_another_experiment_is_refused_with_what_differs(
    folder, experiment_with, override, difference
):
    message = complaint(folder.settle, experiment_with(override))
    assert f"holds another experiment ({difference}); choose another folder" in message


@pytest.mark.parametrize(
    "override",
    [
        "training.chunk=7",
        "training.block=9",
        "evaluation.repeats=1",
        "threads=3",
        "name=other",
        "plasticity.power_law.eta=0.5",
        "presentation.on_silence=skip",
    ],
)
def test_what_never_alters_the_network_may_differ(folder, experiment_with, override):
    experiment = experiment_with(override)
    folder.settle(experiment)
    assert folder.experiment() == experiment
    assert what_matters(experiment) == what_matters(experiment_with())
    assert run_key(experiment) == run_key(experiment_with())


def test_what_was_left_behind_does_not_become_an_error(folder, experiment_with):
    skipping, strict = experiment_with("presentation.on_silence=skip"), experiment_with()
    folder.settle(skipping)
    folder.settle(strict)  # nothing is trained yet
    folder.settle(skipping)
    (folder.path / "checkpoint.npz").touch()
    folder.settle(skipping)
    assert "was begun with presentation.on_silence=skip; leave it so, or choose another" in (
        complaint(lambda: folder.settle(strict))
    )


def test_the_key_of_a_run_tells_experiments_apart_and_bears_new_parameters(
    experiment_with, monkeypatch
):
    keys = {
        run_key(experiment_with(*overrides))
        for overrides in [(), ("seed=1",), ("rule=exponential",), ("excitatory.tau_ge=2 ms",)]
    }
    assert len(keys) == 4
    monkeypatch.setattr(
        run_folder, "what_matters", lambda experiment: what_matters(experiment) | {"new": 0}
    )
    assert run_key(experiment_with()) in keys


def test_an_empty_folder_holds_no_run(tmp_path):
    assert "no run here; train one first" in complaint(RunFolder(tmp_path).experiment)


def test_a_published_network_is_no_run_either():
    told = complaint(RunFolder(Path("triplet_n400")).experiment)
    assert told.startswith("triplet_n400: is a published network and no folder of a run; train")


def test_an_experiment_is_parsed_again_where_its_file_has_changed_alone(folder, spy):
    path, before = folder.path / "experiment.yaml", folder.experiment()
    parsed = spy(run_folder, "load_experiment")
    assert folder.experiment() is before
    assert len(parsed) == 0
    text = path.read_text()
    path.write_text(text.replace("seed: 0", "seed: 7"))
    assert folder.experiment().seed == 7
    path.write_text(text)
    assert folder.experiment() == before


def test_a_damaged_experiment_is_named(folder):
    (folder.path / "experiment.yaml").write_text("cells: [")
    assert "experiment.yaml: is not valid YAML" in complaint(folder.experiment)


@pytest.mark.parametrize(
    ("name", "read", "way_out"),
    [
        ("training.csv", RunFolder.read_training, "delete it to go on"),
        ("evaluation.json", RunFolder.load_summary, "evaluate again"),
        ("manifest.json", RunFolder.update_manifest, "delete it to go on"),
    ],
)
@pytest.mark.parametrize("content", [b"a,b\n1,x\n[", b"\xff\xfe"], ids=["text", "bytes"])
def test_a_damaged_text_file_is_one_line(folder, name, read, way_out, content):
    (folder.path / name).write_bytes(content)
    message = complaint(read, folder)
    assert message.startswith(f"{folder.path}/{name}: is damaged or foreign (")
    assert message.endswith(way_out)
    assert (folder.path / name).read_bytes() == content


def test_before_the_training_has_ended_there_is_no_network(folder):
    assert not folder.has_network()
    assert "the training has not ended; go on with the command" in complaint(folder.load_network)


def content(path):
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "way_out"),
    [("checkpoint", "delete it to start afresh"), ("network", "train again")],
)
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(content(path)[: len(content(path)) // 2]),
        lambda path: path.write_bytes(content(path)[:-300]),
        lambda path: path.write_bytes(content(path).replace(b"\0\0\0", b"\1\0\0", 40)),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("no arrays"),
        lambda path: path.write_bytes(pickle.dumps({"weights": 1})),
        lambda path: np.save(path.open("wb"), np.zeros(3)),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["halved", "cut", "overwritten", "empty", "text", "pickle", "npy", "folder"],
)
def test_a_damaged_or_foreign_file_is_one_line(folder, name, way_out, damage):
    save, load = getattr(folder, f"save_{name}"), getattr(folder, f"load_{name}")
    save(checkpoint(folder.experiment(), 1) if name == "checkpoint" else NETWORK)
    damage(folder.path / f"{name}.npz")
    message = complaint(load)
    assert message.startswith(f"{folder.path}/{name}.npz: is damaged or foreign (")
    assert message.endswith(way_out)


class Explosive:
    """Does harm when unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("exploded",))


@pytest.mark.parametrize("name", ["checkpoint", "network"])
def test_pickled_arrays_are_never_loaded(folder, name, monkeypatch):
    monkeypatch.chdir(folder.path)
    np.savez(folder.path / f"{name}.npz", weights=np.array([Explosive()], object))
    message = complaint(getattr(folder, f"load_{name}"))
    assert "is damaged or foreign" in message
    assert not (folder.path / "exploded").exists()


def test_a_network_of_another_run_is_refused_with_what_differs(folder, experiment_with, tmp_path):
    other = RunFolder(tmp_path / "other")
    other.settle(experiment_with("seed=7"))
    other.save_network(NETWORK)
    shutil.copy(other.network_path, folder.network_path)
    assert "is of another experiment (seed: 7 there, 0 asked for)" in complaint(folder.load_network)
    folder.settle(experiment_with("evaluation.repeats=1"))
    folder.save_network(NETWORK)
    folder.settle(experiment_with("evaluation.repeats=2"))
    assert folder.load_network().theta.tobytes() == NETWORK.theta.tobytes()


@pytest.mark.parametrize(
    "arrays",
    [
        {"weights": np.ones((784, 64)), "theta": np.ones(64)},
        {"theta": np.ones(64)},
        {"weights": np.ones((784, 64))},
        {"weights": np.ones((0, 100))},
        {"weights": np.ones(())},
        {"weights": np.ones(100)},
        {"labels": np.ones(64, int)},
    ],
    ids=["smaller", "short-theta", "narrow", "no-input", "scalar", "flat", "labels"],
)
def test_a_network_of_another_shape_is_refused(folder, arrays):
    folder.save_network(NETWORK)
    with np.load(folder.network_path) as file:
        np.savez(folder.network_path, **{**file, **arrays})
    assert "network.npz: is damaged or foreign (" in complaint(folder.load_network)


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("name", [".work/mine", ".unfinished-mine", "mine.txt", "network.npz"])
def test_a_folder_of_somebody_else_is_refused_and_left_as_it_is(tmp_path, name, locked):
    path = tmp_path / "theirs" / name
    path.parent.mkdir(parents=True)
    path.write_text("precious")
    if locked:
        (tmp_path / "theirs" / ".lock").touch()
    with (
        pytest.raises(FileError, match=r"holds files but no experiment\.yaml"),
        RunFolder(tmp_path / "theirs").claim(),
    ):
        pass
    assert path.read_text() == "precious"


@pytest.mark.parametrize("place", [".", "mine", "figures"])
def test_files_of_the_user_in_a_run_folder_stay(folder, place):
    names = [".unfinished-mine", f".unfinished-{'x' * 32}", f".unfinished-{'0' * 32}.txt"]
    mine = [folder.path / place / name for name in names]
    if place == "mine":  # perhaps a run itself, in which another process is at work
        mine.append(folder.path / place / f".unfinished-{'0' * 32}")
    mine[0].parent.mkdir(exist_ok=True)
    for path in mine:
        path.write_text("precious")
    (folder.path / ".unfinished-folder").mkdir()
    claim(folder)
    assert all(path.read_text() == "precious" for path in mine)


def test_what_a_killed_process_left_before_it_settled_is_cleared(tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".work").mkdir()
    (tmp_path / f".unfinished-{'0' * 32}").touch()
    with RunFolder(tmp_path).claim() as workspace:
        assert not list(workspace.iterdir())
