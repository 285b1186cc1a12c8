"""What a presentation costs against the number of cells."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from diehl_cook.figures.style import BLUE, GREY, INK, VERMILLION, styled

Costs = Mapping[int, tuple[float, float, float]]

_LOOKS = [
    (BLUE, "o", "-"),
    ("#56B4E9", "s", "-"),
    (VERMILLION, "^", "--"),
    (GREY, "v", ":"),
    ("#CC79A7", "D", "-."),
    (INK, "x", ":"),
]


@styled
def cost_against_size(training: Mapping[str, Costs], testing: Mapping[str, Costs]) -> Figure:
    """Milliseconds per presentation against cells, on logarithmic axes.

    Parameters
    ----------
    training, testing : mapping of str to (mapping of int to (float, float, float))
        For each kind of simulation and number of cells, the median and the lower and upper
        quartile in milliseconds per presentation.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> training = {"dense": {100: (0.27, 0.26, 0.29), 400: (0.46, 0.45, 0.48)}}
    >>> testing = {"dense": {100: (0.18, 0.18, 0.19), 400: (0.25, 0.24, 0.26)}}
    >>> figure = dc.figures.cost_against_size(training, testing)
    >>> figure.savefig("cost.png")
    """
    figure = Figure(figsize=(8.0, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    kinds = list(dict.fromkeys([*training, *testing]))
    for axes, title, costs in ((left, "Training", training), (right, "Testing", testing)):
        for kind, look in zip(kinds, _LOOKS, strict=False):
            if costs.get(kind):
                _curve(axes, kind, costs[kind], look)
        axes.set_title(title)
        axes.set_xlabel("excitatory cells")
        axes.grid(which="major")
    sizes = sorted({size for costs in (*training.values(), *testing.values()) for size in costs})
    left.set_xscale("log")
    left.set_yscale("log")
    left.xaxis.set_major_locator(FixedLocator(sizes))
    left.xaxis.set_minor_locator(NullLocator())
    left.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    left.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    left.set_ylabel("one presentation (ms)")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _curve(axes: Axes, kind: str, costs: Costs, look: tuple[str, str, str]) -> None:
    colour, marker, line = look
    sizes = sorted(costs)
    medians = [costs[size][0] for size in sizes]
    spread = [
        [costs[size][0] - costs[size][1] for size in sizes],
        [costs[size][2] - costs[size][0] for size in sizes],
    ]
    axes.errorbar(
        sizes, medians, spread, color=colour, marker=marker, linestyle=line, capsize=3, label=kind
    )
