"""What depends on constants is computed anew when one of them has changed."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, defaultclock, ms, prefs
from brian2.devices.device import get_device, reset_device, set_device

CELLS = 40
#: Durations of three runs of one program, and the time constants in them.
DURATIONS, TAUS = (2, 3, 5) * ms, (5, 10, 20) * ms
#: The third is the second over again, the same code with another constant.
AGAIN = "{tau}[0] = {value}; {network}.run({duration}, NULL, 1.0);"


@pytest.fixture(scope="module", params=[np.float32, np.float64], ids=["single", "double"])
def cells(request, tmp_path_factory):
    old = prefs.devices.cpp_standalone.extra_make_args_unix
    set_device("cpp_standalone_fast", build_on_run=False)
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    device = get_device()
    try:
        defaultclock.dt = 0.5 * ms
        group = NeuronGroup(
            CELLS,
            """dv/dt = -v/tau : 1
            fired : integer
            tau : second (shared, constant)""",
            threshold="timestep(t, dt) % timestep(tau, dt) == 0 and i % 2 == 0",
            reset="fired += 1",
            method="exact",
            dtype={"v": request.param, "tau": np.float64},
            name="cells",
        )
        group.v = 1
        network = Network(group)
        for duration, tau in zip(DURATIONS[:2], TAUS[:2], strict=True):
            group.tau = tau
            network.run(duration)
        tau, value = device.get_array_name(group.variables["tau"]), float(TAUS[2])
        again = AGAIN.format(
            tau=tau, value=value, network=network.name, duration=float(DURATIONS[2])
        )
        device.insert_code("main", again)
        device.build(directory=str(tmp_path_factory.mktemp("constants")))
        return {name: np.array(getattr(group, name)[:]) for name in ("v", "fired")}
    finally:
        device.reinit()
        reset_device()
        prefs.devices.cpp_standalone.extra_make_args_unix = old


def test_factors_of_decay_follow_their_constants(cells):
    expected = np.exp(-np.sum(np.asarray(DURATIONS) / np.asarray(TAUS)))
    np.testing.assert_allclose(cells["v"], expected, rtol=1e-6)


def test_conditions_follow_their_constants(cells):
    # steps 0 to 3 of 10, 4 to 9 of 20, 10 to 19 of 40: only step 0 is a multiple
    np.testing.assert_array_equal(cells["fired"], 1 - np.arange(CELLS) % 2)
