"""Accuracy of networks that lose cells after they have learned."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from diehl_cook.figures.style import COLOURS, styled


@styled
def removed_cells(
    curves: Mapping[str, Mapping[int, Sequence[tuple[float, float]]]],
) -> Figure:
    """Accuracy against the share of cells removed, a panel for each rule, a line for each size.

    Parameters
    ----------
    curves : mapping
        For each rule and each number of cells, pairs of the share removed, from 0 to 1, and of
        accuracy in per cent; several of the same share (of several seeds) are averaged.

    Raises
    ------
    ValueError
        If there is no curve.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> curves = {"triplet": {100: [(0.0, 88.8), (0.5, 81.3)]}}
    >>> figure = dc.figures.removed_cells(curves)
    >>> figure.savefig("removed_cells.png")
    """
    if not curves:
        raise ValueError("no curve to plot")
    sizes = sorted({size for of_rule in curves.values() for size in of_rule})
    columns = min(2, len(curves))
    lines = -(-len(curves) // columns)
    figure = Figure(figsize=(4.0 * columns + 0.5, 0.9 + 3.0 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axes in panels.ravel()[len(curves) :]:
        axes.remove()
    handles = {}
    for axes, rule in zip(panels.ravel(), sorted(curves), strict=False):
        for size, points in sorted(curves[rule].items()):
            shares = sorted({share for share, _ in points})
            means = [np.mean([y for x, y in points if x == share]) for share in shares]
            colour = COLOURS[sizes.index(size) % len(COLOURS)]
            (line,) = axes.plot(
                [100 * share for share in shares], means, "o-", markersize=4, color=colour
            )
            handles[size] = line
        axes.set_title(rule)
        axes.grid(axis="y")
    for axes in panels[:, 0]:
        axes.set_ylabel("test accuracy (%)")
    for axes in panels[-1]:
        axes.set_xlabel("cells removed (%)")
    figure.legend(
        [handles[size] for size in sizes],
        [f"{size:,} cells" for size in sizes],
        loc="outside upper center",
        ncols=len(sizes),
        fontsize=10,
    )
    return figure
