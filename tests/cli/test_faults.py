"""A machine that fails in the midst of a training: one line, nothing lost, and on it goes."""

import contextlib
import os
import resource
import uuid
from pathlib import Path

import numpy as np
import pytest

from diehl_cook.cli import main
from diehl_cook.engine.presenter import Presenter
from diehl_cook.images import experiment_images
from diehl_cook.stages import report, workflow
from diehl_cook.store.files import UNFINISHED
from diehl_cook.store.run_folder import RunFolder

LOAD = experiment_images.load
LENGTH = ["training.images=60", "training.block=60", "training.chunk=15"]


@contextlib.contextmanager
def limited(kind, amount):
    """This process may have no more of something; a write beyond fails as on a full disk."""
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (amount, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


def full_disk():
    return limited(resource.RLIMIT_FSIZE, 100_000)


def no_memory():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return limited(resource.RLIMIT_AS, pages * resource.getpagesize() + 2**23)


@contextlib.contextmanager
def no_permission():
    """Root may write anywhere, so be somebody else for a while."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    else:
        pytest.skip("only root can give up its rights")
    try:
        yield
    finally:
        os.seteuid(before)


@contextlib.contextmanager
def during_second_call(owner, name, fault):
    """A fault that lasts for the second call of a method."""
    original, calls = getattr(owner, name), []

    def call(*arguments):
        calls.append(arguments)
        with fault() if len(calls) == 2 else contextlib.nullcontext():
            return original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, call)
        yield


@pytest.fixture
def program_under(learner, tmp_path):
    """Makes a fault: the compiled program runs after the given lines of a shell script."""

    def make(lines):
        folder = tmp_path / "under"
        folder.mkdir()
        spikes = [learner.program.variables[f"excitatory_spikes.{name}"].file for name in "it"]
        (folder / "main").write_text(
            f"#!/bin/sh\nspikes='{' '.join(spikes)}'\n{lines}\n"
            f'cd {learner.program.folder} && exec ./main "$@"\n'
        )
        (folder / "main").chmod(0o755)

        @contextlib.contextmanager
        def fault():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(learner.program, "folder", folder)
                yield

        return fault

    return make


def compiled(learner):
    """Gives a compiled network the numbers of the experiment that is asked for."""
    return lambda experiment, *rest: learner.with_numbers_of(experiment)


@pytest.fixture(scope="module")
def images(experiment_with):
    return experiment_images.load(experiment_with())


@pytest.fixture
def train(learner, images, experiments, tmp_path, monkeypatch, capsys):
    """Trains on the command line, without compiling and figures; gives code and error stream."""
    monkeypatch.setattr(workflow, "quieten_brian", lambda: None)
    monkeypatch.setattr(workflow, "compile_network", compiled(learner))
    monkeypatch.setattr(report, "make", lambda *arguments: [])
    monkeypatch.setattr(experiment_images, "load", lambda experiment: images)

    def run(folder):
        arguments = ["--run", str(folder), "--set", *LENGTH]
        code = main(["train", str(experiments / "smoke.yaml"), *arguments])
        lines = capsys.readouterr().err.splitlines()
        return code, [line for line in lines if not line.startswith("training ")]

    return run


@pytest.fixture(scope="module")
def uninterrupted(learner, images, experiment_with, tmp_path_factory):
    """The network of a training without faults."""
    folder = RunFolder(tmp_path_factory.mktemp("uninterrupted"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow, "compile_network", compiled(learner))
        workflow.train_run(experiment_with(*LENGTH), folder, with_figures=False)
    return bits(folder)


def bits(folder):
    network = folder.load_network()
    return network.weights.tobytes(), network.theta.tobytes()


FAULTS = {
    "checkpoint on a full disk": (
        RunFolder, "save_checkpoint", lambda under: full_disk,
        "run/checkpoint.npz: cannot be written: File too large; mend that, and the same command",
    ),
    "checkpoint in a folder of somebody else": (
        RunFolder, "save_checkpoint", lambda under: no_permission,
        "run/checkpoint.npz: cannot be written: Permission denied; mend that, and the same command",
    ),
    "inputs on a full disk": (
        Presenter, "show", lambda under: full_disk,
        "run/.work: File too large; is the disk full? make room, and the same command goes on",
    ),
    "results on a full disk": (
        Presenter, "show", lambda under: under("trap '' XFSZ; ulimit -f 100"),
        "results are incomplete; is the disk full? make room, and the same command goes on",
    ),
    "spikes on a full disk": (
        Presenter, "show",
        lambda under: under('for file in $spikes; do ln -s /dev/full "$2/$file"; done'),
        "results are incomplete; is the disk full? make room, and the same command goes on",
    ),
    "results beyond a limit": (
        Presenter, "show", lambda under: under("ulimit -f 100"),
        "failed with code -25: File size limit exceeded",
    ),
    "program without memory": (
        Presenter, "show", lambda under: under("ulimit -v 9000"),
        "out of memory? choose fewer cells",
    ),
    "program killed for its memory": (
        Presenter, "show", lambda under: under("kill -KILL $$"),
        "failed with code -9: Killed; out of memory? choose fewer cells",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("owner", "name", "fault", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_line_and_the_same_command_goes_on_to_the_same_bits(
    train, program_under, uninterrupted, tmp_path, owner, name, fault, message
):
    folder = RunFolder(tmp_path / "run")
    with during_second_call(owner, name, fault(program_under)):
        code, lines = train(folder.path)
    assert (code, len(lines)) == (1, 1), lines
    assert lines[0].startswith("diehl_cook: ")
    assert message in lines[0]
    assert folder.load_checkpoint().images == 15
    assert set(os.listdir(folder.path)) == {
        ".lock", "checkpoint.npz", "experiment.yaml", "manifest.json", "snapshots.npz",
    }  # fmt: skip
    code, lines = train(folder.path)
    assert (code, lines) == (0, [])
    assert bits(folder) == uninterrupted


@pytest.fixture
def begun(train, learner, tmp_path):
    """The folder of a training that a fault ended after its first checkpoint."""
    folder = RunFolder(tmp_path / "run")
    with during_second_call(RunFolder, "save_checkpoint", full_disk):
        train(folder.path)
    return folder


def large(experiment):
    """Images that take more than what this process has freed and not given back."""
    assert np.zeros(2**28, np.uint8).nbytes
    return LOAD(experiment)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells nobody of its memory")
def test_too_little_memory_is_one_line(train, begun, uninterrupted, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(experiment_images, "load", large)
        with no_memory():
            outcome = train(begun.path)
    assert outcome == (1, ["diehl_cook: out of memory; choose fewer cells"])
    assert train(begun.path) == (0, [])
    assert bits(begun) == uninterrupted


def test_too_little_memory_to_read_a_checkpoint_is_not_taken_for_damage(
    train, begun, uninterrupted, monkeypatch
):
    def fail(*arguments, **keywords):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(np, "load", fail)
        assert train(begun.path) == (1, ["diehl_cook: out of memory; choose fewer cells"])
    assert train(begun.path) == (0, [])
    assert bits(begun) == uninterrupted


def test_half_a_checkpoint_is_one_line_and_stays(train, begun):
    path = begun.path / "checkpoint.npz"
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    code, (line,) = train(begun.path)
    assert code == 2
    assert line.startswith(f"diehl_cook: {path}: is damaged or foreign (")
    assert line.endswith("; delete it to start afresh")
    assert path.read_bytes() == half


@pytest.mark.parametrize("name", ["manifest.json", "experiment.yaml"])
def test_a_damaged_text_file_is_one_line(train, begun, name):
    (begun.path / name).write_text("[")
    code, (line,) = train(begun.path)
    assert code == 2
    assert line.startswith(f"diehl_cook: {begun.path / name}: is ")


def test_a_folder_in_use_is_one_line(train, begun):
    with begun.claim():
        code, (line,) = train(begun.path)
    assert code == 2
    assert line.startswith(f"diehl_cook: {begun.path}: another process works in this folder")


def test_what_a_killed_process_was_drawing_is_cleared_away(begun):
    (begun.path / "figures").mkdir()
    (begun.path / "figures" / f"{UNFINISHED}{uuid.uuid4().hex}").touch()
    with begun.claim():
        assert list((begun.path / "figures").iterdir()) == []


def test_a_file_that_cannot_be_read_is_one_line(train, begun, monkeypatch):
    def fail(*arguments):
        raise PermissionError(13, "Permission denied", "/some/file")

    monkeypatch.setattr(experiment_images, "load", fail)
    assert train(begun.path) == (1, ["diehl_cook: /some/file: cannot be used: Permission denied"])


def test_figures_that_were_not_drawn_are_drawn_by_the_same_command(train, tmp_path, monkeypatch):
    """As if the training was killed between its network and its figures."""
    folder, drawn = RunFolder(tmp_path / "run"), []

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(report, "make", killed)
        assert train(folder.path)[0] == 130
    assert folder.has_network()
    assert "training_ended" not in folder.manifest()
    monkeypatch.setattr(report, "make", lambda *arguments: drawn.append(1))
    assert train(folder.path) == (0, [])
    assert drawn == [1]
    assert "training_ended" in folder.manifest()
    (folder.path / "figures").mkdir()
    (folder.path / "report.html").touch()
    train(folder.path)
    assert drawn == [1]
    (folder.path / "figures").rmdir()  # or whoever trained it wanted none
    ended = folder.manifest()["training_ended"]
    assert train(folder.path) == (0, [])
    assert drawn == [1, 1]
    assert folder.manifest()["training_ended"] == ended
