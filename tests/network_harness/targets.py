"""Running a trial: with NumPy, or as a compiled program."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from brian2 import Network, prefs, second
from brian2.core.variables import ArrayVariable

from diehl_cook.engine.presenter import device_of
from diehl_cook.engine.program import Program, compile_program
from diehl_cook.model.arrays import Arrays
from diehl_cook.model.network import INPUT

from .given_spikes import GIVEN_SPIKES, build
from .outcome import Outcome
from .trial import Room, Trial


def run_at_runtime(trial: Trial) -> Outcome:
    """Run with Brian2's runtime target NumPy."""
    prefs.codegen.target = "numpy"
    network = _build(trial)
    for name, value in trial.values().items():
        _set(network, name, value)
    network[INPUT].namespace[GIVEN_SPIKES].values[:] = trial.given_spikes(trial.n_steps)
    network.run((trial.n_steps + 10) * float(trial.experiment.time_step) * second)
    return Outcome.of(trial, _values(network))


def run_standalone(trial: Trial, programs: Path, room: Room | None = None) -> Outcome:
    """Run as a compiled program, on the device that this project would choose.

    Parameters
    ----------
    trial : what to run.
    programs : folder of compiled programs.
    room : that of the program, which other trials may share; by default what the trial needs.
    """
    room = trial.room if room is None else room
    filling = trial.filling(room)
    program = _compile(filling, programs, room)
    known = {name: v for name, v in filling.values().items() if name in program.variables}
    steps = room.n_presentations * trial.experiment.presentation_steps
    with tempfile.TemporaryDirectory() as workspace:
        results = program.run(known, {GIVEN_SPIKES: filling.given_spikes(steps)}, Path(workspace))
    return Outcome.of(filling, results).cropped(trial.room)


def _build(trial: Trial, n_presentations: int | None = None) -> Network:
    presentations = n_presentations or trial.n_presentations
    return build(
        trial.experiment,
        trial.learning,
        trial.weights.shape[0],
        presentations * trial.experiment.presentation_steps,
    )


def _compile(trial: Trial, programs: Path, room: Room) -> Program:
    build = partial(_build, trial, room.n_presentations)
    target = device_of(trial.experiment)
    return compile_program(build, programs, target, structure=(*trial.structure, room))


def _set(network: Network, name: str, value: np.ndarray) -> None:
    group, variable = name.split(".")
    if group not in network:
        return
    owner = network[group].pre if variable == "delay" else network[group]
    if variable in owner.variables:
        owner.variables[variable].set_value(value)


def _values(network: Network) -> Arrays:
    """The arrays of a network's groups under the names that a compiled program has for them."""
    return {
        f"{group.name}.{name}": np.array(variable.get_value())
        for group in network.sorted_objects
        for name, variable in getattr(group, "variables", {}).items()
        if isinstance(variable, ArrayVariable) and variable.owner.name == group.name
    }
