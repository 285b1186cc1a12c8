"""What comes with the project: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from pathlib import Path

import platformdirs
from joblib import cpu_count

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parent


def require_regular(path: Path) -> Path:
    """A file that can be read to its end; what else there is might never end.

    Raises
    ------
    OSError
        If it is a pipe, a device, a folder, or missing.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "is a pipe or a device, not a file", str(path))
    return path


def is_checkout() -> bool:
    """Whether this package lies in a checkout of the project, installed from it or not."""
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "experiments").is_dir()


def experiments() -> Path:
    """Folder of the experiment files."""
    return _CHECKOUT / "experiments" if is_checkout() else _PACKAGE / "experiments"


def reference() -> Path:
    """Folder of the reference results: tables, and the published networks in ``networks``."""
    return _CHECKOUT / "results" / "reference" if is_checkout() else _PACKAGE / "reference"


def published_networks() -> dict[str, Path]:
    """Files of the networks that come with the project, by name."""
    return {path.stem: path for path in (reference() / "networks").glob("*.npz")}


def compiler() -> list[str]:
    """The command of the C++ compiler: what CXX says, which may be several words, or g++."""
    named = os.environ.get("CXX", "")
    try:
        return shlex.split(named) or ["g++"]
    except ValueError:  # a quote that does not end
        return [named]


def cores() -> int:
    """How many threads a simulation may have, as far as this process is told.

    As many as there are cores that the process may use. Several processes at a time, such as those
    of a sweep, are told to have fewer in OMP_NUM_THREADS, as programs with OpenMP are.
    """
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(cpu_count(), int(told)) if told.isdecimal() and int(told) else cpu_count()


def programs() -> Path:
    """Folder of compiled programs.

    The environment variable DIEHL_COOK_PROGRAMS names it; otherwise it is ``.programs`` of a
    checkout, or of an installed package the user's cache folder.
    """
    if named := os.environ.get("DIEHL_COOK_PROGRAMS"):
        return Path(named)
    if is_checkout():
        return _CHECKOUT / ".programs"
    return platformdirs.user_cache_path("diehl-cook") / "programs"
