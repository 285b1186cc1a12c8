"""Accuracy during training of many runs, a panel for each size (Figure 2C)."""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from diehl_cook.figures.style import COLOURS, GREY, styled

#: For each number of cells and each name, a pair for each seed: images seen, and values.
Curves: TypeAlias = Mapping[int, Mapping[str, Sequence[tuple[ArrayLike, ArrayLike]]]]

# Names of so many letters stand in a panel; longer ones above it, in lines of so many an inch.
_SHORT, _LETTERS = 22, 12


@styled
def learning_curves(
    curves: Curves,
    paper: Mapping[int, Mapping[str, float]],
    beneath: Mapping[str, Curves] | None = None,
) -> Figure:
    """Online accuracy against training images seen, of every rule and size (Figure 2C).

    Parameters
    ----------
    curves : mapping of int to mapping of str to sequence of pairs
        For each number of cells and each rule, a pair for each seed: training images seen by the
        end of each block, and accuracy on it in per cent, NaN where there is none. A line is the
        mean over the seeds, as far as all have come; a band reaches from the lowest to the highest.
    paper : mapping of int to mapping of str to float
        The paper's test accuracy in per cent, where it has one: a dashed line if it is the same
        for everything in a panel, otherwise a mark of its colour at the right edge.
    beneath : mapping of str to curves, optional
        Other quantities of the same runs, drawn in panels under it, by what they are called.

    Raises
    ------
    ValueError
        If there is no curve.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> seeds = [([500, 1000], [61.2, 70.4]), ([500, 1000], [59.8, 71.0])]
    >>> figure = dc.figures.learning_curves({100: {"triplet": seeds}}, {100: {"triplet": 82.9}})
    >>> figure.savefig("learning_curves.png")
    """
    sizes = sorted(curves)
    if not sizes:
        raise ValueError("no curve to plot")
    others = dict(beneath or {})
    columns = len(sizes) if others else min(2, len(sizes))
    lines = 1 + len(others) if others else -(-len(sizes) // columns)
    heights = [3.0] + ([1.5] * len(others) if others else [3.0] * (lines - 1))
    figure = Figure(figsize=(max(8.0, 4.0 * columns), 0.9 + sum(heights)), layout="constrained")
    grid = figure.subplots(
        lines, columns, sharey="row" if others else True, squeeze=False, height_ratios=heights
    )
    panels = grid[0] if others else grid.ravel()
    for axes in panels[len(sizes) :]:
        axes.remove()
    names = list(dict.fromkeys(name for size in sizes for name in curves[size]))
    colours = dict(zip(names, cycle(COLOURS), strict=False))
    for axes, size in zip(panels, sizes, strict=False):
        _bands(axes, curves[size], colours)
        _mark_paper(axes, paper.get(size, {}), set(curves[size]), colours)
        axes.set_title(f"{size:,} cells")
    for row, (name, quantity) in zip(grid[1:], others.items(), strict=False):
        row[0].set_ylabel(name)
        for axes, size in zip(row, sizes, strict=True):
            _bands(axes, quantity[size], colours)
    lowest = grid[-1] if others else panels[max(0, len(sizes) - columns) : len(sizes)]
    for axes in lowest:
        axes.set_xlabel("training images seen (thousands)")
    for axes in panels[: len(sizes) : columns]:
        axes.set_ylabel("online accuracy (%)")
    panels[0].set_ylim(top=100)
    handles = {
        label: handle
        for axes in panels[: len(sizes)]
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if max(map(len, handles)) <= _SHORT:
        panels[0].legend(handles.values(), handles.keys(), loc="best")
    else:
        line = int(_LETTERS * figure.get_figwidth())
        lines_of = [textwrap.fill(name, line) for name in handles]
        figure.legend(handles.values(), lines_of, loc="outside upper left")
    return figure


def _bands(
    axes: Axes,
    runs: Mapping[str, Sequence[tuple[ArrayLike, ArrayLike]]],
    colours: Mapping[str, str],
) -> None:
    """A line for the mean over the seeds of each name, and a band around all of them."""
    for name, seeds in runs.items():
        length = min(np.asarray(values).size for _, values in seeds)
        seen = np.asarray(seeds[0][0], dtype=float)[:length] / 1000
        known = np.array([np.asarray(values, dtype=float)[:length] for _, values in seeds])
        axes.plot(seen, known.mean(axis=0), color=colours[name], label=name)
        low, high = known.min(axis=0), known.max(axis=0)
        axes.fill_between(seen, low, high, color=colours[name], alpha=0.25, linewidth=0)
    axes.set_xlim(left=0)
    axes.grid(axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(5))


def _mark_paper(
    axes: Axes, paper: Mapping[str, float], names: set[str], colours: Mapping[str, str]
) -> None:
    """A dashed line for the number that all have in common, or a mark for each."""
    known = {name: value for name, value in paper.items() if np.isfinite(value)}
    if known.keys() == names and len(set(known.values())) == 1:
        axes.axhline(
            next(iter(known.values())), color=GREY, linestyle="--", linewidth=1.5, label=_PAPER
        )
        return
    for name, value in known.items():
        axes.plot(
            [1.0],
            [value],
            "<",
            color=colours[name],
            markersize=7,
            transform=axes.get_yaxis_transform(),
            clip_on=False,
        )
    if known:
        axes.plot([], [], "<", color=GREY, markersize=7, label=_PAPER)


_PAPER = "paper, test images"
