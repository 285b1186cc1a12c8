"""Hostile runs, each of a kind: what is done to it, and what it may come to."""

import dataclasses
import math
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import odd
import yaml
from child import Ended
from world import LENGTH, World, fingerprints, smoke_experiment

from diehl_cook.images import experiment_images
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.model.nested import flat
from diehl_cook.store.run_folder import RunFolder, what_matters


@dataclasses.dataclass
class Case:
    """One hostile run."""

    world: World
    number: int
    chance: random.Random
    what: str = ""
    faults: list[str] = dataclasses.field(default_factory=list)
    codes: list[int] = dataclasses.field(default_factory=list)

    def folder(self, *copied: str) -> Path:
        return self.world.case(self.number, *copied)

    def run(
        self,
        arguments: list[str],
        folder: Path,
        killed_by: tuple[int, ...] = (),
        silent: bool = False,
        **how,
    ) -> Ended:
        """Type a command, and see that it ends as it may and changes nothing of the user's."""
        self.what += f" | {' '.join(arguments)[:300]!a}"
        before = _of_the_user(folder)
        ended = self.world.start(arguments, folder, **how)
        after = _of_the_user(folder)
        self.codes.append(ended.code)
        written = {(folder / name).absolute() for name in arguments}  # as somebody asked for
        changed = [path for path in before if before[path] != after.get(path)]
        self.expect(not set(changed) - written, f"changed {changed}")
        if ended.code == 2:
            new = [path for path in after if path not in before and path.name != ".lock"]
            self.expect(not new, f"refused, but wrote {new}")
        self.expect(not ended.hung, "hung")
        self.expect("Traceback" not in ended.err, "traceback")
        self.expect("Warning" not in ended.err, "warning")
        if ended.code < 0:
            self.expect(-ended.code in killed_by, f"died of signal {-ended.code}")
        elif ended.code:
            self.expect(ended.code in (1, 2, 129, 130, 143), f"code {ended.code}")
            if not silent:
                self._expect_one_line(ended)
        if self.faults:
            self.what += f"\n  code {ended.code}\n  {ended.err[-1500:]}"
        return ended

    def expect(self, true: bool, fault: str) -> None:
        if not true:
            self.faults.append(fault)

    def _expect_one_line(self, ended: Ended) -> None:
        lines = ended.err.strip().splitlines()
        told = [line for line in lines if line.startswith("diehl_cook: ")]
        self.expect(len(told) == 1 and lines[-1] == told[0], "not one line")

    def expect_same_training(self, run: Path, parts: Collection[str] = ()) -> None:
        found = self.world.trained(run, parts)
        other = [name for name, value in found.items() if value != self.world.training[name]]
        self.expect(not other, f"another training: {other}")

    def expect_same_evaluation(self, run: Path) -> None:
        self.expect(self.world.evaluated(run) == self.world.evaluation, "another evaluation")

    def expect_same_figures(self, run: Path, command: str) -> None:
        found, drawn = self.world.drawn(run), self.world.figures[command]
        other = [str(name) for name in drawn if found.get(name) != drawn[name]]
        self.expect(not other, f"other figures: {other}")

    def is_same_experiment(self, run: Path) -> bool:
        """Whether damage left the experiment what it was; only then are results comparable."""
        experiment = RunFolder(run).experiment()
        return what_matters(experiment) == what_matters(smoke_experiment(self.world.smoke))


def _of_the_user(folder: Path) -> dict[Path, str]:
    """What is in every file but those that a run keeps in its folder."""
    run = folder / "run"
    return fingerprints(
        folder.parent, lambda path: path.name == "my notes.txt" or run not in path.parents
    )


