"""Searches: where a grid is too large, Optuna proposes each next point by the scores so far."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from filelock import FileLock, Timeout
from tqdm import tqdm

from diehl_cook.engine.bounds import OutOfRangeError
from diehl_cook.engine.presenter import PresentationError
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.stages import workflow
from diehl_cook.stages.progress import Follower, Narrator, Progress
from diehl_cook.studies import points
from diehl_cook.studies.batch import Member, Score, score_of
from diehl_cook.studies.points import Overrides
from diehl_cook.studies.search_file import Pruning, Search
from diehl_cook.studies.workers import Failure, run_all

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial


class SearchError(RuntimeError):
    """A search that cannot go on; the message names what is in its way and the way out."""


@contextlib.contextmanager
def claimed(search: Search) -> Iterator[int]:
    """Hold the folder of a search against every other; gives how many trials are left to do.

    Trials that were stopped are proposed once more, and go on in their run folders.

    Raises
    ------
    SearchError
        If another process searches there, the record is damaged or of another search, or Optuna
        is missing.
    """
    lock = FileLock(search.folder / ".lock", timeout=0)
    search.folder.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire()
    except Timeout:
        raise SearchError(
            f"{search.folder}: another process searches there; wait, or choose other --results"
        ) from None
    try:
        study = _checked_study(search)
        settled = 0
        for trial in study.get_trials(deepcopy=False):
            if trial.state.name == "RUNNING":
                study.tell(trial.number, state=_state("FAIL"))
                study.enqueue_trial(trial.params)
            settled += _is_settled(trial)
        yield max(0, search.file.trials - settled)
    finally:
        lock.release()


def run_search(
    search: Search,
    trials: int,
    jobs: int,
    scheduler: str | None,
    narrator: Narrator,
    after_each: Callable[[], object],
) -> dict[str, Failure]:
    """Try so many points more, each trained and scored on one core.

    Parameters
    ----------
    search : Search
        Claimed by the caller.
    trials : int
        Points to try.
    jobs : int
        Trials at a time on this machine.
    scheduler : str, optional
        Address of a Dask scheduler to use instead.
    narrator : Narrator
        Told as each trial ends.
    after_each : callable
        Called at the start and as each trial ends.

    Returns
    -------
    dict of str to Failure
        Trials that the machine failed; the same call does them again.
    """
    failures: dict[str, Failure] = {}
    after_each()
    begun = time.monotonic()
    outcomes = run_all(run_trial, [(search,)] * trials, jobs, scheduler, narrator.say)
    for done, (position, result) in enumerate(outcomes, 1):
        if isinstance(result, Failure):
            failures[f"trial {position}"] = result
            result = f"failed: {result.reason}"
        after_each()
        left = (time.monotonic() - begun) / done * (trials - done)
        narrator.say(
            f"[{done}/{trials}] {result}"
            + (f"; about {tqdm.format_interval(left)} left" if done < trials else "")
        )
    return failures


def run_trial(search: Search) -> str:
    """Ask for a point, train and score it, and tell what came of it; called in a worker process.

    Parameters
    ----------
    search : Search
        The search.

    Returns
    -------
    str
        What came of it, in a sentence.
    """
    workflow.quieten_brian()
    study, trial, point = _ask(search)
    trial.set_user_attr("point", point)
    try:
        member = search.member(point)
        score = score_of(member) or _scored(member, _Watch(trial, member, search.file.pruning))
    except _Pruned as pruned:
        trial.set_user_attr("activity", _activity(member, None))
        study.tell(trial, state=_state("PRUNED"))
        return f"{points.in_words(point)}: given up after {pruned.images} images"
    except (ExperimentError, PresentationError, OutOfRangeError) as error:
        reason = " ".join(str(error).split())
        trial.set_user_attr("error", reason)
        study.tell(trial, state=_state("FAIL"))
        return f"{points.in_words(point)}: {reason}"
    trial.set_user_attr("activity", _activity(member, score))
    study.tell(trial, score.accuracy_mean)
    return f"{points.in_words(point)}: {score.accuracy_mean:.2%}"


def table(search: Search) -> list[dict[str, Any]]:
    """Tell what came of a search: a row for each point, the best first.

    Returns
    -------
    list of dict
        Values tried, state, accuracy on the held-out images, the last online accuracy with the
        images after which it was measured, the activity, and what was wrong with the point.
    """
    trials = _open(search).get_trials(deepcopy=False)
    by_point = {
        json.dumps(trial.user_attrs["point"]): trial
        for trial in trials
        if "point" in trial.user_attrs
    }
    rows = [_row(search, trial) for trial in by_point.values()]
    return sorted(rows, key=lambda row: (row["accuracy"] or 0, row["online_accuracy"] or 0))[::-1]


def refuse_if_all_failed(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make sure that a point of a table could be run, if any was tried.

    Raises
    ------
    SearchError
        If each of them failed; the line names the search file and what was wrong with one.
    """
    if rows and all(row["state"] == "failed" for row in rows):
        raise SearchError(
            f"{path}: none of {len(rows)} points could be run ({rows[0]['error']}); mend the file"
            " and give it another name, or choose other --results"
        )


class _Pruned(Exception):
    """A trial is given up after so many images."""

    def __init__(self, images: int) -> None:
        self.images = images


