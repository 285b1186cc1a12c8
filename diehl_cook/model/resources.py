"""What comes with the project: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parent


def is_checkout() -> bool:
    """Whether this package lies in a checkout of the project, installed from it or not."""
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "experiments").is_dir()


def experiments() -> Path:
    """Folder of the experiment files."""
    return _CHECKOUT / "experiments" if is_checkout() else _PACKAGE / "experiments"


def reference() -> Path:
    """Folder of the reference results: tables, and the published networks in ``networks``."""
    return _CHECKOUT / "results" / "reference" if is_checkout() else _PACKAGE / "reference"


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
