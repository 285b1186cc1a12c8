"""The four learning rules (paper, section 2.3), each as the two weight changes it prescribes.

A rule is two pure functions that work element by element and broadcast: the change of ``w`` when
an input spike arrives, and the change when the E cell fires. Clipping to [0, w_max] and the
keeping of traces belong to the synapses (``synapses.py``).

Traces are called as in the published code: ``pre`` of the input, ``post1`` and ``post2`` of the
E cell. The paper's x_pre is ``pre``, its x_post is ``post1``.

Rates, targets and trace constants of the first three rules are published nowhere; the defaults
are this project's own measurements. Those of the triplet rule are the published code's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from .types import Array


class Rule(Protocol):
    """What the synapses need to know about a learning rule."""

    accumulates: ClassVar[bool]
    """A spike adds 1 to its traces (True), or sets them to 1 (False: nearest spike only)."""

    acts_on_input_spike: ClassVar[bool]
    """An input spike changes weights. If not, it does not clip them either."""

    @property
    def w_max(self) -> float:
        """Upper bound of the weights; the lower one is 0."""

    @property
    def taus(self) -> dict[str, float]:
        """Time constants in seconds of the traces the rule reads."""

    def pre_change(self, w: Array, post1: Array) -> Array:
        """Change of w at an input spike."""

    def post_change(self, w: Array, pre: Array, post2: Array) -> Array:
        """Change of w at an E spike; post2 is its value before this spike."""


@dataclass(frozen=True)
class PowerLaw:
    """eta (x_pre - x_tar) (w_max - w)^mu at each E spike."""

    eta: float = 0.003
    x_tar: float = 0.4
    mu: float = 0.5
    tau_pre: float = 20e-3
    w_max: float = 1.0

    accumulates: ClassVar[bool] = True
    acts_on_input_spike: ClassVar[bool] = False

    @property
    def taus(self) -> dict[str, float]:
        return {"pre": self.tau_pre}

    def pre_change(self, w: Array, post1: Array) -> Array:
        return np.zeros_like(w)

    def post_change(self, w: Array, pre: Array, post2: Array) -> Array:
        return self.eta * (pre - self.x_tar) * distance_to_bound(w, self.w_max) ** self.mu


@dataclass(frozen=True)
class Exponential:
    """eta (x_pre exp(-beta w) - x_tar exp(-beta (w_max - w))) at each E spike."""

    eta: float = 0.003
    x_tar: float = 0.2
    beta: float = 1.0
    tau_pre: float = 10e-3
    w_max: float = 1.0

    accumulates: ClassVar[bool] = True
    acts_on_input_spike: ClassVar[bool] = False

    @property
    def taus(self) -> dict[str, float]:
        return {"pre": self.tau_pre}

    def pre_change(self, w: Array, post1: Array) -> Array:
        return np.zeros_like(w)

    def post_change(self, w: Array, pre: Array, post2: Array) -> Array:
        growth = pre * np.exp(-self.beta * w)
        decline = self.x_tar * np.exp(-self.beta * (self.w_max - w))
        return self.eta * (growth - decline)


@dataclass(frozen=True)
class PreAndPost:
    """-eta_pre x_post w^mu at an input spike, eta_post (x_pre - x_tar) (w_max - w)^mu at an E's."""

    eta_pre: float = 3e-5
    eta_post: float = 0.003
    x_tar: float = 0.2
    mu: float = 0.5
    tau_pre: float = 20e-3
    tau_post: float = 20e-3
    w_max: float = 1.0

    accumulates: ClassVar[bool] = True
    acts_on_input_spike: ClassVar[bool] = True

    @property
    def taus(self) -> dict[str, float]:
        return {"pre": self.tau_pre, "post1": self.tau_post}

    def pre_change(self, w: Array, post1: Array) -> Array:
        return -self.eta_pre * post1 * w**self.mu

    def post_change(self, w: Array, pre: Array, post2: Array) -> Array:
        return self.eta_post * (pre - self.x_tar) * distance_to_bound(w, self.w_max) ** self.mu


@dataclass(frozen=True)
class Triplet:
    """-eta_pre post1 at an input spike, eta_post pre post2 at an E spike; nearest spikes only.

    All values are those of the published code.
    """

    eta_pre: float = 1e-4
    eta_post: float = 1e-2
    tau_pre: float = 20e-3
    tau_post1: float = 20e-3
    tau_post2: float = 40e-3
    w_max: float = 1.0

    accumulates: ClassVar[bool] = False
    acts_on_input_spike: ClassVar[bool] = True

    @property
    def taus(self) -> dict[str, float]:
        return {"pre": self.tau_pre, "post1": self.tau_post1, "post2": self.tau_post2}

    def pre_change(self, w: Array, post1: Array) -> Array:
        return -self.eta_pre * post1

    def post_change(self, w: Array, pre: Array, post2: Array) -> Array:
        return self.eta_post * pre * post2


def distance_to_bound(w: Array, w_max: float) -> Array:
    """Return w_max - w, or 0 where the normalisation has lifted a weight above w_max.

    The paper does not say what (w_max - w)^mu is there; a negative base would give no number.
    """
    return np.maximum(w_max - w, 0.0)


@dataclass(frozen=True)
class TraceDecay:
    """Factor by which each trace is multiplied per step; 0 for a trace that the rule lacks."""

    pre: float
    post1: float = 0.0
    post2: float = 0.0

    @classmethod
    def exact(cls, rule: Rule, dt: float) -> TraceDecay:
        """exp(-dt/tau): the solution of dx/dt = -x/tau."""
        return cls(**{name: math.exp(-dt / tau) for name, tau in rule.taus.items()})

    @classmethod
    def euler(cls, rule: Rule, dt: float) -> TraceDecay:
        """1 - dt/tau: one forward Euler step."""
        return cls(**{name: 1 - dt / tau for name, tau in rule.taus.items()})
