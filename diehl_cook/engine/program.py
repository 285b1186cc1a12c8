"""Compile a Brian2 network once, then run it again and again from arrays to arrays.

Nothing here knows about digits. A program takes the values of its variables, runs until
the network stops itself, and gives back every variable and what the monitors recorded.
Variables are named ``group.variable``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import hashlib
import itertools
import json
import operator
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from brian2 import Network, Quantity, TimedArray, defaultclock, prefs, second
from brian2.core.variables import ArrayVariable
from brian2.devices.device import all_devices, device, reset_device, set_device
from brian2.monitors.spikemonitor import EventMonitor
from brian2.monitors.statemonitor import StateMonitor
from filelock import FileLock
from numpy.typing import ArrayLike, NDArray

from diehl_cook.dense.team import VARIABLE as THREADS
from diehl_cook.model import resources
from diehl_cook.model.arrays import Arrays

Values = Mapping[str, ArrayLike]
Role = Literal["state", "parameter", "record", "other"]

#: Seconds that the loop over time steps took, without start and files. Brian2's own device
#: counts processor time, the vectorised one wall-clock time.
RUN_SECONDS = "run.seconds"

# Brian2 has one device for all threads of a process.
_one_device = threading.Lock()

# Longer than any run: networks stop themselves. Counted in steps it must fit into 32 bits.
_ENDLESS = 1e6 * second

# Programs are generated and compiled in folders whose names begin so.
_WORKPLACE = "new-"
_DAY = 24 * 60 * 60

_OUTER_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
_SIZE = "main.size"
#: Files in which clocks are set up: Brian2's, or the one file that `dense.one_file` writes.
_WITH_CLOCKS = ("main.cpp", "one_file.cpp")
_MAKE_ROOM = "is the disk full? make room, and the same command goes on"

# What a compiler says when it fails, the most telling first, and the way out.
_CAUSES = {
    "No space left": "; make room there",
    "out of memory": "; free some memory",
    "allocate memory": "; free some memory",
    "rror": "",
}
# What programs, the linker and the system call it.
_NO_MEMORY = ("bad_alloc", "allocate memory", "failed to map segment")


class SimulationError(RuntimeError):
    """A program that cannot be compiled or did not run to its end."""


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable of a program: its role, type, file and, where it is fixed, its size.

    ``state`` must be carried from run to run, a ``parameter`` is one shared number, a
    ``record`` was written by a monitor. The ``argument`` is what gives it a value.
    """

    role: Role
    dtype: str
    file: str
    size: int | None
    argument: str


