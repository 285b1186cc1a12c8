"""A second opinion: the model in plain NumPy, written for reading.

Written from the paper and from ``tests/golden/README.md``; it never imports the package it judges.
"""

from .cells import State
from .golden import (
    GoldenCase,
    assert_matches,
    differences,
    golden_cases,
    golden_folder,
    golden_id,
    golden_paths,
    load_golden,
)
from .parameters import Cell, Parameters
from .replay import initial_state, observations_of, parameters_of, replay
from .rules import Exponential, PowerLaw, PreAndPost, Rule, TraceDecay, Triplet
from .simulation import Result, simulate
from .spikes import Spikes, count_spikes

__all__ = [
    "Cell",
    "Exponential",
    "GoldenCase",
    "Parameters",
    "PowerLaw",
    "PreAndPost",
    "Result",
    "Rule",
    "Spikes",
    "State",
    "TraceDecay",
    "Triplet",
    "assert_matches",
    "count_spikes",
    "differences",
    "golden_cases",
    "golden_folder",
    "golden_id",
    "golden_paths",
    "initial_state",
    "load_golden",
    "observations_of",
    "parameters_of",
    "replay",
    "simulate",
]
