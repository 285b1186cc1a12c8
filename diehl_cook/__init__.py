"""Diehl & Cook (2015), unsupervised learning of digits with STDP, reproduced in Brian2.

>>> import diehl_cook as dc
>>> network = dc.load("triplet_n400")              # a published network, a run folder, a file
>>> test = dc.load_images("test")
>>> network.predict(test.images[:3]).tolist()
[7, 2, 1]

To train one: ``run = dc.train(dc.load_experiment("n100"), "results/try")``, then
``run.evaluate()``. The command line is ``diehl-cook --help``. Importing the package
alone is cheap: Brian2 is loaded by the first name that needs it.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diehl_cook import figures
    from diehl_cook.engine.recorder import Record
    from diehl_cook.estimator import DiehlCookClassifier
    from diehl_cook.images.datasets import Split
    from diehl_cook.images.datasets import load_split as load_images
    from diehl_cook.model.experiment import Experiment
    from diehl_cook.model.experiment_file import load_experiment
    from diehl_cook.model.own_rules import add_rule
    from diehl_cook.model.plasticity import Rule
    from diehl_cook.stages.evaluation import Evaluation
    from diehl_cook.stages.network import Network
    from diehl_cook.stages.run import Run, load, train

__version__ = "0.1.0"

#: Where each public name lives; it is imported when it is first used.
_HOMES = {
    "DiehlCookClassifier": "estimator",
    "Evaluation": "stages.evaluation",
    "Experiment": "model.experiment",
    "Network": "stages.network",
    "Record": "engine.recorder",
    "Rule": "model.plasticity",
    "Run": "stages.run",
    "Split": "images.datasets",
    "add_rule": "model.own_rules",
    "load": "stages.run",
    "load_experiment": "model.experiment_file",
    "load_images": "images.datasets",
    "train": "stages.run",
}
_OTHER_NAMES = {"load_images": "load_split"}

__all__ = [
    "DiehlCookClassifier",
    "Evaluation",
    "Experiment",
    "Network",
    "Record",
    "Rule",
    "Run",
    "Split",
    "add_rule",
    "figures",
    "load",
    "load_experiment",
    "load_images",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "figures":
        return _module("figures")
    if name not in _HOMES:
        raise AttributeError(f"diehl_cook has no {name!r}; it has {', '.join(__all__)}")
    return getattr(_module(_HOMES[name]), _OTHER_NAMES.get(name, name))


def _module(name: str) -> ModuleType:
    """A module of the package; how errors and warnings are shown is left to the user."""
    hook, show, first = sys.excepthook, warnings.showwarning, "brian2" not in sys.modules
    module = importlib.import_module(f"diehl_cook.{name}")
    if first:
        sys.excepthook = hook
        if warnings.showwarning is not show:  # Brian2 shows warnings as its own
            logging.captureWarnings(False)
    return module


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
