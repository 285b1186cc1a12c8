"""Runs side by side: what differs, means and spread over seeds, and what is not there yet."""

import numpy as np
import pytest
from pretended import block, evaluation

from diehl_cook.cli import main
from diehl_cook.model.experiment_file import evaluated_as
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


def test_parameters_that_some_runs_do_not_have_count_where_the_others_differ(run_of):
    rules = ["rule=power_law", "rule=triplet"]
    paths = [run_of(f"{n}", 0.8, rule) for n, rule in enumerate(rules)]
    both = compare.compare(paths)
    assert both.keys == ["rule"]
    assert [both.name(values) for values in both.groups] == ["power_law", "triplet"]
    key = "plasticity.triplet.eta_postsynaptic"
    three = compare.compare([*paths, run_of("faster", 0.8, "rule=triplet", f"{key}=0.02")])
    assert three.keys == ["rule", key]
    assert [row[key] for row in compare.table(three)] == ["", 0.01, 0.02]
    assert [three.name(values) for values in three.groups] == [
        "power_law",
        "triplet, eta_postsynaptic 0.01",
        "triplet, eta_postsynaptic 0.02",
    ]


def test_long_names_stand_above_the_panels(run_of):
    keys = [f"connections.{key}" for key in ("weight_sum=70", "inhibitory_to_excitatory=20")]
    paths = [run_of(f"{n}", 0.8, *keys[:n]) for n in range(3)]
    figure = compare.draw(compare.compare(paths)).figure
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert figure.axes[0].get_legend() is None
    box = legend.get_window_extent()
    assert box.y0 >= max(axes.get_tightbbox().y1 for axes in figure.axes) - 1
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1


def test_the_longest_names_are_wrapped_within_the_figure(run_of):
    settings = [
        "connections.excitatory_to_inhibitory=9",
        "connections.inhibitory_to_excitatory=20",
        "presentation.maximum_showings=150",
        "evaluation.labelling_images=200",
        "evaluation.labelling_passes=2",
    ]
    paths = [run_of("a", 0.8), run_of("b", 0.8, *settings), run_of("c", 0.8, "cells=25")]
    figure = compare.draw(compare.compare(paths)).figure
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert (box.x0 >= 0, box.x1 <= figure.bbox.x1) == (True, True)


def test_a_column_a_size_and_a_line_a_group_with_spikes_and_theta_beneath(runs, run_of):
    picture = compare.draw(compare.compare([*runs, run_of("c", 0.7, "cells=25")]))
    axes = picture.figure.axes
    assert [each.get_title("left") for each in axes[:2]] == ["25 cells", "100 cells"]
    assert [each.get_ylabel() for each in axes[2::2]] == [
        "spikes per\npresentation",
        "mean θ\n(mV)",
    ]
    for panel in axes[1::2]:
        lines = [line for line in panel.lines if line.get_linestyle() == "-"]
        assert len([line for line in lines if len(line.get_xdata()) == 3]) == 2
        assert len(panel.collections) == 2  # a band for each
    said = "triplet, 25 and 100 cells, seeds 0 and 1, 1,000 training images"
    assert picture.figure.get_supxlabel() == said


@pytest.mark.parametrize(("override", "lines"), [("seed=0", 1), ("data.validation=9", 0)])
def test_the_papers_line_is_there_where_the_paper_has_a_number(run_of, override, lines):
    axes = compare.draw(compare.compare([run_of("a", 0.8, override)])).figure.axes[0]
    assert len([line for line in axes.lines if line.get_linestyle() == "--"]) == lines


def test_runs_of_other_blocks_are_apart(run_of):
    paths = [run_of("a", 0.8), run_of("b", 0.8, "training.block=250")]
    assert compare.compare(paths).keys == ["training.block"]


def test_runs_without_a_block_have_no_curve(run_of, tmp_path, capsys):
    path = run_of("a", 0.8)
    RunFolder(path).write_training([])
    assert compare.draw(compare.compare([path])) is None
    assert main(["compare", str(path), "--into", str(tmp_path)]) == 0
    assert "there are no curves" in capsys.readouterr().out


def test_the_command_writes_table_figure_and_report(runs, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("MAKELEVEL", raising=False)
    into = tmp_path / "both"
    assert main(["compare", *map(str, runs), "--into", str(into), "--format", "svg"]) == 0
    assert {path.name for path in into.iterdir()} == {
        "comparison.csv", "comparison.svg", "report.html",
    }  # fmt: skip
    said = capsys.readouterr().out
    assert "eta_postsynaptic" in said
    assert f"{runs[3]} is not evaluated yet: python -m diehl_cook evaluate {runs[3]}" in said
    assert f"{runs[0]} is not" not in said
    page = (into / "report.html").read_text()
    best = "The best of 2 kinds of runs (eta_postsynaptic 0.02) classifies 90.00 % correctly, +7.1"
    assert best in page
    assert page.count("make train EXPERIMENT=experiments/smoke.yaml SEED=1") == 2
    assert "data:image/svg+xml" in page


@pytest.mark.parametrize("name", ["evaluation.json", "training.csv"])
def test_nothing_is_written_where_a_run_is_damaged(runs, tmp_path, name, capsys):
    (runs[0] / name).write_text("damaged")
    assert main(["compare", *map(str, runs), "--into", str(tmp_path / "both")]) == 2
    assert not (tmp_path / "both").exists()
    assert capsys.readouterr().out == ""


def test_a_report_of_runs_that_are_not_evaluated(run_of, tmp_path):
    path, into = run_of("a", None), tmp_path / "into"
    assert main(["compare", str(path), "--into", str(into)]) == 0
    assert "None of these runs is evaluated yet." in (into / "report.html").read_text()


def test_a_run_is_one_however_its_folder_is_named(run_of):
    path = run_of("a", 0.8)
    (folders,) = compare.compare([path, path / ".." / path.name, path]).groups.values()
    assert len(folders) == 1


def test_a_folder_that_is_no_run_is_named(runs, tmp_path):
    with pytest.raises(RunFolderError, match="no run here"):
        compare.compare([*runs, tmp_path])


def test_a_run_of_other_settings_than_it_was_evaluated_with_is_told(run_of, tmp_path, capsys):
    path = run_of("a", 0.8)
    folder = RunFolder(path)
    with folder.claim():
        folder.settle(evaluated_as(folder.experiment(), ["evaluation.repeats=3"]))
    assert main(["compare", str(path), "--into", str(tmp_path)]) == 0
    assert f"{path} was evaluated with other settings: " in capsys.readouterr().out


def test_runs_of_other_schedules_are_apart(run_of, tmp_path, capsys):
    phase = "training.schedule={30: {excitatory: {theta_plus: 0.4 mV}}}"
    paths = [run_of("a", 0.8), run_of("b", 0.9, phase)]
    assert compare.compare(paths).keys == ["training.schedule.30.excitatory.theta_plus"]
    assert main(["compare", *map(str, paths), "--into", str(tmp_path)]) == 0
    assert "theta_plus" in capsys.readouterr().out
