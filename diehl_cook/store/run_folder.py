"""A run folder: the only room that knows file names. Every write is whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from filelock import FileLock, Timeout
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diehl_cook.model.arrays import Arrays
from diehl_cook.model.experiment import (
    Experiment,
    ExperimentError,
    dump_experiment,
    load_experiment,
)
from diehl_cook.store import network_file
from diehl_cook.store.files import UNFINISHED, csv_text, png_bytes, write_whole
from diehl_cook.store.network_file import NetworkFile, NetworkFileError
from diehl_cook.store.trained_network import TrainedNetwork

Content = TypeVar("Content")


class RunFolderError(RuntimeError):
    """A run folder that cannot be used; the message names it and the way out."""


class RunFolder:
    """The files of one training and its evaluation.

    Whatever writes one of them raises `WriteError` where it cannot.

    Parameters
    ----------
    path : Path
        The folder; made by `claim`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def claim(self) -> Iterator[Path]:
        """Hold the folder against every other process; gives a workspace for passing files.

        Raises
        ------
        RunFolderError
            If another process holds it or it cannot be written.
        """
        lock = FileLock(self.path / ".lock", timeout=0)
        workspace = self.path / ".work"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._require_own()
            lock.acquire()
            self._clear()
            workspace.mkdir()
        except Timeout:
            raise RunFolderError(
                f"{self.path}: another process works in this folder; wait, or choose another"
            ) from None
        except OSError as error:
            lock.release()
            raise RunFolderError(
                f"{self.path}: cannot be written: {error.strerror}; choose another folder"
            ) from None
        try:
            yield workspace
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
            lock.release()

    def _require_own(self) -> None:
        """Make sure that nothing here is somebody else's: what is left unfinished is removed."""
        there = {path.name for path in self.path.iterdir()}
        begun = ".lock" in there and there <= {".lock", ".work"}
        if there and not begun and "experiment.yaml" not in there:
            raise RunFolderError(
                f"{self.path}: holds files but no experiment.yaml, so it is no run folder;"
                " put that file back, or choose another folder"
            )

    def _clear(self) -> None:
        """Remove what a process left that was killed."""
        shutil.rmtree(self.path / ".work", ignore_errors=True)
        for unfinished in self.path.rglob(f"{UNFINISHED}*"):
            unfinished.unlink()

    def settle(self, experiment: Experiment) -> None:
        """Make this the folder of an experiment, or make sure that it already is.

        What never alters the trained network, as the number of test presentations, is taken
        over from the experiment.

        Raises
        ------
        RunFolderError
            If it holds another experiment.
        """
        there = self.experiment() if (self.path / "experiment.yaml").exists() else None
        if there is not None and what_matters(there) != what_matters(experiment):
            raise RunFolderError(
                f"{self.path}: holds another experiment ({_difference(there, experiment)});"
                " choose another folder"
            )
        if there != experiment:
            write_whole(self.path / "experiment.yaml", dump_experiment(experiment).encode())

    def experiment(self) -> Experiment:
        """The resolved experiment of this run.

        Raises
        ------
        RunFolderError
            If there is none.
        """
        path = self.path / "experiment.yaml"
        if not path.exists():
            raise RunFolderError(f"{self.path}: no run here; train one first: make train")
        try:
            return load_experiment(path)
        except ExperimentError as error:
            raise RunFolderError(str(error)) from None

    def save_checkpoint(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep the state of a training in place of the one before."""
        self._save_arrays("checkpoint.npz", arrays)

    def load_checkpoint(self) -> Arrays | None:
        """The last state of a training, or None before the first."""
        if not (self.path / "checkpoint.npz").exists():
            return None
        return self._load_arrays("checkpoint.npz", "delete it to start afresh")

    def save_network(self, network: TrainedNetwork) -> None:
        """Keep a trained network, with labels once it has them."""
        network_file.save(self.network_path, NetworkFile(self.experiment(), network))

    def load_network(self) -> TrainedNetwork:
        """The trained network.

        Raises
        ------
        RunFolderError
            If the training has not ended, or the file is damaged, foreign, or of another run.
        """
        if not self.has_network():
            raise RunFolderError(f"{self.path}: the training has not ended; go on with make train")
        try:
            content = network_file.load(self.network_path)
        except NetworkFileError as error:
            raise RunFolderError(f"{error}; delete the file and train again") from None
        if what_matters(content.experiment) != what_matters(self.experiment()):
            raise RunFolderError(
                f"{self.network_path}: is of another experiment"
                f" ({_difference(content.experiment, self.experiment())});"
                " put the right one there, or delete it and train again"
            )
        return content.network

    @property
    def network_path(self) -> Path:
        """The network file of this run."""
        return self.path / "network.npz"

    def has_network(self) -> bool:
        """Whether the training has ended."""
        return self.network_path.exists()

    def write_training(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write ``training.csv``, a row per block."""
        write_whole(self.path / "training.csv", csv_text(rows).encode())

    def read_training(self) -> list[dict[str, float]]:
        """Rows of ``training.csv``; empty fields are NaN."""
        if not (self.path / "training.csv").exists():
            return []
        return self._read("training.csv", _table, "delete it to go on")

    def write_readouts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write ``readouts.csv``, a row per readout and time."""
        write_whole(self.path / "readouts.csv", csv_text(rows).encode())

    def save_evaluation(self, summary: Mapping[str, Any], details: Arrays) -> None:
        """Write ``evaluation.json`` and, for the figures, ``predictions.npz``."""
        self._save_arrays("predictions.npz", details)
        write_whole(self.path / "evaluation.json", (json.dumps(summary, indent=2) + "\n").encode())

    def load_evaluation(self) -> tuple[dict[str, Any], Arrays] | None:
        """What `save_evaluation` wrote, or None before the first evaluation."""
        summary = self.load_summary()
        if summary is None:
            return None
        return summary, self._load_arrays("predictions.npz", "evaluate again")

    def load_summary(self) -> dict[str, Any] | None:
        """The numbers of the evaluation, or None before the first."""
        if not (self.path / "evaluation.json").exists():
            return None
        return self._read("evaluation.json", _entries, "evaluate again")

    def is_evaluated(self, experiment: Experiment) -> bool:
        """Whether the network of an experiment was evaluated here, with its settings for that."""
        summary = self.load_summary()
        if summary is None or what_matters(self.experiment()) != what_matters(experiment):
            return False
        if "settings" not in summary:
            return False
        # A setting that is younger than the evaluation had its default.
        settings = type(experiment.evaluation)().model_dump(mode="json") | summary["settings"]
        return settings == experiment.evaluation.model_dump(mode="json")

    def manifest(self) -> dict[str, Any]:
        """What is in ``manifest.json``; nothing before it is there."""
        if not (self.path / "manifest.json").exists():
            return {}
        return self._read("manifest.json", _entries, "delete it to go on")

    def update_manifest(self, **entries: Any) -> None:
        """Add entries to ``manifest.json``."""
        content = json.dumps(self.manifest() | entries, indent=2) + "\n"
        write_whole(self.path / "manifest.json", content.encode())

    def save_figure(self, name: str, figure: Figure) -> None:
        """Write a figure under ``figures/``."""
        write_whole(self.path / f"figures/{name}.png", png_bytes(figure))

    def _save_arrays(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        write_whole(self.path / name, buffer.getvalue())

    def _load_arrays(self, name: str, way_out: str) -> Arrays:
        return self._read(name, _arrays, way_out)

    def _read(self, name: str, parse: Callable[[Path], Content], way_out: str) -> Content:
        path = self.path / name
        try:
            return parse(path)
        except MemoryError:
            raise
        except Exception as error:  # a damaged file fails in many ways
            reason = " ".join(str(error).split()) or type(error).__name__
            raise RunFolderError(f"{path}: is damaged or foreign ({reason}); {way_out}") from None


def _arrays(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def _entries(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def _table(path: Path) -> list[dict[str, float]]:
    with path.open(newline="") as file:
        return [
            {name: float(value) if value else np.nan for name, value in row.items()}
            for row in csv.DictReader(file)
        ]


def what_matters(experiment: Experiment) -> dict[str, Any]:
    """An experiment without what never alters the trained network."""
    values = experiment.model_dump(mode="json", exclude={"name", "evaluation"})
    del values["training"]["chunk"]
    values["plasticity"] = {experiment.rule: values["plasticity"][experiment.rule]}
    return values


def _difference(one: Experiment, other: Experiment) -> str:
    """The first key in which two experiments differ, with both values."""
    ours, theirs = (dict(flat(what_matters(each))) for each in (one, other))
    key = next(key for key in [*ours, *theirs] if ours.get(key) != theirs.get(key))
    return f"{key}: {ours.get(key)} there, {theirs.get(key)} asked for"


def flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Values of an experiment by dotted key."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
