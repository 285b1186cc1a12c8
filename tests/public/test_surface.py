"""What `import diehl_cook` offers: names, errors, and no trace in Brian2."""

import subprocess
import sys

import numpy as np
import pytest
from brian2 import second, volt

import diehl_cook as dc
from diehl_cook.engine.presenter import Presenter
from diehl_cook.images.datasets import Split
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.stages import readout
from diehl_cook.stages.network import Network
from diehl_cook.store.network_file import NetworkFileError
from diehl_cook.store.run_folder import RunFolderError
from diehl_cook.store.trained_network import TrainedNetwork


def python(*lines):
    """What a fresh process prints."""
    command = [sys.executable, "-c", "\n".join(lines)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_importing_loads_nothing_that_takes_time():
    heavy = "{'brian2', 'numpy', 'matplotlib', 'sklearn', 'pydantic'} & set(sys.modules)"
    assert python("import sys, diehl_cook", f"print({heavy})") == "set()"


@pytest.mark.parametrize("name", dc.__all__)
def test_every_name_is_there_and_documented(name):
    assert getattr(dc, name).__doc__
    assert name in dir(dc)


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(AttributeError, match=r"no 'trian'; it has .*train"):
        dc.trian  # noqa: B018


def test_an_experiment_by_name_with_values_of_any_depth():
    experiment = dc.load_experiment("n400", seed=3, excitatory__theta_plus="0.02 mV")
    assert (experiment.cells, experiment.seed, experiment.name) == (400, 3, "n400")
    assert float(experiment.excitatory.theta_plus) == pytest.approx(2e-5)


def test_an_unknown_experiment_lists_those_there_are():
    with pytest.raises(ExperimentError, match=r"n99: no such .*; there are .*n100, n1600"):
        dc.load_experiment("n99")


def test_a_misspelled_value_names_the_nearest():
    with pytest.raises(ExperimentError, match="did you mean 'theta_plus'"):
        dc.load_experiment("n100", excitatory__theta_puls="1 mV")


def test_an_unknown_network_lists_those_there_are():
    with pytest.raises(NetworkFileError, match=r"published are .*triplet_n400"):
        dc.load("triplet_n4")


@pytest.fixture(scope="module")
def network(reader):
    """An untrained network of 100 cells, with labels."""
    weights = np.random.default_rng(0).random((784, 100))
    labels = np.arange(100) % 10
    trained = TrainedNetwork(weights * 78 / weights.sum(axis=0), np.full(100, 0.02), labels)
    return Network(reader.experiment, trained)


@pytest.fixture(scope="module")
def images(digits):
    return digits.images[:30].reshape(-1, 28, 28)


def test_images_as_pictures_or_rows(network, images):
    pictures = network.respond(images).toarray()
    np.testing.assert_array_equal(pictures, network.respond(images.reshape(30, 784)).toarray())
    np.testing.assert_array_equal(pictures, network.respond(images.tolist(), jobs=1).toarray())
    assert network.predict(images).shape == (30,)


def test_repeats_differ_and_are_the_same_again(network, images):
    first, other = (network.respond(images, repeat).toarray() for repeat in (0, 1))
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(other, network.respond(images, 1).toarray())


@pytest.mark.parametrize("number", [0, 7, 29])
def test_a_record_is_the_presentation_that_an_evaluation_counts(reader, network, images, number):
    # Blocks of 25 that start from rest: image 29 comes fifth in the second.
    values = {"evaluation": reader.experiment.evaluation.model_copy(update={"block": 25})}
    network = Network(reader.experiment.model_copy(update=values), network.trained)
    counted = network.respond(images, repeat=2).toarray()[number]
    record = network.record(images[number], [3], repeat=2, before=images[:number])
    np.testing.assert_array_equal(record.counts, counted)


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (np.zeros((3, 10, 10)), r"images have shape \(3, 10, 10\); expected \(n, 784\)"),
        (np.zeros(784), "images have shape"),
        (np.zeros((0, 784)), "there are no images"),
        (np.full((1, 784), "a"), "brightness from 0 to 255"),
        (np.full((1, 784), 0.5), "brightness from 0 to 1; multiply it by 255"),
        (np.eye(2, 784, dtype=int), "brightness from 0 to 1; multiply it by 255"),
        (np.full((1, 784), 256), "brightness from 0 to 255"),
        (np.full((1, 784), -1), "brightness from 0 to 255"),
        (np.full((1, 784), np.nan), "brightness from 0 to 255"),
    ],
)
def test_unfit_images_are_refused(network, images, reason):
    with pytest.raises(ValueError, match=reason):
        network.respond(images)


