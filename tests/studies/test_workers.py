"""Tasks in processes of this machine and on a Dask cluster."""

import os
import signal

import pytest

from diehl_cook.studies.workers import Failure, WorkersError, run_all


def task():
    """A function of its own, which workers get by value."""

    def work(number):
        if number == 3:
            raise ValueError("three is\nodd")
        if number == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number

    return work


@pytest.fixture(scope="module")
def scheduler():
    """Address of a Dask scheduler with two workers, each a process."""
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster:
        yield cluster.scheduler_address


@pytest.mark.parametrize("jobs", [1, 2])
def test_failure_stops_no_other(jobs):
    outcomes = dict(run_all(task(), [(n,) for n in (1, 2, 3, 5)], jobs))
    assert outcomes == {0: 1, 1: 4, 2: Failure("three is odd"), 3: 25}


@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_process_stops_no_other(jobs):
    outcomes = dict(run_all(task(), [(n,) for n in (4, 1, 2, 5)], jobs))
    assert "killed" in outcomes.pop(0).reason
    assert outcomes == {1: 1, 2: 4, 3: 25}


def test_nothing_to_do():
    assert list(run_all(task(), [], 2)) == []


def test_cluster(scheduler):
    outcomes = dict(run_all(task(), [(n,) for n in (1, 2, 3, 5)], 1, scheduler))
    assert outcomes == {0: 1, 1: 4, 2: Failure("three is odd"), 3: 25}


def test_work_is_done_by_the_workers_of_the_cluster(scheduler):
    from distributed import Client

    with Client(scheduler) as client:
        workers = set(client.run(os.getpid).values())
    outcomes = dict(run_all(lambda _: os.getpid(), [(n,) for n in range(8)], 1, scheduler))
    assert set(outcomes.values()) <= workers
    assert os.getpid() not in workers


@pytest.mark.parametrize("address", ["nonsense://here", "tcp://127.0.0.1:9"])
def test_no_scheduler_there(address, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("diehl_cook.studies.workers._PATIENCE", "1s")
    with pytest.raises(WorkersError, match=address):
        list(run_all(task(), [(1,)], 1, address))
