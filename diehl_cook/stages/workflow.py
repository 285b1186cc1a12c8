"""Whole runs as plain calls: what the command line, sweeps and the reproduction have in common."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from brian2.utils.logger import BrianLogger

from diehl_cook.images import experiment_images
from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import evaluated_as
from diehl_cook.stages import report, training
from diehl_cook.stages.compilation import compile_network
from diehl_cook.stages.evaluation import Evaluation, Examiner
from diehl_cook.stages.progress import Narrator, Silence
from diehl_cook.stages.same_images import require_learned
from diehl_cook.store import provenance
from diehl_cook.store.run_folder import RunFolder, RunFolderError, run_key
from diehl_cook.store.schemas import Predictions, Summary
from diehl_cook.store.trained_network import TrainedNetwork


def train_run(
    experiment: Experiment,
    folder: RunFolder,
    narrator: Narrator | None = None,
    with_figures: bool = True,
) -> bool:
    """Train an experiment into a run folder, or go on where an earlier call was stopped.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    folder : RunFolder
        A new folder, or one of the same experiment.
    narrator : Narrator, optional
        Told how it goes on; by default nobody is.
    with_figures : bool
        Whether to draw figures and write the report.

    Returns
    -------
    bool
        False if the network was trained already.
    """
    narrator = narrator or Silence()
    images = experiment_images.load(experiment)
    experiment = experiment_images.resolve(experiment)
    experiment.require_room(images.n_inputs)
    for oddity in experiment.oddities + images.oddities(experiment.training.images):
        narrator.say(f"note: {oddity}")
    with folder.claim() as workspace:
        folder.settle(experiment)
        trained = folder.has_network()
        if trained:  # one that cannot be used is not taken for done
            require_learned(folder.load_network(), images, folder.path)
        ended = trained and "training_ended" in folder.manifest()
        if ended and (folder.is_drawn() or not with_figures):
            return False
        if not trained:
            begun = time.monotonic()
            folder.update_manifest(
                seed=experiment.seed,
                learned=images.learning.sha256,
                training_began=provenance.now(),
                **provenance.describe(),
            )
            presenter = compile_network(experiment, True, images.n_inputs, narrator)
            with narrator.follow(f"training {folder.path.name}") as follow:
                training.train(presenter, images.learning, folder, workspace, follow)
            folder.update_manifest(training_seconds=time.monotonic() - begun)
        if with_figures:
            report.make(folder, images)
        if not ended:  # last of all: what was left undone, the same command does
            folder.update_manifest(training_ended=provenance.now())
    return not ended


def evaluate_run(
    folder: RunFolder,
    jobs: int,
    narrator: Narrator | None = None,
    with_figures: bool = True,
    all_readouts: bool = False,
    overrides: Iterable[str] = (),
) -> Evaluation:
    """Label the cells of a trained network and measure its accuracy.

    Parameters
    ----------
    folder : RunFolder
        Of a training that has ended; labels and numbers are added to it.
    jobs : int
        Processes at a time; the result does not depend on it.
    narrator : Narrator, optional
        Told how it goes on; by default nobody is.
    with_figures : bool
        Whether to draw figures and write the report.
    all_readouts : bool
        Whether to compare all readouts, too.
    overrides : iterable of str
        ``key=value`` pairs of how it is evaluated, which the folder takes over with the result.

    Returns
    -------
    Evaluation
    """
    narrator = narrator or Silence()
    experiment, network = evaluated_as(folder.experiment(), overrides), folder.load_network()
    images = experiment_images.load(experiment)
    require_learned(network, images, folder.path)
    for oddity in images.oddities(experiment.training.images):
        narrator.say(f"note: {oddity}")
    begun = time.monotonic()
    with folder.claim() as workspace:
        presenter = compile_network(experiment, False, images.n_inputs, narrator)
        examiner = Examiner(presenter, workspace, jobs, narrator)
        unread = dataclasses.replace(network, labels=None, weighings={})
        result = examiner.evaluate(unread, images.labelling, images.scored, all_readouts)
        folder.settle(experiment)
        folder.save_network(result.network)
        save_evaluation(folder, experiment, images, result)
        folder.update_manifest(
            evaluation_ended=provenance.now(), evaluation_seconds=time.monotonic() - begun
        )
        if with_figures:
            report.make(folder, images)
    return result


def evaluate_network(
    experiment: Experiment,
    network: TrainedNetwork,
    jobs: int,
    narrator: Narrator | None = None,
    folder: RunFolder | None = None,
    all_readouts: bool = False,
    whose: object = "the network",
) -> Evaluation:
    """Measure the accuracy of a network that comes with its labels.

    Parameters
    ----------
    experiment : Experiment
        What it was trained with.
    network : TrainedNetwork
        With labels.
    jobs : int
        Processes at a time; the result does not depend on it.
    narrator : Narrator, optional
        Told how it goes on; by default nobody is.
    folder : RunFolder, optional
        To keep network, numbers and figures; by default nothing is written.
    all_readouts : bool
        Whether to compare all readouts, too.
    whose : object
        What a message calls the network.

    Returns
    -------
    Evaluation

    Raises
    ------
    FileError
        If the folder holds another network, or the data are not what it learned.
    """
    narrator = narrator or Silence()
    images = experiment_images.load(experiment)
    require_learned(network, images, whose, "name the folder of those in data.folder")
    with contextlib.ExitStack() as stack:
        if folder is None:
            workspace = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        else:
            workspace = stack.enter_context(folder.claim())
            folder.settle(experiment)
            _keep(network, folder)
        presenter = compile_network(experiment, False, images.n_inputs, narrator)
        examiner = Examiner(presenter, workspace, jobs, narrator)
        result = examiner.evaluate(network, images.labelling, images.scored, all_readouts)
        if folder is not None:
            folder.save_network(result.network)
            save_evaluation(folder, experiment, images, result)
            folder.update_manifest(evaluation_ended=provenance.now(), **provenance.describe())
            report.make(folder, images)
    return result


def _keep(network: TrainedNetwork, folder: RunFolder) -> None:
    if not folder.has_network():
        folder.save_network(network)
    elif not np.array_equal(folder.load_network().weights, network.weights):
        raise RunFolderError(f"{folder.path}: holds another network; choose another folder")


def save_evaluation(
    folder: RunFolder, experiment: Experiment, images: ExperimentImages, result: Evaluation
) -> None:
    """Keep what an evaluation measured, and how, in a run folder claimed by the caller."""
    summary = Summary(
        scored_on=images.scored_on,
        scored=images.scored.sha256,
        run=run_key(experiment),
        settings=experiment.evaluation.model_dump(mode="json"),
        **result.summary(),
    )
    details = Predictions(
        predictions=result.predictions,
        spikes=result.spikes,
        classes=images.scored.labels,
        run=run_key(experiment),
    )
    folder.save_evaluation(summary, details)
    if result.readouts:
        folder.write_readouts(result.readouts)


def quieten_brian() -> None:
    """Our own messages suffice; Brian2's excepthook would write files for a user's mistake."""
    BrianLogger.suppress_hierarchy("brian2", filter_log_file=False)
    logging.captureWarnings(False)
    sys.excepthook = sys.__excepthook__
