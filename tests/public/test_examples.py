"""Every public call shows an example in its docstring, and the example does what it shows."""

import contextlib
import doctest
import importlib
import inspect
import subprocess
import sys

import pytest

import diehl_cook as dc

#: Methods of public classes that the package calls for itself.
OUR_OWN = {"Evaluation.summary", "Experiment.require_room"}


def public_calls():
    """Functions and methods that are for users, by name."""
    calls = {f"figures.{name}": getattr(dc.figures, name) for name in dc.figures.__all__}
    for name in dc.__all__:
        value = getattr(dc, name)
        if inspect.isclass(value):
            methods = {f"{name}.{key}": each for key, each in vars(value).items() if key[0] != "_"}
            calls |= {key: each for key, each in methods.items() if inspect.isfunction(each)}
        elif inspect.isfunction(value):
            calls[name] = value
    return {name: call for name, call in calls.items() if name not in OUR_OWN}


CALLS = public_calls()
MODULES = {"diehl_cook", "diehl_cook.estimator"} | {call.__module__ for call in CALLS.values()}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_public_call_shows_an_example(call):
    assert ">>> " in call.__doc__


@pytest.mark.parametrize("name", sorted(MODULES - {"diehl_cook.model.own_rules"}))
def test_examples(name, tmp_path, monkeypatch, capfd, blank_figures):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    drawn = name.startswith("diehl_cook.figures")
    with contextlib.nullcontext() if drawn else blank_figures():
        outcome = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert outcome.attempted > 0
    assert outcome.failed == 0, capfd.readouterr().out
    assert capfd.readouterr().err == ""  # nothing said: no notice of Brian2, no progress


def test_examples_of_own_rules():
    """In a process of their own, as a rule that was added stays."""
    lines = "import doctest; from diehl_cook.model import own_rules; doctest.testmod(own_rules)"
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
