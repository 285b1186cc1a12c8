"""The network, step by step, in the order of ``tests/golden/README.md``, section 3.

One step: state update, thresholds, connections (``synapses.py``), resets. Whatever the connections
change is seen by the state update of the next step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .brian1 import Brian1DelayedSynapses
from .cells import (
    State,
    connect_cells,
    e_cells_that_spike,
    i_cells_that_spike,
    reset,
    update_state,
)
from .parameters import Parameters
from .recorder import Recorder
from .rules import Rule, TraceDecay
from .spikes import Spikes, count_spikes
from .synapses import DelayedSynapses, InputSynapses
from .types import Array, Indices


@dataclass
class Result:
    """What came of a simulation. P: presentations, N: E cells, M: inputs, T: recorded steps."""

    parameters: Parameters
    e_spikes: Spikes
    i_spikes: Spikes
    theta_after: Array  # (P, N) at the end of the rest after each image
    w_start: Array  # (P, M, N) just after the normalisation
    w_after: Array  # (P, M, N) at the end of the rest
    trace_pre_image_end: Array  # (P, M), or (P, M, N) where each synapse has its own trace
    trace_post1_image_end: Array  # (P, N)
    trace_post2_image_end: Array  # (P, N)
    records: dict[str, Array]  # name -> (T, N)
    state: State  # at the end
    synapses: InputSynapses  # at the end: .w, .pre, .post1, .post2

    @property
    def weights(self) -> Array:
        """Input weights at the end, (M, N)."""
        return self.synapses.w

    @property
    def spike_count(self) -> Indices:
        """E spikes per presentation as the authors count them, (P, N): see ``count_spikes``."""
        return count_spikes(self.e_spikes, self.theta_after.shape, self.parameters)


def make_synapses(
    w: Array,
    rule: Rule | None,
    decay: TraceDecay | None,
    post_before_pre: bool,
    delay_steps: Indices | None,
    slips: bool,
) -> InputSynapses:
    """Choose the kind of input synapses."""
    if delay_steps is None:
        return InputSynapses(w, rule, decay, post_before_pre)
    kind = Brian1DelayedSynapses if slips else DelayedSynapses
    return kind(w, delay_steps, rule, decay, post_before_pre)


def simulate(
    parameters: Parameters,
    inputs: Spikes,
    w: Array,
    n_presentations: int,
    *,
    rule: Rule | None = None,
    state: State | None = None,
    trace_decay: TraceDecay | None = None,
    post_before_pre: bool = False,
    delay_steps: Indices | None = None,
    slips: bool = False,
    record: Iterable[str] = (),
    record_steps: int | None = None,
) -> Result:
    """Show a number of presentations, given every input spike.

    Parameters
    ----------
    parameters : the network and its protocol.
    inputs : input spikes; presentation k occupies the steps from k * steps_presentation.
    w : (n_input, n_e) input weights before the first normalisation.
    n_presentations : how many presentations to show.
    rule : the learning rule; with None the network is in test mode: no plasticity, theta fixed,
        weights not normalised.
    state : the cells at the start, copied; by default ``State.initial``.
    trace_decay : factors per step of the traces; by default ``TraceDecay.exact``.
    post_before_pre : order of the weight updates within a step.
    delay_steps : (n_input, n_e) delays in whole steps; None for no delays.
    slips : with delays, those of Brian 1 (see ``brian1.py``).
    record : names out of ``RECORDABLE``.
    record_steps : record only so many steps; by default all.
    """
    n_steps = n_presentations * parameters.steps_presentation
    training = rule is not None
    if rule is not None and trace_decay is None:
        trace_decay = TraceDecay.exact(rule, parameters.dt)
    synapses = make_synapses(w, rule, trace_decay, post_before_pre, delay_steps, slips)
    state = State.initial(synapses.n_e, parameters) if state is None else state.copy()
    recorder = Recorder(tuple(record), n_steps if record_steps is None else record_steps)
    inputs_at = inputs.per_step(n_steps)
    e_spikes: list[Indices] = []
    i_spikes: list[Indices] = []

    for step in range(n_steps):
        in_presentation = step % parameters.steps_presentation
        if in_presentation == 0:
            if training and parameters.weight_sum is not None:
                synapses.normalise(parameters.weight_sum)
            recorder.snapshot(w_start=synapses.w)

        update_state(state, parameters, training)
        synapses.decay_traces()
        recorder.record(step, "_updated", {"v_e": state.v_e, "v_i": state.v_i})

        e_now = e_cells_that_spike(state, step, parameters)
        i_now = i_cells_that_spike(state, step, parameters)
        e_spikes.append(e_now)
        i_spikes.append(i_now)

        connect_cells(state, e_now, i_now, parameters)
        state.ge_e += synapses.deliver(step, inputs_at[step], e_now)

        reset(state, e_now, i_now, step, parameters, training)

        traces = {"post1": synapses.post1, "post2": synapses.post2}
        recorder.record(step, "", vars(state) | traces)
        if in_presentation == parameters.steps_image - 1:
            recorder.snapshot(
                trace_pre_image_end=synapses.pre,
                trace_post1_image_end=synapses.post1,
                trace_post2_image_end=synapses.post2,
            )
        if in_presentation == parameters.steps_presentation - 1:
            recorder.snapshot(theta_after=state.theta_e, w_after=synapses.w)

    return Result(
        parameters=parameters,
        e_spikes=Spikes.joined(e_spikes),
        i_spikes=Spikes.joined(i_spikes),
        records={name: np.array(rows) for name, rows in recorder.records.items()},
        state=state,
        synapses=synapses,
        **{name: np.array(arrays) for name, arrays in recorder.snapshots.items()},
    )