class Program:
    """A compiled network. Several runs at the same time do not disturb one another.

    Parameters
    ----------
    folder : Path
        Made by `compile_program`.
    """

    def __init__(self, folder: Path) -> None:
        # Absolute, like every path given to a program: it runs in this folder.
        self.folder = folder.resolve()
        layout = json.loads((self.folder / "layout.json").read_text())
        self.variables = {name: Variable(**entry) for name, entry in layout.items()}

    @property
    def version(self) -> str:
        """Changes with the source code, not with the machine or its compiler."""
        return self.folder.name.split("-")[0]

    def names(self, role: Role) -> list[str]:
        """Names of the variables of a role, in a fixed order."""
        return sorted(name for name, variable in self.variables.items() if variable.role == role)

    def run(self, values: Values, inputs: Values, workspace: Path, threads: int = 1) -> Arrays:
        """Run until the network stops itself.

        Parameters
        ----------
        values : mapping of str to array_like
            Variables before the run, in SI units; those not named are zero.
        inputs : mapping of str to array_like
            Values of time-dependent inputs (Brian2's ``TimedArray``) by name; the first
            rows may be given alone.
        workspace : Path
            An existing folder for temporary files.
        threads : int
            At most so many, which alters nothing but the time that it takes.

        Returns
        -------
        dict of str to ndarray
            Every state variable and record after the run, and `RUN_SECONDS`.

        Raises
        ------
        SimulationError
            If the program fails or its results cannot be written.
        """
        self._require_parameters(values)
        try:
            with tempfile.TemporaryDirectory(dir=workspace.resolve(), prefix="run-") as folder:
                return self._run_in(Path(folder), values, inputs, threads)
        except OSError as error:
            raise SimulationError(
                f"{error.filename or workspace}: {error.strerror or error}; {_MAKE_ROOM}"
            ) from None

    def _run_in(self, folder: Path, values: Values, inputs: Values, threads: int) -> Arrays:
        arguments = [
            f"{self.variables[name].argument}={self._write(folder, name, value)}"
            for name, value in values.items()
        ]
        arguments += [
            f"{name}.values={self._write_input(folder, name, value)}"
            for name, value in inputs.items()
        ]
        results = folder / "results"
        results.mkdir()
        _execute(
            [str(self.folder / "main"), "--results_dir", f"{results}/", *arguments],
            self.folder,
            threads,
        )
        names = self.names("state") + self.names("record")
        arrays = {name: self._read(results, name) for name in names}
        seconds = np.array((results / "last_run_info.txt").read_text().split()[:1], float)
        return arrays | {RUN_SECONDS: _whole(seconds, 1, results)}

    def _require_parameters(self, values: Values) -> None:
        missing = set(self.names("parameter")) - set(values)
        if missing:
            raise SimulationError(f"no value for {', '.join(sorted(missing))}")

    def _write(self, folder: Path, name: str, value: ArrayLike) -> Path:
        variable = self.variables[name]
        array = np.ascontiguousarray(value, dtype=variable.dtype).ravel()
        if variable.size is not None:
            array = np.broadcast_to(array, (variable.size,))
        return _write_array(folder / f"{name}.in", array)

    def _write_input(self, folder: Path, name: str, value: ArrayLike) -> Path:
        entry = self.variables[f"{name}.values"]
        array = np.zeros(entry.size or 0, entry.dtype)
        rows = np.ravel(np.asarray(value, entry.dtype))
        array[: rows.size] = rows
        return _write_array(folder / f"{name}.in", array)

    def _read(self, results: Path, name: str) -> NDArray[Any]:
        variable = self.variables[name]
        size = variable.size
        if size is None:  # of synapses and monitors, which count them
            size = int(self._read(results, f"{name.split('.')[0]}.N")[0])
        return _whole(np.fromfile(results / variable.file, variable.dtype), size, results)


def compile_program(
    build: Callable[[], Network],
    cache: Path,
    target: str,
    announce: Callable[[], object] = lambda: None,
    structure: Hashable = None,
) -> Program:
    """Generate and compile a network's C++ program, or take it from the cache.

    Parameters
    ----------
    build : callable
        Makes the network. It sets no values: those are given when the program runs.
    cache : Path
        Folder of compiled programs, keyed by their source, compiler and flags.
    target : str
        Brian2 device: ``cpp_standalone`` or one derived from it.
    announce : callable
        Called before a compiler starts, which it does not for a program in the cache.
    structure : hashable, optional
        What the network follows from that `build` makes: one that this process made before is not
        even generated again.

    Returns
    -------
    Program

    Raises
    ------
    SimulationError
        If there is no compiler or it fails, or the folder cannot be written.
    """
    if structure is None:
        return _generate_and_compile(build, cache, target, announce)
    preferences = sys.intern(prefs.as_file)  # a long text, kept once
    made_of = structure, cache.resolve(), target, *resources.compiler(), preferences
    known = _compiled.get(made_of)
    if known is None or not _is_whole(known.folder):
        known = _compiled[made_of] = _generate_and_compile(build, cache, target, announce)
    return known


_compiled: dict[Hashable, Program] = {}


def _generate_and_compile(
    build: Callable[[], Network], cache: Path, target: str, announce: Callable[[], object]
) -> Program:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(cache)
        workplace = Path(tempfile.mkdtemp(dir=cache, prefix=_WORKPLACE))
        try:
            return _compile_in(workplace, build, target, announce)
        finally:
            shutil.rmtree(workplace, ignore_errors=True)
    except OSError as error:
        raise SimulationError(
            f"{error.filename or cache}: {error.strerror or error}; make room, or name another"
            " folder for compiled programs in DIEHL_COOK_PROGRAMS"
        ) from None


def _remove_abandoned(cache: Path) -> None:
    """Remove workplaces of processes that were killed; no compiler works for a day."""
    for workplace in cache.glob(f"{_WORKPLACE}*"):
        with contextlib.suppress(FileNotFoundError):  # another process has just ended its work
            if time.time() - workplace.stat().st_mtime > _DAY:
                shutil.rmtree(workplace, ignore_errors=True)


