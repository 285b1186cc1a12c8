"""Each compiler gets flags that it knows, and its programs do the same."""

import platform
import shutil

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, defaultclock
from brian2.devices.device import get_device, reset_device, set_device

from diehl_cook.dense import DenseSynapses, fast_device


@pytest.mark.parametrize(
    ("says", "is_clang"), [("Debian clang version 14.0.6", True), ("g++ (Debian) 12.2.0", False)]
)
def test_a_compiler_is_known_by_what_it_says(tmp_path, monkeypatch, says, is_clang):
    compiler = tmp_path / "compiler"
    compiler.write_text(f"#!/bin/sh\necho '{says}'\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", f"{compiler} -m64")
    assert fast_device._is_clang() is is_clang


def test_a_compiler_that_is_not_there_is_left_to_the_compiling(monkeypatch):
    monkeypatch.setenv("CXX", "/nowhere")
    assert not fast_device._is_clang()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("clang++") is None, reason="clang++ is not installed")
def test_clang_and_gcc_count_about_the_same_spikes(experiment_with, digits, tmp_path, monkeypatch):
    from diehl_cook.engine.presenter import TESTING, Presenter

    counts = {}
    for compiler in ("clang++", "g++"):
        monkeypatch.setenv("CXX", compiler)
        presenter = Presenter(experiment_with(), False, 784, tmp_path / "programs")
        shown = presenter.show(presenter.start(), digits.images[:20], 0, TESTING, tmp_path)
        counts[compiler] = shown.responses.sum(axis=1)
    np.testing.assert_allclose(counts["clang++"], counts["g++"], atol=3)


@pytest.mark.parametrize(
    ("machine", "columns", "wide"),
    [("x86_64", 256, True), ("x86_64", 255, False), ("aarch64", 256, False)],
)
def test_the_widest_vectors_are_for_wide_matrices(tmp_path, monkeypatch, machine, columns, wide):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    set_device("cpp_standalone_fast", build_on_run=False)
    try:
        inputs = NeuronGroup(2, "", threshold="True")
        cells = NeuronGroup(columns, "dg/dt = -g/(2*ms) : 1", method="exact")
        synapses = DenseSynapses(inputs, cells, "w : 1", on_pre="g_post += w")
        Network(inputs, cells, synapses).run(defaultclock.dt)
        get_device().build(directory=str(tmp_path), compile=False, run=False)
    finally:
        get_device().reinit()
        reset_device()
    makefile = (tmp_path / "makefile").read_text()
    assert (fast_device.WIDE_FLAGS[0] in makefile) is wide


def test_msvc_is_refused_in_one_line():
    device = fast_device.FastCPPStandaloneDevice()
    with pytest.raises(NotImplementedError, match="g\\+\\+ or clang, not with MSVC; use") as raised:
        device.generate_makefile(None, "msvc", "", "", 1, False)
    assert "\n" not in str(raised.value)
