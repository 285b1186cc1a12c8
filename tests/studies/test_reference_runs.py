"""Runs against the reference distribution over seeds."""

import numpy as np
import pytest
from pretended import block, evaluation

from diehl_cook.store.reading import FileError
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies.reference_runs import (
    QUANTITIES,
    Check,
    compare,
    measure,
    read_reference,
    require_same_experiment,
    write_reference,
)

TYPICAL = {
    "accuracy": 0.85,
    "mean_theta_mV": 43.8,
    "training_spikes": 17.5,
    "test_spikes": 18.6,
}


def run(path, experiment, seed, values=TYPICAL):
    """A run folder with these numbers in it."""
    folder = RunFolder(path / str(seed))
    with folder.claim():
        folder.settle(experiment.model_copy(update={"seed": seed}))
        folder.write_training(
            [
                block(
                    mean_theta_mV=values["mean_theta_mV"],
                    spikes_per_presentation=values["training_spikes"],
                )
            ]
        )
        evaluated = evaluation(folder.experiment(), values["accuracy"], values["test_spikes"])
        folder.save_evaluation(*evaluated)
    return folder


@pytest.fixture
def reference():
    random = np.random.default_rng(0)
    return {name: list(value * random.normal(1, 0.01, 10)) for name, value in TYPICAL.items()}


def test_a_reference_survives_the_file(tmp_path, experiment_with):
    experiment = experiment_with()
    measured = [{name: value + more for name, value in TYPICAL.items()} for more in (0, 0.05, 0.1)]
    folders = [run(tmp_path, experiment, seed, each) for seed, each in enumerate(measured)]
    write_reference(folders, tmp_path / "sub" / "reference.csv")
    values = read_reference(tmp_path / "sub" / "reference.csv")
    assert values == {name: [each[name] for each in measured] for name in TYPICAL}
    assert measure(folders[1]) == measured[1]


def test_a_run_of_another_experiment_wants_a_reference_of_its_own(tmp_path, experiment_with):
    ours = [run(tmp_path / "a", experiment_with(), seed) for seed in range(3)]
    theirs = [run(tmp_path / "b", experiment_with("excitatory.tau_ge=2 ms"), s) for s in range(3)]
    for name, folders in (("a", ours), ("b", theirs)):
        write_reference(folders, tmp_path / f"{name}.csv")
    require_same_experiment(ours[1], tmp_path / "a.csv")
    with pytest.raises(FileError, match=r"is of another experiment than .*; make a reference of"):
        require_same_experiment(theirs[1], tmp_path / "a.csv")
    require_same_experiment(theirs[1], tmp_path / "b.csv")
    with pytest.raises(FileError, match="of several experiments; name those of one"):
        write_reference([*ours, *theirs], tmp_path / "c.csv")


def test_fewer_than_three_runs_are_no_reference(tmp_path, experiment_with):
    folders = [run(tmp_path, experiment_with(), seed) for seed in range(2)]
    with pytest.raises(FileError, match="2 runs tell nothing of the spread; name three or more"):
        write_reference(folders, tmp_path / "reference.csv")
    assert not (tmp_path / "reference.csv").exists()


def test_a_typical_run_is_inside(reference):
    assert all(check.inside for check in compare(TYPICAL, reference))


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_what_no_seed_explains_is_outside(reference, quantity, factor):
    odd = TYPICAL | {quantity: TYPICAL[quantity] * factor}
    outside = [c.quantity for c in compare(odd, reference) if not c.inside]
    assert outside == [quantity]


def test_the_bounds_are_those_of_the_prediction_interval():
    # Student's t with 2 degrees of freedom exceeds 31.5991 once in 2000 times, either side
    reach = 31.59905 * np.sqrt(1 + 1 / 3)
    (first, *_) = compare(dict.fromkeys(QUANTITIES, 0), {name: [9, 10, 11] for name in QUANTITIES})
    assert (first.low, first.high) == pytest.approx((10 - reach, 10 + reach), rel=1e-5)


@pytest.mark.parametrize(
    ("value", "inside"), [(1, True), (2, True), (0.999, False), (2.001, False)]
)
def test_a_bound_itself_is_inside(value, inside):
    assert Check("accuracy", value, low=1, high=2).inside is inside


def test_two_runs_are_no_reference(tmp_path, experiment_with):
    folders = [run(tmp_path, experiment_with(), seed) for seed in range(2)]
    path = tmp_path / "reference.csv"
    with pytest.raises(FileError, match="name three or more"):
        write_reference(folders, path)
    write_reference([*folders, run(tmp_path, experiment_with(), 2)], path)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(FileError, match="holds 2 runs"):
        read_reference(path)


def test_seeds_are_rarely_called_outside():
    random = np.random.default_rng(1)
    draws = random.normal(0, 1, (2000, 11))
    alarms = 0
    for row in draws:
        reference = {name: list(row[1:]) for name in QUANTITIES}
        alarms += not compare(dict.fromkeys(QUANTITIES, row[0]), reference)[0].inside
    assert alarms <= 8  # two are expected


def test_a_run_that_was_not_evaluated_is_an_error(tmp_path, experiment_with):
    folder = run(tmp_path, experiment_with(), 0)
    (folder.path / "evaluation.json").unlink()
    with pytest.raises(FileError, match="make evaluate"):
        measure(folder)


@pytest.mark.parametrize("content", [None, "", "seed,accuracy\n0,1\n1,1\n2,1\n"])
def test_a_missing_or_foreign_reference_is_an_error(tmp_path, content):
    path = tmp_path / "reference.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FileError, match=r"reference\.csv"):
        read_reference(path)
