"""What several commands take, and say, alike."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from diehl_cook.images.datasets import DatasetError
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.store.files import Format
from diehl_cook.store.network_file import NetworkFileError
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies.batch import BatchError
from diehl_cook.studies.workers import Failure

#: Where the reference results lie.
REFERENCE = Path("results/reference")


def evaluation_of(folder: RunFolder) -> str:
    """How one who typed this command types the evaluation of a run."""
    path = shlex.quote(str(folder.path))
    by_make = "MAKELEVEL" in os.environ
    return f"make evaluate RUN={path}" if by_make else f"{typed()} evaluate {path}"


def experiment_of(options: argparse.Namespace) -> Experiment:
    """The experiment that was named, with the values that were typed."""
    settings: dict[str, Any] = {} if options.seed is None else {"seed": options.seed}
    return load_experiment(options.experiment, options.set, **settings)


@contextlib.contextmanager
def blamed_on(source: object) -> Iterator[None]:
    """Name a network as what is in the way of what is done with it.

    Raises
    ------
    NetworkFileError
        In place of a `ValueError`, as of cells without labels.
    """
    try:
        yield
    except DatasetError:
        raise  # of an image
    except ValueError as error:
        raise NetworkFileError(f"{source}: {error}") from None


def complain_of(failures: Mapping[str, Failure], total: int) -> None:
    """Raise what is to be said of runs that failed, if any did."""
    if failures:
        name, first = next(iter(failures.items()))
        raise BatchError(f"{len(failures)} of {total} runs failed; {name}: {first.reason}")


def typed() -> str:
    """How this command was called."""
    name = Path(sys.argv[0]).name
    return name if name == "diehl-cook" else "python -m diehl_cook"


def add_format(parser: argparse.ArgumentParser) -> None:
    """``--format``, of figures."""
    parser.add_argument(
        "--format",
        choices=get_args(Format),
        default="png",
        help="of figures: pixels (png, the default) or vectors (svg, pdf)",
    )


def add_networks(parser: argparse.ArgumentParser) -> None:
    """Networks to measure, and where the results go."""
    parser.add_argument(
        "networks",
        nargs="+",
        metavar="NETWORK",
        help="run folders, network files or names of published networks; those that are in the"
        " table already are left as they are",
    )
    add_into(parser)


def add_into(parser: argparse.ArgumentParser) -> None:
    """``--into``, where results go."""
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        default=REFERENCE,
        help=f"folder of table and figures (default: {REFERENCE})",
    )


#: What is to be known after a stop, where not all of the work is lost.
FROM_CHECKPOINT = "the same command goes on from the last checkpoint"
WITH_THE_REST = "the same command goes on with what is missing"


def add_command(
    commands: Any, name: str, command: Any, after_a_stop: str = ""
) -> argparse.ArgumentParser:
    """Add a command; the docstring of its function says what it does."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=command.__doc__, description=command.__doc__
    )
    parser.set_defaults(command=command, after_a_stop=after_a_stop)
    return parser


def add_trained(parser: argparse.ArgumentParser) -> None:
    """A trained network, in any form."""
    parser.add_argument(
        "trained",
        type=Path,
        metavar="RUN",
        help="run folder of a training, a network file, or a published network, as triplet_n400",
    )


def add_experiment_options(
    parser: argparse.ArgumentParser,
    what: str = "an experiment file, or one that comes along, as n100, n400, n1600, n6400, digits",
) -> None:
    """An experiment, its seed, and values in place of the file's."""
    parser.add_argument("experiment", metavar="EXPERIMENT", help=what)
    parser.add_argument("--seed", type=int, help="seed in place of the file's")
    add_set(parser)


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """``--jobs``, processes at a time."""
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        default=os.cpu_count() or 1,
        help="processes at a time (default: one per core); never alters the result",
    )


def add_scheduler(parser: argparse.ArgumentParser) -> None:
    """``--scheduler``, of a Dask cluster."""
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler whose workers do the runs, e.g. tcp://localhost:8786; they need the"
        " package and the same folders",
    )


def add_set(
    parser: argparse.ArgumentParser,
    meant: str = "values in place of the file's, e.g. --set cells=64 'excitatory.tau_ge=2 ms'",
) -> None:
    """``--set``, values in place of those that are stated."""
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help=meant,
    )


def positive(text: str) -> int:
    """A whole number of 1 or more."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {text}")
    return number
