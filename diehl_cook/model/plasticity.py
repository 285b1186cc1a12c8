"""The learning rules of the paper, each as its equations and parameters.

A rule is one class: fields are the parameters (with units and sources), class
variables are Brian2 equations and statements. ``x`` on an input cell is read as
``x_pre`` by the synapse, ``x`` on an excitatory cell as ``x_post``. In one time step
the order is: propagate, ``on_pre``, ``on_post``, then the traces of the excitatory
cells; the trace of an input cell is set before them all.

To add a rule, write a class like these and list it in `RULES`
(``docs/learning_rules.md`` walks through one).
"""

from __future__ import annotations

from typing import ClassVar

from brian2.units import ms
from pydantic import Field

from diehl_cook.model.units import NotNegative, Number, Positive, Section, Time


class Rule(Section):
    """What every learning rule states, next to its parameters.

    The trace of an input cell, ``dx/dt = -x / tau_presynaptic``, is common to all rules;
    they differ in what a spike does to it. Names ending in ``_pre`` or ``_post`` belong
    to Brian2, which is why no parameter has such a name.
    """

    tau_presynaptic: Time

    on_input_spike: ClassVar[str]
    excitatory_traces: ClassVar[str]
    on_excitatory_spike: ClassVar[str]
    on_pre: ClassVar[str]
    on_post: ClassVar[str]


class Triplet(Rule):
    """Nearest-spike triplet rule, paper section 2.3 rule 4; parameters from the published code."""

    eta_presynaptic: Number = Field(
        1e-4,
        description="published code, nu_ee_pre; below zero: the sign slip of circulating ports",
    )
    eta_postsynaptic: NotNegative = Field(1e-2, description="published code, nu_ee_post")
    tau_presynaptic: Time = Field(20 * ms, description="published code, tc_pre_ee")
    tau_postsynaptic_1: Time = Field(20 * ms, description="published code, tc_post_1_ee")
    tau_postsynaptic_2: Time = Field(40 * ms, description="published code, tc_post_2_ee")

    on_input_spike: ClassVar[str] = "x = 1"
    excitatory_traces: ClassVar[str] = """
        dx1/dt = -x1 / tau_postsynaptic_1 : 1
        dx2/dt = -x2 / tau_postsynaptic_2 : 1
    """
    on_excitatory_spike: ClassVar[str] = """
        x1 = 1
        x2 = 1
    """
    on_pre: ClassVar[str] = "w = clip(w - eta_presynaptic * x1_post, 0, w_max)"
    on_post: ClassVar[str] = "w = clip(w + eta_postsynaptic * x_pre * x2_post, 0, w_max)"


class PowerLaw(Rule):
    """Power-law weight dependence, paper section 2.3 rule 1; parameters are ours."""

    eta: NotNegative = Field(0.003, description="ours: the paper does not say")
    x_target: NotNegative = Field(0.4, description="published code has an unused 0.4")
    mu: NotNegative = Field(0.5, description="ours: the paper does not say")
    tau_presynaptic: Time = Field(20 * ms, description="ours: the paper does not say")

    on_input_spike: ClassVar[str] = "x += 1"
    excitatory_traces: ClassVar[str] = ""
    on_excitatory_spike: ClassVar[str] = ""
    on_pre: ClassVar[str] = ""
    on_post: ClassVar[str] = """
        dw = eta * (x_pre - x_target) * clip(w_max - w, 0, w_max)**mu
        w = clip(w + dw, 0, w_max)
    """


class Exponential(Rule):
    """Exponential weight dependence, paper section 2.3 rule 2; parameters are ours."""

    eta: NotNegative = Field(0.003, description="ours: the paper does not say")
    x_target: NotNegative = Field(0.2, description="ours: the paper does not say")
    beta: NotNegative = Field(1.0, le=50, description="ours: the paper does not say")
    tau_presynaptic: Time = Field(10 * ms, description="ours: the paper does not say")

    on_input_spike: ClassVar[str] = "x += 1"
    excitatory_traces: ClassVar[str] = ""
    on_excitatory_spike: ClassVar[str] = ""
    on_pre: ClassVar[str] = ""
    on_post: ClassVar[str] = """
        dw = eta * (x_pre * exp(-beta * w) - x_target * exp(-beta * (w_max - w)))
        w = clip(w + dw, 0, w_max)
    """


class PreAndPost(Rule):
    """Weight changes at both spikes, paper section 2.3 rule 3; parameters are ours."""

    eta_presynaptic: NotNegative = Field(3e-5, description="ours: the paper does not say")
    eta_postsynaptic: NotNegative = Field(0.003, description="ours: the paper does not say")
    x_target: NotNegative = Field(0.2, description="ours: the paper does not say")
    mu: Positive = Field(0.5, description="ours: the paper does not say")
    tau_presynaptic: Time = Field(20 * ms, description="ours: the paper does not say")
    tau_postsynaptic: Time = Field(20 * ms, description="ours: the paper does not say")

    on_input_spike: ClassVar[str] = "x += 1"
    excitatory_traces: ClassVar[str] = "dx/dt = -x / tau_postsynaptic : 1"
    on_excitatory_spike: ClassVar[str] = "x += 1"
    on_pre: ClassVar[str] = "w = clip(w - eta_presynaptic * x_post * w**mu, 0, w_max)"
    on_post: ClassVar[str] = """
        dw = eta_postsynaptic * (x_pre - x_target) * clip(w_max - w, 0, w_max)**mu
        w = clip(w + dw, 0, w_max)
    """


RULES: dict[str, type[Rule]] = {
    "triplet": Triplet,
    "power_law": PowerLaw,
    "exponential": Exponential,
    "pre_and_post": PreAndPost,
}

#: Rules that come with the package; others are added by `own_rules.add_rule`.
PAPER_RULES = frozenset(RULES)
#: What a rule states beside its parameters.
STRINGS = ("on_input_spike", "excitatory_traces", "on_excitatory_spike", "on_pre", "on_post")


def equations_of_own(rule: Rule) -> dict[str, str]:
    """Equations and statements of a rule that does not come with the package, by their names.

    Returns
    -------
    dict of str to str
        Empty for a rule of the package.
    """
    known = type(rule) in {RULES[name] for name in PAPER_RULES}
    return {} if known else {name: getattr(rule, name) for name in STRINGS}
