"""How well the digits are read: while training (Figure 2C) and against network size (Figure 2B)."""

from collections.abc import Mapping
from math import floor
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MultipleLocator, NullLocator, StrMethodFormatter
from numpy.typing import ArrayLike, NDArray

from diehl_cook.figures.style import BLUE, GREY, INK, VERMILLION, styled


@styled
def online_accuracy(
    images_seen: ArrayLike,
    accuracy: ArrayLike,
    paper_accuracy: float | None = None,
    final: float | None = None,
    spikes: ArrayLike | None = None,
    theta: ArrayLike | None = None,
    shares: bool = False,
) -> Figure:
    """Accuracy during training against training images seen (as the paper's Figure 2C).

    Under it, on request, how much the network fires and what holds it back.

    Parameters
    ----------
    images_seen : array (B,) of int
        Training images shown by the end of each block.
    accuracy : array (B,)
        Accuracy on each block in per cent; NaN where there is none yet.
    paper_accuracy : float, optional
        The paper's test accuracy in per cent, drawn as a horizontal line.
    final : float, optional
        Our accuracy on the test set after training, in per cent, drawn at the last block.
    spikes : array (B,), optional
        Excitatory spikes per presentation in each block.
    theta : array (B,), optional
        Mean adaptive threshold at the end of each block, in volts.
    shares : bool
        Whether `accuracy` is a share from 0 to 1, as ``Run.training`` has it, not per cent.

    Raises
    ------
    ValueError
        If the lengths differ, or the accuracies are no percentages.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> seen, accuracy = [500, 1000, 1500], [float("nan"), 41.6, 55.0]
    >>> figure = dc.figures.online_accuracy(seen, accuracy, paper_accuracy=82.9)
    >>> figure.savefig("online_accuracy.png")
    """
    images_seen = np.asarray(images_seen, dtype=float)
    accuracy = np.asarray(accuracy, dtype=float) * (100 if shares else 1)
    if images_seen.ndim != 1 or images_seen.shape != accuracy.shape:
        raise ValueError(f"{images_seen.shape} images seen, but {accuracy.shape} accuracies")
    marks = [value for value in (paper_accuracy, final) if value is not None]
    known = _percentages(np.append(accuracy, marks), may_be_small=shares)
    beneath = []
    if spikes is not None:
        beneath.append((np.asarray(spikes, dtype=float), "spikes per\npresentation"))
    if theta is not None:
        beneath.append((1e3 * np.asarray(theta, dtype=float), "mean θ\n(mV)"))

    figure = Figure(figsize=(8.0, 4.6 + 1.4 * len(beneath)), layout="constrained")
    panels = figure.subplots(
        1 + len(beneath), sharex=True, squeeze=False, height_ratios=[3] + [1] * len(beneath)
    ).ravel()
    axes = panels[0]
    few = len(accuracy) <= 40
    look: dict[str, Any] = {"color": BLUE, "marker": "o" if few else "", "markersize": 4}
    axes.plot(images_seen, accuracy, label="training images, block by block", **look)
    for panel, (values, name) in zip(panels[1:], beneath, strict=True):
        panel.plot(images_seen, values, **look)
        panel.set_ylabel(name)
        panel.grid(axis="y")
        panel.margins(y=0.15)
    last = images_seen.max(initial=1.0)
    axes.set_xlim(0, last * 1.02)
    axes.set_ylim(_lower_limit(known), 100)
    panels[-1].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    panels[-1].set_xlabel("training images seen")
    axes.set_ylabel("accuracy (%)")
    axes.set_title("Accuracy during training")
    axes.grid(axis="y")
    beside: list[tuple[float, str, str]] = []
    if paper_accuracy is not None:
        axes.axhline(
            paper_accuracy, color=GREY, linestyle="--", linewidth=1.5, label="paper, test images"
        )
        beside.append((paper_accuracy, f"paper: {paper_accuracy:.1f} %", GREY))
    if final is not None:
        axes.plot(
            [last],
            [final],
            "D",
            color=VERMILLION,
            markersize=8,
            clip_on=False,
            label="ours, test images",
        )
        beside.append((final, f"ours: {final:.2f} %", VERMILLION))
    _label_beside(axes, beside)
    axes.legend(loc="best")
    if not np.isfinite(accuracy).any():
        axes.text(0.5, 0.5, "no block classified yet", ha="center", transform=axes.transAxes)
    return figure


