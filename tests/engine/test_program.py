"""Compiled programs: compiled once, run from arrays to arrays, and clear when they cannot."""

import os
import resource
import shutil
import time

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, defaultclock, ms, prefs

from diehl_cook.engine import program as compiling
from diehl_cook.engine.presenter import LEARNING, Presenter
from diehl_cook.engine.program import Program, SimulationError, compile_program

OTHER_VALUES = (
    "seed=7",
    "training.images=10",
    "training.chunk=3",
    "evaluation.block=10",
    "excitatory.theta_plus=1 mV",
    "excitatory.refractory_period=50 ms",
    "connections.inhibitory_to_excitatory=30",
    "connections.weight_sum=50",
    "presentation.intensity=3",
    "presentation.minimum_spikes=7",
    "plasticity.triplet.eta_postsynaptic=0.5",
)


@pytest.fixture
def forbid_compiling(monkeypatch):
    def fail(folder):
        raise AssertionError("compiled again")

    monkeypatch.setattr(compiling, "_compile", fail)


@pytest.fixture
def program_with(learner, tmp_path):
    """Makes a copy of a program whose executable is a shell script."""

    def make(script):
        folder = tmp_path / "program"
        folder.mkdir()
        shutil.copy(learner.program.folder / "layout.json", folder)
        (folder / "main").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "main").chmod(0o755)
        return Program(folder)

    return make


@pytest.fixture
def values(learner):
    return {name: np.zeros(1) for name in learner.program.names("parameter")}


@pytest.mark.parametrize("learning", [True, False])
def test_the_same_structure_is_compiled_once_whatever_its_values(
    learner, reader, experiment_with, programs, forbid_compiling, learning
):
    first = learner if learning else reader
    again = Presenter(experiment_with(*OTHER_VALUES), learning, 784, programs)
    assert again.program.folder == first.program.folder


@pytest.mark.parametrize("time_step", [0.2, 0.5])
def test_the_time_step_of_a_users_own_networks_does_not_matter(
    learner, reader, experiment_with, programs, forbid_compiling, monkeypatch, time_step
):
    monkeypatch.setattr(compiling, "_compiled", {})
    before = defaultclock.dt
    defaultclock.dt = time_step * ms
    try:
        for learning, expected in ((True, learner), (False, reader)):
            again = Presenter(experiment_with(), learning, 784, programs)
            assert again.program.folder == expected.program.folder
        assert defaultclock.dt == time_step * ms
    finally:
        defaultclock.dt = before


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2], [1, 2, 0]])
def test_the_order_in_which_clocks_lie_in_memory_does_not_matter(order):
    kind = "set_by_single_value"
    numbers = [(kind, ("one_t", 0, "0.0")), (kind, ("two_t", 0, "0.0")), (kind, ("two_t", 0, "1"))]
    steps = [numbers[which] for which in order]
    other = ("run_network", None)
    found = list(compiling._each_number_once([other, *steps, other, numbers[0]]))
    assert found == [other, numbers[0], numbers[2], other, numbers[0]]


def test_what_a_process_compiled_before_does_not_matter(
    learner, reader, experiment_with, programs, forbid_compiling, monkeypatch
):
    for learning in (False, True, True, False):
        monkeypatch.setattr(compiling, "_compiled", {})
        expected = learner if learning else reader
        again = Presenter(experiment_with(), learning, 784, programs)
        assert again.program.folder == expected.program.folder


@pytest.mark.parametrize(
    "override", ["cells=99", "rule=power_law", "integration=euler", "precision=double"]
)
def test_another_structure_is_another_program(
    learner, experiment_with, tmp_path, monkeypatch, override
):
    monkeypatch.setattr(compiling, "_compile", lambda folder: (folder / "main").touch())
    other = Presenter(experiment_with(override), True, 784, tmp_path)
    assert other.program.folder.name != learner.program.folder.name


def test_nothing_is_left_in_the_cache_but_programs(learner, programs):
    # other processes may be compiling
    finished = [path for path in programs.iterdir() if not path.name.startswith((".", "new-"))]
    assert finished
    for entry in finished:
        assert (entry / "main").exists(), entry


def compile_small(cache):
    """Compile a network of one cell, in a quarter of the time that ours takes."""
    network = lambda: Network(NeuronGroup(1, "v : 1", name="cell"))  # noqa: E731
    return compile_program(network, cache, "cpp_standalone")


