"""Cells, synapses and a learning rule make one Brian2 network, for any Brian2 target."""

from __future__ import annotations

from typing import Any

from brian2 import Equations, Network, NeuronGroup, Synapses
from brian2.utils.stringtools import word_substitute

from diehl_cook.dense import DenseSynapses
from diehl_cook.model import neurons
from diehl_cook.model.experiment import Experiment, Population
from diehl_cook.model.plasticity import Rule

INPUT = "input"
EXCITATORY = "excitatory"
INHIBITORY = "inhibitory"
INPUT_TO_EXCITATORY = "input_to_excitatory"
EXCITATORY_TO_INHIBITORY = "excitatory_to_inhibitory"
INHIBITORY_TO_EXCITATORY = "inhibitory_to_excitatory"

# With delays each synapse has its own presynaptic trace, because the spike arrives at each
# at another time. The trace decays when it is needed.
ARRIVAL_STEP = "arrival_step"
DELAYED_TRACE = """
x_arrived : 1
arrival_step : integer
"""
DECAY_DELAYED_TRACE = """
x_arrived = x_arrived * exp((arrival_step - timestep(t, dt)) * dt / tau_presynaptic)
arrival_step = timestep(t, dt)
"""


def build_network(experiment: Experiment, inputs: NeuronGroup, learning: bool) -> Network:
    """Connect input cells with excitatory and inhibitory cells, paper section 2.2.

    Parameters
    ----------
    experiment : Experiment
        Parameters are not set here: they are variables of the groups.
    inputs : NeuronGroup
        The input cells. While learning without delays they carry the trace ``x``
        (`neurons.input_trace_equations`), which must be set before the synapses' slot.
    learning : bool
        Whether weights and thresholds change.

    Returns
    -------
    brian2.Network
        With the objects named in this module.
    """
    excitatory = excitatory_cells(experiment, learning)
    inhibitory = inhibitory_cells(experiment)
    return Network(
        inputs,
        excitatory,
        inhibitory,
        input_synapses(experiment, inputs, excitatory, learning),
        _excitatory_to_inhibitory(experiment, excitatory, inhibitory),
        _inhibitory_to_excitatory(experiment, inhibitory, excitatory),
    )


def excitatory_cells(experiment: Experiment, learning: bool) -> NeuronGroup:
    """The excitatory cells, paper sections 2.1 and 2.4."""
    reset = neurons.RESET
    if learning:
        reset = "\n".join([reset, neurons.ADAPT, experiment.learning_rule.on_excitatory_spike])
    equations = neurons.excitatory_equations(experiment, learning)
    fires = neurons.EXCITATORY_FIRES
    return _cells(experiment, experiment.excitatory, EXCITATORY, equations, fires, reset)


def inhibitory_cells(experiment: Experiment) -> NeuronGroup:
    """The inhibitory cells, paper section 2.1."""
    equations = neurons.inhibitory_equations(experiment)
    fires = neurons.INHIBITORY_FIRES
    return _cells(experiment, experiment.inhibitory, INHIBITORY, equations, fires, neurons.RESET)


def input_synapses(
    experiment: Experiment, inputs: NeuronGroup, excitatory: NeuronGroup, learning: bool
) -> Synapses | DenseSynapses:
    """All input cells onto all excitatory cells, plastic while learning."""
    model, on_pre, on_post = Equations("w : 1"), "ge_post += w", ""
    if learning:
        plastic = _delayed_plasticity if has_delays(experiment) else _plasticity
        rule = experiment.learning_rule
        variables, *changes = plastic(rule)
        # A parameter that the traces use, too, belongs to the cells, and is read from them.
        of_inputs = neurons.input_trace_equations(rule).names & inputs.variables.keys()
        renamed = {name: f"{name}_pre" for name in of_inputs & type(rule).model_fields.keys()}
        change_at_input_spike, on_post = (word_substitute(each, renamed) for each in changes)
        on_pre = f"{on_pre}\n{change_at_input_spike}"
        model = neurons.with_parameters(
            f"w : 1\n{variables}",
            [rule, experiment.connections],
            f"{on_pre}\n{on_post}",
            but=neurons.trace_equations(rule).names,
        )
    synapses = _all_to_all(
        experiment, inputs, excitatory, INPUT_TO_EXCITATORY, model, on_pre, on_post
    )
    if learning:
        _order_updates(experiment, synapses)
    return synapses


