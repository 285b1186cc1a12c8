"""The digits that the network took for others (the paper's Figure 3B)."""

from math import ceil

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import ArrayLike

from diehl_cook.figures.images import as_pictures
from diehl_cook.figures.style import INK, PALE, styled


@styled
def misread_digits(
    images: ArrayLike,
    true: ArrayLike,
    predicted: ArrayLike,
    total: int | None = None,
    most: int = 100,
    columns: int = 10,
) -> Figure:
    """Misread images in a grid, each under "true→predicted" (Figure 3B).

    Parameters
    ----------
    images : array (n, n_pixels) or (n, height, width)
        Images, of any brightness; those rightly read are left out.
    true, predicted : array (n,) of int
        Class of each, and what the network said: -1 if nothing.
    total : int, optional
        Images tested, where `images` holds only the misread ones; by default n.
    most : int
        At most so many are shown, the first ones.
    columns : int
        Digits in a row.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> test = dc.load_images("test")
    >>> images, true = test.images[:20], test.labels[:20]
    >>> predicted = dc.load("triplet_n400").predict(images)
    >>> figure = dc.figures.misread_digits(images, true, predicted)
    >>> figure.savefig("misread.png")
    """
    true, predicted = np.asarray(true, dtype=int), np.asarray(predicted, dtype=int)
    images = np.asarray(images)
    if not len(images) == len(true) == len(predicted):
        raise ValueError(
            f"{len(images)} images, {len(true)} true, {len(predicted)} predicted classes"
        )
    total = len(true) if total is None else total
    misread = np.flatnonzero(true != predicted)
    chosen = misread[:most]
    title = f"{misread.size:,} of {total:,} images misclassified"
    if total and misread.size:
        title += f" ({100 * misread.size / total:.2f} %)"
    if chosen.size < misread.size:
        title += f"; the first {chosen.size}"

    rows = max(1, ceil(chosen.size / columns))
    figure = Figure(
        figsize=(0.8 * columns, 0.6 + 1.08 * rows),
        layout=ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.06),
    )
    figure.suptitle(title, x=0.01, ha="left", fontsize=13)
    if not chosen.size:
        figure.text(0.5, 0.35, "none", ha="center")
        return figure
    pictures = as_pictures(images[chosen])
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[chosen.size :]:
        axes.set_axis_off()
    for axes, picture, index in zip(panels, pictures, chosen, strict=False):
        axes.imshow(picture, cmap="gray_r")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(visible=True, color=PALE)
        said = "?" if predicted[index] < 0 else predicted[index]
        axes.set_title(f"{true[index]}→{said}", fontsize=11, loc="center", pad=3, color=INK)
    return figure
