"""Other programs on the same images: what they are given, what is made of their answers."""

import shutil
import sys

import numpy as np
import pytest
from brian2 import seed

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
    theta, w = network["exc"].variables["theta"], network["inp_exc"].variables
    age = network.t - w.get("lastupdate", np.zeros(1)).mean()
    w["lastupdate"] = np.full(12, network.t)
    network.t += 1
    theta += 0.25
    return np.random.poisson(theta + rates.mean() + w["w"].sum() + age + 9 * network.delays)
"""


class Interpreted:
    """Stands for the compiled program: the same, by the example's own functions."""

    extra = 0  # spikes that the example does not draw

    def __init__(self, example, stage, network, learning):
        self.start = brian2_example._state(network)
        self._example, self._stage, self._learning = example, stage, learning
        self._delays = network.delays

    def show(self, images, first, state):
        breaks = self._example.DATA_PATH / "breaks"
        if breaks.exists() and first > 0:
            breaks.unlink()
            raise KeyboardInterrupt
        example, counts = self._example, []
        network = example.Network()
        network.delays = self._delays
        for name, values in state.items():
            group, variable = name.split(".")
            network.setdefault(group, example.Group()).variables[variable] = values.copy()
        for number, image in enumerate(images, first):
            if self._learning:
                example.normalize_plastic_weights(network["inp_exc"])
            seed(brian2_example._seed(example, self._stage, number, example.INTENSITY))
            counts.append(example.show_sample(network, image / 8.0, example.INTENSITY))
        return np.array(counts) + self.extra, brian2_example._state(network)


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Show a hundred images to the example that stands for Brian2's, in blocks of 40."""
    monkeypatch.setattr(brian2_example, "BLOCK", 40)
    monkeypatch.setattr(brian2_example, "Program", Interpreted)
    rng = np.random.default_rng(0)
    images = {part: rng.integers(0, 256, (100, 9)) for part in ("learned", "tested")}
    np.savez(tmp_path / "images.npz", **images)
    (tmp_path / "example.py").write_text(EXAMPLE)

    def show(name):
        given = [tmp_path / each for each in ("images.npz", f"{name}.npz", "example.py", name)]
        brian2_example.main(*map(str, given))
        with np.load(given[1]) as answers:
            return answers["learned"], answers["tested"]

    return show


@pytest.mark.parametrize("stage", ["learning", "labelling", "testing"])
def test_brian2_s_example_goes_on_from_the_block_that_was_cut_off(tmp_path, ask, stage, capsys):
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


def test_the_blocks_of_brian2_s_example_make_no_difference(ask, monkeypatch):
    short = ask("short")
    monkeypatch.setattr(brian2_example, "BLOCK", 100)
    for mine, theirs in zip(ask("long"), short, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_program_that_draws_other_spikes_than_brian2_s_example_is_refused(
    tmp_path, ask, monkeypatch
):
    monkeypatch.setattr(Interpreted, "extra", 1)
    with pytest.raises(SystemExit, match="learning: image 0 draws other spikes"):
        ask("wrong")
    assert list((tmp_path / "wrong").iterdir()) == []


# As Brian2's example, with nine inputs and four cells.
SMALL = """
from pathlib import Path
import numpy as np
from brian2 import Hz, Network, NeuronGroup, PoissonGroup, SpikeMonitor, Synapses, mV, ms, volt
SEED, INTENSITY, N_NEURONS = 42, 2, 4

def build_network(training):
    eqs = "dv/dt = (-v + ge * 5 * mV) / (20 * ms) : volt (unless refractory)"
    eqs += "\\ndge/dt = -ge/(1 * ms) : 1"
    exc = NeuronGroup(
        4, eqs + "\\ndtheta/dt = -theta / (1e4 * ms) : volt", threshold="v > theta",
        reset="v = 0 * mV; theta += 0.1 * mV", refractory=5 * ms, method="euler", name="exc")
    inh = NeuronGroup(4, eqs, threshold="v > 1 * mV", reset="v = 0 * mV", refractory=2 * ms,
        method="euler", name="inh")
    exc.theta = 2 * mV if training else np.load(DATA_PATH / "theta.npy") * volt
    inp = PoissonGroup(9, 0 * Hz, name="inp")
    model, on_pre, on_post = "w : 1", "ge_post += w", ""
    if training:
        model += "\\ndpre/dt = -pre/(20*ms) : 1 (event-driven)"
        on_pre += "; pre = 1."
        on_post = "w = clip(w + 0.01 * pre, 0, 4)"
    syn = Synapses(inp, exc, model, on_pre=on_pre, on_post=on_post, name="inp_exc")
    syn.connect(True)
    syn.delay = "rand() * 10 * ms"
    syn.w = np.random.random(36) + 0.5 if training else np.load(DATA_PATH / "weights.npy")
    there = Synapses(exc, inh, on_pre="ge_post += 10")
    there.connect(j="i")
    back = Synapses(inh, exc, on_pre="v_post -= 1 * mV")
    back.connect("i != j")
    network = Network(inp, exc, inh, syn, there, back, SpikeMonitor(exc, name="sp_exc"))
    network.run(0 * ms)
    return network

def normalize_plastic_weights(synapses):
    synapses.w = np.array(synapses.w) * 36 / np.sum(synapses.w)

def show_sample(network, sample, intensity):
    before = network["sp_exc"].count[:]
    network["inp"].rates = sample * intensity * Hz
    network.run(350 * ms)
    spikes = network["sp_exc"].count[:] - before
    network["inp"].rates = 0 * Hz
    network.run(150 * ms)
    return spikes if spikes.sum() >= 5 else show_sample(network, sample, intensity + 1)
"""


@pytest.mark.slow
def test_the_compiled_program_draws_the_spikes_of_the_example_as_it_stands(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(brian2_example, "BLOCK", 8)
    (tmp_path / "example.py").write_text(SMALL)
    images = np.random.default_rng(0).integers(0, 256, (12, 9), np.uint8)
    images[3] //= 8  # too dark: shown again, brighter
    np.savez(tmp_path / "images.npz", learned=images, tested=images[::-1])
    given = [tmp_path / each for each in ("images.npz", "answers.npz", "example.py", "blocks")]
    brian2_example.main(*map(str, given))
    assert capsys.readouterr().err.count("compiled, the same spikes") == 3
    with np.load(tmp_path / "answers.npz") as answers:
        assert answers["learned"].shape == answers["tested"].shape == (12, 4)
        assert (answers["learned"].sum(axis=1) >= 5).all()
        assert (answers["seconds"] > 0).all()
    with np.load(tmp_path / "blocks/learning-8.npz") as last:
        assert last["exc.theta"].mean() > 2e-3
        assert last["inp_exc.w"].std() > 0.01