def arguments(case: Case) -> None:
    """A command with words left out, doubled, swapped or odd."""
    chance, world = case.chance, case.world
    folder = case.folder("run-finished", "network.npz", "digit.png")
    words = list(
        chance.choice(
            [
                world.train(),
                ["evaluate", "run", "--jobs", "1"],
                ["evaluate", "network.npz", "--jobs", "1", "--run", "other"],
                ["figures", "run"],
                ["figures", "network.npz", "--into", "drawn"],
                ["export", "run", "new.npz", "--bits", "8"],
                ["compare", "run", "run", "--into", "compared"],
                ["show", "n100", "--seed", "3", "--set", "cells=5"],
                ["check", "run"],
                ["classify", "digit.png", "--network", "run"],
                ["sweep", "notes.txt", "--results", "swept", "--jobs", "1"],
                ["search", "notes.txt", "--results", "searched", "--jobs", "1"],
            ]
        )
    )
    # The first word stays: some commands measure for hours.
    for _ in range(chance.randint(1, 2)):
        place = chance.randrange(1, len(words)) if len(words) > 1 else 0
        change = chance.randrange(4)
        if change == 0 and len(words) > 1:
            del words[place]
        elif change == 1:
            words.insert(place + 1, words[place] if place else "run")
        elif change == 2:
            words[place or -1] = _harmless(odd.value(chance)) if place else words[-1]
        else:
            words.insert(place + 1, _harmless(odd.value(chance)))
    case.run(words, folder)


def _harmless(word: str) -> str:
    """What may stand for a folder to write into: nothing outside the case."""
    return word.replace("/", "_").replace("\0", "").encode("utf8", "ignore").decode()


def values(case: Case) -> None:
    """A training with odd values; if it runs, it runs with these."""
    world, chance = case.world, case.chance
    stated = dict(flat(smoke_experiment(world.smoke).model_dump(mode="json")))
    for key in stated:
        _read(case, stated, key, _typed(chance, stated[key]))
    keys = chance.sample(list(stated), chance.choice([1, 1, 2]))
    typed = {key: _typed(chance, stated[key]) for key in keys}
    settings = [f"{key}={value}" for key, value in typed.items()]
    folder = case.folder()
    if chance.random() > COMPILED and _compiles(world, settings):
        ended = case.run(["show", str(world.smoke), "--set", *LENGTH, *settings], folder)
        if ended.code == 0:
            _expect_heeded(case, stated, typed, yaml.safe_load(ended.out))
        return
    ended = case.run(world.train("run", *settings), folder)
    if ended.code == 0:
        run = RunFolder(folder / "run")
        _expect_heeded(case, stated, typed, run.experiment().model_dump(mode="json"))
        asked = experiment_images.resolve(load_experiment(world.smoke, [*LENGTH, *settings]))
        case.expect(what_matters(run.experiment()) == what_matters(asked), "other values")
        network = run.load_network()
        case.expect(bool((network.weights >= 0).all()), "negative weights")
        case.expect(network.weights.shape == (784, asked.cells), "another shape")


def _typed(chance: random.Random, stated: object) -> str:
    """What somebody types for a value, as far as it can be an argument."""
    value = odd.near(chance, stated) if chance.random() < 0.7 else odd.value(chance)
    return value.replace("\0", "").replace("\ud800", "")


def _read(case: Case, stated: Mapping[str, object], key: str, value: str) -> None:
    """A value alone, without a process: it is read, or refused in one line."""
    try:
        experiment = load_experiment(case.world.smoke, [*LENGTH, f"{key}={value}"])
    except ExperimentError as error:
        case.expect(len(str(error).splitlines()) == 1, f"{key}={value!a}: not one line")
    except Exception as error:
        case.expect(False, f"{key}={value!a}: {error!r}")
    else:
        _expect_heeded(case, stated, {key: value}, experiment.model_dump(mode="json"))


def _expect_heeded(
    case: Case, stated: Mapping[str, object], typed: Mapping[str, str], values: Mapping[str, object]
) -> None:
    """See that no value is still what it was although another number was typed for it."""
    found = dict(flat(values))
    for key, text in typed.items():
        case.expect(not _differ(stated[key], text) or found[key] != stated[key], f"{key} ignored")


def _differ(stated: object, typed: str) -> bool:
    """Whether these are two numbers, and not the same."""
    try:
        one, other = (float(str(value).partition(" ")[0]) for value in (stated, typed))
    except ValueError:
        return False
    same_unit = str(stated).partition(" ")[2] == typed.partition(" ")[2]
    return same_unit and not math.isclose(one, other, rel_tol=1e-4)


def _compiles(world: World, settings: list[str]) -> bool:
    """Whether these values want another program, which takes many seconds to make."""
    try:
        return world.wants_another_program(load_experiment(world.smoke, [*LENGTH, *settings]))
    except Exception:  # the case itself will tell
        return False


#: The share of odd values that want another program and get it; the others are shown alone.
COMPILED = 0.1


