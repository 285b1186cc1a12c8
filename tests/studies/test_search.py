"""Searches: what a file means, what is proposed, given up and gone on with, and the table."""

import csv
import json
import os
import sys
from pathlib import Path

import pytest
import yaml
from pretended import block, evaluation

from diehl_cook.cli import main
from diehl_cook.engine.presenter import PresentationError
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.stages import workflow
from diehl_cook.studies import search, search_file
from diehl_cook.studies.workers import _attempt

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
INHIBITION = "connections.inhibitory_to_excitatory"
CHOICES = {INHIBITION: {"low": 10.0, "high": 40.0}, "excitatory.tau_ge": ["1 ms", "2 ms"]}
BLOCKS = 5


def write(folder, **content):
    path = folder / "try.yaml"
    base = {
        "experiment": str(EXPERIMENTS / "smoke.yaml"),
        "set": {"data.validation": 10_000},
        "choices": CHOICES,
        "trials": 4,
    }
    path.write_text(yaml.safe_dump(base | content, sort_keys=False))
    return path


def load(folder, **content):
    return search_file.load_search(write(folder, **content), folder / "results")


@pytest.fixture
def runs(monkeypatch):
    """Runs that take no time: inhibition 22 is best, thresholds rise for three blocks of five."""
    began = []

    def train_run(experiment, folder, narrator, with_figures):
        began.append(experiment.connections.inhibitory_to_excitatory)
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.settle(experiment)
        rows = folder.read_training()
        with narrator.follow("training") as report:
            for number in range(len(rows), BLOCKS):
                report(None)
                theta = 20 + 10 * min(number + 1, 3)
                rows.append(block(500 * (number + 1), accuracy(experiment), mean_theta_mV=theta))
                folder.write_training(rows)

    def evaluate_run(folder, jobs, with_figures):
        assert jobs == 1
        experiment = folder.experiment()
        folder.save_evaluation(*evaluation(experiment, accuracy(experiment)))

    monkeypatch.setattr(workflow, "train_run", train_run)
    monkeypatch.setattr(workflow, "evaluate_run", evaluate_run)
    monkeypatch.setattr(workflow, "quieten_brian", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda file: None)  # a disk is slow, and nothing fails here
    return began


def accuracy(experiment):
    return round(0.9 - abs(experiment.connections.inhibitory_to_excitatory - 22) / 100, 4)


@pytest.fixture
def in_series(monkeypatch):
    """Trials one after the other in this process."""

    def run_all(function, tasks, *rest):
        for position, task in enumerate(tasks):
            yield _attempt(function, position, task)

    monkeypatch.setattr(search, "run_all", run_all)
    monkeypatch.setattr("diehl_cook.cli.many_runs._say_cost", lambda *arguments: None)


def command(folder, path):
    return ["search", str(path), "--results", str(folder / "results")]


def rows_of(folder):
    with (folder / "results" / "try" / "table.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_best_points_are_found_and_bad_ones_given_up_once_thresholds_have_risen(
    tmp_path, runs, in_series
):
    path = write(tmp_path, trials=16)
    assert main(command(tmp_path, path)) == 0
    rows = rows_of(tmp_path)
    assert float(rows[0]["accuracy"]) == max(float(row["accuracy"] or 0) for row in rows)
    assert abs(float(rows[0][INHIBITION]) - 22) <= 5
    given_up = [row for row in rows if row["state"] == "given up"]
    assert given_up
    # In the fourth block thresholds rise no more; it is looked at with the fifth under way.
    assert {row["images"] for row in given_up} == {"2000"}
    assert {row["accuracy"] for row in given_up} == {""}
    assert {row["state"] for row in rows} == {"scored", "given up"}


