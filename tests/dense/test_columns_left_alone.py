"""Columns of a matrix in which nothing happens are left alone, and nothing else comes of it."""

import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, Synapses, defaultclock, ms, prefs
from brian2.codegen.translation import make_statements
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.network import _get_all_objects
from brian2.devices.device import get_device, reset_device, set_device

from diehl_cook.dense import DenseSynapses, fast_device, synapses_target
from diehl_cook.dense.neutral import find_neutral
from diehl_cook.dense.summing import summed_matrices
from diehl_cook.dense.traces import traces

ROWS, COLUMNS = 37, 403
STEPS = 400
# Each of a few cells fires now and then, so that most traces are zero. They end below what single
# precision holds after 87 * 0.5 ms, which is 87 steps.
CELLS = """
dg/dt = -g/(2*ms) : 1
dx/dt = -x/(0.5*ms) : 1
total : 1
total_u : 1
factor : 1
"""
# Cells 66 to 69, beside the end of a block, fire one by one; so do one behind eight blocks that
# never do, and one in the last block, which is not full.
FIRES = (
    "(timestep(t, dt) % 150 == 7 * i and i < 40 and i % 3 == 0)"
    " or (timestep(t, dt) % 150 == 100 + i % 8 and i >= 66 and i < 70)"
    " or (timestep(t, dt) % 150 == 50 and (i == 257 or i == 401))"
)
RULE = "g_post += w\nw = clip(w - 0.125*x_post*w**0.5, 0.01, 1)"
FACTOR = "factor = int(abs(total - 3) <= 1e-5) + int(abs(total - 3) > 1e-5) * 3 / total"


def parts():
    inputs = NeuronGroup(
        ROWS, "", threshold="(timestep(t, dt) + 3 * i) % 11 < 2", name="column_inputs"
    )
    cells = NeuronGroup(
        COLUMNS,
        CELLS,
        threshold=FIRES,
        reset="x = 1",
        method="exact",
        dtype=np.float32,
        name="column_cells",
    )
    synapses = DenseSynapses(
        inputs,
        cells,
        "w : 1",
        on_pre=RULE,
        on_post="w = clip(w + 0.25, 0, 1)",
        dtype=np.float32,
        name="column_synapses",
    )
    slow = {"dt": 20 * ms, "when": "start"}
    cells.run_regularly("total = 0; total_u = 0.25 * int(t > 165*ms)", order=0, **slow)
    synapses.run_regularly("total_post += w", order=1, **slow)
    cells.run_regularly(FACTOR, order=2, **slow)
    synapses.run_regularly("w *= factor_post", order=3, **slow)
    return inputs, cells, synapses


def others(inputs, cells):
    """Synapses that change at the spikes of their targets alone."""
    synapses = DenseSynapses(
        inputs,
        cells,
        "u : 1",
        on_post="u += 0.125",
        dtype=np.float32,
        name="other_synapses",
    )
    synapses.run_regularly("total_u_post += u", dt=20 * ms, when="start", order=1)
    return synapses


def of_subgroups(inputs, cells):
    """Synapses onto parts of the cells; the first starts where a block of cells does."""
    made = [
        DenseSynapses(
            inputs,
            cells[start : start + 70],
            "w : 1",
            on_pre="w = clip(w + 0.01 * x_post, 0, 1)",
            dtype=np.float32,
            name=f"onto_{start}",
        )
        for start in (16, 5)
    ]
    for synapses in made:
        synapses.w = 0.5
    return made


