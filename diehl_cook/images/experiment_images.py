"""Which images a network learns, which give its cells their labels, and which are scored."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import numpy as np

from diehl_cook.images import datasets
from diehl_cook.images.datasets import DatasetError, Split
from diehl_cook.model.experiment import EvaluationSettings, Experiment


@dataclasses.dataclass(frozen=True)
class ExperimentImages:
    """The images of an experiment, each with its class.

    Attributes
    ----------
    learning : Split
        Shown in this order, again and again, while the network learns.
    labelling : Split
        Their answers give each cell its class: the first of the learning images, or all; with
        ``evaluation.labelling_passes`` all of these again and again.
    scored : Split
        The accuracy is measured on these: the first of the test images, or all; with
        ``data.validation`` as many training images, which are not learned then: the last, or
        those of another ``data.fold``.
    scored_on : {"test", "validation"}
        Which of the two.
    source : str
        Where they come from, as messages name it.
    """

    learning: Split
    labelling: Split
    scored: Split
    scored_on: Literal["test", "validation"]
    source: str

    @property
    def n_inputs(self) -> int:
        """Pixels of an image."""
        rows, columns = self.learning.images.shape[1:]
        return rows * columns

    def oddities(self, learned: int) -> list[str]:
        """Classes that are scored, but not learned or not labelled: probably not meant.

        Few images may lack a class by chance; with ten for each class, their order is the reason.

        Parameters
        ----------
        learned : int
            How many images are learned.
        """
        kinds = {
            "learned (training.images)": self.learning.labels[:learned],
            "shown for the labels (evaluation.labelling_images)": self.labelling.labels,
        }
        scored = set(self.scored.labels.tolist())
        lacking = {
            kind: sorted(scored - set(labels.tolist()))
            for kind, labels in kinds.items()
            if len(labels) >= 10 * len(scored)
        }
        return [
            f"no image of class {', '.join(map(str, classes))} is {kind}, yet some are scored; mix"
            " the order of the images, or take more"
            for kind, classes in lacking.items()
            if classes
        ]


def load(experiment: Experiment) -> ExperimentImages:
    """Load the images of an experiment; with ``data.validation`` no test file is opened.

    Raises
    ------
    DatasetError
        If a file cannot be used, the validation leaves nothing to learn, or an image is blank
        that would end a run.
    """
    held_out, limits = experiment.data.validation, experiment.evaluation
    if held_out == 0:
        data = datasets.load(experiment.data.folder)
        learning = Split(data.train_images, data.train_labels)
        scored = Split(data.test_images, data.test_labels)
    else:
        train = datasets.load_split("train", experiment.data.folder)
        learning, scored = _hold_out(train, held_out, experiment.data.fold)
    images = ExperimentImages(
        learning,
        to_label(learning, limits),
        _first(scored, limits.test_images),
        "validation" if held_out else "test",
        str(experiment.data.folder or "the MNIST that comes along"),
    )
    presentation = experiment.presentation
    if presentation.on_silence == "error" and presentation.minimum_spikes > 0:
        _refuse_blank(images)
    return images


def to_label(learning: Split, limits: EvaluationSettings) -> Split:
    """Of the images to learn those that give the cells their labels, as often as they are shown."""
    return _again(_first(learning, limits.labelling_images), limits.labelling_passes)


def resolve(experiment: Experiment) -> Experiment:
    """Put the number for ``connections.weight_sum: auto``, which follows from the images.

    The weight of a lit pixel, and with it the room that learning has below ``w_max``, stays that
    of MNIST: the sum is in proportion to the light of an image, pixels times mean brightness, over
    all training images. Test images are not opened.

    Raises
    ------
    DatasetError
        If the images cannot be used.
    """
    stated: Any = experiment.connections.weight_sum
    if stated != "auto":
        return experiment
    images = datasets.load_split("train", experiment.data.folder).images
    share = int(images.sum(dtype=np.int64)) * _MNIST_IMAGES / (_MNIST_LIGHT * len(images))
    if share == 0:
        raise DatasetError(
            f"{experiment.data.folder}: all training images are blank; choose others"
        )
    connections = experiment.connections.model_copy(update={"weight_sum": 78.0 * share})
    return experiment.model_copy(update={"connections": connections})


def _refuse_blank(images: ExperimentImages) -> None:
    """Make sure that no image is dark throughout, which no number of showings would change."""
    kinds = {"training": images.learning, images.scored_on: images.scored}
    for kind, split in kinds.items():
        blank = np.flatnonzero(~split.rows.any(axis=1))
        if blank.size:
            more = f" (and {blank.size - 1} more)" if blank.size > 1 else ""
            raise DatasetError(
                f"{images.source}: {kind} image {blank[0]} is blank{more}, counted from 0; remove"
                " it, or state presentation.on_silence=skip"
            )


def _hold_out(train: Split, count: int, fold: int) -> tuple[Split, Split]:
    """Part training images: those to learn, and so many to score, a fold counted from the end."""
    total = len(train.images)
    if count >= total:
        raise DatasetError(
            f"data.validation: {count} of {total} training images leave none to learn; hold back"
            " fewer"
        )
    first = total - count * (fold + 1)
    if first < 0:
        raise DatasetError(
            f"data.fold: {fold} of {count} images begins before the first of {total}; the last"
            f" fold is {total // count - 1}"
        )
    held_out = slice(first, first + count)
    learned = np.delete(train.images, held_out, axis=0), np.delete(train.labels, held_out)
    for array in learned:
        array.flags.writeable = False
    return Split(*learned), Split(train.images[held_out], train.labels[held_out])


def _first(split: Split, count: int | None) -> Split:
    return Split(split.images[:count], split.labels[:count])


def _again(split: Split, passes: int) -> Split:
    if passes == 1:
        return split
    return Split(np.tile(split.images, (passes, 1, 1)), np.tile(split.labels, passes))


# The sum over all pixels of MNIST's training images, for which the published sum of weights is.
_MNIST_LIGHT, _MNIST_IMAGES = 1_567_298_545, 60_000