def test_what_holds_arrays_is_shown_in_one_line(network, images):
    record = network.record(images[0], [3, 17])
    spikes = record.counts.sum()
    assert repr(record) == (
        f"<Record: 0.5 s, {spikes} excitatory spikes, v, ge, gi and theta of cells [3, 17]>"
    )
    assert repr(dc.load_images("test")) == "<Split: 10000 images of 28 x 28 pixels>"
    tested = dc.Evaluation(
        network.trained, np.zeros((2, 4)), np.ones((2, 4)), np.array([0.5, 1]), None
    )
    assert repr(tested) == "<Evaluation: 75.00% of 4 images correct, 2 repeats>"


def test_one_cell_needs_no_list(network, images):
    assert network.record(images[0], 17).cells.tolist() == [17]


def test_a_mask_is_no_list_of_cells(network, images):
    with pytest.raises(ValueError, match=r"np\.flatnonzero\(mask\) gives those of a mask"):
        network.record(images[0], network.labels == 3)


@pytest.mark.parametrize("repeat", [-1, 0.5, "first", True, 2**31])
def test_a_repeat_that_is_none_is_refused(network, images, repeat):
    for call in (network.respond, network.predict):
        with pytest.raises(ValueError, match=f"^repeat {repeat!r} is not 0, 1, 2"):
            call(images, repeat)


def test_weights_of_other_bits_are_refused(network, tmp_path):
    with pytest.raises(ValueError, match=r"^bits=5: a weight is kept in 32, 16 or 8 bits"):
        network.save(tmp_path / "mine.npz", bits=5)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cell", [100, -1, 1.5, "first"])
def test_a_cell_that_is_not_there_is_refused(network, images, cell):
    with pytest.raises(ValueError, match=rf"there is no cell {cell}; they are numbered 0 to 99"):
        network.record(images[0], [cell])


def test_other_values_need_no_new_program(network, images, monkeypatch):
    before = network.respond(images[:5]).toarray()
    monkeypatch.setattr(Presenter, "__init__", None)
    unchanged = network.with_values()
    np.testing.assert_array_equal(unchanged.respond(images[:5]).toarray(), before)
    louder = network.with_values(intensity=6.0)
    assert louder.experiment.presentation.intensity == 6.0
    assert louder.record(images[0]).input.t.size > 2 * network.record(images[0]).input.t.size
    with pytest.raises(ValueError, match=r"^theta has the unit s; give volts"):
        network.with_values(theta=network.theta * second)
    eager = network.with_values(theta=0.5 * network.theta * volt)
    assert eager.respond(images[:5]).sum() > before.sum()
    free = network.with_values(inhibition=0.0)
    assert np.count_nonzero(free.record(images[0]).counts) > np.count_nonzero(before[0])
    np.testing.assert_array_equal(network.respond(images[:5]).toarray(), before)
    patient = network.with_values(on_silence="skip")
    assert patient.respond(np.zeros_like(images[:1])).sum() == 0


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"intensity": 0}, "presentation.intensity"),
        ({"inhibition": -1}, "connections.inhibitory_to_excitatory"),
        ({"on_silence": "wait"}, "presentation.on_silence: Input should be 'error' or 'skip'"),
        ({"theta": [0.02]}, r"theta has shape \(1,\); expected \(100,\)"),
        ({"theta": np.full(100, -0.02)}, "theta must be volts from 0 upwards"),
        ({"theta": np.full(100, np.nan)}, "theta must be volts from 0 upwards"),
    ],
)
def test_other_values_out_of_range_are_refused(network, values, reason):
    with pytest.raises(ValueError, match=reason):
        network.with_values(**values)


def test_without_labels_there_is_no_class(network, images):
    bare = TrainedNetwork(network.weights, network.theta)
    with pytest.raises(ValueError, match=r"run.evaluate\(\)"):
        Network(network.experiment, bare).predict(images)


def test_a_class_is_read_as_the_experiment_says(network, images):
    settings = network.experiment.evaluation.model_copy(update={"readout": "logistic"})
    experiment = network.experiment.model_copy(update={"evaluation": settings})
    with pytest.raises(ValueError, match="'logistic' has learned nothing yet"):
        Network(experiment, network.trained).predict(images)
    responses = network.respond(images)
    trained = readout.learn("logistic", network.trained, responses, np.arange(30) % 3)
    expected = readout.Logistic().fit(responses, np.arange(30) % 3).predict(responses)
    np.testing.assert_array_equal(Network(experiment, trained).predict(images), expected)
    assert (expected != network.predict(images)).any()


