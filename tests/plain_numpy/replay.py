"""Replaying a recording with the NumPy simulation."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from .cells import State
from .golden import AFTER_IMAGES, GoldenCase
from .parameters import Parameters
from .rules import Triplet
from .simulation import Result, simulate


def parameters_of(case: GoldenCase, **changes: Any) -> Parameters:
    """Return the published conventions with the numbers that stand in the file."""
    published = Parameters(
        integrator="euler",
        refractoriness="published",
        dt=case.dt,
        w_ei=case.w_ei,
        w_ie=case.w_ie,
        steps_image=case.steps_image,
        steps_rest=case.steps_rest,
    )
    return published.with_(**changes)


def initial_state(case: GoldenCase) -> State:
    """Return the cells at the start of a recording."""
    state = State.initial(case.n_e, parameters_of(case))
    state.v_e, state.v_i = case.v_e_init.copy(), case.v_i_init.copy()
    state.theta_e = case.theta_init.copy()
    return state


def replay(
    case: GoldenCase,
    *,
    slips: bool = True,
    post_before_pre: bool | None = None,
    parameters: Parameters | None = None,
) -> Result:
    """Simulate a recording, everything as published.

    Parameters
    ----------
    slips : in a file with delays, repeat Brian 1's slips; without them, plasticity is what
        Brian2's delays per synapse give.
    post_before_pre : order of the weight updates; by default that of the file.
    parameters : by default ``parameters_of(case)``.
    """
    return simulate(
        parameters_of(case) if parameters is None else parameters,
        case.inputs,
        case.w_init,
        case.n_images,
        rule=Triplet() if case.training else None,
        state=initial_state(case),
        trace_decay=case.trace_decay,
        post_before_pre=case.post_before_pre if post_before_pre is None else post_before_pre,
        delay_steps=case.delay_steps if case.has_delay else None,
        slips=slips,
        record=case.records,
        record_steps=max((len(rows) for rows in case.records.values()), default=0),
    )


def observations_of(result: Result, case: GoldenCase) -> dict[str, NDArray[Any]]:
    """Return a NumPy simulation's results under the names, and in the shapes, of a file."""
    observed: dict[str, NDArray[Any]] = {
        "e_spike_step": result.e_spikes.step,
        "e_spike_index": result.e_spikes.index,
        "i_spike_step": result.i_spikes.step,
        "i_spike_index": result.i_spikes.index,
        "spike_count": result.spike_count,
        "theta_after": result.theta_after,
    }
    if case.training:
        observed |= {name: getattr(result, name) for name in AFTER_IMAGES if "trace" in name}
    if case.w_start_image is not None:
        observed["w_start"] = result.w_start[case.w_start_image]
    if case.w_after_image is not None:
        observed["w_after"] = result.w_after[case.w_after_image]
    return observed | {f"rec_{name}": rows for name, rows in result.records.items()}
