"""Every spike of one presentation."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from diehl_cook.figures.images import as_pictures
from diehl_cook.figures.style import BLUE, GREY, INK, PALE, VERMILLION, styled


@styled
def raster(
    spike_times: ArrayLike,
    spike_cells: ArrayLike,
    n_cells: int,
    image: ArrayLike | None = None,
    image_duration: float = 0.35,
    total_duration: float = 0.5,
    input_times: ArrayLike | None = None,
    input_cells: ArrayLike | None = None,
    inhibitory_times: ArrayLike | None = None,
    inhibitory_cells: ArrayLike | None = None,
) -> Figure:
    """Spike raster of one presentation, a panel per kind of cell, beside the digit shown.

    Parameters
    ----------
    spike_times, spike_cells : array (n_spikes,)
        Time in seconds since the image came on, and index, of each excitatory spike.
    n_cells : int
        Excitatory cells, and as many inhibitory ones.
    image : array (n_pixels,) or (height, width), optional
        The image shown.
    image_duration, total_duration : float
        Time with the image and time in all, in seconds (350 ms and 500 ms in the paper).
    input_times, input_cells, inhibitory_times, inhibitory_cells : array (n_spikes,), optional
        Likewise for input and inhibitory cells; a panel each where given.

    Raises
    ------
    ValueError
        If times and cells of a kind differ in number.
    """
    picture = None
    if image is not None:
        pixels = np.asarray(image, dtype=float)
        picture = as_pictures(pixels[np.newaxis])[0]
    n_inputs = picture.size if picture is not None else None
    kinds = [
        ("input", input_times, input_cells, n_inputs, GREY),
        ("excitatory", spike_times, spike_cells, n_cells, BLUE),
        ("inhibitory", inhibitory_times, inhibitory_cells, n_cells, VERMILLION),
    ]
    given = [kind for kind in kinds if kind[1] is not None]

    figure = Figure(figsize=(8.0, 1.2 + 1.75 * len(given)), layout="constrained")
    widths = [1] if picture is None else [4.2, 1]
    grid = figure.add_gridspec(len(given), len(widths), width_ratios=widths)
    first: Axes | None = None
    for row, (name, times, cells, number, colour) in enumerate(given):
        axes = figure.add_subplot(grid[row, 0], sharex=first)
        first = first or axes
        milliseconds = 1e3 * np.asarray(times, dtype=float).ravel()
        indices = np.asarray([] if cells is None else cells, dtype=int).ravel()
        if milliseconds.size != indices.size:
            raise ValueError(f"{name}: {milliseconds.size} spike times, {indices.size} cells")
        axes.axvspan(0, 1e3 * image_duration, color=PALE, linewidth=0, zorder=0)
        many = milliseconds.size > 300
        axes.plot(
            milliseconds,
            indices,
            "|",
            color=colour,
            markersize=3 if many else 7,
            markeredgewidth=0.8 if many else 1.6,
            rasterized=many,
        )
        top = number if number is not None else indices.max(initial=0) + 1
        axes.set_ylim(-0.5 - 0.02 * top, top - 0.5 + 0.02 * top)
        if name == "input":
            axes.invert_yaxis()  # pixels as in the picture: the upper rows come first
        axes.set_ylabel(f"{name}\ncell")
        spikes = "spike" if milliseconds.size == 1 else "spikes"
        axes.text(
            0.99,
            1.0,
            f"{milliseconds.size:,} {spikes}",
            transform=axes.transAxes,
            ha="right",
            va="bottom",
            color=colour if colour != GREY else INK,
            fontsize=11,
        )
        axes.tick_params(labelbottom=row == len(given) - 1)
    assert first is not None
    first.set_xlim(0, 1e3 * total_duration)
    first.annotate(
        "image on",
        (500 * image_duration, 1.0),
        xytext=(0, 4),
        xycoords=first.get_xaxis_transform(),
        textcoords="offset points",
        ha="center",
    )
    figure.axes[-1].set_xlabel("time since the image came on (ms)")
    if picture is not None:
        shown = figure.add_subplot(grid[0, 1])
        shown.imshow(picture, cmap="gray_r")
        shown.set_xticks([])
        shown.set_yticks([])
        shown.spines[:].set_visible(True)
        shown.set_title("image", loc="center")
    return figure
