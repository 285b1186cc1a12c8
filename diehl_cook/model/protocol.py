"""The protocol of paper sections 2.5 and 2.6: Poisson input, rest, retry, normalisation.

The whole protocol lives inside the Brian2 network, so that thousands of images are shown
without Python in between. A presentation is a showing of an image and the rest after it;
an image that drew too few spikes is shown again, more intensely.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import (
    Clock,
    Equations,
    EventMonitor,
    Function,
    Network,
    NeuronGroup,
    SpikeMonitor,
    TimedArray,
    defaultclock,
    linked_var,
    second,
    stop,
)
from numpy.typing import ArrayLike, NDArray

from diehl_cook.dense import DenseSynapses
from diehl_cook.model import neurons
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.network import (
    ARRIVAL_STEP,
    EXCITATORY,
    EXCITATORY_TO_INHIBITORY,
    INHIBITORY,
    INHIBITORY_TO_EXCITATORY,
    INPUT,
    INPUT_TO_EXCITATORY,
    build_network,
    has_delays,
)
from diehl_cook.model.random_numbers import steps_to_spike

PROTOCOL = "protocol"
IMAGES = "images"
SPIKES = "excitatory_spikes"
PRESENTATIONS = "presentations"

# The last spike of a cell that has not fired yet, in steps from the start of a run: no cell is
# refractory, and no trace is left. A long run later it still fits into 32 bits.
LONG_AGO = -(1 << 29)

#: Variables that hold the step of an event, counted from the start of a run.
STEPS_OF_EVENTS = frozenset(
    {
        f"{EXCITATORY}.last_spike_step",
        f"{INHIBITORY}.last_spike_step",
        f"{INPUT_TO_EXCITATORY}.{ARRIVAL_STEP}",
    }
)

# `image` is the running number of the image in its stage, `showing` how often it was
# shown before; the run shows the images from `first_image` up to `end_image`.
PROTOCOL_STATE = """
step = timestep(t, dt) % presentation_steps : integer (shared)
image : integer
showing : integer
spikes : integer
halted : integer
first_image : integer
end_image : integer
stage : integer
minimum_spikes : integer (shared, constant)
maximum_showings : integer (shared, constant)
maximum_spikes : integer (shared, constant)
skips_silent : integer (shared, constant)
seed : integer (shared, constant)
"""
# Weights whose sum is right but for errors of rounding are left as they are: most cells have not
# changed theirs since the last showing.
WEIGHT_SCALE = """
is_right = int(abs(weight_sum - input_weight) <= {rounding} * weight_sum)
weight_scale = is_right + (1 - is_right) * weight_sum / input_weight
"""
#: How far from the sum 784 weights may end that were scaled to it, in units of their precision.
ROUNDING_ERRORS = 16
PRESENTATION_ENDS = "step == presentation_steps - 1"
NEXT_PRESENTATION = """
enough = int(spikes >= minimum_spikes)
runaway = int(spikes > maximum_spikes)
skipped = skips_silent * (1 - enough) * int(showing + 1 >= maximum_showings)
image = image + enough + skipped
showing = (1 - enough - skipped) * (showing + 1)
spikes = 0
halted = halt_run(int(image >= end_image) + int(showing >= maximum_showings) + runaway)
"""

# An input cell fires with the same probability in every step, so the interval to its next
# spike is drawn when it fires. `next_spike` counts steps from the start of the run.
POISSON_CELL = """
step = timestep(t, dt) : integer (shared)
probability : 1
next_spike : integer
first_intensity : 1 (shared, constant)
intensity_step : 1 (shared, constant)
image : integer (linked)
showing : integer (linked)
first_image : integer (linked)
seed : integer (linked)
stage : integer (linked)
"""
# Compared as 32-bit integers, which a compiler can do sixteen at a time.
INPUT_FIRES = "int(step) == next_spike and step % presentation_steps < image_steps"

# Rates from 0 to 63.75 Hz at first: an eighth of the pixel times the intensity.
SHOW_IMAGE = """
intensity = first_intensity + showing * intensity_step
pixel = images((image - first_image) * second, i)
probability = clip(pixel / 8 * intensity * dt / second, 0, 1)
next_spike = step - 1 + steps_to_spike(probability, seed, stage, image, showing, 0, i)
"""
DRAW_NEXT_SPIKE = """
shown = step % presentation_steps + 1
next_spike = step + steps_to_spike(probability, seed, stage, image, showing, shown, i)
"""


def build_presentation(
    experiment: Experiment, learning: bool, n_inputs: int, capacity: int
) -> Network:
    """Build the network together with its input and the protocol.

    Parameters
    ----------
    experiment : Experiment
        Its choices shape the network; its numbers are set when a simulation runs.
    learning : bool
        Whether weights and thresholds change.
    n_inputs : int
        Pixels of an image.
    capacity : int
        The most images that one run can show.

    Returns
    -------
    brian2.Network
        A run ends by itself when the image ``end_image`` is reached. Monitors record the
        excitatory spikes and, for each presentation, the image, how often it was shown
        before, and the number of excitatory spikes.
    """
    if learning:
        neurons.require_integrable(experiment)  # or Brian2 would tell of cells that are not used
    defaultclock.dt = experiment.time_step
    duration = experiment.presentation_steps * experiment.time_step
    clock = Clock(dt=duration, name="presentation_clock")
    protocol = protocol_cell(experiment)
    inputs = poisson_inputs(experiment, protocol, learning, n_inputs, capacity, clock)
    network = build_network(experiment, inputs, learning)
    counting = DenseSynapses(
        network[EXCITATORY], protocol, on_pre="spikes_post += 1", name="spike_counting"
    )
    if learning and experiment.connections.normalise:
        normalise(network, clock)
    network.add(
        protocol,
        counting,
        SpikeMonitor(network[EXCITATORY], name=SPIKES),
        EventMonitor(
            protocol,
            "presentation_end",
            ["image", "showing", "spikes"],
            when="end",
            order=-1,
            name=PRESENTATIONS,
        ),
    )
    return network


def parameter_values(experiment: Experiment) -> dict[str, NDArray[np.float64]]:
    """All numbers of an experiment, under every name that a network may have for them."""
    rule, connections = experiment.learning_rule, experiment.connections
    sections = [
        (EXCITATORY, experiment.excitatory),
        (INHIBITORY, experiment.inhibitory),
        *((group, rule) for group in (INPUT, EXCITATORY, INPUT_TO_EXCITATORY)),
    ]
    values: dict[str, ArrayLike] = {
        f"{group}.{name}": value
        for group, section in sections
        for name, value in neurons.parameter_values(section).items()
    }
    values |= {
        f"{PROTOCOL}.minimum_spikes": experiment.presentation.minimum_spikes,
        f"{PROTOCOL}.maximum_showings": experiment.presentation.maximum_showings,
        f"{PROTOCOL}.maximum_spikes": experiment.presentation.maximum_spikes,
        f"{PROTOCOL}.skips_silent": experiment.presentation.on_silence == "skip",
        f"{PROTOCOL}.seed": experiment.seed,
        f"{INPUT}.first_intensity": experiment.presentation.intensity,
        f"{INPUT}.intensity_step": experiment.presentation.intensity_step,
        f"{INPUT_TO_EXCITATORY}.w_max": connections.w_max,
        f"{EXCITATORY}.weight_sum": connections.weight_sum,
        f"{EXCITATORY_TO_INHIBITORY}.w": connections.excitatory_to_inhibitory,
        f"{INHIBITORY_TO_EXCITATORY}.w": connections.inhibitory_to_excitatory,
    }
    return {name: np.atleast_1d(np.asarray(value, float)) for name, value in values.items()}


def known_values(network: Network, values: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Those of some values that a network has a variable for."""
    known = {
        f"{part.name}.{variable}"
        for part in network.objects
        for variable in getattr(part, "variables", ())
    }
    return {name: value for name, value in values.items() if name in known}


