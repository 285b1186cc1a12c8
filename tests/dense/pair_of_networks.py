"""The same small network with ordinary and with dense synapses, to be compared."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, Synapses, defaultclock, ms, second

from diehl_cook.dense import DenseSynapses

CELLS = """
dv/dt = -v/(5*ms) : 1
dx/dt = -x/(20*ms) : 1
total : 1
phase : 1
rank : integer
"""

CONDITIONS = {"all": None, "all_but_self": "i != j", "one_to_one": "i == j"}
KINDS = {"all": {}, "all_but_self": {"include_self": False}, "one_to_one": {"one_to_one": True}}


@dataclass
class Projection:
    """Synapses to be built in either way."""

    model: str = "w : 1"
    on_pre: Any = None
    on_post: Any = None
    on_event: Any = "spike"
    kind: str = "all"
    regularly: list[str] = field(default_factory=list)
    post_first: bool = False
    recurrent: bool = False
    dtype: Any = None


def connect(projection: Projection, dense: bool, source: Any, target: Any, name: str) -> Any:
    arguments = {
        "model": projection.model,
        "on_pre": projection.on_pre,
        "on_post": projection.on_post,
        "on_event": projection.on_event,
        "name": name,
        "namespace": {"rate": 0.125, "w_max": 1.0},
        "dtype": projection.dtype,
    }
    if dense:
        synapses = DenseSynapses(source, target, **arguments, **KINDS[projection.kind])
    else:
        synapses = Synapses(source, target, **arguments)
        synapses.connect(condition=CONDITIONS[projection.kind])
    if projection.post_first:
        synapses.pre.order, synapses.post.order = 1, -1
    for number, code in enumerate(projection.regularly):
        synapses.run_regularly(code, dt=4 * ms, order=number, name=f"{name}_regularly_{number}")
    return synapses


def cells(n: int, name: str, seed: int, dtype: Any = None, **kwds: Any) -> NeuronGroup:
    """Cells that spike at times of their own, and again when driven."""
    group = NeuronGroup(
        n,
        CELLS,
        threshold="v > 1 or sin(phase + 1.7*t/ms) > 0.8",
        reset="v = 0; x = 1",
        events={"nudge": "cos(2*phase + 0.9*t/ms) > 0.7"},
        method="exact",
        dtype=dtype,
        name=name,
        **kwds,
    )
    group.phase = np.random.default_rng(seed).uniform(0, 6, n)
    group.rank = np.arange(n)
    return group


def build(
    projection: Projection,
    dense: bool,
    rows: int,
    columns: int,
    weights: np.ndarray,
    part: bool = False,
    prefix: str = "",
    dtype: Any = None,
    **kwds: Any,
) -> tuple[Network, dict[str, Any]]:
    """A network, and its groups by name. `part` connects subgroups that leave out first cells."""
    defaultclock.dt = 0.5 * ms
    kwds = {"dtype": dtype, **kwds}
    target = cells(columns + part, f"{prefix}target", 2, **kwds)
    source = target if projection.recurrent else cells(rows + part, f"{prefix}source", 1, **kwds)
    ends = (source[1:], target[1:]) if part else (source, target)
    synapses = connect(projection, dense, *ends, f"{prefix}synapses")
    if "w : 1" in projection.model and "shared" not in projection.model:
        if dense and projection.kind != "one_to_one":
            synapses.w = weights
        else:
            chosen = {
                "all": np.ones_like(weights, dtype=bool),
                "all_but_self": ~np.eye(rows, columns, dtype=bool),
                "one_to_one": np.eye(rows, columns, dtype=bool),
            }[projection.kind]
            synapses.w = weights[chosen]
    groups = {"target": target, "source": source, "synapses": synapses, "ends": ends}
    return Network(*{source, target}, synapses, *(ends if part else ())), groups


def result(groups: dict[str, Any], projection: Projection) -> dict[str, np.ndarray]:
    """Everything that can differ, with the weights in the order of ordinary synapses."""
    values = {
        f"{cell}.{name}": np.array(getattr(groups[cell], name)[:])
        for cell in ("source", "target")
        for name in ("v", "x", "total")
    }
    synapses = groups["synapses"]
    if "w" in synapses.variables:
        w = np.array(synapses.w[:])
        if isinstance(synapses, DenseSynapses) and projection.kind == "all_but_self":
            rows, columns = synapses.layout.shape
            w = w.reshape(rows, columns)[~np.eye(rows, columns, dtype=bool)]
        values["w"] = w
    return values


RUN_FOR = 0.03 * second