def test_a_structure_that_this_process_knows_is_not_generated_again(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "_compiled", {})
    monkeypatch.setattr(compiling, "_compile", lambda folder: (folder / "main").touch())
    monkeypatch.delenv("CXX", raising=False)
    built = []

    def build():
        built.append(1)
        return Network(NeuronGroup(1, "v : 1", name="cell"))

    def made(structure=("cell", True), cache=tmp_path, target="cpp_standalone"):
        program, count = compile_program(build, cache, target, structure=structure), len(built)
        built.clear()
        return program, count

    program, count = made()
    assert (count, program.folder.parent) == (1, tmp_path)
    assert made() == (program, 0)
    others = [{"structure": ("cell", False)}, {"cache": tmp_path / "other"}]
    for other in [*others, {"target": "cpp_standalone_fast"}]:
        assert [made(**other)[1] for _ in range(2)] == [1, 0]
    with monkeypatch.context() as patch:
        patch.setenv("CXX", "env g++")
        assert made()[1] == 1
        patch.setitem(prefs, "codegen.cpp.extra_compile_args_gcc", ["-O0"])
        assert made()[1] == 1
    assert made() == (program, 0)
    (program.folder / "main").unlink()
    assert made()[1] == 1


def test_a_compiler_is_announced_and_a_program_of_the_cache_is_not(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(compiling, "_compile", lambda folder: (folder / "main").touch())
    network = lambda: Network(NeuronGroup(1, "v : 1", name="cell"))  # noqa: E731
    for _ in range(2):
        compile_program(network, tmp_path, "cpp_standalone", lambda: said.append("compiling"))
    assert said == ["compiling"]


def complaint_of_compiling(cache):
    """The one line that a network is not compiled with; nothing is left behind."""
    with pytest.raises(SimulationError) as raised:
        compile_small(cache)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    assert not cache.is_dir() or all(entry.suffix == ".lock" for entry in cache.iterdir())
    return message


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """Makes a shell script the compiler."""

    def set_compiler(script):
        (tmp_path / "compiler").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "compiler").chmod(0o755)
        monkeypatch.setenv("CXX", str(tmp_path / "compiler"))

    return set_compiler


def test_without_a_compiler_there_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", "/nowhere/g++")
    assert complaint_of_compiling(tmp_path / "programs") == (
        "no C++ compiler: /nowhere/g++ does not start; install g++ or set CXX"
    )


@pytest.mark.parametrize(
    ("script", "part"),
    [
        ("exit 1", "compiler says nothing; set CXX to a C++ compiler, or unset it for g++"),
        ("exit 0", "compiler says nothing; set CXX to a C++ compiler, or unset it for g++"),
        ("echo 'cell.cpp:1:1: error: odd' >&2; exit 1", "compiling failed: cell.cpp:1:1: error"),
        ("exec g++ -E -x c++ /dev/null >/dev/full", "No space left on device; make room there"),
        ('ulimit -v 60000; exec g++ "$@"', "; free some memory"),
    ],
    ids=["nothing", "as if it did", "error", "disk", "memory"],
)
@pytest.mark.parametrize("flags", [None, "i -- SEED=3"], ids=["plain", "within make"])
def test_a_compiler_that_fails_is_one_clear_line(
    compiler, tmp_path, monkeypatch, script, part, flags
):
    if flags:
        monkeypatch.setenv("MAKEFLAGS", flags)
        monkeypatch.setenv("MAKELEVEL", "1")
    compiler(script)
    assert part in complaint_of_compiling(tmp_path / "programs")


