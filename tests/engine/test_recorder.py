"""A recorded presentation: that which is counted, with the spikes and voltages of the model."""

import numpy as np
import pytest

from diehl_cook.engine.presenter import TESTING, start_weights
from diehl_cook.engine.recorder import Recorder

PIXELS, IMAGE = 784, 3


@pytest.fixture(scope="module")
def recorder(reader, programs):
    """A network of 100 cells that does not learn, with monitors."""
    return Recorder(reader, programs)


@pytest.fixture
def rest(reader):
    """A network whose cells differ a little, at rest."""
    weights = start_weights(reader.experiment, PIXELS)
    theta = np.random.default_rng(0).uniform(0.018, 0.022, 100)
    return reader.at_rest(weights * 78 / weights.sum(axis=0), theta)


@pytest.fixture
def before(reader, rest, digits, tmp_path):
    """The state in which the image is shown."""
    return reader.show(rest, digits.images[:IMAGE], 0, TESTING, tmp_path).state


@pytest.fixture
def record(recorder, before, digits, tmp_path):
    """Records the image with some cells."""
    return lambda *cells: recorder.record(
        before, digits.images[IMAGE], IMAGE, TESTING, cells, tmp_path
    )


def test_it_is_the_presentation_that_is_counted(record, reader, before, digits, tmp_path):
    shown = reader.show(before, digits.images[IMAGE : IMAGE + 1], IMAGE, TESTING, tmp_path)
    counts = shown.responses.toarray()[0]
    assert counts.sum() >= 5
    np.testing.assert_array_equal(record().counts, counts)


def test_input_cells_fire_at_the_rate_of_their_pixel_and_not_in_the_rest(record, digits):
    spikes = record().input
    times = np.asarray(spikes.t)
    pixels = digits.images[IMAGE].astype(float)
    expected = pixels / 8 * 2 * 0.35
    counts = np.bincount(spikes.i, minlength=PIXELS)
    assert counts[pixels == 0].sum() == 0
    assert counts.sum() == pytest.approx(expected.sum(), abs=4 * np.sqrt(expected.sum()))
    deviation = (counts - expected)[pixels > 0] / np.sqrt(expected[pixels > 0])
    assert deviation.std() == pytest.approx(1, abs=0.25)
    assert times.min() < 0.01
    assert 0.34 < times.max() < 0.35


def test_an_inhibitory_cell_follows_its_own_excitatory_cell(record):
    shown = record()
    excitatory, inhibitory = set(shown.excitatory.i), set(shown.inhibitory.i)
    assert excitatory
    assert inhibitory <= excitatory


def test_a_voltage_passes_the_threshold_where_its_cell_fires_and_nowhere_else(record):
    counts = record().counts
    fires, silent = int(np.argmax(counts)), int(np.argmin(counts))
    shown = record(fires, silent)
    time = np.asarray(shown.excitatory.t)[shown.excitatory.i == fires]
    steps = np.rint(time / 0.5e-3).astype(int)
    above = np.asarray(shown.v) > np.asarray(shown.theta + shown.threshold)
    # A voltage is recorded as a step begins: after the spike it is that of the reset.
    assert not above[1].any()
    np.testing.assert_allclose(np.asarray(shown.v)[0, steps + 1], -0.065, atol=2e-3)
    inhibited = np.asarray(shown.gi)[1]
    assert inhibited.max() > 0
    assert np.all(np.asarray(shown.ge) >= 0)


def test_any_number_of_cells_in_any_order_and_each_the_same_whatever_the_others(record):
    many = [*range(20), 3]
    shown = record(*many)
    assert shown.v.shape == shown.theta.shape == shown.ge.shape == (21, 1000)
    alone = record(3)
    for name in ("v", "ge", "gi", "theta"):
        together = np.asarray(getattr(shown, name))
        np.testing.assert_array_equal(together[3], together[20])
        np.testing.assert_array_equal(together[3], np.asarray(getattr(alone, name))[0])
    assert record().v.shape == (0, 1000)


def test_the_last_showing_of_a_faint_image(recorder, reader, rest, digits, tmp_path):
    faint = digits.images[IMAGE] // 8
    shown = reader.show(rest, faint[None], 0, TESTING, tmp_path)
    record = recorder.record(rest, faint, 0, TESTING, [0], tmp_path)
    assert record.showings == shown.showings[0] > 1
    np.testing.assert_array_equal(record.counts, shown.responses.toarray()[0])
    assert 0 <= float(record.input.t.min()) < 0.01
    assert float(record.excitatory.t.max()) < 0.5


def test_the_rest_after_the_image_is_recorded_too(record, reader):
    cell = int(np.argmax(record().counts))
    shown = record(cell)
    assert float(shown.image_duration) == pytest.approx(0.35)
    assert float(shown.duration) == pytest.approx(0.5)
    np.testing.assert_allclose(np.asarray(shown.t), np.arange(1000) * 0.5e-3)
    # nothing arrives: conductances decay, and the voltage goes back to rest
    ge = shown.ge[0, 701:]
    assert ge[0] > 0
    np.testing.assert_allclose(ge[1:100], ge[:99] * np.exp(-0.5), rtol=1e-5)
    assert shown.gi[0, 1:700].max() > shown.gi[0, 900:].max() >= 0
    v_rest = float(reader.experiment.excitatory.v_rest)
    distance = np.abs(np.asarray(shown.v)[0, [710, 999]] - v_rest)
    assert distance[1] < distance[0] * np.exp(-1.2)


def test_units(record):
    from brian2 import have_same_dimensions, second, volt

    shown = record(0)
    assert have_same_dimensions(shown.v, volt)
    assert have_same_dimensions(shown.theta, volt)
    assert have_same_dimensions(shown.t, second)
    assert have_same_dimensions(shown.input.t, second)
