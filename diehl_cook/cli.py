"""The command line: reads what was typed, calls the other rooms."""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, get_args

import numpy as np

from diehl_cook import __version__, figures
from diehl_cook.demo import DemoError
from diehl_cook.engine.bounds import OutOfRangeError
from diehl_cook.engine.presenter import PresentationError
from diehl_cook.engine.program import SimulationError
from diehl_cook.images import experiment_images
from diehl_cook.images.datasets import DatasetError
from diehl_cook.model import paper_results, resources
from diehl_cook.model.experiment import (
    Experiment,
    ExperimentError,
    dump_experiment,
    load_experiment,
)
from diehl_cook.model.plasticity import RULES
from diehl_cook.stages import classify, evaluation, readout_table, report, run, workflow
from diehl_cook.stages.pictures import pictures_of_network
from diehl_cook.stages.progress import Terminal
from diehl_cook.store import provenance
from diehl_cook.store.files import Format, WriteError, csv_text, figure_bytes, write_whole
from diehl_cook.store.network_file import Bits, NetworkFileError
from diehl_cook.store.reading import FileError
from diehl_cook.store.run_folder import RunFolder, RunFolderError
from diehl_cook.studies import (
    baselines,
    benchmark,
    compare,
    comparison_page,
    cost_estimate,
    network_table,
    paper_figures,
    peers,
    readouts,
    reference_runs,
    reproduce,
    reproduction_page,
    robustness,
    search,
    statements,
    sweep,
)
from diehl_cook.studies.batch import BatchError, Member, run_batch, score_of
from diehl_cook.studies.peers import PeerError
from diehl_cook.studies.search import SearchError
from diehl_cook.studies.workers import ClusterError, Failure, WorkersError

BAD_INPUT, FAILURE = 2, 1

_REFERENCE = Path("results/reference")


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
    try:
        with _signals_heeded():
            for stream in (sys.stdout, sys.stderr):
                if isinstance(stream, io.TextIOWrapper):  # a name of a file may be any bytes
                    stream.reconfigure(errors="backslashreplace")
            options = _parser().parse_args(arguments)
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
        number = stop.args[0] if isinstance(stop, _Stopped) else signal.SIGINT
        return _complain("stopped; the same command goes on from the last checkpoint", 128 + number)
    return 0


class _Stopped(KeyboardInterrupt):
    """A signal asked to stop; its number is the argument."""


