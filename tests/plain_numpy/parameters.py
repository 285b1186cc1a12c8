"""Every value of the model, with its source, as plain float64 in SI units.

Sources: [P] the paper, [C] only the authors' published code, [M] measured from that code under
Brian 1.4.4 (``tests/golden/README.md``, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Integrator = Literal["euler", "exponential_euler"]
Refractoriness = Literal["published", "lockout", "clamped"]

INTEGRATORS = ("euler", "exponential_euler")
REFRACTORINESS = ("published", "lockout", "clamped")


@dataclass(frozen=True)
class Cell:
    """Constants of one population (volts, seconds)."""

    tau_membrane: float  # [P] 100 ms for E; [C] 10 ms for I
    v_rest: float  # [C]
    v_reset: float  # [C]
    v_thresh: float  # [C] for E, theta - 20 mV is added to it
    refractory: float  # [C] no spike for this long after a spike
    e_exc: float  # [C] reversal potential of g_e
    e_inh: float  # [C] reversal potential of g_i
    v_init: float  # [C] V at the start of a simulation: rest minus 40 mV


EXCITATORY = Cell(
    tau_membrane=0.1,
    v_rest=-0.065,
    v_reset=-0.065,
    v_thresh=-0.052,
    refractory=0.005,
    e_exc=0.0,
    e_inh=-0.1,
    v_init=-0.105,
)
INHIBITORY = Cell(
    tau_membrane=0.01,
    v_rest=-0.06,
    v_reset=-0.045,
    v_thresh=-0.04,
    refractory=0.002,
    e_exc=0.0,
    e_inh=-0.085,
    v_init=-0.1,
)


@dataclass(frozen=True)
class Parameters:
    """The network, its protocol, and the two choices on which implementations differ."""

    integrator: Integrator = "euler"  # [C] forward Euler
    # "lockout" is that of the Brian2 ports, whose `unless refractory` holds E a step less;
    # "clamped" is as long, with E held throughout, as I cells are
    refractoriness: Refractoriness = "published"

    dt: float = 0.5e-3  # [C]
    e: Cell = field(default=EXCITATORY)
    i: Cell = field(default=INHIBITORY)
    tau_ge: float = 1e-3  # [C]
    tau_gi: float = 2e-3  # [C]

    w_ei: float = 10.4  # [C] E i -> I i
    w_ie: float = 17.0  # [C] I i -> every E j, j != i

    theta_init: float = 20e-3  # [C]
    theta_plus: float = 0.05e-3  # [C] added at each own spike
    theta_offset: float = 20e-3  # [C] E fires at V > theta - theta_offset + v_thresh
    tau_theta: float = 1e4  # [C] decay to 0

    lockout: float = 50e-3  # [M] the timer of the Brian2 ports; not used as published

    steps_image: int = 700  # [P] 350 ms
    steps_rest: int = 300  # [P] 150 ms
    weight_sum: float | None = 78.0  # [C] input weights of a cell, before each presentation

    def __post_init__(self) -> None:
        if self.integrator not in INTEGRATORS:
            raise ValueError(f"integrator is {self.integrator!r}, expected one of {INTEGRATORS}")
        if self.refractoriness not in REFRACTORINESS:
            raise ValueError(
                f"refractoriness is {self.refractoriness!r}, expected one of {REFRACTORINESS}"
            )

    def with_(self, **changes: object) -> Parameters:
        """Return a copy with some values changed; an unknown name is a TypeError."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def steps_presentation(self) -> int:
        """Steps of an image and the rest after it."""
        return self.steps_image + self.steps_rest

    def steps(self, duration: float) -> int:
        """Whole steps in a duration in seconds."""
        return round(duration / self.dt)
