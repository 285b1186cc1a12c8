"""Which images are learned, which label, which are scored."""

import numpy as np
import pytest

from diehl_cook.images import datasets, experiment_images
from diehl_cook.images.datasets import DatasetError, Split
from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.model.experiment import Experiment


def split_of(first, count):
    """Images that can be told apart by their first pixel."""
    images = np.ones((count, 2, 3), np.uint8)
    images[:, 0, 0] = np.arange(first, first + count)
    return Split(images, np.arange(count, dtype=np.uint8) % 10)


@pytest.fixture
def opened(monkeypatch):
    """Thirty training images from 0 on and ten test images from 100 on; lists what is opened."""
    known, names = {"train": split_of(0, 30), "test": split_of(100, 10)}, []

    def load_split(name, folder=None):
        names.append(name)
        return known[name]

    monkeypatch.setattr(datasets, "load_split", load_split)
    return names


def experiment_with(validation=0, fold=0, presentation=None, **evaluation):
    return Experiment.model_validate(
        {
            "cells": 4,
            "training": {"images": 1},
            "data": {"validation": validation, "fold": fold},
            "presentation": presentation or {},
            "evaluation": evaluation,
        }
    )


def numbers(split):
    return split.images[:, 0, 0].tolist()


def test_test_images_are_scored(opened):
    images = experiment_images.load(experiment_with())
    assert numbers(images.learning) == numbers(images.labelling) == list(range(30))
    assert numbers(images.scored) == list(range(100, 110))
    assert images.scored_on == "test"
    assert images.n_inputs == 6
    assert images.learning.rows.shape == (30, 6)


def test_folds_are_counted_from_the_end(opened):
    held_out = [
        numbers(experiment_images.load(experiment_with(8, fold)).scored) for fold in range(3)
    ]
    assert held_out == [[*range(22, 30)], [*range(14, 22)], [*range(6, 14)]]
    images = experiment_images.load(experiment_with(8, 1))
    assert numbers(images.learning) == [*range(14), *range(22, 30)]
    assert images.learning.labels.tolist() == [n % 10 for n in numbers(images.learning)]
    assert numbers(experiment_images.load(experiment_with(10, 2)).learning) == [*range(10, 30)]
    assert set(opened) == {"train"}


def test_a_fold_that_is_not_there_names_the_last(opened):
    with pytest.raises(DatasetError, match=r"data\.fold: 3 of 8 .*; the last fold is 2"):
        experiment_images.load(experiment_with(8, 3))
    assert len(experiment_images.load(experiment_with(8, 2)).scored.labels) == 8


def test_a_fold_without_a_validation_is_refused():
    with pytest.raises(ValueError, match=r"data\.fold needs data\.validation"):
        experiment_with(0, 1)


def test_last_training_images_are_held_out(opened):
    images = experiment_images.load(experiment_with(validation=8))
    assert numbers(images.learning) == numbers(images.labelling) == list(range(22))
    assert numbers(images.scored) == list(range(22, 30))
    assert images.scored.labels.tolist() == [n % 10 for n in range(22, 30)]
    assert images.scored_on == "validation"


def test_validation_opens_no_test_file(opened):
    experiment_images.load(experiment_with(validation=8))
    assert opened == ["train"]


def test_fewer_images_label_and_are_scored(opened):
    images = experiment_images.load(experiment_with(8, labelling_images=5, test_images=3))
    assert numbers(images.learning) == list(range(22))
    assert numbers(images.labelling) == list(range(5))
    assert numbers(images.scored) == [22, 23, 24]


def test_each_labelling_image_is_shown_so_often(opened):
    images = experiment_images.load(experiment_with(8, labelling_images=3, labelling_passes=2))
    assert numbers(images.labelling) == [0, 1, 2, 0, 1, 2]
    assert images.labelling.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert numbers(images.learning) == list(range(22))


def test_scored_classes_that_nothing_is_known_of_are_told():
    def split(classes, each):
        labels = np.repeat(np.arange(classes, dtype=np.uint8), each)
        return Split(np.ones((len(labels), 2, 3), np.uint8), labels)

    def oddities(learned, learning, labelling, scored):
        return ExperimentImages(learning, labelling, scored, "test", "here").oddities(learned)

    three, two = split(3, 20), split(2, 20)
    assert oddities(60, three, three, three) == oddities(60, three, three, two) == []
    (odd,) = oddities(40, three, three, three)
    assert odd.startswith("no image of class 2 is learned (training.images), yet some are scored;")
    (odd,) = oddities(60, three, two, three)
    assert odd.startswith("no image of class 2 is shown for the labels (evaluation.labelling_ima")
    assert len(oddities(60, two, two, three)) == 2
    # by chance, perhaps
    assert oddities(29, three, split(1, 29), three) == []
    (odd,) = oddities(30, three, split(1, 29), three)
    assert "class 2 is learned" in odd


@pytest.mark.parametrize("count", [30, 31])
def test_validation_must_leave_something_to_learn(opened, count):
    with pytest.raises(DatasetError, match=rf"data.validation: {count} of 30"):
        experiment_images.load(experiment_with(validation=count))


def test_mnist_with_validation():
    images = experiment_images.load(experiment_with(validation=10_000))
    assert (len(images.learning.images), len(images.scored.images)) == (50_000, 10_000)


@pytest.mark.parametrize(("part", "kind"), [("train", "training"), ("test", "test")])
def test_a_blank_image_is_told_before_anything_is_shown(monkeypatch, part, kind):
    known = {"train": split_of(0, 30), "test": split_of(100, 10)}
    known[part].images[[3, 7]] = 0
    monkeypatch.setattr(datasets, "load_split", lambda name, folder=None: known[name])
    with pytest.raises(DatasetError) as caught:
        experiment_images.load(experiment_with())
    assert str(caught.value) == (
        f"the MNIST that comes along: {kind} image 3 is blank (and 1 more), counted from 0; remove"
        " it, or state presentation.on_silence=skip"
    )
    for stated in ({"on_silence": "skip"}, {"minimum_spikes": 0}):
        assert experiment_images.load(experiment_with(presentation=stated)).scored_on == "test"
