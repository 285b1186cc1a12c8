"""Programs of large networks have the same bits with any number of threads, and no data races."""

import shlex
import shutil
import subprocess

import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    check_units,
    defaultclock,
    implementation,
    ms,
    prefs,
)
from shared_out import CELLS, INPUTS, network, outcome

from diehl_cook.dense import DenseSynapses, fast_device
from diehl_cook.dense.team import VARIABLE, needs, team, waits
from diehl_cook.dense.threads import FEWEST_CELLS, Parts, Use
from diehl_cook.model.resources import compiler

#: So many steps that the first thread goes on alone, and in company again, time after time.
RUNS = (6000, 3000)


@pytest.fixture
def _alone_and_together(_few_cells_are_shared_out, monkeypatch, tmp_path_factory):
    """For three short bouts each, whatever is faster."""
    changed = tmp_path_factory.mktemp("templates")
    shutil.copy(fast_device.TEMPLATES / "parts.h", changed)
    text = (fast_device.TEMPLATES / "team.h").read_text()
    for old, new in {
        "seconds_together == 0 || seconds_alone < seconds_together": "n_bouts / 3 % 2 == 1",
        "steps_of_bout = 1000": "steps_of_bout = 90",
    }.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (changed / "team.h").write_text(text)
    monkeypatch.setattr(fast_device, "TEMPLATES", changed)


def build(device, net, folder, runs):
    """Compile a program that runs a network for so many steps, again and again."""
    for steps in runs:
        net.run(steps * defaultclock.dt)
    device.build(directory=str(folder), run=False, with_output=False)


