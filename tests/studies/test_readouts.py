"""The table of readouts of many networks, and its figures."""

from types import SimpleNamespace

import numpy as np
import pytest

from diehl_cook.figures import readouts as draw_readouts
from diehl_cook.model.paper_results import TEST_ACCURACY
from diehl_cook.stages import workflow
from diehl_cook.stages.network import Network
from diehl_cook.stages.progress import Silence
from diehl_cook.studies import readouts

TIMES, NAMES = (50.0, 350.0), ("class_mean", "naive_bayes")


def rows_of(rule="triplet", cells=400, seed=0, best=0.9, spread=0.001):
    return [
        {
            "rule": rule, "cells": cells, "seed": seed, "readout": name, "read_ms": time,
            "accuracy_mean": best * time / 350 - 0.01 * (name == "class_mean"),
            "accuracy_sd": spread, "repeats": 3,
        }
        for time in TIMES
        for name in NAMES
    ]  # fmt: skip


def test_rows_take_the_place_of_those_of_the_same_network(tmp_path):
    assert readouts.read_table(tmp_path) == []
    readouts.write_table(tmp_path, rows_of(seed=1, spread=np.nan))
    readouts.write_table(tmp_path, rows_of(cells=100))
    written = readouts.write_table(tmp_path, rows_of(seed=1, best=0.8))
    assert written == [*rows_of(cells=100), *rows_of(seed=1, best=0.8)]
    assert readouts.read_table(tmp_path) == written


def test_a_network_in_the_table_is_known(tmp_path, experiment_with):
    experiment = experiment_with("seed=4")
    rows = readouts.write_table(tmp_path, rows_of(experiment.rule, experiment.cells, 4))
    assert readouts.is_measured(rows, experiment)
    assert not readouts.is_measured(rows, experiment_with("seed=5"))


def test_the_summary_holds_means_over_seeds_of_all_spikes():
    rows = [*rows_of(seed=0, best=0.9), *rows_of(seed=1, best=0.92)]
    line = readouts.markdown(rows).splitlines()[2]
    assert line == "| triplet | 400 | 2 | 91.4 | 90.00 ± 1.41 | 91.00 (+1.00 ± 0.00) |"


def test_a_measurement_says_whose_it_is_and_how_often_it_was_repeated(experiment_with, monkeypatch):
    asked = []

    def evaluate(experiment, trained, jobs, narrator, all_readouts):
        asked.append((experiment.evaluation.repeats, all_readouts))
        row = {"readout": "logistic", "read_ms": 350.0, "accuracy_mean": 0.9, "accuracy_sd": 0.1}
        return SimpleNamespace(readouts=[row])

    monkeypatch.setattr(workflow, "evaluate_network", evaluate)
    network = Network(experiment_with("seed=7"), None)
    (row,) = readouts.measure(network, repeats=5, jobs=1, narrator=Silence())
    assert asked == [(5, True)]
    assert (row["rule"], row["cells"], row["seed"], row["repeats"]) == ("triplet", 100, 7, 5)


def test_there_is_a_figure_for_each_size_with_a_panel_for_each_rule():
    rows = [*rows_of(), *rows_of("exponential"), *rows_of(cells=100), *rows_of(seed=1, best=0.92)]
    figures = readouts.draw(rows)
    assert list(figures) == ["readouts_n100", "readouts_n400"]
    panels = {axes.get_title("left"): axes for axes in figures["readouts_n400"].axes}
    assert list(panels) == ["exponential", "triplet"]
    lines = {line.get_label(): line for line in panels["triplet"].lines}
    np.testing.assert_allclose(lines["naive_bayes"].get_xdata(), TIMES)
    np.testing.assert_allclose(lines["naive_bayes"].get_ydata(), [13, 91])
    assert set(lines["paper"].get_ydata()) == {TEST_ACCURACY["triplet"][400]}


def test_nothing_measured_draws_nothing():
    assert readouts.draw([]) == {}
    with pytest.raises(ValueError, match="no curve"):
        draw_readouts({}, {})
