"""Numbers that leave their range end a run, and the last good checkpoint stays."""

import numpy as np
import pytest

from diehl_cook.engine.bounds import OutOfRangeError, check_activity, check_state
from diehl_cook.images.datasets import Split
from diehl_cook.stages.training import train
from diehl_cook.store.run_folder import RunFolder

WEIGHTS, THETA = "input_to_excitatory.w", "excitatory.theta"


def test_quiet_numbers_pass(experiment_with):
    experiment = experiment_with()
    check_activity(experiment, np.array([0, 17, experiment.presentation.maximum_spikes]), 0)
    check_state(experiment, {WEIGHTS: np.array([0.0, 1.2]), THETA: np.array([0.0])})


def test_too_many_spikes_are_told_with_the_way_out(experiment_with):
    with pytest.raises(OutOfRangeError, match=r"ran away: 301 .* after image 40.*theta_plus"):
        check_activity(
            experiment_with("presentation.maximum_spikes=300"), np.array([17, 301]), first=40
        )


def test_under_euler_the_way_out_is_the_other_integrator(experiment_with):
    with pytest.raises(OutOfRangeError, match="exponential_euler"):
        check_activity(experiment_with("integration=euler"), np.array([10**6]), 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["excitatory.v", WEIGHTS])
def test_what_is_no_number_is_noticed(experiment_with, name, value):
    with pytest.raises(OutOfRangeError, match=name):
        check_state(experiment_with(), {name: np.array([0.1, value], np.float32)})


@pytest.mark.parametrize("name", [WEIGHTS, THETA])
def test_negative_weights_and_thresholds_are_noticed(experiment_with, name):
    with pytest.raises(OutOfRangeError, match="negative"):
        check_state(experiment_with(), {name: np.array([0.1, -1e-9])})


def test_a_runaway_ends_the_training_and_keeps_the_last_checkpoint(
    experiment_with, presenter_of, digits, tmp_path
):
    folder = RunFolder(tmp_path)
    bright = np.full_like(digits.images[:10], 255)
    images = np.concatenate([digits.images[:20], bright])
    experiment = experiment_with(
        "training.images=30", "training.chunk=10", "presentation.maximum_spikes=150"
    )
    presenter = presenter_of(experiment, learning=True)
    with folder.claim() as workspace:
        folder.settle(experiment)
        learned = Split(images.reshape(-1, 28, 28), digits.classes[:30])
        with pytest.raises(OutOfRangeError, match="after image 20"):
            train(presenter, learned, folder, workspace)
    assert folder.load_checkpoint().images == 20
    assert not folder.has_network()
