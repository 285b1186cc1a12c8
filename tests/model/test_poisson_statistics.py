"""Input spikes against Poisson, as two-level tests.

Each seed gives a p-value; their distribution over the seeds is then compared with the uniform
distribution. A wrong rate, interval or correlation bends it; no single seed decides, so the
tests neither flake nor sleep.
"""

from collections.abc import Callable

import numpy as np
import pytest
from brian2 import Clock, Network, SpikeMonitor, defaultclock, second
from scipy import stats

from diehl_cook.engine.program import interpret
from diehl_cook.images import datasets
from diehl_cook.model import protocol
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import load_experiment

SEEDS = 16
STEPS = 700
RATES_PER_SECOND = 1 / 8 * 2  # a pixel's rate over its brightness, at the first intensity

Spikes = np.ndarray  # (seeds, steps, cells), true where a cell fires


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return datasets.load_split("train").images[0].ravel()


@pytest.fixture(scope="module")
def probability(image: np.ndarray) -> np.ndarray:
    """Of a spike in one step, for each cell that can fire."""
    return image[image > 0] * RATES_PER_SECOND * 0.0005


@pytest.fixture(scope="module")
def spikes(image: np.ndarray) -> Spikes:
    """Spikes of the cells that can fire, while one digit is shown under many seeds."""
    experiment = load_experiment("experiments/smoke.yaml")
    network = _inputs_alone(experiment, image.size)
    recorded = [_show(network, experiment, image, seed) for seed in range(SEEDS)]
    assert not any(fired[STEPS:].any() for fired in recorded)
    assert not any(fired[:, image == 0].any() for fired in recorded)
    return np.stack([fired[:STEPS, image > 0] for fired in recorded])


def _inputs_alone(experiment: Experiment, n_inputs: int) -> Network:
    defaultclock.dt = experiment.time_step
    clock = Clock(experiment.presentation_steps * experiment.time_step, name="presentation_clock")
    cell = protocol.protocol_cell(experiment)
    inputs = protocol.poisson_inputs(experiment, cell, False, n_inputs, 1, clock)
    return Network(cell, inputs, SpikeMonitor(inputs, name="recorded"))


def _show(network: Network, experiment: Experiment, image: np.ndarray, seed: int) -> np.ndarray:
    values = protocol.parameter_values(experiment.model_copy(update={"seed": seed}))
    values = protocol.known_values(network, values)
    values |= {f"protocol.{name}": np.array([0]) for name in ("image", "showing", "first_image")}
    begun, before = network.t, network["recorded"].num_spikes
    interpret(network, values, {protocol.IMAGES: image[None]}, 0.5 * second)
    monitor = network["recorded"]
    steps = np.rint((monitor.t[before:] - begun) / experiment.time_step).astype(int)
    fired = np.zeros((experiment.presentation_steps, image.size), bool)
    fired[steps, monitor.i[before:]] = True
    return fired


def rate_p(fired: np.ndarray, probability: np.ndarray) -> float:
    """Spikes of all cells together."""
    variance = STEPS * np.sum(probability * (1 - probability))
    z = (fired.sum() - STEPS * probability.sum()) / np.sqrt(variance)
    return float(2 * stats.norm.sf(abs(z)))


def counts_p(fired: np.ndarray, probability: np.ndarray) -> float:
    """Spikes of each cell against the binomial distribution."""
    expected = STEPS * probability
    enough = expected > 5
    z = (fired.sum(axis=0) - expected) / np.sqrt(expected * (1 - probability))
    return float(stats.chi2.sf(np.sum(z[enough] ** 2), enough.sum()))


def time_p(fired: np.ndarray, probability: np.ndarray) -> float:
    """Spikes of all cells in each stretch of 50 steps: the same throughout."""
    stretches = fired.reshape(-1, 50, probability.size).sum(axis=(1, 2))
    variance = 50 * np.sum(probability * (1 - probability))
    z = (stretches - 50 * probability.sum()) / np.sqrt(variance)
    return float(stats.chi2.sf(np.sum(z**2), z.size))


def intervals_p(fired: np.ndarray, probability: np.ndarray) -> float:
    """The chance of a spike so many steps after one is the same as at any time."""
    z = []
    for lag in range(1, 40):
        at_risk = fired[:-lag].sum(axis=0)
        repeated = np.sum(fired[:-lag] & fired[lag:])
        variance = np.sum(at_risk * probability * (1 - probability))
        z.append((repeated - np.sum(at_risk * probability)) / np.sqrt(variance))
    return float(stats.chi2.sf(np.sum(np.square(z)), len(z)))


def neighbours_p(fired: np.ndarray, probability: np.ndarray) -> float:
    """Neighbouring cells fire independently."""
    z = (fired - probability) / np.sqrt(probability * (1 - probability))
    bright = z[:, probability > 0.005]
    product = np.sum(bright[:, :-1] * bright[:, 1:])
    pairs = bright.shape[0] * (bright.shape[1] - 1)
    return float(2 * stats.norm.sf(abs(product) / np.sqrt(pairs)))


Test = Callable[[np.ndarray, np.ndarray], float]


@pytest.mark.parametrize("test", [rate_p, counts_p, time_p, intervals_p, neighbours_p])
def test_input_spikes_are_poisson(test: Test, spikes: Spikes, probability: np.ndarray) -> None:
    p_values = [test(fired, probability) for fired in spikes]
    assert stats.kstest(p_values, "uniform").pvalue > 0.001


def test_seeds_are_independent(spikes: Spikes, probability: np.ndarray) -> None:
    deviation = spikes.sum(axis=1) - STEPS * probability
    z = deviation / np.sqrt(STEPS * probability * (1 - probability))
    bright = z[:, probability > 0.005]
    products = np.sum(bright[:-1] * bright[1:], axis=1) / np.sqrt(bright.shape[1])
    assert stats.kstest(products, "norm").pvalue > 0.001


@pytest.mark.parametrize(
    ("test", "spoil"),
    [
        (rate_p, lambda fired: fired & (np.arange(STEPS) % 10 > 0)[:, None]),
        (counts_p, lambda fired: fired[:, ::-1]),
        (time_p, lambda fired: fired & (np.arange(STEPS) > 10)[:, None]),
        (intervals_p, lambda fired: fired & ~np.roll(fired, 1, axis=0)),
        (neighbours_p, lambda fired: fired | (np.roll(fired, 1, axis=1) & fired[:, ::-1])),
    ],
)
def test_a_spoilt_train_is_noticed(
    test: Test, spoil: Callable[[np.ndarray], np.ndarray], spikes: Spikes, probability: np.ndarray
) -> None:
    p_values = [test(spoil(fired), probability) for fired in spikes]
    assert stats.kstest(p_values, "uniform").pvalue < 1e-6
