"""Constants take the precision of the arrays they meet."""

import numpy as np
import pytest
from brian2 import NeuronGroup, defaultclock, ms, run
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.devices.device import get_device, reset_device, set_device

import diehl_cook.dense  # noqa: F401


@pytest.fixture
def code_of(tmp_path):
    """Returns the C++ of a statement about float32 v and x, float64 theta, integer n."""
    set_device("cpp_standalone_fast", build_on_run=False, directory=str(tmp_path))
    dtype = {"v": np.float32, "x": np.float32, "theta": np.float64}
    group = NeuronGroup(2, "v : 1\nx : 1\ntheta : 1\nn : integer", dtype=dtype, name="cells")

    def generate(statement):
        namespace = {"rate": 0.1, "tau": 20 * ms, "mu": 0.2}
        codeobj = create_runner_codeobj(
            group, statement, "stateupdate", run_namespace=namespace, name="code*"
        )
        return codeobj.code.cpp_file.partition("// vector code")[2]

    yield generate
    get_device().reinit()
    reset_device()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("v = v*0.5 + x", "v = (0.5f * v) + x"),
        ("v = v + rate*x", "v += ((float)(rate)) * x"),
        ("v = clip(v, 0, 1)", "v = _clip(v, ((float)(0)), ((float)(1)))"),
        ("v = (1 - x)**mu", "v = _power((1.0f - x), ((float)(mu)))"),
        ("v = x**2", "v = _brian_pow(x, ((float)(2)))"),
        ("v = 1/x", "v = 1.0f*1.0f/x"),
        ("v = exp(-x)", "v = _exp((- x))"),
        ("v = int(x > 0.5)*0.25*x", "v = 0.25f * (int_(x > 0.5f) * x)"),
        ("theta = theta + rate*x", "theta += ((float)(rate)) * x"),
        ("v = theta*0.1", "v = 0.1 * theta"),
        ("theta = theta*0.9", "theta *= 0.9"),
        ("n = int(x > theta)", "n = int_(x > theta)"),
    ],
)
def test_statement(code_of, statement, code):
    assert code in code_of(statement)


def test_local_has_the_precision_of_its_arrays(code_of):
    code = code_of("single = x*0.5\ndouble = theta*0.5\nv = single + v\ntheta = double")
    assert "const float single" in code
    assert "const double double" in code


def test_decay_in_double_precision_is_not_rounded(code_of):
    # a float factor would be exactly 1 and theta would never decay
    code = code_of("theta = theta*exp(-dt/(1e7*ms))")
    assert "float" not in code


def test_power(tmp_path):
    """Bases and exponents of every kind in one program: near NumPy's in double precision."""
    bases = np.concatenate([np.geomspace(1e-6, 1e6, 997), [0, 1, -0.5, -3]]).astype(np.float32)
    exponents = (0.05, 0.2, 0.5, 0.9, 1, 2, 3, -1)
    set_device("cpp_standalone_fast", build_on_run=False, directory=str(tmp_path))
    try:
        dtype = {"x": np.float32, "mu": np.float32, "y": np.float32}
        equations = "x : 1\nmu : 1\ny : 1"
        n = len(bases) * len(exponents)
        group = NeuronGroup(n, equations, dtype=dtype, name="powers")
        x, mu = np.tile(bases, len(exponents)), np.repeat(exponents, len(bases))
        group.x, group.mu = x, mu
        group.run_regularly("y = x**mu", when="start")
        run(defaultclock.dt)
        device = get_device()
        device.build(directory=str(tmp_path), run=True)
        found = np.array(group.y[:])
    finally:
        get_device().reinit()
        reset_device()
    defined = (x >= 0) | (mu == np.rint(mu))
    defined &= (x != 0) | (mu > 0)
    exact = x[defined].astype(float) ** mu[defined].astype(np.float32).astype(float)
    assert found[defined] == pytest.approx(exact, rel=2e-6)
