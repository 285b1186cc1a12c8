"""Spikes as arrays of steps and indices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .parameters import Parameters
from .types import Indices


@dataclass(frozen=True)
class Spikes:
    """Spikes as two arrays of equal length, sorted by step, then index."""

    step: Indices
    index: Indices

    @classmethod
    def sorted(cls, step: Indices, index: Indices) -> Spikes:
        """Sort spikes given in any order."""
        step, index = np.asarray(step, dtype=np.int64), np.asarray(index, dtype=np.int64)
        order = np.lexsort((index, step))
        return cls(step[order], index[order])

    @classmethod
    def joined(cls, per_step: list[Indices]) -> Spikes:
        """Join a list of the indices that spiked in each step."""
        counts = [indices.size for indices in per_step]
        index = np.concatenate([np.zeros(0, np.int64), *per_step])
        return cls(np.repeat(np.arange(len(per_step)), counts), index)

    def per_step(self, n_steps: int) -> list[Indices]:
        """Split into one array of indices for each step."""
        if self.step.size and not 0 <= self.step[0] <= self.step[-1] < n_steps:
            raise ValueError(
                f"spikes in steps {self.step[0]} to {self.step[-1]}, simulated are {n_steps}"
            )
        return np.split(self.index, np.searchsorted(self.step, np.arange(1, n_steps)))


def count_spikes(e_spikes: Spikes, shape: tuple[int, ...], parameters: Parameters) -> Indices:
    """Count from the end of the previous image (its rest included) to the end of this image."""
    counts = np.zeros(shape, dtype=np.int64)
    presentation = (e_spikes.step + parameters.steps_rest) // parameters.steps_presentation
    counted = presentation < shape[0]
    np.add.at(counts, (presentation[counted], e_spikes.index[counted]), 1)
    return counts
