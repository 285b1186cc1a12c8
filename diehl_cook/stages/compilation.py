"""Compiled networks for a run, and what is said while one is made."""

from __future__ import annotations

from functools import cached_property

from diehl_cook.engine.presenter import Presenter
from diehl_cook.engine.recorder import Recorder
from diehl_cook.model import resources
from diehl_cook.model.experiment import Experiment
from diehl_cook.stages.progress import Narrator, Silence


def compile_network(
    experiment: Experiment, learning: bool, n_inputs: int, narrator: Narrator | None = None
) -> Presenter:
    """Compile the network of an experiment, or take it from the programs compiled before."""
    sentence = f"compiling the {'training' if learning else 'testing'} program (seconds, once) ..."
    say = (narrator or Silence()).say
    return Presenter(experiment, learning, n_inputs, resources.programs(), lambda: say(sentence))


class ReadingPrograms:
    """The programs of networks of one structure that do not learn, each made when first needed.

    Parameters
    ----------
    experiment : Experiment
        Of one of these networks.
    n_inputs : int
        Pixels of an image.
    """

    def __init__(self, experiment: Experiment, n_inputs: int) -> None:
        self._experiment, self._n_inputs = experiment, n_inputs

    @cached_property
    def presenter(self) -> Presenter:
        """Shows images and counts what they draw."""
        return compile_network(self._experiment, False, self._n_inputs)

    @cached_property
    def recorder(self) -> Recorder:
        """Shows an image and records every spike."""
        return Recorder(self.presenter, resources.programs())
