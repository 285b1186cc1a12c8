"""Runs side by side: what differs, means and spread over seeds, and what is not there yet."""

import numpy as np
import pytest
from pretended import block, evaluation

from diehl_cook.cli import main
from diehl_cook.store.run_folder import RunFolder, RunFolderError
from diehl_cook.studies import compare


@pytest.fixture
def run_of(experiment_with, tmp_path):
    """Makes a run folder that says it was trained and evaluated."""

    def make(name, accuracy, *overrides):
        folder = RunFolder(tmp_path / name)
        experiment = experiment_with(*overrides)
        folder.settle(experiment)
        accuracies = {1: np.nan, 2: 0.7, 3: 0.8}
        folder.write_training([block(500 * n, accuracies[n]) for n in (1, 2, 3)])
        if accuracy is not None:
            folder.save_evaluation(*evaluation(experiment, accuracy, spikes=16.5))
        return folder.path

    return make


@pytest.fixture
def runs(run_of):
    faster = "plasticity.triplet.eta_postsynaptic=0.02"
    return [
        run_of("a0", 0.80, "seed=0"),
        run_of("a1", 0.84, "seed=1"),
        run_of("b0", 0.90, "seed=0", faster),
        run_of("b1", None, "seed=1", faster),
    ]


def test_rows_say_what_differs_and_means_over_seeds(runs):
    slow, fast = compare.table(compare.compare(runs))
    key = "plasticity.triplet.eta_postsynaptic"
    assert (slow[key], fast[key]) == (0.01, 0.02)
    assert (slow["accuracy"], slow["sd over seeds"]) == (82.0, 2.83)
    assert (fast["accuracy"], fast["sd over seeds"]) == (90.0, "")
    assert slow["runs"] == f"{runs[0]} {runs[1]}"
    assert slow["paper"] == 82.9
    assert compare.table(compare.compare([*runs, runs[0]])) == [slow, fast]


def test_parameters_of_rules_not_chosen_are_no_difference(run_of):
    paths = [run_of("a", 0.8), run_of("b", 0.8, "plasticity.power_law.eta=0.5")]
    assert compare.compare(paths).keys == []


def test_one_panel_a_size_and_one_line_a_group(runs, run_of):
    figure = compare.draw(compare.compare([*runs, run_of("c", 0.7, "cells=25")]))
    assert [axes.get_title("left") for axes in figure.axes] == ["25 cells", "100 cells"]
    lines = [line for line in figure.axes[1].lines if len(line.get_xdata()) == 3]
    assert len(lines) == 2


def test_runs_without_a_block_have_no_curve(run_of, tmp_path, capsys):
    path = run_of("a", 0.8)
    RunFolder(path).write_training([])
    assert compare.draw(compare.compare([path])) is None
    assert main(["compare", str(path), "--into", str(tmp_path)]) == 0
    assert "there are no curves" in capsys.readouterr().out


def test_the_command_writes_table_and_figure(runs, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("MAKELEVEL", raising=False)
    into = tmp_path / "both"
    assert main(["compare", *map(str, runs), "--into", str(into)]) == 0
    assert {path.name for path in into.iterdir()} == {"comparison.csv", "comparison.png"}
    said = capsys.readouterr().out
    assert "eta_postsynaptic" in said
    assert f"{runs[3]} is not evaluated yet: python -m diehl_cook evaluate {runs[3]}" in said
    assert f"{runs[0]} is not" not in said


def test_a_folder_that_is_no_run_is_named(runs, tmp_path):
    with pytest.raises(RunFolderError, match="no run here"):
        compare.compare([*runs, tmp_path])
