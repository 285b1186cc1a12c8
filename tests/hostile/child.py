"""One command in a process of its own, forked from one that has imported everything already."""

import contextlib
import dataclasses
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psutil  # which Dask brings along

#: Bytes that a command may have; more would harm whatever else runs on the machine.
MEMORY = 4 * 2**30


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (minus the signal that killed it), and what it said.

    `worked_on` is how many seconds of a core it took after the first signal.
    """

    code: int
    out: str
    err: str
    hung: bool
    worked_on: float


def run(
    command: Callable[[Callable[[], object]], int],
    folder: Path,
    limit: float,
    prepare: Callable[[], object] = lambda: None,
    signals: tuple[tuple[float, int], ...] = (),
) -> Ended:
    """Run a command in a folder, disturb it, and wait for it.

    Parameters
    ----------
    command : callable
        What the process does; calls what it is given as it begins, and returns its exit code.
    folder : Path
        Its working folder; what it says is kept two folders up.
    limit : float
        Seconds of a core, after which it hangs; as many of waiting for nothing are a hang, too.
    prepare : callable
        Called in the process before the command.
    signals : tuple
        Seconds and numbers of signals to send it.
    """
    out, err = (folder.parents[1] / f"{folder.parent.name}.{name}" for name in ("out", "err"))
    out.touch()
    err.touch()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _become(command, folder, limit, prepare, out, err, writer)
    os.close(writer)
    os.read(reader, 1)  # until the command begins: before, a signal would meet the test alone
    os.close(reader)
    begun, before_signals = time.monotonic(), None
    for moment, number in signals:
        while time.monotonic() - begun < moment and not _has_ended(child):
            time.sleep(0.002)
        before_signals = before_signals or _seconds_of_a_core(child)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)
    hung = not _ends(child, limit)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # and whatever it has started
    _, status, used = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    said = (path.read_bytes().decode(errors="replace") for path in (out, err))
    seconds = used.ru_utime + used.ru_stime
    return Ended(
        code, *said, hung or code == -signal.SIGXCPU, seconds - (before_signals or seconds)
    )


def _ends(child, limit):
    """Wait for a process to end; whether it does, or does nothing for too long."""
    done, since = -1.0, time.monotonic()
    while not _has_ended(child):
        if (now := _seconds_of_a_core(child)) > done:
            done, since = now, time.monotonic()
        elif time.monotonic() - since > limit:
            return False
        time.sleep(0.005)
    return True


def _seconds_of_a_core(child):
    """What a process and those it started have used."""
    used = 0.0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(child)
        for each in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                used += sum(each.cpu_times()[:4])
    return used


def _has_ended(child):
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _become(command, folder, limit, prepare, out, err, ready):
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        for number, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.stdin = open(os.devnull)  # noqa: SIM115
        sys.stdout, sys.stderr = (os.fdopen(n, "w", buffering=1, closefd=False) for n in (1, 2))
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)  # though whoever started the tests ignores them
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = command(lambda: (os.close(ready), prepare()))
    except SystemExit as end:  # of argparse
        code = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 1)
