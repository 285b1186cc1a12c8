"""A network in which threads share out something of every kind, and much that they do not."""

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    seed,
)

from diehl_cook.dense import DenseSynapses

INPUTS, CELLS = 300, 700  # three and six parts at most

CELL = """
dv/dt = (g - h - v)/(10*ms) : 1 (unless refractory)
dg/dt = -g/(2*ms) : 1
dh/dt = -h/(3*ms) : 1
dtheta/dt = -theta/(400*ms) : 1
dx/dt = -x/(15*ms) : 1
total : 1
scale : 1
fixed_total : 1
"""
RESTING = """
dv/dt = (g - v)/(0.4*ms) : 1
dg/dt = -g/(0.2*ms) : 1
"""


def network(has_ordinary):
    """Cells that learn and inhibit each other, every input cell firing at random.

    With Brian2's own synapses among them, nothing is left undone in any block of cells.
    """
    seed(3)
    inputs = NeuronGroup(
        INPUTS,
        "dx/dt = -x/(15*ms) : 1",
        threshold="rand() < 20*Hz*dt",
        reset="x = 1",
        method="exact",
        name="inputs",
    )
    cells = NeuronGroup(
        CELLS,
        CELL,
        threshold="v > 0.3 + theta",
        reset="v = 0; theta += 0.02; x = 1",
        refractory=3 * ms,
        method="euler",
        name="cells",
    )
    cells.v = "0.2*rand()"
    inhibitory = NeuronGroup(
        CELLS,
        RESTING,
        threshold="v > 0.3",
        reset="v = 0",
        events={"held": "v > 0.2"},
        method="exponential_euler",
        name="inhibitory",
    )
    inhibitory.run_on_event("held", "v = 0.9*v")
    monitors = [
        SpikeMonitor(cells, name="spikes"),
        SpikeMonitor(inhibitory, name="inhibitory_spikes"),
        StateMonitor(cells, ["v", "theta"], record=[0, 130, 699], dt=50 * ms, name="states"),
        PopulationRateMonitor(cells, name="rate"),
    ]
    synapses = [*learning(inputs, cells), *inhibition(cells, inhibitory), among(cells)]
    if has_ordinary:
        synapses.append(ordinary(cells, inputs))
    return Network(inputs, cells, inhibitory, *synapses, *monitors)


def learning(inputs, cells):
    """Plastic synapses; the weights of a cell sum to the same from time to time."""
    synapses = DenseSynapses(
        inputs,
        cells,
        "w : 1",
        on_pre="g_post += w*exp(-t/(90*second))\nw = clip(w - 0.01*x_post, 0, 1)",
        on_post="w = clip(w + 0.05*x_pre*(2 - x_post)*(1 - w), 0, 1)",
        name="learning",
    )
    synapses.w = "0.2 + 0.3*rand()"
    fixed = DenseSynapses(inputs, cells, "u : 1", name="fixed")
    fixed.u = "0.1*i + j"
    for order, (group, code) in enumerate(
        [
            (cells, "total = 0"),
            (synapses, "total_post += w"),
            (cells, "scale = 100/total"),
            (synapses, "w *= scale_post"),
            (cells, "fixed_total = 0"),
            (fixed, "fixed_total_post += u"),  # of what never changes
        ]
    ):
        group.run_regularly(code, dt=50 * ms, when="start", order=order)
    return synapses, fixed


def inhibition(cells, inhibitory):
    """Each cell by way of its own inhibitory cell."""
    yield DenseSynapses(cells, inhibitory, on_pre="g_post += 30", one_to_one=True, name="one")
    yield DenseSynapses(
        inhibitory, cells, on_pre="h_post += 0.03", include_self=False, name="inhibition"
    )


def among(cells):
    """Synapses within a group, which need it under two indices."""
    on_pre = "g_post += 0.002*x_pre*(1 + x_post)"
    return DenseSynapses(cells, cells, on_pre=on_pre, name="among")


def ordinary(cells, inputs):
    """Brian2's own synapses, with delays."""
    synapses = Synapses(cells, inputs, on_pre="x_post += 0.01", delay=2 * ms, name="ordinary")
    synapses.connect("i % 100 == j")
    return synapses


def outcome(net):
    """All that can be known of the network after its run."""
    states = {
        "inputs": ["x"],
        "cells": ["v", "g", "h", "theta", "x", "total", "scale", "fixed_total", "lastspike"],
        "inhibitory": ["v", "g"],
        "learning": ["w"],
        "spikes": ["i", "t", "count"],
        "inhibitory_spikes": ["i", "t"],
        "states": ["v", "theta"],
        "rate": ["rate"],
    }
    return {
        f"{group}.{name}": np.array(getattr(net[group], f"{name}_"))
        for group, names in states.items()
        for name in names
    }
