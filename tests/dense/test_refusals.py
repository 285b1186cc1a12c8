"""What dense synapses do not do is refused where it is asked for."""

import numpy as np
import pytest
from brian2 import DimensionMismatchError, Network, NeuronGroup, ms, mV, network_operation
from brian2.devices.device import get_device, reset_device, set_device

from diehl_cook.dense import DenseSynapses


@pytest.fixture
def group():
    return NeuronGroup(3, "v : 1\nu : volt", threshold="v > 1", reset="v = 0")


@pytest.mark.parametrize(
    "option",
    [
        {"delay": 1 * ms},
        {"connect": "i != j"},
        {"multisynaptic_index": "k"},
        {"method": "euler"},
        {"method_options": {}},
    ],
)
def test_options_of_ordinary_synapses(group, option):
    with pytest.raises(NotImplementedError, match="Dense synapses"):
        DenseSynapses(group, group, "w : 1", on_pre="v += w", **option)


def test_unknown_option(group):
    with pytest.raises(TypeError, match="unexpected argument 'colour'"):
        DenseSynapses(group, group, colour="red")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("dx/dt = -x/(20*ms) : 1 (event-driven)", "differential"),
        ("dx/dt = -x/(20*ms) : 1 (clock-driven)", "differential"),
        ("w : 1\nv_post = w : 1 (summed)", "summed"),
        ("w : 1 (linked)", "linked"),
        ("y = v_pre : 1 (constant over dt)", "constant over dt"),
    ],
)
def test_equations(group, model, reason):
    with pytest.raises(NotImplementedError, match=reason):
        DenseSynapses(group, group, model)


@pytest.mark.parametrize("code", ["w = lastupdate/second", "v_post += w*(delay > 0*ms)"])
def test_variables_of_ordinary_synapses(group, code):
    with pytest.raises(NotImplementedError, match=r"lastupdate|delay"):
        DenseSynapses(group, group, "w : 1", on_pre=code)


def test_connect(group):
    with pytest.raises(NotImplementedError, match="all pairs"):
        DenseSynapses(group, group).connect(i=0, j=1)


def test_unequal_groups_one_to_one(group):
    with pytest.raises(ValueError, match="between 3 and 2 cells"):
        DenseSynapses(group, group[:2], one_to_one=True)


def test_one_to_one_but_self(group):
    with pytest.raises(ValueError, match="include_self"):
        DenseSynapses(group, group, one_to_one=True, include_self=False)


def test_more_synapses_than_can_be_counted():
    many = NeuronGroup(50_000, "v : 1")
    with pytest.raises(ValueError, match="more than"):
        DenseSynapses(many, many)


def test_unknown_event(group):
    with pytest.raises(ValueError, match="event 'flash'"):
        DenseSynapses(group, group, on_pre="v_post += 1", on_event="flash")


def test_event_for_an_unknown_pathway(group):
    with pytest.raises(ValueError, match="unknown pathway 'post'"):
        DenseSynapses(group, group, on_pre="v_post += 1", on_event={"post": "spike"})


def test_pathway_with_the_name_of_something_else(group):
    with pytest.raises(ValueError, match="'matrix' is already in use"):
        DenseSynapses(group, group, on_pre={"matrix": "v_post += 1"})


def test_variable_with_the_name_of_a_cell_variable(group):
    with pytest.raises(ValueError, match="v_syn"):
        DenseSynapses(group, group, "v : 1")


@pytest.mark.parametrize("name", ["i", "j", "delay"])
def test_reserved_names(group, name):
    with pytest.raises(SyntaxError, match=r"reserved|special meaning"):
        DenseSynapses(group, group, f"{name} : 1")


def test_wrong_unit_in_a_rule(group):
    from brian2 import BrianObjectException, Network, prefs

    prefs.codegen.target = "numpy"
    synapses = DenseSynapses(group, group, "w : 1", on_pre="u_post += w")
    with pytest.raises(BrianObjectException) as caught:
        Network(group, synapses).run(0 * ms)
    assert isinstance(caught.value.__cause__, DimensionMismatchError)


def test_wrong_unit_of_a_value(group):
    synapses = DenseSynapses(group, group, "w : volt")
    with pytest.raises(DimensionMismatchError):
        synapses.w = np.ones((3, 3))
    synapses.w = np.ones((3, 3)) * mV


def test_codeobj_class(group):
    with pytest.raises(TypeError, match="codeobj_class"):
        DenseSynapses(group, group, "w : 1").run_regularly("w = 1", codeobj_class=object)


@pytest.mark.parametrize("active", [True, False])
def test_python_within_a_run_of_a_program(group, active):
    set_device("cpp_standalone_fast", build_on_run=False)
    try:
        called = network_operation(lambda: None)
        called.active = active
        network = Network(NeuronGroup(2, "v : 1"), called)
        if active:
            with pytest.raises(NotImplementedError, match=r"is Python.*run_regularly"):
                network.run(1 * ms)
        else:
            network.run(1 * ms)
    finally:
        get_device().reinit()
        reset_device()
