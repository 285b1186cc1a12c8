"""One look for every figure: readable 900 pixels wide, safe for colour-blind readers."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib.style
from matplotlib.figure import Figure

BLUE, VERMILLION = "#0072B2", "#D55E00"
"""Colours of Okabe and Ito's palette, told apart under every common colour blindness."""
COLOURS = (BLUE, VERMILLION, "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""More of them, for lines that share a panel."""
INK, GREY, PALE = "#222222", "#6E6E6E", "#E9E9E9"

STYLE: dict[str, Any] = {
    "figure.dpi": 150,
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 12,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
}

_Inputs = ParamSpec("_Inputs")
_Drawn = TypeVar("_Drawn", Figure, list[Figure])


def sign(figure: Figure, which: str) -> Figure:
    """Say under a figure, in a small line, which run it is of.

    Parameters
    ----------
    figure : Figure
        Of this package.
    which : str
        For example "triplet, 100 cells, seed 0, 40,000 training images".

    Returns
    -------
    Figure
        The same one.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> figure = dc.figures.confusion([[90, 10], [4, 96]])
    >>> dc.figures.sign(figure, "triplet, 100 cells, seed 0").savefig("confusion.png")
    """
    figure.supxlabel(which, x=0.99, ha="right", fontsize=8, color=GREY)
    return figure


def styled(plot: Callable[_Inputs, _Drawn]) -> Callable[_Inputs, _Drawn]:
    """Draw `plot` in the house style, whatever style the caller has set, and leave theirs alone."""

    @wraps(plot)
    def in_house_style(*args: _Inputs.args, **kwargs: _Inputs.kwargs) -> _Drawn:
        with matplotlib.style.context(["default", STYLE]):
            return plot(*args, **kwargs)

    return in_house_style