def _order_updates(experiment: Experiment, synapses: Synapses | DenseSynapses) -> None:
    """Say which spikes of one step change the weights first.

    Where excitatory spikes do, all cells that fire are reset, traces included, in between: so
    the change by excitatory spikes finds the input's trace as it was, and the input spikes
    that follow find the new weights and the new traces of the excitatory cells.
    """
    if experiment.connections.update_order == "pre_first":
        synapses.post.order = synapses.pre.order + 1
        return
    synapses.post.order = synapses.pre.order - 2
    for group in (synapses.source, synapses.target):
        resetter = group.resetter["spike"]
        resetter.when, resetter.order = "synapses", synapses.pre.order - 1


def has_delays(experiment: Experiment) -> bool:
    """Whether input spikes arrive late, at each synapse at its own time."""
    return float(experiment.connections.input_delay) > 0


def _plasticity(rule: Rule) -> tuple[str, str, str]:
    """Extra variables of a synapse, and its weight changes; the traces live on the cells."""
    return "", rule.on_pre, rule.on_post


def _delayed_plasticity(rule: Rule) -> tuple[str, str, str]:
    """The same with the presynaptic trace on the synapse, under a name of its own."""
    arrival = word_substitute(rule.on_input_spike, {"x": "x_arrived"})
    on_pre = "\n".join([DECAY_DELAYED_TRACE, arrival, rule.on_pre])
    on_post = DECAY_DELAYED_TRACE + rule.on_post
    own_trace = {"x_pre": "x_arrived"}
    return DELAYED_TRACE, word_substitute(on_pre, own_trace), word_substitute(on_post, own_trace)


def _all_to_all(
    experiment: Experiment,
    source: NeuronGroup,
    target: NeuronGroup,
    name: str,
    model: Equations,
    on_pre: str,
    on_post: str = "",
    include_self: bool = True,
) -> Synapses | DenseSynapses:
    arguments: dict[str, Any] = {
        "model": model,
        "on_pre": on_pre,
        "dtype": neurons.variable_types(model, experiment.precision),
        "name": name,
    }
    if on_post:
        arguments["on_post"] = on_post
    if experiment.synapses == "dense":
        return DenseSynapses(source, target, include_self=include_self, **arguments)
    synapses = Synapses(source, target, **arguments)
    synapses.connect(condition=None if include_self else "i != j")
    return synapses


def _excitatory_to_inhibitory(
    experiment: Experiment, excitatory: NeuronGroup, inhibitory: NeuronGroup
) -> Synapses | DenseSynapses:
    """Each excitatory cell onto its own inhibitory cell."""
    model = Equations("w : 1 (shared, constant)")
    arguments: dict[str, Any] = {
        "model": model,
        "on_pre": "ge_post += w",
        "dtype": neurons.variable_types(model, experiment.precision),
        "name": EXCITATORY_TO_INHIBITORY,
    }
    if experiment.synapses == "dense":
        return DenseSynapses(excitatory, inhibitory, one_to_one=True, **arguments)
    synapses = Synapses(excitatory, inhibitory, **arguments)
    synapses.connect(j="i")
    return synapses


def _inhibitory_to_excitatory(
    experiment: Experiment, inhibitory: NeuronGroup, excitatory: NeuronGroup
) -> Synapses | DenseSynapses:
    """Each inhibitory cell onto all excitatory cells but its own."""
    model = Equations("w : 1 (shared, constant)")
    return _all_to_all(
        experiment,
        inhibitory,
        excitatory,
        INHIBITORY_TO_EXCITATORY,
        model,
        "gi_post += w",
        include_self=False,
    )


def _cells(
    experiment: Experiment,
    cells: Population,
    name: str,
    equations: Equations,
    threshold: str,
    reset: str,
) -> NeuronGroup:
    is_held = cells.refractory_voltage == "clamped"
    group = NeuronGroup(
        experiment.cells,
        equations,
        threshold=threshold,
        reset=reset,
        events={"clamped": neurons.is_clamped(cells)} if is_held else None,
        method=experiment.integration,
        dtype=neurons.variable_types(equations, experiment.precision),
        name=name,
    )
    if is_held:
        group.run_on_event("clamped", neurons.CLAMP, when="resets", order=1)
    return group