def _compile_in(
    workplace: Path,
    build: Callable[[], Network],
    target: str,
    announce: Callable[[], object],
) -> Program:
    _compiler()  # said here where there is none: Brian2 asks for it while it generates
    with _one_device:
        layout = _generate(build, workplace, target)
    (workplace / "layout.json").write_text(json.dumps(layout, indent=1, sort_keys=True))
    finished = workplace.parent / _key(workplace)
    # Processes that want the same program at the same time wait for the first of them.
    with FileLock(workplace.parent / f".{finished.name}.lock"):
        if _is_whole(finished):
            # Generated anew anyway, it heals one that was damaged.
            (workplace / "layout.json").replace(finished / "layout.json")
        else:
            announce()
            _compile(workplace)
            (workplace / _SIZE).write_text(str((workplace / "main").stat().st_size))
            shutil.rmtree(finished, ignore_errors=True)
            workplace.rename(finished)
    return Program(finished)


def _is_whole(folder: Path) -> bool:
    """Whether a program is as its compiler left it, neither lost in part nor cut short."""
    try:
        return (folder / "main").stat().st_size == int((folder / _SIZE).read_text())
    except (OSError, ValueError):
        return False


def interpret(network: Network, values: Values, inputs: Values, duration: Quantity) -> float:
    """Run a network in this process, on Brian2's NumPy target: slow, but open to any monitor.

    Parameters
    ----------
    network : brian2.Network
        Made while Brian2's runtime device was active.
    values, inputs : mapping of str to array_like
        As for `Program.run`.
    duration : Quantity
        The longest time to run; the network may stop itself before.

    Returns
    -------
    float
        Seconds that the loop over time steps took.
    """
    for name, value in values.items():
        group, variable = name.split(".")
        network[group].variables[variable].set_value(value)
    for timed_array in _timed_arrays(network):
        rows = np.asarray(inputs[timed_array.name])
        timed_array.values[: len(rows)] = rows
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    try:
        network.run(duration, namespace={})
    finally:
        prefs.codegen.target = before
    return float(device._last_run_time)


def _timed_arrays(network: Network) -> set[TimedArray]:
    spaces = [getattr(part, "namespace", None) or {} for part in network.objects]
    return {value for space in spaces for value in space.values() if isinstance(value, TimedArray)}


def _generate(build: Callable[[], Network], folder: Path, target: str) -> dict[str, dict[str, Any]]:
    """Write the C++ source of a network, and tell its variables."""
    # A device of our own: the user's, which may be of the same kind, keeps what is prepared on it
    time_step = defaultclock.dt
    set_device(type(all_devices[target])(), build_on_run=False)
    # Brian2 numbers its names past those of objects that still exist: the source, and with it
    # the key in the cache, would depend on what this process did before.
    gc.collect()
    try:
        network = build()
        # Before the queues of delayed spikes are laid out, which is the first thing a run does.
        device.apply_run_args()
        network.run(_ENDLESS, namespace={})
        if sys.platform == "linux":
            # A program whose parent was killed would run on for nothing.
            device.headers.append("<sys/prctl.h>")
            device.insert_code("before_start", "prctl(PR_SET_PDEATHSIG, SIGKILL);")
        device.main_queue[:] = _each_number_once(device.main_queue)
        device.build(directory=str(folder), compile=False, run=False, with_output=False)
        return {name: dataclasses.asdict(variable) for name, variable in _layout().items()}
    finally:
        defaultclock.dt = time_step  # which Brian2 hands on to the device that it goes back to
        reset_device()