def run_program(device, threads):
    """Run it, and leave its results to be read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(threads))
        device.run(with_output=False)


with_and_without_ordinary = pytest.mark.parametrize("has_ordinary", [False, True])


@with_and_without_ordinary
@pytest.mark.usefixtures("_alone_and_together")
def test_same_bits_with_any_number_of_threads(device, tmp_path, has_ordinary):
    net = network(has_ordinary)
    build(device, net, tmp_path, RUNS)
    run_program(device, 1)
    alone = outcome(net)
    assert alone["spikes.i"].size > 2000
    assert np.unique(alone["spikes.i"]).size > CELLS / 2
    assert alone["inhibitory_spikes.i"].size > 1000
    assert np.ptp(alone["learning.w"]) > 0.2
    expected = 0.1 * INPUTS * (INPUTS - 1) / 2 + INPUTS * np.arange(CELLS)
    np.testing.assert_allclose(alone["cells.fixed_total"], expected)
    for threads in (2, 3, 5):
        run_program(device, threads)
        for name, values in outcome(net).items():
            np.testing.assert_array_equal(values, alone[name], err_msg=f"{name}, {threads} threads")


@pytest.mark.usefixtures("_alone_and_together")
def test_a_run_ends_when_all_threads_are_through(device, tmp_path):
    cells = NeuronGroup(10, "dv/dt = 1/ms : 1", method="euler", name="few")  # all of one part
    build(device, Network(cells), tmp_path, (1, 2, 1))
    run_program(device, 2)
    np.testing.assert_allclose(cells.v, 4 * defaultclock.dt / ms)


RACE_DETECTOR = "-fsanitize=thread"


def has_race_detector(folder):
    """Whether programs compiled with the detector of data races can be linked and run."""
    source, program = folder / "empty.cpp", folder / "empty"
    source.write_text("int main() { return 0; }")
    command = [*compiler(), RACE_DETECTOR, str(source), "-o", str(program)]
    compiled = subprocess.run(command, capture_output=True, check=False).returncode == 0
    return compiled and subprocess.run([program], check=False).returncode == 0


@with_and_without_ordinary
@pytest.mark.usefixtures("_alone_and_together")
def test_no_data_races(device, tmp_path, monkeypatch, has_ordinary):
    if not has_race_detector(tmp_path):
        pytest.skip(f"{shlex.join(compiler())} has no {RACE_DETECTOR}")
    for preference in ("extra_compile_args_gcc", "extra_link_args"):
        before = prefs[f"codegen.cpp.{preference}"]
        monkeypatch.setitem(prefs, f"codegen.cpp.{preference}", [*before, RACE_DETECTOR])
    monkeypatch.setenv("TSAN_OPTIONS", "exitcode=66")
    net = network(has_ordinary)
    build(device, net, tmp_path / "program", (600,))
    for threads in (2, 3):
        run_program(device, threads)
        assert outcome(net)["spikes.i"].size > 100


@implementation("cpp", "double last = 0; double change(double x) { return x - last + (last = x); }")
@check_units(x=1, result=1)
def change(x):
    raise NotImplementedError


def shared(device, folder, n=FEWEST_CELLS, update="-v/(9*ms)", threshold="v > 1", **options):
    """Which code objects of a group, and of synapses within it, are shared out."""
    cells = NeuronGroup(
        n,
        f"dv/dt = {update} : 1",
        threshold=threshold,
        reset="v = 0",
        method="euler",
        name="cells",
        namespace={"change": change},
    )
    among = DenseSynapses(cells, cells, on_pre="v_post += 0.1", name="among")
    Network(cells, among).run(defaultclock.dt, **options)
    device.build(directory=str(folder), compile=False, run=False)
    uses = device.uses.items()
    return {name.removesuffix("_codeobject") for name, use in uses if use and use.is_shared}


ALL = {"cells_stateupdater", "cells_spike_thresholder", "among_pre"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ALL),
        ({"n": FEWEST_CELLS - 1}, set()),
        ({"update": "-v/(9*ms) + xi*ms**-0.5"}, ALL - {"cells_stateupdater"}),
        ({"threshold": "rand() < v"}, ALL - {"cells_spike_thresholder"}),
        ({"update": "-change(v)/(9*ms)"}, ALL - {"cells_stateupdater"}),  # it keeps something
        ({"profile": True}, set()),  # each code object's time is that of one thread
    ],
)
def test_what_is_shared_out(device, tmp_path, changes, expected):
    assert shared(device, tmp_path, **changes) == expected


def test_nothing_is_shared_out_where_openmp_is_asked_for(device, tmp_path, monkeypatch):
    monkeypatch.setitem(prefs, "devices.cpp_standalone.openmp_threads", 2)
    assert shared(device, tmp_path) == set()


def test_a_program_that_shares_nothing_out_knows_no_threads(device, tmp_path):
    shared(device, tmp_path, n=100)
    assert not (tmp_path / "team.h").exists()
    assert "thread" not in (tmp_path / "one_file.cpp").read_text()


def use(touched, written, own=(), **options):
    return Use(frozenset(touched), frozenset(written), dict.fromkeys(own, Parts(9)), **options)


class List:
    """Stands for a list of events."""

    name, owner, size = "events", NeuronGroup(1, "", name="someone"), 10


def test_who_waits_for_whom():
    update = use("vt", "v", "v", is_shared=True)
    threshold = use(["v", "someone_events"], ["someone_events"], "v", is_shared=True, finds=List)
    reset = use(["v", "someone_events"], "v", events=List)
    rows = use(["w", "v", "someone_events"], "v", "wv", is_shared=True, events=List)
    columns = Use(frozenset("w"), frozenset("w"), {"w": Parts(9, "rows")}, List, is_shared=True)
    assert waits(threshold, update) == "0"  # each thread has its own cells
    assert waits(update, reset) == "2"  # the first thread resets the others' cells
    assert waits(reset, update) == "1"
    assert waits(reset, reset) == "0"  # one thread
    assert waits(rows, reset) == waits(reset, rows) == "1"
    assert waits(reset, threshold) == waits(rows, threshold) == "2"
    assert waits(rows, rows) == "0"
    assert waits(columns, rows) == waits(rows, columns) == "1"  # each has other parts of them
    assert waits(threshold, reset) == waits(threshold, rows) == "3"  # they look into the list
    assert waits(update, None) == waits(None, update) == waits(None, None) == "3"


def test_who_may_change_places():
    update, reads = use("v", "v"), use("vw", "w")
    draws, also_draws = use("x", "x", has_effects=True), use("y", "y", has_effects=True)
    assert needs(update, reads)
    assert needs(reads, update)
    assert not needs(use("vw", ""), use("v", ""))
    assert not needs(draws, update)
    assert needs(draws, also_draws)  # each takes the next random number
    assert needs(update, None)
    assert needs(None, update)


def test_clocks_wait_for_what_reads_the_time():
    reads_time = use(["defaultclock_t", "v"], "v", "v", is_shared=True)
    reads_step = use(["defaultclock_dt", "v"], "v", "v", is_shared=True)
    *_, clocks = team({"a": reads_time, "b": reads_step}, [defaultclock], str)
    assert clocks.waits == "200"
    assert team({"b": use("v", "v")}, [defaultclock], str) == []
