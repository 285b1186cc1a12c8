"""Sweeps: what a file means, what is wrong with one, what is run, and the table."""

import csv
import json
import os
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from dask_cluster import Cluster, commands_of_page, here
from pretended import block, evaluation

from diehl_cook.cli import main
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies import batch, sweep
from diehl_cook.studies.workers import Failure

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
INHIBITION = "connections.inhibitory_to_excitatory"
TINY = {
    "training.images": 30,
    "evaluation.labelling_images": 30,
    "evaluation.test_images": 20,
    "evaluation.repeats": 1,
    "data.validation": 10_000,
}


def write(folder, **content):
    path = folder / "try.yaml"
    base = {"experiment": str(EXPERIMENTS / "smoke.yaml")}
    path.write_text(yaml.safe_dump(base | content, sort_keys=False))
    return path


def load(folder, **content):
    return sweep.load_sweep(write(folder, **content), folder / "results")


def pretend(member, accuracy, spikes=17.0, rows=()):
    """Leave in a run folder what a finished run leaves there."""
    member.folder.path.mkdir(parents=True, exist_ok=True)
    member.folder.settle(member.experiment)
    member.folder.save_evaluation(*evaluation(member.experiment, accuracy, spikes))
    if rows:
        member.folder.write_training(rows)


TEN_KEYS = [f"presentation.key{number}" for number in range(10)]


class Listener:
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def test_grid_list_and_seeds_are_combined(tmp_path):
    swept = load(
        tmp_path,
        grid={INHIBITION: [17, 30], "excitatory.theta_plus": ["0.0125 mV"]},
        list=[{"rule": "triplet"}, {"rule": "power_law", "plasticity.power_law.eta": 0.01}],
        seeds=[0, 3],
    )
    assert [setting.name for setting in swept.settings] == [
        "inhibitory_to_excitatory=17,theta_plus=0.0125mV,rule=triplet",
        "inhibitory_to_excitatory=17,theta_plus=0.0125mV,rule=power_law,eta=0.01",
        "inhibitory_to_excitatory=30,theta_plus=0.0125mV,rule=triplet",
        "inhibitory_to_excitatory=30,theta_plus=0.0125mV,rule=power_law,eta=0.01",
    ]
    assert len(swept.members) == 8
    last = swept.members[-1]
    assert last.experiment.connections.inhibitory_to_excitatory == 30
    assert last.experiment.learning_rule.eta == 0.01
    assert last.experiment.seed == 3
    assert last.folder.path == tmp_path / "results" / "try" / f"{swept.settings[-1].name}-seed3"


def test_what_all_runs_share_stands_in_no_name(tmp_path):
    swept = load(tmp_path, set={"cells": 7}, grid={INHIBITION: [17]})
    assert swept.members[0].name == "inhibitory_to_excitatory=17-seed0"
    assert swept.members[0].experiment.cells == 7


def test_seeds_alone(tmp_path):
    assert [m.name for m in load(tmp_path, seeds=[1, 2]).members] == ["as_is-seed1", "as_is-seed2"]


def test_keys_with_the_same_ending_are_told_apart(tmp_path):
    swept = load(tmp_path, grid={"excitatory.tau_ge": ["2 ms"], "inhibitory.tau_ge": ["3 ms"]})
    assert swept.settings[0].name == "excitatory.tau_ge=2ms,inhibitory.tau_ge=3ms"


def test_random_points_are_distinct_and_the_same_every_time(tmp_path):
    choices = {INHIBITION: [10, 17, 30], "presentation.intensity": [1, 2, 3]}
    random = {"samples": 5, "seed": 4, "choices": choices}
    first, again = (load(tmp_path, random=random).settings for _ in range(2))
    assert [setting.overrides for setting in first] == [setting.overrides for setting in again]
    assert len({setting.name for setting in first}) == 5
    every = load(tmp_path, random=random | {"samples": 50}).settings
    assert len({setting.name for setting in every}) == 9


