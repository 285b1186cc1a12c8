"""What a presentation costs: every kind of synapse and target, on the same images and weights.

Kinds are timed in turn, round after round, so that a busy machine disturbs all alike. What
counts is the loop over time steps; starting a program and loading its data are reported apart.
Brian2's own device counts processor time, which on a busy machine is less than the wall-clock
time of the others.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diehl_cook.engine.presenter import (
    LEARNING,
    TESTING,
    Presenter,
    threads_of,
    weights_and_theta,
)
from diehl_cook.engine.program import interpret
from diehl_cook.model import protocol
from diehl_cook.model.arrays import Arrays
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.plasticity import RULES
from diehl_cook.store.files import markdown_table

#: Kinds of simulation: choices of the experiment, and whether the program is compiled.
KINDS: dict[str, dict[str, Any]] = {
    "dense single": {"synapses": "dense", "precision": "single", "threads": 1},
    "dense double": {"synapses": "dense", "precision": "double", "threads": 1},
    "brian2 double": {"synapses": "brian2", "precision": "double", "threads": 1},
}
BRIAN2, DEFAULT = "brian2 double", "dense single"
#: The default kind with each of the other rules, timed in training.
OTHER_RULES: dict[str, dict[str, Any]] = {
    f"{DEFAULT}, {rule}": {**KINDS[DEFAULT], "rule": rule} for rule in RULES if rule != "triplet"
}
#: The default kind where a network is large enough for several threads.
IN_THREADS = f"{DEFAULT}, threads: auto"
RUNTIME = "runtime, dense double"
SIZES = (100, 400, 1600, 6400)

# Images of a long run, so that it takes seconds: N times this many at most.
_WORK = {"dense single": 200_000, "dense double": 100_000, "brian2 double": 8_000, RUNTIME: 800}
_WORK |= dict.fromkeys(OTHER_RULES, _WORK[DEFAULT])
_WORK[IN_THREADS] = 5 * _WORK[DEFAULT]  # as in training, the first images try what is faster
_WARM_UP = 500  # images learned before anything is timed


@dataclasses.dataclass(frozen=True)
class Case:
    """One kind of simulation at one size, in training or testing."""

    cells: int
    kind: str
    learning: bool

    @property
    def images(self) -> int:
        """Images of a long run."""
        return int(np.clip(_WORK[self.kind] // self.cells, 4, 500))


@dataclasses.dataclass
class Timing:
    """Measurements of a case: milliseconds per presentation, one a round."""

    case: Case
    ms: list[float] = dataclasses.field(default_factory=list)
    start_seconds: list[float] = dataclasses.field(default_factory=list)
    compile_seconds: float = 0.0
    peak_mb: float | None = None


def benchmark(
    experiments: dict[int, Experiment],
    images: NDArray[np.integer],
    rounds: int,
    cache: Path,
) -> dict[str, Any]:
    """Time all kinds at all sizes.

    Parameters
    ----------
    experiments : dict of int to Experiment
        One for each number of cells.
    images : ndarray, shape (n, n_inputs)
        Training images; at least 1001.
    rounds : int
        How often each kind is timed.
    cache : Path
        Folder of compiled programs; for compile times, an empty one.

    Returns
    -------
    dict
        Plain values for a JSON file: a list ``cases`` with medians, quartiles and ratios.
    """
    cases: list[dict[str, Any]] = []
    for cells, experiment in experiments.items():
        print(f"{cells} cells: compiling and warming up")
        timings = list(_prepare(experiment, images, cache))
        for number in range(rounds):
            for timing, run in timings:
                _measure(timing, run)
            print(f"{cells} cells: round {number + 1} of {rounds}")
        cases += _summaries([timing for timing, _ in timings], experiment, images.shape[1])
    return {"rounds": rounds, "memory": _MEMORY_NOTE, "cases": cases}


# Runs so many images; tells the presentations and the seconds that they took.
Run = Callable[[int], tuple[int, float]]


def _prepare(
    experiment: Experiment, images: NDArray[np.integer], cache: Path
) -> Iterator[tuple[Timing, Run]]:
    """Compile every kind at one size, and give what runs it."""
    state: Arrays | None = None
    kinds = dict(KINDS)
    in_threads = {**KINDS[DEFAULT], "threads": "auto"}
    if threads_of(experiment.model_copy(update=in_threads)) > 1:
        kinds[IN_THREADS] = in_threads
    for kind, choices in kinds.items():
        chosen = experiment.model_copy(update=choices)
        for learning in (True, False):
            timing = Timing(Case(experiment.cells, kind, learning))
            begun = time.perf_counter()
            presenter = Presenter(chosen, learning, images.shape[1], cache)
            timing.compile_seconds = time.perf_counter() - begun
            state = state or _warm_up(presenter, images)
            timing.peak_mb = _peak_memory(chosen, learning, images, state, cache)
            yield timing, _standalone_run(presenter, learning, images, state)
    for kind, choices in OTHER_RULES.items():
        yield _prepare_rule(experiment.model_copy(update=choices), kind, images, cache)
    assert state is not None
    chosen = experiment.model_copy(update=KINDS["dense double"])
    for learning in (True, False):
        timing = Timing(Case(experiment.cells, RUNTIME, learning))
        yield timing, _runtime_run(chosen, learning, images, state)


def _prepare_rule(
    experiment: Experiment, kind: str, images: NDArray[np.integer], cache: Path
) -> tuple[Timing, Run]:
    """Compile a rule, whose network has a state of its own."""
    timing = Timing(Case(experiment.cells, kind, learning=True))
    begun = time.perf_counter()
    presenter = Presenter(experiment, True, images.shape[1], cache)
    timing.compile_seconds = time.perf_counter() - begun
    return timing, _standalone_run(presenter, True, images, _warm_up(presenter, images))


def _warm_up(presenter: Presenter, images: NDArray[np.integer]) -> Arrays:
    with tempfile.TemporaryDirectory() as workspace:
        return presenter.show(
            presenter.start(), images[:_WARM_UP], 0, LEARNING, Path(workspace)
        ).state


def _standalone_run(
    presenter: Presenter, learning: bool, images: NDArray[np.integer], state: Arrays
) -> Run:
    start, stage = _start(presenter.at_rest, learning, images.shape[1], state)

    def run(count: int) -> tuple[int, float]:
        shown = images[_WARM_UP : _WARM_UP + count]
        with tempfile.TemporaryDirectory() as workspace:
            result = presenter.show(start, shown, _WARM_UP, stage, Path(workspace))
        return int(result.showings.sum()), result.seconds

    return run


def _start(
    at_rest: Callable[..., Arrays], learning: bool, n_inputs: int, state: Arrays
) -> tuple[Arrays, int]:
    if learning:
        return state, LEARNING
    return at_rest(*weights_and_theta(state, n_inputs)), TESTING


def _runtime_run(
    experiment: Experiment, learning: bool, images: NDArray[np.integer], state: Arrays
) -> Run:
    start, stage = _start(
        lambda *learned: protocol.resting_state(experiment, *learned),
        learning,
        images.shape[1],
        state,
    )

    def run(count: int) -> tuple[int, float]:
        network = protocol.build_presentation(experiment, learning, images.shape[1], count)
        span = {"first_image": 0, "image": 0, "end_image": count, "stage": stage}
        values = protocol.parameter_values(experiment) | start
        values |= {f"{protocol.PROTOCOL}.{name}": np.array([n]) for name, n in span.items()}
        shown = {protocol.IMAGES: images[_WARM_UP : _WARM_UP + count]}
        duration = experiment.presentation.image + experiment.presentation.rest
        values = protocol.known_values(network, values)
        seconds = interpret(network, values, shown, 100 * count * duration)
        return len(network[protocol.PRESENTATIONS].i), seconds

    return run


def _measure(timing: Timing, run: Run) -> None:
    begun = time.perf_counter()
    presentations, seconds = run(timing.case.images)
    timing.ms.append(seconds / presentations * 1e3)
    timing.start_seconds.append(time.perf_counter() - begun - seconds)


def _peak_memory(
    experiment: Experiment, learning: bool, images: NDArray[np.integer], state: Arrays, cache: Path
) -> float:
    """Peak memory of one run of the compiled program, in MB, measured from a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        arguments = (experiment.model_dump(mode="json"), learning, images[:1001], state, cache)
        return pool.submit(_run_alone, *arguments).result()


