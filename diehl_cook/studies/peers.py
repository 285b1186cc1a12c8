"""Other programs for this network on the same images, with the same readout, beside ours."""

from __future__ import annotations

import dataclasses
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from diehl_cook.engine.presenter import LABELLING, TESTING
from diehl_cook.images import experiment_images
from diehl_cook.images.datasets import Split
from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.model import resources
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.model.units import Section
from diehl_cook.stages import readout, training
from diehl_cook.stages.compilation import compile_network
from diehl_cook.stages.evaluation import Examiner
from diehl_cook.stages.progress import Narrator
from diehl_cook.store.files import csv_text, markdown_table, write_whole
from diehl_cook.store.reading import FileError, read_arrays, within
from diehl_cook.store.run_folder import RunFolder

Row = dict[str, Any]

CELLS = 400
TABLE = "peers.csv"

# They run in the other environment, and import nothing of this package.
_SCRIPTS = Path(__file__).parent

#: What makes our network that of Brian2's example, as far as it goes: a lock-out of 50 ms, clamped
#: for 5 ms, the published inhibition and threshold step; not its delays, its Euler, its 0.1 ms.
_AS_EXAMPLE = (
    "excitatory.refractory_period=50 ms",
    "excitatory.refractory_voltage=clamped",
    "excitatory.clamp_period=5 ms",
)


@dataclasses.dataclass(frozen=True)
class Environment:
    """Where other programs are installed: their Python, and the file of Brian2's example."""

    python: Path
    example: Path
    narrator: Narrator


class Answers(Section):
    """Spikes of each cell that images drew, and seconds of learning, labelling and testing."""

    learned: Annotated[NDArray[Any], within("iuf", 2, 0, 1e6)]
    tested: Annotated[NDArray[Any], within("iuf", 2, 0, 1e6)]
    seconds: Annotated[NDArray[Any], within("f", 1, 0, 1e9)]

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        if self.learned.shape[1:] != self.tested.shape[1:] or self.seconds.shape != (3,):
            raise ValueError("learned, tested and seconds do not go together")
        return self


class PeerError(RuntimeError):
    """A peer that did not come to its end; the message says what it said last."""


def measure(name: str, learned: int, tested: int, folder: Path, environment: Environment) -> Row:
    """Let one program learn the first training images and read the first test images.

    Parameters
    ----------
    name : str
        One of `PEERS`.
    learned, tested : int
        Images to learn, which then give the cells their labels, and to test.
    folder : Path
        Keeps what the cells answered; a program whose answers are there is not run again.
    environment : Environment
        Where other programs are installed.

    Returns
    -------
    dict
        Accuracy as a share, and seconds of processor time.

    Raises
    ------
    PeerError
        If the program fails.
    """
    images = experiment_images.load(load_experiment(resources.experiments() / "n400.yaml"))
    part = dataclasses.replace(
        images, learning=_first(images.learning, learned), scored=_first(images.scored, tested)
    )
    path = folder / f"{name}-{learned}-{tested}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        PEERS[name](part, path, environment)
    answers = read_arrays(path, Answers, "delete it to run that program again")
    if (len(answers.learned), len(answers.tested)) != (learned, tested):
        raise FileError(f"{path}: is of other images; delete it to run that program again")
    labels = readout.assign_labels(answers.learned, part.learning.labels)
    predictions = readout.predict(answers.tested, labels)
    learning, labelling, testing = (float(each) for each in answers.seconds)
    return {
        "program": name,
        "cells": answers.learned.shape[1],
        "images_learned": learned,
        "images_tested": tested,
        "accuracy": round(readout.accuracy(part.scored.labels, predictions), 6),
        "spikes_per_image": round(float(answers.tested.sum(axis=1).mean()), 2),
        "learning_s": round(learning, 2),
        "labelling_s": round(labelling, 2),
        "testing_s": round(testing, 2),
        "learning_ms_per_image": round(learning / learned * 1e3, 3),
    }


def _bindsnet(images: ExperimentImages, path: Path, environment: Environment) -> None:
    _run_script("bindsnet_example.py", images, path, environment, str(CELLS))


