"""The package as others install it: a wheel in a folder of its own, far from any checkout."""

import importlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import matplotlib
import pytest

import diehl_cook
from diehl_cook.cli import main

ROOT = Path(__file__).resolve().parents[2]
#: Commands one after another in a process, which takes seconds to import what they need.
COMMANDS = """
import sys
from diehl_cook.cli import main
for command in sys.argv[1:]:
    assert main(command.split()) == 0
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([*pip, "wheel", *options, str(ROOT)], check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Runs commands of the installed package in an empty folder; gives their outcome."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)

    # matplotlib lists the fonts when it first looks for them, and says so where that takes long
    importlib.import_module("matplotlib.font_manager")
    fonts = matplotlib.get_cachedir()

    def run(*commands, cache):
        environment = {name: value for name, value in os.environ.items() if "DIEHL" not in name}
        environment |= {"PYTHONPATH": str(site), "XDG_CACHE_HOME": str(cache)}
        environment |= {"MPLCONFIGDIR": fonts}
        empty = tmp_path_factory.mktemp("empty")
        return subprocess.run(
            [sys.executable, "-c", COMMANDS, *commands], cwd=empty, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def test_experiments_and_references_come_along(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder, inside in [("experiments", "experiments"), ("results/reference", "reference")]:
        there = (path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*.yaml"))
        assert {f"diehl_cook/{inside}/{path}" for path in there} <= names
    assert "diehl_cook/reference/n100.csv" in names
    assert "diehl_cook/stages/templates/page.html" in names
    assert "diehl_cook/py.typed" in names
    assert "diehl_cook/reference/networks/triplet_n400.npz" in names
    assert {"diehl_cook/demo/page/index.html", "diehl_cook/demo/page/page.js"} <= names
    assert not any(name.startswith(("tests", "experiments", "results")) for name in names)


def test_installed_commands_find_what_they_need(installed, tmp_path):
    done = installed("show n100", "export triplet_n400 mine.npz", cache=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cells: 100" in done.stdout
    assert "The network lies in mine.npz." in done.stdout


@pytest.mark.slow
def test_an_installed_package_runs_an_experiment_and_all_that_compares(installed, tmp_path):
    tiny = "training.images=40 training.block=20 evaluation.labelling_images=40"
    tiny += " evaluation.test_images=20 evaluation.repeats=2"
    done = installed(
        "train n100 --run run",
        "evaluate run",
        "check run",
        f"reproduce --sizes 100 --rules triplet --seeds 1 --into ref --set {tiny}",
        "benchmark --sizes 100 --rounds 1 --into benchmark",
        cache=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "Test accuracy" in done.stdout
    assert "| triplet | 100 |" in done.stdout
    assert list((tmp_path / "diehl-cook" / "programs").glob("*/main"))


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"diehl_cook {diehl_cook.__version__}\n"


@pytest.mark.parametrize(
    ("named", "expected"), [(None, "cache/diehl-cook/programs"), ("mine", "mine")]
)
def test_the_folder_of_programs(monkeypatch, tmp_path, named, expected):
    from diehl_cook.model import resources

    monkeypatch.setattr(resources, "is_checkout", lambda: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DIEHL_COOK_PROGRAMS", raising=False)
    if named:
        monkeypatch.setenv("DIEHL_COOK_PROGRAMS", str(tmp_path / named))
    assert resources.programs() == tmp_path / expected
