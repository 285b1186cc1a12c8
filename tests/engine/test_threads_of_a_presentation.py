"""How many threads show the images changes nothing but the time that it takes."""

import subprocess

import numpy as np
import pytest

from diehl_cook.dense.fast_device import TEMPLATES
from diehl_cook.dense.team import VARIABLE
from diehl_cook.engine.presenter import LEARNING, TESTING, Presenter, threads_of
from diehl_cook.model import resources
from diehl_cook.model.units import MOST_THREADS

SEVERAL = [1, 2, 3]


@pytest.fixture
def _small_networks_have_threads(monkeypatch):
    monkeypatch.setattr("diehl_cook.dense.threads.FEWEST_CELLS", 1)


@pytest.mark.usefixtures("_small_networks_have_threads")
@pytest.mark.parametrize("learning", [True, False])
def test_same_bits_on_real_digits(experiment_with, digits, start, tmp_path, learning):
    shown = []
    for threads in SEVERAL:
        experiment = experiment_with("cells=400", f"threads={threads}")
        presenter = Presenter(experiment, learning, 784, tmp_path / "programs")
        stage = LEARNING if learning else TESTING
        shown.append(presenter.show(start(presenter), digits.images[:25], 0, stage, tmp_path))
    first, *others = shown
    assert first.spikes > 50
    for other in others:
        assert (other.responses != first.responses).nnz == 0
        for name, values in first.state.items():
            np.testing.assert_array_equal(other.state[name], values, err_msg=name)
    (program,) = [path for path in (tmp_path / "programs").iterdir() if path.is_dir()]
    assert (program / "team.h").exists()


@pytest.mark.parametrize(
    ("override", "told"), [("threads=1", "1"), ("threads=3", "3"), ("threads=auto", "1")]
)
def test_the_program_is_told(
    learner, experiment_with, digits, start, tmp_path, monkeypatch, override, told
):
    environments = []

    class Watched(subprocess.Popen):
        def __init__(self, *arguments, env, **keywords):
            environments.append(env)
            super().__init__(*arguments, env=env, **keywords)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    presenter = learner.with_numbers_of(experiment_with(override))
    presenter.show(start(presenter), digits.images[:1], 0, LEARNING, tmp_path)
    assert [environment[VARIABLE] for environment in environments] == [told]


@pytest.mark.parametrize(
    ("cells", "stated", "cores", "told", "expected"),
    [
        (6400, "auto", 2, None, 2),
        (6400, "auto", 8, None, 2),
        (6400, "auto", 1, None, 1),
        (1600, "auto", 8, None, 1),
        (46_340, "auto", 8, None, 8),
        (46_340, "auto", 8, "3", 3),
        (6400, "auto", 2, "1", 1),  # one of several processes
        (6400, "auto", 2, "0", 2),
        (6400, "auto", 2, "many", 2),
        (100, "5", 2, "1", 5),  # as stated
    ],
)
def test_how_many_threads(experiment_with, monkeypatch, cells, stated, cores, told, expected):
    monkeypatch.setattr(resources, "cpu_count", lambda: cores)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert threads_of(experiment_with(f"cells={cells}", f"threads={stated}")) == expected


def test_programs_take_as_many_as_may_be_stated():
    text = (TEMPLATES / "parts.h").read_text()
    assert f"_most_threads = {MOST_THREADS};" in text
