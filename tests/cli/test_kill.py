"""A training killed again and again, at any moment, ends in the same bits as one left alone."""

import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

KILLS = 50
LENGTH = ("training.images=4000", "training.block=500", "training.chunk=10")


def start(experiments, folder):
    command = [sys.executable, "-m", "diehl_cook", "train", str(experiments / "smoke.yaml")]
    return subprocess.Popen(
        [*command, "--run", str(folder), "--set", *LENGTH],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_fifty_kills_change_no_bit(experiments, learner, tmp_path):
    assert start(experiments, tmp_path / "alone").wait() == 0
    moments = random.Random(0)
    checkpoint = tmp_path / "killed" / "checkpoint.npz"
    for _ in range(KILLS):
        before = _when(checkpoint)
        process = start(experiments, tmp_path / "killed")
        if moments.random() < 0.2:
            time.sleep(moments.uniform(0, 4))  # while it starts
        else:
            while process.poll() is None and _when(checkpoint) == before:
                time.sleep(0.005)
            time.sleep(moments.uniform(0, 0.1))
        assert process.poll() is None, "it ended before it was killed so often; lengthen it"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start(experiments, tmp_path / "killed").wait() == 0
    one, other = (np.load(tmp_path / run / "network.npz") for run in ("alone", "killed"))
    for name in one.files:
        assert one[name].tobytes() == other[name].tobytes()
    assert [path.name for path in (tmp_path / "killed").rglob(".*")] == [".lock"]


def _when(path):
    return path.stat().st_mtime_ns if path.exists() else 0
