"""Accuracy during training of many runs, a panel for each size (Figure 2C)."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from diehl_cook.figures.style import COLOURS, GREY, styled


@styled
def learning_curves(
    curves: Mapping[int, Mapping[str, Sequence[tuple[ArrayLike, ArrayLike]]]],
    paper: Mapping[int, Mapping[str, float]],
) -> Figure:
    """Accuracy on line against training images seen, of every rule and size (Figure 2C).

    Parameters
    ----------
    curves : mapping of int to mapping of str to sequence of pairs
        For each number of cells and each rule, a pair for each seed: training images seen by the
        end of each block, and accuracy on it in per cent, NaN where there is none. A line is the
        mean over the seeds, as far as all have come; a band reaches from the lowest to the highest.
    paper : mapping of int to mapping of str to float
        The paper's test accuracy in per cent, drawn at the right edge.

    Raises
    ------
    ValueError
        If there is no curve.
    """
    sizes = sorted(curves)
    if not sizes:
        raise ValueError("no curve to plot")
    columns = min(2, len(sizes))
    lines = -(-len(sizes) // columns)
    figure = Figure(figsize=(8.0, 0.9 + 3.0 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    for axes in panels[len(sizes) :]:
        axes.remove()
    rules = list(dict.fromkeys(rule for size in sizes for rule in curves[size]))
    colours = dict(zip(rules, cycle(COLOURS), strict=False))
    for number, (axes, size) in enumerate(zip(panels, sizes, strict=False)):
        for rule, runs in curves[size].items():
            length = min(np.asarray(accuracy).size for _, accuracy in runs)
            seen = np.asarray(runs[0][0], dtype=float)[:length] / 1000
            known = np.array([np.asarray(accuracy, dtype=float)[:length] for _, accuracy in runs])
            axes.plot(seen, known.mean(axis=0), color=colours[rule], label=rule)
            axes.fill_between(
                seen,
                known.min(axis=0),
                known.max(axis=0),
                color=colours[rule],
                alpha=0.25,
                linewidth=0,
            )
            if rule in paper.get(size, {}):
                axes.plot(
                    [1.0],
                    [paper[size][rule]],
                    "<",
                    color=colours[rule],
                    markersize=7,
                    transform=axes.get_yaxis_transform(),
                    clip_on=False,
                )
        axes.set_xlim(left=0)
        axes.set_title(f"{size:,} cells")
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        if number % columns == 0:
            axes.set_ylabel("accuracy on line (%)")
        if number + columns >= len(sizes):
            axes.set_xlabel("training images seen (thousands)")
    panels[0].set_ylim(top=100)
    if any(paper.values()):
        panels[0].plot([], [], "<", color=GREY, markersize=7, label="paper, test images")
    panels[0].legend(loc="lower right")
    return figure
