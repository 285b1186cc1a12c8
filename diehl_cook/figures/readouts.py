"""What each readout makes of the same spikes, read for longer and longer."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from diehl_cook.figures.style import COLOURS, GREY, styled


@styled
def readouts(
    curves: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]], paper: Mapping[str, float]
) -> Figure:
    """Accuracy against the time up to which spikes are read, a panel for each rule.

    Parameters
    ----------
    curves : mapping of str to mapping of str to pair
        For each rule and each readout: times in milliseconds, shape (times,), and accuracy in per
        cent, shape (seeds, times). A line is the mean over the seeds; a band reaches from the
        lowest to the highest.
    paper : mapping of str to float
        The paper's test accuracy of a rule in per cent.

    Raises
    ------
    ValueError
        If there is no curve.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> times, accuracy = [50, 150, 500], [[60.1, 80.2, 86.3], [58.0, 79.5, 85.9]]
    >>> curves = {"triplet": {"class_mean": (times, accuracy)}}
    >>> figure = dc.figures.readouts(curves, paper={"triplet": 82.9})
    >>> figure.savefig("readouts.png")
    """
    if not curves:
        raise ValueError("no curve to plot")
    columns = min(2, len(curves))
    lines = -(-len(curves) // columns)
    figure = Figure(figsize=(4.0 * columns + 0.5, 0.9 + 3.0 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axes in panels.ravel()[len(curves) :]:
        axes.remove()
    for axes, (rule, of_rule) in zip(panels.ravel(), curves.items(), strict=False):
        for colour, (name, (times, accuracy)) in zip(COLOURS, of_rule.items(), strict=False):
            times, accuracy = np.asarray(times), np.asarray(accuracy)
            axes.plot(times, accuracy.mean(axis=0), "o-", markersize=4, color=colour, label=name)
            low, high = accuracy.min(axis=0), accuracy.max(axis=0)
            axes.fill_between(times, low, high, color=colour, alpha=0.25, linewidth=0)
        if rule in paper:
            axes.axhline(paper[rule], color=GREY, linestyle="--", linewidth=1.5, label="paper")
        axes.set_title(rule)
        axes.grid(axis="y")
    for axes in panels[:, 0]:
        axes.set_ylabel("test accuracy (%)")
    for axes in panels[-1]:
        axes.set_xlabel("spikes read up to (ms)")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    beside = len(labels) if columns > 1 else 3  # one panel is too narrow for all
    figure.legend(handles, labels, loc="outside upper center", ncols=beside, fontsize=10)
    return figure
