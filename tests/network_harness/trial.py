"""What a network is given: an experiment, a state to start from, and every input spike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from plain_numpy import Spikes
from plain_numpy.types import Array, Indices

from diehl_cook.model.experiment import Experiment
from diehl_cook.model.network import INPUT_TO_EXCITATORY
from diehl_cook.model.protocol import parameter_values, resting_state

from .given_spikes import END_STEP

NEVER_FIRES = 1.0
"""Volts of theta that no cell ever reaches."""


@dataclass(frozen=True)
class Room:
    """How much a compiled program can hold; smaller trials leave some of it silent."""

    n_input: int
    n_e: int
    n_presentations: int


@dataclass(frozen=True)
class Trial:
    """One simulation. M: inputs, N: cells of each kind.

    Voltages of None are those of the experiment.
    """

    experiment: Experiment
    learning: bool
    inputs: Spikes
    weights: Array  # (M, N)
    theta: Array  # (N,)
    n_presentations: int
    v_e: Array | None = None  # (N,)
    v_i: Array | None = None  # (N,)
    delay_steps: Indices | None = None  # (M, N)

    @property
    def room(self) -> Room:
        """The room that the trial needs."""
        return Room(*self.weights.shape, self.n_presentations)

    @property
    def n_steps(self) -> int:
        """Steps to simulate."""
        return self.n_presentations * self.experiment.presentation_steps

    @property
    def structure(self) -> tuple[object, ...]:
        """All that generated code depends on, besides the room; numbers are given at a run."""
        e = self.experiment
        return (
            *(e.synapses, e.integration, e.rule, e.excitatory.refractory_voltage),
            *(e.excitatory.clamp_period is None, e.connections.update_order),
            *(e.connections.normalise, e.image_steps, e.presentation_steps, float(e.time_step)),
            *(self.learning, self.delay_steps is not None),
        )

    def given_spikes(self, n_steps: int) -> Array:
        """Ones where inputs spike, (n_steps, M)."""
        spikes = np.zeros((n_steps, self.weights.shape[0]))
        spikes[self.inputs.step, self.inputs.index] = 1
        return spikes

    def values(self) -> dict[str, Array]:
        """Every number, under every name that a network may have for it."""
        state = resting_state(self.experiment, self.weights, self.theta)
        given = {"excitatory.v": self.v_e, "inhibitory.v": self.v_i}
        state |= {name: array for name, array in given.items() if array is not None}
        if self.delay_steps is not None:
            delay = self.delay_steps.ravel() * float(self.experiment.time_step)
            state[f"{INPUT_TO_EXCITATORY}.delay"] = delay
        state[END_STEP] = np.array([float(self.n_steps)])
        return parameter_values(self.experiment) | state

    def filling(self, room: Room) -> Trial:
        """The same trial among silent inputs and cells, in a network that fills a room.

        Inputs that never spike have no weight, and cells with an endless threshold never spike:
        nothing that they do reaches the others.
        """
        weights = np.zeros((room.n_input, room.n_e))
        weights[:, self.weights.shape[1] :] = 0.5
        weights[: self.weights.shape[0], : self.weights.shape[1]] = self.weights
        delays = self.delay_steps
        return replace(
            self,
            experiment=self.experiment.model_copy(update={"cells": room.n_e}),
            weights=weights,
            theta=_longer(self.theta, room.n_e, NEVER_FIRES),
            v_e=None if self.v_e is None else _longer(self.v_e, room.n_e, self.v_e[0]),
            v_i=None if self.v_i is None else _longer(self.v_i, room.n_e, self.v_i[0]),
            delay_steps=None if delays is None else _larger(delays, weights.shape),
        )


def _longer(array: Array, size: int, value: float) -> Array:
    return np.append(array, np.full(size - array.size, value))


def _larger(matrix: Indices, shape: tuple[int, int]) -> Indices:
    filled = np.zeros(shape, matrix.dtype)
    filled[: matrix.shape[0], : matrix.shape[1]] = matrix
    return filled
