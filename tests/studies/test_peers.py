"""Other programs on the same images: what they are given, what is made of their answers."""

import sys

import numpy as np
import pytest

from diehl_cook.stages.progress import Silence
from diehl_cook.studies import peers
from diehl_cook.studies.peers import Environment, PeerError

# Stands for another program: the brightest pixels of an image are its cells' spikes.
PROGRAM = """
import sys
import numpy as np
with np.load(sys.argv[1]) as images:
    answers = {part: images[part][:, 200:600] // 64 for part in ("learned", "tested")}
np.savez(sys.argv[2], seconds=np.array([3.0, 2.0, 1.0]), **answers)
"""


@pytest.fixture
def environment(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "_SCRIPTS", tmp_path)
    (tmp_path / "bindsnet_example.py").write_text(PROGRAM)
    (tmp_path / "brian2_example.py").write_text("raise SystemExit('no such thing')")
    return Environment(sys.executable, tmp_path / "example.py", Silence())


def test_a_program_is_scored_with_our_readout_on_the_images_asked_for(
    environment, tmp_path, digits
):
    row = peers.measure("bindsnet", 200, 30, tmp_path / "answers", environment)
    assert (row["program"], row["images_learned"], row["images_tested"]) == ("bindsnet", 200, 30)
    assert row["cells"] == 400
    assert row["learning_ms_per_image"] == 15.0
    assert 0.2 < row["accuracy"] < 1  # pixels alone tell digits apart, somewhat
    with np.load(tmp_path / "answers/bindsnet-200-30.npz") as answers:
        np.testing.assert_array_equal(answers["learned"], digits.images[:200, 200:600] // 64)
    assert "| bindsnet | 200 | 30 |" in peers.markdown([row])


def test_answers_that_are_there_are_not_asked_for_again(environment, tmp_path):
    one = peers.measure("bindsnet", 20, 10, tmp_path / "answers", environment)
    (tmp_path / "bindsnet_example.py").unlink()
    assert peers.measure("bindsnet", 20, 10, tmp_path / "answers", environment) == one


def test_a_program_that_fails_says_what_it_said_last_and_leaves_nothing(environment, tmp_path):
    with pytest.raises(PeerError, match=r"brian2_example\.py failed: no such thing"):
        peers.measure("brian2_example", 20, 10, tmp_path / "answers", environment)
    missing = Environment(tmp_path / "python", tmp_path / "example.py", Silence())
    with pytest.raises(PeerError, match="make peers installs it"):
        peers.measure("bindsnet", 20, 10, tmp_path / "answers", missing)
    assert list((tmp_path / "answers").iterdir()) == []
