"""What every test shares: no display, the same random examples every time, compiled networks."""

import contextlib
import gc
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diehl_cook.images import datasets

os.environ["MPLBACKEND"] = "Agg"

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = ROOT / "experiments"


#: Files that take long and would come last: one process would be left alone with them.
EARLY = ("test_brian2_suite.py", "test_workers.py")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in EARLY)


@dataclass(frozen=True)
class Digits:
    """Training images of MNIST as rows, and their classes."""

    images: NDArray[np.uint8]
    classes: NDArray[np.uint8]


@pytest.fixture(scope="session")
def digits():
    split = datasets.load_split("train")
    return Digits(split.images.reshape(len(split.images), -1), split.labels)


@pytest.fixture(scope="session")
def experiments():
    """The folder of experiment files."""
    return EXPERIMENTS


@pytest.fixture(scope="session")
def experiment_with():
    """Makes the smoke test's experiment with other values, written as on the command line."""
    from diehl_cook.model.experiment_file import load_experiment

    return lambda *overrides: load_experiment(EXPERIMENTS / "smoke.yaml", overrides)


@pytest.fixture(scope="session")
def programs():
    """The folder of compiled programs that all tests and the command line share."""
    folder = Path(os.environ.get("DIEHL_COOK_PROGRAMS", ROOT / ".programs"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def presenter_of(programs):
    """Makes the network of an experiment, once."""
    from diehl_cook.engine.presenter import Presenter

    made = {}

    def make(experiment, learning):
        key = experiment.model_dump_json(), learning
        if key not in made:
            made[key] = Presenter(experiment, learning, 784, programs)
        return made[key]

    return make


@pytest.fixture(scope="session")
def learner(experiment_with, presenter_of):
    """A network of 100 cells that learns."""
    return presenter_of(experiment_with(), learning=True)


@pytest.fixture(scope="session")
def reader(experiment_with, presenter_of):
    """A network of 100 cells that does not learn."""
    return presenter_of(experiment_with(), learning=False)


@pytest.fixture(scope="module")
def browser():
    """A real Chromium; of one module only, as Playwright's event loop would be in others' way."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium here; as root: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def blank_figures():
    """Makes a context in which figures are saved as ever, but blank, which takes a third as long.

    For tests that look at no figure.
    """

    @contextlib.contextmanager
    def nothing_is_drawn():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Figure, "draw", lambda *arguments: None)
            yield

    return nothing_is_drawn


@pytest.fixture
def spy(monkeypatch):
    """Makes lists that fill with ``(arguments, result)`` of each call of a method."""

    def watch(owner, name):
        original, calls = getattr(owner, name), []

        def call(*arguments, **keywords):
            result = original(*arguments, **keywords)
            calls.append((arguments, result))
            return result

        monkeypatch.setattr(owner, name, call)
        return calls

    return watch


@pytest.fixture
def start():
    """Makes the state of a network before it saw an image."""
    return lambda presenter: presenter.start()


def pytest_collection_finish():
    """Spare the garbage collector, which Brian2 starts for each network, all that was imported."""
    gc.freeze()
