"""Other programs on the same images: what they are given, what is made of their answers."""

import shutil
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

class Group:
    def __init__(self, **variables):
        self.variables = variables
    def get_states(self, names, units):
        return {name: self.variables[name].copy() for name in names}
    def set_states(self, values, units):
        self.variables |= values

class Network(dict):
    t = 0.0

def build_network(training):
    w = np.random.random(12) if training else np.load(DATA_PATH / "weights.npy")
    theta = np.full(4, 20.0) if training else np.load(DATA_PATH / "theta.npy")
    when = {"lastupdate": np.zeros(12)} if training else {}
    network = Network(exc=Group(theta=theta), inh=Group(v=np.zeros(4)), inp_exc=Group(w=w, **when))
    network.delays = np.random.random(4)
    return network

def normalize_plastic_weights(synapses):
    synapses.variables["w"] = synapses.variables["w"] * 0.9

def show_sample(network, rates, intensity):
    if BREAKS.exists() and network.t == 9:
        BREAKS.unlink()
        raise KeyboardInterrupt
    theta, w = network["exc"].variables["theta"], network["inp_exc"].variables
    age = network.t - w.get("lastupdate", np.zeros(1)).mean()
    w["lastupdate"] = np.full(12, network.t)
    network.t += 1
    theta += 0.25
    return np.random.poisson(theta + rates.mean() + w["w"].sum() + age + 9 * network.delays)
"""


@pytest.mark.parametrize("stage", ["learning", "labelling", "testing"])
def test_brian2_s_example_goes_on_from_the_block_that_was_cut_off(
    tmp_path, stage, capsys, monkeypatch
):
    monkeypatch.setattr(brian2_example, "BLOCK", 40)
    rng = np.random.default_rng(0)
    images = {part: rng.integers(0, 256, (100, 9)) for part in ("learned", "tested")}
    np.savez(tmp_path / "images.npz", **images)

    def ask(name):
        (tmp_path / "example.py").write_text(
            f"{EXAMPLE}\nBREAKS = Path({str(tmp_path / name / 'breaks')!r})\n"
        )
        given = [tmp_path / each for each in ("images.npz", f"{name}.npz", "example.py", name)]
        brian2_example.main(*map(str, given))
        with np.load(given[1]) as answers:
            return answers["learned"], answers["tested"]

    whole = ask("whole")
    assert whole[0].shape == whole[1].shape == (100, 4)
    done = [f"{each}-{first}" for each, _, _ in brian2_example.STAGES for first in (0, 40, 80)]
    cut = done.index(f"{stage}-40")
    (tmp_path / "cut").mkdir()
    for name in done[:cut]:
        shutil.copy(tmp_path / f"whole/{name}.npz", tmp_path / "cut")
    (tmp_path / "cut/breaks").touch()
    with pytest.raises(KeyboardInterrupt):
        ask("cut")
    assert not (tmp_path / "cut.npz").exists()
    assert {file.stem for file in (tmp_path / "cut").glob("*.npz")} == set(done[:cut])
    for mine, theirs in zip(ask("cut"), whole, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert f"brian2 {stage}: 80/100" in capsys.readouterr().err


def test_a_block_of_brian2_s_example_begins_where_the_one_before_ended(tmp_path, monkeypatch):
    (tmp_path / "example.py").write_text(f"{EXAMPLE}\nBREAKS = Path('nowhere')\n")
    images = np.zeros((80, 9))
    np.savez(tmp_path / "images.npz", learned=images, tested=images)
    last = {}
    for block in (40, 80):
        monkeypatch.setattr(brian2_example, "BLOCK", block)
        given = (tmp_path / each for each in ("images.npz", "a.npz", "example.py", f"{block}"))
        brian2_example.main(*map(str, given))
        with np.load(tmp_path / f"{block}" / f"learning-{80 - block}.npz") as file:
            last[block] = dict(file)
    for name in ("exc.theta", "inp_exc.w", "inp_exc.lastupdate"):
        np.testing.assert_allclose(last[40][name], last[80][name])
