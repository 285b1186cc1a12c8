"""What came of a run, against the paper, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from diehl_cook.model import paper_results
from diehl_cook.model.experiment import Experiment
from diehl_cook.store.schemas import Summary


def verdict(
    experiment: Experiment,
    summary: Summary | None,
    rows: Sequence[Mapping[str, float]],
) -> str:
    """Say how well a network reads, and how that compares with the paper.

    Parameters
    ----------
    experiment : Experiment
        With every value filled in.
    summary : Summary or None
        Of the evaluation; None before the evaluation.
    rows : sequence of dict
        Of ``training.csv``.
    """
    if summary is None:
        return (
            f"Trained on {experiment.training.images:,} images, {_online(rows)}not evaluated yet."
        )
    shown = round(float(np.sum(summary.confusion)))
    kind = "held-back training" if experiment.data.validation else "test"
    repeats = len(summary.accuracies)
    spread = summary.accuracy_sd
    mean = "" if spread is None else f" (mean of {repeats} repeats, ± {100 * spread:.2f})"
    accuracy = 100 * summary.accuracy_mean
    return (
        f"This network classifies {accuracy:.2f} % of {shown:,} {kind} images correctly{mean}, "
        f"{_against_paper(experiment, accuracy)}."
    )


def _online(rows: Sequence[Mapping[str, float]]) -> str:
    if not rows or np.isnan(rows[-1]["online_accuracy"]):
        return ""
    return f"{100 * rows[-1]['online_accuracy']:.1f} % correct online in the last block, "


def _against_paper(experiment: Experiment, accuracy: float) -> str:
    theirs = paper_results.accuracy_for(experiment)
    if theirs is None:
        return f"for which the paper has no number to compare with: {_why_none(experiment)}"
    difference = round(accuracy - theirs, 1)
    more = "as many as" if difference == 0 else f"{abs(difference):.1f} points "
    more += "" if difference == 0 else "more than" if difference > 0 else "fewer than"
    images, usual = experiment.training.images, paper_results.TRAINING_IMAGES[experiment.cells]
    short = f", though after {images:,} training images instead of its {usual:,}"
    return f"{more} the {theirs:.1f} % that the paper reports for this rule and size" + (
        short if images != usual else ""
    )


def _why_none(experiment: Experiment) -> str:
    if experiment.data.folder is not None:
        return "these are other images than MNIST's"
    if experiment.data.validation:
        return "it scores test images"
    if experiment.rule not in paper_results.TEST_ACCURACY:
        return f"it has no rule {experiment.rule}"
    return f"it has networks of {', '.join(map(str, paper_results.SIZES))} cells"