def test_without_make_there_is_one_clear_line(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "g++").symlink_to(shutil.which("g++"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    message = complaint_of_compiling(tmp_path / "programs")
    assert message == "cannot compile: make does not start; install make"


def test_source_on_a_full_disk_is_one_clear_line(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))
    try:
        message = complaint_of_compiling(tmp_path / "programs")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert message == (
        f"{tmp_path}/programs: File too large; make room, or name another folder for compiled"
        " programs in DIEHL_COOK_PROGRAMS"
    )


def test_programs_in_a_folder_that_cannot_be_written_are_one_clear_line(tmp_path):
    (tmp_path / "file").touch()
    message = complaint_of_compiling(tmp_path / "file" / "programs")
    assert message.startswith(f"{tmp_path}/file/programs: Not a directory; ")
    assert message.endswith("name another folder for compiled programs in DIEHL_COOK_PROGRAMS")


def test_workplaces_of_killed_processes_are_removed_but_none_in_use(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "_compile", lambda folder: (folder / "main").touch())
    for name, hours in [("new-killed", 25), ("new-used", 23)]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.o").touch()
        then = time.time() - hours * 3600
        os.utime(tmp_path / name, (then, then))
    program = compile_small(tmp_path)
    folders = {entry.name for entry in tmp_path.iterdir() if entry.is_dir()}
    assert folders == {"new-used", program.folder.name}


def test_a_program_without_its_main_is_compiled_again(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "_compile", lambda folder: (folder / "main").touch())
    folder = compile_small(tmp_path).folder
    (folder / "main").unlink()
    (folder / "layout.json").unlink()
    assert compile_small(tmp_path).folder == folder
    assert (folder / "main").exists()


@pytest.mark.parametrize("name", ["main", "main.size", "layout.json"])
@pytest.mark.parametrize("damage", [b"", b"{", None], ids=["empty", "cut", "lost"])
def test_a_damaged_program_is_made_anew_unasked(tmp_path, monkeypatch, name, damage):
    monkeypatch.setattr(compiling, "_compile", lambda folder: (folder / "main").write_text("good"))
    folder = compile_small(tmp_path).folder
    whole = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
    if damage is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(damage)
    assert compile_small(tmp_path).variables
    assert {
        file: (folder / file).read_bytes() for file in ("main", "main.size", "layout.json")
    } == {file: whole[file] for file in ("main", "main.size", "layout.json")}


@pytest.mark.parametrize("named", ["env 'g++' -DODD=1", "", " "])
def test_a_compiler_may_be_several_words_or_none(tmp_path, monkeypatch, named):
    monkeypatch.setenv("CXX", named)
    program = compile_small(tmp_path / "programs")
    assert (program.folder / "main").exists()


def test_a_program_has_the_same_version_with_another_compiler(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "_compile", lambda folder: (folder / "main").touch())
    one = compile_small(tmp_path)
    monkeypatch.setattr(compiling, "_compiler", lambda: "another")
    other = compile_small(tmp_path)
    assert one.folder != other.folder
    assert one.version == other.version


@pytest.mark.parametrize("damage", [b"", b"\x7fELF\0\0"])
def test_a_damaged_program_is_one_clear_line(program_with, values, tmp_path, damage):
    program = program_with("exit 0")
    (program.folder / "main").write_bytes(damage)
    with pytest.raises(SimulationError) as raised:
        program.run(values, {}, tmp_path)
    assert str(raised.value) == (
        f"{program.folder}/main: does not start: Exec format error;"
        f" if it is damaged, delete {program.folder}"
    )


def test_folders_may_be_relative_and_have_any_name(
    learner, experiment_with, programs, tmp_path, monkeypatch, digits, start
):
    workspace = tmp_path / "a folder = with, signs"
    workspace.mkdir()
    absolute = learner.show(start(learner), digits.images[:3], 0, LEARNING, tmp_path)
    monkeypatch.chdir(workspace)
    nearby = Presenter(
        experiment_with(), True, 784, type(programs)(os.path.relpath(programs, workspace))
    )
    relative = nearby.show(start(nearby), digits.images[:3], 0, LEARNING, type(programs)("."))
    assert relative.spikes == absolute.spikes
    assert list(workspace.iterdir()) == []


def test_a_parameter_without_value_is_an_error(learner, tmp_path):
    with pytest.raises(SimulationError, match=r"no value for excitatory\.e_excitatory, "):
        learner.program.run({}, {}, tmp_path)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 3", "the simulation failed with code 3"),
        ("echo something odd; exit 0", "something odd"),
        ("kill -SEGV $$", "the simulation failed with code -11"),
        ("exit 0", "No such file or directory; is the disk full?"),
    ],
)
def test_a_program_that_fails_is_one_clear_line(program_with, values, tmp_path, script, message):
    with pytest.raises(SimulationError, match=message) as raised:
        program_with(script).run(values, {}, tmp_path)
    assert len(str(raised.value).splitlines()) == 1


def test_results_that_are_cut_short_are_an_error(program_with, values, learner, tmp_path):
    files = [variable.file for variable in learner.program.variables.values() if variable.file]
    touch = "; ".join(f'printf x > "$2/{file}"' for file in files)
    with pytest.raises(SimulationError, match="are incomplete; is the disk full"):
        program_with(touch).run(values, {}, tmp_path)


def test_temporary_files_are_gone_after_a_run(learner, digits, start, tmp_path):
    learner.show(start(learner), digits.images[:3], 0, LEARNING, tmp_path)
    assert list(tmp_path.iterdir()) == []
