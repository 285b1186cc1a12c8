"""What a network did, under the names of the NumPy simulation's result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plain_numpy import Parameters, Result, Spikes, count_spikes
from plain_numpy.types import Array, Indices

from diehl_cook.model.experiment import Experiment

from .trial import Room, Trial

TOLERANCE = 1e-10
"""Largest difference of anything but spikes, in volts or, where larger than 1, relative to it."""

RECORDS = {
    "v_e": "excitatory_record.v",
    "ge_e": "excitatory_record.ge",
    "gi_e": "excitatory_record.gi",
    "theta_e": "excitatory_record.theta",
    "v_i": "inhibitory_record.v",
    "ge_i": "inhibitory_record.ge",
    "v_e_updated": "excitatory_updated.v",
    "v_i_updated": "inhibitory_updated.v",
}
POST_TRACES = {
    "triplet": {"post1": "excitatory_record.x1", "post2": "excitatory_record.x2"},
    "pre_and_post": {"post1": "excitatory_record.x"},
}
SNAPSHOTS = (
    *("theta_after", "w_start", "w_after"),
    *("trace_pre_image_end", "trace_post1_image_end", "trace_post2_image_end"),
)


@dataclass(frozen=True)
class Outcome:
    """Shapes: P presentations, M inputs, N cells, T steps. None: the network has no such trace."""

    experiment: Experiment
    e_spikes: Spikes
    i_spikes: Spikes
    records: dict[str, Array]  # name -> (T, N)
    theta_after: Array  # (P, N)
    w_start: Array  # (P, M, N)
    w_after: Array  # (P, M, N)
    trace_pre_image_end: Array | None  # (P, M)
    trace_post1_image_end: Array | None  # (P, N)
    trace_post2_image_end: Array | None  # (P, N)

    @classmethod
    def of(cls, trial: Trial, arrays: Mapping[str, NDArray[Any]]) -> Outcome:
        """Sort what monitors recorded; arrays are named ``group.variable``."""
        experiment, (n_input, n_e) = trial.experiment, trial.weights.shape
        names = RECORDS | (POST_TRACES.get(experiment.rule, {}) if trial.learning else {})
        records = {name: arrays[array].reshape(-1, n_e) for name, array in names.items()}
        ends = slice(experiment.presentation_steps - 1, None, experiment.presentation_steps)
        shown = slice(experiment.image_steps - 1, None, experiment.presentation_steps)
        pre = arrays.get("input_record.x")
        before = arrays["weights_before_normalisation.w"].reshape(-1, n_input, n_e)
        last = arrays["input_to_excitatory.w"].reshape(1, n_input, n_e)
        return cls(
            experiment=experiment,
            e_spikes=_spikes(experiment, arrays, "excitatory_spikes"),
            i_spikes=_spikes(experiment, arrays, "inhibitory_spikes"),
            records=records,
            theta_after=records["theta_e"][ends],
            w_start=arrays["weights_after_normalisation.w"].reshape(-1, n_input, n_e),
            w_after=np.concatenate([before[1:], last]),
            trace_pre_image_end=None if pre is None else pre.reshape(-1, n_input)[shown],
            trace_post1_image_end=records["post1"][shown] if "post1" in records else None,
            trace_post2_image_end=records["post2"][shown] if "post2" in records else None,
        )

    @property
    def spike_count(self) -> Indices:
        """E spikes per presentation as the authors count them, (P, N)."""
        e = self.experiment
        rest = e.presentation_steps - e.image_steps
        return count_spikes(
            self.e_spikes,
            self.theta_after.shape,
            Parameters(steps_image=e.image_steps, steps_rest=rest),
        )

    def cropped(self, room: Room) -> Outcome:
        """Leave out the inputs and cells that only fill a larger room; those must be silent."""
        cells, inputs = slice(room.n_e), slice(room.n_input)
        assert max(self.e_spikes.index.max(initial=0), self.i_spikes.index.max(initial=0)) < (
            room.n_e
        ), "a cell that should be silent has fired"
        whole = {name: getattr(self, name) for name in SNAPSHOTS}
        per_cell = {name: a[:, cells] for name, a in whole.items() if a is not None}
        per_cell |= {name: whole[name][:, inputs, cells] for name in ("w_start", "w_after")}
        if self.trace_pre_image_end is not None:
            per_cell["trace_pre_image_end"] = self.trace_pre_image_end[:, inputs]
        records = {name: array[:, cells] for name, array in self.records.items()}
        return replace(self, records=records, **per_cell)

    def first_steps(self, n_steps: int) -> Outcome:
        """The same with the records of only so many steps."""
        return replace(self, records={name: a[:n_steps] for name, a in self.records.items()})


def assert_agree(outcome: Outcome, result: Result) -> None:
    """Fail if spikes differ at all from the NumPy simulation's, or anything else by 1e-10."""
    for kind in ("e_spikes", "i_spikes"):
        ours, theirs = getattr(outcome, kind), getattr(result, kind)
        np.testing.assert_array_equal(ours.step, theirs.step, err_msg=f"steps of {kind}")
        np.testing.assert_array_equal(ours.index, theirs.index, err_msg=f"cells of {kind}")
    for name in SNAPSHOTS:
        if getattr(outcome, name) is not None:
            _assert_close(name, getattr(outcome, name), getattr(result, name))
    for name, record in outcome.records.items():
        _assert_close(name, record, result.records[name])


def _assert_close(name: str, ours: Array, theirs: Array) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)


def _spikes(experiment: Experiment, arrays: Mapping[str, NDArray[Any]], monitor: str) -> Spikes:
    steps = np.rint(arrays[f"{monitor}.t"] / float(experiment.time_step))
    return Spikes.sorted(steps, arrays[f"{monitor}.i"])
