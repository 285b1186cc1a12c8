"""Many runs, each trained and evaluated on one core in a run folder of its own."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import check_values
from diehl_cook.stages import training, workflow
from diehl_cook.stages.progress import Narrator
from diehl_cook.store.reading import FileError
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies.workers import Failure, run_all


class BatchError(RuntimeError):
    """Some of many runs failed."""


@dataclasses.dataclass(frozen=True)
class Member:
    """One run of many: an experiment and the folder for it."""

    experiment: Experiment
    folder: RunFolder

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.path.name


@dataclasses.dataclass(frozen=True)
class Score:
    """What came of a run.

    Attributes
    ----------
    accuracy_mean, accuracy_sd : float
        Shares from 0 to 1, over the repeats; the spread of a single one is NaN.
    spikes_per_image : float
        Excitatory spikes while an image is scored.
    training_spikes : float
        Excitatory spikes per presentation at the end of the training, over up to 10,000 images;
        this and what follows is NaN without any block.
    retries_per_image : float
        Showings of these images beyond the first of each.
    mean_theta_mV : float
        Adaptive threshold at its end.
    ms_per_presentation : float
        Wall-clock time of a presentation while learning.
    """

    accuracy_mean: float
    accuracy_sd: float
    spikes_per_image: float
    training_spikes: float
    retries_per_image: float
    mean_theta_mV: float
    ms_per_presentation: float


def run_batch(
    members: Sequence[Member],
    jobs: int,
    scheduler: str | None,
    narrator: Narrator,
    after_each: Callable[[dict[str, Failure]], object] = lambda failures: None,
) -> dict[str, Failure]:
    """Train and evaluate what is missing; a run that was stopped goes on.

    Parameters
    ----------
    members : sequence of Member
        Each with a folder of its own, which the workers must reach.
    jobs : int
        Runs at a time on this machine.
    scheduler : str, optional
        Address of a Dask scheduler to use instead.
    narrator : Narrator
        Told as each run ends.
    after_each : callable
        Called at the start and as each run ends, with the failures so far.

    Returns
    -------
    dict of str to Failure
        Runs that failed, by name.
    """
    missing = [member for member in members if score_of(member) is None]
    narrator.say(f"{len(members)} runs, {len(members) - len(missing)} of them done before.")
    failures: dict[str, Failure] = {}
    after_each(failures)
    tasks = [
        (member.experiment.model_dump(mode="json"), str(member.folder.path.resolve()))
        for member in missing
    ]
    begun = time.monotonic()
    outcomes = run_all(run_member, tasks, jobs, scheduler, narrator.say)
    for done, (position, result) in enumerate(outcomes, 1):
        member = missing[position]
        if isinstance(result, Failure):
            failures[member.name] = result
        after_each(failures)
        left = (time.monotonic() - begun) / done * (len(missing) - done)
        number = len(members) - len(missing) + done
        narrator.say(
            f"[{number}/{len(members)}] {member.name}: {_in_words(member, result)}"
            + (f"; about {tqdm.format_interval(left)} left" if done < len(missing) else "")
        )
    return failures


def run_member(values: dict[str, Any], folder: str) -> None:
    """Train and evaluate one member on one core; called in a worker process.

    Parameters
    ----------
    values : dict
        The experiment as plain values.
    folder : str
        Absolute path of its run folder.
    """
    workflow.quieten_brian()
    run_folder = RunFolder(Path(folder))
    workflow.train_run(check_values(values, folder), run_folder, with_figures=False)
    workflow.evaluate_run(run_folder, jobs=1, with_figures=False)


def score_of(member: Member) -> Score | None:
    """What came of a member, or None while it is not done or its folder cannot be used."""
    try:
        if not member.folder.is_evaluated(member.experiment):
            return None
        summary = member.folder.load_summary()
    except FileError:
        return None
    assert summary is not None
    spread, rows = summary.accuracy_sd, member.folder.read_training()
    training_spikes, retries = training.at_the_end(rows)
    return Score(
        accuracy_mean=summary.accuracy_mean,
        accuracy_sd=np.nan if spread is None else spread,
        spikes_per_image=summary.spikes_per_image,
        training_spikes=training_spikes,
        retries_per_image=retries,
        mean_theta_mV=rows[-1]["mean_theta_mV"] if rows else np.nan,
        ms_per_presentation=_mean([row["ms_per_presentation"] for row in rows]),
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else np.nan


def _in_words(member: Member, result: Any) -> str:
    if isinstance(result, Failure):
        return f"failed: {result.reason}"
    score = score_of(member)
    return "its results cannot be read" if score is None else f"{score.accuracy_mean:.2%}"