class _Watch:
    """A narrator that tells Optuna of each block once thresholds have risen."""

    def __init__(self, trial: Trial, member: Member, pruning: Pruning) -> None:
        self.trial, self.member, self.pruning = trial, member, pruning
        self.seen = 0

    def say(self, sentence: str) -> None:
        """Say nothing."""

    def follow(self, title: str) -> contextlib.AbstractContextManager[Follower]:
        """Look at each block that ends."""
        return contextlib.nullcontext(self._look)

    def _look(self, progress: Progress) -> None:
        rows = self.member.folder.read_training()
        start = float(self.member.experiment.excitatory.theta_start) * 1e3
        for number in range(self.seen, len(rows)):
            if have_risen(rows[: number + 1], start, self.pruning.risen):
                images = int(rows[number]["images"])
                self.trial.report(rows[number]["online_accuracy"], images)
                if self.trial.should_prune():
                    raise _Pruned(images)
        self.seen = len(rows)


def have_risen(rows: list[dict[str, float]], start_mV: float, share: float) -> bool:
    """Whether thresholds have risen: the last block added little to their rise.

    Parameters
    ----------
    rows : list of dict
        Of ``training.csv``, up to now.
    start_mV : float
        Where thresholds started.
    share : float
        Of the whole rise; less than this is little.
    """
    if len(rows) < 2:
        return False
    before, now = (row["mean_theta_mV"] for row in rows[-2:])
    return now > start_mV and now - before < share * (now - start_mV)


def _scored(member: Member, watch: _Watch) -> Score:
    workflow.train_run(member.experiment, member.folder, watch, with_figures=False)
    workflow.evaluate_run(member.folder, jobs=1, with_figures=False)
    score = score_of(member)
    assert score is not None
    return score


def _ask(search: Search) -> tuple[Study, Trial, Overrides]:
    """A new trial and its point; in one process after the other, the same points every time."""
    from optuna.samplers import TPESampler

    with FileLock(search.folder / ".ask.lock"):
        study = _open(search)
        number = len(study.get_trials(deepcopy=False))
        # Neighbouring numbers would begin alike.
        seed = np.random.SeedSequence([search.file.seed, number]).generate_state(1)[0]
        study.sampler = TPESampler(seed=int(seed))
        trial = study.ask()
        return study, trial, {key: c.propose(trial, key) for key, c in search.file.choices.items()}


def _checked_study(search: Search) -> Study:
    study = _open(search)
    stated = search.file.model_dump(mode="json", exclude={"trials"})
    known = study.user_attrs.get("search")
    if known is None:
        study.set_user_attr("search", stated)
    elif known != json.loads(json.dumps(stated)):
        key = next(key for key in stated if known.get(key) != stated[key])
        raise SearchError(
            f"{search.folder}: holds a search with other values ({key}); give this one another"
            " file name, or choose other --results"
        )
    return study


def _open(search: Search) -> Study:
    try:
        import optuna
    except ImportError:
        raise SearchError("a search needs Optuna: pip install optuna") from None
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    record = search.folder / "study.journal"
    try:
        return optuna.create_study(
            study_name=search.path.stem,
            storage=optuna.storages.JournalStorage(JournalFileBackend(str(record))),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=search.file.pruning.after),
            direction="maximize",
            load_if_exists=True,
        )
    except OSError:
        raise
    except Exception as error:  # a damaged record fails in many ways
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SearchError(
            f"{record}: is damaged or foreign ({reason}); move it away to search anew: runs that"
            " are done stay"
        ) from None


def _state(name: Literal["FAIL", "PRUNED"]) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]


def _is_settled(trial: FrozenTrial) -> bool:
    return trial.state.name in ("COMPLETE", "PRUNED") or "error" in trial.user_attrs


def _activity(member: Member, score: Score | None) -> dict[str, Any]:
    """What a network did: in the last block of its training and, if there is one, in its score."""
    rows = member.folder.read_training()
    last = rows[-1] if rows else {}
    return {
        "accuracy": _rounded(score and score.accuracy_mean, 5),
        "online_accuracy": _rounded(last.get("online_accuracy"), 4),
        "images": int(last.get("images", 0)),
        "spikes_per_image": _rounded(score and score.spikes_per_image, 2),
        "training_spikes": _rounded(last.get("spikes_per_presentation"), 2),
        "mean_theta_mV": _rounded(last.get("mean_theta_mV"), 2),
    }


def _row(search: Search, trial: FrozenTrial) -> dict[str, Any]:
    point, activity = trial.user_attrs["point"], trial.user_attrs.get("activity", {})
    return {
        **{key: point.get(key, "") for key in search.file.choices},
        "state": _state_in_words(trial),
        **{name: activity.get(name, "") for name in _ACTIVITY},
        "error": trial.user_attrs.get("error", ""),
    }


def _state_in_words(trial: FrozenTrial) -> str:
    if "error" in trial.user_attrs:
        return "failed"
    return {"COMPLETE": "scored", "PRUNED": "given up"}.get(trial.state.name, "not done")


def _rounded(value: Any, digits: int) -> float | str:
    return "" if value is None or math.isnan(value) else round(float(value), digits)


_ACTIVITY = (
    "accuracy", "online_accuracy", "images", "spikes_per_image", "training_spikes", "mean_theta_mV",
)  # fmt: skip
