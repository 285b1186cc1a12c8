"""Equations of the cells.

Conductances are in units of the leak, so that they have no dimension. Parameters are
variables shared by all cells of a group, set when a simulation runs: changing a value
never compiles anything anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
from brian2 import Equations
from brian2.equations.equations import FLOAT
from brian2.stateupdaters.exponential_euler import get_conditionally_linear_system
from brian2.units.fundamentalunits import Quantity, get_dimensions, get_unit
from brian2.utils.stringtools import get_identifiers

from diehl_cook.model.experiment import Experiment, ExperimentError, Population
from diehl_cook.model.plasticity import Rule
from diehl_cook.model.units import Section

# Paper equations 1 and 2. Nothing inhibits an inhibitory cell.
EXCITATORY_CELL = """
dv/dt = ((v_rest - v) + ge * (e_excitatory - v) + gi * (e_inhibitory - v)) / tau_membrane : volt
dge/dt = -ge / tau_ge : 1
dgi/dt = -gi / tau_gi : 1
"""
INHIBITORY_CELL = """
dv/dt = ((v_rest - v) + ge * (e_excitatory - v)) / tau_membrane : volt
dge/dt = -ge / tau_ge : 1
"""
REFRACTORINESS = """
step = timestep(t, dt) : integer (shared)
last_spike_step : integer
"""
# As 32-bit integers, which a compiler can compare sixteen at a time.
STEP_BEFORE = "int(step - int({period} / dt + 0.5))"

# Paper section 2.4. The published code lets theta decay to zero.
ADAPTIVE_THRESHOLD = "dtheta/dt = -theta / tau_theta : volt"
FIXED_THRESHOLD = "theta : volt"

READY = f"last_spike_step <= {STEP_BEFORE.format(period='refractory_period')}"
EXCITATORY_FIRES = f"v > theta - theta_offset + v_threshold and {READY}"
INHIBITORY_FIRES = f"v > v_threshold and {READY}"

RESET = """
v = v_reset
last_spike_step = step
"""
ADAPT = "theta += theta_plus"

# The voltage stays at v_reset for some time after a spike (`refractory_voltage: clamped`).
CLAMPED = "last_spike_step >= {step_before}"
CLAMP = "v = v_reset"

# The presynaptic trace of the learning rules, paper section 2.3.
INPUT_TRACE = "dx/dt = -x / tau_presynaptic : 1"

# For the normalisation of the input weights: their sum, what it is set to, and their factor.
NORMALISATION = """
input_weight : 1
weight_scale : 1
weight_sum : 1 (shared, constant)
"""

#: What an excitatory cell is while it learns, but for the traces of the learning rule.
EXCITATORY_WHILE_LEARNING = "\n".join(
    [EXCITATORY_CELL, REFRACTORINESS, ADAPTIVE_THRESHOLD, NORMALISATION]
)

#: Theta and what moves it stay in double precision: its decay of 5e-8 a step is lost in single.
ALWAYS_DOUBLE = frozenset({"theta", "theta_plus", "tau_theta"})


def excitatory_equations(experiment: Experiment, learning: bool) -> Equations:
    """Equations of the excitatory cells; theta and traces move only while learning."""
    cells = experiment.excitatory
    if learning:
        return learning_equations(cells, experiment.learning_rule)
    equations = EXCITATORY_CELL + REFRACTORINESS + FIXED_THRESHOLD
    return with_parameters(equations, [cells], EXCITATORY_FIRES + RESET + is_clamped(cells))


def learning_equations(cells: Population, rule: Rule) -> Equations:
    """Equations of excitatory cells that learn by a rule."""
    statements = [EXCITATORY_FIRES, RESET, is_clamped(cells), ADAPT, rule.on_excitatory_spike]
    return with_parameters(
        EXCITATORY_WHILE_LEARNING + rule.excitatory_traces, [cells, rule], "\n".join(statements)
    )


def trace_equations(rule: Rule) -> Equations:
    """The traces of an excitatory cell, and what a learning rule uses to move them."""
    return with_parameters(rule.excitatory_traces, [rule], rule.on_excitatory_spike)


def require_integrable(experiment: Experiment) -> None:
    """Make sure that the integrator takes the traces of the learning rule.

    Raises
    ------
    ExperimentError
        If it is exponential Euler and one of them is not linear in itself.
    """
    if experiment.integration == "euler":
        return
    try:
        get_conditionally_linear_system(trace_equations(experiment.learning_rule))
    except ValueError as error:
        raise ExperimentError(
            f"rule: {experiment.rule}: {' '.join(str(error).split())} State 'integration: euler'"
        ) from None


def inhibitory_equations(experiment: Experiment) -> Equations:
    """Equations of the inhibitory cells."""
    cells = experiment.inhibitory
    equations = INHIBITORY_CELL + REFRACTORINESS
    return with_parameters(equations, [cells], INHIBITORY_FIRES + RESET + is_clamped(cells))


def is_clamped(cells: Population) -> str:
    """Whether a cell's voltage is held, if it ever is; by default as long as it cannot spike."""
    period = "clamp_period" if cells.clamp_period else "refractory_period"
    return CLAMPED.format(step_before=STEP_BEFORE.format(period=period))


def input_trace_equations(rule: Rule) -> Equations:
    """The presynaptic trace that a learning rule reads."""
    return with_parameters(INPUT_TRACE, [rule], rule.on_input_spike)


def with_parameters(
    equations: str,
    sections: Iterable[Section],
    statements: str = "",
    but: Collection[str] = (),
) -> Equations:
    """Declare what equations and statements use of some sections as shared variables.

    All but those of the names `but`, which are known without that.
    """
    used = get_identifiers(f"{equations}\n{statements}") - {*but}
    declarations = [
        f"{name} : {get_unit(get_dimensions(value))!r} (shared, constant)"
        for section in sections
        for name, value in parameter_values(section).items()
        if name in used
    ]
    return Equations("\n".join([equations, *declarations]))


def variable_types(equations: Equations, precision: str) -> dict[str, type[np.floating]]:
    """Floating-point type of each variable, for Brian2's ``dtype`` arguments."""
    small = np.float32 if precision == "single" else np.float64
    return {
        name: np.float64 if name in ALWAYS_DOUBLE else small
        for name, equation in equations.items()
        if equation.var_type == FLOAT
    }


def parameter_values(section: Section) -> dict[str, Quantity | float]:
    """The numbers of a section by name, without its choices."""
    values = {name: getattr(section, name) for name in type(section).model_fields}
    return {name: value for name, value in values.items() if isinstance(value, Quantity | float)}
