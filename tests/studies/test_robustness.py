"""What each disturbance changes, and what it leaves alone; the table and the figure."""

import numpy as np
import pytest

from diehl_cook import figures
from diehl_cook.stages.network import Network
from diehl_cook.stages.progress import Silence
from diehl_cook.stages.readout import NO_CLASS
from diehl_cook.store.trained_network import TrainedNetwork
from diehl_cook.studies import robustness
from diehl_cook.studies.robustness import DISTURBANCES, Trial


@pytest.fixture
def trial(experiment_with):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (20, 10, 10), np.uint8)
    weights = random.random((100, 7)).astype(np.float32)
    weights[:, 6] = 0  # a cell that lost all its weights
    network = TrainedNetwork(weights, np.zeros(7), np.arange(7))
    return Trial(images, network, experiment_with())


def disturbed(trial, name, level):
    return DISTURBANCES[name][0](trial, level, np.random.default_rng(1))


@pytest.mark.parametrize("name", DISTURBANCES)
def test_at_its_first_level_a_disturbance_changes_next_to_nothing(trial, name):
    level = DISTURBANCES[name][1][0]
    same = disturbed(trial, name, level)
    np.testing.assert_array_equal(same.images, trial.images)
    np.testing.assert_allclose(same.network.weights, trial.network.weights, atol=1e-5)
    assert same.experiment == trial.experiment


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_disturbance_changes_one_thing_and_the_same_way_every_time(trial, name):
    level = DISTURBANCES[name][1][-1]
    one, other = disturbed(trial, name, level), disturbed(trial, name, level)
    np.testing.assert_array_equal(one.images, other.images)
    changed = {
        "images": not np.array_equal(one.images, trial.images),
        "weights": not np.array_equal(one.network.weights, trial.network.weights),
        "experiment": one.experiment != trial.experiment,
    }
    kind = {"intensity": "experiment", "bits": "weights", "removed_cells": "weights"}.get(
        name, "images"
    )
    assert [what for what, is_other in changed.items() if is_other] == [kind]


def test_noise_has_the_deviation_asked_for(trial):
    grey = Trial(np.full((50, 10, 10), 128, np.uint8), trial.network, trial.experiment)
    noisy = disturbed(grey, "noise", 0.1).images.astype(float)
    assert noisy.std() == pytest.approx(25.5, rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=2)
    assert disturbed(trial, "noise", 0.5).images.dtype == np.uint8


def test_the_same_share_of_inputs_is_silent_in_every_image(trial):
    bright = Trial(np.full((5, 10, 10), 9, np.uint8), trial.network, trial.experiment)
    dark = disturbed(bright, "silent_inputs", 0.4).images.reshape(5, -1) == 0
    assert dark.sum(axis=1).tolist() == [40] * 5
    assert (dark == dark[0]).all()


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_weights_keep_so_many_levels_and_the_largest_of_each_cell(trial, bits):
    before, after = trial.network.weights, disturbed(trial, "bits", bits).network.weights
    assert after.dtype == before.dtype
    np.testing.assert_allclose(after.max(axis=0), before.max(axis=0), rtol=1e-6)
    for cell in range(6):
        assert len(np.unique(after[:, cell])) == 2**bits
    largest_step = before.max() / (2**bits - 1)
    assert np.abs(after - before).max() <= 0.501 * largest_step


def test_removed_cells_neither_fire_nor_count(trial):
    network = disturbed(trial, "removed_cells", 0.4).network
    removed = network.labels == NO_CLASS
    assert removed.sum() == 3
    assert not network.weights[:, removed].any()
    np.testing.assert_array_equal(network.labels[~removed], trial.network.labels[~removed])
    np.testing.assert_array_equal(network.weights[:, ~removed], trial.network.weights[:, ~removed])
    more = disturbed(trial, "removed_cells", 0.9).network
    assert (more.labels == NO_CLASS)[removed].all()


