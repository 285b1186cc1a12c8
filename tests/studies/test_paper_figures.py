"""Accuracy during training: its table, and what stays of runs that are not here."""

import math

import pytest
from pretended import block

from diehl_cook.studies import paper_figures, reproduce


@pytest.fixture
def members(tmp_path):
    """Two rules at 400 cells; the first block of the triplet network has no accuracy yet."""
    made = reproduce.plan(["triplet", "exponential"], [400], tmp_path / "runs", seeds=1)
    for member, accuracy in zip(made, (0.5, 0.7), strict=True):
        rows = [
            block(
                10_000 * (number + 1),
                accuracy + number / 10 if number else math.nan,
                spikes_per_presentation=20.5,
            )
            for number in range(3)
        ]
        member.folder.settle(member.experiment)
        member.folder.write_training(rows)
    return made


def test_a_row_for_each_block(members, tmp_path):
    rows = paper_figures.write_curves(members, tmp_path)
    assert [(row["rule"], row["images"]) for row in rows] == [
        (rule, images) for rule in ("exponential", "triplet") for images in (10_000, 20_000, 30_000)
    ]
    assert math.isnan(rows[0]["online_accuracy"])
    assert rows[4]["online_accuracy"] == pytest.approx(0.6)
    assert rows[0]["spikes_per_presentation"] == 20.5


def test_rows_of_runs_that_are_not_here_stay(members, tmp_path):
    before = paper_figures.write_curves(members, tmp_path)
    after = paper_figures.write_curves(members[:0], tmp_path)
    assert str(paper_figures.read_curves(tmp_path)) == str(after)
    assert [row["images"] for row in after] == [row["images"] for row in before]
    table = (tmp_path / "figure_2c.csv").read_text()
    paper_figures.write_curves(members[1:], tmp_path)
    assert (tmp_path / "figure_2c.csv").read_text() == table


def test_small_networks_have_no_curve(tmp_path):
    assert paper_figures.write_curves(reproduce.plan(["triplet"], [100], tmp_path), tmp_path) == []


def test_curves_are_drawn_without_any_run(members, tmp_path):
    paper_figures.write_curves(members, tmp_path)
    curves = paper_figures.read_curves(tmp_path)
    paper_figures.draw([], curves, [], tmp_path)
    assert (tmp_path / "figure_2c.png").stat().st_size > 0
    assert not (tmp_path / "figure_2b.png").exists()