def _run_alone(
    values: dict[str, Any],
    learning: bool,
    images: NDArray[np.integer],
    state: Arrays,
    cache: Path,
) -> float:
    presenter = Presenter(Experiment.model_validate(values), learning, images.shape[1], cache)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    _standalone_run(presenter, learning, images, state)(1)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return max(peak, before) * unit / 1e6


_MEMORY_NOTE = (
    "Least traffic counts, per presentation in training: a row of weights read and written at"
    " each input spike, a column read and written at each excitatory spike (a cache line for"
    " each weight), all weights read once and read and written once for the normalisation, and"
    " every variable of the excitatory and inhibitory cells read and written in each step. In"
    " testing rows are read only. The bandwidth is that of an in-place addition on an array of"
    " the weights' size, on this machine, in this run."
)
_CACHE_LINE = 64
_INPUT_SPIKES, _EXCITATORY_SPIKES = 2300, 16  # per presentation, about
_CELL_BYTES = {"excitatory": 6 * 4 + 8, "inhibitory": 4 * 4}


def least_traffic(cells: int, n_inputs: int, steps: int, learning: bool) -> int:
    """Bytes that a presentation must move in single precision; `_MEMORY_NOTE` says what counts."""
    row = 4 * cells
    state = 2 * steps * cells * sum(_CELL_BYTES.values())
    if not learning:
        return _INPUT_SPIKES * row + state
    columns = _EXCITATORY_SPIKES * n_inputs * 2 * _CACHE_LINE
    return 2 * _INPUT_SPIKES * row + columns + 3 * n_inputs * row + state


