"""Every readout on the same spikes, read up to several times."""

import itertools

import numpy as np
import pytest

from diehl_cook.engine.answers import Answers, join
from diehl_cook.stages.readout import READOUTS, ClassMean
from diehl_cook.stages.readout_table import compare, markdown, reading_times

CELLS, IMAGES, LATE = 6, 240, 400


@pytest.fixture(scope="module")
def classes():
    return np.random.default_rng(0).integers(0, 3, IMAGES).astype(np.uint8)


def answers(classes, seed):
    """Before step `LATE` cells fire by chance, after it by class."""
    random = np.random.default_rng(seed)
    parts = []
    for row, one in enumerate(classes):
        early = random.integers(0, CELLS, 4), random.integers(0, LATE, 4)
        late = 2 * one + random.integers(0, 2, 8), random.integers(LATE, 1000, 8)
        cells, steps = np.concatenate([early, late], axis=1)
        parts.append((np.full(12, row), cells, steps))
    images, cells, steps = np.concatenate(parts, axis=1).astype(np.int32)
    return Answers(images, cells, steps, np.zeros(IMAGES, bool), CELLS)


def test_only_spikes_before_a_step_are_read():
    given = Answers(
        np.array([0, 0, 1]), np.array([1, 1, 0]), np.array([3, 9, 10]), np.zeros(3, bool), 2
    )
    assert given.responses().toarray().tolist() == [[0, 2], [1, 0], [0, 0]]
    assert given.responses(9).toarray().tolist() == [[0, 1], [0, 0], [0, 0]]
    assert given.responses(10).toarray().tolist() == [[0, 2], [0, 0], [0, 0]]


def test_joined_parts_are_the_whole(classes):
    whole = answers(classes, seed=1)
    borders = (0, 70, 71, IMAGES)
    parts = []
    for first, last in itertools.pairwise(borders):
        inside = (whole.images >= first) & (whole.images < last)
        parts.append(
            Answers(
                whole.images[inside] - first,
                whole.cells[inside],
                whole.steps[inside],
                whole.silent[first:last],
                CELLS,
            )
        )
    joined = join(parts)
    assert joined.shape == whole.shape
    assert (joined.responses(500) != whole.responses(500)).nnz == 0


def test_times_are_every_50_ms_of_the_image_and_then_all(experiment_with):
    assert reading_times(experiment_with()) == [50, 100, 150, 200, 250, 300, 350, 500]
    odd = experiment_with("presentation.image=120 ms", "presentation.rest=30 ms")
    assert reading_times(odd) == [50, 100, 120, 150]


def test_every_readout_is_fitted_and_scored_on_the_same_spikes_up_to_a_time(
    experiment_with, classes
):
    learned, tested = answers(classes, seed=1), [answers(classes, seed) for seed in (2, 3)]
    short = experiment_with("presentation.image=250 ms")
    rows = compare(short, learned, classes, tested, classes)
    assert [(row["read_ms"], row["readout"]) for row in rows] == [
        (time, name) for time in (50, 100, 150, 200, 250, 400) for name in READOUTS
    ]
    for row in rows:
        if row["read_ms"] <= 200:  # chance alone
            assert row["accuracy_mean"] < 0.6
        if row["read_ms"] == 400:
            assert row["accuracy_mean"] > 0.9
    reader = ClassMean().fit(learned.responses(500), classes)
    expected = [(reader.predict(each.responses(500)) == classes).mean() for each in tested]
    row = next(row for row in rows if (row["readout"], row["read_ms"]) == ("class_mean", 250))
    assert row["accuracy_mean"] == pytest.approx(np.mean(expected), abs=1e-6)
    assert row["accuracy_sd"] == pytest.approx(np.std(expected, ddof=1), abs=1e-6)
    table = markdown(rows).splitlines()
    assert table[0].startswith("| readout | 50 ms | 100 ms |")
    assert len(table) == 2 + len(READOUTS)
