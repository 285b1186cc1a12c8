"""Accuracy under disturbances: noise, silent inputs, other intensities, coarse weights."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from diehl_cook.figures.style import COLOURS, styled

_AXES = {
    "noise": "noise (share of full brightness)",
    "silent_inputs": "input cells that never fire (%)",
    "intensity": "intensity (times that of training)",
    "bits": "bits of each weight",
}


@styled
def robustness(
    curves: Mapping[int, Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]],
) -> Figure:
    """Test accuracy against the level of each disturbance, of every size and rule.

    Parameters
    ----------
    curves : mapping
        For each number of cells, each disturbance (``noise``, ``silent_inputs``, ``intensity``,
        ``bits``) and each rule, pairs of level and accuracy in per cent; several of the same level
        (of several seeds) are averaged.

    Raises
    ------
    ValueError
        If there is no curve.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> noise = {"triplet": [(0.0, 88.8), (0.2, 85.1)]}
    >>> figure = dc.figures.robustness({100: {"noise": noise}})
    >>> figure.savefig("robustness.png")
    """
    sizes = sorted(size for size in curves if any(curves[size].get(name) for name in _AXES))
    if not sizes:
        raise ValueError("no curve to plot")
    rules = sorted({rule for size in curves.values() for d in size.values() for rule in d})
    measured = [name for name in _AXES if any(curves[size].get(name) for size in sizes)]
    figure = Figure(
        figsize=(0.7 + 3.9 * len(sizes), 0.1 + 2.6 * len(measured)), layout="constrained"
    )
    panels = figure.subplots(len(measured), len(sizes), sharey=True, squeeze=False)
    leftmost = []
    for line, name in zip(panels, measured, strict=True):
        for axes, size in zip(line, sizes, strict=True):
            if not curves[size].get(name):
                axes.set_axis_off()
                continue
            for colour, rule in zip(COLOURS, rules, strict=False):
                points = curves[size][name].get(rule, [])
                levels = sorted({level for level, _ in points})
                means = [np.mean([y for x, y in points if x == level]) for level in levels]
                shown = [100 * level for level in levels] if name == "silent_inputs" else levels
                axes.plot(shown, means, "o-", markersize=4, color=colour, label=rule)
            if name in ("intensity", "bits"):
                axes.set_xscale("log", base=2)
                ticks = [0.25, 0.5, 1, 2, 4] if name == "intensity" else [1, 2, 4, 8, 16]
                axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            else:
                axes.locator_params("x", nbins=6)
            if name == "bits":
                axes.invert_xaxis()
            axes.grid(axis="y")
            axes.set_xlabel(_AXES[name])
        leftmost.append(next(axes for axes in line if axes.axison))
        leftmost[-1].set_ylabel("test accuracy (%)")
        leftmost[-1].tick_params(labelleft=True)
    for axes, size in zip(panels[0], sizes, strict=True):
        axes.set_title(f"{size:,} cells")
    lowest = min(
        y for size in curves.values() for d in size.values() for p in d.values() for _, y in p
    )
    panels[0, 0].set_ylim(max(0, 10 * (lowest // 10) - 10), 100)  # shared by all
    leftmost[0].legend(loc="lower left", fontsize=10)
    return figure
