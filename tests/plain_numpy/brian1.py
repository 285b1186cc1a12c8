"""Delayed plasticity as Brian 1.4.4 really carried it out, with its two slips.

Source: ``tests/golden/README.md``, section 3, "With delays". What was meant is
``synapses.DelayedSynapses``; what happened:

* depression reads post2 (40 ms) where post1 (20 ms) was meant: the record of recent values takes
  the wrong row of the trace matrix;
* potentiation reads ``pre`` as it was a delay ago, but with the delay of another synapse: the
  index into the flattened delays is i + j*N where i*N + j was meant.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from .rules import Rule, TraceDecay, Triplet
from .synapses import InputSynapses, check_delays, enter
from .types import Array, Indices

DEPRESSION_LAG = 21
"""Steps from an input spike to the depression of all its synapses at once."""


class Brian1DelayedSynapses(InputSynapses):
    """The triplet rule with delays of 0 to 19 steps, slips included.

    Traces live on the cells. The recent past of ``pre`` and ``post2`` is kept for
    ``DEPRESSION_LAG + 1`` steps.
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
        if rule is not None and not isinstance(rule, Triplet):
            raise ValueError(f"Brian 1's delayed plasticity is known for Triplet only, not {rule}")
        if post_before_pre:
            raise ValueError("Brian 1's delayed plasticity is recorded with pre before post only")
        self.delay_steps = check_delays(delay_steps, self.w.shape)
        if self.delay_steps.max() >= DEPRESSION_LAG - 1:
            raise ValueError(f"delay_steps reaches {self.delay_steps.max()}, 19 is the longest")
        self.other_delay_steps = delays_of_other_synapses(self.delay_steps)
        self.depth = DEPRESSION_LAG + 1
        self.arriving = np.zeros((self.depth, self.n_e))
        self.past_pre = np.zeros((self.depth, self.n_input))
        self.past_post2 = np.zeros((self.depth, self.n_e))
        self.past_inputs: deque[Indices] = deque(maxlen=self.depth)

    def deliver(self, step: int, inputs: Indices, e_spikes: Indices) -> Array:
        """Process the spikes of one step, then store the traces as they are at its end."""
        arriving = super().deliver(step, inputs, e_spikes)
        self.past_pre[step % self.depth] = self.pre
        self.past_post2[step % self.depth] = self.post2
        return arriving

    def propagate(self, step: int, inputs: Indices) -> Array:
        """Send the weights of this step's spikes on their way; return what arrives now."""
        arrival = (step + self.delay_steps[inputs]) % self.depth
        np.add.at(self.arriving, (arrival, np.arange(self.n_e)), self.w[inputs])
        now = self.arriving[step % self.depth].copy()
        self.arriving[step % self.depth] = 0.0
        return now

    def pre_update(self, rule: Rule, step: int, inputs: Indices) -> None:
        """Set the traces of this step's inputs; depress for the spikes of 21 steps ago."""
        enter(rule, self.pre, inputs)
        self.past_inputs.append(inputs)
        if len(self.past_inputs) > DEPRESSION_LAG:
            self.depress(rule, step - DEPRESSION_LAG, self.past_inputs[0])

    def depress(self, rule: Rule, emitted: int, inputs: Indices) -> None:
        """Depress all synapses of inputs that spiked in step ``emitted``: slip 1, post2."""
        arrival = (emitted + self.delay_steps[inputs]) % self.depth
        post2 = self.past_post2[arrival, np.arange(self.n_e)]
        self.change(rule, inputs, rule.pre_change(self.w[inputs], post2))

    def pre_at_e_spike(self, step: int, e_spikes: Indices) -> Array:
        """Return pre at the end of step - 1 - (delay of another synapse): slip 2."""
        read = (step - 1 - self.other_delay_steps[:, e_spikes]) % self.depth
        return self.past_pre[read, np.arange(self.n_input)[:, np.newaxis]]


def delays_of_other_synapses(delay_steps: Indices) -> Indices:
    """Return m_ij = F[i + j*N], F being the flattened delays and N the number of E cells."""
    n_input, n_e = delay_steps.shape
    i, j = np.arange(n_input)[:, np.newaxis], np.arange(n_e)
    return delay_steps.ravel()[i + j * n_e]
