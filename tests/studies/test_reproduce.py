"""The reproduction of figure 2B: what is planned, its table, and a tiny one from end to end."""

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml

from diehl_cook.cli import main, many_runs
from diehl_cook.model import paper_results
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.model.plasticity import RULES
from diehl_cook.store import network_file
from diehl_cook.studies import paper_figures, reproduce
from diehl_cook.studies.batch import Score

EXPERIMENTS = Path(__file__).parents[2] / "experiments" / "reproduce"
CELLS = [(rule, size) for rule in RULES for size in (100, 400)]
TINY = [
    "training.images=40",
    "training.block=20",
    "evaluation.labelling_images=40",
    "evaluation.test_images=20",
    "evaluation.repeats=2",
]


@pytest.mark.parametrize(("rule", "size"), CELLS)
def test_experiment_files_state_what_is_compared(rule, size):
    path = EXPERIMENTS / f"{rule}_n{size}.yaml"
    stated = yaml.safe_load(path.read_text())
    assert stated["extends"] == f"../n{size}.yaml"
    assert stated["rule"] == rule
    assert set(stated["plasticity"][rule]) == set(RULES[rule].model_fields)
    assert {"theta_plus", "tau_theta"} <= set(stated["excitatory"])
    assert {"inhibitory_to_excitatory", "normalise"} <= set(stated["connections"])
    experiment = load_experiment(path)
    assert experiment.cells == size
    assert experiment.training.images == {100: 40_000, 400: 180_000}[size]
    assert experiment.evaluation.repeats == 10
    assert experiment.data.validation == 0
    assert experiment.evaluation.labelling_images is None
    assert experiment.evaluation.test_images is None


@pytest.mark.parametrize("rule", list(RULES))
def test_sizes_of_a_rule_differ_in_threshold_inhibition_and_training_alone(rule):
    values = []
    for size in (100, 400):
        experiment = load_experiment(EXPERIMENTS / f"{rule}_n{size}.yaml").model_dump(mode="json")
        for section, key in [
            ("excitatory", "theta_plus"),
            ("excitatory", "tau_theta"),
            ("connections", "inhibitory_to_excitatory"),
            ("training", "images"),
            ("training", "block"),  # follows the number of images
        ]:
            del experiment[section][key]
        values.append(experiment | {"cells": 0, "name": ""})
    assert values[0] == values[1]


def test_plan_has_five_seeds_at_100_and_three_at_400_the_longest_first(tmp_path):
    members = reproduce.plan(list(RULES), [100, 400], tmp_path)
    assert len(members) == 4 * 5 + 4 * 3
    assert [member.experiment.cells for member in members] == [400] * 12 + [100] * 20
    assert members[0].folder.path == tmp_path / f"{next(iter(RULES))}_n400-seed0"
    assert {m.experiment.seed for m in members if m.experiment.cells == 100} == set(range(5))
    assert len({member.name for member in members}) == 32


def row(rule, cells, seed, accuracy):
    values = {"rule": rule, "cells": cells, "seed": seed, "accuracy_mean": accuracy}
    return values | {"accuracy_sd": 0.001, "spikes_per_image": 17.0, "ms_per_presentation": 1.5}


def test_markdown():
    rows = [row("triplet", 100, 0, 0.84), row("triplet", 100, 1, 0.86), row("triplet", 9, 0, 0.5)]
    assert reproduce.markdown(rows).splitlines() == [
        "| rule | N | paper | ours | difference | spread over seeds | seeds |",
        "|---|---|---|---|---|---|---|",
        "| triplet | 9 |  | 50.00 |  |  | 1 |",
        "| triplet | 100 | 82.9 | 85.00 | +2.10 | 1.41 | 2 |",
    ]


def scores(monkeypatch, accuracies):
    """Pretend that runs are done, by name, with these accuracies."""

    def score_of(member):
        accuracy = accuracies.get(member.name)
        return None if accuracy is None else Score(accuracy, np.nan, 17.0, *[np.nan] * 4)

    monkeypatch.setattr(reproduce, "score_of", score_of)


def test_table_keeps_rows_of_rules_and_sizes_without_a_new_run(tmp_path, monkeypatch):
    both = reproduce.plan(["triplet", "exponential"], [100], tmp_path / "runs", seeds=2)
    scores(monkeypatch, {member.name: 0.8 for member in both})
    reproduce.write_table(both, tmp_path)
    scores(monkeypatch, {"triplet_n100-seed1": 0.9})
    reproduce.write_table(both, tmp_path)
    rows = reproduce.read_rows(tmp_path)
    assert [(r["rule"], r["seed"], r["accuracy_mean"]) for r in rows] == [
        ("exponential", 0, 0.8),
        ("exponential", 1, 0.8),
        ("triplet", 1, 0.9),
    ]
    assert np.isnan(rows[0]["accuracy_sd"])


def test_best_run_of_each_rule_and_size(tmp_path, monkeypatch):
    members = reproduce.plan(["triplet", "exponential"], [100], tmp_path, seeds=3)
    scores(monkeypatch, {"triplet_n100-seed1": 0.9, "triplet_n100-seed2": 0.7})
    best = reproduce.best_of(members)
    assert list(best) == [("triplet", 100)]
    assert best["triplet", 100].name == "triplet_n100-seed1"


