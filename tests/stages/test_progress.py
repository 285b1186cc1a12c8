"""Progress: a bar on a terminal, plain lines elsewhere, with all that one wants to know."""

import io
import sys

import pytest

from diehl_cook.stages import progress
from diehl_cook.stages.progress import Progress, ProgressDisplay


class Screen(io.StringIO):
    """An error stream that may be a terminal."""

    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def screen(monkeypatch):
    def make(terminal):
        stream = Screen(terminal)
        monkeypatch.setattr(sys, "stderr", stream)
        return stream

    return make


def test_lines_tell_images_speed_time_left_spikes_and_accuracy(screen, clock):
    stream = screen(terminal=False)
    with ProgressDisplay("training") as display:
        display(Progress(100, 1100, 16.0))
        clock[0] += 20
        display(Progress(600, 1100, 17.25, accuracy=0.815))
    assert stream.getvalue().splitlines() == [
        "training: 100/1100 images, 16.0 spikes a presentation",
        "training: 600/1100 images, 25.0 img/s, 00:20 left, 17.2 spikes a presentation,"
        " accuracy 81.5%",
    ]


def test_an_accuracy_that_few_cells_tell_says_so(screen, clock):
    stream = screen(terminal=False)
    with ProgressDisplay("training") as display:
        display(Progress(100, 100, 16.0, accuracy=0.088, labelled=0.12))
    assert stream.getvalue().endswith("accuracy 8.8% (12% of the cells have a class yet)\n")


def test_lines_come_every_ten_seconds_and_at_the_end(screen, clock):
    stream = screen(terminal=False)
    display = ProgressDisplay("testing")
    for images in range(1, 31):
        display(Progress(images, 30, 1.0))
        clock[0] += 1
    counts = [line.split()[1] for line in stream.getvalue().splitlines()]
    assert counts == ["1/30", "11/30", "21/30", "30/30"]


def test_lines_hold_no_control_characters(screen, clock):
    stream = screen(terminal=False)
    ProgressDisplay("training")(Progress(1, 2, 1.0))
    assert stream.getvalue().replace("\n", "").isprintable()


def test_a_resumed_run_tells_its_own_speed(screen, clock):
    stream = screen(terminal=False)
    display = ProgressDisplay("training")
    display(Progress(9000, 10000, 16.0))
    clock[0] += 10
    display(Progress(9100, 10000, 16.0))
    assert ", 10.0 img/s, 01:30 left, " in stream.getvalue()


def test_a_terminal_gets_a_bar(screen):
    stream = screen(terminal=True)
    with ProgressDisplay("training") as display:
        display(Progress(500, 1000, 16.0))
        display(Progress(1000, 1000, 17.0, accuracy=0.5))
    assert "\r" in stream.getvalue()
    assert "1000/1000" in stream.getvalue()
    assert "17.0 spikes a presentation, accuracy 50.0%" in stream.getvalue()
