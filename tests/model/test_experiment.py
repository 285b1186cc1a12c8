"""Experiments: defaults of the paper, and what makes no sense is one helpful line."""

import re

import pytest
import yaml
from brian2 import mV
from written_experiments import SMALLEST, complaint

from diehl_cook.model.experiment import Experiment, ExperimentError
from diehl_cook.model.experiment_file import check_values, dump_experiment, load_experiment
from diehl_cook.model.plasticity import RULES

NAMES = ("n100", "n400", "n1600", "n6400", "smoke")


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_of_the_repository_is_valid(experiments, name):
    experiment = load_experiment(experiments / f"{name}.yaml")
    assert experiment.name == name
    assert experiment.rule == "triplet"


def test_every_experiment_file_is_among_those_tested(experiments):
    assert {path.stem for path in experiments.glob("*.yaml")} >= set(NAMES)


@pytest.mark.parametrize(
    ("name", "cells", "images", "theta_plus"),
    [
        ("n100", 100, 40_000, 0.0125e-3),
        ("n400", 400, 180_000, 0.05e-3),
        ("n1600", 1600, 420_000, 0.05e-3),
        ("n6400", 6400, 155_000, 0.1e-3),  # not its fifteen passes: a schedule instead
    ],
)
def test_the_networks_of_the_paper_have_their_passes_and_threshold_steps(
    experiments, name, cells, images, theta_plus
):
    experiment = load_experiment(experiments / f"{name}.yaml")
    assert (experiment.cells, experiment.training.images) == (cells, images)
    assert float(experiment.excitatory.theta_plus) == pytest.approx(theta_plus)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("time_step", 0.5e-3),
        ("excitatory.tau_membrane", 0.1),
        ("excitatory.v_rest", -65e-3),
        ("excitatory.v_reset", -65e-3),
        ("excitatory.v_threshold", -52e-3),
        ("excitatory.v_start", -105e-3),
        ("excitatory.e_excitatory", 0),
        ("excitatory.e_inhibitory", -100e-3),
        ("excitatory.tau_ge", 1e-3),
        ("excitatory.tau_gi", 2e-3),
        ("excitatory.refractory_period", 5e-3),
        ("excitatory.theta_start", 20e-3),
        ("excitatory.theta_offset", 20e-3),
        ("excitatory.theta_plus", 0.05e-3),
        ("excitatory.tau_theta", 1e4),
        ("inhibitory.tau_membrane", 10e-3),
        ("inhibitory.v_rest", -60e-3),
        ("inhibitory.v_reset", -45e-3),
        ("inhibitory.v_threshold", -40e-3),
        ("inhibitory.v_start", -100e-3),
        ("inhibitory.e_excitatory", 0),
        ("inhibitory.tau_ge", 1e-3),
        ("inhibitory.refractory_period", 2e-3),
        ("connections.excitatory_to_inhibitory", 10.4),
        ("connections.inhibitory_to_excitatory", 17.0),
        ("connections.w_max", 1.0),
        ("connections.w_start", 0.3),
        ("connections.weight_sum", 78.0),
        ("connections.input_delay", 0),
        ("presentation.image", 0.35),
        ("presentation.rest", 0.15),
        ("presentation.intensity", 2),
        ("presentation.intensity_step", 1),
        ("presentation.minimum_spikes", 5),
        ("plasticity.triplet.eta_presynaptic", 1e-4),
        ("plasticity.triplet.eta_postsynaptic", 1e-2),
        ("plasticity.triplet.tau_presynaptic", 20e-3),
        ("plasticity.triplet.tau_postsynaptic_1", 20e-3),
        ("plasticity.triplet.tau_postsynaptic_2", 40e-3),
        ("evaluation.repeats", 10),
    ],
)
def test_defaults_are_those_of_the_paper_and_its_published_code(write, keys, value):
    part = load_experiment(write())
    for key in keys.split("."):
        part = getattr(part, key)
    assert float(part) == pytest.approx(value, rel=1e-12)


def test_what_others_do_differently_is_as_published_unless_chosen(write):
    experiment = load_experiment(write())
    assert experiment.excitatory.refractory_voltage == "integrates"
    assert experiment.inhibitory.refractory_voltage == "clamped"
    assert experiment.excitatory.clamp_period is None
    assert experiment.inhibitory.clamp_period is None
    assert experiment.connections.update_order == "pre_first"
    assert experiment.integration == "exponential_euler"


def scheduled(phases):
    return load_experiment("n100", training__schedule=phases)


def theta_plus(value):
    return {"excitatory": {"theta_plus": value}}


