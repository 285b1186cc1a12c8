"""Other programs on the same images: what they are given, what is made of their answers."""

import re
import sys

import numpy as np
import pytest

from diehl_cook.stages.progress import Silence
from diehl_cook.studies import brian2_example, peers
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


# Stands for Brian2's example: its spikes are random, and of what it has learned.
EXAMPLE = """
from pathlib import Path
import numpy as np
SEED, INTENSITY = 42, 2

class Named:
    pass

def build_network(training):
    cells, synapses = Named(), Named()
    cells.theta = np.full(4, 20.0) if training else np.load(DATA_PATH / "theta.npy")
    synapses.w = np.random.random(12) if training else np.load(DATA_PATH / "weights.npy")
    return {"exc": cells, "inp_exc": synapses}

def normalize_plastic_weights(synapses):
    synapses.w = synapses.w / 2

def show_sample(network, rates, intensity):
    if BREAKS.exists():
        BREAKS.unlink()
        raise KeyboardInterrupt
    network["exc"].theta += 0.25
    return np.random.poisson(network["exc"].theta + rates.mean() + network["inp_exc"].w.sum())
"""


@pytest.mark.parametrize("stage", ["learning", "labelling", "testing"])
def test_brian2_s_example_goes_on_from_the_stage_that_was_cut_off(tmp_path, stage, capsys):
    rng = np.random.default_rng(0)
    images = {part: rng.integers(0, 256, (100, 9)) for part in ("learned", "tested")}
    np.savez(tmp_path / "images.npz", **images)

    def ask(name):
        breaks = tmp_path / name / "breaks"
        (tmp_path / "example.py").write_text(f"{EXAMPLE}\nBREAKS = Path({str(breaks)!r})\n")
        given = [tmp_path / each for each in ("images.npz", f"{name}.npz", "example.py", name)]
        brian2_example.main(*map(str, given))
        with np.load(given[1]) as answers:
            return answers["learned"], answers["tested"]

    whole = ask("whole")
    folder = tmp_path / "cut"
    ask("cut")
    (tmp_path / "cut.npz").unlink()
    stages = [each for each, _, _ in brian2_example.STAGES]
    for later in stages[stages.index(stage) :]:
        (folder / f"{later}.npz").unlink()
    (folder / "breaks").touch()
    with pytest.raises(KeyboardInterrupt):
        ask("cut")
    assert not (tmp_path / "cut.npz").exists()
    assert {done.stem for done in folder.glob("*.npz")} == set(stages[: stages.index(stage)])
    capsys.readouterr()
    for mine, theirs in zip(ask("cut"), whole, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    said = capsys.readouterr().err
    assert re.findall(r"brian2 (\w+): 100/100", said) == stages[stages.index(stage) :]
