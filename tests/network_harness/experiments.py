"""An experiment of this project from the parameters of the NumPy simulation, name by name."""

from __future__ import annotations

from typing import Any

from brian2.units import second, volt
from plain_numpy import Cell, Exponential, Parameters, PowerLaw, PreAndPost, Rule, Triplet

from diehl_cook.model.experiment import Experiment

NAMES: dict[type, tuple[str, dict[str, str]]] = {
    Triplet: (
        "triplet",
        {
            "eta_presynaptic": "eta_pre",
            "eta_postsynaptic": "eta_post",
            "tau_presynaptic": "tau_pre",
            "tau_postsynaptic_1": "tau_post1",
            "tau_postsynaptic_2": "tau_post2",
        },
    ),
    PowerLaw: (
        "power_law",
        {"eta": "eta", "x_target": "x_tar", "mu": "mu", "tau_presynaptic": "tau_pre"},
    ),
    Exponential: (
        "exponential",
        {"eta": "eta", "x_target": "x_tar", "beta": "beta", "tau_presynaptic": "tau_pre"},
    ),
    PreAndPost: (
        "pre_and_post",
        {
            "eta_presynaptic": "eta_pre",
            "eta_postsynaptic": "eta_post",
            "x_target": "x_tar",
            "mu": "mu",
            "tau_presynaptic": "tau_pre",
            "tau_postsynaptic": "tau_post",
        },
    ),
}
"""For each rule of the simulation: this project's name, and what its parameters are called here."""


def experiment_of(
    parameters: Parameters,
    rule: Rule | None,
    cells: int,
    synapses: str,
    delayed: bool = False,
    post_before_pre: bool = False,
) -> Experiment:
    """The same network as the NumPy simulation's.

    Parameters
    ----------
    parameters : cells, protocol, integrator and refractoriness.
    rule : the learning rule; None for any, in a network that does not learn.
    cells : how many of each kind.
    synapses : ``brian2`` or ``dense``.
    delayed : input synapses have delays, which the trial gives.
    post_before_pre : order of the weight updates within a step.
    """
    name, settings = _rule(rule or Triplet())
    longest = parameters.steps_rest * parameters.dt * second if delayed else 0 * second
    return Experiment.model_validate(
        {
            "cells": cells,
            "rule": name,
            "integration": parameters.integrator,
            "synapses": synapses,
            "precision": "double",
            "time_step": parameters.dt * second,
            "excitatory": _excitatory(parameters),
            "inhibitory": _population(parameters.i, parameters),
            "connections": _connections(parameters, rule)
            | {
                "input_delay": longest,
                "update_order": "post_first" if post_before_pre else "pre_first",
            },
            "plasticity": {name: settings},
            "presentation": {
                "image": parameters.steps_image * parameters.dt * second,
                "rest": parameters.steps_rest * parameters.dt * second,
            },
            "training": {"images": 1},
        }
    )


def _rule(rule: Rule) -> tuple[str, dict[str, Any]]:
    name, names = NAMES[type(rule)]
    units = {ours: second if ours.startswith("tau") else 1.0 for ours in names}
    return name, {ours: getattr(rule, theirs) * units[ours] for ours, theirs in names.items()}


def _population(cell: Cell, parameters: Parameters) -> dict[str, Any]:
    return {
        "tau_membrane": cell.tau_membrane * second,
        "v_rest": cell.v_rest * volt,
        "v_reset": cell.v_reset * volt,
        "v_threshold": cell.v_thresh * volt,
        "v_start": cell.v_init * volt,
        "e_excitatory": cell.e_exc * volt,
        "tau_ge": parameters.tau_ge * second,
        "refractory_period": cell.refractory * second,
    }


def _excitatory(parameters: Parameters) -> dict[str, Any]:
    values = _population(parameters.e, parameters) | {
        "e_inhibitory": parameters.e.e_inh * volt,
        "tau_gi": parameters.tau_gi * second,
        "theta_start": parameters.theta_init * volt,
        "theta_offset": parameters.theta_offset * volt,
        "theta_plus": parameters.theta_plus * volt,
        "tau_theta": parameters.tau_theta * second,
    }
    if parameters.refractoriness == "published":
        return values | {"refractory_voltage": "integrates"}
    values |= {"refractory_period": parameters.lockout * second, "refractory_voltage": "clamped"}
    if parameters.refractoriness == "lockout":
        values["clamp_period"] = parameters.e.refractory * second
    return values


def _connections(parameters: Parameters, rule: Rule | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "excitatory_to_inhibitory": parameters.w_ei,
        "inhibitory_to_excitatory": parameters.w_ie,
        "normalise": parameters.weight_sum is not None,
    }
    if parameters.weight_sum is not None:
        values["weight_sum"] = parameters.weight_sum
    if rule is not None:
        values["w_max"] = rule.w_max
    return values
