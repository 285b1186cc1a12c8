"""Numbers watched while a simulation runs: what leaves its range ends the run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diehl_cook.model.arrays import Arrays
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.network import EXCITATORY, INPUT_TO_EXCITATORY


class OutOfRangeError(RuntimeError):
    """A number that left its range; the message says what happened and what to change."""


def check_activity(experiment: Experiment, spikes: NDArray[np.integer], first: int) -> None:
    """Make sure that the network did not run away.

    Parameters
    ----------
    experiment : Experiment
        For its bound.
    spikes : ndarray, shape (presentations,)
        Excitatory spikes of each presentation.
    first : int
        Running number of the image of the first, for the message.

    Raises
    ------
    OutOfRangeError
        If a presentation had more spikes than the experiment allows.
    """
    most = int(np.max(spikes, initial=0))
    if most > experiment.presentation.maximum_spikes:
        raise OutOfRangeError(
            f"the network ran away: {most} excitatory spikes in one presentation after image"
            f" {first}, more than presentation.maximum_spikes; {_way_out(experiment)}"
        )


def check_state(experiment: Experiment, state: Arrays) -> None:
    """Make sure that the state of a network is made of possible numbers.

    Parameters
    ----------
    experiment : Experiment
        For the way out.
    state : dict of str to ndarray
        Every variable of the network.

    Raises
    ------
    OutOfRangeError
        If a number is infinite or none at all, or a weight or threshold is negative.
    """
    for name, values in state.items():
        if values.dtype.kind == "f" and not np.all(np.isfinite(values)):
            raise OutOfRangeError(f"{name} is no longer a number; {_way_out(experiment)}")
    for name in (f"{INPUT_TO_EXCITATORY}.w", f"{EXCITATORY}.theta"):
        if name in state and np.min(state[name], initial=0) < 0:
            raise OutOfRangeError(f"{name} is negative; lower the learning rates or theta_plus")


def _way_out(experiment: Experiment) -> str:
    if experiment.integration == "euler":
        return "choose 'integration: exponential_euler', or a smaller time_step"
    return "raise excitatory.theta_plus or connections.inhibitory_to_excitatory"