def test_the_same_search_proposes_the_same_points(tmp_path, runs, in_series):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        assert main(command(tmp_path / name, write(tmp_path / name))) == 0
    assert runs[: len(runs) // 2] == runs[len(runs) // 2 :]
    assert rows_of(tmp_path / "one") == rows_of(tmp_path / "other")


def test_a_search_goes_on_where_it_was_stopped(tmp_path, runs, in_series, monkeypatch):
    path = write(tmp_path, trials=3)
    whole, calls = workflow.evaluate_run, []

    def stopped(*arguments, **keywords):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        whole(*arguments, **keywords)

    monkeypatch.setattr(workflow, "evaluate_run", stopped)
    assert main(command(tmp_path, path)) == 130
    assert [row["state"] for row in rows_of(tmp_path)] == ["scored"]
    assert main(command(tmp_path, path)) == 0
    assert [row["state"] for row in rows_of(tmp_path)] == ["scored"] * 3
    assert runs[1] == runs[2]
    assert main(command(tmp_path, path)) == 0
    assert len(runs) == 4
    assert main(command(tmp_path, write(tmp_path, trials=4))) == 0
    assert len(runs) == 5


def test_a_point_that_cannot_be_run_is_told_in_the_table(
    tmp_path, runs, in_series, monkeypatch, capsys
):
    def fail(*arguments, **keywords):
        raise PresentationError("too few\nspikes")

    with monkeypatch.context() as patch:
        patch.setattr(workflow, "train_run", fail)
        for _ in range(2):
            assert main(command(tmp_path, write(tmp_path, trials=2))) == 2
            assert "none of 2 points could be run (too few spikes)" in capsys.readouterr().err
    assert {(row["state"], row["error"]) for row in rows_of(tmp_path)} == {
        ("failed", "too few spikes")
    }
    assert main(command(tmp_path, write(tmp_path, trials=3))) == 0
    assert sorted(row["state"] for row in rows_of(tmp_path)) == ["failed", "failed", "scored"]


def test_what_the_machine_failed_is_done_by_the_same_command(
    tmp_path, runs, in_series, monkeypatch, capsys
):
    def fail(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(workflow, "train_run", fail)
        assert main(command(tmp_path, write(tmp_path, trials=2))) == 1
    assert "2 of 2 runs failed; trial 0: [Errno 28] No space" in capsys.readouterr().err
    assert main(command(tmp_path, write(tmp_path, trials=2))) == 0
    assert [row["state"] for row in rows_of(tmp_path)] == ["scored"] * 2


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"set": {}}, "data.validation: a search scores training images that are held back"),
        ({"choices": {}}, "choices: Dictionary should have at least 1 item"),
        ({"choices": {"data.validation": [0, 1]}, "set": {}}, "data.validation cannot be searched"),
        ({"choices": {"evaluation": [{}]}}, "evaluation cannot be searched"),
        ({"choices": {"seed": [1]}}, "seed cannot be varied"),
        ({"choices": {"cells": [1]}, "set": {"cells": 1}}, "cells stands in set and choices"),
        ({"choices": {"cells": 5}}, "choices.cells: state a list of values or low and high"),
        ({"choices": {"cells": []}}, "choices.cells: state a list of values or low and high"),
        ({"choices": {"cells": [1, 1]}}, "values: a value stands twice"),
        ({"choices": {"cells": {"low": 1}}}, "high: is missing; state it"),
        ({"choices": {"cells": {"low": 1, "high": 2, "logg": True}}}, "did you mean 'log'?"),
        ({"choices": {"cells": {"low": 2, "high": 1}}}, "low must be less than high"),
        ({"choices": {"cells": {"low": 0, "high": 1, "log": True}}}, "log needs a low above zero"),
        ({"choices": {"cells": {"low": "a", "high": 1}}}, "must be numbers, not 'a'"),
        ({"choices": {"cells": {"low": "1..2", "high": 3}}}, "must be numbers, not '1..2'"),
        ({"choices": {"cells": {"low": 1.0, "high": 1e999}}}, "must be numbers, not inf"),
        (
            {"choices": {"excitatory.tau_ge": {"low": "1 ms", "high": "1 s"}}},
            "low is in ms and high in s",
        ),
        ({"choices": {"excitatory.tau_ge": {"low": 1, "high": 2}}}, "excitatory.tau_ge: 1 is not"),
        ({"choices": {"cels": [1]}}, "cels: unknown key; did you mean 'cells'?"),
        ({"choices": {"cells": {"low": -3, "high": 3}}}, "cells: Input should be greater than 0"),
        ({"trials": 0}, "trials: Input should be greater than 0"),
        ({"trails": 1}, "trails: unknown key; did you mean 'trials'?"),
    ],
)
def test_mistake_is_named_before_anything_runs(tmp_path, capsys, content, complaint):
    path = write(tmp_path, **content)
    assert main(command(tmp_path, path)) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert len(said.splitlines()) == 1
    assert str(tmp_path) in said
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    "content", [b"{", b"[]\n", b"\x00\xff\n", b'{"op_code": 99, "worker_id": "a"}\n']
)
def test_a_damaged_record_is_one_line_and_the_advice_works(
    tmp_path, runs, in_series, capsys, content
):
    path, record = write(tmp_path, trials=1), tmp_path / "results" / "try" / "study.journal"
    record.parent.mkdir(parents=True)
    record.write_bytes(content + b'{"op_code": 0}\n')
    assert main(command(tmp_path, path)) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith(f"diehl_cook: {record}: is damaged or foreign (")
    assert "\n" not in said
    record.rename(tmp_path / "moved")
    assert main(command(tmp_path, path)) == 0


