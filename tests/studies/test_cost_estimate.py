"""What is left to do is counted image by image; the time of one is measured."""

import numpy as np
import pytest
from pretended import block

from diehl_cook.stages.progress import Silence
from diehl_cook.store.trained_network import TrainedNetwork
from diehl_cook.studies import cost_estimate, reproduce


@pytest.fixture
def members(tmp_path, monkeypatch):
    """Two seeds of one rule, with 2 ms a presentation in training and 1 ms in testing."""
    monkeypatch.setattr(
        cost_estimate, "_seconds", lambda experiment, learning, *rest: 0.002 if learning else 0.001
    )
    return reproduce.plan(["triplet"], [100], tmp_path, seeds=2)


def seconds(members):
    (cost,) = cost_estimate.estimate(members, Silence())
    return cost.seconds


def test_training_labelling_and_all_repeats_count(members):
    assert seconds(members) == pytest.approx(2 * (40_000 * 0.002 + (60_000 + 100_000) * 0.001))


def test_what_is_learned_already_does_not_count(members):
    folder = members[0].folder
    folder.settle(members[0].experiment)
    folder.write_training([block(10_000), block(30_000)])
    assert seconds(members[:1]) == pytest.approx(10_000 * 0.002 + 160)
    folder.save_network(TrainedNetwork(np.ones((784, 100)), np.ones(100)))
    assert seconds(members[:1]) == pytest.approx(160)


def test_in_words():
    costs = [
        cost_estimate.Cost("triplet", 400, 0.5, 0.25, 600.0),
        cost_estimate.Cost("power_law", 6400, 5.0, 3.5, 13_200.0),
    ]
    assert cost_estimate.in_words(costs, 2).splitlines() == [
        "triplet, 400 cells: 0.50 ms a presentation in training, 0.25 ms in testing;"
        " 10 min of one core",
        "power_law, 6400 cells: 5.00 ms a presentation in training, 3.50 ms in testing;"
        " 3 h 40 min of one core",
        "in all about 1 h 55 min, 2 at a time",
    ]