def test_points_are_drawn_from_a_grid_of_any_size(tmp_path):
    keys = ["connections.w_max", "connections.w_start", "connections.weight_sum"]
    keys += ["connections.excitatory_to_inhibitory", "connections.inhibitory_to_excitatory"]
    keys += ["presentation.intensity", "presentation.intensity_step"]
    keys += [f"plasticity.triplet.{key}" for key in ("eta_presynaptic", "eta_postsynaptic")]
    keys += ["training.images", "training.block"]
    random = {"samples": 3, "seed": 1, "choices": {key: list(range(1, 101)) for key in keys}}
    first, again = (load(tmp_path, random=random).settings for _ in range(2))
    assert [setting.overrides for setting in first] == [setting.overrides for setting in again]
    assert [len(set(setting.overrides.values())) > 5 for setting in first] == [True] * 3


def test_other_values_of_one_name_have_folders_of_their_own(tmp_path):
    names = [
        setting.name for setting in load(tmp_path, grid={"data.folder": ["ab", "a/b"]}).settings
    ]
    assert len(set(names)) == 2
    assert all(name.startswith("folder=ab-") for name in names)


def test_a_relative_folder_of_data_starts_beside_the_sweep_file(tmp_path, monkeypatch):
    path = write(
        tmp_path, grid={"data.folder": ["mine", "~/yours", "/ours", "~nobody-here/theirs"]}
    )
    monkeypatch.setenv("HOME", "/home")
    monkeypatch.chdir(Path(__file__).parent)
    members = sweep.load_sweep(path, Path("results")).members
    assert [str(member.experiment.data.folder) for member in members] == [
        str(tmp_path / "mine"), "/home/yours", "/ours", str(tmp_path / "~nobody-here/theirs"),
    ]  # fmt: skip
    (member,) = load(tmp_path, set={"data": {"folder": "sklearn:digits"}}).members
    assert str(member.experiment.data.folder) == "sklearn:digits"


