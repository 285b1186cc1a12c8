"""Training on real digits: the same bits however it is cut, and no label in what is learned."""

import numpy as np
import pytest

from diehl_cook.engine.presenter import PresentationError, start_weights
from diehl_cook.images.datasets import Split
from diehl_cook.stages import snapshots
from diehl_cook.stages.readout import assign_labels, predict
from diehl_cook.stages.training import at_the_end, train
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
    assert reported[0] == 40  # 25, 29, then the interrupted chunk again


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
    assert running == [
        0,
        25,
        29,
        40,
        47,
        72,
        75,
        80,
        105,
    ]  # at most 25, and blocks and snapshots end one


def test_each_row_says_what_happened_in_its_block(training, spy, digits):
    run = training("presentation.minimum_spikes=16")
    calls = spy(run.presenter, "show")
    run.go()
    ends = np.cumsum([len(arguments[1]) for arguments, _ in calls])
    labels = None
    for number, row in enumerate(run.rows):
        parts = [
            shown
            for end, (_, shown) in zip(ends, calls, strict=True)
            if number * BLOCK < end <= (number + 1) * BLOCK
        ]
        block = slice(number * BLOCK, (number + 1) * BLOCK)
        responses = np.vstack([part.responses.toarray() for part in parts])
        showings = sum(part.showings.sum() for part in parts)
        assert row["images"] == block.stop
        assert row["retries"] == showings - BLOCK
        assert row["skipped"] == 0
        assert row["spikes_per_presentation"] == sum(part.spikes for part in parts) / showings
        assert row["mean_theta_mV"] == pytest.approx(
            parts[-1].state["excitatory.theta"].mean() * 1e3
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
    assert [progress.images for progress in reported] == [
        25, 29, 40, 47, 72, 75, 80, 105, 120
    ]  # fmt: skip
    assert {progress.total for progress in reported} == {IMAGES}
    assert [np.isnan(progress.accuracy) for progress in reported] == [True] * 3 + [False] * 6
    assert all(5 <= progress.spikes_per_presentation < 100 for progress in reported)


def test_a_last_block_that_is_not_full_gets_a_row_too(training, uninterrupted):
    run = training("training.images=100").go()
    assert [row["images"] for row in run.rows] == [40, 80, 100]
    assert repr(run.rows[:2]) == repr(uninterrupted.rows[:2])
    assert run.bits != uninterrupted.bits


def test_a_training_shorter_than_a_block_has_one(training):
    run = training("training.images=10").go()
    (row,) = run.rows
    assert row["images"] == 10
    assert np.isnan(row["online_accuracy"])
    assert run.folder.has_network()


def test_the_block_changes_no_bit_of_the_network(training, uninterrupted):
    run = training("training.block=60")
    with pytest.raises(KeyboardInterrupt):
        run.go(interrupt_after(3))
    run.presenter = uninterrupted.presenter  # goes on with blocks of 40
    assert run.go().bits == uninterrupted.bits
    assert [row["images"] for row in run.rows] == [40, 80, 120]


@pytest.mark.parametrize(
    ("images", "block"),
    [(50, 100), (1000, 100), (40_000, 2000), (180_000, 10_000), (10**6, 10_000)],
)
def test_blocks_fit_the_length_of_a_training(experiment_with, images, block):
    assert experiment_with(f"training.images={images}").training.block == block


def test_activity_at_the_end_is_that_of_the_last_ten_thousand_images():
    def row(images, spikes, retries):
        return {"images": images, "spikes_per_presentation": spikes, "retries": retries}

    rows = [row(10_000, 99, 99), row(15_000, 20, 0), row(20_000, 10, 5000)]
    assert at_the_end(rows) == (pytest.approx(200_000 / 15_000), 0.5)
    assert np.isnan(at_the_end([])).all()


class TestSnapshots:
    def test_fields_at_the_start_and_after_ever_more_images(self, uninterrupted):
        images, fields = snapshots.load(uninterrupted.folder, 784)
        assert images.tolist() == [0, 29, 47, 75, 120]
        assert fields.shape == (5, 100, 784)
        start = start_weights(uninterrupted.presenter.experiment, 784)
        np.testing.assert_allclose(fields[0].T, start, atol=start.max() / 60)
        weights = uninterrupted.folder.load_network().weights
        np.testing.assert_allclose(fields[-1].T, weights, atol=weights.max() / 60)

    def test_a_dozen_of_a_long_training(self):
        assert sorted(snapshots.moments(40_000)) == [
            0, 360, 580, 930, 1500, 2400, 3800, 6100, 9800, 16_000, 25_000, 40_000
        ]  # fmt: skip
        assert max(snapshots.moments(123_456)) == 123_456
        assert snapshots.moments(1) == {0, 1}

    def test_chunks_and_interruptions_change_no_bit(self, training, uninterrupted):
        run = training("training.chunk=7")
        for chunks in (2, 9):
            with pytest.raises(KeyboardInterrupt):
                run.go(interrupt_after(chunks))
        kept, there = (snapshots.load(each.folder, 784) for each in (run.go(), uninterrupted))
        assert [each.tobytes() for each in kept] == [each.tobytes() for each in there]

    @pytest.fixture
    def folder(self, experiment_with, tmp_path):
        folder = RunFolder(tmp_path / "run")
        folder.settle(experiment_with("cells=2"))
        for images in (0, 500, 1000):
            snapshots.add(folder, images, np.full((4, 2), images + 1.0))
        return folder

    def test_those_of_a_training_that_was_begun_anew_go(self, folder):
        snapshots.add(folder, 500, np.full((4, 2), 7.0))
        images, fields = snapshots.load(folder, 4)
        assert images.tolist() == [0, 500]
        assert fields[:, 0, 0].tolist() == [1, 7]

    def test_those_of_another_network_are_one_line(self, folder):
        with pytest.raises(FileError, match=r"snapshots.npz: is of another network; delete it"):
            snapshots.add(folder, 2000, np.ones((9, 2)))
        with pytest.raises(FileError, match="of another network"):
            snapshots.load(folder, 9)
        (folder.path / "snapshots.npz").unlink()
        snapshots.add(folder, 2000, np.ones((9, 2)))
        assert snapshots.load(folder, 9)[0].tolist() == [2000]


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


def test_a_training_that_a_blank_image_stopped_goes_on_without_it(training, digits):
    images = digits.images[:IMAGES].copy()
    images[90] = 0
    few = "presentation.maximum_showings=4"
    run = training(few, images=images)
    with pytest.raises(PresentationError, match="image 90 drew fewer than 5 spikes"):
        run.go()
    assert int(arrays_of(run)["images"]) > 0
    skipping = training(few, "presentation.on_silence=skip", images=images)
    whole = skipping.go().same
    skipping.folder = run.folder
    assert skipping.go().same == whole
    assert [row["skipped"] for row in skipping.rows] == [0, 0, 1]


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
