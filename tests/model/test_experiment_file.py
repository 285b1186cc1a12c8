"""Experiment files: what is right is read to the bit, what is wrong is one helpful line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from written_experiments import SMALLEST, complaint

from diehl_cook.model.experiment import ExperimentError
from diehl_cook.model.experiment_file import dump_experiment, load_experiment
from diehl_cook.model.plasticity import RULES

NAMES = ("n100", "n400", "n1600", "n6400", "smoke")


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


def test_a_mistake_in_a_file_names_the_file(write):
    path = write(SMALLEST + "rul: triplet\n")
    assert complaint(path) == f"{path}: rul: unknown key; did you mean 'rule'?"


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
        (
            "excitatory.theta_plus: 1 mV\n" + SMALLEST,
            "is a key of several parts; in a file write excitatory: {theta_plus: '1 mV'}",
        ),
        (
            SMALLEST + "  schedule:\n    5: {excitatory.theta_plus: 1 mV}\n",
            "training.schedule.5.excitatory.theta_plus: is a key of several parts; in a file write",
        ),
        (SMALLEST + "  schedule: {5: {}, '5': {}}\n", "schedule: 5 stands twice, as number"),
        (SMALLEST + "  schedule: {soon: {}}\n", "training.schedule.soon: Input should be a valid"),
        ("experiment: n100\nseeds: [0]\n", "is a sweep, where experiment files belong; for"),
        ("experiment: n100\ntrials: 5\n", "for this one there is diehl-cook search"),
        ("data:\n  folder: 5\n" + SMALLEST, "data.folder"),
    ],
)
def test_a_file_that_is_no_experiment_is_refused(write, text, part):
    path = write(text)
    message = complaint(path)
    assert part in message
    assert str(path.parent) in message


def test_a_single_override_needs_no_list(experiments):
    assert load_experiment(experiments / "n100.yaml", "cells=64").cells == 64
    with pytest.raises(ExperimentError, match="--set 64: write key=value"):
        load_experiment(experiments / "n100.yaml", [64])


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
    assert "cannot be read: is a folder; name a YAML file" in complaint(tmp_path)
    (tmp_path / "picture.yaml").write_bytes(b"\x89PNG\r\n\xff\xfe\x00")
    assert "picture.yaml" in complaint(tmp_path / "picture.yaml")


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
        "import sys; from diehl_cook.model.experiment_file import load_experiment;"
        f"load_experiment({str(experiments / 'n100.yaml')!r});"
        "sys.exit('diehl_cook.model.network' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(experiments).parent, check=True)


def test_what_a_base_states_wrongly_is_said_of_the_base(write):
    path = write("extends: base.yaml\nseed: 3\n", base=SMALLEST + "precision: half\n")
    assert complaint(path).startswith(f"{path}: extends: {path.parent}/base.yaml: precision: ")
    path = write("extends: base.yaml\nprecision: half\n", base=SMALLEST + "precision: single\n")
    assert complaint(path).startswith(f"{path}: precision: ")


@pytest.mark.parametrize(
    ("overrides", "settings", "origin"),
    [
        (["cells=0"], {}, "--set cells=0: cells: "),
        ([], {"seed": -1}, "seed=-1: seed: "),
        # wrong only together with what else is stated
        (["seed=3", "time_step=0.3 ms"], {"cells": 7}, "--set time_step=0.3 ms: presentation."),
        (["seed=3"], {"excitatory__clamp_period": "3 ms"}, "excitatory.clamp_period='3 ms': ex"),
        (["training.schedule={10: {plasticity: {triplet: {mu: 0.3}}}}"], {}, "--set training.sc"),
    ],
)
def test_what_is_set_wrongly_is_said_of_what_was_set(write, overrides, settings, origin):
    assert complaint(write(), *overrides, **settings).startswith(origin)


def test_a_file_that_is_wrong_in_itself_is_named_whatever_is_set(write):
    path = write(SMALLEST + "time_step: 0.3 ms\n")
    assert complaint(path, "cells=7", seed=3).startswith(f"{path}: presentation.")


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
