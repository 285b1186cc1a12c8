"""The E and I cells: what one step does to them (``tests/golden/README.md``, section 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .parameters import Cell, Parameters
from .types import Array, Indices

NEVER = -(10**9)
"""The step of the last spike of a cell that has not spiked yet."""


@dataclass
class State:
    """The cells between two steps. All arrays are (n_e,); g_i of the I cells is always 0."""

    v_e: Array
    ge_e: Array
    gi_e: Array
    theta_e: Array
    v_i: Array
    ge_i: Array
    last_spike_e: Indices
    last_spike_i: Indices

    @classmethod
    def initial(cls, n_e: int, parameters: Parameters) -> State:
        """Return the start of a simulation: nothing flows, nobody is refractory."""
        return cls(
            v_e=np.full(n_e, parameters.e.v_init),
            ge_e=np.zeros(n_e),
            gi_e=np.zeros(n_e),
            theta_e=np.full(n_e, parameters.theta_init),
            v_i=np.full(n_e, parameters.i.v_init),
            ge_i=np.zeros(n_e),
            last_spike_e=np.full(n_e, NEVER),
            last_spike_i=np.full(n_e, NEVER),
        )

    def copy(self) -> State:
        """Return a state that shares nothing with this one."""
        return State(**{name: array.copy() for name, array in vars(self).items()})


def decay_factor(tau: float, parameters: Parameters) -> float:
    """Return what dx/dt = -x/tau does to x in one step under the integrator."""
    ratio = parameters.dt / tau
    return 1 - ratio if parameters.integrator == "euler" else math.exp(-ratio)


def membrane(v: Array, ge: Array, gi: Array | float, cell: Cell, parameters: Parameters) -> Array:
    """Return v one step later (paper, eq. 1), with the conductances held at their old values."""
    ratio = parameters.dt / cell.tau_membrane
    if parameters.integrator == "euler":
        return v + ratio * ((cell.v_rest - v) + ge * (cell.e_exc - v) + gi * (cell.e_inh - v))
    total = 1 + ge + gi
    v_inf = (cell.v_rest + ge * cell.e_exc + gi * cell.e_inh) / total
    return v_inf + (v - v_inf) * np.exp(-ratio * total)


def update_state(state: State, parameters: Parameters, training: bool) -> None:
    """Advance every variable of the cells by one step, all from the old values."""
    state.v_e = membrane(state.v_e, state.ge_e, state.gi_e, parameters.e, parameters)
    state.v_i = membrane(state.v_i, state.ge_i, 0.0, parameters.i, parameters)
    state.ge_e *= decay_factor(parameters.tau_ge, parameters)
    state.gi_e *= decay_factor(parameters.tau_gi, parameters)
    state.ge_i *= decay_factor(parameters.tau_ge, parameters)
    if training:
        state.theta_e *= decay_factor(parameters.tau_theta, parameters)


def silent_steps_e(parameters: Parameters) -> int:
    """Return how many steps after a spike an E cell may spike again at the earliest."""
    published = parameters.refractoriness == "published"
    return parameters.steps(parameters.e.refractory if published else parameters.lockout)


def held_steps_e(parameters: Parameters) -> int:
    """Return for how many steps after its spike an E cell's voltage ends at the reset value.

    As published: none, it integrates freely. Under the lock-out: for the published refractory
    period, then it integrates in silence. If clamped: as long as it cannot spike; like a published
    I cell it may spike in the last of these steps, and is held once more if it does not.
    """
    held = {"published": 0.0, "lockout": parameters.e.refractory, "clamped": parameters.lockout}
    return parameters.steps(held[parameters.refractoriness])


def e_cells_that_spike(state: State, step: int, parameters: Parameters) -> Indices:
    """Return the E cells above their adaptive threshold and not refractory."""
    above = state.v_e > state.theta_e - parameters.theta_offset + parameters.e.v_thresh
    rested = step - state.last_spike_e >= silent_steps_e(parameters)
    return np.flatnonzero(above & rested)


def i_cells_that_spike(state: State, step: int, parameters: Parameters) -> Indices:
    """Return the I cells above threshold and not refractory."""
    above = state.v_i > parameters.i.v_thresh
    rested = step - state.last_spike_i >= parameters.steps(parameters.i.refractory)
    return np.flatnonzero(above & rested)


def connect_cells(
    state: State, e_spikes: Indices, i_spikes: Indices, parameters: Parameters
) -> None:
    """E to its own I; each I to all E but its own."""
    state.ge_i[e_spikes] += parameters.w_ei
    inhibited_by = np.full(state.gi_e.shape, float(i_spikes.size))
    inhibited_by[i_spikes] -= 1.0
    state.gi_e += parameters.w_ie * inhibited_by


def reset(
    state: State,
    e_spikes: Indices,
    i_spikes: Indices,
    step: int,
    parameters: Parameters,
    training: bool,
) -> None:
    """Reset the voltages of cells that spiked now or are held; raise theta in training."""
    state.last_spike_e[e_spikes] = step
    state.last_spike_i[i_spikes] = step
    if training:
        state.theta_e[e_spikes] += parameters.theta_plus
    held_i = parameters.steps(parameters.i.refractory)
    state.v_e[step - state.last_spike_e <= held_steps_e(parameters)] = parameters.e.v_reset
    state.v_i[step - state.last_spike_i <= held_i] = parameters.i.v_reset
