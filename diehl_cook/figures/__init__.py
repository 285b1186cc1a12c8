"""Every plot of the package, each a function from arrays to a matplotlib ``Figure``.

Nothing here reads or writes a file or touches pyplot: save a figure with ``figure.savefig(path)``.
All accuracies are in per cent, times in seconds, thresholds in volts, as the arrays come.
"""

from diehl_cook.figures.accuracy import accuracy_against_size, online_accuracy
from diehl_cook.figures.confusion import confusion
from diehl_cook.figures.cost import cost_against_size
from diehl_cook.figures.distributions import spike_counts, theta_distribution
from diehl_cook.figures.fields_over_training import fields_over_training
from diehl_cook.figures.learning_curves import learning_curves
from diehl_cook.figures.misread_digits import misread_digits
from diehl_cook.figures.raster import raster
from diehl_cook.figures.readouts import readouts
from diehl_cook.figures.receptive_fields import receptive_fields
from diehl_cook.figures.removed_cells import removed_cells
from diehl_cook.figures.robustness import robustness
from diehl_cook.figures.style import sign

__all__ = [
    "accuracy_against_size",
    "confusion",
    "cost_against_size",
    "fields_over_training",
    "learning_curves",
    "misread_digits",
    "online_accuracy",
    "raster",
    "readouts",
    "receptive_fields",
    "removed_cells",
    "robustness",
    "sign",
    "spike_counts",
    "theta_distribution",
]
