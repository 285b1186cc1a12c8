"""The table of published networks."""

import re

import numpy as np
import pytest

from diehl_cook.cli import main
from diehl_cook.model import resources
from diehl_cook.store import network_file
from diehl_cook.store.network_file import NetworkFile
from diehl_cook.store.trained_network import TrainedNetwork
from diehl_cook.studies import network_table


@pytest.fixture
def folder(tmp_path, experiment_with):
    """Two networks, one of which was never measured."""
    network = TrainedNetwork(np.ones((784, 100), np.float32), np.zeros(100), np.arange(100) % 10)
    scheduled = "training.schedule={20: {excitatory: {theta_plus: 1 mV, tau_theta: 2 s}}}"
    experiment = experiment_with(
        "rule=power_law", "seed=3", "excitatory.theta_plus=0.03 mV", scheduled
    )
    measured = {"accuracy_mean": 0.95123, "accuracy_mean_before_rounding": 0.9519}
    network_file.save(tmp_path / "b.npz", NetworkFile(experiment, network, measured), 8)
    network_file.save(tmp_path / "a.npz", NetworkFile(experiment_with(), network), 16)
    return tmp_path


def test_a_row_says_what_was_measured_and_how_it_was_trained(folder):
    first, other = network_table.rows_of(folder)
    assert (first["network"], other["network"]) == ("b", "a")  # in the order of the rules
    assert (first["rule"], first["cells"], first["seed"]) == ("power_law", 100, 3)
    assert (first["accuracy"], first["before rounding"]) == (0.95123, 0.9519)
    assert (first["bits"], other["bits"]) == (8, 16)
    assert first["theta_plus"] == "0.03 mV"
    assert "eta 0.003, x_target 0.4, mu 0.5" in first["rule's parameters"]
    assert first["schedule"] == "until 20: theta_plus 1 mV, tau_theta 2000 ms"
    assert other["accuracy"] is None
    assert other["schedule"] == ""


def test_the_command_writes_the_table_beside_the_networks(folder, capsys):
    (folder / "notes.npz").mkdir()
    assert main(["networks", str(folder)]) == 0
    table = (folder / "README.md").read_text()
    assert "| b | power_law | 100 | 3 | 95.12 | 95.19 | 82.9 | 8 |" in table
    assert network_table.markdown(network_table.rows_of(folder)) in capsys.readouterr().out


def test_a_folder_without_networks_is_refused(tmp_path, capsys):
    assert main(["networks", str(tmp_path)]) == 2
    assert "holds no network file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_table_that_comes_along_is_of_the_networks_that_come_along():
    folder = resources.reference() / "networks"
    written = re.findall(r"^\| (\w+_n\d+) ", (folder / "README.md").read_text(), re.MULTILINE)
    assert sorted(written) == sorted(path.stem for path in folder.glob("*.npz"))
