"""Which digit is taken for which (the paper's Figure 3A)."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from diehl_cook.figures.style import INK, PALE, styled

#: With more classes, a column is narrower than the word "none" below the last one.
_MOST_WITH_LEVEL_WORDS = 20


@styled
def confusion(
    matrix: ArrayLike, accuracy_mean: float | None = None, accuracy_sd: float | None = None
) -> Figure:
    """Counts of every pair of true and predicted class (Figure 3A).

    Colour shows the errors alone, so that they do not drown beside the diagonal, each as a share of
    its true class: a class with many images looks no worse than one with few. Every field has its
    count; the diagonal also has, under it, the share of the class that was correct.

    Parameters
    ----------
    matrix : array (n_classes, n_classes) or (n_classes, n_classes + 1)
        Images of each true class (row) by predicted class (column), as counts or means of counts
        over repetitions. A further last column counts images with no prediction.
    accuracy_mean, accuracy_sd : float, optional
        Mean and standard deviation of the accuracy over repetitions, in per cent, for the title.

    Raises
    ------
    ValueError
        If the matrix has another shape, or a negative count.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> figure = dc.figures.confusion([[90, 10], [4, 96]], accuracy_mean=93.0)
    >>> figure.savefig("confusion.png")
    """
    matrix = np.asarray(matrix, dtype=float)
    n_classes = len(matrix)
    if matrix.ndim != 2 or not n_classes or matrix.shape[1] - n_classes not in (0, 1):
        raise ValueError(
            f"confusion matrix of shape {matrix.shape}; expected (n, n), or (n, n + 1) with 'none'"
        )
    if (matrix < 0).any():
        raise ValueError("confusion matrix with a negative count")
    diagonal = np.eye(*matrix.shape) > 0
    shown = matrix.sum(axis=1, keepdims=True)
    shares = 100 * np.divide(matrix, shown, out=np.zeros_like(matrix), where=shown > 0)
    errors = np.where(diagonal, np.nan, shares)
    most = np.nanmax(errors, initial=0.0)

    figure = Figure(figsize=(8.0, 0.75 + 6.45 * n_classes / matrix.shape[1]), layout="constrained")
    axes = figure.add_subplot()
    axes.set_facecolor(PALE)
    image = axes.imshow(errors, cmap="magma_r", vmin=0.0, vmax=most if most > 0 else 1.0)
    size = float(np.clip(115 / n_classes, 4.0, 11.5))
    for (row, column), count in np.ndenumerate(matrix):
        right = diagonal[row, column]
        dark = not right and shares[row, column] > 0.5 * most
        text = _count(count)
        if right and shown[row, 0] > 0:
            text += f"\n{shares[row, column]:.0f} %"
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            color="white" if dark else INK if count > 0 else "#B0B0B0",
            fontsize=0.9 * size if right else size,
            fontweight="bold" if right else "normal",
        )
    axes.set_xticks(
        range(matrix.shape[1]), [*map(str, range(n_classes)), "none"][: matrix.shape[1]]
    )
    axes.set_yticks(range(n_classes))
    if matrix.shape[1] > n_classes:
        axes.axvline(n_classes - 0.5, color="white", linewidth=4)
    axes.tick_params(length=0, labelsize=float(np.clip(280 / n_classes, 5.5, 11.0)))
    axes.spines[:].set_visible(False)
    if matrix.shape[1] > n_classes > _MOST_WITH_LEVEL_WORDS:
        axes.get_xticklabels()[-1].set_rotation(90)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    title = "Confusion matrix"
    if accuracy_mean is not None:
        title += f": {accuracy_mean:.2f}"
        title += " % correct" if accuracy_sd is None else f" ± {accuracy_sd:.2f} % correct"
    axes.set_title(title)
    label = "misclassified (% of the true class)"
    bar = figure.colorbar(image, ax=axes, label=label, shrink=0.6, aspect=30, pad=0.015)
    bar.outline.set_visible(False)
    return figure


def _count(count: float) -> str:
    """A count as people write it: a decimal only where a mean is small."""
    return f"{count:.1f}" if count % 1 and count < 9.95 else f"{count:.0f}"