def test_a_schedule_has_other_values_at_first():
    teach = {"plasticity": {"triplet": {"eta_postsynaptic": 0.5}}}
    experiment = scheduled({200: theta_plus("2 mV"), 100: theta_plus(1 * mV) | teach})
    known = [experiment.at(images) for images in (0, 99, 100, 199, 200, 10**6)]
    assert [round(float(each.excitatory.theta_plus / mV), 6) for each in known] == [
        *(1, 1, 2, 2, 0.0125, 0.0125)
    ]
    assert [each.learning_rule.eta_postsynaptic for each in known] == [0.5, 0.5, *[0.01] * 4]
    assert known[-1] == load_experiment("n100")
    assert check_values(yaml.safe_load(dump_experiment(experiment)), "") == experiment
    assert experiment == scheduled({100: teach | theta_plus("1.0 mV"), 200: theta_plus("0.002 V")})


def test_a_schedule_is_set_extended_and_taken_away_as_other_values_are(write):
    base = SMALLEST + "  schedule:\n    5: {excitatory: {theta_plus: 1 mV}}\n"
    path = write("extends: base.yaml\n", base=base)
    assert load_experiment(path).training.schedule == {5: theta_plus("1 mV")}
    keys = [
        "training.schedule.5.excitatory.tau_theta=1 s",
        "training.schedule.7.excitatory.theta_plus=3 mV",
    ]
    assert load_experiment(path, keys).training.schedule == {
        5: {"excitatory": {"theta_plus": "1 mV", "tau_theta": "1000 ms"}},
        7: theta_plus("3 mV"),
    }
    assert load_experiment(path, ["training.schedule=null"]).training.schedule == {}
    assert load_experiment(path, ["training.images=2"]).at(1).excitatory.theta_plus == 1 * mV


def test_what_is_odd_in_a_schedule_is_said_with_its_end():
    without = {"connections": {"inhibitory_to_excitatory": 0}}
    (odd,) = scheduled({100: without}).oddities
    assert odd.startswith("until 100 images, connections.inhibitory_to_excitatory is 0")


def test_it_is_not_odd_to_read_without_the_inhibition_of_learning():
    keys = [
        "connections.inhibitory_to_excitatory=0",
        "training.schedule.50.connections.inhibitory_to_excitatory=17",
    ]
    assert load_experiment("n100", [*keys, "training.images=50"]).oddities == []
    (odd,) = load_experiment("n100", [*keys, "training.images=51"]).oddities
    assert odd.startswith("connections.inhibitory_to_excitatory is 0")