def test_another_search_of_that_name_is_one_line(tmp_path, runs, in_series, capsys):
    assert main(command(tmp_path, write(tmp_path, trials=1))) == 0
    other = write(tmp_path, trials=1, choices={INHIBITION: [17, 22]})
    assert main(command(tmp_path, other)) == 2
    assert "holds a search with other values (choices)" in capsys.readouterr().err


def test_a_search_under_way_is_one_line(tmp_path, capsys):
    path = write(tmp_path)
    with search.claimed(load(tmp_path)) as trials:
        assert trials == 4
        assert main(command(tmp_path, path)) == 2
    assert "another process searches there" in capsys.readouterr().err


def test_optuna_that_is_not_installed_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert main(command(tmp_path, write(tmp_path))) == 2
    assert "pip install optuna" in capsys.readouterr().err


def test_proposals_keep_their_unit_and_their_bounds(tmp_path):
    class Trial:
        def suggest_float(self, key, low, high, log):
            return low + (high - low) * 0.98765

    between = search_file.Between(low="0.0123456 mV", high="0.0123499 mV")
    number, unit = between.propose(Trial(), "key").split()
    assert 0.0123456 <= float(number) <= 0.0123499
    assert unit == "mV"
    assert search_file.Between(low=0.1, high=1).propose(Trial(), "key") == 0.989


@pytest.mark.parametrize(
    ("thetas", "risen"),
    [
        ([24.3], False),
        ([24.3, 29.6], False),
        ([24.3, 29.6, 35.7], False),
        ([24.3, 29.6, 35.7, 41.2], False),  # the block in which accuracy jumps
        ([24.3, 29.6, 35.7, 41.2, 44.7], True),
        ([19.0, 18.9], False),  # forgotten faster than risen
    ],
)
def test_thresholds_have_risen_after_the_jump(thetas, risen):
    rows = [block(mean_theta_mV=theta) for theta in thetas]
    assert search.have_risen(rows, 20.0, search_file.Pruning().risen) == risen


@pytest.mark.parametrize("path", sorted((EXPERIMENTS / "searches").glob("*.yaml")), ids=str)
def test_committed_searches_are_valid(path, tmp_path):
    assert search_file.load_search(path, tmp_path).first.data.validation == 10_000


def test_a_search_on_cores(tmp_path, capfd):
    """The whole road, two trials at a time."""
    tiny = {"training.images": 30, "evaluation.labelling_images": 30, "evaluation.repeats": 1}
    tiny |= {"evaluation.test_images": 20, "data.validation": 10_000}
    path = write(tmp_path, set=tiny, choices={INHIBITION: {"low": 17.0, "high": 30.0}}, trials=2)
    assert main([*command(tmp_path, path), "--jobs", "2"]) == 0
    told = capfd.readouterr()
    assert told.out.startswith("2 runs to do\ntriplet, 100 cells: ")
    assert "[2/2] connections.inhibitory_to_excitatory: " in told.err
    rows = rows_of(tmp_path)
    assert [row["state"] for row in rows] == ["scored"] * 2
    assert len({row[INHIBITION] for row in rows}) == 2
    folders = [path.parent for path in (tmp_path / "results").rglob("evaluation.json")]
    told = [json.loads((folder / "evaluation.json").read_text()) for folder in folders]
    assert {each["scored_on"] for each in told} == {"validation"}


def test_weights_that_images_have_no_room_for_are_told_beforehand(tmp_path):
    choices = {"connections.weight_sum": {"low": 10.0, "high": 3000.0}}
    with pytest.raises(ExperimentError, match=r"try\.yaml: connections\.weight_sum: 784 weights"):
        load(tmp_path, choices=choices)