def test_a_network_is_scored_under_every_disturbance(experiment_with, reader, digits, tmp_path):
    few = "presentation.maximum_spikes=20"  # a disturbed network may fire more
    experiment = experiment_with("evaluation.labelling_images=60", "evaluation.block=20", few)
    state = reader.start()
    weights = state["input_to_excitatory.w"].reshape(784, -1)
    trained = TrainedNetwork(weights * 78 / weights.sum(axis=0), state["excitatory.theta"])
    network = Network(experiment, trained)
    rows = robustness.measure(network, list(DISTURBANCES), 20, 2, Silence())
    levels = [(name, level) for name, (_, levels) in DISTURBANCES.items() for level in levels]
    assert [(row["disturbance"], row["level"]) for row in rows] == levels
    assert {row["images"] for row in rows} == {20}
    of = {(row["disturbance"], row["level"]): row for row in rows}
    plain = of["noise", 0]
    assert all(of[name, levels[0]]["accuracy"] == plain["accuracy"]
               for name, (_, levels) in DISTURBANCES.items() if name != "bits")  # fmt: skip
    assert of["intensity", 4]["spikes_per_image"] > 1.5 * plain["spikes_per_image"]
    assert of["intensity", 4]["spikes_per_image"] > 20
    assert of["silent_inputs", 0.8]["spikes_per_image"] < plain["spikes_per_image"]

    assert of["removed_cells", 0.9]["spikes_per_image"] < plain["spikes_per_image"]

    written = robustness.write_table(tmp_path, rows)
    assert robustness.read_table(tmp_path) == written == rows
    assert robustness.write_table(tmp_path, rows) == rows
    assert robustness.missing(rows, network, list(DISTURBANCES), 20) == []
    assert robustness.missing(rows, network, ["bits", "noise"], 21) == ["bits", "noise"]
    assert robustness.missing(rows, network, ["bits", "noise"], 19) == []
    some = [row for row in rows if row["disturbance"] != "bits"]
    assert robustness.missing(some, network, ["bits", "noise"], 20) == ["bits"]
    other = Network(experiment_with("seed=1"), trained)
    assert robustness.missing(rows, other, ["bits"], 20) == ["bits"]
    assert robustness.write_table(tmp_path, some[:5]) == rows  # the rest stays

    drawn = robustness.draw(rows)
    assert list(drawn) == ["robustness", "removed_cells"]
    panels = drawn["robustness"].axes
    assert len(panels) == len(DISTURBANCES) - 1
    line = panels[1].lines[0]
    np.testing.assert_allclose(line.get_xdata(), [0, 10, 20, 40, 60, 80])
    expected = [100 * of["silent_inputs", x]["accuracy"] for x in (0, 0.1, 0.2, 0.4, 0.6, 0.8)]
    np.testing.assert_allclose(line.get_ydata(), expected)
    (line,) = drawn["removed_cells"].axes[0].lines
    np.testing.assert_allclose(line.get_xdata(), np.arange(0, 100, 10))
    expected = [100 * row["accuracy"] for row in rows if row["disturbance"] == "removed_cells"]
    np.testing.assert_allclose(line.get_ydata(), expected)


def test_each_figure_names_the_networks_that_it_shows():
    whose = {"rule": "triplet", "seed": 0, "level": 0.0, "accuracy": 0.9}
    rows = [
        whose | {"cells": cells, "disturbance": name}
        for cells, name in ((100, "noise"), (400, "removed_cells"))
    ]
    drawn = robustness.draw(rows)
    for name, cells in (("robustness", "100 cells"), ("removed_cells", "400 cells")):
        assert drawn[name].get_supxlabel() == f"triplet, {cells}, seed 0"


def test_removed_cells_have_a_panel_for_each_rule_and_a_line_for_each_size():
    curves = {
        "triplet": {400: [(0, 90), (0, 92), (0.5, 80)], 1600: [(0, 94)], 6400: [(0, 95)]},
        "power_law": {400: [(0, 90)]},
    }
    figure = figures.removed_cells(curves)
    panels = {axes.get_title("left"): axes for axes in figure.axes}
    assert list(panels) == ["power_law", "triplet"]
    lines = panels["triplet"].lines
    np.testing.assert_allclose(lines[0].get_xydata(), [[0, 91], [50, 80]])
    assert len({line.get_color() for line in lines}) == 3
    assert lines[0].get_color() == panels["power_law"].lines[0].get_color()
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["400 cells", "1,600 cells", "6,400 cells"]


def test_nothing_measured_draws_nothing():
    assert robustness.draw([]) == {}
    with pytest.raises(ValueError, match="no curve"):
        figures.robustness({})
    with pytest.raises(ValueError, match="no curve"):
        figures.removed_cells({})


def test_only_what_was_measured_has_a_panel():
    noise, bits = ({"triplet": [(level, 80.0)]} for level in (0.1, 4))
    figure = figures.robustness({100: {"noise": noise}, 400: {"noise": noise, "bits": bits}})
    of_bits = figure.axes[2:]
    assert len(figure.axes) == 4
    assert [axes.get_xlabel() for axes in of_bits] == ["", "bits of each weight"]
    assert [axes.axison for axes in figure.axes] == [True, True, False, True]
    assert len(figures.robustness({100: {"noise": noise}, 400: {"removed_cells": noise}}).axes) == 1