@contextlib.contextmanager
def _signals_heeded() -> Iterator[None]:
    """Stop at SIGTERM and SIGHUP as at Ctrl-C, and leave what the caller ignores ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python sets handlers in its main thread only
        return
    heard: list[int] = []

    def stop(number: int, _: FrameType | None) -> NoReturn:
        heard.append(number)
        raise _Stopped(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    found = {number: signal.getsignal(number) for number in numbers}
    for number, handler in found.items():
        # Brian2 puts its own handler before the one it finds, and calls that one even where it is
        # SIG_IGN, which `command &` of a script has.
        original = getattr(handler, "previous_handler", handler)
        if original in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, stop)
        elif original == signal.SIG_IGN:  # `nohup` ignores SIGHUP
            signal.signal(number, signal.SIG_IGN)
    told, sys.unraisablehook = (
        sys.unraisablehook,
        functools.partial(_send_again, sys.unraisablehook),
    )
    try:
        yield
    except Exception:
        # A library may have taken the signal for a failure of what it had called.
        if heard:
            raise _Stopped(heard[0]) from None
        raise
    finally:
        sys.unraisablehook = told
        for number, handler in found.items():
            signal.signal(number, handler)


def _send_again(tell: Callable[[Any], Any], ignored: Any) -> None:
    """Send a signal once more that came where Python ignores exceptions, as in ``__del__``."""
    if isinstance(ignored.exc_value, _Stopped):
        # From a thread of its own, so that it comes when this place is left.
        number = ignored.exc_value.args[0]
        threading.Timer(0.01, os.kill, (os.getpid(), number)).start()
    else:
        tell(ignored)


def train(options: argparse.Namespace) -> None:
    """Train an experiment into a run folder, or go on with it."""
    experiment = _experiment(options)
    folder = RunFolder(options.run or run.default_folder(experiment))
    if not workflow.train_run(experiment, folder, Terminal()):
        print(f"{folder.path} is trained already.")
    print(f"The trained network and its figures lie in {folder.path}/.")
    print(f"Next: {_evaluation_of(folder)}")


def _evaluation_of(folder: RunFolder) -> str:
    """How one who typed this command types the evaluation of a run."""
    by_make = "MAKELEVEL" in os.environ
    return f"make evaluate RUN={folder.path}" if by_make else f"{_typed()} evaluate {folder.path}"


def evaluate(options: argparse.Namespace) -> None:
    """Label the cells of a trained network and measure its accuracy."""
    if not options.trained.is_dir():
        _evaluate_file(options)
        return
    if options.run is not None:
        raise RunFolderError(f"--run {options.run}: only for a network file, not a run folder")
    folder = RunFolder(options.trained)
    result = workflow.evaluate_run(folder, options.jobs, Terminal(), all_readouts=options.readouts)
    _tell(result, folder.experiment())
    print(f"Numbers and figures lie in {folder.path}/: evaluation.json, figures/.")


def _evaluate_file(options: argparse.Namespace) -> None:
    """Measure the accuracy of a network file, with the labels that it holds."""
    network = run.load(options.trained)
    if network.labels is None:
        raise NetworkFileError(
            f"{options.trained}: its cells have no labels; evaluate the run it comes from first"
        )
    folder = RunFolder(options.run) if options.run else None
    result = workflow.evaluate_network(
        network.experiment, network.trained, options.jobs, Terminal(), folder, options.readouts
    )
    _tell(result, network.experiment)
    if folder:
        print(f"Numbers and figures lie in {folder.path}/: evaluation.json, figures/.")
    else:
        print("Nothing was written; --run FOLDER keeps numbers and figures.")


def draw(options: argparse.Namespace) -> None:
    """Draw the figures of a run folder anew, or those of a network file into a folder."""
    if options.trained.is_dir():
        folder = RunFolder(options.trained)
        images = experiment_images.load(folder.experiment())
        with folder.claim():
            drawn = report.draw(folder, images, options.format)
        _tell_if_outdated(folder)
    else:
        into = options.into or Path(f"{options.trained.stem}-figures")
        drawn = []
        for name, figure in pictures_of_network(run.load(options.trained)):
            drawn.append(into / f"{name}.{options.format}")
            write_whole(drawn[-1], figure_bytes(figure, options.format))
    print("\n".join(map(str, drawn)))


def report_(options: argparse.Namespace) -> None:
    """Write the report of a run anew: one page with its figures, to be handed around."""
    folder = RunFolder(options.run)
    images = experiment_images.load(folder.experiment())
    with folder.claim():
        report.make(folder, images)
    _tell_if_outdated(folder)
    print(f"The report lies in {folder.path}/report.html.")


def _tell_if_outdated(folder: RunFolder) -> None:
    if folder.has_outdated_evaluation():
        Terminal().say(
            f"{folder.path}: was evaluated with other settings than it has now; evaluate again"
            " for the other figures."
        )


def export(options: argparse.Namespace) -> None:
    """Write the network of a run to a file that can be passed on, evaluated and loaded anywhere."""
    network = run.load(options.trained)
    network.save(options.file, options.bits)
    labelled = "" if network.labels is not None else "; its cells have no labels yet"
    print(f"The network lies in {options.file}{labelled}.")


def classify_(options: argparse.Namespace) -> None:
    """Read pictures of digits, of any size, dark on light or light on dark."""
    network = run.load(options.network)
    try:
        readings = classify.classify(network, options.pictures)
    except DatasetError:
        raise  # a picture's fault, not the network's
    except ValueError as error:
        raise NetworkFileError(f"{options.network}: {error}") from None
    for picture, reading in zip(options.pictures, readings, strict=True):
        print(f"{picture}: {reading}")


def demo_(options: argparse.Namespace) -> None:
    """Serve a page on this machine where one draws a digit and watches a network read it."""
    try:
        from diehl_cook.demo import server
    except ImportError:
        raise DemoError(
            "demo needs Starlette and uvicorn: pip install 'diehl-cook[demo]'"
        ) from None
    with contextlib.suppress(KeyboardInterrupt):  # how one ends it
        server.serve(run.load(options.network), options.port, Terminal())


def sweep_(options: argparse.Namespace) -> None:
    """Train and evaluate an experiment with many values and seeds, and compare them."""
    swept = sweep.load_sweep(options.sweep, options.results)
    path = options.table or options.results / swept.name / "table.csv"

    def write(failures: Mapping[str, Failure]) -> None:
        write_whole(path, sweep.table_bytes(sweep.table(swept, failures)))

    _say_cost(swept.members, options)
    failures = run_batch(swept.members, options.jobs, options.scheduler, Terminal(), write)
    print(sweep.as_text(sweep.table(swept, failures)))
    print(f"The table lies in {path}.")
    _complain_of(failures, len(swept.members))


def search_(options: argparse.Namespace) -> None:
    """Try points that are proposed by the scores so far, on held-out training images."""
    searched = search.load_search(options.search, options.results)
    path = options.table or searched.folder / "table.csv"

    def write() -> None:
        write_whole(path, sweep.table_bytes(search.table(searched)))

    with search.claimed(searched) as trials:
        unknown = Member(searched.first, RunFolder(searched.folder / "unknown"))
        _say_cost([unknown] * trials, options)
        failures = search.run_search(
            searched, trials, options.jobs, options.scheduler, Terminal(), write
        )
        rows = search.table(searched)
    print(sweep.as_text(rows) if rows else "no trial has begun")
    print(f"The table lies in {path}.")
    _complain_of(failures, trials)


def reproduce_(options: argparse.Namespace) -> None:
    """Train and test the four rules at four sizes, and draw the figures of the paper."""
    if options.set and options.into == _REFERENCE:
        raise ExperimentError(f"--set: {_REFERENCE}/ is for the files as they are; add --into")
    members = reproduce.plan(options.rules, options.sizes, options.runs, options.set, options.seeds)
    _say_cost(members, options)
    failures = run_batch(
        members,
        options.jobs,
        options.scheduler,
        Terminal(),
        lambda failures: reproduce.write_table(members, options.into),
    )
    rows = reproduce.read_rows(options.into)
    curves = paper_figures.write_curves(members, options.into)
    paper_figures.draw(rows, curves, members, options.into)
    for best in reproduce.worth_keeping(members):
        reproduce.keep_network(best, options.into / "networks", options.jobs, Terminal())
    network_table.write(options.into / "networks")
    write_whole(options.into / "report.html", reproduction_page.render(rows, members, options.into))
    print(reproduce.markdown(rows), end="")
    print(f"Every run, the figures, the networks and a report.html lie in {options.into}/.")
    _complain_of(failures, len(members))


def _say_cost(members: Sequence[Member], options: argparse.Namespace) -> None:
    """Say how many runs are to do and, for this machine, how long they will take."""
    missing = [member for member in members if score_of(member) is None]
    if not missing:
        return
    print(f"{len(missing)} runs to do", flush=True)
    if options.scheduler is not None:
        return
    try:
        costs = cost_estimate.estimate(missing, Terminal())
    except (SimulationError, PresentationError, OutOfRangeError) as error:
        print(f"how long they take cannot be told: {error}")
    else:
        print(cost_estimate.in_words(costs, options.jobs), flush=True)


def networks_(options: argparse.Namespace) -> None:
    """Write a table of the networks of a folder beside them: accuracy after rounding, settings."""
    rows = network_table.rows_of(options.folder)
    if not rows:
        raise NetworkFileError(f"{options.folder}: holds no network file; name another folder")
    print(network_table.markdown(rows), end="")
    print(f"The table lies in {network_table.write(options.folder)}.")


def compare_(options: argparse.Namespace) -> None:
    """Set runs side by side: what differs, accuracy, spread over seeds, curves."""
    comparison = compare.compare(options.runs)
    rows = compare.table(comparison)
    write_whole(options.into / "comparison.csv", sweep.table_bytes(rows))
    print(sweep.as_text(rows))
    written = f"{options.into}/comparison.csv"
    for folder in compare.not_evaluated(comparison):
        print(f"{folder.path} is not evaluated yet: {_evaluation_of(folder)}")
    picture = compare.draw(comparison)
    if picture is None:
        print("No run has trained yet, so there are no curves.")
    else:
        name, content = picture.file(options.format)
        write_whole(options.into / name, content)
        written += f", {name}"
    write_whole(options.into / "report.html", comparison_page.render(comparison, picture))
    print(f"Table, curves and report: {written}, report.html")


def benchmark_(options: argparse.Namespace) -> None:
    """Measure what a presentation costs with every kind of synapse and target."""
    experiments = {size: load_experiment(f"n{size}") for size in options.sizes}
    images = experiment_images.load(experiments[options.sizes[0]]).learning.rows
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as programs:
        result = benchmark.benchmark(experiments, images, options.rounds, Path(programs))
    if options.peer:
        result["cases"] += benchmark.time_peer(options.peer, options.sizes, options.rounds)
    result |= {"measured": provenance.now(), **provenance.describe()}
    cases = result["cases"]
    write_whole(options.into / "benchmark.json", (json.dumps(result, indent=1) + "\n").encode())
    figure = figures.cost_against_size(
        benchmark.curves(cases, learning=True), benchmark.curves(cases, learning=False)
    )
    write_whole(options.into / "benchmark.png", figure_bytes(figure))
    print(benchmark.markdown(cases))
    print(f"Numbers and figure lie in {options.into}/: benchmark.json, benchmark.png.")


def readouts_(options: argparse.Namespace) -> None:
    """Compare all readouts on the spikes of many networks: a table, and a figure for each size."""
    networks = [run.load(source) for source in options.networks]
    for number, network in enumerate(networks):
        if readouts.is_measured(readouts.read_table(options.into), network.experiment):
            continue
        print(f"[{number + 1}/{len(networks)}] {network!r}", file=sys.stderr, flush=True)
        rows = readouts.measure(network, options.repeats, options.jobs, Terminal())
        readouts.write_table(options.into, rows)
    rows = readouts.read_table(options.into)
    for name, figure in readouts.draw(rows).items():
        write_whole(options.into / f"{name}.png", figure_bytes(figure))
    print(readouts.markdown(rows), end="")
    print(f"Table and figures lie in {options.into}/: {readouts.TABLE}, readouts_n*.png.")


def robustness_(options: argparse.Namespace) -> None:
    """Score networks on noisy images, with silent inputs, coarse weights, fewer cells and more."""
    networks = [run.load(source) for source in options.networks]
    for number, network in enumerate(networks):
        known = robustness.read_table(options.into)
        names = robustness.missing(known, network, options.disturbances, options.images)
        if names:
            print(f"[{number + 1}/{len(networks)}] {network!r}", file=sys.stderr, flush=True)
            rows = robustness.measure(network, names, options.images, options.jobs, Terminal())
            robustness.write_table(options.into, rows)
    drawn = robustness.draw(robustness.read_table(options.into))
    for name, figure in drawn.items():
        write_whole(options.into / f"{name}.png", figure_bytes(figure))
    files = [robustness.TABLE, *(f"{name}.png" for name in drawn)]
    print(f"Table and figures lie in {options.into}/: {', '.join(files)}.")


def statements_(options: argparse.Namespace) -> None:
    """Hold the answers of a network to the test images against what the paper says of its own."""
    network = run.load(options.network)
    rows = statements.measure(network, options.jobs)
    name = f"statements_{network.experiment.rule}_n{network.experiment.cells}.csv"
    write_whole(options.into / name, csv_text(rows).encode())
    print(csv_text(rows), end="")
    print(f"The table lies in {options.into}/{name}.")


def peers_(options: argparse.Namespace) -> None:
    """Let other programs for this network learn and read the same images as ours."""
    environment = peers.Environment(options.python, options.example, Terminal())
    rows = []
    for name in options.programs:
        print(f"{name}: {options.images} images ...", file=sys.stderr, flush=True)
        rows.append(
            peers.measure(name, options.images, options.tests, options.answers, environment)
        )
        peers.write_table(options.into, rows)
    print(peers.markdown(rows), end="")
    print(f"The table lies in {options.into}/: {peers.TABLE}.")


def baselines_(options: argparse.Namespace) -> None:
    """Score k-means and nearest neighbours on the images of an experiment."""
    experiment = _experiment(options)
    found = baselines.measure(experiment_images.load(experiment), experiment.cells)
    print(
        f"k-means, {experiment.cells} centres, {len(found.k_means)} starts:"
        f" {np.mean(found.k_means):.2%} ({min(found.k_means):.2%} to {max(found.k_means):.2%})"
    )
    print(f"{found.neighbours} nearest neighbours: {found.nearest_neighbours:.2%}")


def check(options: argparse.Namespace) -> None:
    """Tell whether runs of 100 cells are like the reference runs, or make these the reference."""
    folders = [RunFolder(path) for path in options.runs]
    if options.write:
        reference_runs.write_reference(folders, options.reference)
        print(f"The reference lies in {options.reference}.")
        return
    known = reference_runs.read_reference(options.reference)
    outside = 0
    for folder in folders:
        reference_runs.require_same_experiment(folder, options.reference)
        for each in reference_runs.compare(reference_runs.measure(folder), known):
            verdict = "inside" if each.inside else "OUTSIDE"
            print(
                f"{folder.path}: {each.quantity} {each.value:.4g} is {verdict}"
                f" [{each.low:.4g}, {each.high:.4g}]"
            )
            outside += not each.inside
    if outside:
        raise OutOfRangeError(f"{outside} quantities are outside the reference distribution")


def show(options: argparse.Namespace) -> None:
    """Print an experiment with every value filled in; of a run or a network file, its own."""
    path = Path(options.experiment)
    if path.is_dir() or path.suffix == ".npz":
        if options.set or options.seed is not None:
            raise ExperimentError(f"{path}: is trained with the values it has; leave out --set")
        print(dump_experiment(run.load_experiment_of(path)), end="")
    else:
        print(dump_experiment(_experiment(options)), end="")


def _experiment(options: argparse.Namespace) -> Experiment:
    settings: dict[str, Any] = {} if options.seed is None else {"seed": options.seed}
    return load_experiment(options.experiment, options.set, **settings)


def _tell(result: evaluation.Evaluation, experiment: Experiment) -> None:
    print(_verdict(result, experiment))
    if 2 * result.summary()["unlabelled_cells"] > experiment.cells:
        print(
            "Most cells have no class: too few images were learned (training.images) or shown for"
            " the labels (evaluation.labelling_images)."
        )
    if result.readouts:
        print("Accuracy in per cent, of the spikes up to a time since the image came on:")
        print(readout_table.markdown(result.readouts))


def _verdict(result: evaluation.Evaluation, experiment: Experiment) -> str:
    summary = result.summary()
    spread = summary["accuracy_sd"]
    kind = "Validation" if experiment.data.validation else "Test"
    return (
        f"{kind} accuracy {summary['accuracy_mean']:.2%}"
        + (f" +- {spread:.2%}" if spread is not None else "")
        + f" over {len(result.accuracies)} repeats of {result.predictions.shape[1]} images, "
        f"{summary['spikes_per_image']:.1f} spikes an image, "
        f"{summary['unlabelled_cells']} of {experiment.cells} cells unlabelled."
        + (f" {result.skipped:g} images skipped, too silent." if result.skipped else "")
    )


def _complain(error: Exception | str, code: int) -> int:
    with contextlib.suppress(OSError):  # where nobody can be told, the exit code tells
        print(f"diehl_cook: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
    return code


def _complain_of(failures: Mapping[str, Failure], total: int) -> None:
    if failures:
        name, first = next(iter(failures.items()))
        raise BatchError(f"{len(failures)} of {total} runs failed; {name}: {first.reason}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_typed(),
        description="Diehl & Cook (2015): learn digits with spike-timing-dependent plasticity.",
        epilog="Exit code 0: done; 2: bad input; 1: another failure; 130: stopped with Ctrl-C.",
    )
    parser.add_argument("--version", action="version", version=f"diehl_cook {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands)
    _add_evaluate(commands)
    _add_figures(commands)
    _add_report(commands)
    _add_export(commands)
    _add_classify(commands)
    _add_demo(commands)
    _add_compare(commands)
    _add_show(commands)
    _add_benchmark(commands)
    _add_readouts(commands)
    _add_robustness(commands)
    _add_statements(commands)
    _add_peers(commands)
    _add_networks_table(commands)
    _add_experiment_options(_add(commands, "baselines", baselines_))
    _add_check(commands)
    _add_sweep(commands)
    _add_search(commands)
    _add_reproduce(commands)
    return parser


def _typed() -> str:
    """How this command was called."""
    name = Path(sys.argv[0]).name
    return name if name == "diehl-cook" else "python -m diehl_cook"


def _add_train(commands: Any) -> None:
    parser = _add(commands, "train", train)
    _add_experiment_options(parser)
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="run folder (default: results/NAME-seedSEED)"
    )


def _add_evaluate(commands: Any) -> None:
    parser = _add(commands, "evaluate", evaluate)
    _add_trained(parser)
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="run folder for the numbers of a network file"
    )
    parser.add_argument(
        "--readouts",
        action="store_true",
        help="compare all readouts on the same spikes, read for 50, 100, ... ms, too",
    )
    _add_jobs(parser)


def _add_classify(commands: Any) -> None:
    parser = _add(commands, "classify", classify_)
    parser.add_argument(
        "pictures", type=Path, nargs="+", metavar="PICTURE", help="picture files, e.g. digit.png"
    )
    _add_network(parser)


def _add_demo(commands: Any) -> None:
    parser = _add(commands, "demo", demo_)
    _add_network(parser)
    parser.add_argument(
        "--port", type=int, default=8015, help="of this machine (default: 8015; 0: any free one)"
    )


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--network",
        default="triplet_n400",
        metavar="RUN",
        help="run folder, network file or published network (default: triplet_n400)",
    )


def _add_sweep(commands: Any) -> None:
    parser = _add(commands, "sweep", sweep_)
    parser.add_argument(
        "sweep", type=Path, metavar="FILE.yaml", help="sweep file, e.g. experiments/sweeps/*.yaml"
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FOLDER",
        default=Path("results/sweeps"),
        help="where the run folders lie, in a folder of the sweep's name (default: results/sweeps)",
    )
    parser.add_argument(
        "--table", type=Path, metavar="FILE.csv", help="table (default: beside the run folders)"
    )
    _add_jobs(parser)
    _add_scheduler(parser)


def _add_search(commands: Any) -> None:
    parser = _add(commands, "search", search_)
    parser.add_argument(
        "search",
        type=Path,
        metavar="FILE.yaml",
        help="search file, e.g. experiments/searches/*.yaml",
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FOLDER",
        default=Path("results/searches"),
        help="where run folders and Optuna's record lie, in a folder of the search's name"
        " (default: results/searches)",
    )
    parser.add_argument(
        "--table", type=Path, metavar="FILE.csv", help="table (default: beside the run folders)"
    )
    _add_jobs(parser)
    _add_scheduler(parser)


def _add_reproduce(commands: Any) -> None:
    parser = _add(commands, "reproduce", reproduce_)
    parser.add_argument(
        "--sizes",
        type=_positive,
        nargs="+",
        default=paper_results.SIZES,
        metavar="N",
        help="of networks (default: 100 400 1600 6400)",
    )
    parser.add_argument(
        "--rules",
        nargs="+",
        choices=list(RULES),
        default=[rule for rule in RULES if rule in paper_results.TEST_ACCURACY],
        metavar="RULE",
        help=f"of {', '.join(RULES)} (default: those of the paper)",
    )
    parser.add_argument("--seeds", type=_positive, metavar="N", help="of each network, from 0 on")
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        default=_REFERENCE,
        help=f"where table, figures and networks go (default: {_REFERENCE})",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        metavar="FOLDER",
        default=Path("results/reproduce"),
        help="where the run folders lie (default: results/reproduce)",
    )
    _add_set(parser)
    _add_jobs(parser)
    _add_scheduler(parser)


def _add_figures(commands: Any) -> None:
    parser = _add(commands, "figures", draw)
    _add_trained(parser)
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", help="where figures of a network file go"
    )
    _add_format(parser)


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=get_args(Format),
        default="png",
        help="of figures: pixels (png, the default) or vectors (svg, pdf)",
    )


def _add_report(commands: Any) -> None:
    parser = _add(commands, "report", report_)
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder")


def _add_export(commands: Any) -> None:
    parser = _add(commands, "export", export)
    _add_trained(parser)
    parser.add_argument("file", type=Path, metavar="FILE.npz", help="the file to write")
    parser.add_argument(
        "--bits",
        type=int,
        choices=get_args(Bits),
        default=32,
        help="of each weight: as trained (32, the default), rounded to half precision, or to 255"
        " steps up to the largest weight of each cell",
    )


def _add_compare(commands: Any) -> None:
    parser = _add(commands, "compare", compare_)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folders")
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        default=Path("results/comparison"),
        help="where table, figure and report go (default: results/comparison)",
    )
    _add_format(parser)


def _add_readouts(commands: Any) -> None:
    parser = _add(commands, "readouts", readouts_)
    _add_networks(parser)
    parser.add_argument(
        "--repeats",
        type=_positive,
        default=3,
        metavar="N",
        help="passes over the test images (default: 3)",
    )
    _add_jobs(parser)


def _add_robustness(commands: Any) -> None:
    parser = _add(commands, "robustness", robustness_)
    _add_networks(parser)
    parser.add_argument(
        "--disturbances",
        nargs="+",
        choices=list(robustness.DISTURBANCES),
        default=list(robustness.DISTURBANCES),
        metavar="NAME",
        help=f"which of {', '.join(robustness.DISTURBANCES)} (default: all)",
    )
    parser.add_argument(
        "--images",
        type=_positive,
        default=10_000,
        metavar="N",
        help="the first so many test images (default: 10000)",
    )
    _add_jobs(parser)


def _add_statements(commands: Any) -> None:
    parser = _add(commands, "statements", statements_)
    parser.add_argument(
        "network", metavar="NETWORK", help="run folder, network file or published name"
    )
    _add_into(parser)
    _add_jobs(parser)


def _add_peers(commands: Any) -> None:
    parser = _add(commands, "peers", peers_)
    parser.add_argument(
        "--programs",
        nargs="+",
        choices=list(peers.PEERS),
        default=list(peers.PEERS),
        metavar="NAME",
        help=f"which of {', '.join(peers.PEERS)} (default: all)",
    )
    parser.add_argument(
        "--images",
        type=_positive,
        default=10_000,
        metavar="N",
        help="training images to learn and to label with (default: 10000)",
    )
    parser.add_argument(
        "--tests", type=_positive, default=10_000, metavar="N", help="test images (default: 10000)"
    )
    parser.add_argument(
        "--python",
        type=Path,
        default=Path(".venv-peers/bin/python"),
        metavar="PYTHON",
        help="a Python that has BindsNET, Brian2 and progressbar2",
    )
    parser.add_argument(
        "--example",
        type=Path,
        default=Path(".venv-peers/example.py"),
        metavar="FILE.py",
        help="examples/frompapers/Diehl_Cook_2015.py of Brian2's source package",
    )
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FOLDER",
        default=Path("results/peers"),
        help="keeps what the cells answered, so that nothing is run twice (default: results/peers)",
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        default=_REFERENCE,
        help=f"where the table goes (default: {_REFERENCE})",
    )


def _add_networks_table(commands: Any) -> None:
    parser = _add(commands, "networks", networks_)
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="FOLDER",
        default=_REFERENCE / "networks",
        help=f"of network files (default: {_REFERENCE}/networks)",
    )


def _add_networks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "networks",
        nargs="+",
        metavar="NETWORK",
        help="run folders, network files or names of published networks; those that are in the"
        " table already are left as they are",
    )
    _add_into(parser)


def _add_into(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        default=_REFERENCE,
        help=f"folder of table and figures (default: {_REFERENCE})",
    )


def _add_check(commands: Any) -> None:
    parser = _add(commands, "check", check)
    parser.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        help="evaluated runs of n100.yaml",
    )
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="FILE.csv",
        default=resources.reference() / "n100.csv",
        help="reference distribution (default: the one that comes along)",
    )
    parser.add_argument(
        "--write", action="store_true", help="make these runs the reference instead"
    )


def _add_benchmark(commands: Any) -> None:
    parser = _add(commands, "benchmark", benchmark_)
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        choices=benchmark.SIZES,
        default=benchmark.SIZES,
        metavar="N",
        help="numbers of cells (default: 100 400 1600 6400)",
    )
    parser.add_argument(
        "--rounds", type=_positive, default=5, metavar="N", help="timings of each kind (default: 5)"
    )
    parser.add_argument(
        "--peer", type=Path, metavar="PYTHON", help="a Python that has BindsNET, to time that too"
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        default=Path("results/benchmark"),
        help="folder of the results (default: results/benchmark)",
    )


def _add_show(commands: Any) -> None:
    _add_experiment_options(_add(commands, "show", show))


def _add(commands: Any, name: str, command: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=command.__doc__, description=command.__doc__
    )
    parser.set_defaults(command=command)
    return parser


def _add_trained(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "trained",
        type=Path,
        metavar="RUN",
        help="run folder of a training, a network file, or a published network, as triplet_n400",
    )


def _add_experiment_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "experiment", metavar="EXPERIMENT", help="an experiment file, or n100, n400, n1600, n6400"
    )
    parser.add_argument("--seed", type=int, help="seed in place of the file's")
    _add_set(parser)


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        default=os.cpu_count() or 1,
        help="processes at a time (default: one per core); never alters the result",
    )


def _add_scheduler(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler whose workers do the runs, e.g. tcp://localhost:8786; they need the"
        " package and the same folders",
    )


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="values in place of the file's, e.g. --set cells=64 'excitatory.tau_ge=2 ms'",
    )


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {text}")
    return number
