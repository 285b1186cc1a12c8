"""Commands about one run or network: train, evaluate, look at it, pass it on."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import Any, get_args

from diehl_cook.cli.options import (
    FROM_CHECKPOINT,
    add_command,
    add_experiment_options,
    add_format,
    add_jobs,
    add_set,
    add_trained,
    blamed_on,
    evaluation_of,
    experiment_of,
)
from diehl_cook.demo import DemoError
from diehl_cook.images import experiment_images
from diehl_cook.model.experiment import Experiment, ExperimentError
from diehl_cook.model.experiment_file import dump_experiment, evaluated_as
from diehl_cook.stages import classify, evaluation, readout_table, report, run, workflow
from diehl_cook.stages.pictures import pictures_of_network
from diehl_cook.stages.progress import Terminal
from diehl_cook.store.files import figure_bytes, write_whole
from diehl_cook.store.network_file import Bits, NetworkFileError
from diehl_cook.store.run_folder import RunFolder, RunFolderError


def train(options: argparse.Namespace) -> None:
    """Train an experiment into a run folder, or go on with it."""
    experiment = experiment_of(options)
    folder = RunFolder(options.run or run.default_folder(experiment))
    if not workflow.train_run(experiment, folder, Terminal()):
        print(f"{folder.path} is trained already.")
    skipped = sum(row["skipped"] for row in folder.read_training())
    if skipped:
        print(f"{skipped:,.0f} images were skipped, too silent; training.csv tells when.")
    print(f"The trained network and its figures lie in {folder.path}/.")
    print(f"Next: {evaluation_of(folder)}")


def evaluate(options: argparse.Namespace) -> None:
    """Label the cells of a trained network and measure its accuracy."""
    if not options.trained.is_dir():
        _evaluate_file(options)
        return
    if options.run is not None:
        raise RunFolderError(f"--run {options.run}: only for a network file, not a run folder")
    folder = RunFolder(options.trained)
    result = workflow.evaluate_run(
        folder,
        options.jobs,
        Terminal(),
        all_readouts=options.readouts,
        overrides=options.set,
    )
    _tell(result, folder.experiment())
    print(f"Numbers and figures lie in {folder.path}/: evaluation.json, figures/.")
    if options.set:
        print(f"{folder.path}/experiment.yaml keeps what was set, for the next evaluation too.")


def _evaluate_file(options: argparse.Namespace) -> None:
    """Measure the accuracy of a network file, with the labels that it holds."""
    network = run.load(options.trained)
    if network.labels is None:
        raise NetworkFileError(
            f"{options.trained}: its cells have no labels; evaluate the run it comes from first"
        )
    folder = RunFolder(options.run) if options.run else None
    experiment = evaluated_as(network.experiment, options.set, moved_data=True)
    for name in ("labelling_images", "labelling_passes"):
        if getattr(experiment.evaluation, name) != getattr(network.experiment.evaluation, name):
            raise NetworkFileError(
                f"{options.trained}: comes with its labels, so evaluation.{name} has no effect;"
                " leave it out, or evaluate the run it comes from"
            )
    result = workflow.evaluate_network(
        experiment,
        network.trained,
        options.jobs,
        Terminal(),
        folder,
        all_readouts=options.readouts,
        whose=options.trained,
    )
    _tell(result, experiment)
    if folder:
        print(f"Numbers and figures lie in {folder.path}/: evaluation.json, figures/.")
    else:
        print("Nothing was written; --run FOLDER keeps numbers and figures.")


def draw(options: argparse.Namespace) -> None:
    """Draw the figures of a run folder anew, or those of a network file into a folder."""
    if options.trained.is_dir():
        folder = RunFolder(options.trained)
        if options.into is not None:
            raise RunFolderError(
                f"--into {options.into}: only for a network file; figures of a run go into"
                f" {folder.path}/figures"
            )
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
    with blamed_on(options.network):
        readings = classify.classify(network, options.pictures)
    for picture, reading in zip(options.pictures, readings, strict=True):
        print(f"{picture}: {reading}")


def demo_(options: argparse.Namespace) -> None:
    """Serve a page on this machine where one draws a digit and watches a network read it."""
    try:
        from diehl_cook.demo import server
    except ImportError:
        raise DemoError("demo needs Starlette and uvicorn: pip install starlette uvicorn") from None
    with contextlib.suppress(KeyboardInterrupt):  # how one ends it
        server.serve(run.load(options.network), options.port, Terminal())


def show(options: argparse.Namespace) -> None:
    """Print an experiment with every value filled in; of a run or a trained network, its own."""
    path = run.trained_path(options.experiment)
    if path.is_dir() or path.suffix == ".npz":
        if options.set or options.seed is not None:
            raise ExperimentError(
                f"{path}: is trained with the values it has; leave out --set and --seed"
            )
        print(dump_experiment(run.load_experiment_of(path)), end="")
    else:
        print(dump_experiment(experiment_of(options)), end="")


def _tell(result: evaluation.Evaluation, experiment: Experiment) -> None:
    print(_verdict(result, experiment))
    if 2 * result.summary()["unlabelled_cells"] > experiment.cells:
        print(
            "Most cells have no class: too few images were learned (training.images) or shown for"
            " the labels (evaluation.labelling_images)."
        )
    if result.readouts:
        print("Accuracy in per cent, of the spikes up to a time since the image came on:")
        print(readout_table.markdown(result.readouts), end="")


def _verdict(result: evaluation.Evaluation, experiment: Experiment) -> str:
    summary = result.summary()
    spread = summary["accuracy_sd"]
    kind = "Validation" if experiment.data.validation else "Test"
    return (
        f"{kind} accuracy {summary['accuracy_mean']:.2%}"
        + (f" +- {spread:.2%}" if spread is not None else "")
        + f" over {result.repeats_in_words} of {result.predictions.shape[1]} images, "
        f"{summary['spikes_per_image']:.1f} spikes an image, "
        f"{summary['unlabelled_cells']} of {experiment.cells} cells unlabelled."
        + (f" {result.skipped:g} images skipped, too silent." if result.skipped else "")
    )


def add_train(commands: Any) -> None:
    """Take what ``train`` takes."""
    parser = add_command(commands, "train", train, FROM_CHECKPOINT)
    add_experiment_options(parser)
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="run folder (default: results/NAME-seedSEED)"
    )


def add_evaluate(commands: Any) -> None:
    """Take what ``evaluate`` takes."""
    parser = add_command(commands, "evaluate", evaluate)
    add_trained(parser)
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="run folder for the numbers of a network file"
    )
    parser.add_argument(
        "--readouts",
        action="store_true",
        help="compare all readouts on the same spikes, read for 50, 100, ... ms, too",
    )
    add_set(
        parser,
        "values of how it is evaluated, e.g. --set evaluation.repeats=1; a run keeps them; of a"
        " network file also data.folder, where its images lie now",
    )
    add_jobs(parser)


def add_classify(commands: Any) -> None:
    """Take what ``classify`` takes."""
    parser = add_command(commands, "classify", classify_)
    parser.add_argument(
        "pictures", type=Path, nargs="+", metavar="PICTURE", help="picture files, e.g. digit.png"
    )
    _add_network(parser)


def add_demo(commands: Any) -> None:
    """Take what ``demo`` takes."""
    parser = add_command(commands, "demo", demo_)
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


def add_figures(commands: Any) -> None:
    """Take what ``figures`` takes."""
    parser = add_command(commands, "figures", draw)
    add_trained(parser)
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", help="where figures of a network file go"
    )
    add_format(parser)


def add_report(commands: Any) -> None:
    """Take what ``report`` takes."""
    parser = add_command(commands, "report", report_)
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder")


def add_export(commands: Any) -> None:
    """Take what ``export`` takes."""
    parser = add_command(commands, "export", export)
    add_trained(parser)
    parser.add_argument("file", type=Path, metavar="FILE.npz", help="the file to write")
    parser.add_argument(
        "--bits",
        type=int,
        choices=get_args(Bits),
        default=32,
        help="of each weight: as trained (32, the default), rounded to half precision, or to 255"
        " steps up to the largest weight of each cell",
    )


def add_show(commands: Any) -> None:
    """Take what ``show`` takes."""
    add_experiment_options(
        add_command(commands, "show", show),
        "an experiment file, or one that comes along, as n100, n400, n1600, n6400, digits; or a run"
        " folder, network file or published network",
    )
