"""Experiment files for tests of how they are read."""

import pytest

from diehl_cook.model.experiment import ExperimentError
from diehl_cook.model.experiment_file import load_experiment

SMALLEST = "cells: 4\ntraining:\n  images: 10\n"


def complaint(path, *overrides, **settings):
    """The one line that an experiment is refused with."""
    with pytest.raises(ExperimentError) as raised:
        load_experiment(path, overrides, **settings)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    return message
