"""What each excitatory cell has learned to look for (the paper's Figure 2A)."""

from math import ceil, sqrt
from typing import Any

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from diehl_cook.figures.images import as_pictures, mosaic
from diehl_cook.figures.style import BLUE, INK, styled

MOST_CELLS_WITH_TEXT = 400


@styled
def receptive_fields(
    weights: Any,
    labels: ArrayLike | None = None,
    image_shape: tuple[int, int] | None = None,
    w_max: float | None = None,
    by_class: bool = False,
) -> Figure:
    """Input weights of every excitatory cell as a picture, in a square grid (Figure 2A).

    Cells stand row by row, in their own order or sorted by class. Up to 400 of them carry their
    class in a corner; a cell without a class has a frame, whatever their number.

    Parameters
    ----------
    weights : array (n_inputs, N)
        Weight from each input to each excitatory cell, dimensionless; or a network, which
        brings its labels along.
    labels : array (N,) of int, optional
        Class of each cell, -1 for none.
    image_shape : (height, width)
        Shape of an input image, height * width = n_inputs; by default it is square.
    w_max : float, optional
        Weight at the dark end of the colour scale; by default the largest one.
    by_class : bool
        Sort the cells by class, those of one class in their own order, those without one last.

    Raises
    ------
    ValueError
        If the shapes do not fit one another, or cells without labels are to be sorted by them.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> figure = dc.figures.receptive_fields(dc.load("triplet_n400"), by_class=True)
    >>> figure.savefig("fields.png")
    """
    if hasattr(weights, "weights"):
        labels = weights.labels if labels is None else labels
        weights = weights.weights
    weights = np.asarray(weights, dtype=float)
    if weights.ndim != 2 or weights.shape[1] == 0:
        raise ValueError(f"weights have shape {weights.shape}; expected (n_inputs, N), N > 0")
    n_cells = weights.shape[1]
    classes = None if labels is None else np.asarray(labels, dtype=int)
    if classes is not None and classes.shape != (n_cells,):
        raise ValueError(f"labels have shape {classes.shape}; expected ({n_cells},)")
    if by_class:
        if classes is None:
            raise ValueError("by_class needs the labels of the cells: give labels=, or a network")
        order = np.lexsort((classes, classes < 0))  # by class; none of them last
        weights, classes = weights[:, order], classes[order]
    pictures = as_pictures(weights.T, image_shape)
    top = w_max if w_max is not None else np.nanmax(weights, initial=0.0)
    gap = 1 if n_cells <= MOST_CELLS_WITH_TEXT else 0
    grid = mosaic(pictures, gap)

    figure = Figure(figsize=(8.0, 7.7))
    figure.set_layout_engine("constrained", h_pad=0.1)  # inches; the title keeps off the edge
    axes = figure.add_subplot()
    image = axes.imshow(grid, cmap="magma_r", vmin=0.0, vmax=top if top > 0 else 1.0)
    axes.set_axis_off()
    bar = figure.colorbar(image, ax=axes, label="weight", shrink=0.6, aspect=30, pad=0.015)
    bar.outline.set_visible(False)
    cells = "cell" if n_cells == 1 else "cells"
    title = f"Receptive fields of {n_cells:,} excitatory {cells}"
    title += ", by class" if by_class else ""
    if classes is None:
        axes.set_title(title)
        return figure

    columns = ceil(sqrt(n_cells))
    height, width = pictures.shape[1:]
    left = np.arange(n_cells) % columns * (width + gap) - 0.5
    upper = np.arange(n_cells) // columns * (height + gap) - 0.5
    if n_cells <= MOST_CELLS_WITH_TEXT:
        # 430 points: the width of the grid on the page
        size = float(np.clip(0.25 * 430 / columns, 5.5, 12))
        outline = [withStroke(linewidth=size / 4, foreground="white")]
        for x, y, its_class in zip(left, upper, classes, strict=True):
            axes.text(
                x + 0.06 * width,
                y + 0.04 * height,
                "?" if its_class < 0 else str(its_class),
                color=BLUE if its_class < 0 else INK,
                fontsize=size,
                fontweight="bold",
                va="top",
                path_effects=outline,
            )
    unlabelled = np.flatnonzero(classes < 0)
    if unlabelled.size:
        x, y = left[unlabelled], upper[unlabelled]
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        frames = PolyCollection(
            np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1),  # type: ignore
            facecolors="none",
            edgecolors=BLUE,
            linewidths=float(np.clip(15 / columns, 0.6, 1.5)),
        )
        axes.add_collection(frames, autolim=False)
        title += f" (framed: {unlabelled.size:,} without a class)"
    axes.set_title(title)
    return figure
