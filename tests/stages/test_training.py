"""Training on real digits: the same bits however it is cut, and no label in what is learned."""

import numpy as np
import pytest

from diehl_cook.engine.presenter import start_weights
from diehl_cook.images.datasets import Split
from diehl_cook.stages.readout import assign_labels, predict
from diehl_cook.stages.training import train
from diehl_cook.store.reading import FileError
from diehl_cook.store.run_folder import RunFolder

IMAGES, BLOCK, CHUNK = 120, 40, 25
LENGTH = (f"training.images={IMAGES}", f"training.block={BLOCK}", f"training.chunk={CHUNK}")
MEASURED = "ms_per_presentation"


class Run:
    """A training in a folder of its own."""

    def __init__(self, path, presenter, images, classes):
        self.folder = RunFolder(path)
        self.presenter, self.images, self.classes = presenter, images, classes

    def go(self, report=lambda progress: None):
        experiment = self.presenter.experiment
        with self.folder.claim() as workspace:
            self.folder.settle(experiment)
            learned = Split(self.images.reshape(-1, 28, 28), self.classes)
            train(self.presenter, learned, self.folder, workspace, report)
        return self

    @property
    def bits(self):
        network = self.folder.load_network()
        return network.weights.tobytes(), network.theta.tobytes()

    @property
    def rows(self):
        rows = self.folder.read_training()
        return [{k: v for k, v in row.items() if k != MEASURED} for row in rows]

    @property
    def same(self):
        """All that must not depend on how the training was cut."""
        return self.bits, repr(self.rows)


@pytest.fixture(scope="module")
def training(experiment_with, presenter_of, digits, tmp_path_factory):
    """Makes trainings of the first digits."""

    def make(*overrides, images=digits.images, classes=digits.classes):
        presenter = presenter_of(experiment_with(*LENGTH, *overrides), learning=True)
        return Run(tmp_path_factory.mktemp("run"), presenter, images, classes)

    return make


@pytest.fixture(scope="module")
def uninterrupted(training):
    return training().go()


def interrupt_after(chunks):
    """A report that stops the training in the given chunk, as Ctrl-C does."""
    left = [chunks]

    def report(progress):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    return report


@pytest.mark.parametrize("chunk", [7, 40, 1000])
def test_the_chunk_size_changes_no_bit(training, uninterrupted, chunk):
    assert training(f"training.chunk={chunk}").go().same == uninterrupted.same


@pytest.mark.parametrize("stops", [[1], [2], [3], [4, 1, 1, 2]])
def test_a_stopped_training_goes_on_to_the_same_bits(training, uninterrupted, stops):
    run = training()
    for chunks in stops:
        with pytest.raises(KeyboardInterrupt):
            run.go(interrupt_after(chunks))
        assert not run.folder.has_network()
    assert run.go().same == uninterrupted.same


def test_a_stopped_training_does_not_start_over(training):
    run, reported = training(), []
    with pytest.raises(KeyboardInterrupt):
        run.go(interrupt_after(3))
    run.go(lambda progress: reported.append(progress.images))
    assert reported[0] == 65  # 25, 40, then the interrupted chunk again


def test_a_training_may_go_on_with_another_chunk_size(training, uninterrupted):
    run = training()
    with pytest.raises(KeyboardInterrupt):
        run.go(interrupt_after(3))
    other = training("training.chunk=11")
    run.presenter = other.presenter
    assert run.go().same == uninterrupted.same


def test_another_seed_learns_other_weights(training, uninterrupted):
    assert training("seed=1").go().bits != uninterrupted.bits


def test_learning_sees_no_label(training, uninterrupted, digits):
    run = training(classes=digits.classes[::-1]).go()
    assert run.bits == uninterrupted.bits
    assert run.rows != uninterrupted.rows


def test_something_was_learned(uninterrupted):
    network = uninterrupted.folder.load_network()
    weights = start_weights(uninterrupted.presenter.experiment, 784)
    assert network.weights.shape == weights.shape
    assert network.theta.mean() > 0.02
    assert np.abs(network.weights - weights).max() > 0.1


def test_images_are_taken_in_file_order_again_and_again(training, spy, digits):
    run = training(images=digits.images[:50], classes=digits.classes[:50])
    calls = spy(run.presenter, "show")
    run.go()
    shown = np.concatenate([images for (_, images, *_), _ in calls])
    np.testing.assert_array_equal(shown, digits.images[np.arange(IMAGES) % 50])
    running = [first for (_, _, first, *_), _ in calls]
    assert running == [0, 25, 40, 65, 80, 105]


