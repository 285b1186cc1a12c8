"""How the receptive fields form: the frames of a moving picture."""

from math import ceil, sqrt

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from diehl_cook.figures.images import as_pictures, mosaic
from diehl_cook.figures.style import GREY, PALE, styled


@styled
def fields_over_training(
    images_seen: ArrayLike,
    fields: ArrayLike,
    image_shape: tuple[int, int] | None = None,
    n_cells: int | None = None,
) -> list[Figure]:
    """Input weights of the excitatory cells at moments of a training, a figure for each moment.

    All have one colour scale. A bar tells how far the training has come, on a logarithmic scale.

    Parameters
    ----------
    images_seen : array (moments,) of int
        Training images seen by then, ascending.
    fields : array (moments, cells, n_inputs)
        Weight from each input to each cell that is shown.
    image_shape : (height, width), optional
        Shape of an input image; by default it is square.
    n_cells : int, optional
        Cells of the network, where only the first are shown.

    Raises
    ------
    ValueError
        If there is no moment, or the shapes do not fit one another.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> fields = dc.load("triplet_n400").weights.T
    >>> frames = dc.figures.fields_over_training([500, 1000], [0.8 * fields, fields])
    >>> len(frames)
    2
    """
    moments, fields = np.asarray(images_seen, dtype=int), np.asarray(fields, dtype=float)
    if fields.ndim != 3 or not len(fields) or moments.shape != fields.shape[:1]:
        raise ValueError(f"{moments.shape} moments, but fields of shape {fields.shape}")
    shown = fields.shape[1]
    cells = f"{shown:,} excitatory cells"
    if n_cells is not None and n_cells > shown:
        cells = f"the first {shown:,} of {n_cells:,} cells"
    top = float(fields.max()) or 1.0
    steps = np.log(np.maximum(moments, 1))
    first = steps[moments > 0].min(initial=steps[-1])
    shares = np.where(moments > 0, 0.1 + 0.9 * (steps - first) / max(steps[-1] - first, 1e-9), 0)
    columns = ceil(sqrt(shown))
    figures = []
    for seen, pictures, share in zip(moments, fields, shares, strict=True):
        figure = Figure(figsize=(6.0, 6.75))
        axes = figure.add_axes((0.02, 0.07, 0.96, 0.96 * 6.0 / 6.75))
        axes.imshow(
            mosaic(as_pictures(pictures, image_shape), 1 if columns <= 20 else 0),
            cmap="magma_r",
            vmin=0.0,
            vmax=top,
        )
        axes.set_axis_off()
        figure.text(0.02, 0.955, f"Receptive fields of {cells}", fontsize=13)
        figure.text(0.98, 0.955, f"{seen:,} images", fontsize=13, ha="right", fontweight="bold")
        bar = figure.add_axes((0.02, 0.04, 0.96, 0.012))
        bar.barh([0, 0], [1, share], color=[PALE, GREY])
        bar.set_xlim(0, 1)
        bar.set_axis_off()
        figures.append(figure)
    return figures
