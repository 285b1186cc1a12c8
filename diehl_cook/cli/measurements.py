"""Commands that measure what programs cost, what networks know, and what others do."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from diehl_cook import figures
from diehl_cook.cli.options import (
    REFERENCE,
    WITH_THE_REST,
    add_command,
    add_experiment_options,
    add_into,
    add_jobs,
    add_networks,
    blamed_on,
    experiment_of,
    positive,
)
from diehl_cook.engine.bounds import OutOfRangeError
from diehl_cook.images import experiment_images
from diehl_cook.model import resources
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.stages import run
from diehl_cook.stages.network import Network
from diehl_cook.stages.progress import Terminal
from diehl_cook.store import provenance
from diehl_cook.store.files import csv_text, figure_bytes, write_whole
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies import (
    baselines,
    benchmark,
    fields,
    peers,
    readouts,
    reference_runs,
    robustness,
    statements,
)


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
    print(benchmark.markdown(cases), end="")
    print(f"Numbers and figure lie in {options.into}/: benchmark.json, benchmark.png.")


def readouts_(options: argparse.Namespace) -> None:
    """Compare all readouts on the spikes of many networks: a table, and a figure for each size."""
    networks = [run.load(source) for source in options.networks]
    for number, network in enumerate(networks):
        which = f"[{number + 1}/{len(networks)}] {network!r}"
        if readouts.is_measured(readouts.read_table(options.into), network.experiment):
            _say_known(which, network, options.into / readouts.TABLE)
            continue
        print(which, file=sys.stderr, flush=True)
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
        which = f"[{number + 1}/{len(networks)}] {network!r}"
        if len(names) < len(options.disturbances):
            _say_known(which, network, options.into / robustness.TABLE)
        if names:
            print(which, file=sys.stderr, flush=True)
            rows = robustness.measure(network, names, options.images, options.jobs, Terminal())
            robustness.write_table(options.into, rows)
    drawn = robustness.draw(robustness.read_table(options.into))
    for name, figure in drawn.items():
        write_whole(options.into / f"{name}.png", figure_bytes(figure))
    files = [robustness.TABLE, *(f"{name}.png" for name in drawn)]
    print(f"Table and figures lie in {options.into}/: {', '.join(files)}.")


def _say_known(which: str, network: Network, table: Path) -> None:
    """A table knows networks by rule, size and seed alone, so it may be that of another one."""
    of = f"{network.experiment.rule}, {network.experiment.cells} cells"
    print(
        f"{which}: {table} has rows of {of}, seed {network.experiment.seed}, which are kept;"
        " if they are another network's, choose another --into",
        file=sys.stderr,
        flush=True,
    )


def statements_(options: argparse.Namespace) -> None:
    """Hold the answers of a network to the test images against what the paper says of its own."""
    network = run.load(options.network)
    with blamed_on(options.network):
        rows = statements.measure(network, options.jobs)
    name = f"statements_{network.experiment.rule}_n{network.experiment.cells}.csv"
    write_whole(options.into / name, csv_text(rows).encode())
    print(csv_text(rows), end="")
    print(f"The table lies in {options.into}/{name}.")


def fields_(options: argparse.Namespace) -> None:
    """Tell how far the fields of a network have come, and how well they read without spikes."""
    moment = fields.moment_of(options.network)
    found = fields.measure(moment, experiment_images.load(moment.experiment))
    print("".join(f"{quantity:<36}{value:>9.6g}\n" for quantity, value in found.items()), end="")


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
    experiment = experiment_of(options)
    images = experiment_images.load(experiment)
    found = baselines.measure(images, experiment.cells, options.starts)
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


def add_readouts(commands: Any) -> None:
    """Take what ``readouts`` takes."""
    parser = add_command(commands, "readouts", readouts_, WITH_THE_REST)
    add_networks(parser)
    parser.add_argument(
        "--repeats",
        type=positive,
        default=3,
        metavar="N",
        help="how many times the test images are shown (default: 3)",
    )
    add_jobs(parser)


def add_robustness(commands: Any) -> None:
    """Take what ``robustness`` takes."""
    parser = add_command(commands, "robustness", robustness_, WITH_THE_REST)
    add_networks(parser)
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
        type=positive,
        default=10_000,
        metavar="N",
        help="the first so many test images (default: 10000)",
    )
    add_jobs(parser)


def add_statements(commands: Any) -> None:
    """Take what ``statements`` takes."""
    parser = add_command(commands, "statements", statements_)
    _add_network(parser)
    add_into(parser)
    add_jobs(parser)


def add_fields(commands: Any) -> None:
    """Take what ``fields`` takes."""
    _add_network(add_command(commands, "fields", fields_))


def add_peers(commands: Any) -> None:
    """Take what ``peers`` takes."""
    parser = add_command(commands, "peers", peers_, WITH_THE_REST)
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
        type=positive,
        default=10_000,
        metavar="N",
        help="training images to learn and to label with (default: 10000)",
    )
    parser.add_argument(
        "--tests", type=positive, default=10_000, metavar="N", help="test images (default: 10000)"
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
        default=REFERENCE,
        help=f"where the table goes (default: {REFERENCE})",
    )


def add_check(commands: Any) -> None:
    """Take what ``check`` takes."""
    parser = add_command(commands, "check", check)
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


def add_benchmark(commands: Any) -> None:
    """Take what ``benchmark`` takes."""
    parser = add_command(commands, "benchmark", benchmark_)
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
        "--rounds", type=positive, default=5, metavar="N", help="timings of each kind (default: 5)"
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


def add_baselines(commands: Any) -> None:
    """Take what ``baselines`` takes."""
    parser = add_command(commands, "baselines", baselines_)
    add_experiment_options(parser)
    parser.add_argument(
        "--starts",
        type=positive,
        default=3,
        metavar="N",
        help="how often k-means starts from other centres (default: 3)",
    )


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "network", metavar="NETWORK", help="run folder, network file or published name"
    )
