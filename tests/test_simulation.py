"""Compiled programs: compiled once, run from arrays to arrays, and clear when they cannot."""

import os
import shutil

import numpy as np
import pytest

from diehl_cook import simulation
from diehl_cook.presentation import LEARNING, Presenter
from diehl_cook.simulation import Program, SimulationError

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

    monkeypatch.setattr(simulation, "_compile", fail)


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


def test_what_a_process_compiled_before_does_not_matter(
    learner, reader, experiment_with, programs, forbid_compiling
):
    for learning in (True, True, False, True, False, False):
        expected = learner if learning else reader
        again = Presenter(experiment_with(), learning, 784, programs)
        assert again.program.folder == expected.program.folder


@pytest.mark.parametrize(
    "override", ["cells=99", "rule=power_law", "integration=euler", "precision=double"]
)
def test_another_structure_is_another_program(
    learner, experiment_with, programs, monkeypatch, override
):
    def refuse(folder):
        raise SimulationError("another")

    monkeypatch.setattr(simulation, "_compile", refuse)
    with pytest.raises(SimulationError, match="another"):
        Presenter(experiment_with(override), True, 784, programs)


def test_nothing_is_left_in_the_cache_but_programs(learner, programs):
    for entry in programs.iterdir():
        assert entry.name.startswith((".", "new-")) or (entry / "main").exists(), entry


@pytest.mark.parametrize(
    ("compiler", "message"),
    [
        ("/nowhere/g++", "no C++ compiler: /nowhere/g++ does not start; install g++ or set CXX"),
        ("false", "compiling failed: "),
    ],
)
def test_without_a_working_compiler_there_is_one_clear_line(
    experiment_with, tmp_path, monkeypatch, compiler, message
):
    monkeypatch.setenv("CXX", compiler)
    with pytest.raises(SimulationError) as raised:
        Presenter(experiment_with("cells=4"), False, 784, tmp_path)
    assert str(raised.value).startswith(message)
    assert len(str(raised.value).splitlines()) == 1
    assert not [entry for entry in tmp_path.iterdir() if not entry.name.startswith(".")]


def test_without_make_there_is_one_clear_line(experiment_with, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "g++").symlink_to(shutil.which("g++"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(SimulationError, match="make does not start; install make"):
        Presenter(experiment_with("cells=4"), False, 784, tmp_path / "programs")


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
        ("exit 0", "results were not written: .*; is the disk full?"),
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
