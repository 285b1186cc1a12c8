"""Tasks in processes of this machine and on a Dask cluster."""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from dask_cluster import Cluster, until

from diehl_cook.studies import workers
from diehl_cook.studies.workers import ClusterError, Failure, WorkersError, run_all


def task():
    """A function of its own, which workers get by value."""

    def work(number):
        if number == 3:
            raise ValueError("three is\nodd")
        if number == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number

    return work


def slow(mark):
    """A task that says where it runs and then takes its time, but for the second time."""

    def work(folder):
        import os
        import time
        from pathlib import Path

        here = Path(folder) / mark
        if here.exists():
            return "went on"
        here.write_text(str(os.getppid()))
        time.sleep(600)

    return work


@pytest.fixture
def cluster(tmp_path):
    """Starts a scheduler and workers in a working folder of their own."""
    pytest.importorskip("distributed")
    (tmp_path / "elsewhere").mkdir()
    with Cluster(tmp_path / "elsewhere") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """Address of a scheduler with two workers."""
    pytest.importorskip("distributed")
    with Cluster(tmp_path_factory.mktemp("elsewhere")) as cluster:
        cluster.start_scheduler()
        cluster.start_worker()
        cluster.start_worker()
        yield cluster.address


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
        client.wait_for_workers(2)
        workers = set(client.run(os.getpid).values())
    outcomes = dict(run_all(lambda _: os.getpid(), [(n,) for n in range(8)], 1, scheduler))
    assert set(outcomes.values()) <= workers
    assert os.getpid() not in workers


WITHOUT_PACKAGE = "import sys; sys.modules['diehl_cook'] = None; from dask.cli import run_cli"


def without_package(command):
    """A command of Dask's where this package is not installed."""
    return command.replace("-m dask", f'-c "{WITHOUT_PACKAGE}; run_cli()"')


def test_a_scheduler_needs_no_package_and_a_worker_without_it_is_one_line(cluster):
    cluster.start(without_package(cluster.scheduler))
    lacking = cluster.start(without_package(cluster.worker) + " --no-nanny")
    with pytest.raises(WorkersError, match="a worker there cannot import this package"):
        list(run_all(task(), [(1,)], 1, cluster.address))
    cluster.kill(lacking)
    cluster.start_worker()
    assert list(run_all(task(), [(1,)], 1, cluster.address)) == [(0, 1)]


def test_without_workers_it_says_so_and_waits_a_while(cluster, monkeypatch):
    cluster.start_scheduler()
    monkeypatch.setattr(workers, "_SAYS_SO", 0)
    monkeypatch.setattr(workers, "_GIVES_UP", 1.5)
    said = []
    with pytest.raises(ClusterError, match="start some: dask worker"):
        list(run_all(task(), [(1,)], 1, cluster.address, said.append))
    worker = f"dask worker {cluster.address} --nthreads 1"
    assert said == [f"{cluster.address} has no workers; waits 0.025 minutes for one: {worker}"]
    cluster.start_worker()
    monkeypatch.setattr(workers, "_GIVES_UP", 300)
    assert list(run_all(task(), [(1,)], 1, cluster.address)) == [(0, 1)]


def test_a_lost_worker_is_one_worker_less(cluster, tmp_path):
    cluster.start_scheduler()
    nanny = cluster.start_worker()
    outcomes = run_all(slow("lost"), [(str(tmp_path),)], 1, cluster.address)
    began = tmp_path / "lost"
    outcome = concurrent(lambda: list(outcomes))
    until(lambda: began.exists() and began.read_text())
    cluster.start_worker()
    cluster.kill(nanny)
    assert outcome() == [(0, "went on")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_scheduler_that_stops_is_one_line_and_the_same_call_goes_on(
    cluster, tmp_path, capfd, number
):
    first, worker = cluster.start_scheduler(), cluster.start_worker()
    call = [slow("stopped"), [(str(tmp_path),)], 1, cluster.address]
    outcome = concurrent(lambda: list(run_all(*call)))
    until((tmp_path / "stopped").exists)
    first.send_signal(number)
    with pytest.raises(ClusterError, match="the scheduler stopped; start it and its workers"):
        outcome()
    assert capfd.readouterr().err == ""
    cluster.kill(worker)
    first.wait()
    cluster.start_scheduler()
    cluster.start_worker()
    assert list(run_all(*call)) == [(0, "went on")]


def concurrent(call):
    """Start a call in a thread; what comes back waits for its result."""
    return ThreadPoolExecutor(1).submit(call).result


@pytest.mark.parametrize(
    "address",
    ["nonsense://here", "tcp://127.0.0.1:9", "", "localhost", "tcp://127.0.0.1:abc", "tls://a:1"],
)
def test_no_scheduler_there(address, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "_CONNECTING", 1)
    with pytest.raises(WorkersError, match=f"--scheduler {address}: no Dask scheduler answers"):
        list(run_all(task(), [(1,)], 1, address))


def test_dask_that_is_not_installed_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(WorkersError, match=r"needs Dask: pip install distributed"):
        list(run_all(task(), [(1,)], 1, "tcp://127.0.0.1:9"))


def test_threads_of_one_worker_take_turns():
    inside, most = [], []

    def work(_):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: workers._attempt(work, n, (n,)), range(8)))
    assert most == [1] * 8