def resting_state(
    experiment: Experiment, weights: NDArray[np.floating], theta: NDArray[np.floating]
) -> dict[str, NDArray[Any]]:
    """The state before the first image.

    Parameters
    ----------
    experiment : Experiment
        For the voltages at the start.
    weights : ndarray, shape (n_inputs, cells)
        Input weights.
    theta : ndarray, shape (cells,)
        In volts.

    Returns
    -------
    dict of str to ndarray
        Variables that are not zero.
    """
    rested = np.full(experiment.cells, LONG_AGO)
    return {
        f"{EXCITATORY}.v": np.full(experiment.cells, float(experiment.excitatory.v_start)),
        f"{EXCITATORY}.theta": np.asarray(theta, float),
        f"{EXCITATORY}.last_spike_step": rested,
        f"{INHIBITORY}.v": np.full(experiment.cells, float(experiment.inhibitory.v_start)),
        f"{INHIBITORY}.last_spike_step": rested,
        f"{INPUT_TO_EXCITATORY}.w": np.asarray(weights).ravel(),
    }


def protocol_cell(experiment: Experiment) -> NeuronGroup:
    """Make one cell that counts excitatory spikes and decides what is shown next."""
    protocol = NeuronGroup(
        1,
        PROTOCOL_STATE,
        events={"presentation_end": PRESENTATION_ENDS},
        namespace={"presentation_steps": experiment.presentation_steps, "halt_run": halt_run},
        name=PROTOCOL,
    )
    protocol.run_on_event("presentation_end", NEXT_PRESENTATION, when="end")
    return protocol


