"""Synapses from the inputs to the E cells: weights, traces, and what a spike does to them.

The order within a step is that of ``tests/golden/README.md``, section 3: propagate with the
weights as they are, pre update, post update; or, with ``post_before_pre``, post update first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .rules import Rule, TraceDecay
from .types import Array, Indices


class InputSynapses:
    """All-to-all synapses without delays.

    Parameters
    ----------
    w : (n_input, n_e) initial weights, copied.
    rule : the learning rule, or None when nothing is learned.
    decay : factors per step of the traces; needed with a rule.
    post_before_pre : update the weights for E spikes before those for input spikes.
    """

    def __init__(
        self,
        w: Array,
        rule: Rule | None = None,
        decay: TraceDecay | None = None,
        post_before_pre: bool = False,
    ) -> None:
        self.w = np.array(w, dtype=np.float64)
        self.n_input, self.n_e = self.w.shape
        self.rule = rule
        self.decay = decay
        self.post_before_pre = post_before_pre
        self.pre = np.zeros(self.n_input)
        self.post1 = np.zeros(self.n_e)
        self.post2 = np.zeros(self.n_e)

    def normalise(self, total: float) -> None:
        """Scale each E cell's input weights to the given sum; no clipping."""
        self.w *= total / self.w.sum(axis=0)

    def decay_traces(self) -> None:
        """Let one time step pass for the traces."""
        if self.decay is not None:
            self.pre *= self.decay.pre
            self.post1 *= self.decay.post1
            self.post2 *= self.decay.post2

    def deliver(self, step: int, inputs: Indices, e_spikes: Indices) -> Array:
        """Process the spikes of one step; return what arrives at g_e of each E cell."""
        if self.rule is None:
            return self.propagate(step, inputs)
        if self.post_before_pre:
            self.post_update(self.rule, step, e_spikes)
        arriving = self.propagate(step, inputs)
        self.pre_update(self.rule, step, inputs)
        if not self.post_before_pre:
            self.post_update(self.rule, step, e_spikes)
        return arriving

    def propagate(self, step: int, inputs: Indices) -> Array:
        """Return the sum of the weights of the inputs that spiked, (n_e,)."""
        arriving: Array = self.w[inputs].sum(axis=0)
        return arriving

    def pre_update(self, rule: Rule, step: int, inputs: Indices) -> None:
        """Set the traces of the inputs that spiked, then change their weights."""
        enter(rule, self.pre, inputs)
        if rule.acts_on_input_spike:
            self.change(rule, inputs, rule.pre_change(self.w[inputs], self.post1))

    def post_update(self, rule: Rule, step: int, e_spikes: Indices) -> None:
        """Change the weights of the E cells that spiked, then set their traces."""
        if e_spikes.size == 0:
            return
        columns = (slice(None), e_spikes)
        pre = self.pre_at_e_spike(step, e_spikes)
        self.change(rule, columns, rule.post_change(self.w[columns], pre, self.post2[e_spikes]))
        enter(rule, self.post1, e_spikes)
        enter(rule, self.post2, e_spikes)

    def pre_at_e_spike(self, step: int, e_spikes: Indices) -> Array:
        """Return the input traces that E cells see when they spike; broadcasts over columns."""
        return self.pre[:, np.newaxis]

    def change(self, rule: Rule, where: Any, amount: Array) -> None:
        """Add to some weights and clip exactly those to [0, w_max]."""
        self.w[where] = np.clip(self.w[where] + amount, 0.0, rule.w_max)


class DelayedSynapses(InputSynapses):
    """A delay for each synapse, as Brian2 has it: a synapse knows nothing of a spike on its way.

    When the spike arrives, k steps after it was emitted, the synapse transmits the weight it has
    by then, enters the spike into a trace of its own (``pre`` has the shape of ``w``), and changes
    by what ``post1`` is by then. Only synapses where a spike arrives are clipped.

    Parameters
    ----------
    delay_steps : (n_input, n_e) whole steps, 0 or more.
    """

    def __init__(
        self,
        w: Array,
        delay_steps: Indices,
        rule: Rule | None = None,
        decay: TraceDecay | None = None,
        post_before_pre: bool = False,
    ) -> None:
        super().__init__(w, rule, decay, post_before_pre)
        self.delay_steps = check_delays(delay_steps, self.w.shape)
        self.pre = np.zeros(self.w.shape)
        self.depth = int(self.delay_steps.max()) + 1
        self.on_its_way = np.zeros((self.depth, *self.w.shape), dtype=bool)
        self.arrived = (np.zeros(0, np.int64), np.zeros(0, np.int64))

    def propagate(self, step: int, inputs: Indices) -> Array:
        """Send this step's spikes on their way; return what arrives now."""
        arrival = (step + self.delay_steps[inputs]) % self.depth
        self.on_its_way[arrival, inputs[:, np.newaxis], np.arange(self.n_e)] = True
        now = self.on_its_way[step % self.depth]
        rows, columns = np.nonzero(now)
        self.arrived = (rows, columns)
        now[:] = False
        arriving = np.zeros(self.n_e)
        np.add.at(arriving, columns, self.w[rows, columns])
        return arriving

    def pre_update(self, rule: Rule, step: int, inputs: Indices) -> None:
        """Treat the spikes that arrive now, synapse by synapse."""
        enter(rule, self.pre, self.arrived)
        if rule.acts_on_input_spike:
            post1 = self.post1[self.arrived[1]]
            self.change(rule, self.arrived, rule.pre_change(self.w[self.arrived], post1))

    def pre_at_e_spike(self, step: int, e_spikes: Indices) -> Array:
        """Return each synapse's own trace."""
        return self.pre[:, e_spikes]


def enter(rule: Rule, trace: Array, spikes: Any) -> None:
    """Enter spikes into a trace: add 1, or set to 1, as the rule says."""
    if rule.accumulates:
        trace[spikes] += 1.0
    else:
        trace[spikes] = 1.0


def check_delays(delay_steps: Indices, shape: tuple[int, ...]) -> Indices:
    """Return the delays as integers, or say what is wrong with them."""
    delays = np.asarray(delay_steps)
    if delays.shape != shape:
        raise ValueError(f"delay_steps has shape {delays.shape}, the weights have {shape}")
    if not np.issubdtype(delays.dtype, np.integer) or delays.min() < 0:
        raise ValueError("delay_steps must be whole numbers, 0 or more")
    return delays.astype(np.int64)
