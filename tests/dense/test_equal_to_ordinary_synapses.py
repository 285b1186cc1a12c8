"""On the runtime target, dense and ordinary synapses give the same bits."""

import numpy as np
import pytest
from brian2 import prefs
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pair_of_networks import RUN_FOR, Projection, build, result

ON_PRE = {
    "propagate": "v_post += w",
    "no suffix": "v += 0.5*w",
    "depress": "v_post += w\nw = clip(w - rate*x_post, 0, w_max)",
    "read before write": "old = w\nw += 0.0625\ntotal_post += old",
    "into the source": "total_pre += w",
    "indices": "v_post += w*(1 + int(i > j))/(N_pre + N_post)",
    "none": None,
}
ON_POST = {
    "potentiate": "w = clip(w + rate*x_pre, 0, w_max)",
    "power": "w = clip(w + rate*(x_pre - 0.4)*(w_max - w)**0.2, 0, w_max)",
    "exponential": "w += rate*(x_pre*exp(-w) - 0.4*exp(w - w_max))",
    "into the source": "total_pre += w\nv_pre += 0.25",
    "none": None,
}
REGULARLY = {
    "none": [],
    "normalise": ["total_post += w", "w *= 2/(total_post + 1)"],
    "rows": ["total_pre += w"],
}
EVENTS = ["spike", "nudge", {"pre": "nudge"}, {"post": "nudge"}]


@pytest.fixture(autouse=True)
def _numpy_target():
    target = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = target


@st.composite
def projections(draw):
    on_pre = ON_PRE[draw(st.sampled_from(sorted(ON_PRE)))]
    on_post = ON_POST[draw(st.sampled_from(sorted(ON_POST)))]
    event = draw(st.sampled_from(EVENTS))
    if isinstance(event, dict):
        event = {k: v for k, v in event.items() if {"pre": on_pre, "post": on_post}[k]}
    return Projection(
        on_pre=on_pre,
        on_post=on_post,
        on_event=event,
        kind=draw(st.sampled_from(["all", "all_but_self", "one_to_one"])),
        regularly=REGULARLY[draw(st.sampled_from(sorted(REGULARLY)))],
        post_first=bool(on_pre and on_post) and draw(st.booleans()),
    )


def run_both(projection, rows, columns, part=False):
    if projection.kind == "one_to_one" or projection.recurrent:
        columns = rows
    weights = np.random.default_rng(rows + 10 * columns).uniform(0.1, 0.9, (rows, columns))
    results = []
    for dense in (False, True):
        network, groups = build(projection, dense, rows, columns, weights, part)
        network.run(RUN_FOR)
        results.append(result(groups, projection))
    return results


def assert_same(projection, rows, columns, part=False):
    ordinary, dense = run_both(projection, rows, columns, part)
    assert ordinary.keys() == dense.keys()
    for name in ordinary:
        np.testing.assert_array_equal(dense[name], ordinary[name], err_msg=name)
    return dense


# networks are too slow to look for the smallest one that fails
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(projections(), st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_same_bits(projection, rows, columns, part):
    assert_same(projection, rows, columns, part)


@pytest.mark.parametrize("kind", ["all", "all_but_self", "one_to_one"])
def test_shared_weight_from_the_namespace(kind):
    projection = Projection(model="", on_pre="v_post -= rate", kind=kind)
    assert np.any(assert_same(projection, 4, 4)["target.v"] < 0)


def test_shared_weight_as_a_variable():
    # zero until set: the statement must read the variable, not a copy from before the run
    projection = Projection(model="w : 1 (shared)", on_pre="v_post += w + rate")
    assert_same(projection, 3, 4)


@pytest.mark.parametrize(
    "code", ["v_post += w", "v_post -= w*x_post\nw = clip(w - rate*x_pre, 0, 1)"]
)
def test_recurrent(code):
    assert_same(Projection(on_pre=code, kind="all_but_self", recurrent=True), 4, 4)


def test_several_pathways():
    projection = Projection(
        on_pre={"now": "v_post += w", "then": "w *= 0.5"},
        on_event={"now": "spike", "then": "nudge"},
    )
    assert_same(projection, 3, 4)


def test_order_of_pathways_matters():
    code = {"on_pre": "w = clip(w - rate, 0, 1)", "on_post": "w = clip(w * 1.5, 0, 1)"}
    first, _ = run_both(Projection(**code), 3, 3)
    _, second = run_both(Projection(**code, post_first=True), 3, 3)
    assert not np.array_equal(first["w"], second["w"])


@pytest.mark.parametrize("kind", ["all", "one_to_one"])
def test_value_read_before_it_is_changed(kind):
    assert_same(Projection(on_pre=ON_PRE["read before write"], kind=kind), 3, 3)
