"""Independent tasks, several at a time: on the cores of this machine, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

if TYPE_CHECKING:
    from distributed import Client, Future

Task = tuple[Any, ...]


class WorkersError(RuntimeError):
    """A cluster that cannot be used; the message names it and the way out."""


class ClusterError(RuntimeError):
    """A cluster that was there and is no more; the message names it and the way out."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """A task that failed, and why, in one line."""

    reason: str


#: Position of a task among the tasks, and what it returned or how it failed.
Outcome = tuple[int, Any]


def run_all(
    function: Callable[..., Any],
    tasks: Sequence[Task],
    jobs: int,
    scheduler: str | None = None,
    say: Callable[[str], object] = lambda sentence: None,
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
    say : callable
        Told when the scheduler has no workers, for which the call waits.

    Yields
    ------
    tuple of int and object
        As tasks end: the position of the task, and what the call returned, or a `Failure`.

    Raises
    ------
    WorkersError
        If there is no such scheduler, or its workers lack the package.
    ClusterError
        If the scheduler stops, or no worker comes.
    """
    if not tasks:
        return iter(())
    if scheduler is not None:
        return _on_cluster(function, tasks, scheduler, say)
    return _on_cores(function, tasks, jobs)


def _attempt(function: Callable[..., Any], position: int, task: Task) -> Outcome:
    try:
        with _one_at_a_time:
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
    # With one job joblib would stay in this process, which a task could take with it; of more
    # than there are tasks it would start all.
    jobs = min(jobs, len(tasks))
    calls = [delayed(_attempt)(function, *item) for item in tasks.items()]
    workers = Parallel(
        n_jobs=max(jobs, 2), pre_dispatch=jobs, batch_size=1, return_as="generator_unordered"
    )
    yield from workers(calls)


def _on_cluster(
    function: Callable[..., Any],
    tasks: Sequence[Task],
    scheduler: str,
    say: Callable[[str], object],
) -> Iterator[Outcome]:
    with _client(scheduler) as client:
        waiting = {}
        for position, task in enumerate(tasks):
            call = _sealed(functools.partial(_attempt, function, position, task))
            waiting[client.submit(call, pure=False, retries=0)] = position
        patience = _Patience(client, scheduler, say)
        while waiting:
            ended = [future for future in waiting if future.done()]
            for future in ended:
                yield _outcome(future, waiting.pop(future), scheduler)
            if not ended:
                patience.wait()


def _client(scheduler: str) -> Client:
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ImportError:
        raise WorkersError("--scheduler needs Dask: pip install distributed") from None
    _quieten_dask()
    try:
        get_address_host_port(scheduler)  # without a port, a client would wait for ever
        return Client(scheduler, timeout=_CONNECTING)
    except Exception as error:  # each protocol has its own
        raise WorkersError(
            f"--scheduler {scheduler}: no Dask scheduler answers there ({_one_line(error)});"
            " start one: dask scheduler"
        ) from None


def _quieten_dask() -> None:
    """What it logs of lost connections, this module tells in one line."""
    for name, logger in logging.root.manager.loggerDict.items():
        if name.partition(".")[0] == "distributed" and isinstance(logger, logging.Logger):
            logger.setLevel(logging.CRITICAL)


def _sealed(call: Callable[[], Outcome]) -> Callable[[], Outcome]:
    """Pack a call so that a worker alone opens it: a scheduler need not have this package."""
    from cloudpickle import dumps  # which Dask brings along

    packed = dumps(call)

    def open_and_call() -> Outcome:
        # A function within a function travels by its code, and names no module of this package.
        import asyncio
        import pickle

        from distributed import get_worker

        async def opened() -> Callable[[], Outcome]:
            return pickle.loads(packed)

        # In the main thread: Brian2 sets a signal handler as it is imported.
        loop: Any = get_worker().loop
        return asyncio.run_coroutine_threadsafe(opened(), loop.asyncio_loop).result()()

    return open_and_call


class _Patience:
    """Waits for tasks to end as long as there are workers, and a while for the first to come."""

    def __init__(self, client: Client, scheduler: str, say: Callable[[str], object]) -> None:
        self.client, self.scheduler, self.say = client, scheduler, say
        self.alone_since: float | None = None
        self.said = False

    def wait(self) -> None:
        time.sleep(_PAUSE)
        with _scheduler_runs(self.scheduler):
            if self.client.status != "running":
                raise OSError  # to ask would be to wait until it connects again
            workers = self.client.ncores()
        if workers:
            self.alone_since, self.said = None, False
            return
        now = time.monotonic()
        self.alone_since = self.alone_since or now
        alone = now - self.alone_since
        if alone > _GIVES_UP:
            raise ClusterError(
                f"--scheduler {self.scheduler}: it had no worker for {_GIVES_UP / 60:g} minutes;"
                f" start some: dask worker {self.scheduler} --nthreads 1; then the same command"
                " goes on"
            )
        if alone > _SAYS_SO and not self.said:
            self.said = True
            self.say(
                f"{self.scheduler} has no workers; waits {_GIVES_UP / 60:g} minutes for one:"
                f" dask worker {self.scheduler} --nthreads 1"
            )


def _outcome(future: Future[Outcome], position: int, scheduler: str) -> Outcome:
    with _scheduler_runs(scheduler):
        error = future.exception()  # raised if the future was cancelled
        if error is None:
            return future.result()
    if isinstance(error, ImportError):
        raise WorkersError(
            f"--scheduler {scheduler}: a worker there cannot import this package"
            f" ({_one_line(error)}); install it for the workers, too, and the same command goes on"
        )
    return position, Failure(f"its worker was lost, and others after it: {_one_line(error)}")


@contextlib.contextmanager
def _scheduler_runs(scheduler: str) -> Iterator[None]:
    """Take whatever a connection may raise for the one thing that it means."""
    try:
        yield
    except Exception:
        raise ClusterError(
            f"--scheduler {scheduler}: the scheduler stopped; start it and its workers again, and"
            " the same command goes on"
        ) from None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


# Brian2 keeps its state per process, so that threads of a worker take turns.
_one_at_a_time = threading.Lock()

# Seconds: to connect, between looks, and without workers until that is said and until it ends.
_CONNECTING, _PAUSE, _SAYS_SO, _GIVES_UP = 30, 0.5, 5, 600
