"""A learning rule of one's own, added from Python: its schema, and mistakes in it."""

import re
import subprocess
import sys
from typing import ClassVar

import pytest

import diehl_cook as dc
from diehl_cook import load_experiment
from diehl_cook.model.own_rules import add_rule
from diehl_cook.model.plasticity import RULES, PowerLaw
from diehl_cook.model.units import NotNegative  # noqa: F401
from diehl_cook.store.reading import FileError

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
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_an_experiment_can_choose_it_and_set_its_parameters():
    assert python(
        "experiment = dc.load_experiment('n100', rule='pair', plasticity__pair__eta=0.5)",
        "print(experiment.learning_rule.eta)",
        "print(dc.load_experiment('n100').rule)",
        "print(complaint(dc.load_experiment, 'n100', plasticity__pair__etta=1))",
        "print(complaint(dc.load_experiment, 'n100', rule='pear'))",
        "print(complaint(dc.add_rule, 'triplet', Pair))",
    ) == [
        "0.5",
        "triplet",
        "plasticity.pair.etta=1: plasticity.pair.etta: unknown key; did you mean 'eta'?",
        "rule='pear': rule: should be one of 'triplet', 'power_law', 'exponential',"
        " 'pre_and_post', 'pair', not 'pear'; from Python, diehl_cook.add_rule adds a rule of your"
        " own",
        "there is a rule 'triplet' already; choose another name",
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


def test_a_rule_added_again_takes_the_place_of_the_one_before():
    assert python(
        "class Pair(Pair):",
        "    eta: NotNegative = 0.25",
        "    on_post: ClassVar[str] = 'w = clip(w + 2 * eta * x_pre, 0, w_max)'",
        "dc.add_rule('pair', Pair)",
        "rule = dc.load_experiment('n100', rule='pair').learning_rule",
        "print(rule.eta, rule.on_post)",
    ) == ["0.25 w = clip(w + 2 * eta * x_pre, 0, w_max)"]


def test_networks_learn_by_the_rule_of_today():
    assert python(
        "from diehl_cook.engine.presenter import structure_of",
        "def structure():",
        "    return structure_of(dc.load_experiment('n100', rule='pair'))",
        "before = structure()",
        "print(structure() == before)",
        "class Still(Pair):",
        "    on_post: ClassVar[str] = ''",
        "dc.add_rule('pair', Still)",
        "print(structure() == before)",
    ) == ["True", "False"]


@pytest.mark.parametrize(
    ("stated", "complaint"),
    [
        (
            "on_post: ClassVar[str] = 'w = clip(w + etta * x_pre, 0, w_max)'",
            "on_post: there is no 'etta'; did you mean 'eta'?",
        ),
        (
            "on_pre: ClassVar[str] = 'w -= eta * x_post'",
            "on_pre: there is no 'x_post'; did you mean ",
        ),
        ("on_pre: ClassVar[str] = 'ge_post += w'", "on_pre: changes 'ge_post', which is none of w"),
        ("on_pre: ClassVar[str] = 'w = clip(w, 0)'", "on_pre: Function 'clip' was called with 2 "),
        (
            "on_post: ClassVar[str] = 'w += eta * tau_presynaptic'",
            "on_post: Expression 'w + eta * tau_presynaptic' uses inconsistent units",
        ),
        (
            "on_input_spike: ClassVar[str] = 'x += tau_presynaptic'",
            "on_input_spike: Expression 'x + tau_presynaptic' uses inconsistent units",
        ),
        (
            "excitatory_traces: ClassVar[str] = 'dx/dt = -x : 1'",
            "excitatory_traces: '-x' has the unit 1 where s^-1 belongs",
        ),
        ("on_pre: ClassVar[str] = 'w += eta; w += etta'", "on_pre: there is no 'etta'"),
        ("on_pre: ClassVar[str] = 'w - eta'", "on_pre: Parsing the statement failed: "),
        ("on_input_spike: ClassVar[str] = 'x += jump'", "on_input_spike: there is no 'jump'; "),
        (
            "on_excitatory_spike: ClassVar[str] = 'y += 1'",
            "on_excitatory_spike: there is no 'y'; ",
        ),
        (
            "excitatory_traces: ClassVar[str] = 'dx/dt = -x / tau_presynaptik : 1'",
            "excitatory_traces: there is no 'tau_presynaptik'; did you mean 'tau_presynaptic'?",
        ),
        ("excitatory_traces: ClassVar[str] = 'v : 1'", "excitatory_traces: "),
        ("on_pre: ClassVar[None] = None", "on_pre is missing; state it, "),
        ("jump: NotNegative", "jump has no value; give it one in the class"),
        ("jump: NotNegative = -1", "jump: "),
        ("on_post: ClassVar[str] = 'W = clip(w + eta, 0, w_max)'", "on_post: sets 'W', which is "),
        ("on_post: ClassVar[str] = 'w_max = 3'", "on_post: sets 'w_max', which is none of w"),
        (
            "theta_plus: NotNegative = 1",
            "theta_plus: a cell has something of that name; choose",
        ),
        ("v: NotNegative = 1", "v: a cell has something of that name; choose another"),
        ("w_max: NotNegative = 1", "on_pre, on_post: Duplicate definition of variable 'w_max'"),
        ("x: NotNegative = 1", "on_input_spike: Duplicate definition of variable 'x'"),
        ("spikes: int = 1", "spikes is no number with a fraction; make it Positive, Time or Volt"),
        ("default: NotNegative = 1", "default: means something in C++; choose another name"),
        ("probability: NotNegative = 1", "probability: a cell has something of that name"),
        ("seed: NotNegative = 1", "seed: a cell has something of that name; choose another"),
        (
            "on_post: ClassVar[str] = 'w = clip(w + eta * rand(), 0, w_max)'",
            "on_post: 'rand' would draw other numbers in each run; a rule has no random ones",
        ),
        (
            "on_pre: ClassVar[str] = 'w = clip(w - eta * exp(-t / tau_presynaptic), 0, w_max)'",
            "on_pre: 't' begins anew with every chunk of images; state what changes ",
        ),
        (
            "on_pre: ClassVar[str] = 'w = clip(w - eta * last_spike_step_post, 0, w_max)'",
            "on_pre: 'last_spike_step_post' begins anew with every chunk of images",
        ),
        ("on_post: ClassVar[str] = 'w += x_pre ^ 2'", "on_post: write ** for a power, and not ^"),
        ("a_pre: NotNegative = 1", "a_pre: such names belong to Brian2; write a_presynaptic"),
    ],
)
def test_a_mistake_in_a_rule_is_told_when_it_is_added(stated, complaint):
    names = {**globals()}
    exec(f"class Wrong(PowerLaw):\n    {stated}", names)  # as somebody types it
    with pytest.raises(ValueError, match=f"^Wrong: {re.escape(complaint)}.*$"):
        add_rule("wrong", names["Wrong"])
    assert "wrong" not in RULES


def test_an_equation_that_is_none_is_told_in_the_words_of_brian2():
    class Wrong(PowerLaw):
        excitatory_traces: ClassVar[str] = "dx/dt = -x"

    # Brian2 2.11 puts a few words of its own before these
    with pytest.raises(ValueError, match=r"^Wrong: excitatory_traces: .*Parsing failed.*$"):
        add_rule("wrong", Wrong)
    assert "wrong" not in RULES


@pytest.mark.parametrize(
    ("name", "rule", "complaint"),
    [
        (None, PowerLaw, "None cannot be a rule's name"),
        ("a.b", PowerLaw, "'a.b' cannot be a rule's name"),
        ("__class__", PowerLaw, "'__class__' cannot be a rule's name"),
        ("my__rule", PowerLaw, "'my__rule' cannot be a rule's name; take letters, digits and s"),
        ("mine", PowerLaw(), "mine: .* is no class of learning rules; derive it from Rule"),
        ("mine", int, "mine: .* is no class of learning rules"),
        ("mine", 5, "mine: 5 is no class of learning rules"),
    ],
)
def test_what_is_no_rule_is_refused(name, rule, complaint):
    known = {**RULES}
    with pytest.raises(ValueError, match=f"^{complaint}"):
        add_rule(name, rule)
    assert known == RULES


def test_a_rule_may_use_indices_names_of_its_own_and_what_a_cell_has():
    assert python(
        "class Odd(Pair):",
        "    excitatory_traces: ClassVar[str] = 'dx/dt = -x / tau_presynaptic : 1'",
        "    on_excitatory_spike: ClassVar[str] = 'x += eta * int(theta > theta_offset)'",
        "    on_post: ClassVar[str] = '\\n'.join([",
        "        'dw = eta * (x_pre - x_post) * exp(-w / w_max)  # a comment', '',",
        "        'w = clip(w + dw * (i % 2), 0, w_max)',",
        "    ])",
        "dc.add_rule('odd', Odd)",
        "print(dc.load_experiment('n100', rule='odd').rule)",
    ) == ["odd"]


def test_a_trace_that_needs_another_integrator_is_told_and_nothing_else(tmp_path):
    (told,) = python(
        "class Odd(Pair):",
        "    excitatory_traces: ClassVar[str] = 'dy/dt = -y*y/tau_presynaptic : 1'",
        "dc.add_rule('odd', Odd)",
        "odd = dc.load_experiment('smoke', rule='odd')",
        "print(complaint(dc.train, odd, 'run', progress=False))",
        "import gc; gc.collect()  # Brian2 warns where it clears away what was not used",
        folder=tmp_path,
    )
    assert told.startswith("rule: odd: The expression '-y**2/tau_presynaptic', defining the")
    assert told.endswith(
        "could not be separated into linear components. State 'integration: euler'"
    )


def test_what_a_process_with_rules_of_its_own_writes_can_be_read_elsewhere(tmp_path):
    python(
        "from diehl_cook.model.experiment_file import dump_experiment, load_experiment",
        "open('mine.yaml', 'w').write(dump_experiment(dc.load_experiment('n100', rule='pair')))",
        "open('other.yaml', 'w').write(dump_experiment(dc.load_experiment('n100')))",
        "from diehl_cook.stages.network import Network",
        "pair = dc.load_experiment('n400', rule='pair')",
        "Network(pair, dc.load('triplet_n400').trained).save('mine.npz')",
        folder=tmp_path,
    )
    assert load_experiment(tmp_path / "other.yaml") == load_experiment("n100")
    with pytest.raises(ValueError, match=r"mine\.yaml: .*pair"):
        load_experiment(tmp_path / "mine.yaml")
    unknown = (
        r"mine\.npz: is of the learning rule 'pair', which is not known here; .*add_rule makes"
    )
    with pytest.raises(FileError, match=unknown):
        dc.load(tmp_path / "mine.npz")


def test_a_folder_is_not_gone_on_with_by_other_equations_of_the_same_name(tmp_path):
    lines = python(
        "from pathlib import Path",
        "from diehl_cook.store.run_folder import RunFolder, RunFolderError",
        "class Other(Pair):",
        "    on_post: ClassVar[str] = 'w = clip(w + eta, 0, w_max)'",
        "def settle(rule, experiment='pair'):",
        "    dc.add_rule('pair', rule)",
        "    with folder.claim():",
        "        try:",
        "            print(folder.settle(dc.load_experiment('n100', rule=experiment)))",
        "        except RunFolderError as error:",
        "            print(error)",
        "folder = RunFolder(Path('run'))",
        "settle(Pair)",
        "settle(Other)  # nothing is trained yet",
        "for trained in ('network.npz', 'checkpoint.npz'):",
        "    (folder.path / trained).touch()",
        "    settle(Other)",
        "    settle(Pair)",
        "    (folder.path / trained).unlink()",
        "folder = RunFolder(Path('triplet'))",
        "settle(Pair, 'triplet')",
        "print((folder.path / 'equations.yaml').exists())",
        folder=tmp_path,
    )
    refused = (
        "run: was begun with another 'pair' (on_post: 'w = clip(w + eta, 0, w_max)');"
        " choose another folder"
    )
    assert lines == ["None", "None", *["None", refused] * 2, "None", "False"]


def test_a_run_stays_itself_where_a_default_of_its_rule_changes():
    lines = python(
        "from diehl_cook.model.experiment_file import check_values",
        "from diehl_cook.store.run_folder import run_key",
        "values = dc.load_experiment('n100', rule='pair').model_dump(mode='json')",
        "keys = [run_key(check_values(values, 'one'))]",
        "class Other(Pair):",
        "    eta: NotNegative = 2e-4",
        "dc.add_rule('pair', Other)",
        "keys.append(run_key(check_values(values, 'again')))",
        "keys.append(run_key(dc.load_experiment('n100', rule='pair')))",
        "print([key == keys[0] for key in keys])",
    )
    assert lines == ["[True, True, False]"]