def test_the_best_of_each_rule_is_kept_but_of_the_largest_the_best_of_all(tmp_path, monkeypatch):
    members = [
        member
        for size in (100, 400)
        for member in reproduce.plan(["triplet", "exponential"], [size], tmp_path, seeds=2)
    ]
    scores(monkeypatch, {member.name: 0.5 for member in members} | {"triplet_n400-seed1": 0.9})
    monkeypatch.setattr(reproduce, "KEPT_SIZES", (100,))
    kept = [(m.experiment.rule, m.experiment.cells) for m in reproduce.worth_keeping(members)]
    assert sorted(kept) == [("exponential", 100), ("triplet", 100), ("triplet", 400)]
    scores(monkeypatch, {})
    assert reproduce.worth_keeping(members) == []


def test_other_values_do_not_go_into_the_reference(capsys):
    assert main(["reproduce", "--set", "training.images=10"]) == 2
    assert "--into" in capsys.readouterr().err


def test_unknown_size_is_named(capsys, tmp_path):
    assert main(["reproduce", "--sizes", "77", "--into", str(tmp_path)]) == 2
    assert "triplet_n77.yaml: no such file" in capsys.readouterr().err


def test_a_rule_of_ones_own_is_no_part_of_it_unless_it_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(RULES, "pair", RULES["triplet"])
    planned = []
    monkeypatch.setattr(reproduce, "plan", lambda rules, *rest: planned.extend(rules) or [])
    main(["reproduce", "--into", str(tmp_path)])
    assert set(planned) == set(paper_results.TEST_ACCURACY)
    monkeypatch.undo()
    monkeypatch.setitem(RULES, "pair", RULES["triplet"])
    assert main(["reproduce", "--rules", "pair", "--into", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "pair_n6400.yaml: no such file; write one as those beside it, or leave out this" in said


def test_what_there_is_nothing_of_is_not_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(many_runs, "run_batch", lambda *arguments: {})
    monkeypatch.setattr(many_runs, "_say_cost", lambda *arguments: None)
    command = ["reproduce", "--sizes", "100", "--into", str(tmp_path / "ref")]
    assert main([*command, "--runs", str(tmp_path / "runs")]) == 0
    assert not list((tmp_path / "ref").glob("figure_2c*"))
    assert not (tmp_path / "ref" / "networks").exists()


def test_tiny_reproduction(tmp_path, monkeypatch, capfd):
    """Trained, tested, drawn, its network kept and read again; then nothing is left to do."""
    monkeypatch.setattr(reproduce, "KEPT_SIZES", (100,))
    monkeypatch.setattr(paper_figures, "CURVE_SIZES", (100,))
    monkeypatch.setattr(paper_results, "SIZES", (100,))  # the largest, whose answers are drawn
    monkeypatch.chdir(tmp_path)
    command = ["reproduce", "--sizes", "100", "--rules", "triplet", "--seeds", "2", "--jobs", "2"]
    command += ["--into", "ref", "--runs", "runs", "--set", *TINY]
    assert main(command) == 0
    told = capfd.readouterr().out
    assert "| triplet | 100 | 82.9 |" in told
    assert "triplet, 100 cells: " in told
    assert "in all about 0 min, 2 at a time" in told
    with Path("ref/figure_2b.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["rule"], r["cells"], r["seed"]) for r in rows] == [
        ("triplet", "100", "0"),
        ("triplet", "100", "1"),
    ]
    assert all(float(r["ms_per_presentation"]) > 0 for r in rows)
    drawn = [f"figure_{name}.png" for name in ("2a", "2b", "2c", "3a", "3b")]
    for name in (*drawn, "figure_2b.md", "figure_2c.csv"):
        assert (Path("ref") / name).stat().st_size > 0
    page = Path("ref/report.html").read_text()
    assert len(page) < 3e6
    assert page.count("<figure>") == len(drawn)
    assert "Of the 16 networks in Figure 2B of the paper, 1 are made here" in page

    path = Path("ref/networks/triplet_n100.npz")
    kept = network_file.load(path)
    assert 0 <= kept.measured["accuracy_mean"] <= 1
    assert kept.measured["accuracy_mean_before_rounding"] == pytest.approx(
        max(float(r["accuracy_mean"]) for r in rows), abs=1e-6
    )
    before = sorted(Path().rglob("*")), path.stat().st_mtime_ns
    assert main(["evaluate", str(path)]) == 0
    accuracy = f"Test accuracy {kept.measured['accuracy_mean']:.2%}"
    assert accuracy in capfd.readouterr().out
    assert main(command) == 0
    assert "2 runs, 2 of them done before." in capfd.readouterr().err
    assert (sorted(Path().rglob("*")), path.stat().st_mtime_ns) == before

    assert main(["evaluate", str(path), "--run", "again"]) == 0
    assert accuracy in capfd.readouterr().out
    assert Path("again/evaluation.json").exists()
    assert main(["evaluate", str(path), "--run", "runs/triplet_n100-seed0"]) == 2
    assert main(["evaluate", "runs/triplet_n100-seed0", "--run", "again"]) == 2
