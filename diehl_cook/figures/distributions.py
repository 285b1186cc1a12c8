"""How thresholds and spike counts are spread."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from diehl_cook.figures.style import BLUE, VERMILLION, styled


@styled
def theta_distribution(theta: ArrayLike) -> Figure:
    """Histogram of the adaptive thresholds, their mean marked (the paper's section 2.4).

    Parameters
    ----------
    theta : array (N,)
        Adaptive part of each excitatory cell's threshold, in volts.

    Raises
    ------
    ValueError
        If there is no cell.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> figure = dc.figures.theta_distribution(dc.load("triplet_n400").theta)
    >>> figure.savefig("theta.png")
    """
    millivolts = 1e3 * np.asarray(theta, dtype=float).ravel()
    if not millivolts.size:
        raise ValueError("no cell")
    bins = int(np.clip(1.5 * np.sqrt(millivolts.size), 10, 60))
    figure = Figure(figsize=(8.0, 4.4), layout="constrained")
    axes = figure.add_subplot()
    axes.hist(millivolts, bins=bins, color=BLUE, edgecolor="white", linewidth=0.6)
    _mark_mean(axes, millivolts.mean(), f"mean {millivolts.mean():.1f} mV")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("adaptive threshold θ (mV)")
    axes.set_ylabel("excitatory cells")
    axes.set_title(f"Adaptive thresholds, N = {millivolts.size:,}")
    return figure


@styled
def spike_counts(spikes_per_image: ArrayLike, correct: ArrayLike | None = None) -> Figure:
    """Distribution of the excitatory spikes per presentation, on whether it was rightly read.

    Bars are shares of a group, so that the few wrongly read can be compared with the rest.

    Parameters
    ----------
    spikes_per_image : array (n_images,) of int
        Spikes of all excitatory cells together at each test presentation.
    correct : array (n_images,) of bool, optional
        Whether each was rightly read.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> figure = dc.figures.spike_counts([17, 21, 8, 5], correct=[True, True, True, False])
    >>> figure.savefig("spike_counts.png")
    """
    counts = np.asarray(spikes_per_image).ravel()
    groups = [("all", counts, BLUE)]
    if correct is not None:
        right = np.asarray(correct, dtype=bool).ravel()
        if right.shape != counts.shape:
            raise ValueError(f"{counts.size} spike counts, but {right.size} marks of correctness")
        groups = [
            ("correct", counts[right], BLUE),
            ("misclassified", counts[~right], VERMILLION),
        ]
    width = max(1, round(float(counts.max(initial=0)) / 60))
    edges = np.arange(-0.5, counts.max(initial=0) + width + 0.5, width).tolist()

    figure = Figure(figsize=(8.0, 4.4), layout="constrained")
    axes = figure.add_subplot()
    for name, group, colour in groups:
        if not group.size:
            continue
        share = np.full(group.size, 100 / group.size)
        label = f"{name}: mean {group.mean():.1f} spikes (n = {group.size:,})"
        axes.hist(group, edges, weights=share, color=colour, alpha=0.3, label=label)
        axes.hist(group, edges, weights=share, color=colour, histtype="step", linewidth=2)
    if counts.size:
        peak = axes.dataLim.y1
        for _, group, colour in groups:
            if group.size:
                axes.vlines(
                    group.mean(), 0, 1.06 * peak, color=colour, linestyle="--", linewidth=1.5
                )
        axes.set_ylim(0, 1.3 * peak)
        axes.legend(loc="upper right")
    else:
        axes.text(0.5, 0.5, "no presentation", ha="center", transform=axes.transAxes)
    axes.set_xlim(left=-0.5)
    axes.set_xlabel("excitatory spikes per presentation")
    share_of = "presentations" if correct is None else "group"
    axes.set_ylabel(f"share of {share_of} (%)")
    axes.set_title("Spikes per test presentation")
    return figure


def _mark_mean(axes: Axes, mean: float, text: str) -> None:
    """A line at the mean with its value above the histogram."""
    axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
    axes.axvline(mean, color=VERMILLION, linestyle="--", linewidth=1.5)
    axes.annotate(
        text,
        (mean, 1.0),
        xytext=(6, -4),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        va="top",
        color=VERMILLION,
    )
