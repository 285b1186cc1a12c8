"""Every example in a docstring of a public name does what it shows."""

import doctest
import importlib

import pytest

MODULES = [
    "",
    ".estimator",
    ".images.datasets",
    ".model.experiment",
    ".stages.network",
    ".stages.run",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(f"diehl_cook{name}")
    outcome = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert outcome.attempted > 0
    assert outcome.failed == 0, capfd.readouterr().out
    assert capfd.readouterr().err == ""  # nothing said: no notice of Brian2, no progress
