"""This project's network against the authors' published code, recorded under Brian 1.4.4.

Set to the published conventions, it gives the same spikes and the same state to 1e-10. Brian 1
let two traces decay in sub-steps: here their time constants are those that give Brian 1's factor
in one Euler step. Every file in the folder GOLDEN_DIR is taken (by default ``tests/golden``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from network_harness import (
    Outcome,
    Room,
    Trial,
    assert_agree,
    experiment_of,
    run_at_runtime,
    run_standalone,
)
from plain_numpy import (
    GoldenCase,
    Result,
    Triplet,
    assert_matches,
    golden_cases,
    golden_id,
    observations_of,
    parameters_of,
    simulate,
)
from plain_numpy.recorder import RECORDABLE
from plain_numpy.replay import initial_state

CASES = golden_cases()
SYNAPSES = ["brian2", "dense"]

# One compiled program serves all files of a kind.
ROOM = Room(
    n_input=max(case.n_input for case in CASES),
    n_e=max(case.n_e for case in CASES),
    n_presentations=max(case.n_images for case in CASES),
)


def rule_of(case: GoldenCase) -> Triplet | None:
    """The triplet rule with time constants for which an Euler step decays as in the file."""
    if case.trace_decay is None:
        return None
    decay = case.trace_decay
    taus = {name: case.dt / (1 - getattr(decay, name)) for name in ("pre", "post1", "post2")}
    if case.has_delay:
        # A trace on a synapse decays when it is needed, by as many steps at once.
        taus["pre"] = -case.dt / np.log(decay.pre)
    return Triplet(**{f"tau_{name}": tau for name, tau in taus.items()})


def trial_of(case: GoldenCase, synapses: str) -> Trial:
    """The network of a recording, with its inputs and its state at the start."""
    return Trial(
        experiment=experiment_of(
            *(parameters_of(case), rule_of(case), case.n_e, synapses),
            delayed=case.has_delay,
            post_before_pre=case.post_before_pre,
        ),
        learning=case.training,
        inputs=case.inputs,
        weights=case.w_init,
        theta=case.theta_init,
        n_presentations=case.n_images,
        v_e=case.v_e_init,
        v_i=case.v_i_init,
        delay_steps=case.delay_steps,
    )


def assert_reproduces(case: GoldenCase, outcome: Outcome) -> None:
    """Compare all that the file holds, its records over the steps that it has."""
    recorded = max((len(rows) for rows in case.records.values()), default=0)
    assert_matches(case, observations_of(outcome.first_steps(recorded), case))


def as_meant(case: GoldenCase) -> Result:
    """The NumPy simulation of a recording with delays, without the two slips of Brian 1."""
    return simulate(
        parameters_of(case),
        case.inputs,
        case.w_init,
        case.n_images,
        rule=Triplet() if case.training else None,
        state=initial_state(case),
        trace_decay=case.trace_decay,
        delay_steps=case.delay_steps,
        record=RECORDABLE,
    )


def cases(selected: Callable[[GoldenCase], bool]) -> pytest.MarkDecorator:
    """Parametrise by the recordings of a kind."""
    return pytest.mark.parametrize("case", list(filter(selected, CASES)), ids=golden_id)


def without_delays(case: GoldenCase) -> bool:
    return not case.has_delay


def in_our_order(case: GoldenCase) -> bool:
    return not case.has_delay and not case.post_before_pre


def in_the_other_order(case: GoldenCase) -> bool:
    return case.post_before_pre


def with_delays(case: GoldenCase) -> bool:
    return case.has_delay


@pytest.mark.parametrize("synapses", SYNAPSES)
@cases(without_delays)
def test_runtime_matches_recording(case: GoldenCase, synapses: str) -> None:
    assert_reproduces(case, run_at_runtime(trial_of(case, synapses)))


@cases(in_our_order)
def test_standalone_matches_recording(case: GoldenCase, programs: Path) -> None:
    assert_reproduces(case, run_standalone(trial_of(case, "dense"), programs, ROOM))


@pytest.mark.slow
@cases(in_our_order)
def test_standalone_with_brian2s_synapses_matches_recording(
    case: GoldenCase, programs: Path
) -> None:
    assert_reproduces(case, run_standalone(trial_of(case, "brian2"), programs, ROOM))


@pytest.mark.slow
@pytest.mark.parametrize("synapses", SYNAPSES)
@cases(in_the_other_order)
def test_standalone_matches_recording_in_the_other_order(
    case: GoldenCase, synapses: str, programs: Path
) -> None:
    assert_reproduces(case, run_standalone(trial_of(case, synapses), programs, ROOM))


@cases(with_delays)
def test_delays_at_runtime_are_those_that_were_meant(case: GoldenCase) -> None:
    assert_agree(run_at_runtime(trial_of(case, "brian2")), as_meant(case))


@pytest.mark.slow
@cases(with_delays)
def test_delays_in_standalone_are_those_that_were_meant(case: GoldenCase, programs: Path) -> None:
    assert_agree(run_standalone(trial_of(case, "brian2"), programs, ROOM), as_meant(case))


@pytest.mark.slow
@pytest.mark.parametrize("synapses", SYNAPSES)
@cases(in_our_order)
def test_standalone_of_its_own_size_matches_recording(
    case: GoldenCase, synapses: str, programs: Path
) -> None:
    assert_reproduces(case, run_standalone(trial_of(case, synapses), programs))
