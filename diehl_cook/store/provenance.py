"""What a run was made with: versions, commit, machine."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from diehl_cook.model import resources

PACKAGES = ("brian2", "numpy", "scipy", "scikit-learn", "joblib", "pydantic", "matplotlib")


def describe() -> dict[str, Any]:
    """Describe software and machine, for a manifest."""
    return {
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "compiler": _first_line(*resources.compiler(), "--version"),
        "commit": commit(),
        "machine": {
            "name": platform.node(),
            "system": platform.platform(),
            "processor": _processor(),
            "cores": os.cpu_count(),
        },
    }


def commit() -> str | None:
    """The commit of this code, with a mark if files were changed since; None outside git."""
    here = Path(__file__).parent
    name = _first_line("git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=40")
    return name or None


def now() -> str:
    """Tell the time in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _first_line(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError:
        return ""
    return next(iter(done.stdout.splitlines()), "") if done.returncode == 0 else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
