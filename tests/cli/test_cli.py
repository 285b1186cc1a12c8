"""The command line: the whole road on real digits, killed and resumed, and every way to stumble."""

import contextlib
import csv
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import Mock

import brian2
import numpy as np
import pytest
import yaml
from pretended import block

from diehl_cook import __main__, cli
from diehl_cook.cli import measurements
from diehl_cook.model import resources
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.stages import workflow
from diehl_cook.stages.progress import ProgressDisplay
from diehl_cook.stages.readout import READOUTS

LENGTH = ["--set", "training.images=1500", "training.block=500", "training.chunk=50"]
SHORT = ["training.images=100", "training.block=50", "training.chunk=50"]
TESTS = ["evaluation.labelling_images=300", "evaluation.test_images=120", "evaluation.block=40"]
COMMANDS = {
    "train": ["EXPERIMENT", "--seed", "--set", "--run"],
    "evaluate": ["RUN", "--run", "--jobs", "--readouts"],
    "figures": ["RUN", "--into", "--format"],
    "report": ["RUN"],
    "compare": ["RUN", "--into", "--format"],
    "export": ["RUN", "FILE.npz", "--bits"],
    "show": ["EXPERIMENT", "--seed", "--set"],
}


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def complaint(self):
        """The one line on the error stream, which is all that was said."""
        lines = [line for line in self.err.splitlines() if not line.startswith("compiling the ")]
        assert len(lines) == 1, self.err
        assert self.out == ""
        assert lines[0].startswith("diehl_cook: ")
        return lines[0]


@pytest.fixture(scope="module")
def command():
    """Runs a command in this process."""

    def run(*arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli.main([str(argument) for argument in arguments])
            except SystemExit as stop:  # how argparse ends
                code = stop.code
        return Outcome(code, out.getvalue(), err.getvalue())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow, "quieten_brian", lambda: None)
        patch.delenv("MAKELEVEL", raising=False)
        yield run


@pytest.mark.parametrize(
    ("typed", "under_make", "expected"),
    [
        ("bin/diehl-cook", False, "diehl-cook evaluate results/a"),
        ("diehl_cook/__main__.py", False, "python -m diehl_cook evaluate results/a"),
        ("diehl_cook/__main__.py", True, "make evaluate RUN=results/a"),
    ],
)
@pytest.mark.parametrize("folder", ["results/a", "results/a b"])
def test_the_next_step_is_told_as_the_last_was_typed(
    command, smoke, monkeypatch, typed, under_make, expected, folder
):
    monkeypatch.setattr(workflow, "train_run", lambda *_: True)
    monkeypatch.setattr(sys, "argv", [typed])
    if under_make:
        monkeypatch.setenv("MAKELEVEL", "1")
    expected = expected.replace("results/a", shlex.quote(folder))
    assert f"Next: {expected}\n" in command("train", smoke, "--run", folder).out


def test_images_that_were_skipped_are_counted_at_the_end(command, smoke, monkeypatch, tmp_path):
    def train_run(experiment, folder, narrator):
        folder.path.mkdir()
        folder.settle(experiment)
        folder.write_training([block(500, skipped=3), block(1000, skipped=1004)])
        return True

    monkeypatch.setattr(workflow, "train_run", train_run)
    told = command("train", smoke, "--run", tmp_path / "run").out
    assert told.startswith("1,007 images were skipped, too silent; training.csv tells when.\n")


@pytest.fixture(scope="module")
def smoke(experiments):
    return experiments / "smoke.yaml"


def in_process_of_its_own(*arguments):
    return [sys.executable, "-m", "diehl_cook", *map(str, arguments)]


def arrays(path):
    with np.load(path) as file:
        return {name: file[name].tobytes() for name in file.files}


def table(folder):
    with (folder / "training.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "ms_per_presentation"}
            for row in csv.DictReader(file)
        ]


def kill_after_first_checkpoint(arguments, folder, cwd):
    with subprocess.Popen(arguments, cwd=cwd, stderr=subprocess.DEVNULL) as process:
        while not (folder / "checkpoint.npz").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    return process.returncode