@styled
def accuracy_against_size(
    rows: Mapping[str, Mapping[int, tuple[float, float]]],
    paper: Mapping[str, Mapping[int, float]],
) -> Figure:
    """Test accuracy against network size beside the paper's, a panel per learning rule (Figure 2B).

    Parameters
    ----------
    rows : mapping rule -> {N: (mean, standard deviation)}
        Our test accuracies in per cent.
    paper : mapping rule -> {N: accuracy}
        The paper's, in per cent. Rules in either mapping get a panel.

    Raises
    ------
    ValueError
        If there is no rule, or the accuracies are no percentages.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> ours = {"triplet": {100: (88.8, 0.7), 400: (92.1, 0.5)}}
    >>> figure = dc.figures.accuracy_against_size(ours, {"triplet": {100: 82.9, 400: 91.4}})
    >>> figure.savefig("figure_2b.png")
    """
    rules = list(dict.fromkeys([*rows, *paper]))
    if not rules:
        raise ValueError("no learning rule to plot")
    ours = {rule: sorted(rows.get(rule, {}).items()) for rule in rules}
    theirs = {rule: sorted(paper.get(rule, {}).items()) for rule in rules}
    sizes = sorted({n for points in (ours, theirs) for rule in rules for n, _ in points[rule]})
    means = [mean for rule in rules for _, (mean, _) in ours[rule]]
    known = _percentages(np.array(means + [value for rule in rules for _, value in theirs[rule]]))

    columns = min(2, len(rules))
    lines = -(-len(rules) // columns)
    figure = Figure(figsize=(8.0, 1.2 + 2.9 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in panels[len(rules) :]:
        axes.remove()
    for number, (axes, rule) in enumerate(zip(panels, rules, strict=False)):
        axes.plot(
            [n for n, _ in theirs[rule]],
            [value for _, value in theirs[rule]],
            color=GREY,
            linestyle="--",
            marker="s",
            markerfacecolor="white",
            label="paper",
        )
        axes.errorbar(
            [n for n, _ in ours[rule]],
            [mean for _, (mean, _) in ours[rule]],
            yerr=[sd for _, (_, sd) in ours[rule]],
            color=BLUE,
            marker="o",
            capsize=4,
            label="this reproduction",
        )
        axes.set_title(rule)
        axes.grid(axis="y")
        axes.tick_params(labelbottom=number + columns >= len(rules))
        if number % columns == 0:
            axes.set_ylabel("test accuracy (%)")
        if number + columns >= len(rules):
            axes.set_xlabel("excitatory cells N")
    panels[0].legend(loc="lower right")
    panels[0].set_ylim(_lower_limit(known, step=5), 100)
    panels[0].yaxis.set_major_locator(MultipleLocator(5 if known.min(initial=100) > 60 else 20))
    panels[0].set_xscale("log")
    if sizes:
        panels[0].set_xlim(sizes[0] / 1.4, sizes[-1] * 1.4)
    panels[0].xaxis.set_major_locator(FixedLocator(sizes))
    panels[0].xaxis.set_minor_locator(NullLocator())
    panels[0].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return figure


def _percentages(values: NDArray[np.float64], may_be_small: bool = False) -> NDArray[np.float64]:
    """Finite values; an error if they cannot be per cent, or look like shares that may not be."""
    known: NDArray[np.float64] = values[np.isfinite(values)]
    are_shares = known.size and 0 < known.max() <= 1 and not may_be_small
    if known.size and (known.min() < 0 or known.max() > 100 or are_shares):
        raise ValueError(
            f"accuracies from {known.min():g} to {known.max():g}; expected per cent, 0 to 100"
        )
    return known


def _lower_limit(values: NDArray[np.float64], step: int = 10) -> float:
    """Where the accuracy axis starts: a round number under the lowest value."""
    lowest = float(values.min(initial=90.0))
    return max(0.0, step * floor((lowest - step / 5) / step))


def _label_beside(axes: Axes, labels: list[tuple[float, str, str]]) -> None:
    """Write (height, text, colour) right of the axes, each at its height, none on another."""
    low, high = axes.get_ylim()
    line = 0.065 * (high - low)
    heights = [height for height, _, _ in labels]
    if len(labels) == 2 and abs(heights[0] - heights[1]) < line:
        middle, first_is_lower = sum(heights) / 2, heights[0] < heights[1]
        heights = [middle - line / 2, middle + line / 2]
        if not first_is_lower:
            heights.reverse()
    for height, (_, text, colour) in zip(heights, labels, strict=True):
        axes.annotate(
            text,
            (1.0, height),
            xytext=(10, 0),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="center",
            color=colour if colour != GREY else INK,
        )