@pytest.mark.parametrize(
    ("phases", "part"),
    [
        ({100: theta_plus("1 ms")}, "100.excitatory.theta_plus: '1 ms' has the wrong unit"),
        ({100: {"excitatory": {"theta_plu": 1}}}, "theta_plu: unknown key; did you mean 'theta_pl"),
        ({100: {"cells": 5}}, "100.cells: cannot change while a network learns; connections."),
        ({100: {"training": {"images": 5}}}, "100.training.images: cannot change"),
        (
            {100: {"plasticity": {"power_law": {"eta": 0.5}}}},
            "100.plasticity.power_law.eta: is not of 'rule: triplet'; take the schedule out:"
            " training.schedule=null (in a file 'schedule: null')",
        ),
        ({100: {"connections": {"inhibitory_to_excitatory": True}}}, "expected a number, not True"),
        ({100: {}}, "100: states nothing"),
        ({100: theta_plus("1 mV"), "100": theta_plus("2 mV")}, "100 stands twice, as number and"),
        ({0: theta_plus("1 mV")}, "schedule.0: Input should be greater than 0, not '0'"),
        ({100: 5}, "100: "),
        ([theta_plus("1 mV")], ": Input should be a valid dictionary"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(phases, part):
    with pytest.raises(ExperimentError, match=rf"training\.schedule.*{re.escape(part)}"):
        scheduled(phases)


@pytest.mark.parametrize("rule", RULES)
def test_the_chosen_rule_comes_with_its_own_parameters(write, rule):
    experiment = load_experiment(write(), [f"rule={rule}"])
    assert type(experiment.learning_rule) is RULES[rule]


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("cels=5", ["cels", "unknown key", "did you mean 'cells'"]),
        ("training.imagse=5", ["training.imagse", "did you mean 'images'"]),
        ("excitatory.theta_pluss=5 mV", ["excitatory.theta_pluss", "'theta_plus'"]),
        ("plasticity.triplet.tau_pre=5 ms", ["plasticity.triplet.tau_pre", "'tau_presynaptic'"]),
        ("plasticity.tripplet.mu=5", ["plasticity.tripplet", "'triplet'"]),
        ("evaluation.repeat=5", ["evaluation.repeat", "'repeats'"]),
        ("zzz=5", ["zzz: unknown key; known are name, cells, seed,"]),
        ("excitatory.tau_membrane=5 mV", ["excitatory.tau_membrane", "'5 mV'", "one of ms, s"]),
        ("excitatory.v_rest=-65 ms", ["excitatory.v_rest", "'-65 ms'", "one of mV, V"]),
        ("excitatory.v_rest=-65", ["excitatory.v_rest", "-65", "for example '5 mV'"]),
        ("presentation.image=350", ["presentation.image", "350", "for example '5 ms'"]),
        ("presentation.image=-350 ms", ["presentation.image", "greater than zero"]),
        ("presentation.image=0 ms", ["presentation.image", "greater than zero"]),
        ("connections.input_delay=-1 ms", ["connections.input_delay", "not be negative"]),
        ("excitatory.theta_plus=-1 mV", ["excitatory.theta_plus", "not be negative"]),
        ("excitatory.tau_membrane=1e999 ms", ["excitatory.tau_membrane", "out of bounds"]),
        ("excitatory.tau_membrane=.nan", ["excitatory.tau_membrane", "nan"]),
        ("cells=0", ["cells", "greater than 0", "not 0"]),
        ("cells=-3", ["cells", "greater than 0", "not -3"]),
        ("cells=2.5", ["cells", "integer", "2.5"]),
        ("cells=many", ["cells", "integer", "'many'"]),
        ("cells=true", ["cells", "expected a number, not True"]),
        ("cells=null", ["cells", "integer", "None"]),
        ("cells=[1]", ["cells", "integer", "[1]"]),
        ("connections.w_max=true", ["connections.w_max", "expected a number, not True"]),
        ("connections.w_max=0", ["connections.w_max", "greater than 0"]),
        ("connections.w_max=.nan", ["connections.w_max", "nan"]),
        ("connections.w_max=.inf", ["connections.w_max", "inf"]),
        ("connections.normalise=7", ["connections.normalise", "7"]),
        ("training.images=0", ["training.images", "greater than 0"]),
        ("training=5", ["training", "5"]),
        ("training=null", ["training", "None"]),
        ("seed=-1", ["seed", "-1"]),
        ("seed=2147483648", ["seed", "2147483648"]),
        ("rule=hebbian", ["rule", "'triplet'", "'pre_and_post'", "not 'hebbian'"]),
        ("integration=rk4", ["integration", "'euler'", "not 'rk4'"]),
        ("synapses=sparse", ["synapses", "'dense'", "not 'sparse'"]),
        ("precision=half", ["precision", "'single'", "not 'half'"]),
        ("excitatory.refractory_voltage=held", ["refractory_voltage", "'clamped'"]),
        ("excitatory.clamp_period=5 ms", ["excitatory.clamp_period", "voltage: clamped"]),
        ("inhibitory.clamp_period=0 ms", ["inhibitory.clamp_period", "greater than zero"]),
        ("connections.update_order=both", ["update_order", "'post_first'", "not 'both'"]),
        ("plasticity.triplet.eta_presynaptic=.nan", ["eta_presynaptic", "nan"]),
        ("presentation.image=350.3 ms", ["presentation.image", "no multiple of time_step"]),
        ("presentation.rest=0.1 ms", ["presentation.rest", "no multiple of time_step"]),
        ("connections.input_delay=10 ms", ["input_delay", "synapses: brian2"]),
        ("connections.input_delay=1 s", ["input_delay", "longer than presentation.rest"]),
        ("presentation.image=500000.5 ms", ["presentation.image", "over a million time steps"]),
        ("presentation.rest=500000.5 ms", ["presentation.rest", "over a million time steps"]),
        ("time_step=0.9 us", ["time_step", "shorter than a microsecond"]),
        ("cells", ["--set cells", "key=value"]),
        ("=5", ["--set =5", "key=value"]),
        ("cells=[5", ["--set cells=[5"]),
        ("cells={a: 1, a: 2}", ["--set cells=", "stands twice"]),
        ("cells=2026-99-99", ["cells"]),
        (".=5", ["unknown key"]),
        ("cells.x=5", ["cells"]),
    ],
)
def test_a_mistake_names_the_key_and_the_way_out(write, override, parts):
    path = write()
    message = complaint(path, override)
    assert all(part in message for part in parts), message
    assert str(path) in message or "--set" in message


@pytest.mark.parametrize(
    "overrides",
    [
        ["presentation.image=500 s", "presentation.rest=500 s"],  # a million steps each
        ["presentation.image=0.5 ms", "presentation.rest=0.5 ms"],  # one step each
        ["time_step=1 us"],
        ["synapses=brian2", "connections.input_delay=150 ms"],  # as long as the rest
    ],
)
def test_what_lies_on_a_bound_is_allowed(write, overrides):
    load_experiment(write(), overrides)


def test_a_delay_that_a_rest_does_not_outlast_is_refused(write):
    message = complaint(write(), "synapses=brian2", "connections.input_delay=150.001 ms")
    assert "input_delay is longer than presentation.rest" in message


def test_a_key_that_is_missing_is_named(write):
    assert "training: is missing" in complaint(write("cells: 4\n"))
    assert "training.images: is missing" in complaint(write("cells: 4\ntraining: {}\n"))


def test_several_mistakes_are_counted(write):
    assert complaint(write(), "cells=0", "rule=x", "seed=-1").endswith("(and 2 more)")


@pytest.mark.parametrize("model", [Experiment, *RULES.values()])
def test_an_unknown_parameter_is_an_error_in_every_section(model):
    def sections(model):
        yield model
        for field in model.model_fields.values():
            if isinstance(field.annotation, type) and hasattr(field.annotation, "model_fields"):
                yield from sections(field.annotation)

    for section in sections(model):
        assert section.model_config["extra"] == "forbid", section


def test_an_experiment_does_not_change(write):
    with pytest.raises(ValueError, match="frozen"):
        load_experiment(write()).cells = 5


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["connections.weight_sum=1e300"], "connections.weight_sum: is out of bounds"),
        (["connections.weight_sum=1e-300"], "connections.weight_sum: is out of bounds"),
        (["connections.inhibitory_to_excitatory=1e300"], "is out of bounds, [1e-09, 1e+09]"),
        (["plasticity.triplet.eta_presynaptic=-1e300"], "eta_presynaptic: is out of bounds"),
        (["excitatory.theta_start=1e20 V"], "excitatory.theta_start: is out of bounds"),
        (["excitatory.tau_theta=1e20 s"], "excitatory.tau_theta: is out of bounds"),
        (["time_step=5 ms"], "time_step is longer than excitatory.tau_ge (1. ms); shorten it"),
        (
            ["rule=exponential", "plasticity.exponential.tau_presynaptic=0.1 ms"],
            "time_step is longer than plasticity.exponential.tau_presynaptic",
        ),
        (["presentation.minimum_spikes=3000"], "minimum_spikes is above presentation.maximum_spik"),
        (["inhibitory.v_reset=-30 mV"], "inhibitory.v_reset is not below inhibitory.v_threshold"),
    ],
)
def test_where_the_model_makes_no_sense_it_says_which_key_to_change(write, overrides, message):
    assert message in complaint(write(), *overrides)