def outcome(folder):
    set_device("cpp_standalone_fast", build_on_run=False)
    old = prefs.devices.cpp_standalone.extra_make_args_unix
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    try:
        defaultclock.dt = 0.5 * ms
        inputs, cells, synapses = parts()
        # some are out of their bounds at first, and again between the runs
        weights = np.random.default_rng(5).uniform(0, 1.5, (ROWS, COLUMNS))
        weights[1:, 70::5] = 0  # what is left is scaled to more than 1 again and again
        weights[0, 70::5] = 0.5
        weights = weights.ravel()
        synapses.w = weights
        parts_of_cells = of_subgroups(inputs, cells)
        network = Network(inputs, cells, synapses, others(inputs, cells), parts_of_cells)
        network.run(STEPS / 2 * defaultclock.dt)
        synapses.w = weights[::-1]
        network.run(STEPS / 2 * defaultclock.dt)
        get_device().build(directory=str(folder))
        values = {
            name: np.array(getattr(cells, name)[:]) for name in ("g", "x", "total", "total_u")
        }
        values |= {onto.name: np.array(onto.w[:]) for onto in parts_of_cells}
        return values | {"w": np.array(synapses.w[:])}
    finally:
        get_device().reinit()
        reset_device()
        prefs.devices.cpp_standalone.extra_make_args_unix = old


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    found = {"left alone": outcome(tmp_path_factory.mktemp("left"))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_device, "traces", lambda objects: [])
        patch.setattr(fast_device, "summed_matrices", lambda objects: {})
        patch.setattr(synapses_target, "find_neutral", lambda *arguments: None)
        found["visited"] = outcome(tmp_path_factory.mktemp("visited"))
    return found


@pytest.mark.parametrize("name", ["g", "x", "total", "total_u", "w", "onto_16", "onto_5"])
def test_the_bits_are_those_of_visiting_all(outcomes, name):
    assert np.array_equal(outcomes["left alone"][name], outcomes["visited"][name])


def test_something_happened(outcomes):
    found = outcomes["left alone"]
    assert 0 < np.count_nonzero(found["x"]) < COLUMNS / 2
    assert len(np.unique(found["total"])) > 10
    assert found["total_u"].max() > 0
    assert all(found[name].max() > 0.5 for name in ("onto_16", "onto_5"))


def statements_of(code):
    _, _, synapses = parts()
    _, statements = make_statements(code, synapses.variables, np.float32, optimise=True)
    return statements, synapses.variables


def neutral_of(code, of_cells=("x_post", "factor_post")):
    statements, variables = statements_of(code)
    known = {**DEFAULT_FUNCTIONS, **variables}
    return find_neutral(statements, {"w"}, set(of_cells), known)


@pytest.mark.parametrize(
    ("code", "value", "name", "left"),
    [
        ("w = clip(w - 0.5*x_post, 0, 1)", 0, "x_post", ["w = clip(w, 0, 1)"]),
        ("w -= x_post * w**0.5", 0, "x_post", []),
        ("w *= factor_post", 1, "factor_post", []),
        ("dw = 2*x_post\nw = clip(w + dw, 0, 1)", 0, "x_post", ["dw", "w = clip(w, 0, 1)"]),
        ("g_post += w\nw += x_post*i", 0, "x_post", ["g_post += w"]),
    ],
)
def test_values_at_which_synapses_stay(code, value, name, left):
    neutral = neutral_of(code)
    assert (neutral.value, neutral.names) == (value, (name,))
    assert [str(s)[: len(text)] for s, text in zip(neutral.statements, left, strict=True)] == left


@pytest.mark.parametrize(
    "code",
    [
        "g_post += w",  # changes no synapse anyway
        "w = clip(w - 0.5, 0, 1)",  # needs no cell
        "w = w - 0.5*x_post - 0.001",
        "w = clip(w - x_post, 0, i)",  # bounds of its own for each synapse
        "w = x_post",
        "w = clip(w - x_post * rand(), 0, 1)",  # each call counts
    ],
)
def test_code_without_such_a_value(code):
    assert neutral_of(code) is None


def network(*more, **changes):
    inputs, cells, synapses = parts()
    extra = [make(inputs, cells, synapses) for make in more]
    return _get_all_objects([inputs, cells, synapses, *(obj for obj in extra if obj is not None)])


def names_of_traces(*more):
    return sorted(variable.name for variable in traces(network(*more)))


