"""A learning rule of one's own, added from Python: its schema, and mistakes in it."""

import subprocess
import sys

RULE = """
from typing import ClassVar
from brian2 import ms
import diehl_cook as dc
from diehl_cook.model.units import NotNegative, Time

class Pair(dc.Rule):
    eta: NotNegative = 1e-4
    tau_presynaptic: Time = 20 * ms
    on_input_spike: ClassVar[str] = "x += 1"
    excitatory_traces: ClassVar[str] = ""
    on_excitatory_spike: ClassVar[str] = ""
    on_pre: ClassVar[str] = ""
    on_post: ClassVar[str] = "w = clip(w + eta * x_pre, 0, w_max)"

before = dc.load_experiment("n100")
dc.add_rule("pair", Pair)

def complaint(call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except ValueError as error:
        return str(error)
"""


def python(*lines, folder=None):
    """What a process of its own prints: rules stay added."""
    command = [sys.executable, "-c", "\n".join([RULE, *lines])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return done.stdout.splitlines()


def test_an_experiment_can_choose_it_and_set_its_parameters():
    assert python(
        "experiment = dc.load_experiment('n100', rule='pair', plasticity__pair__eta=0.5)",
        "print(experiment.learning_rule.eta)",
        "print(dc.load_experiment('n100').rule)",
        "print(complaint(dc.load_experiment, 'n100', plasticity__pair__etta=1))",
        "print(complaint(dc.load_experiment, 'n100', rule='pear'))",
        "print(complaint(dc.add_rule, 'pair', Pair))",
    ) == [
        "0.5",
        "triplet",
        "plasticity__pair__etta=1: plasticity.pair.etta: unknown key; did you mean 'eta'?",
        "rule='pear': rule: should be one of 'triplet', 'power_law', 'exponential',"
        " 'pre_and_post', 'pair', not 'pear'",
        "there is a rule 'pair' already; choose another name",
    ]


def test_a_rule_may_be_added_after_a_network_was_read(tmp_path):
    assert python(
        "from pathlib import Path",
        "from diehl_cook.stages.run import published_networks",
        "from diehl_cook.store import network_file",
        "kept = network_file.load(published_networks()['triplet_n400'])",
        "class Other(Pair): pass",
        "dc.add_rule('other', Other)",
        "for rule in ('pair', 'other'):",
        "    experiment = dc.load_experiment('n400', rule=rule)",
        "    path = Path('network.npz')",
        "    network_file.save(path, network_file.NetworkFile(experiment, kept.network))",
        "    print(network_file.load(path).experiment == experiment)",
        folder=tmp_path,
    ) == ["True", "True"]


def test_a_rule_may_be_added_after_checkpoints_were_read():
    assert python(
        "import numpy as np",
        "from pydantic import ValidationError",
        "from diehl_cook.store.schemas import Checkpoint",
        "def refused(rule):",
        "    stated = dc.load_experiment('n100', rule=rule).model_dump_json()",
        "    try:",
        "        Checkpoint.model_validate({'experiment': np.array(stated)})",
        "    except ValidationError as error:",
        "        return sum('experiment' in problem['loc'] for problem in error.errors())",
        "refused('triplet')",
        "class Other(Pair): pass",
        "dc.add_rule('other', Other)",
        "print(refused('pair'), refused('other'))",
    ) == ["0 0"]