def test_what_is_only_odd_is_said_in_a_sentence_each(write):
    assert load_experiment(write()).oddities == []
    settings = {
        "time_step": "1 ms",
        "presentation.intensity": 100.0,
        "connections.inhibitory_to_excitatory": 0,
        "connections.w_max": 100,
        "excitatory.e_inhibitory": "-30 mV",
        "excitatory.v_rest": "-40 mV",
    }
    overrides = [f"{key}={value}" for key, value in settings.items()]
    oddities = load_experiment(write(), overrides).oddities
    assert len(oddities) == len(settings)
    for key, sentence in zip(settings, oddities, strict=True):
        assert sentence.startswith(key)


@pytest.mark.parametrize("setting", ["connections.normalise=false", "connections.weight_sum=auto"])
def test_no_weight_is_too_large_for_a_sum_that_is_not_stated(write, setting):
    assert load_experiment(write(), ["connections.w_max=100", setting]).oddities == []


def test_weights_that_cannot_have_their_sum_name_both_keys(write):
    experiment = load_experiment(write(), ["connections.w_max=0.1"])
    experiment.require_room(780)
    with pytest.raises(ExperimentError, match=r"lower it, or raise connections\.w_max"):
        experiment.require_room(779)
    load_experiment(write(), ["connections.w_max=0.1", "connections.weight_sum=77"]).require_room(
        779
    )


def test_what_is_tolerant_goes_on_after_any_answer_and_differs_in_nothing_else(experiment_with):
    experiment = experiment_with()
    tolerant = experiment.tolerant()
    presentation = tolerant.presentation
    assert (presentation.on_silence, presentation.maximum_showings) == ("skip", 20)
    assert presentation.maximum_spikes >= 46_340 * 70 * 2  # all cells, every refractory period
    assert tolerant.model_copy(update={"presentation": experiment.presentation}) == experiment