def test_traces_are_what_decays_alone_and_synapses_read():
    assert names_of_traces() == ["x"]  # g is written by every row


@pytest.mark.parametrize(("fewest", "found"), [(COLUMNS, ["x"]), (COLUMNS + 1, [])])
def test_traces_of_few_cells_are_not_looked_through(fewest, found, monkeypatch):
    for name in ("FEWEST_CELLS", "FEWEST_CELLS_WITH_FUNCTIONS"):
        monkeypatch.setattr(f"diehl_cook.dense.traces.{name}", fewest)
    assert names_of_traces() == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ({"on_pre": "w += x_post * w**0.5"}, ["x"]),
        ({"on_pre": "w = clip(w + x_post * exp(-w), 0, 1)"}, ["x"]),
        ({"on_pre": "w = clip(w + x_post * w, 0, 1)"}, []),
        ({"on_pre": "w += x_post\nw *= sqrt(i)"}, []),
        ({"on_post": "w += x_post * w**0.5"}, []),  # columns are visited one by one
    ],
)
def test_where_rows_compute_functions_traces_of_fewer_cells_are(code, found, monkeypatch):
    inputs, cells, _ = parts()
    parts_with = _get_all_objects([inputs, cells, DenseSynapses(inputs, cells, "w : 1", **code)])
    for fewest, expected in ((COLUMNS, found), (COLUMNS + 1, [])):
        monkeypatch.setattr("diehl_cook.dense.traces.FEWEST_CELLS", COLUMNS + 1)
        monkeypatch.setattr("diehl_cook.dense.traces.FEWEST_CELLS_WITH_FUNCTIONS", fewest)
        assert [variable.name for variable in traces(parts_with)] == expected


@pytest.mark.parametrize(
    "other",
    [
        lambda inputs, cells, synapses: cells.run_regularly("x += 1") and None,
        lambda inputs, cells, synapses: cells.run_regularly("total = 0; x += 1 # ;") and None,
        lambda inputs, cells, synapses: DenseSynapses(inputs, cells, on_pre="x_post += 1"),
        lambda inputs, cells, synapses: Synapses(inputs, cells, on_pre="x_post += 1"),
    ],
    ids=["regularly", "second of two", "dense synapses", "ordinary synapses"],
)
def test_what_writes_to_many_cells_keeps_traces_updated(other):
    assert names_of_traces(other) == []


def test_a_trace_on_which_something_else_acts_is_none():
    _, cells, _ = parts()
    assert Equations(CELLS)["x"].expr is not None
    driven = NeuronGroup(3, "dx/dt = (y - x)/(2*ms) : 1\ny : 1", threshold="x > 1", reset="x = 0")
    synapses = DenseSynapses(cells, driven, "w : 1", on_pre="w += x_post")
    assert traces(_get_all_objects([cells, driven, synapses])) == []


def test_a_sum_is_kept_where_one_object_sums_and_all_that_write_count():
    (matrix,) = summed_matrices(network())
    assert matrix.name == "w"
    again = lambda inputs, cells, synapses: synapses.run_regularly("total_post += w") and None  # noqa: E731
    assert summed_matrices(network(again)) == {}
    ordinary = lambda inputs, cells, synapses: Synapses(inputs, cells, on_pre="g_post += 1")  # noqa: E731
    assert summed_matrices(network(ordinary)) == {}


@pytest.mark.parametrize(
    "code", ["total_post += w * x_post", "total_pre += w", "total_post = w", "w += 1"]
)
def test_what_is_no_sum_over_a_matrix_alone(code):
    inputs = NeuronGroup(ROWS, "total : 1", threshold="False")
    cells = NeuronGroup(COLUMNS, CELLS)
    synapses = DenseSynapses(inputs, cells, "w : 1", on_pre="g_post += w")
    synapses.run_regularly(code)
    assert summed_matrices(_get_all_objects([inputs, cells, synapses])) == {}
