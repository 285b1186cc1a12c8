"""What hostile runs are tried on: runs that ended well, and a way to start commands among them."""

import contextlib
import gzip
import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

import child
import distributed  # noqa: F401  # here once, not in every case
import numpy as np
import optuna  # noqa: F401
from PIL import Image

from diehl_cook import __main__, cli  # noqa: F401  # imported once, as the two above
from diehl_cook.images import experiment_images
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.model.nested import flat
from diehl_cook.stages import report, workflow
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies import workers

LENGTH = ["training.images=60", "training.block=30", "training.chunk=10"]
LENGTH += ["evaluation.labelling_images=30", "evaluation.test_images=20", "evaluation.repeats=1"]
#: Seconds of a core for one command; the slowest, which compiles, takes ten.
LIMIT = 60.0
# Numbers that are part of a program, as every word is.
STRUCTURE = {"cells", "time_step", "presentation.image", "presentation.rest"}
STRUCTURE |= {"connections.input_delay", "excitatory.clamp_period", "inhibitory.clamp_period"}

COMPILE, LOAD = workflow.compile_network, experiment_images.load


class World:
    """Prototypes that cases copy, and what their commands come to when nothing is wrong."""

    def __init__(self, root: Path, experiments: Path, learner, reader):
        self.root, self.learner, self.reader = root, learner, reader
        self.smoke = experiments / "smoke.yaml"
        self.experiments = sorted(experiments.rglob("*.yaml"))
        self.images = LOAD(learner.experiment)
        self.prototypes = root / "prototypes" / "here"
        self.prototypes.mkdir(parents=True)
        self._make_data()
        self._make_runs()

    def train(self, run="run", *settings):
        return ["train", str(self.smoke), "--run", run, "--set", *LENGTH, *settings]

    def start(self, arguments, folder, figures=False, **how):
        """Type a command in a folder."""
        return child.run(
            lambda begin: self._command(arguments, figures, begin), folder, LIMIT, **how
        )

    def case(self, number, *copied):
        """A folder of its own for a case, with files of the user's beside those copied."""
        folder = self.root / f"case{number}" / "here"
        for name in copied:
            source = self.prototypes / name
            folder.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, folder / name.partition("-")[0])
            else:
                shutil.copy(source, folder / name)
        (folder / "results").mkdir(parents=True, exist_ok=True)
        for mine in ("notes.txt", "results/notes.txt", ".unfinished-mine", "../notes.txt"):
            (folder / mine).write_text(f"of the user: {mine}")
        if (folder / "run").is_dir():
            (folder / "run" / "my notes.txt").write_text("in a run folder")
        return folder

    def trained(self, run: Path, parts=()):
        """What a training leaves, but for times; all of it, or some parts."""
        return {name: PARTS[name](RunFolder(run)) for name in parts or PARTS}

    def evaluated(self, run: Path):
        """All that an evaluation leaves: labels and numbers."""
        folder = RunFolder(run)
        summary, details = folder.load_evaluation()
        return (
            folder.load_network().labels.tobytes(),
            summary.model_dump(),
            details.predictions.tobytes(),
        )

    def drawn(self, run: Path):
        """The figures of a run."""
        return fingerprints(run / "figures", lambda path: True, relative=True)

    def _command(self, arguments, figures, begin):
        os.environ |= {"HOME": str(Path.cwd()), "JOBLIB_MULTIPROCESSING": "0"}
        workflow.compile_network = self._compiled
        experiment_images.load = self._loaded
        workers._CONNECTING = 0.2
        if not figures:
            report.make = lambda *arguments: None
        sys.argv = ["diehl_cook", *arguments]
        begin()
        return __main__.main()

    def wants_another_program(self, experiment: Experiment):
        return structure(experiment) != structure(self.learner.experiment)

    def _compiled(self, experiment: Experiment, learning, n_inputs, narrator=None):
        made = self.learner if learning else self.reader
        if n_inputs == 784 and not self.wants_another_program(experiment):
            return made.with_numbers_of(experiment)
        return COMPILE(experiment, learning, n_inputs, narrator)

    def _loaded(self, experiment: Experiment):
        if experiment.data.folder or experiment.data.validation:
            return LOAD(experiment)
        limits = experiment.evaluation
        return experiment_images.ExperimentImages(
            self.images.learning,
            experiment_images._first(self.images.learning, limits.labelling_images),
            experiment_images._first(self.images.scored, limits.test_images),
            "test",
            "the MNIST that comes along",
        )

    def _make_data(self):
        data = self.prototypes / "data"
        data.mkdir()
        shown = {"train": self.images.learning, "t10k": self.images.scored}
        for name, split in shown.items():
            images, labels = split.images[:50], split.labels[:50]
            header = np.array([0x803, 50, 28, 28], ">i4").tobytes()
            with gzip.open(data / f"{name}-images-idx3-ubyte.gz", "wb") as file:
                file.write(header + images.tobytes())
            with gzip.open(data / f"{name}-labels-idx1-ubyte.gz", "wb") as file:
                file.write(np.array([0x801, 50], ">i4").tobytes() + labels.tobytes())
        Image.fromarray(255 - self.images.scored.images[0]).save(self.prototypes / "digit.png")

    def _make_runs(self):
        self.seconds, self.figures = {}, {}
        folder = self.prototypes
        for name, arguments in {
            "train": self.train("run-finished"),
            "evaluate": ["evaluate", "run-finished", "--jobs", "1"],
            "export": ["export", "run-finished", "network.npz"],
        }.items():
            begun = time.monotonic()
            ended = self.start(arguments, folder)
            assert ended.code == 0, ended
            self.seconds[name] = time.monotonic() - begun
        finished, begun = folder / "run-finished", folder / "run-begun"
        self._draw(self.train("run-drawn"), "train")
        self._draw(["evaluate", "run-drawn", "--jobs", "1"], "evaluate")
        shutil.copytree(finished, begun)
        for name in ("network.npz", "evaluation.json", "predictions.npz"):
            (begun / name).unlink()
        self.training, self.evaluation = self.trained(finished), self.evaluated(finished)

    def _draw(self, arguments, name):
        ended = self.start(arguments, self.prototypes, figures=True)
        assert ended.code == 0, ended
        self.figures[name] = self.drawn(self.prototypes / "run-drawn")


def _rows(folder):
    without_times = ({**row, "ms_per_presentation": 0} for row in folder.read_training())
    return repr(list(without_times))


def _snapshots(folder):
    snapshots = folder.load_snapshots()
    return snapshots and [np.asarray(value).tobytes() for _, value in snapshots]


#: Each part of what a training leaves, as something that can be compared.
PARTS = {
    "weights": lambda folder: folder.load_network().weights.tobytes(),
    "theta": lambda folder: folder.load_network().theta.tobytes(),
    "rows": _rows,
    "snapshots": _snapshots,
}


def structure(experiment):
    """What a program is compiled for."""
    values = dict(flat(experiment.model_dump(mode="json", exclude={"name", "data", "evaluation"})))
    return {
        key: value
        for key, value in values.items()
        if key in STRUCTURE or (isinstance(value, str) and value[:1].isalpha())
        or isinstance(value, bool)
    }  # fmt: skip


def fingerprints(folder: Path, mine, relative=False):
    """What is in every file of a folder that is the user's."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if mine(path) and path.is_file() and not path.is_symlink() and os.access(path, os.R_OK):
            with contextlib.suppress(OSError):
                if path.stat().st_size < 10_000_000:
                    name = path.relative_to(folder) if relative else path
                    found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def smoke_experiment(path):
    return load_experiment(path, LENGTH)
