"""The command that is typed: what it may be followed by, and its exit codes."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from diehl_cook import __version__
from diehl_cook.cli import many_runs, measurements, one_run
from diehl_cook.cli.options import typed
from diehl_cook.cli.signals import Stopped, signals_heeded
from diehl_cook.demo import DemoError
from diehl_cook.engine.bounds import OutOfRangeError
from diehl_cook.engine.presenter import PresentationError
from diehl_cook.engine.program import SimulationError
from diehl_cook.images.datasets import DatasetError
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.stages import workflow
from diehl_cook.store.files import WriteError
from diehl_cook.store.reading import FileError
from diehl_cook.studies.batch import BatchError
from diehl_cook.studies.peers import PeerError
from diehl_cook.studies.search import SearchError
from diehl_cook.studies.workers import ClusterError, WorkersError

BAD_INPUT, FAILURE = 2, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        Exit code: 0, 2 for bad input, 1 for another failure, 128 and the signal's number after
        a signal (130 after Ctrl-C).
    """
    options = argparse.Namespace(after_a_stop="")
    try:
        with signals_heeded():
            for stream in (sys.stdout, sys.stderr):
                if isinstance(stream, io.TextIOWrapper):  # a name of a file may be any bytes
                    stream.reconfigure(errors="backslashreplace")
            _parser().parse_args(arguments, options)
            _refuse_files_for_folders(options)
            workflow.quieten_brian()
            options.command(options)
            sys.stdout.flush()
    except (
        ExperimentError,
        DatasetError,
        FileError,
        SearchError,
        WorkersError,
        DemoError,
    ) as error:
        return _complain(error, BAD_INPUT)
    except (
        SimulationError,
        PresentationError,
        OutOfRangeError,
        BatchError,
        ClusterError,
        PeerError,
        WriteError,
    ) as error:
        return _complain(error, FAILURE)
    except OSError as error:
        if error.filename is None:  # what writes files names them; this is what was to be said
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 which Python flushes at its end
        where = error.filename or "standard output or error"
        return _complain(f"{where}: cannot be used: {error.strerror or error}", FAILURE)
    except MemoryError:
        return _complain("out of memory; choose fewer cells", FAILURE)
    except KeyboardInterrupt as stop:
        number = stop.args[0] if isinstance(stop, Stopped) else signal.SIGINT
        return _complain("; ".join(filter(None, ["stopped", options.after_a_stop])), 128 + number)
    return 0


def _refuse_files_for_folders(options: argparse.Namespace) -> None:
    """Find out before the work, not after it, that there is no such folder to write to."""
    for name in ("into", "results"):
        path = getattr(options, name, None) or Path()
        there = next((each for each in (path, *path.parents) if each.exists()), path)
        if there.is_file():
            raise FileError(f"--{name} {path}: {there} is a file; name a folder")


def _complain(error: Exception | str, code: int) -> int:
    with contextlib.suppress(OSError):  # where nobody can be told, the exit code tells
        print(f"diehl_cook: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
    return code


class _Parser(argparse.ArgumentParser):
    """Complains in one line, as everything here does, and names the help of its command."""

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        options, unknown = super().parse_known_args(*args, **kwargs)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def error(self, message: str) -> NoReturn:
        self.exit(_complain(f"{message}; see {self.prog} --help", BAD_INPUT))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=typed(),
        description="Diehl & Cook (2015): learn digits with spike-timing-dependent plasticity.",
        epilog="Exit code 0: done; 2: bad input; 1: another failure; 130: stopped with Ctrl-C.",
    )
    parser.add_argument("--version", action="version", version=f"diehl_cook {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one_run.add_train(commands)
    one_run.add_evaluate(commands)
    one_run.add_figures(commands)
    one_run.add_report(commands)
    one_run.add_export(commands)
    one_run.add_classify(commands)
    one_run.add_demo(commands)
    many_runs.add_compare(commands)
    one_run.add_show(commands)
    measurements.add_benchmark(commands)
    measurements.add_readouts(commands)
    measurements.add_robustness(commands)
    measurements.add_statements(commands)
    measurements.add_fields(commands)
    measurements.add_peers(commands)
    many_runs.add_networks_table(commands)
    measurements.add_baselines(commands)
    measurements.add_check(commands)
    many_runs.add_sweep(commands)
    many_runs.add_search(commands)
    many_runs.add_reproduce(commands)
    return parser
