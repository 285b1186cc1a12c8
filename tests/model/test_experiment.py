"""Experiment files: what is right is read to the bit, what is wrong is one helpful line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from brian2 import mV
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diehl_cook.model.experiment import (
    Experiment,
    ExperimentError,
    check_values,
    dump_experiment,
    load_experiment,
)
from diehl_cook.model.plasticity import RULES

SMALLEST = "cells: 4\ntraining:\n  images: 10\n"
NAMES = ("n100", "n400", "n1600", "n6400", "smoke")


@pytest.fixture
def write(tmp_path):
    """Writes experiment files; gives the path of the first."""

    def write(text=SMALLEST, **others):
        for name, content in {"mine": text, **others}.items():
            (tmp_path / f"{name}.yaml").write_text(content)
        return tmp_path / "mine.yaml"

    return write


def complaint(path, *overrides, **settings):
    """The one line that an experiment is refused with."""
    with pytest.raises(ExperimentError) as raised:
        load_experiment(path, overrides, **settings)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    return message


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


def test_a_file_states_only_what_differs_from_the_one_it_extends(write):
    path = write(
        "extends: base.yaml\nexcitatory:\n  theta_plus: 1 mV\n",
        base=SMALLEST + "excitatory:\n  theta_plus: 2 mV\n  theta_start: 3 mV\n",
    )
    experiment = load_experiment(path)
    assert float(experiment.excitatory.theta_plus) == pytest.approx(1e-3)
    assert float(experiment.excitatory.theta_start) == pytest.approx(3e-3)
    assert experiment.cells == 4
    assert experiment.name == "mine"


def test_it_may_extend_one_that_comes_with_the_project_or_one_beside_it(write, experiments):
    path = write("extends: n100\nseed: 7\n")
    assert load_experiment(path) == load_experiment("n100", seed=7, name="mine")
    (path.parent / "n100").write_text(SMALLEST)
    assert load_experiment(path).cells == 4


@pytest.mark.parametrize("name", ["x" * 300, "a\\0b", "n100/n100"])
def test_what_no_file_can_be_called_is_told(write, name):
    assert "extends: " in complaint(write(f'extends: "{name}"\n'))


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
        ({0: theta_plus("1 mV")}, "0."),
        ({100: 5}, "100: "),
        ([theta_plus("1 mV")], ": Input should be a valid dictionary"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(phases, part):
    with pytest.raises(ExperimentError, match=rf"training\.schedule.*{re.escape(part)}"):
        scheduled(phases)


def test_set_goes_over_the_file_and_settings_over_both(write):
    path = write(SMALLEST + "seed: 1\n")
    overrides = ["seed=2", "training.images=20", "excitatory.refractory_period=50 ms"]
    experiment = load_experiment(path, overrides, seed=3)
    assert (experiment.seed, experiment.training.images) == (3, 20)
    assert float(experiment.excitatory.refractory_period) == pytest.approx(0.05)


@pytest.mark.parametrize("override", ["cells=\n", "cells\n", "\n=3", "cells='\na", "name=\r\n"])
def test_an_override_with_line_breaks_is_refused_in_one_line(write, override):
    assert complaint(write(), override).startswith("--set ")


def test_a_data_folder_has_one_name_from_wherever_it_is_typed(write, tmp_path, monkeypatch):
    path = write(SMALLEST)
    (tmp_path / "here").mkdir()
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "here" / "link").symlink_to(tmp_path / "far" / "away")
    monkeypatch.chdir(tmp_path / "here")
    for typed in ("../images", str(tmp_path / "far" / ".." / "images"), "link/../../images"):
        assert load_experiment(path, [f"data.folder={typed}"]).data.folder == tmp_path / "images"


def test_a_data_folder_is_looked_for_beside_the_file_that_names_it(write, tmp_path):
    path = write("extends: sub/base.yaml\n", **{"other": SMALLEST})
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "base.yaml").write_text(SMALLEST + "data:\n  folder: fashion\n")
    assert load_experiment(path).data.folder == tmp_path / "sub" / "fashion"


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


def test_a_mistake_in_a_file_names_the_file(write):
    path = write(SMALLEST + "rul: triplet\n")
    assert complaint(path) == f"{path}: rul: unknown key; did you mean 'rule'?"


def test_a_key_that_is_missing_is_named(write):
    assert "training: is missing" in complaint(write("cells: 4\n"))
    assert "training.images: is missing" in complaint(write("cells: 4\ntraining: {}\n"))


def test_several_mistakes_are_counted(write):
    assert complaint(write(), "cells=0", "rule=x", "seed=-1").endswith("(and 2 more)")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("cells: [4\n", "is not valid YAML"),
        ("cells: 4\n\ttraining: 5\n", "is not valid YAML"),
        ("cells: !!python/object:os.system 4\n", "is not valid YAML"),
        ("cells: *nothing\n", "is not valid YAML"),
        ("cells: 4\ncells: 5\n", "key 'cells' stands twice"),
        ("training:\n  images: 1\n  images: 2\n", "key 'images' stands twice"),
        ("when: 2026-99-99\n", "is not valid YAML"),
        ("? [a, b]\n: 4\n", "is not valid YAML"),
        ("", "is not a list of 'key: value' lines"),
        ("- cells\n", "is not a list of 'key: value' lines"),
        ("cells\n", "is not a list of 'key: value' lines"),
        ("extends: [a, b]\n", "extends: name one file"),
        ("extends: mine.yaml\n", "extends itself"),
        ("extends: nowhere.yaml\n", "nowhere.yaml: no such file"),
        ("extends: .\n", "cannot be read"),
        ("1: 2\n" + SMALLEST, "1: Keys should be strings"),
        ("data:\n  folder: 5\n" + SMALLEST, "data.folder"),
    ],
)
def test_a_file_that_is_no_experiment_is_refused(write, text, part):
    path = write(text)
    message = complaint(path)
    assert part in message
    assert str(path.parent) in message


def test_files_that_extend_one_another_in_a_circle_are_refused(write):
    path = write("extends: b.yaml\n", b="extends: c.yaml\n", c="extends: mine.yaml\n")
    assert "extends itself" in complaint(path)


def test_a_missing_file_is_named(tmp_path, experiments):
    path = tmp_path / "nowhere.yaml"
    assert complaint(path) == f"{path}: no such file; {experiments} has examples"


def test_a_missing_file_that_comes_along_is_named_as_it_must_be_said(tmp_path, monkeypatch):
    """Where no folder `experiments` is: beside an installed package."""
    monkeypatch.chdir(tmp_path)
    said = complaint("experiments/n400.yaml")
    assert said == (
        "experiments/n400.yaml: no such file; say n400 for the one that comes with the package"
    )
    assert load_experiment("n400").cells == 400


def test_a_folder_and_a_picture_are_no_experiments(tmp_path):
    assert "cannot be read" in complaint(tmp_path)
    (tmp_path / "picture.yaml").write_bytes(b"\x89PNG\r\n\xff\xfe\x00")
    assert "picture.yaml" in complaint(tmp_path / "picture.yaml")


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


times = st.floats(0.5e-3, 1e9).map(lambda seconds: f"{seconds!r} s")
voltages = st.floats(-1, -1e-12).map(lambda v: f"{v!r} V")


@given(
    tau=times,
    theta=times,
    v_rest=voltages,
    v_reset=voltages,
    weight=st.floats(1e-9, 1e9),
    seed=st.integers(0, 2**31 - 1),
    rule=st.sampled_from(list(RULES)),
    labelling=st.none() | st.integers(1, 60_000),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back_to_the_same_bits(
    tmp_path, tau, theta, v_rest, v_reset, weight, seed, rule, labelling
):
    path = tmp_path / "mine.yaml"
    values = {
        "cells": 4,
        "seed": seed,
        "rule": rule,
        "training": {"images": 10},
        "evaluation": {"labelling_images": labelling},
        "excitatory": {"tau_membrane": tau, "tau_theta": theta, "v_rest": v_rest},
        "inhibitory": {"v_reset": v_reset, "v_threshold": "0 V", "clamp_period": tau},
        "connections": {"w_max": weight},
    }
    path.write_text(yaml.safe_dump(values))
    experiment = load_experiment(path)
    path.write_text(dump_experiment(experiment))
    again = load_experiment(path)
    assert again == experiment
    assert again.inhibitory.clamp_period == again.excitatory.tau_membrane
    assert float(again.excitatory.tau_membrane) == float(tau.removesuffix(" s"))
    assert float(again.excitatory.v_rest) == float(v_rest.removesuffix(" V"))
    assert again.connections.w_max == weight


@pytest.mark.parametrize("name", NAMES)
def test_an_experiment_of_the_repository_is_read_back_unchanged(experiments, tmp_path, name):
    experiment = load_experiment(experiments / f"{name}.yaml")
    (tmp_path / "again.yaml").write_text(dump_experiment(experiment))
    assert load_experiment(tmp_path / "again.yaml") == experiment


def accepts_or_explains(path):
    """Reading ends in an experiment or in one line, never in another error."""
    message = str(path)
    try:
        load_experiment(path)
    except ExperimentError as error:
        message = str(error)
    assert len(message.splitlines()) == 1
    assert str(path.parent) in message


KEYS = st.sampled_from(
    [
        "cells",
        "training",
        "images",
        "excitatory",
        "theta_plus",
        "rule",
        "data",
        "folder",
        "extends",
        "plasticity",
        "triplet",
        "mu",
        "seed",
        "name",
        "evaluation",
        "time_step",
        "presentation",
    ]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates()
    | st.sampled_from(["5 ms", "-5 mV", "0 s", "1e400 ms", "triplet", "mine.yaml", "brian2"])
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | scalars.filter(lambda v: v == v), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, trees, max_size=6))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_tree_of_values_is_accepted_or_explained(tmp_path, tree):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(tree))
    accepts_or_explains(path)


@given(st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_slip_of_the_pen_is_accepted_or_explained(experiments, tmp_path, data):
    text = (experiments / "n100.yaml").read_text()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 5)))
        text = text[:start] + data.draw(st.text(max_size=4)) + text[end:]
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    accepts_or_explains(path)


@given(st.binary(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_accepted_or_explained(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    accepts_or_explains(path)


def test_reading_an_experiment_imports_no_network(experiments):
    code = (
        "import sys; from diehl_cook.model.experiment import load_experiment;"
        f"load_experiment({str(experiments / 'n100.yaml')!r});"
        "sys.exit('diehl_cook.model.network' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(experiments).parent, check=True)


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


def test_what_a_base_states_wrongly_is_said_of_the_base(write):
    path = write("extends: base.yaml\nseed: 3\n", base=SMALLEST + "precision: half\n")
    assert complaint(path).startswith(f"{path}: extends: {path.parent}/base.yaml: precision: ")
    path = write("extends: base.yaml\nprecision: half\n", base=SMALLEST + "precision: single\n")
    assert complaint(path).startswith(f"{path}: precision: ")


@pytest.mark.parametrize(
    ("overrides", "settings", "origin"),
    [(["cells=0"], {}, "--set cells=0: cells: "), ([], {"seed": -1}, "seed=-1: seed: ")],
)
def test_what_is_set_wrongly_is_said_of_what_was_set(write, overrides, settings, origin):
    assert complaint(write(), *overrides, **settings).startswith(origin)


@pytest.mark.parametrize(
    ("text", "read"), [("010", 8), ("0_7", 7), ("1:30", 90), ("-1:30", -90), ("1:30.5", 90.5)]
)
def test_a_number_that_yaml_reads_otherwise_than_it_looks_is_refused_with_what_to_write(
    write, text, read
):
    message = f"{text} is {read} in YAML; write {read}"
    assert message in complaint(write(), f"seed={text}")
    assert message in complaint(write(SMALLEST + f"seed: {text}\n"))
    for plain in ("0", "8", "0x10", "1_000"):
        load_experiment(write(), [f"seed={plain}"])


def test_merge_keys_are_refused(write):
    merging = write("base: &a {cells: 4}\n<<: *a\ntraining: {images: 10}\n")
    assert "'<<' is not read; state the values, or 'extends'" in complaint(merging)


def test_half_a_character_in_a_name_is_refused(tmp_path):
    path = tmp_path / "a\udcff.yaml"
    path.write_text(SMALLEST)
    assert "name: Input should be a valid string" in complaint(path)


@pytest.mark.parametrize("kind", ["pipe", "device", "circle"])
def test_what_would_never_end_is_refused(tmp_path, kind):
    path = tmp_path / "mine.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path)
    message = "Too many levels of symbolic links" if kind == "circle" else "is a pipe or a device"
    assert f"mine.yaml: cannot be read: {message}" in complaint(path)


def test_what_is_tolerant_goes_on_after_any_answer_and_differs_in_nothing_else(experiment_with):
    experiment = experiment_with()
    tolerant = experiment.tolerant()
    presentation = tolerant.presentation
    assert (presentation.on_silence, presentation.maximum_showings) == ("skip", 20)
    assert presentation.maximum_spikes >= 46_340 * 70 * 2  # all cells, every refractory period
    assert tolerant.model_copy(update={"presentation": experiment.presentation}) == experiment
