"""What runs will cost on this machine, from a presentation measured beforehand."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

from diehl_cook.engine.presenter import LEARNING, TESTING
from diehl_cook.images import experiment_images
from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.model.experiment import Experiment
from diehl_cook.stages.compilation import compile_network
from diehl_cook.stages.progress import Narrator
from diehl_cook.studies.batch import Member


@dataclasses.dataclass(frozen=True)
class Cost:
    """What the runs of one rule and size will cost.

    Attributes
    ----------
    rule : str
        Learning rule.
    cells : int
        Excitatory cells.
    training_ms, testing_ms : float
        Measured wall-clock time of a presentation on one core.
    seconds : float
        Of one core, for all that these runs have yet to do.
    """

    rule: str
    cells: int
    training_ms: float
    testing_ms: float
    seconds: float


def estimate(members: Sequence[Member], narrator: Narrator) -> list[Cost]:
    """Measure a presentation of each rule and size, and count what is left to show.

    A network that has learned nothing yet fires more than a trained one, and images shown again
    are not counted: the figure is a rough one.

    Parameters
    ----------
    members : sequence of Member
        Runs that are not done yet.
    narrator : Narrator
        Told what is compiled.

    Returns
    -------
    list of Cost
        One for each rule and size, in the order of the runs.
    """
    groups: dict[tuple[str, int], list[Member]] = {}
    for member in members:
        groups.setdefault((member.experiment.rule, member.experiment.cells), []).append(member)
    return [_cost(group, narrator) for group in groups.values()]


def in_words(costs: Sequence[Cost], jobs: int) -> str:
    """The costs as lines to print, with the time that so many processes at a time will take."""
    lines = [
        f"{cost.rule}, {cost.cells} cells: {cost.training_ms:.2f} ms a presentation in training,"
        f" {cost.testing_ms:.2f} ms in testing; {_time(cost.seconds)} of one core"
        for cost in costs
    ]
    total = sum(cost.seconds for cost in costs)
    at_a_time = f"{jobs} at a time" if jobs > 1 else "one at a time"
    return "\n".join([*lines, f"in all about {_time(total / jobs)}, {at_a_time}"])


def _cost(group: Sequence[Member], narrator: Narrator) -> Cost:
    experiment = group[0].experiment
    images = experiment_images.load(experiment)
    training, testing = (
        _seconds(experiment, learning, images, narrator) for learning in (True, False)
    )
    seconds = sum(
        training * _images_to_learn(member)
        + testing
        * (
            len(images.labelling.rows)
            + member.experiment.evaluation.repeats * len(images.scored.rows)
        )
        for member in group
    )
    return Cost(experiment.rule, experiment.cells, 1e3 * training, 1e3 * testing, seconds)


def _seconds(
    experiment: Experiment, learning: bool, images: ExperimentImages, narrator: Narrator
) -> float:
    presenter = compile_network(experiment, learning, images.n_inputs, narrator)
    rows, stage = images.learning.rows[:_TIMED], LEARNING if learning else TESTING
    with tempfile.TemporaryDirectory() as workspace:
        shown = presenter.show(presenter.start(), rows, 0, stage, Path(workspace))
    return shown.seconds / int(shown.showings.sum())


def _images_to_learn(member: Member) -> int:
    total = member.experiment.training.images
    if member.folder.has_network():
        return 0
    rows = member.folder.read_training()
    return total - int(rows[-1]["images"]) if rows else total


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


_TIMED = 50  # presentations
