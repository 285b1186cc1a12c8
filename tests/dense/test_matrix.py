"""Setting and reading values of synapses."""

import numpy as np
import pytest
from brian2 import NeuronGroup, mV, prefs

from diehl_cook.dense import DenseSynapses

SHAPE = (2, 3)
MATRIX = np.arange(6.0).reshape(SHAPE)


@pytest.fixture
def synapses():
    prefs.codegen.target = prefs.codegen.string_expression_target = "numpy"
    source = NeuronGroup(SHAPE[0], "a : 1", threshold="a > 1", reset="a = 0")
    target = NeuronGroup(SHAPE[1], "b : 1", threshold="b > 1", reset="b = 0")
    source.a = [10, 20]
    target.b = [1, 2, 3]
    return DenseSynapses(source, target, "w : 1\nu : volt\ns : 1 (shared)", dtype={"w": "float32"})


def test_matrix(synapses):
    synapses.w = MATRIX
    np.testing.assert_array_equal(synapses.matrix("w"), MATRIX)
    np.testing.assert_array_equal(synapses.w[:], MATRIX.ravel())
    assert synapses.matrix("w").dtype == np.float32


def test_units(synapses):
    synapses.u = MATRIX * mV
    assert synapses.matrix("u")[1, 2] == 5 * mV
    assert synapses.matrix("u_")[1, 2] == pytest.approx(0.005)


def test_flat_scalar_and_shared(synapses):
    synapses.w = MATRIX.ravel()
    np.testing.assert_array_equal(synapses.matrix("w"), MATRIX)
    synapses.w = 7
    np.testing.assert_array_equal(synapses.matrix("w"), np.full(SHAPE, 7))
    synapses.s = 3
    assert synapses.s == 3


def test_pairs_of_indices(synapses):
    synapses.w = MATRIX
    assert synapses.w[1, 2] == 5
    np.testing.assert_array_equal(synapses.w[:, 1], [1, 4])
    synapses.w[0, :] = [7, 8, 9]
    synapses.w[1:, :2] = [[-1, -2]]
    np.testing.assert_array_equal(synapses.matrix("w"), [[7, 8, 9], [-1, -2, 5]])


def test_expressions(synapses):
    synapses.w = "100*i + j + a_pre/1000 + b_post/10000"
    expected = [
        [100 * i + j + (10 + 10 * i) / 1e3 + (1 + j) / 1e4 for j in range(3)] for i in (0, 1)
    ]
    np.testing.assert_allclose(synapses.matrix("w"), expected, rtol=1e-6)
    synapses.w["i == 1 and j > 0"] = "-j"
    np.testing.assert_array_equal(synapses.matrix("w")[1, 1:], [-1, -2])
    assert synapses.matrix("w")[0, 0] > 0


def test_random_expression(synapses):
    synapses.w = "rand()"
    assert np.unique(synapses.matrix("w")).size == 6


@pytest.mark.parametrize("shape", [(3, 2), (1, 6), (2, 2)])
def test_matrix_of_another_shape(synapses, shape):
    with pytest.raises(ValueError, match=r"shape \(2, 3\)"):
        synapses.w = np.ones(shape)


def test_what_is_no_matrix(synapses):
    for name in ("s", "nothing", "a_pre"):
        with pytest.raises(ValueError, match="no value per pair"):
            synapses.matrix(name)


def test_reading_by_condition(synapses):
    with pytest.raises(NotImplementedError, match=r"matrix\('w'\)"):
        synapses.w["i == 0"]


def test_variables_of_cells(synapses):
    with pytest.raises(NotImplementedError, match="source or target group"):
        synapses.a_pre[:]


def test_part_by_expression_of_indices(synapses):
    with pytest.raises(NotImplementedError, match="string condition"):
        synapses.w[0:2] = "i"
    synapses.w[0:2] = "1 + 1"
    np.testing.assert_array_equal(synapses.w[:2], [2, 2])


def test_indices(synapses):
    np.testing.assert_array_equal(synapses.i, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(synapses.j, [0, 1, 2, 0, 1, 2])
    assert len(synapses) == synapses.N == 6


def test_shared_weight_stores_nothing():
    cells = NeuronGroup(6400, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = DenseSynapses(cells, cells, on_pre="v_post -= 17", include_self=False)
    own = [v for v in synapses.variables.values() if getattr(v, "owner", None) is not None]
    own = [v for v in own if v.owner.name == synapses.name and hasattr(v, "size")]
    assert sum(v.size for v in own) <= 1