def bandwidth(n_bytes: int) -> float:
    """Bytes per second of reading and writing an array of this size, best of several."""
    array = np.zeros(n_bytes // 4, np.float32)
    repeats = max(1, int(2e8 // n_bytes))
    best = np.inf
    for _ in range(7):
        begun = time.perf_counter()
        for _ in range(repeats):
            np.add(array, np.float32(1), out=array)
        best = min(best, time.perf_counter() - begun)
    return 2 * array.nbytes * repeats / best


def _summaries(
    timings: Sequence[Timing], experiment: Experiment, n_inputs: int
) -> Iterator[dict[str, Any]]:
    speed = bandwidth(4 * n_inputs * experiment.cells)
    by_case = {timing.case: timing for timing in timings}
    for timing in timings:
        case = timing.case
        low, median, high = np.percentile(timing.ms, [25, 50, 75])
        summary: dict[str, Any] = {
            "cells": case.cells,
            "kind": case.kind,
            "learning": case.learning,
            "images_per_run": case.images,
            "ms": round(float(median), 4),
            "ms_quartiles": [round(float(low), 4), round(float(high), 4)],
            "start_seconds": round(float(np.median(timing.start_seconds)), 3),
            "compile_seconds": round(timing.compile_seconds, 1),
            "peak_mb": None if timing.peak_mb is None else round(timing.peak_mb),
        }

        if case.kind in OTHER_RULES:
            slower = float(np.median(1 / _ratios(by_case, timing, DEFAULT)))
            yield summary | {"times_triplet": round(slower, 2)}
            continue
        steps = experiment.presentation_steps
        least = least_traffic(case.cells, n_inputs, steps, case.learning) / speed * 1e3
        yield summary | {
            "times_faster_than_brian2": round(
                float(np.median(_ratios(by_case, timing, BRIAN2))), 2
            ),
            "bandwidth_gb_per_s": round(speed / 1e9, 1),
            "times_least_traffic": round(float(median / least), 2),
        }


def _ratios(by_case: dict[Case, Timing], timing: Timing, kind: str) -> NDArray[np.float64]:
    """How many times longer another kind took, round by round."""
    other = by_case[dataclasses.replace(timing.case, kind=kind)]
    return np.array(other.ms) / np.array(timing.ms)


def time_peer(python: Path, sizes: Sequence[int], rounds: int) -> list[dict[str, Any]]:
    """Time BindsNET's own model of this network, in an environment of its own.

    Parameters
    ----------
    python : Path
        A Python that can import bindsnet.
    sizes : sequence of int
        Numbers of cells.
    rounds : int
        How often each is timed.

    Returns
    -------
    list of dict
        Cases as in `benchmark`.
    """
    script = Path(__file__).with_name("bindsnet_peer.py")
    command = [str(python), str(script), str(rounds), *map(str, sizes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cases: list[dict[str, Any]] = json.loads(done.stdout)
    return cases


def markdown(cases: Sequence[dict[str, Any]]) -> str:
    """Write the medians as a Markdown table: kinds and training or testing against cells."""
    sizes = sorted({case["cells"] for case in cases})
    rows: dict[tuple[bool, str], dict[int, str]] = {}
    for case in cases:
        cell = f"{case['ms']:.2f}"
        if "times_triplet" in case:
            cell += f" ({case['times_triplet']:.2f} x triplet)"
        if case.get("times_faster_than_brian2", 1) > 1:
            cell += f" ({case['times_faster_than_brian2']:.1f} x)"
        rows.setdefault((not case["learning"], case["kind"]), {})[case["cells"]] = cell
    return markdown_table(
        ["ms per presentation", *(f"N = {size}" for size in sizes)],
        [
            [
                f"{'testing' if testing else 'training'}, {kind}",
                *(cells.get(n, "-") for n in sizes),
            ]
            for (testing, kind), cells in sorted(rows.items(), key=lambda row: row[0][0])
        ],
    )


def curves(cases: Sequence[dict[str, Any]], learning: bool) -> dict[str, Any]:
    """Arrange cases of one rule for `figures.cost_against_size`."""
    costs: dict[str, dict[int, tuple[float, float, float]]] = {}
    for case in cases:
        if case["learning"] == learning and case["kind"] not in (*OTHER_RULES, IN_THREADS):
            costs.setdefault(case["kind"], {})[case["cells"]] = (case["ms"], *case["ms_quartiles"])
    return costs
