"""Compiled networks for a run: where the programs lie, and what is said while one is made."""

from __future__ import annotations

import os
from pathlib import Path

from diehl_cook.engine.presenter import Presenter
from diehl_cook.model.experiment import Experiment
from diehl_cook.stages.progress import Narrator, Silence


def compile_network(
    experiment: Experiment, learning: bool, n_inputs: int, narrator: Narrator | None = None
) -> Presenter:
    """Compile the network of an experiment, or take it from the programs compiled before."""
    kind = "training" if learning else "testing"
    (narrator or Silence()).say(f"compiling the {kind} program (half a minute, once) ...")
    return Presenter(experiment, learning, n_inputs, programs_folder())


def programs_folder() -> Path:
    """Folder of compiled programs: beside the package, unless the environment names another."""
    default = Path(__file__).resolve().parents[2] / ".programs"
    return Path(os.environ.get("DIEHL_COOK_PROGRAMS", default))
