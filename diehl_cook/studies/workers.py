"""Independent tasks, several at a time: on the cores of this machine, or on a Dask cluster."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

Task = tuple[Any, ...]


class WorkersError(RuntimeError):
    """A cluster that cannot be used; the message names it and the way out."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """A task that failed, and why, in one line."""

    reason: str


#: Position of a task among the tasks, and what it returned or how it failed.
Outcome = tuple[int, Any]


def run_all(
    function: Callable[..., Any], tasks: Sequence[Task], jobs: int, scheduler: str | None = None
) -> Iterator[Outcome]:
    """Call a function once for each task; a call that fails stops no other.

    Parameters
    ----------
    function : callable
        Importable by the workers.
    tasks : sequence of tuple
        Arguments of each call.
    jobs : int
        Processes at a time on this machine.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers then decide how many run at a time.

    Yields
    ------
    tuple of int and object
        As tasks end: the position of the task, and what the call returned, or a `Failure`.

    Raises
    ------
    WorkersError
        If there is no such scheduler.
    """
    if not tasks:
        return iter(())
    if scheduler is not None:
        return _on_cluster(function, tasks, scheduler)
    return _on_cores(function, tasks, jobs)


def _attempt(function: Callable[..., Any], position: int, task: Task) -> Outcome:
    try:
        return position, function(*task)
    except MemoryError:
        return position, Failure("out of memory")
    except Exception as error:  # a failure of any kind is this task's alone
        return position, Failure(_one_line(error))


def _on_cores(function: Callable[..., Any], tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    left = dict(enumerate(tasks))
    try:
        for outcome in _in_processes(function, left, jobs):
            del left[outcome[0]]
            yield outcome
    except TerminatedWorkerError:
        # Nobody knows which task it was: alone, the guilty one harms no other.
        for position, task in left.items():
            try:
                yield from _in_processes(function, {position: task}, jobs)
            except TerminatedWorkerError:
                yield position, Failure("its process was killed; out of memory?")


def _in_processes(
    function: Callable[..., Any], tasks: dict[int, Task], jobs: int
) -> Iterator[Outcome]:
    # With one job joblib would stay in this process, which a task could take with it.
    calls = [delayed(_attempt)(function, *item) for item in tasks.items()]
    workers = Parallel(
        n_jobs=max(jobs, 2), pre_dispatch=jobs, batch_size=1, return_as="generator_unordered"
    )
    yield from workers(calls)


def _on_cluster(
    function: Callable[..., Any], tasks: Sequence[Task], scheduler: str
) -> Iterator[Outcome]:
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise WorkersError("--scheduler needs Dask: pip install 'diehl-cook[dask]'") from None
    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise WorkersError(
            f"--scheduler {scheduler}: no Dask scheduler answers there ({_one_line(error)})"
        ) from None
    with client:
        futures = {
            client.submit(_attempt, function, position, task, pure=False, retries=0): position
            for position, task in enumerate(tasks)
        }
        for future in as_completed(futures):
            lost = future.exception()
            yield future.result() if lost is None else (futures[future], _lost(lost))


def _lost(error: BaseException) -> Failure:
    return Failure(f"its worker was lost: {_one_line(error)}")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


_PATIENCE = "30s"
