"""What Brian2 writes for NumPy is built upon only where it reads as expected."""

import numpy as np
import pytest
from brian2 import BrianObjectException, Network, NeuronGroup, Synapses, defaultclock, prefs
from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator

from diehl_cook.dense import DenseSynapses

#: Brian2 visits one synapse after the other: what the second line changes, the first one needs.
ONE_BY_ONE = "v_pre += total_pre * w\ntotal_pre += w"


@pytest.fixture(autouse=True)
def _numpy_target():
    target = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = target


def result(kind, code):
    """The cells after two time steps in which all of them fire."""
    cells = NeuronGroup(3, "v : 1\ntotal : 1\nflag : boolean", threshold="True", reset="")
    cells.flag = [True, False, True]
    if kind is DenseSynapses:
        synapses = DenseSynapses(cells, cells, "w : 1", on_pre=code)
    else:
        synapses = Synapses(cells, cells, "w : 1", on_pre=code)
        synapses.connect()
    synapses.w = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    Network(cells, synapses).run(2 * defaultclock.dt)
    return np.concatenate([cells.v, cells.total, synapses.w])


def assert_same(code):
    np.testing.assert_array_equal(result(DenseSynapses, code), result(Synapses, code))


def reworded(monkeypatch, old, new):
    """Brian2's lines with other words for the same."""
    original = NumpyCodeGenerator.vectorise_code

    def vectorise_code(*args, **kwds):
        return [line.replace(old, new) for line in original(*args, **kwds)]

    monkeypatch.setattr(NumpyCodeGenerator, "vectorise_code", vectorise_code)


def complaint_of(code):
    with pytest.raises(BrianObjectException) as raised:
        result(DenseSynapses, code)
    cause = raised.value.__cause__
    assert isinstance(cause, RuntimeError)
    assert len(str(cause).splitlines()) == 1
    return str(cause)


def test_one_synapse_after_the_other():
    assert_same(ONE_BY_ONE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_full_idx", "_all_idx"),
        ("for _idx in _full_idx:", "for _n, _idx in enumerate(_full_idx):"),
        ("for _idx in _full_idx:", "for _idx in _full_idx :"),
        ("for _idx in _full_idx:", "if True:"),
        ("for _idx in _full_idx:", "for _idx in _full_idx: # each synapse"),
    ],
)
def test_a_loop_in_other_words_is_told_before_the_first_step(monkeypatch, old, new):
    reworded(monkeypatch, old, new)
    assert "expected ['for _idx in _full_idx:']" in complaint_of(ONE_BY_ONE)


def test_a_loop_where_none_was_expected_is_told(monkeypatch):
    reworded(monkeypatch, "_numpy.add.at(", "for _idx in _idx:\n    _numpy.add.at(")
    assert "for _idx in _idx" in complaint_of("total_pre += w")


@pytest.mark.parametrize(
    "code",
    [
        "before = w  # as it was\nw += 1\nv_post += before",
        "v_post = flag_pre  # of the last\nw -= 1",
        "before = flag_pre\nv_post += 1 - int(before)",
    ],
)
def test_names_and_comments_in_statements(code):
    assert_same(code)