def texts(case: Case) -> None:
    """An experiment file with odd lines; what is shown is read back as the same."""
    chance, world = case.chance, case.world
    folder, source = case.folder(), chance.choice(world.experiments)
    text = odd.text(chance, source.read_text().replace("extends: ", f"extends: {source.parent}/"))
    path = folder / "mine.yaml"
    path.write_bytes(text.encode("utf8", "surrogatepass"))
    case.what += f" {source.name}: {text[:600]!a}"
    if source.parent.name in ("sweeps", "searches") and not source.name.startswith("base"):
        command = source.parent.name.removesuffix("s").replace("searche", "search")
        nobody = ["--scheduler", "tcp://127.0.0.1:9"]
        ended = case.run([command, "mine.yaml", "--results", "run", *nobody], folder)
        case.expect(ended.code == 2, "it ran on a cluster that is not there")
        return
    ended = case.run(["show", "mine.yaml"], folder)
    if ended.code == 0:
        shown = folder / "shown.yaml"
        shown.write_text(ended.out)
        case.expect(load_experiment(shown) == load_experiment(path), "shown otherwise than read")


def damage(case: Case) -> None:
    """A file of a run is damaged; a command refuses it, or comes to what it did before."""
    chance, world = case.chance, case.world
    run = case.folder(chance.choice(["run-finished", "run-begun"])) / "run"
    folder = run.parent
    there = sorted(path for path in run.rglob("*") if path.is_file())
    path = chance.choice([p for p in there if p.name not in ("my notes.txt", ".lock")])
    if path.suffix == ".png" and chance.random() < 0.8:
        path = chance.choice([p for p in there if p.suffix in (".npz", ".yaml", ".json", ".csv")])
    case.what += odd.damage(chance, path, there)
    for _ in range(2):
        command = chance.choice(
            [
                world.train(),
                world.train(),
                ["evaluate", "run", "--jobs", "1"],
                ["figures", "run"],
                ["compare", "run", "--into", "compared"],
                ["export", "run", "new.npz"],
                ["show", "run"],
                ["check", "run"],
            ]
        )
        figures = command[0] == "figures" and chance.random() < 0.3
        ended = case.run(command, folder, figures=figures)
        if ended.code == 0 and command[0] in ("train", "evaluate") and not path.is_symlink():
            if case.is_same_experiment(run):
                # A table of valid numbers is believed.
                case.expect_same_training(run, ["weights", "theta"])
            if command[0] == "evaluate" and path.name != "experiment.yaml":
                case.expect_same_evaluation(run)


def signals(case: Case) -> None:
    """Signals at random moments; the same command goes on to the same results."""
    chance, world = case.chance, case.world
    name, command, folder = _work(case)
    moments = [chance.uniform(0, 1.2 * world.seconds[name])]
    for _ in range(chance.choice([0, 0, 1, 2])):
        # Most who press Ctrl-C again do so at once.
        moments.append(moments[0] + chance.choice([chance.uniform(0, 0.2), chance.uniform(0, 2)]))
    sent = tuple((moment, chance.choice(SIGNALS)) for moment in sorted(moments))
    case.what += " " + ", ".join(f"{signal.Signals(n).name} at {t:.3f} s" for t, n in sent)
    figures = chance.random() < 0.3
    deadly = tuple(number for _, number in sent)
    ended = case.run(command, folder, deadly, signals=sent, figures=figures)
    case.expect(
        ended.code in (0, *(-number for number in deadly), *(128 + number for number in deadly)),
        f"a signal ended in code {ended.code}",
    )
    swallowed = ended.code == 0 and ended.worked_on > AT_THE_END
    case.expect(not swallowed, f"worked on for {ended.worked_on:.2f} s after a signal")
    _expect_the_same(case, name, command, folder, figures)


#: Seconds of a core that a command may take after a signal, and yet end well.
AT_THE_END = 0.3


def _work(case: Case) -> tuple[str, list[str], Path]:
    """A training from its beginning, or an evaluation: its name, command and folder."""
    if case.chance.random() < 0.3:
        return "evaluate", ["evaluate", "run", "--jobs", "1"], case.folder("run-finished")
    return "train", case.world.train(), case.folder()


