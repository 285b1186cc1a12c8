"""One presentation: the image, every spike, and how the first cells came to answer."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diehl_cook.figures.images import as_pictures
from diehl_cook.figures.style import BLUE, COLOURS, GREY, INK, PALE, styled


@styled
def raster(
    record: Any,
    image_shape: tuple[int, int] | None = None,
    true: int | None = None,
    predicted: int | None = None,
) -> Figure:
    """Spikes of one presentation beside the image, and voltages of the cells that were recorded.

    Parameters
    ----------
    record : Record
        As a network's ``record`` returns it, with units or without. Voltages are drawn of its
        recorded cells, the threshold dashed; of more than four, of those that fired most.
    image_shape : (height, width), optional
        By default the image is square.
    true, predicted : int, optional
        Class of the image, and what the network said.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> network, digit = dc.load("triplet_n400"), dc.load_images("test").images[0]
    >>> figure = dc.figures.raster(network.record(digit, voltages=[3, 17]), true=7)
    >>> figure.savefig("raster.png")
    """
    cells = np.asarray(record.cells, dtype=int)
    counts = np.bincount(np.asarray(record.excitatory.i, dtype=int), minlength=record.n_cells)
    drawn = np.argsort(-counts[cells], kind="stable")[:_MOST_VOLTAGES]
    panels = 3 if cells.size else 2
    figure = Figure(figsize=(8.0, 1.2 + 1.9 * panels), layout="constrained")
    grid = figure.add_gridspec(panels, 2, width_ratios=[4.2, 1])
    axes = [figure.add_subplot(grid[0, 0])]
    axes += [figure.add_subplot(grid[row, 0], sharex=axes[0]) for row in range(1, panels)]
    _image(figure.add_subplot(grid[0, 1]), record, image_shape, true, predicted)
    n_inputs = np.asarray(record.image).size
    _spikes(axes[0], record.input, n_inputs, GREY, "input\ncell")
    axes[0].invert_yaxis()  # pixels as in the picture: the upper rows come first
    _spikes(axes[1], record.excitatory, record.n_cells, BLUE, "excitatory\ncell")
    if cells.size:
        _voltages(axes[2], record, drawn, counts[cells])
    for panel in axes:
        panel.axvspan(0, _ms(record.image_duration), color=PALE, linewidth=0, zorder=0)
        panel.tick_params(labelbottom=panel is axes[-1])
    axes[0].set_xlim(0, _ms(record.duration))
    axes[0].annotate(
        "image on",
        (_ms(record.image_duration) / 2, 1.0),
        xytext=(0, 4),
        xycoords=axes[0].get_xaxis_transform(),
        textcoords="offset points",
        ha="center",
    )
    axes[-1].set_xlabel("time since the image came on (ms)")
    return figure


def _spikes(axes: Axes, spikes: Any, n_cells: int, colour: str, label: str) -> None:
    times = _ms(spikes.t)
    many = times.size > 300
    axes.plot(
        times,
        np.asarray(spikes.i, dtype=int),
        "|",
        color=colour,
        markersize=3 if many else 7,
        markeredgewidth=0.8 if many else 1.6,
        rasterized=many,
    )
    axes.set_ylim(-0.5 - 0.02 * n_cells, n_cells - 0.5 + 0.02 * n_cells)
    axes.set_ylabel(label)
    axes.text(
        0.99,
        1.0,
        f"{times.size:,} {'spike' if times.size == 1 else 'spikes'}",
        transform=axes.transAxes,
        ha="right",
        va="bottom",
        color=colour if colour != GREY else INK,
        fontsize=11,
    )


def _voltages(
    axes: Axes, record: Any, drawn: NDArray[np.integer], counts: NDArray[np.integer]
) -> None:
    time = _ms(record.t)
    for position, colour in zip(drawn, COLOURS, strict=False):
        spikes = "spike" if counts[position] == 1 else "spikes"
        name = f"cell {record.cells[position]} ({counts[position]} {spikes})"
        axes.plot(time, _ms(record.v[position]), color=colour, linewidth=1.2, label=name)
        level = _ms(record.theta[position]) + _ms(record.threshold)
        axes.plot(time, level, color=colour, linestyle="--", linewidth=1.2)
    axes.plot([], [], color=GREY, linestyle="--", linewidth=1.2, label="threshold")
    axes.set_ylabel("voltage\n(mV)")
    axes.margins(y=0.08)
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=10)


def _image(
    axes: Axes,
    record: Any,
    image_shape: tuple[int, int] | None,
    true: int | None,
    predicted: int | None,
) -> None:
    pixels = np.asarray(record.image, dtype=float).ravel()
    axes.imshow(as_pictures(pixels[np.newaxis], image_shape)[0], cmap="gray_r")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    words = [] if true is None else [f"class {true}"]
    words += [] if predicted is None else [f"read as {'nothing' if predicted < 0 else predicted}"]
    axes.set_title("\n".join(words) or "image", loc="center")


def _ms(seconds: Any) -> Any:
    """Seconds in milliseconds, or volts in millivolts, without the unit."""
    return 1e3 * np.asarray(seconds, dtype=float)


_MOST_VOLTAGES = 4