def _each_number_once(steps: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Leave out numbers that are replaced at once, and sort the others by name.

    Brian2 tells first what the default clock was before, and orders clocks by where they lie in
    memory: the source, and with it the key, would depend on what this process did before.
    """
    for kind, group in itertools.groupby(steps, key=operator.itemgetter(0)):
        if kind == "set_by_single_value":
            last = {(array, place): value for _, (array, place, value) in group}
            group = ((kind, (*where, last[where])) for where in sorted(last, key=str))
        yield from group


def _layout() -> dict[str, Variable]:
    variables: dict[str, Variable] = {}
    for variable in device.arrays:
        argument = f"{variable.owner.name}.{variable.name}"
        name = argument.replace("._pre_delay", ".delay")  # its name from Brian2 2.11 on
        if name in variables:
            continue  # both pathways of Synapses own a `delay`; the first is the presynaptic one
        size = None if variable.dynamic else int(variable.size)
        dtype, file = np.dtype(variable.dtype).name, device.get_array_filename(variable)
        variables[name] = Variable(_role(variable), dtype, file, size, argument)
    for timed_array, name in device.timed_arrays.items():
        values = timed_array.values
        name = f"{name}.values"
        variables[name] = Variable("other", values.dtype.name, "", int(values.size), name)
    return variables


def _role(variable: ArrayVariable) -> Role:
    if isinstance(variable.owner, EventMonitor | StateMonitor):
        return "record" if variable.dynamic else "other"
    if variable.read_only or variable.name.startswith("_") or variable.name == "delay":
        return "other"
    if not variable.constant:
        return "state"
    return "parameter" if variable.scalar else "other"


def _key(folder: Path) -> str:
    """Name of a program: its source, and what the compiler makes of it."""
    source, rest = hashlib.sha256(), hashlib.sha256(_compiler().encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.parent.name != "static_arrays":
            lines = path.read_bytes().splitlines()
            if path.name in _WITH_CLOCKS:
                lines = _with_clocks_sorted(lines)
            digest = source if path.suffix in (".cpp", ".h") else rest
            digest.update(b"\n".join([str(path.relative_to(folder)).encode(), *lines]))
    return f"{source.hexdigest()[:16]}-{rest.hexdigest()[:8]}"


def _with_clocks_sorted(lines: list[bytes]) -> list[bytes]:
    """Lines of a program's source; Brian2 sets up its clocks in any order."""
    groups = itertools.groupby(lines, lambda line: re.match(rb"\s*_array_\w*clock_", line) is None)
    return [line for other, group in groups for line in (group if other else sorted(group))]


def _compiler() -> str:
    """What the compiler makes of the flags on this machine."""
    command = [*resources.compiler(), "-march=native", "-###", "-E", "-xc++", os.devnull]
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
        return done.stderr
    except OSError:
        raise SimulationError(
            f"no C++ compiler: {command[0]} does not start; install g++ or set CXX"
        ) from None


def _compile(folder: Path) -> None:
    command = ["make", f"-j{os.cpu_count() or 1}"]
    # What an outer `make` was told (`-n`, `-i`, `make train SEED=3`) is not for this one.
    environment = {name: text for name, text in os.environ.items() if name not in _OUTER_MAKE}
    if not environment.get("CXX", "").strip():
        environment.pop("CXX", None)  # which make would take for a compiler without a name
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, encoding="utf-8",
            errors="replace", check=False,
        )  # fmt: skip
    except OSError:
        raise SimulationError("cannot compile: make does not start; install make") from None
    if done.returncode != 0 or not (folder / "main").exists():
        said = done.stderr.splitlines()
        causes = [
            line.strip() + out
            for sign, out in _CAUSES.items()
            for line in said
            if sign in line and not line.startswith("make")  # which says that it failed, not why
        ]
        name = " ".join(resources.compiler())
        silent = f"{name} says nothing; set CXX to a C++ compiler, or unset it for g++"
        raise SimulationError(f"compiling failed: {(causes or [silent])[0]}")


def _execute(command: list[str], folder: Path, threads: int) -> None:
    """Run a program to its end; anything that it says is an error."""
    # A session of its own: Ctrl-C reaches it through us only, never halfway through its results.
    try:
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace", start_new_session=True,
            env={**os.environ, THREADS: str(threads)},
        )  # fmt: skip
    except OSError as error:
        raise SimulationError(
            f"{command[0]}: does not start: {error.strerror}; if it is damaged, delete {folder}"
        ) from None
    try:
        said, _ = process.communicate()
    finally:
        process.kill()
    if process.returncode != 0 or said.strip():
        raise SimulationError(_obituary(process.returncode, said))


def _obituary(code: int, said: str) -> str:
    words = " ".join(said.split())[:300] or (signal.strsignal(-code) if code < 0 else "")
    starved = code == -signal.SIGKILL or any(sign in said for sign in _NO_MEMORY)
    hint = "; out of memory? choose fewer cells" if starved else ""
    return f"the simulation failed with code {code}: {words}{hint}"


def _write_array(path: Path, array: NDArray[Any]) -> Path:
    path.write_bytes(array.tobytes())
    return path


def _whole(array: NDArray[Any], size: int, folder: Path) -> NDArray[Any]:
    # Programs say nothing when they cannot write; an array of several columns has more.
    if array.size < size or (size and array.size % size):
        raise SimulationError(f"{folder}: results are incomplete; {_MAKE_ROOM}")
    return array
