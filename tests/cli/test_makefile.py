"""The Makefile passes on what was given, and leaves the rest to the experiment file."""

import os
import shlex
import subprocess

import pytest


@pytest.fixture
def command_of(experiments):
    """Tells the command of a target, as it would be run, from the name of the package on."""

    def tell(*arguments):
        done = subprocess.run(
            ["make", "--dry-run", *arguments], cwd=experiments.parent,
            env=os.environ | {"MAKEFLAGS": ""}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        (line,) = [line for line in done.stdout.splitlines() if "-m diehl_cook" in line]
        return shlex.split(line)[2:]

    return tell


@pytest.mark.parametrize(
    ("given", "command"),
    [
        ([], "diehl_cook train experiments/n100.yaml"),
        (["SEED=3"], "diehl_cook train experiments/n100.yaml --seed 3"),
        (["RUN=a/b"], "diehl_cook train experiments/n100.yaml --run a/b"),
        (["EXPERIMENT=x.yaml", "SET=cells=5"], "diehl_cook train x.yaml --set cells=5"),
    ],
)
def test_train(command_of, given, command):
    assert command_of("train", *given) == command.split()


def test_folders_and_files_may_hold_spaces(command_of):
    train = command_of("train", "EXPERIMENT=my files/a b.yaml", "RUN=my runs/c d")
    assert train[1:] == ["train", "my files/a b.yaml", "--run", "my runs/c d"]
    for target in ("evaluate", "figures", "check"):
        assert command_of(target, "RUN=my runs/c d")[1:3] == [target, "my runs/c d"]
    assert command_of("sweep", "SWEEP=a b.yaml")[2] == "a b.yaml"
    assert command_of("compare", "RUNS=a", "INTO=c d")[3:] == ["--into", "c d"]


@pytest.mark.parametrize(("given", "folder"), [([], "n100-seed0"), (["SEED=3"], "n100-seed3")])
def test_evaluate(command_of, given, folder):
    assert command_of("evaluate", *given) == ["diehl_cook", "evaluate", f"results/{folder}"]


@pytest.mark.parametrize(
    ("given", "options"),
    [([], ""), (["NETWORK=results/a", "PORT=0"], " --network results/a --port 0")],
)
def test_demo(command_of, given, options):
    assert command_of("demo", *given) == f"diehl_cook demo{options}".split()


@pytest.mark.parametrize(
    ("given", "command"),
    [
        (["report"], "report results/n100-seed0"),
        (["report", "RUN=a/b"], "report a/b"),
        (["figures", "FORMAT=svg"], "figures results/n100-seed0 --format svg"),
        (["compare", "RUNS=a b"], "compare a b"),
        (["compare", "RUNS=a b", "FORMAT=pdf"], "compare a b --format pdf"),
        (["compare", "RUNS=a b", "INTO=c"], "compare a b --into c"),
    ],
)
def test_pages_and_pictures(command_of, given, command):
    assert command_of(*given) == f"diehl_cook {command}".split()


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("train", False),
        ("evaluate", False),
        ("sweep", False),
        ("sweep SCHEDULER=tcp://a:1", True),
        ("search", True),
        ("demo", True),
        ("test", True),
        ("lint", True),
    ],
)
def test_what_tests_and_pages_need_is_not_installed_to_train(experiments, target, more):
    done = subprocess.run(
        ["make", "--dry-run", "--what-if=requirements-dev.txt", *target.split()],
        cwd=experiments.parent, env=os.environ | {"MAKEFLAGS": ""}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert ("--requirement requirements-dev.txt" in done.stdout) == more


def test_set_is_of_the_training_where_there_is_one(experiments):
    def typed(*goals):
        done = subprocess.run(
            ["make", "--dry-run", "--silent", *goals, "SET=evaluation.repeats=2"],
            cwd=experiments.parent, env=os.environ | {"MAKEFLAGS": ""},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [
            line.split("diehl_cook ")[1]
            for line in done.stdout.splitlines()
            if "diehl_cook " in line
        ]

    train, evaluate = typed("train", "evaluate")
    assert train.split()[-2:] == ["--set", "evaluation.repeats=2"]
    assert evaluate.split() == ["evaluate", "'results/n100-seed0'"]
    assert typed("evaluate") == [f"{evaluate.strip()}  --set evaluation.repeats=2"]