def test_each_row_says_what_happened_in_its_block(training, spy, digits):
    run = training("presentation.minimum_spikes=16")
    calls = spy(run.presenter, "show")
    run.go()
    chunks = [shown for _, shown in calls]
    labels = None
    for number, row in enumerate(run.rows):
        parts = chunks[2 * number : 2 * number + 2]
        block = slice(number * BLOCK, (number + 1) * BLOCK)
        responses = np.vstack([part.responses.toarray() for part in parts])
        showings = sum(part.showings.sum() for part in parts)
        assert row["images"] == block.stop
        assert row["retries"] == showings - BLOCK
        assert row["skipped"] == 0
        assert row["spikes_per_presentation"] == sum(part.spikes for part in parts) / showings
        assert row["mean_theta_mV"] == pytest.approx(
            parts[1].state["excitatory.theta"].mean() * 1e3
        )
        if labels is None:
            assert np.isnan(row["online_accuracy"])
        else:
            rightly = predict(responses, labels) == digits.classes[block]
            assert row["online_accuracy"] == pytest.approx(rightly.mean())
        labels = assign_labels(responses, digits.classes[block])
    assert len(run.rows) == IMAGES // BLOCK
    assert sum(row["retries"] for row in run.rows) > 0


def test_progress_tells_images_spikes_and_accuracy_after_each_chunk(training):
    reported = []
    training().go(reported.append)
    assert [progress.images for progress in reported] == [25, 40, 65, 80, 105, 120]
    assert {progress.total for progress in reported} == {IMAGES}
    assert [np.isnan(progress.accuracy) for progress in reported] == [True] * 2 + [False] * 4
    assert all(5 <= progress.spikes_per_presentation < 100 for progress in reported)


def test_a_last_block_that_is_not_full_gets_no_row_but_is_learned(training, uninterrupted):
    run = training("training.images=100").go()
    assert run.rows[1:] == uninterrupted.rows[1:2]
    assert run.bits != uninterrupted.bits


def test_a_training_shorter_than_a_block_leaves_an_empty_table(training):
    run = training("training.images=10").go()
    assert run.rows == []
    assert run.folder.has_network()


def arrays_of(run):
    with np.load(run.folder.path / "checkpoint.npz") as file:
        return dict(file)


def _without(name):
    return lambda arrays: {key: value for key, value in arrays.items() if key != name}


@pytest.mark.parametrize(
    "change",
    [
        _without("state/excitatory.v"),
        _without("block/indices"),
        _without("rows"),
        lambda arrays: arrays | {"state/excitatory.new_trace": np.zeros(100)},
        lambda arrays: arrays | {"state/excitatory.theta": np.zeros(99)},
        lambda arrays: arrays | {"images": np.array("many")},
        lambda arrays: arrays | {"program": np.array("another")},
        lambda arrays: arrays | {"experiment": np.array("{}")},
    ],
    ids=[
        "no-voltage",
        "no-indices",
        "no-rows",
        "new-variable",
        "fewer-cells",
        "no-number",
        "other-source",
        "other-schema",
    ],
)
def test_a_checkpoint_of_another_version_is_one_line(training, change):
    run = training()
    with pytest.raises(KeyboardInterrupt):
        run.go(interrupt_after(2))
    kept = change(arrays_of(run))
    run.folder.save_checkpoint(kept)
    refused = r"checkpoint.npz: is (of another version|damaged or foreign)"
    with pytest.raises(FileError, match=refused) as error:
        run.go()
    assert "\n" not in str(error.value)
    assert arrays_of(run).keys() == kept.keys()


def test_a_checkpoint_of_another_experiment_is_one_line(training):
    run, other = training(), training("seed=1")
    for each in (run, other):
        with pytest.raises(KeyboardInterrupt):
            each.go(interrupt_after(2))
    foreign = arrays_of(other)
    run.folder.save_checkpoint(foreign)
    with pytest.raises(FileError, match=r"checkpoint.npz: is of another experiment") as error:
        run.go()
    assert "\n" not in str(error.value)
    assert arrays_of(run)["state/excitatory.theta"].tobytes() == (
        foreign["state/excitatory.theta"].tobytes()
    )