def test_figures_take_networks_and_records(network, images):
    assert dc.figures.receptive_fields(network).axes
    assert dc.figures.raster(network.record(images[0], [3, 17])).axes


def test_a_network_saved_and_loaded_answers_the_same(network, images, tmp_path):
    network.save(tmp_path / "mine.npz")
    again = dc.load(tmp_path / "mine.npz")
    np.testing.assert_array_equal(
        again.respond(images).toarray(), network.respond(images).toarray()
    )


def test_brian2_is_as_before(experiment_with, programs):
    """Its clock, device, logging and the way errors are shown belong to the user."""
    said = python(
        "import sys, logging, brian2, diehl_cook as dc, numpy as np",
        "brian2.defaultclock.dt = 0.1 * brian2.ms",
        "brian2.prefs.codegen.target = 'numpy'",
        "hook = sys.excepthook",
        "group = brian2.NeuronGroup(1, 'v : 1')",
        "network = dc.load('triplet_n400')",
        "network.respond(dc.load_images('test').images[:1])",
        "print(brian2.defaultclock.dt, type(brian2.get_device()).__name__, sys.excepthook is hook)",
        "print(brian2.prefs.codegen.target)",
        "group.v = 2",
        "brian2.run(1 * brian2.ms)",
        "print(group.v[0])",
    )
    assert said.splitlines() == ["100. us RuntimeDevice True", "numpy", "2.0"]


@pytest.mark.parametrize(
    ("synapses", "device"), [("dense", "cpp_standalone_fast"), ("brian2", "cpp_standalone")]
)
def test_a_standalone_network_of_the_users_own_is_left_alone(synapses, device, tmp_path):
    """What is prepared on the device is still there, and so is the device."""
    said = python(
        "import brian2, diehl_cook as dc, diehl_cook.dense",
        f"brian2.set_device({device!r}, build_on_run=False)",
        "brian2.defaultclock.dt = 0.2 * brian2.ms",
        "group = brian2.NeuronGroup(1, 'v : 1')",
        "group.v = 2",
        "group.run_regularly('v += 1')",
        "network = brian2.Network(group)",
        "network.run(brian2.defaultclock.dt)",
        f"experiment = dc.load_experiment('n100', cells=4, synapses={synapses!r})",
        "from diehl_cook.engine import presenter, program",
        "from pathlib import Path",
        # no compiler: this is about what happens until it starts
        "program._compile = lambda folder: (folder / 'main').touch()",
        f"presenter.Presenter(experiment, True, 784, Path({str(tmp_path)!r}))",
        "brian2.device.build(directory=None, with_output=False)",
        f"print(brian2.get_device() is brian2.all_devices[{device!r}])",
        "print(group.v[0], brian2.defaultclock.dt)",
    )
    assert said.splitlines() == ["True", "3.0 200. us"]


def test_the_way_errors_are_shown_stays_where_warnings_are_logged_already():
    said = python(
        "import logging, sys",
        "logging.captureWarnings(True)",
        "hook = sys.excepthook",
        "import diehl_cook as dc",
        "dc.load_experiment('n100')",
        "print(sys.excepthook is hook)",
    )
    assert said == "True"


def test_a_warning_of_the_users_own_is_shown_as_ever():
    script = "import diehl_cook as dc; dc.load_experiment('n100'); import warnings"
    script += "; warnings.warn('mine')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "<string>:1: UserWarning: mine\n" in done.stderr
    assert "py.warnings" not in done.stderr


def test_a_mistake_in_a_script_is_not_told_by_brian2():
    script = "import diehl_cook as dc; dc.load_experiment('n100'); 1 / 0"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "rian" not in done.stderr


def test_a_split_of_images(tmp_path):
    assert isinstance(dc.load_images("test"), Split)


def test_the_name_of_an_experiment_is_none():
    with pytest.raises(
        TypeError, match=r"^'n100' is no experiment; give load_experiment\('n100'\)"
    ):
        dc.train("n100")


def test_a_folder_without_a_run_has_no_training(tmp_path):
    with pytest.raises(RunFolderError, match="missing: no run here; train one first"):
        dc.Run(tmp_path / "missing").training  # noqa: B018
