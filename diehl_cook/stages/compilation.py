"""Compiled networks for a run, and what is said while one is made."""

from __future__ import annotations

from diehl_cook.engine.presenter import Presenter
from diehl_cook.model import resources
from diehl_cook.model.experiment import Experiment
from diehl_cook.stages.progress import Narrator, Silence


def compile_network(
    experiment: Experiment, learning: bool, n_inputs: int, narrator: Narrator | None = None
) -> Presenter:
    """Compile the network of an experiment, or take it from the programs compiled before."""
    kind = "training" if learning else "testing"
    (narrator or Silence()).say(f"compiling the {kind} program (seconds, once) ...")
    return Presenter(experiment, learning, n_inputs, resources.programs())
