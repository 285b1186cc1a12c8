"""Differences from what comes with the project, and the command that makes a run again."""

import shlex

import pytest

from diehl_cook.images.experiment_images import resolve
from diehl_cook.model import resources
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.stages.settings import base_of, commands, described, published, settings

FOLDER = resources.experiments()


@pytest.mark.parametrize("file", ["n100.yaml", "n6400.yaml", "digits.yaml"])
def test_an_experiment_that_comes_along_is_its_own_base(file):
    base = base_of(load_experiment(FOLDER / file, seed=7))
    assert (base.file, base.differences) == (f"experiments/{file}", {})


def test_a_run_that_has_the_number_for_auto_is_like_its_file():
    base = base_of(resolve(load_experiment("digits")))
    assert (base.file, base.differences) == ("experiments/digits.yaml", {})


def test_the_nearest_is_the_base_and_what_differs_stands_with_both_values():
    overrides = ["cells=225", "excitatory.theta_plus=0.028 mV", "name=mine", "training.chunk=7"]
    base = base_of(load_experiment("n100", overrides))
    assert base.file == "experiments/n100.yaml"
    assert base.differences == {
        "cells": (225, 100),
        "excitatory.theta_plus": ("0.028 mV", "0.0125 mV"),
    }


def test_of_rules_not_chosen_nothing_is_said():
    experiment = load_experiment("n100", ["plasticity.power_law.eta=0.5"])
    assert base_of(experiment).differences == {}
    assert not any(key.startswith("plasticity.power_law") for key in settings(experiment))


@pytest.mark.parametrize(
    ("source", "overrides"),
    [
        ("n100", []),
        ("n400", ["seed=4", "excitatory.refractory_period=50 ms", "evaluation.repeats=2"]),
        ("reproduce/pre_and_post_n100", ["plasticity.pre_and_post.eta_presynaptic=3.1e-5"]),
        ("smoke", ["evaluation.test_images=null", "connections.normalise=false", "cells=64"]),
        ("digits", ["connections.weight_sum=14.87654321", "data.validation=300"]),
        ("reproduce/triplet_n6400", ["cells=5", "training.images=70"]),
        ("n100", ["training.schedule={30: {excitatory: {theta_plus: 0.4 mV}}}"]),
        ("reproduce/triplet_n6400", ["training.schedule=null"]),
        ("n1600", ["training.block=1234", "data.folder='/a folder/of images'"]),
    ],
)
def test_the_command_trains_the_same_again(source, overrides):
    """What it would set is set here, as make and the shell take it apart."""
    experiment = load_experiment(FOLDER / f"{source}.yaml", overrides)
    train, evaluate, report = commands(experiment, "results/again")
    stated = dict(word.split("=", 1) for word in shlex.split(train)[2:])
    again = load_experiment(
        FOLDER.parent / stated["EXPERIMENT"],
        shlex.split(stated.get("SET", "")),
        seed=int(stated["SEED"]),
    )
    assert settings(again) == settings(experiment)
    assert again.seed == experiment.seed
    assert stated["RUN"] == "results/again"
    assert (evaluate, report) == (
        "make evaluate RUN=results/again",
        "make report RUN=results/again",
    )


def test_differences_from_the_published_code():
    assert published(load_experiment("n400")) == {}
    assert published(load_experiment("n100")) == {"excitatory.theta_plus": ("0.0125 mV", "0.05 mV")}


def test_every_value_is_listed_with_what_the_schema_says(experiment_with):
    experiment = experiment_with()
    rows = {key: (value, note) for key, value, note in described(experiment)}
    assert rows["excitatory.tau_membrane"] == ("100 ms", "paper 2.1")
    assert rows["connections.normalise"][0] == "true"
    assert rows["evaluation.readout"][1].startswith("how a class is read")
    assert Experiment.model_fields["cells"].description == rows["cells"][1]
