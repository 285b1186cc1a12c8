"""A Dask cluster as a user starts one: a scheduler and workers, each a process of its own."""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "clusters.md"


def commands_of_page():
    """What the page says to type, in its order: scheduler, workers, sweep."""
    block = re.search(r"```\n(.*?)```", PAGE.read_text(), re.DOTALL).group(1)
    return [line.partition("#")[0].strip() for line in block.splitlines()]


def here(command, port):
    """A command of the page on this machine: this Python, a free port."""
    command = command.replace("8786", str(port))
    python = shlex.quote(sys.executable)
    return shlex.split(re.sub(r"\S*\.venv/bin/python", lambda _: python, command))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Cluster:
    """A scheduler and workers as the page says, in a working folder of their own."""

    def __init__(self, folder):
        self.folder, self.port, self.processes = folder, free_port(), []
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler, self.worker, *_ = (
            line for line in dict.fromkeys(commands_of_page()) if " dask " in line
        )

    def start(self, command):
        # Each leads a group of its own, so that its nanny's children end with it.
        process = subprocess.Popen(
            here(command, self.port),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def start_scheduler(self):
        return self.start(self.scheduler)

    def start_worker(self):
        return self.start(self.worker)

    def kill(self, process):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            self.kill(process)


def until(condition, seconds=120):
    """Wait for something to become true."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.05)