def poisson_inputs(
    experiment: Experiment,
    protocol: NeuronGroup,
    learning: bool,
    n_inputs: int,
    capacity: int,
    clock: Clock,
) -> NeuronGroup:
    """Make the input cells, which fire while an image is on."""
    equations = Equations(POISSON_CELL)
    on_spike = DRAW_NEXT_SPIKE
    if learning and not has_delays(experiment):
        equations += neurons.input_trace_equations(experiment.learning_rule)
        on_spike += experiment.learning_rule.on_input_spike
    inputs = NeuronGroup(
        n_inputs,
        equations,
        threshold=INPUT_FIRES,
        reset=on_spike,
        method=experiment.integration,
        namespace={
            "image_steps": experiment.image_steps,
            "presentation_steps": experiment.presentation_steps,
            "images": TimedArray(np.zeros((capacity, n_inputs)), dt=1 * second, name=IMAGES),
            "steps_to_spike": steps_to_spike,
        },
        dtype=neurons.variable_types(equations, experiment.precision),
        name=INPUT,
    )
    for name in ("image", "showing", "first_image", "seed", "stage"):
        setattr(inputs, name, linked_var(protocol, name))
    inputs.run_regularly(SHOW_IMAGE, clock=clock, when="start", name="show_image")
    # Before the synapses, which read the trace of a cell that fires in this step.
    inputs.resetter["spike"].when = "after_thresholds"
    return inputs


def normalise(network: Network, clock: Clock) -> None:
    """Scale the input weights of each excitatory cell before each showing, paper section 2.3."""
    slot = {"clock": clock, "when": "start"}
    cells, synapses = network[EXCITATORY], network[INPUT_TO_EXCITATORY]
    cells.run_regularly("input_weight = 0", order=0, name="normalise_clear", **slot)
    synapses.run_regularly("input_weight_post += w", order=1, name="normalise_sum", **slot)
    rounding = ROUNDING_ERRORS * float(np.finfo(synapses.variables["w"].dtype).eps)
    cells.run_regularly(
        WEIGHT_SCALE.format(rounding=repr(rounding)), order=2, name="normalise_factor", **slot
    )
    synapses.run_regularly("w *= weight_scale_post", order=3, name="normalise_scale", **slot)


def _stop_if(condition: NDArray[np.integer]) -> NDArray[np.integer]:
    if np.any(condition):
        stop()
    return condition


halt_run = Function(
    _stop_if,
    arg_units=[1],
    return_unit=1,
    arg_types=["integer"],
    return_type="integer",
    stateless=False,
)
halt_run.implementations.add_implementation("numpy", _stop_if)
halt_run.implementations.add_implementation(
    "cpp",
    """
    static inline int halt_run(const int condition)
    {
        if (condition)
            Network::_globally_stopped = true;
        return condition;
    }
    """,
)