def _brian2(images: ExperimentImages, path: Path, environment: Environment) -> None:
    # It takes many hours: what is done is kept until all is.
    blocks = path.with_suffix("")
    _run_script(
        "brian2_example.py", images, path, environment, str(environment.example), str(blocks)
    )
    shutil.rmtree(blocks, ignore_errors=True)


def _run_script(
    script: str, images: ExperimentImages, path: Path, environment: Environment, *arguments: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        given, answers = Path(folder) / "images.npz", Path(folder) / "answers.npz"
        np.savez(given, learned=images.learning.rows, tested=images.scored.rows)
        given_to = (given, answers, *arguments)
        command = [str(environment.python), str(_SCRIPTS / script), *map(str, given_to)]
        last = "no word"
        try:
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
                for line in program.stderr or ():
                    last = line.strip() or last
                    environment.narrator.say(last)
        except OSError as error:
            raise PeerError(
                f"{environment.python}: {error.strerror}; make peers installs it"
            ) from None
        if program.returncode != 0:
            raise PeerError(f"{script} failed: {last}")
        write_whole(path, answers.read_bytes())


def _ours(images: ExperimentImages, path: Path, environment: Environment) -> None:
    experiment = load_experiment(resources.experiments() / "reproduce" / "triplet_n400.yaml")
    _run_ours(experiment, images, path, environment)


def _ours_as_example(images: ExperimentImages, path: Path, environment: Environment) -> None:
    _run_ours(
        load_experiment(resources.experiments() / "n400.yaml", _AS_EXAMPLE),
        images,
        path,
        environment,
    )


def _run_ours(
    stated: Experiment, images: ExperimentImages, path: Path, environment: Environment
) -> None:
    count = len(images.learning.labels)
    asked = stated.training.model_copy(update={"images": count})
    experiment = stated.model_copy(update={"training": asked})
    learner, reader = (
        compile_network(experiment, learning, images.n_inputs, environment.narrator)
        for learning in (True, False)
    )
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Path(name))
        with folder.claim() as workspace:
            folder.settle(experiment)
            begun = _processor_time()
            trained = training.train(learner, images.learning, folder, workspace)
            seconds.append(_processor_time() - begun)
            examiner, answers = Examiner(reader, workspace), {}
            for part, shown, stage in (
                ("learned", images.learning, LABELLING),
                ("tested", images.scored, TESTING),
            ):
                begun = _processor_time()
                responses = examiner.respond(trained, shown.rows, stage, lambda progress: None)
                answers[part] = responses.toarray()
                seconds.append(_processor_time() - begun)
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        np.savez(file, seconds=np.array(seconds), **answers)
        file.flush()
        write_whole(path, Path(file.name).read_bytes())


def _processor_time() -> float:
    """Seconds that this process and those it waited for took."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


PEERS: dict[str, Callable[[ExperimentImages, Path, Environment], None]] = {
    "ours": _ours,
    "ours_as_example": _ours_as_example,
    "bindsnet": _bindsnet,
    "brian2_example": _brian2,
}
"""Every program by its name: ours, ours with the parameters of Brian2's example, and the others."""


def write_table(folder: Path, rows: Sequence[Row]) -> None:
    """Write ``peers.csv``."""
    write_whole(folder / TABLE, csv_text(rows).encode())


def markdown(rows: Sequence[Row]) -> str:
    """The table for people."""
    columns = ["program", "images learned", "images tested", "accuracy, %"]
    return markdown_table(
        [*columns, "learning, ms an image", "testing, ms an image"],
        [
            [
                row["program"],
                f"{row['images_learned']:,.0f}",
                f"{row['images_tested']:,.0f}",
                f"{100 * row['accuracy']:.2f}",
                f"{row['learning_ms_per_image']:.3g}",
                f"{row['testing_s'] / row['images_tested'] * 1e3:.3g}",
            ]
            for row in rows
        ],
    )


def _first(split: Split, count: int) -> Split:
    return Split(split.images[:count], split.labels[:count])
