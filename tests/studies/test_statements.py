"""What the paper says of spikes and confusions, counted in answers that are known."""

import csv
import math

import numpy as np
import pytest
from scipy.sparse import csr_array

import diehl_cook as dc
from diehl_cook import cli
from diehl_cook.model import paper_results
from diehl_cook.stages.network import Network
from diehl_cook.store.trained_network import TrainedNetwork
from diehl_cook.studies import statements

# Cells 0 to 2 have the classes 4, 9 and none. Image 2 is a four that is read as a nine.
LABELS = np.array([4, 9, -1])
RESPONSES = csr_array(np.array([[15, 1, 0], [0, 12, 2], [3, 9, 1]]))
CLASSES, PREDICTIONS = np.array([4, 9, 4]), np.array([4, 9, 9])


@pytest.fixture
def rows():
    found = statements.compare(RESPONSES, LABELS, CLASSES, PREDICTIONS)
    return {row["statement"]: row for row in found}


def test_spikes_of_the_true_class_and_of_others(rows):
    assert rows["spikes of an image"]["ours"] == pytest.approx(43 / 3, abs=0.01)
    assert rows["spikes of cells of the true class, correct"]["ours"] == 13.5
    assert rows["spikes of other cells, correct"]["ours"] == 1.5
    assert rows["spikes of cells of the true class, misclassified"]["ours"] == 3
    assert rows["spikes of other cells, misclassified"]["ours"] == 10


def test_confusions_of_the_paper_are_told_and_the_commonest_of_ours(rows):
    assert rows["misclassified images"]["ours"] == 1
    assert (rows["4 as 9"]["ours"], rows["4 as 9"]["paper"]) == (1, 57)
    assert rows["7 as 2"]["ours"] == 0
    assert set(paper_results.STATEMENTS) <= set(rows)


def test_where_the_paper_says_nothing_nothing_stands(rows):
    others = [row for name, row in rows.items() if name not in paper_results.STATEMENTS]
    assert others
    assert all(math.isnan(row["paper"]) for row in others)


def test_images_of_fewer_classes_have_their_confusions_and_none_of_the_papers():
    classes, predictions = np.array([0, 1, 0]), np.array([0, 1, 1])
    labels = np.array([0, 1, -1])
    of_mnist = statements.compare(RESPONSES, labels, classes, predictions)
    assert {row["statement"]: row["ours"] for row in of_mnist}["4 as 9"] == 0
    others = statements.compare(RESPONSES, labels, classes, predictions, paper={})
    assert {row["statement"]: row["ours"] for row in others}["0 as 1"] == 1
    assert "4 as 9" not in {row["statement"] for row in others}
    assert all(math.isnan(row["paper"]) for row in others)


@pytest.mark.parametrize(("folder", "says"), [(None, True), ("sklearn:digits", False)])
def test_the_papers_numbers_stand_beside_those_of_mnist_alone(folder, says, monkeypatch):
    told = []
    monkeypatch.setattr(statements, "compare", lambda *given: told.append(given[-1]))
    answers = csr_array((3, 400), dtype=int)
    monkeypatch.setattr(Network, "respond", lambda network, images, jobs: answers)
    network = dc.load("triplet_n400")
    experiment = network.experiment.model_copy(
        update={"data": network.experiment.data.model_copy(update={"folder": folder})}
    )
    statements.measure(Network(experiment, network.trained))
    assert bool(told[0]) is says


def test_a_network_that_reads_all_has_no_mean_of_misclassified():
    found = statements.compare(RESPONSES, LABELS, CLASSES, CLASSES)
    ours = {row["statement"]: row["ours"] for row in found}
    assert math.isnan(ours["spikes of other cells, misclassified"])


def test_the_command_writes_the_table(monkeypatch, tmp_path, capsys):
    rows = statements.compare(RESPONSES, LABELS, CLASSES, CLASSES)
    monkeypatch.setattr(statements, "measure", lambda network, jobs: rows)
    assert cli.main(["statements", "triplet_n400", "--into", str(tmp_path)]) == 0
    path = tmp_path / "statements_triplet_n400.csv"
    written = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["statement"] for row in written] == [row["statement"] for row in rows]
    assert str(path) in capsys.readouterr().out


def test_a_run_that_is_not_evaluated_is_one_line(tmp_path, capsys):
    network = dc.load("triplet_n400")
    bare = Network(network.experiment, TrainedNetwork(network.weights, network.theta))
    bare.save(tmp_path / "bare.npz")
    assert cli.main(["statements", str(tmp_path / "bare.npz"), "--into", str(tmp_path)]) == 2
    assert "bare.npz: the cells have no labels yet; evaluate the run first" in (
        capsys.readouterr().err
    )
