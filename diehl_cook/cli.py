"""The command line: reads what was typed, calls the other rooms."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from brian2.utils.logger import BrianLogger
from numpy.typing import NDArray

from diehl_cook import datasets, evaluation, provenance, report, training
from diehl_cook.datasets import DatasetError
from diehl_cook.experiment import (
    Experiment,
    ExperimentError,
    dump_experiment,
    load_experiment,
)
from diehl_cook.presentation import PresentationError, Presenter
from diehl_cook.progress import ProgressDisplay
from diehl_cook.run_folder import RunFolder, RunFolderError
from diehl_cook.simulation import SimulationError

BAD_INPUT, FAILURE, INTERRUPTED = 2, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        Exit code: 0, 2 for bad input, 1 for another failure, 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    _quiet_brian()
    try:
        options.command(options)
    except (ExperimentError, DatasetError, RunFolderError) as error:
        return _complain(error, BAD_INPUT)
    except (SimulationError, PresentationError) as error:
        return _complain(error, FAILURE)
    except MemoryError:
        return _complain("out of memory; choose fewer cells", FAILURE)
    except KeyboardInterrupt:
        return _complain("stopped; the same command goes on from the last checkpoint", INTERRUPTED)
    return 0


def train(options: argparse.Namespace) -> None:
    """Train an experiment into a run folder, or go on with it."""
    experiment = _experiment(options)
    folder = RunFolder(options.run or Path("results") / f"{experiment.name}-seed{experiment.seed}")
    data = datasets.load(experiment.data.folder)
    with folder.claim() as workspace:
        folder.settle(experiment)
        if folder.has_network():
            print(f"{folder.path} is trained already.")
        else:
            folder.update_manifest(
                seed=experiment.seed, training_began=provenance.now(), **provenance.describe()
            )
            begun = time.monotonic()
            images = _flat(data.train_images)
            presenter = _compile(experiment, learning=True, n_inputs=images.shape[1])
            with ProgressDisplay(f"training {folder.path.name}") as display:
                training.train(
                    experiment, presenter, images, data.train_labels, folder, workspace, display
                )
            folder.update_manifest(
                training_ended=provenance.now(), training_seconds=time.monotonic() - begun
            )
            report.draw(folder, data)
    print(f"The trained network and its figures lie in {folder.path}/.")
    print(f"Next: make evaluate RUN={folder.path}")


def evaluate(options: argparse.Namespace) -> None:
    """Label the cells of a trained network and measure its accuracy."""
    folder = RunFolder(options.run)
    experiment, network = folder.experiment(), folder.load_network()
    data = datasets.load(experiment.data.folder)
    n_labelling, n_test = experiment.evaluation.labelling_images, experiment.evaluation.test_images
    begun = time.monotonic()
    with folder.claim() as workspace:
        presenter = _compile(experiment, learning=False, n_inputs=network.weights.shape[0])
        work = {"workspace": workspace, "jobs": options.jobs}
        with ProgressDisplay("labelling") as display:
            network = evaluation.label(
                presenter,
                network,
                _flat(data.train_images)[:n_labelling],
                data.train_labels[:n_labelling],
                report=display,
                **work,
            )
        folder.save_network(network)
        classes = data.test_labels[:n_test]
        with ProgressDisplay("testing") as display:
            result = evaluation.evaluate(
                presenter,
                network,
                _flat(data.test_images)[:n_test],
                classes,
                report=display,
                **work,
            )
        details = {"predictions": result.predictions, "spikes": result.spikes, "classes": classes}
        folder.save_evaluation(result.summary(), details)
        folder.update_manifest(
            evaluation_ended=provenance.now(), evaluation_seconds=time.monotonic() - begun
        )
        report.draw(folder, data)
    print(_verdict(result, experiment))
    print(f"Numbers and figures lie in {folder.path}/: evaluation.json, figures/.")


def draw(options: argparse.Namespace) -> None:
    """Draw the figures of a run folder anew."""
    folder = RunFolder(options.run)
    data = datasets.load(folder.experiment().data.folder)
    with folder.claim():
        for name in report.draw(folder, data):
            print(f"{folder.path}/figures/{name}.png")


def show(options: argparse.Namespace) -> None:
    """Print an experiment with every value filled in."""
    print(dump_experiment(_experiment(options)), end="")


def _experiment(options: argparse.Namespace) -> Experiment:
    settings: dict[str, Any] = {} if options.seed is None else {"seed": options.seed}
    return load_experiment(options.experiment, options.set, **settings)


def _compile(experiment: Experiment, learning: bool, n_inputs: int) -> Presenter:
    kind = "training" if learning else "testing"
    print(f"compiling the {kind} program (half a minute, once) ...", file=sys.stderr)
    return Presenter(experiment, learning, n_inputs, _programs())


def _programs() -> Path:
    """Folder of compiled programs: beside the package, unless the environment names another."""
    default = Path(__file__).resolve().parents[1] / ".programs"
    return Path(os.environ.get("DIEHL_COOK_PROGRAMS", default))


def _flat(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return images.reshape(len(images), -1)


def _verdict(result: evaluation.Evaluation, experiment: Experiment) -> str:
    summary = result.summary()
    spread = summary["accuracy_sd"]
    return (
        f"Test accuracy {summary['accuracy_mean']:.2%}"
        + (f" +- {spread:.2%}" if spread is not None else "")
        + f" over {len(result.accuracies)} presentations of {result.predictions.shape[1]} images, "
        f"{summary['spikes_per_image']:.1f} spikes an image, "
        f"{summary['unlabelled_cells']} of {experiment.cells} cells unlabelled."
    )


def _complain(error: Exception | str, code: int) -> int:
    print(f"diehl_cook: {' '.join(str(error).split())}", file=sys.stderr)
    return code


def _quiet_brian() -> None:
    """Our own messages suffice; Brian2's excepthook would write files for a user's mistake."""
    BrianLogger.suppress_hierarchy("brian2", filter_log_file=False)
    logging.captureWarnings(False)
    sys.excepthook = sys.__excepthook__


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m diehl_cook",
        description="Diehl & Cook (2015): learn digits with spike-timing-dependent plasticity.",
        epilog="Exit code 0: done; 2: bad input; 1: another failure; 130: stopped with Ctrl-C.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands)
    _add_evaluate(commands)
    _add_figures(commands)
    _add_show(commands)
    return parser


def _add_train(commands: Any) -> None:
    parser = _add(commands, "train", train)
    _add_experiment_options(parser)
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="run folder (default: results/NAME-seedSEED)"
    )


def _add_evaluate(commands: Any) -> None:
    parser = _add(commands, "evaluate", evaluate)
    _add_run(parser)
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        default=os.cpu_count() or 1,
        help="processes at a time (default: one per core); never alters the result",
    )


def _add_figures(commands: Any) -> None:
    _add_run(_add(commands, "figures", draw))


def _add_show(commands: Any) -> None:
    _add_experiment_options(_add(commands, "show", show))


def _add(commands: Any, name: str, command: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=command.__doc__, description=command.__doc__
    )
    parser.set_defaults(command=command)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="FOLDER", help="run folder of a training")


def _add_experiment_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "experiment", metavar="FILE.yaml", help="experiment file, e.g. experiments/n100.yaml"
    )
    parser.add_argument("--seed", type=int, help="seed in place of the file's")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="values in place of the file's, e.g. --set cells=64 'excitatory.tau_ge=2 ms'",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {text}")
    return number
