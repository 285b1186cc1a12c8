"""Names of the code that calls `run` are found, as on Brian2's own device."""

import pytest
from brian2 import Network, NeuronGroup, device, ms, run, set_device

from diehl_cook.dense import fast_device


@pytest.fixture(params=["cpp_standalone", fast_device.NAME])
def standalone(request):
    """The device that programs are made for; nothing is compiled."""
    set_device(request.param, build_on_run=False)
    device.reinit()
    device.activate(build_on_run=False)
    yield
    device.reinit()
    set_device("runtime")


def test_a_local_name_reaches_a_run_of_a_network(standalone):
    group = NeuronGroup(2, "dv/dt = -v / tau_local : 1", method="exact")
    network = Network(group)
    tau_local = 10 * ms  # noqa: F841
    network.run(1 * ms)
    assert device.code_objects


def test_a_local_name_reaches_the_run_of_all_that_there_is(standalone):
    group = NeuronGroup(2, "dv/dt = -v / tau_here : 1", method="exact")  # noqa: F841
    tau_here = 10 * ms  # noqa: F841
    run(1 * ms)
    assert device.code_objects