def _expect_the_same(
    case: Case, name: str, command: list[str], folder: Path, figures: bool = False
) -> None:
    """Type the same command again, with nothing in its way."""
    ended = case.run(command, folder, figures=figures)
    case.expect(ended.code == 0, "it did not go on")
    if ended.code:
        return
    run = folder / "run"
    case.expect_same_training(run)
    if name == "evaluate":
        case.expect_same_evaluation(run)
    if figures:
        case.expect_same_figures(run, name)
    left = [path for path in run.rglob(".*") if path.name != ".lock"]
    case.expect(not left, f"left behind {left}")


SIGNALS = (
    [signal.SIGINT] * 3 + [signal.SIGTERM] * 2 + [signal.SIGHUP, signal.SIGKILL, signal.SIGQUIT]
)


def machines(case: Case) -> None:
    """A machine that fails; once it does no more, the same command goes on to the same results."""
    name, command, folder = _work(case)
    machine, amount = case.chance.choice(sorted(MACHINES)), case.chance.random()
    case.what += f" {machine} {amount:.3f}"
    silent = machine in ("closed streams", "full streams", "no memory")
    case.run(command, folder, (), silent, prepare=lambda: MACHINES[machine](amount))
    _expect_the_same(case, name, command, folder)


def _limit(kind, amount):
    resource.setrlimit(kind, (int(amount), resource.getrlimit(kind)[1]))


def _full_disk_at(write):
    """A disk that is full from the so manieth file on that is written into the run folder."""
    written = []

    def watch(event, arguments):
        if event == "open" and _is_of_a_run(*arguments[:2]):
            written.append(arguments[0])
            if len(written) == write:
                _limit(resource.RLIMIT_FSIZE, 1000)

    sys.addaudithook(watch)


def _is_of_a_run(path, mode):
    return (
        str(path).startswith("run/") and "/.work" not in str(path) and set(mode or "") & set("wx")
    )


def _streams(path):
    if path is None:
        os.close(1)
        os.close(2)
    else:
        for number in (1, 2):
            os.dup2(os.open(path, os.O_WRONLY), number)


def _no_memory(amount):
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + amount * 2**28)


def _environment(name, value):
    os.environ[name] = value


#: Each with a share from 0 to 1 of how bad it is. What a command says goes to files as well.
MACHINES: dict[str, Callable[[float], object]] = {
    "small files": lambda share: _limit(resource.RLIMIT_FSIZE, 10 ** (4 + 3 * share)),
    "full disk": lambda share: _full_disk_at(1 + int(20 * share)),
    "no memory": _no_memory,
    "few open files": lambda share: _limit(resource.RLIMIT_NOFILE, 5 + 60 * share),
    "closed streams": lambda share: _streams(None),
    "full streams": lambda share: _streams("/dev/full"),
    "private files": lambda share: os.umask(0o077),
    "no temporary folder": lambda share: _environment("TMPDIR", "/nowhere"),
    "C locale": lambda share: _environment("LC_ALL", "C"),
    "no home": lambda share: _environment("HOME", "/nowhere"),
}


def data(case: Case) -> None:
    """A data set with a damaged file is refused or read."""
    folder = case.folder("data")
    there = sorted((folder / "data").iterdir())
    case.what += odd.damage(case.chance, case.chance.choice(there), there)
    case.run(case.world.train("run", "data.folder=data"), folder)


def network_files(case: Case) -> None:
    """A damaged network file is refused, or is what it was."""
    chance = case.chance
    folder = case.folder("network.npz", "digit.png")
    path = folder / "network.npz"
    case.what += odd.damage(chance, path, [folder / "digit.png", folder / "notes.txt"])
    command = chance.choice(
        [
            ["evaluate", "network.npz", "--jobs", "1"],
            ["show", "network.npz"],
            ["export", "network.npz", "new.npz"],
            ["figures", "network.npz", "--into", "drawn"],
            ["classify", "digit.png", "--network", "network.npz"],
        ]
    )
    case.run(command, folder)


def pictures(case: Case) -> None:
    """A damaged picture is refused or read."""
    folder = case.folder("digit.png", "network.npz")
    path = folder / "digit.png"
    case.what += odd.damage(case.chance, path, [folder / "network.npz", folder / "notes.txt"])
    case.run(["classify", "digit.png", "--network", "network.npz"], folder)


#: Kinds of cases, and how many of a hundred are of each.
KINDS: dict[Callable[[Case], None], int] = {
    arguments: 16,
    values: 20,
    texts: 15,
    damage: 16,
    signals: 12,
    machines: 9,
    data: 5,
    network_files: 4,
    pictures: 3,
}
