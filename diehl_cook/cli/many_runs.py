"""Commands that make or compare many runs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from diehl_cook.cli.options import (
    FROM_CHECKPOINT,
    REFERENCE,
    add_command,
    add_format,
    add_jobs,
    add_scheduler,
    add_set,
    complain_of,
    evaluation_of,
    positive,
)
from diehl_cook.engine.bounds import OutOfRangeError
from diehl_cook.engine.presenter import PresentationError
from diehl_cook.engine.program import SimulationError
from diehl_cook.model import paper_results
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.model.plasticity import RULES
from diehl_cook.stages.progress import Terminal
from diehl_cook.store.files import write_whole
from diehl_cook.store.network_file import NetworkFileError
from diehl_cook.store.reading import FileError
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies import (
    compare,
    comparison_page,
    cost_estimate,
    network_table,
    paper_figures,
    reproduce,
    reproduction_page,
    search,
    search_file,
    sweep,
)
from diehl_cook.studies.batch import Member, run_batch, score_of
from diehl_cook.studies.workers import Failure


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
    complain_of(failures, len(swept.members))


def search_(options: argparse.Namespace) -> None:
    """Try points that are proposed by the scores so far, on held-out training images."""
    searched = search_file.load_search(options.search, options.results)
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
    complain_of(failures, trials)
    search.refuse_if_all_failed(searched.path, rows)


def reproduce_(options: argparse.Namespace) -> None:
    """Train and test the four rules at four sizes, and draw the figures of the paper."""
    if options.set and options.into == REFERENCE:
        raise ExperimentError(f"--set: {REFERENCE}/ is for the files as they are; add --into")
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
    networks = options.into / "networks"
    for best in reproduce.worth_keeping(members):
        reproduce.keep_network(best, networks, options.jobs, Terminal())
    if published := network_table.rows_of(networks):
        network_table.write(networks, published)
    write_whole(options.into / "report.html", reproduction_page.render(rows, members, options.into))
    print(reproduce.markdown(rows), end="")
    print(f"Tables of the runs, figures, networks and report.html lie in {options.into}/.")
    complain_of(failures, len(members))


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
    print(f"The table lies in {network_table.write(options.folder, rows)}.")


def compare_(options: argparse.Namespace) -> None:
    """Set runs side by side: what differs, accuracy, spread over seeds, curves."""
    if (options.into / "experiment.yaml").exists():
        raise FileError(
            f"--into {options.into}: is a run folder, with a report.html of its own;"
            " name another folder"
        )
    comparison = compare.compare(options.runs)
    rows, picture = compare.table(comparison), compare.draw(comparison)
    page = comparison_page.render(comparison, picture)
    missing = compare.not_evaluated(comparison)
    contents = {"comparison.csv": sweep.table_bytes(rows)}
    if picture is not None:
        contents |= [picture.file(options.format)]
    contents["report.html"] = page
    for name, content in contents.items():  # once all is read that may be damaged
        write_whole(options.into / name, content)
    print(sweep.as_text(rows))
    for folder in missing:
        outdated = folder.has_outdated_evaluation()
        how = "was evaluated with other settings" if outdated else "is not evaluated yet"
        print(f"{folder.path} {how}: {evaluation_of(folder)}")
    if picture is None:
        print("No run has trained yet, so there are no curves.")
    print(f"Table, curves and report: {options.into}/{', '.join(contents)}")


def add_sweep(commands: Any) -> None:
    """Take what ``sweep`` takes."""
    parser = add_command(commands, "sweep", sweep_, FROM_CHECKPOINT)
    _add_plan(parser, "sweep", "sweeps", "the run folders lie")


def add_search(commands: Any) -> None:
    """Take what ``search`` takes."""
    parser = add_command(commands, "search", search_, FROM_CHECKPOINT)
    _add_plan(parser, "search", "searches", "run folders and Optuna's record lie")


def _add_plan(parser: argparse.ArgumentParser, kind: str, folder: str, what_lies: str) -> None:
    """A file that says which runs, where they go, and what does them."""
    parser.add_argument(
        kind, type=Path, metavar="FILE.yaml", help=f"{kind} file, e.g. experiments/{folder}/*.yaml"
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FOLDER",
        default=Path("results") / folder,
        help=f"where {what_lies}, in a folder of the {kind}'s name (default: results/{folder})",
    )
    parser.add_argument(
        "--table", type=Path, metavar="FILE.csv", help="table (default: beside the run folders)"
    )
    add_jobs(parser)
    add_scheduler(parser)


def add_reproduce(commands: Any) -> None:
    """Take what ``reproduce`` takes."""
    parser = add_command(commands, "reproduce", reproduce_, FROM_CHECKPOINT)
    parser.add_argument(
        "--sizes",
        type=positive,
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
    parser.add_argument("--seeds", type=positive, metavar="N", help="of each network, from 0 on")
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        default=REFERENCE,
        help=f"where table, figures and networks go (default: {REFERENCE})",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        metavar="FOLDER",
        default=Path("results/reproduce"),
        help="where the run folders lie (default: results/reproduce)",
    )
    add_set(parser)
    add_jobs(parser)
    add_scheduler(parser)


def add_compare(commands: Any) -> None:
    """Take what ``compare`` takes."""
    parser = add_command(commands, "compare", compare_)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folders")
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        default=Path("results/comparison"),
        help="where table, figure and report go (default: results/comparison)",
    )
    add_format(parser)


def add_networks_table(commands: Any) -> None:
    """Take what ``networks`` takes."""
    parser = add_command(commands, "networks", networks_)
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="FOLDER",
        default=REFERENCE / "networks",
        help=f"of network files (default: {REFERENCE}/networks)",
    )
