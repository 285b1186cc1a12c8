"""Hostile runs, each of a kind: what is done to it, and what it may come to."""

import dataclasses
import os
import random
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import odd
from child import Ended
from world import LENGTH, World, fingerprints, smoke_experiment

from diehl_cook.images import experiment_images
from diehl_cook.model.experiment import load_experiment
from diehl_cook.store.run_folder import RunFolder, flat, what_matters


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
        self.expect(not ended.hung, "hung")
        self.expect("Traceback" not in ended.err, "traceback")
        self.expect("Warning" not in ended.err, "warning")
        if ended.code < 0:
            self.expect(-ended.code in killed_by, f"died of signal {-ended.code}")
        elif ended.code and not silent:
            self._expect_one_line(ended)
        if self.faults:
            self.what += f"\n  code {ended.code}\n  {ended.err[-1500:]}"
        return ended

    def expect(self, true: bool, fault: str) -> None:
        if not true:
            self.faults.append(fault)

    def _expect_one_line(self, ended: Ended) -> None:
        self.expect(ended.code in (1, 2, 129, 130, 143), f"code {ended.code}")
        lines = ended.err.strip().splitlines()
        usage = any(line.startswith("usage: ") for line in lines)
        told = [line for line in lines if line.startswith("diehl_cook: ")]
        self.expect(usage or (len(told) == 1 and lines[-1] == told[0]), "not one line")

    def expect_bits(self, run: Path) -> None:
        self.expect(self.world.bits(run) == self.world.reference, "other bits")

    def expect_same_experiment(self, run: Path) -> bool:
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
    settings = []
    for key in chance.sample(list(stated), chance.choice([1, 1, 2])):
        near = chance.random() < 0.7
        changed = odd.near(chance, stated[key]) if near else odd.value(chance)
        settings.append(f"{key}={changed}")
    settings = [each.replace("\0", "") for each in settings if "\ud800" not in each]
    folder = case.folder()
    if chance.random() > COMPILED and _compiles(world, settings):
        case.run(["show", str(world.smoke), "--set", *LENGTH, *settings], folder)
        return
    ended = case.run(world.train("run", *settings), folder)
    if ended.code == 0:
        run = RunFolder(folder / "run")
        asked = experiment_images.resolve(load_experiment(world.smoke, [*LENGTH, *settings]))
        case.expect(what_matters(run.experiment()) == what_matters(asked), "other values")
        network = run.load_network()
        case.expect(bool((network.weights >= 0).all()), "negative weights")
        case.expect(network.weights.shape == (784, asked.cells), "another shape")


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
            if case.expect_same_experiment(run):
                case.expect_bits(run)
            if command[0] == "evaluate" and path.name != "experiment.yaml":
                same = world.accuracy(run) == world.reference_accuracy
                case.expect(same, "another accuracy")


def signals(case: Case) -> None:
    """Signals at random moments; the same command goes on to the same bits."""
    chance, world = case.chance, case.world
    evaluates = chance.random() < 0.3
    folder = case.folder("run-finished") if evaluates else case.folder()
    command = ["evaluate", "run", "--jobs", "1"] if evaluates else world.train()
    longest = 1.2 * world.seconds["evaluate" if evaluates else "train"]
    sent = [
        (chance.uniform(0, longest), chance.choice(SIGNALS))
        for _ in range(chance.choice([1, 1, 2, 3]))
    ]
    sent = sorted(sent)
    case.what += " " + ", ".join(f"{signal.Signals(n).name} at {t:.3f} s" for t, n in sent)
    figures = chance.random() < 0.5
    deadly = tuple(number for _, number in sent)
    case.run(command, folder, deadly, signals=tuple(sent), figures=figures)
    ended = case.run(command, folder)
    case.expect(ended.code == 0, "it did not go on")
    if ended.code == 0:
        case.expect_bits(folder / "run")
        left = [path for path in (folder / "run").rglob(".*") if path.name != ".lock"]
        case.expect(not left, f"left behind {left}")
        if evaluates:
            same = world.accuracy(folder / "run") == world.reference_accuracy
            case.expect(same, "another accuracy")


SIGNALS = (
    [signal.SIGINT] * 3 + [signal.SIGTERM] * 2 + [signal.SIGHUP, signal.SIGKILL, signal.SIGQUIT]
)


def machines(case: Case) -> None:
    """A machine that fails; once it does no more, the same command goes on to the same bits."""
    chance, world = case.chance, case.world
    evaluates = chance.random() < 0.3
    folder = case.folder("run-finished") if evaluates else case.folder()
    command = ["evaluate", "run", "--jobs", "1"] if evaluates else world.train()
    name = chance.choice(sorted(MACHINES))
    amount = chance.random()
    case.what += f" {name} {amount:.3f}"
    silent = name in ("closed streams", "full streams", "no memory")
    case.run(command, folder, (), silent, prepare=lambda: MACHINES[name](amount))
    ended = case.run(command, folder)
    case.expect(ended.code == 0, "it did not go on")
    if ended.code == 0:
        case.expect_bits(folder / "run")


def _limit(kind, amount):
    resource.setrlimit(kind, (int(amount), resource.getrlimit(kind)[1]))


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
    texts: 18,
    damage: 18,
    signals: 10,
    machines: 6,
    data: 5,
    network_files: 4,
    pictures: 3,
}
