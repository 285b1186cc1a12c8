"""A run folder: nothing else knows file names. Every write is whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from diehl_cook.model.experiment import EvaluationSettings, Experiment, ExperimentError
from diehl_cook.model.experiment_file import dump_experiment, load_experiment, read_yaml
from diehl_cook.model.nested import flat
from diehl_cook.model.plasticity import PAPER_RULES, equations_of_own
from diehl_cook.model.resources import published_networks, require_regular
from diehl_cook.model.units import require_printable
from diehl_cook.store import network_file
from diehl_cook.store.files import csv_text, is_unfinished, write_whole
from diehl_cook.store.network_file import NetworkFile
from diehl_cook.store.reading import FileError, read_arrays, read_json, read_table
from diehl_cook.store.schemas import (
    Checkpoint,
    Manifest,
    Predictions,
    Snapshots,
    Summary,
    TableRow,
)
from diehl_cook.store.trained_network import TrainedNetwork

#: What a learning rule of one's own was when a training began.
EQUATIONS = "equations.yaml"


class RunFolderError(FileError):
    """A run folder that cannot be used; the message names it and the way out."""


class RunFolder:
    """The files of one training and its evaluation.

    Whatever writes one of them raises `WriteError` where it cannot, whatever reads one
    `FileError` where it does not fit its schema.

    Parameters
    ----------
    path : Path
        The folder; made by `claim`.

    Raises
    ------
    RunFolderError
        If its name is no text, which reports and figures show.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.path = require_printable(path)
        except ValueError as error:
            raise RunFolderError(f"{error}; choose another folder") from None
        self._read: tuple[bytes, Experiment, str] | None = None

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
        there = {path.name for path in self.path.iterdir() if not is_unfinished(path)}
        begun = ".lock" in there and there <= {".lock", ".work"}
        begun = begun and not any((self.path / ".work").glob("*"))
        if there and not begun and "experiment.yaml" not in there:
            raise RunFolderError(
                f"{self.path}: holds files but no experiment.yaml, so it is no run folder;"
                " put that file back, or choose another folder"
            )

    def _clear(self) -> None:
        """Remove what a process left that was killed."""
        shutil.rmtree(self.path / ".work", ignore_errors=True)
        for path in [*self.path.iterdir(), *(self.path / "figures").glob("*")]:
            if is_unfinished(path):
                path.unlink()

    def settle(self, experiment: Experiment) -> None:
        """Make this the folder of an experiment, or make sure that it already is.

        What never alters the trained network, as the number of repeats, is taken
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
        if self._is_begun():
            self._require_equations(experiment)
            self._require_no_silence(there, experiment)
        if there != experiment:
            write_whole(self.path / "experiment.yaml", dump_experiment(experiment).encode())
        self._write_equations(experiment)

    def _is_begun(self) -> bool:
        return self.has_network() or (self.path / "checkpoint.npz").exists()

    def _require_equations(self, experiment: Experiment) -> None:
        """Make sure that a rule of one's own is the one that began this run, if that is known."""
        path = self.path / EQUATIONS
        there = read_yaml(path) if path.exists() else {}
        for name, text in equations_of_own(experiment.learning_rule).items():
            if there.get(name, text) != text:
                raise RunFolderError(
                    f"{self.path}: was begun with another '{experiment.rule}' ({name}:"
                    f" {there[name]!r}); choose another folder"
                )

    def _require_no_silence(self, there: Experiment | None, experiment: Experiment) -> None:
        """Make sure that images which were left behind do not become an error afterwards."""
        limits = experiment.presentation
        if there is not None and limits.on_silence != there.presentation.on_silence == "skip":
            raise RunFolderError(
                f"{self.path}: was begun with presentation.on_silence=skip; leave it so, or choose"
                " another folder"
            )

    def _write_equations(self, experiment: Experiment) -> None:
        """Keep the equations of a rule of one's own from the start of a training on."""
        equations = equations_of_own(experiment.learning_rule)
        if equations and not self._is_begun():
            text = yaml.safe_dump(equations, sort_keys=False)
            write_whole(self.path / EQUATIONS, text.encode())

    def experiment(self) -> Experiment:
        """The resolved experiment of this run.

        Raises
        ------
        RunFolderError
            If there is none.
        """
        return self._experiment_and_key()[0]

    def _experiment_and_key(self) -> tuple[Experiment, str]:
        """The experiment, and what marks its files; the YAML is parsed again when it changes."""
        path = self.path / "experiment.yaml"
        if self.path.is_file():
            raise RunFolderError(f"{self.path}: is a file; name the folder of a run")
        if not path.exists():
            raise RunFolderError(
                f"{self.path}: {self._what_it_is()};"
                " train one first: diehl-cook train, or make train"
            )
        try:
            content = require_regular(path).read_bytes()
        except OSError:
            content = b""  # of no experiment: `load_experiment` says what is wrong
        if self._read is None or self._read[0] != content:
            try:
                experiment = load_experiment(path)
            except ExperimentError as error:
                raise RunFolderError(str(error)) from None
            self._read = content, experiment, run_key(experiment)
        return self._read[1:]

    def _what_it_is(self) -> str:
        """What stands in place of a run."""
        if str(self.path) in published_networks():
            return "is a published network and no folder of a run"
        return "no run here"

    def save_checkpoint(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep the state of a training in place of the one before."""
        self._save_arrays("checkpoint.npz", arrays)

    def load_checkpoint(self) -> Checkpoint | None:
        """The last state of a training, or None before the first."""
        path = self.path / "checkpoint.npz"
        if not path.exists():
            return None
        return read_arrays(path, Checkpoint, "delete it to start afresh")

    def save_network(self, network: TrainedNetwork) -> None:
        """Keep a trained network, with labels once it has them."""
        network_file.save(self.network_path, NetworkFile(self.experiment(), network))

    def load_network(self) -> TrainedNetwork:
        """The trained network.

        Raises
        ------
        FileError
            If the training has not ended, or the file is damaged, foreign, or of another run.
        """
        if not self.has_network():
            raise RunFolderError(
                f"{self.path}: the training has not ended; go on with the command that began it"
            )
        content = network_file.load(self.network_path, "delete it and train again")
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
        key = {"run": self._experiment_and_key()[1]}
        keyed = [{**row, **key} for row in rows]
        write_whole(self.path / "training.csv", csv_text(keyed).encode())

    def read_training(self) -> list[dict[str, float]]:
        """Rows of ``training.csv``; empty fields are NaN."""
        path, way_out = self.path / "training.csv", "delete it to go on"
        rows = read_table(path, TableRow, way_out) if path.exists() else []
        for key in {row.pop("run") for row in rows}:
            self._require_own_key(path, key, way_out)
        ends = [row["images"] for row in rows]
        if ends != sorted(set(ends)):
            raise RunFolderError(
                f"{path}: its rows are not those of one block after another; {way_out}"
            )
        return rows

    def save_snapshots(self, snapshots: Snapshots) -> None:
        """Write ``snapshots.npz``."""
        arrays = snapshots.model_dump() | {"run": np.array(self._experiment_and_key()[1])}
        self._save_arrays("snapshots.npz", arrays, np.savez_compressed)

    def load_snapshots(self) -> Snapshots | None:
        """What `save_snapshots` wrote, or None if nothing was."""
        path, way_out = self.path / "snapshots.npz", "delete it to go on"
        if not path.exists():
            return None
        snapshots = read_arrays(path, Snapshots, way_out)
        self._require_own_key(path, snapshots.run, way_out)
        return snapshots

    def write_readouts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write ``readouts.csv``, a row per readout and time."""
        write_whole(self.path / "readouts.csv", csv_text(rows).encode())

    def save_evaluation(self, summary: Summary, details: Predictions) -> None:
        """Write ``evaluation.json`` and, for the figures, ``predictions.npz``."""
        self._save_arrays("predictions.npz", details.model_dump(exclude_none=True))
        content = summary.model_dump_json(indent=2) + "\n"
        write_whole(self.path / "evaluation.json", content.encode())

    def load_evaluation(self) -> tuple[Summary, Predictions] | None:
        """What `save_evaluation` wrote, or None before the first evaluation."""
        summary = self.load_summary()
        if summary is None:
            return None
        path = self.path / "predictions.npz"
        details = read_arrays(path, Predictions, "evaluate again")
        self._require_own_key(path, details.run, "evaluate again")
        return summary, details

    def load_summary(self) -> Summary | None:
        """The numbers of the evaluation, or None before the first.

        One with other settings than the experiment has now counts as none: it is to be done anew.
        """
        path = self.path / "evaluation.json"
        if not path.exists():
            return None
        summary = read_json(path, Summary, "evaluate again")
        self._require_own_key(path, summary.run, "evaluate again")
        return summary if _has_settings_of(summary, self.experiment()) else None

    def has_outdated_evaluation(self) -> bool:
        """Whether there is an evaluation, but with other settings than the experiment has now."""
        return (self.path / "evaluation.json").exists() and self.load_summary() is None

    def is_evaluated(self, experiment: Experiment) -> bool:
        """Whether the network of an experiment was evaluated here, with its settings for that."""
        there = self.experiment()
        return (
            self.load_summary() is not None
            and there.evaluation == experiment.evaluation
            and what_matters(there) == what_matters(experiment)
        )

    def manifest(self) -> dict[str, Any]:
        """What is in ``manifest.json``; nothing before it is there."""
        path = self.path / "manifest.json"
        if not path.exists():
            return {}
        manifest = read_json(path, Manifest, "delete it to go on")
        self._require_own_key(path, manifest.run, "delete it to go on")
        return manifest.model_dump(exclude_unset=True)

    def update_manifest(self, **entries: Any) -> None:
        """Add entries to ``manifest.json``."""
        key = {"run": self._experiment_and_key()[1]}
        content = json.dumps(self.manifest() | key | entries, indent=2) + "\n"
        write_whole(self.path / "manifest.json", content.encode())

    def save_figure(self, name: str, picture: bytes) -> Path:
        """Write a picture under ``figures/``; gives the file."""
        write_whole(self.path / "figures" / name, picture)
        return self.path / "figures" / name

    def is_drawn(self) -> bool:
        """Whether there are figures and a report."""
        return (self.path / "figures").exists() and (self.path / "report.html").exists()

    def write_report(self, page: bytes) -> None:
        """Write ``report.html``."""
        write_whole(self.path / "report.html", page)

    def _require_own_key(self, path: Path, key: str | None, way_out: str) -> None:
        """Make sure that a file is of this run; those of earlier versions do not tell."""
        if key is not None and key != self._experiment_and_key()[1]:
            raise RunFolderError(f"{path}: is of another run; {way_out}")

    def _save_arrays(
        self, name: str, arrays: Mapping[str, NDArray[Any]], save: Any = np.savez
    ) -> None:
        buffer = io.BytesIO()
        save(buffer, allow_pickle=False, **arrays)
        write_whole(self.path / name, buffer.getvalue())


def what_matters(experiment: Experiment) -> dict[str, Any]:
    """An experiment without what never alters the trained network.

    Nor does ``presentation.on_silence``, where there was no silence.
    """
    values = experiment.model_dump(mode="json", exclude={"name", "evaluation", "threads"})
    for name in ("block", "chunk"):
        del values["training"][name]
    del values["presentation"]["on_silence"]
    values["plasticity"] = {experiment.rule: values["plasticity"][experiment.rule]}
    return values


def run_key(experiment: Experiment) -> str:
    """What the files of a run are marked with, as long as nothing that matters is another.

    Parameters at their defaults do not enter: one that a later version adds changes no key. Those
    of a rule of one's own do, as their defaults change while it is worked on.
    """
    plain = {"cells": 1, "training": {"images": 1}, "rule": experiment.rule}
    usual = dict(flat(what_matters(Experiment.model_validate(plain))))
    stated = dict(flat(what_matters(experiment)))
    always = () if experiment.rule in PAPER_RULES else (f"plasticity.{experiment.rule}.",)
    own = {
        key: value
        for key, value in stated.items()
        if usual.get(key) != value or key.startswith(always)
    }
    own["rule"] = experiment.rule
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:16]


def _has_settings_of(summary: Summary, experiment: Experiment) -> bool:
    if summary.settings is None:
        return False
    # A setting that is younger than the evaluation had its default.
    settings = EvaluationSettings().model_dump(mode="json") | summary.settings
    return settings == experiment.evaluation.model_dump(mode="json")


def _difference(one: Experiment, other: Experiment) -> str:
    """The first key in which two experiments differ, with both values."""
    ours, theirs = (dict(flat(what_matters(each))) for each in (one, other))
    key = next(key for key in [*ours, *theirs] if ours.get(key) != theirs.get(key))
    return f"{key}: {ours.get(key)} there, {theirs.get(key)} asked for"
