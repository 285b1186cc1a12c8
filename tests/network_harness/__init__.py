"""This project's own network, driven by given input spikes and observed step by step.

Built by ``diehl_cook.model.network`` and normalised by ``diehl_cook.model.protocol``: only the
input cells and the monitors are the tests' own. What comes out has the names of
``plain_numpy.Result``, so that recordings and the NumPy simulation are compared with it in the same
way.
"""

from .experiments import experiment_of
from .outcome import Outcome, assert_agree
from .targets import run_at_runtime, run_standalone
from .trial import Room, Trial

__all__ = [
    "Outcome",
    "Room",
    "Trial",
    "assert_agree",
    "experiment_of",
    "run_at_runtime",
    "run_standalone",
]