@pytest.fixture(scope="module")
def killed(learner, reader, smoke, tmp_path_factory):
    """A training killed halfway, and the arguments that go on with it."""
    folder = tmp_path_factory.mktemp("killed") / "run"
    arguments = ["train", smoke, "--run", folder, *LENGTH, *TESTS]
    code = kill_after_first_checkpoint(in_process_of_its_own(*arguments), folder, smoke.parents[1])
    assert code == -signal.SIGKILL
    assert not (folder / "network.npz").exists()
    return folder, arguments


@pytest.fixture(scope="module")
def resumed(killed, command, blank_figures):
    folder, arguments = killed
    with blank_figures():
        assert command(*arguments).code == 0
    return folder


@pytest.fixture(scope="module")
def uninterrupted(learner, command, smoke, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    outcome = command("train", smoke, "--run", folder, *LENGTH, *TESTS)
    assert outcome.code == 0
    assert f"Next: python -m diehl_cook evaluate {folder}" in outcome.out
    assert "1500/1500 images" in outcome.err
    return folder


@pytest.fixture(scope="module")
def evaluated(uninterrupted, resumed, reader, command, blank_figures):
    """Both runs, evaluated by different numbers of processes; the bits after the training."""
    trained = [arrays(folder / "network.npz") for folder in (uninterrupted, resumed)]
    verdict = command("evaluate", uninterrupted, "--jobs", 1)
    with blank_figures():
        assert command("evaluate", resumed, "--jobs", 3).out.splitlines()[0] in verdict.out
    return uninterrupted, resumed, trained, verdict


def test_a_killed_training_resumes_and_ends_in_the_bits_of_an_uninterrupted_one(evaluated):
    uninterrupted, resumed, (one, other), _ = evaluated
    assert one == other
    assert table(uninterrupted) == table(resumed)
    assert [row["images"] for row in table(resumed)] == ["500", "1000", "1500"]


def test_the_number_of_jobs_does_not_change_the_evaluation(evaluated):
    uninterrupted, resumed, _, _ = evaluated
    assert (uninterrupted / "evaluation.json").read_text() == (
        resumed / "evaluation.json"
    ).read_text()
    for name in ("predictions.npz", "network.npz"):
        assert arrays(uninterrupted / name) == arrays(resumed / name)


def test_the_evaluation_is_said_and_written(evaluated):
    folder, _, _, verdict = evaluated
    summary = json.loads((folder / "evaluation.json").read_text())
    assert verdict.code == 0
    assert f"Test accuracy {summary['accuracy_mean']:.2%} +- {summary['accuracy_sd']:.2%}" in (
        verdict.out
    )
    assert "over 2 repeats of 120 images" in verdict.out
    assert len(summary["accuracies"]) == 2
    assert np.sum(summary["confusion"]) == pytest.approx(120)
    assert 5 < summary["spikes_per_image"] < 60
    assert 0 <= summary["unlabelled_cells"] < 100
    assert summary["accuracy_mean"] > 0.25  # far above chance after 1500 digits


def test_all_readouts_are_compared_on_the_spikes_that_were_evaluated(
    evaluated, command, smoke, tmp_path, blank_figures
):
    folder = tmp_path / "run"
    shutil.copytree(evaluated[0], folder, ignore=shutil.ignore_patterns(".*"))
    settings = [*TESTS, "evaluation.readout=naive_bayes"]
    assert command("train", smoke, "--run", folder, *LENGTH, *settings).code == 0
    with blank_figures():
        verdict = command("evaluate", folder, "--readouts")
    assert verdict.code == 0
    assert "| naive_bayes |" in verdict.out
    with (folder / "readouts.csv").open(newline="") as file:
        rows = {(row["readout"], row["read_ms"]): row for row in csv.DictReader(file)}
    assert len(rows) == 8 * len(READOUTS)
    for name, path in (("class_mean", evaluated[0]), ("naive_bayes", folder)):
        summary = json.loads((path / "evaluation.json").read_text())
        whole = rows[name, "500.0"]
        assert float(whole["accuracy_mean"]) == pytest.approx(summary["accuracy_mean"], abs=1e-6)


def test_a_run_folder_holds_all_that_a_run_leaves(evaluated):
    folder = evaluated[0]
    names = {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}
    assert names >= {
        "experiment.yaml", "manifest.json", "training.csv", "network.npz", "evaluation.json",
        "figures", "report.html", "snapshots.npz",
    }  # fmt: skip
    assert not (folder / ".work").exists()
    with np.load(folder / "network.npz") as network:
        assert network["weights"].shape == (784, 100)
        assert network["theta"].dtype == np.float64
        assert network["labels"].shape == (100,)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["seed"] == 0
    assert set(manifest) >= {"packages", "python", "compiler", "commit", "machine"}
    assert manifest["training_began"] < manifest["evaluation_ended"]
    assert manifest["packages"]["brian2"]
    assert {path.stem for path in (folder / "figures").iterdir()} >= {
        "online_accuracy", "receptive_fields", "theta", "raster", "confusion", "misread_digits",
        "spike_counts", "fields_over_training",
    }  # fmt: skip


def test_the_kept_experiment_is_the_one_asked_for(evaluated, smoke):
    kept = load_experiment(evaluated[0] / "experiment.yaml")
    assert kept == load_experiment(smoke, [*LENGTH[1:], *TESTS])


def test_the_report_is_written_anew(evaluated, command, blank_figures):
    page = evaluated[1] / "report.html"
    before = page.read_bytes()
    page.unlink()
    with blank_figures():
        outcome = command("report", evaluated[1])
    assert outcome.code == 0
    assert outcome.out == f"The report lies in {page}.\n"
    assert page.read_bytes() == before


def test_figures_are_drawn_anew(evaluated, command, blank_figures, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(evaluated[0], folder)
    before = {path.name for path in (folder / "figures").iterdir()}
    (folder / "figures" / "theta.png").unlink()
    with blank_figures():
        outcome = command("figures", folder)
    assert outcome.code == 0
    assert {path.name for path in (folder / "figures").iterdir()} == before
    assert f"{folder}/figures/theta.png" in outcome.out.splitlines()


def test_a_trained_network_is_not_trained_again(uninterrupted, command, smoke):
    before = (uninterrupted / "network.npz").read_bytes()
    outcome = command("train", smoke, "--run", uninterrupted, *LENGTH, *TESTS)
    assert outcome.code == 0
    assert "is trained already" in outcome.out
    assert (uninterrupted / "network.npz").read_bytes() == before


def test_another_experiment_never_goes_into_the_same_folder(uninterrupted, command, smoke):
    before = (uninterrupted / "experiment.yaml").read_bytes()
    outcome = command("train", smoke, "--run", uninterrupted, "--seed", 5, *LENGTH)
    assert outcome.code == 2
    assert "seed: 0 there, 5 asked for" in outcome.complaint
    assert (uninterrupted / "experiment.yaml").read_bytes() == before


def test_ctrl_c_ends_with_130_and_a_line_that_says_how_to_go_on(
    learner, command, smoke, tmp_path, monkeypatch
):
    calls = []

    def stop(display, progress):
        calls.append(progress)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressDisplay, "__call__", stop)
    outcome = command("train", smoke, "--run", tmp_path / "run", *LENGTH)
    assert outcome.code == 130
    assert "the same command goes on from the last checkpoint" in outcome.complaint
    assert (tmp_path / "run" / "checkpoint.npz").exists()


@pytest.fixture
def process(monkeypatch):
    """Starts what a process does, with a command in place of ours; signals are as before then."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(command):
        monkeypatch.setattr(cli, "main", command)
        return __main__.main()

    yield start
    signal.signal(signal.SIGINT, before)


def test_a_second_signal_while_the_first_is_told_is_a_line(process, capsys):
    def interrupted():
        raise KeyboardInterrupt

    assert process(interrupted) == 130
    assert capsys.readouterr().err == "diehl_cook: stopped\n"


def test_what_cannot_start_says_so_in_a_line(process, capsys):
    def too_few():
        raise OSError(24, "Too many open files", "a package")

    assert process(too_few) == 1
    said = capsys.readouterr().err
    assert said == "diehl_cook: cannot start: [Errno 24] Too many open files: 'a package'\n"


@pytest.mark.parametrize("ignored", [False, True])
def test_a_signal_at_the_end_ends_without_a_word(process, ignored):
    silent = signal.SIG_IGN if ignored else signal.SIG_DFL
    if ignored:
        signal.signal(signal.SIGINT, silent)
    assert process(lambda: 0) == 0
    assert signal.getsignal(signal.SIGINT) == silent


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_that_end_a_process_leave_a_checkpoint_and_a_line(
    learner, command, smoke, tmp_path, monkeypatch, number
):
    calls = []

    def send(display, progress):
        calls.append(progress)
        if len(calls) == 2:
            signal.raise_signal(number)

    monkeypatch.setattr(ProgressDisplay, "__call__", send)
    before = signal.signal(number, signal.SIG_DFL)
    try:
        outcome = command("train", smoke, "--run", tmp_path / "run", *LENGTH)
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert outcome.code == 128 + number
    assert "the same command goes on from the last checkpoint" in outcome.complaint
    assert (tmp_path / "run" / "checkpoint.npz").exists()


def test_a_stop_promises_to_go_on_only_where_something_is_kept(command, smoke, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("diehl_cook.cli.measurements.baselines.measure", stop)
    outcome = command("baselines", smoke)
    assert (outcome.code, outcome.complaint) == (130, "diehl_cook: stopped")
    monkeypatch.setattr("diehl_cook.cli.measurements.readouts.measure", stop)
    outcome = command("readouts", "triplet_n400", "--into", smoke.parent)
    assert outcome.err.endswith("stopped; the same command goes on with what is missing\n")


@pytest.fixture
def heeded():
    """Signals as a terminal has them, though whoever started the tests may ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_a_library_takes_for_a_failure_is_that_signal(
    learner, command, smoke, tmp_path, monkeypatch, number
):
    def wrap(display, progress):
        try:
            signal.raise_signal(number)
        except BaseException as error:  # as pydantic does while it writes an experiment
            raise ValueError("cannot be written") from error

    monkeypatch.setattr(ProgressDisplay, "__call__", wrap)
    outcome = command("train", smoke, "--run", tmp_path / "run", *LENGTH)
    assert outcome.code == 128 + number
    assert "the same command goes on from the last checkpoint" in outcome.complaint


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_where_python_ignores_exceptions_is_that_signal(
    learner, command, smoke, tmp_path, monkeypatch, number
):
    class Forgotten:
        def __del__(self):
            signal.raise_signal(number)

    def forget_and_go_on(display, progress):
        Forgotten()
        time.sleep(0.2)  # as the training would

    monkeypatch.setattr(ProgressDisplay, "__call__", forget_and_go_on)
    outcome = command("train", smoke, "--run", tmp_path / "run", *LENGTH)
    assert outcome.code == 128 + number
    assert "the same command goes on from the last checkpoint" in outcome.complaint


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_the_caller_ignores_stops_nothing(
    learner, command, smoke, tmp_path, monkeypatch, blank_figures, number
):
    monkeypatch.setattr(ProgressDisplay, "__call__", lambda *_: signal.raise_signal(number))
    # What Brian2 makes of SIGINT when it is imported by `command &` of a script.
    ignored = {
        signal.SIGINT: brian2._InterruptHandler(signal.SIG_IGN),
        signal.SIGHUP: signal.SIG_IGN,
    }
    before = signal.signal(number, ignored[number])
    try:
        with blank_figures():
            outcome = command("train", smoke, "--run", tmp_path / "run", "--set", *SHORT)
    finally:
        signal.signal(number, before)
    assert outcome.code == 0
    assert "Next: " in outcome.out


def test_a_second_run_of_the_same_structure_compiles_nothing(
    learner, command, smoke, tmp_path, monkeypatch, blank_figures
):
    make = tmp_path / "make"
    make.write_text("#!/bin/sh\nexit 1\n")
    make.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with blank_figures():
        outcome = command(
            "train", smoke, "--run", tmp_path / "run", "--seed", 9, "--set", "training.images=5"
        )
    assert outcome.code == 0, outcome.err
    assert "compiling" not in outcome.err


def test_a_run_folder_may_be_relative(
    learner, command, smoke, tmp_path, monkeypatch, blank_figures
):
    monkeypatch.chdir(tmp_path)
    with blank_figures():
        outcome = command("train", smoke, "--seed", 9, "--set", "training.images=5")
    assert outcome.code == 0, outcome.err
    assert (tmp_path / "results" / "smoke-seed9" / "network.npz").exists()


def test_a_blank_image_ends_with_1(learner, reader, command, smoke, tmp_path):
    outcome = command(
        "train", smoke, "--run", tmp_path / "run", "--set", "training.images=5",
        "presentation.minimum_spikes=1000000", "presentation.maximum_showings=2",
        "presentation.maximum_spikes=1000000",
    )  # fmt: skip
    assert outcome.code == 1
    assert "image 0 drew fewer than 1000000 spikes in 2 showings" in outcome.complaint


@pytest.mark.parametrize(
    ("compiler", "message"),
    [
        ("/nowhere", "no C++ compiler: /nowhere does not start; install g++ or set CXX"),
        ('g++ "', 'no C++ compiler: g++ " does not start; install g++ or set CXX'),
        ("false", "compiling failed: false says nothing; set CXX to a C++ compiler, or unset it"),
    ],
)
def test_without_a_compiler_a_training_ends_with_1(
    command, smoke, tmp_path, monkeypatch, compiler, message
):
    monkeypatch.setenv("DIEHL_COOK_PROGRAMS", str(tmp_path / "programs"))
    monkeypatch.setenv("CXX", compiler)
    outcome = command("train", smoke, "--run", tmp_path / "run", "--set", "cells=4")
    assert outcome.code == 1
    assert message in outcome.complaint


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["train", "SMOKE", "--set", "cels=5"], "cels: unknown key; did you mean 'cells'?"),
        (["train", "SMOKE", "--set", "cells=0"], "cells: "),
        (["train", "SMOKE", "--set", "time_step=0.5 mV"], "time_step: '0.5 mV'"),
        (["train", "SMOKE", "--set", "presentation.rest=-1 ms"], "greater than zero"),
        (["train", "SMOKE", "--set", "cells"], "write key=value"),
        (
            ["train", "SMOKE", "--set", "excitatory.tau_ge=2", "ms"],
            "--set ms: write key=value, in quotes where it has a space: 'excitatory.tau_ge=2 ms'",
        ),
        (["train", "SMOKE", "--seed", "-1"], "seed: "),
        (["train", "SMOKE", "--set", "data.folder=/nowhere"], "/nowhere"),
        (["train", "SMOKE", "--run", "file/run"], "file/run: cannot be written"),
        (["show", "SMOKE", "--set", "rule=hebb"], "rule: "),
        (["evaluate", "nowhere"], "nowhere: no run folder, network file or published network"),
        (["evaluate", "untrained"], "untrained: the training has not ended"),
        (["evaluate", "file"], "file: is damaged or foreign"),
        (["figures", "nowhere"], "nowhere: no run folder"),
    ],
)
def test_bad_input_ends_with_2_and_one_line_before_anything_is_compiled(
    command, smoke, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIEHL_COOK_PROGRAMS", str(tmp_path / "programs"))
    (tmp_path / "file").touch()
    (tmp_path / "untrained").mkdir()
    (tmp_path / "untrained" / "experiment.yaml").write_text("cells: 4\ntraining: {images: 5}\n")
    outcome = command(*[smoke if argument == "SMOKE" else argument for argument in arguments])
    assert outcome.code == 2
    assert message in outcome.complaint
    assert {entry.name for entry in tmp_path.iterdir()} == {"file", "untrained"}


@pytest.mark.parametrize(
    "arguments", [[], ["learn"], ["train"], ["evaluate"], ["train", "a", "--sed", "1"],
                  ["evaluate", "a", "--jobs", "0"], ["train", "a", "--seed", "x"]]
)  # fmt: skip
def test_a_command_line_that_is_no_command_ends_with_2(command, arguments):
    outcome = command(*arguments)
    assert outcome.code == 2
    assert "; see python -m diehl_cook" in outcome.complaint
    assert outcome.complaint.endswith(" --help")


def test_an_unknown_option_points_to_the_help_of_its_command(command):
    assert (
        "--sed 3; see python -m diehl_cook train --help"
        in command("train", "a", "--sed", "3").complaint
    )
    assert "--sed; see python -m diehl_cook " in command("--sed", "train", "a").complaint


def test_compare_bears_a_link_that_leads_to_itself(command, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    outcome = command("compare", tmp_path / "loop", "--into", tmp_path / "into")
    assert outcome.code == 2
    assert f"{tmp_path / 'loop'}: " in outcome.complaint


def test_a_comparison_is_not_written_over_the_report_of_a_run(command, smoke, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(smoke, folder / "experiment.yaml")
    (folder / "report.html").write_text("mine")
    outcome = command("compare", folder, "--into", folder)
    assert outcome.code == 2
    assert f"--into {folder}: is a run folder" in outcome.complaint
    assert (folder / "report.html").read_text() == "mine"


def test_a_network_is_not_written_over_another_s_file(command, tmp_path):
    (tmp_path / "mine.npz").write_text("precious")
    outcome = command("export", "triplet_n400", tmp_path / "mine.npz")
    assert outcome.code == 2
    assert "mine.npz: is there and no network file" in outcome.complaint
    assert (tmp_path / "mine.npz").read_text() == "precious"
    for _ in range(2):  # over a network file it is
        assert command("export", "triplet_n400", tmp_path / "network.npz").code == 0


def test_a_number_that_is_no_number_is_told_in_words(command):
    outcome = command("evaluate", "a", "--jobs", "abc")
    assert outcome.code == 2
    assert "--jobs: must be a whole number, not 'abc'" in outcome.complaint


class FullDisk(io.StringIO):
    """A stream that nothing can be written to."""

    def write(self, text):
        raise OSError(28, "No space left on device")


def test_what_cannot_be_said_ends_with_1_and_a_line(monkeypatch, smoke, capsys):
    monkeypatch.setattr("sys.stdout", FullDisk())
    assert cli.main(["show", str(smoke)]) == 1
    assert sys.stdout.name == os.devnull  # Python flushes it once more at its end
    assert capsys.readouterr().err == (
        "diehl_cook: standard output or error: cannot be used: No space left on device\n"
    )


def test_what_cannot_even_be_complained_of_is_told_by_the_exit_code(monkeypatch):
    monkeypatch.setattr("sys.stderr", FullDisk())
    assert cli.main(["show", "nowhere.yaml"]) == 2


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_caller_closed_is_opened_to_nowhere(smoke, closed):
    code = (
        "import os, sys; from diehl_cook import __main__; __main__._open_standard_streams()\n"
        "new = os.open('/dev/null', os.O_RDWR); print('said'); print('said', file=sys.stderr)\n"
        "sys.exit(0 if new > 2 else 1)"
    )
    run = ["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, code]
    assert subprocess.run(run, cwd=Path(smoke).parents[1], check=False).returncode == 0


def test_a_name_of_any_bytes_is_told(command, tmp_path, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stderr", out)
    assert cli.main(["show", str(tmp_path / "\xf6\udcff.yaml")]) == 2
    assert b"\\xf6\\udcff.yaml: no such file" in out.buffer.getvalue()


def test_show_prints_an_experiment_that_reads_back(command, smoke, tmp_path):
    outcome = command("show", smoke, "--seed", 3, "--set", "cells=64", "excitatory.tau_ge=2 ms")
    assert outcome.code == 0
    (tmp_path / "shown.yaml").write_text(outcome.out)
    expected = load_experiment(smoke, ["cells=64", "excitatory.tau_ge=2 ms"], seed=3)
    assert load_experiment(tmp_path / "shown.yaml") == expected
    assert yaml.safe_load(outcome.out)["excitatory"]["tau_ge"] == "2 ms"


def test_show_takes_a_trained_network_by_its_published_name_or_its_file(command):
    named = command("show", "triplet_n400")
    assert named.code == 0
    assert yaml.safe_load(named.out)["cells"] == 400
    file = resources.reference() / "networks" / "triplet_n400.npz"
    assert command("show", file).out == named.out
    assert "leave out --set" in command("show", "triplet_n400", "--set", "cells=4").complaint


def test_help_lists_every_command(command):
    outcome = command("--help")
    assert outcome.code == 0
    assert all(name in outcome.out for name in COMMANDS)
    assert "130" in outcome.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_explains_every_option(command, name):
    outcome = command(name, "--help")
    assert outcome.code == 0
    assert all(option in outcome.out for option in COMMANDS[name])


def test_a_mistake_in_a_process_of_its_own_leaves_no_traceback(smoke, tmp_path):
    done = subprocess.run(
        in_process_of_its_own("train", smoke, "--set", "cels=5"),
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(Path(smoke).parents[1])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "diehl_cook: --set cels=5: cels: unknown key; did you mean 'cells'?\n"


@pytest.mark.parametrize("typed", ["diehl-cook", "python -m diehl_cook"])
def test_help_names_the_command_as_it_was_typed(monkeypatch, capsys, typed):
    monkeypatch.setattr("sys.argv", [f"/some/where/{typed.replace('python -m ', '')}"])
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    assert f"usage: {typed} train" in capsys.readouterr().out


def test_what_is_typed_may_be_any_bytes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "diehl_cook", "show", b"\xff.yaml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("diehl_cook: \\udcff.yaml: no such file; ")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def little(uninterrupted, reader, command, tmp_path_factory, blank_figures):
    """A run folder of its own, evaluated once, and its network file."""
    folder = tmp_path_factory.mktemp("little") / "run"
    shutil.copytree(uninterrupted, folder)
    with blank_figures():
        told = command("evaluate", folder, "--set", "evaluation.repeats=1")
    assert told.code == 0
    assert f"{folder}/experiment.yaml keeps what was set, for the next evaluation too." in told.out
    network = folder.with_name("network.npz")
    assert command("export", folder, network).code == 0
    return folder, network


@pytest.mark.parametrize("name", ["readouts", "robustness"])
def test_rows_that_are_kept_are_told(name, command, tmp_path, monkeypatch, blank_figures):
    module = getattr(measurements, name)
    monkeypatch.setattr(module, "read_table", lambda folder: [])
    monkeypatch.setattr(module, "is_measured", lambda rows, experiment: True, raising=False)
    monkeypatch.setattr(module, "missing", lambda *given: [], raising=False)
    monkeypatch.setattr(module, "draw", lambda rows: {})
    told = command(name, "triplet_n400", "--into", tmp_path)
    assert told.code == 0
    assert f"{name}.csv has rows of triplet, 400 cells, seed 1, which are kept" in told.err
    assert "choose another --into" in told.err


@pytest.mark.parametrize(
    "arguments",
    [("robustness", "triplet_n400", "--into"), ("sweep", "sweep.yaml", "--results")],
)
@pytest.mark.parametrize("beneath", ["", "below/it"])
def test_a_file_in_place_of_a_folder_is_refused_before_the_work(
    arguments, beneath, command, tmp_path
):
    file = tmp_path / "file.png"
    file.touch()
    told = command(*arguments, file / beneath)
    assert told.code == 2
    assert f"{arguments[-1]} {file / beneath}: {file} is a file; name a folder" in told.complaint


def test_an_evaluation_may_be_another_one_than_was_stated(little, command):
    folder, network = little
    summary = json.loads((folder / "evaluation.json").read_text())
    assert len(summary["accuracies"]) == 1
    shorter = ["--set", "evaluation.repeats=1", "evaluation.test_images=30"]
    told = command("evaluate", network, *shorter)
    assert told.code == 0
    assert "over 1 repeat of 30 images" in told.out


def test_figures_of_a_run_go_nowhere_else(little, command, tmp_path):
    told = command("figures", little[0], "--into", tmp_path / "elsewhere")
    assert told.code == 2
    assert f"figures of a run go into {little[0]}/figures" in told.complaint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("which", [0, 1])
def test_what_was_trained_cannot_be_set_any_more(little, which, command):
    experiment = (little[0] / "experiment.yaml").read_bytes()
    told = command("evaluate", little[which], "--set", "connections.inhibitory_to_excitatory=5")
    assert (told.code, (little[0] / "experiment.yaml").read_bytes()) == (2, experiment)
    assert "only keys of 'evaluation', as evaluation.repeats=1," in told.complaint


def test_a_network_file_keeps_the_labels_it_comes_with(little, command):
    told = command("evaluate", little[1], "--set", "evaluation.labelling_images=50")
    assert told.code == 2
    assert "comes with its labels, so evaluation.labelling_images has no effect" in told.complaint


def test_an_evaluation_that_fails_leaves_the_run_as_it_was(little, command, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(little[0], folder)
    (folder / "network.npz").write_bytes(b"damaged")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert command("evaluate", folder, "--set", "evaluation.repeats=3").code == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_an_evaluation_that_is_stopped_leaves_the_run_as_it_was(
    little, command, tmp_path, monkeypatch
):
    folder = tmp_path / "run"
    shutil.copytree(little[0], folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    stop = Mock(side_effect=KeyboardInterrupt)
    monkeypatch.setattr("diehl_cook.stages.workflow.Examiner.evaluate", stop)
    assert command("evaluate", folder, "--set", "evaluation.repeats=3").code == 130
    assert stop.called
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
