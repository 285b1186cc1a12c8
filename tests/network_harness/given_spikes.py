"""This project's network between input cells that fire given spikes and monitors of everything."""

from __future__ import annotations

import numpy as np
from brian2 import (
    Clock,
    Equations,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    defaultclock,
)

from diehl_cook.model import neurons
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.network import (
    EXCITATORY,
    INHIBITORY,
    INPUT,
    INPUT_TO_EXCITATORY,
    build_network,
    has_delays,
)
from diehl_cook.model.protocol import halt_run, normalise

GIVEN_SPIKES = "given_spikes"
END_STEP = f"{INPUT}.end_step"
TRACES = ("x", "x1", "x2")

GIVEN_CELL = """
step = timestep(t, dt) : integer (shared)
end_step : integer (shared, constant)
halted : integer (shared)
"""


def build(experiment: Experiment, learning: bool, n_inputs: int, n_steps: int) -> Network:
    """The network with room for so many steps; it stops itself after step ``end_step - 1``.

    Monitors are named after what they record: ``excitatory_record``, ``inhibitory_updated``, ...
    """
    defaultclock.dt = experiment.time_step
    duration = experiment.presentation_steps * experiment.time_step
    clock = Clock(dt=duration, name="presentation_clock")
    inputs = _inputs(experiment, learning, n_inputs, n_steps)
    network = build_network(experiment, inputs, learning)
    if learning and experiment.connections.normalise:
        normalise(network, clock)
    _observe(network, clock)
    return network


def _inputs(experiment: Experiment, learning: bool, n_inputs: int, n_steps: int) -> NeuronGroup:
    equations, on_spike = Equations(GIVEN_CELL), ""
    if learning and not has_delays(experiment):
        equations += neurons.input_trace_equations(experiment.learning_rule)
        on_spike = experiment.learning_rule.on_input_spike
    spikes = np.zeros((n_steps, n_inputs))
    inputs = NeuronGroup(
        n_inputs,
        equations,
        threshold=f"{GIVEN_SPIKES}(t, i) > 0.5",
        reset=on_spike,
        method=experiment.integration,
        namespace={
            GIVEN_SPIKES: TimedArray(spikes, dt=experiment.time_step, name=GIVEN_SPIKES),
            "halt_run": halt_run,
        },
        dtype=neurons.variable_types(equations, experiment.precision),
        name=INPUT,
    )
    inputs.run_regularly(
        "halted = halt_run(int(step >= end_step - 1))", when="end", order=1, name="halt"
    )
    if on_spike:
        # As in diehl_cook.model.protocol: before the synapses, which read the trace.
        inputs.resetter["spike"].when = "after_thresholds"
    return inputs


def _observe(network: Network, clock: Clock) -> None:
    excitatory, inhibitory = network[EXCITATORY], network[INHIBITORY]
    for group in (excitatory, inhibitory):
        updated = {"when": "before_thresholds", "order": 0, "name": f"{group.name}_updated"}
        network.add(
            SpikeMonitor(group, name=f"{group.name}_spikes"),
            StateMonitor(group, ["v"], record=True, **updated),
        )
    record = {"record": True, "when": "end", "order": 0}
    traces = [name for name in TRACES if name in excitatory.variables]
    variables = ["v", "ge", "gi", "theta", *traces]
    network.add(
        StateMonitor(excitatory, variables, name="excitatory_record", **record),
        StateMonitor(inhibitory, ["v", "ge"], name="inhibitory_record", **record),
    )
    if "x" in network[INPUT].variables:
        network.add(StateMonitor(network[INPUT], ["x"], name="input_record", **record))
    synapses = network[INPUT_TO_EXCITATORY]
    every = np.arange(len(network[INPUT]) * len(excitatory))
    for name, order in (("before", -1), ("after", 3)):
        snapshot = {"clock": clock, "when": "start", "order": order}
        network.add(
            StateMonitor(synapses, ["w"], every, name=f"weights_{name}_normalisation", **snapshot)
        )