def test_long_names_are_cut_and_stay_distinct(tmp_path):
    keys = [f"excitatory.{key}" for key in ("tau_membrane", "tau_ge", "tau_gi", "tau_theta")]
    keys += [f"inhibitory.{key}" for key in ("tau_membrane", "tau_ge")]
    grid = {key: ["1.00000001 ms", "1.00000002 ms"] for key in keys}
    names = [setting.name for setting in load(tmp_path, grid=grid).settings]
    assert len(set(names)) == 2**6
    assert max(map(len, names)) <= 120


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"grids": {}}, "grids: unknown key; did you mean 'grid'?"),
        ({"lst": []}, "lst: unknown key; did you mean 'list'?"),
        ({"grid": {"cels": [1]}}, "cels: unknown key; did you mean 'cells'?"),
        (
            {"list": [{"cells": 10}, {"connections.inhibitory_to_excitatry": 1}]},
            "connections.inhibitory_to_excitatry: unknown key; did you mean",
        ),
        ({"grid": {"cells": [10, -1]}}, "cells: Input should be greater than 0, not -1"),
        ({"grid": {"excitatory.theta_plus": ["5 ms"]}}, "excitatory.theta_plus: '5 ms' has the"),
        ({"grid": {"cells": []}}, "cells: state at least one value"),
        ({"grid": {"cells": 5}}, "grid.cells: Input should be a valid list, not 5"),
        ({"grid": {"seed": [1]}}, "seed cannot be varied; state 'seeds'"),
        ({"grid": {"cells": [1]}, "set": {"cells": 2}}, "cells stands in two of"),
        ({"grid": {"cells": [1]}, "list": [{"cells": 2}]}, "cells stands in two of"),
        ({"grid": {"cells": [1, 1]}}, "cells: 1 and cells: 1 are one experiment; take one"),
        ({"grid": {"cells": [1, 1.0]}}, "cells: 1 and cells: 1.0 are one experiment"),
        ({"grid": {"plasticity.power_law.eta": [0.1, 0.2]}}, "are one experiment"),
        (
            {"grid": {"excitatory": [{"tau_ge": "2 ms"}], "excitatory.tau_ge": ["3 ms", "4 ms"]}},
            "excitatory.tau_ge is a part of excitatory; state one of them",
        ),
        ({"list": [{"data": {}, "data.validation": 1}]}, "data.validation is a part of data"),
        ({"grid": {key: list(range(1, 11)) for key in TEN_KEYS}}, "these are 10000000000 runs"),
        ({"grid": {key: list(range(1, 101)) for key in TEN_KEYS}}, "these are 1000000000000000"),
        ({"seeds": list(range(10_001))}, "these are 10001 runs, and 10000 are the most; draw some"),
        ({"seeds": [1, 1]}, "seeds: a seed stands twice"),
        ({"seeds": []}, "seeds: List should have at least 1 item"),
        ({"experiment": "nowhere.yaml"}, "nowhere.yaml: no such file"),
        ({"random": {"samples": 0, "choices": {"cells": [1]}}}, "random.samples: Input should be"),
        ({"trials": 5}, "is a search, where sweep files belong; for this one there is diehl-cook"),
    ],
)
def test_mistake_is_named_before_anything_runs(tmp_path, capsys, content, complaint):
    path = write(tmp_path, **content)
    assert main(["sweep", str(path), "--results", str(tmp_path / "results")]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert len(said.splitlines()) == 1
    assert str(tmp_path) in said
    assert not (tmp_path / "results").exists()


def test_unknown_experiment_is_an_error(tmp_path):
    (tmp_path / "empty.yaml").write_text("seeds: [0]\n")
    with pytest.raises(ExperimentError, match="experiment: is missing"):
        sweep.load_sweep(tmp_path / "empty.yaml", tmp_path)


def test_an_experiment_is_no_sweep(experiments, tmp_path):
    path = experiments / "n400.yaml"
    with pytest.raises(ExperimentError) as caught:
        sweep.load_sweep(path, tmp_path)
    assert str(caught.value) == (
        f"{path}: is an experiment, where sweep files belong; for this one there is diehl-cook"
        " train"
    )


@pytest.mark.parametrize("path", sorted((EXPERIMENTS / "sweeps").glob("[!b]*.yaml")), ids=str)
def test_committed_sweeps_are_valid_and_only_the_one_that_chooses_nothing_opens_the_test_set(
    path, tmp_path
):
    members = sweep.load_sweep(path, tmp_path).members
    experiments = [member.experiment for member in members]
    chooses = path.stem != "deviations_n100"
    assert all((experiment.data.validation > 0) == chooses for experiment in experiments)
    # As the final runs at small sizes; at large ones a search can afford less.
    whole, most = {100: 40_000, 400: 3 * 50_000}, {1600: 2 * 50_000, 6400: 3 * 50_000}
    for experiment in (each for each in experiments if each.data.folder is None):  # on MNIST
        images = experiment.training.images
        assert experiment.data.validation == 10_000 * chooses
        assert images == whole.get(experiment.cells, images)
        assert experiment.cells in whole or 0 < images <= most[experiment.cells]


def test_table_is_sorted_by_mean(tmp_path):
    swept = load(tmp_path, grid={INHIBITION: [10, 17, 30]}, seeds=[0, 1])
    accuracies = iter([0.7, 0.9, 0.8, 0.8, 0.5])
    for member in swept.members[:5]:
        pretend(member, next(accuracies))
    failed = swept.members[5].name
    rows = sweep.table(swept, {failed: Failure("no luck")})
    assert [row[INHIBITION] for row in rows] == [30, 10, 17]
    assert rows[1]["seed 0"] == 0.7
    assert rows[1]["mean"] == 0.75
    assert rows[1]["sd"] == pytest.approx(np.std([0.7, 0.8], ddof=1), abs=1e-5)
    assert rows[0] == {
        INHIBITION: 30,
        "seed 0": 0.8,
        "seed 1": "",
        "mean": 0.8,
        "sd": "",
        "spikes_per_image": 17.0,
        "training_spikes": "",
        "retries_per_image": "",
        "mean_theta_mV": "",
        "error": "seed 1: no luck",
    }
    assert list(csv.DictReader(sweep.table_bytes(rows).decode().splitlines()))
    assert "no luck" in sweep.as_text(rows)


def test_table_tells_the_activity_at_the_end_of_the_training(tmp_path):
    swept = load(tmp_path, seeds=[0, 1])
    for member, theta in zip(swept.members, (40.0, 41.0), strict=True):
        early = block(10_000, spikes_per_presentation=90.0, retries=400, mean_theta_mV=25.0)
        late = block(
            20_000,
            spikes_per_presentation=theta / 2,
            retries=20 * int(theta),
            mean_theta_mV=theta,
        )
        pretend(member, 0.8, rows=[early, late])
    (row,) = sweep.table(swept, {})
    assert row["training_spikes"] == 20.25
    assert row["retries_per_image"] == 0.081
    assert row["mean_theta_mV"] == 40.5


def test_table_of_nothing_done(tmp_path):
    rows = sweep.table(load(tmp_path, grid={INHIBITION: [10, 17]}), {})
    assert {row["mean"] for row in rows} == {""}


def test_only_what_is_missing_is_run(tmp_path, monkeypatch):
    swept = load(tmp_path, grid={INHIBITION: [10, 17, 30]})
    pretend(swept.members[1], 0.8)
    asked = []

    def run_all(function, tasks, jobs, scheduler, say):
        asked.extend(Path(folder).name for _, folder in tasks)
        pretend(swept.members[0], 0.5)
        yield 0, None
        yield 1, Failure("no luck")

    monkeypatch.setattr(batch, "run_all", run_all)
    listener, writes = Listener(), []
    failures = batch.run_batch(
        swept.members, 2, None, listener, lambda failures: writes.append(dict(failures))
    )
    assert asked == [swept.members[0].name, swept.members[2].name]
    assert failures == {swept.members[2].name: Failure("no luck")}
    assert [len(failures) for failures in writes] == [0, 0, 1]
    assert listener.sentences[0] == "3 runs, 1 of them done before."
    assert listener.sentences[1].startswith(f"[2/3] {swept.members[0].name}: 50.00%; about")
    assert listener.sentences[2] == f"[3/3] {swept.members[2].name}: failed: no luck"


def test_other_settings_of_the_evaluation_are_missing(tmp_path):
    member = load(tmp_path).members[0]
    pretend(member, 0.8)
    assert batch.score_of(member).accuracy_mean == 0.8
    more = load(tmp_path, set={"evaluation.repeats": 7}).members[0]
    assert batch.score_of(more) is None


def test_other_experiment_in_the_folder_is_not_taken_for_this_one(tmp_path):
    pretend(load(tmp_path).members[0], 0.8)
    assert batch.score_of(load(tmp_path, set={"cells": 9}).members[0]) is None


def tables(folder):
    with (folder / "try" / "table.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_sweep_on_cores_and_on_a_cluster(tmp_path, capfd):
    """The whole road: trained, evaluated, one failure, gone on with, the same on a cluster."""
    pytest.importorskip("distributed")
    settings = TINY | {"presentation.maximum_showings": 3, "presentation.maximum_spikes": 10**6}
    both = [{INHIBITION: 17}, {"presentation.minimum_spikes": 9999}]
    path = write(tmp_path, set=settings, list=both)
    results = tmp_path / "results"
    command = ["sweep", str(path), "--results", str(results), "--jobs", "2"]
    assert main(command) == 1
    good, bad = tables(results)
    assert 0 <= float(good["mean"]) <= 1
    assert "fewer than 9999 spikes" in bad["error"]
    said = capfd.readouterr()
    assert "[2/2]" in said.err
    assert said.out.startswith("2 runs to do\ntriplet, 100 cells: ")
    done = RunFolder(results / "try" / "inhibitory_to_excitatory=17-seed0")
    assert json.loads((done.path / "evaluation.json").read_text())["scored_on"] == "validation"
    written = (done.path / "evaluation.json").stat().st_mtime_ns

    write(tmp_path, set=settings, list=[{INHIBITION: 17}])
    assert main(command) == 0
    assert (done.path / "evaluation.json").stat().st_mtime_ns == written
    assert "1 runs, 1 of them done before." in capfd.readouterr().err

    there, elsewhere = tmp_path / "there", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Cluster(elsewhere) as cluster:
        cluster.start_scheduler()
        cluster.start_worker()
        cluster.start_worker()
        typed = here(commands_of_page()[-1], cluster.port)
        assert typed[:2] == ["make", "sweep"]
        command = make(*typed[1:-2], f"SWEEP={path}", typed[-1])
        assert command[-4:] == ["sweep", str(path), "--scheduler", cluster.address]
        assert main([*command[-4:], "--results", str(there)]) == 0
    assert tables(there) == tables(results)


def make(*arguments):
    """What `make` would run, its words."""
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *arguments], cwd=EXPERIMENTS.parent,
        env=os.environ | {"MAKEFLAGS": ""}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return shlex.split(done.stdout.splitlines()[-1])
