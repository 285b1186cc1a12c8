"""Training and evaluating from Python, as the command line does."""

from __future__ import annotations

import os
from pathlib import Path

from diehl_cook.model.experiment import Experiment
from diehl_cook.model.resources import published_networks
from diehl_cook.stages import workflow
from diehl_cook.stages.evaluation import Evaluation
from diehl_cook.stages.network import Network
from diehl_cook.stages.progress import Narrator, Silence, Terminal
from diehl_cook.store import network_file
from diehl_cook.store.network_file import NetworkFileError
from diehl_cook.store.run_folder import RunFolder


class Run:
    """A training in a run folder, and its evaluation.

    Parameters
    ----------
    folder : str or Path
        Of a training.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = RunFolder(Path(folder))

    def __repr__(self) -> str:
        return f"<Run: {self.folder.path}>"

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.folder.path

    @property
    def experiment(self) -> Experiment:
        """The experiment with every value filled in."""
        return self.folder.experiment()

    @property
    def network(self) -> Network:
        """The trained network, with labels once it was evaluated."""
        return Network(self.experiment, self.folder.load_network())

    @property
    def training(self) -> list[dict[str, float]]:
        """A row for each block of the training: images, online accuracy, spikes, theta."""
        self.folder.experiment()  # complains where there is no run
        return self.folder.read_training()

    def evaluate(
        self, jobs: int | None = None, progress: bool = True, all_readouts: bool = False
    ) -> Evaluation:
        """Label the cells and measure the accuracy, paper section 2.6; again at every call.

        Parameters
        ----------
        jobs : int, optional
            Processes at a time, by default one per core; the result does not depend on it.
        progress : bool
            Whether to show how it goes on.
        all_readouts : bool
            Whether to compare all readouts, too, in ``readouts`` of what comes back.

        Returns
        -------
        Evaluation

        Examples
        --------
        >>> import diehl_cook as dc
        >>> experiment = dc.load_experiment(
        ...     "smoke", training__images=100, evaluation__labelling_images=100,
        ...     evaluation__test_images=50, evaluation__repeats=2,
        ... )
        >>> run = dc.train(experiment, "results/try", progress=False)
        >>> result = run.evaluate(progress=False)
        >>> len(result.accuracies), 0 <= result.accuracy <= 1
        (2, True)
        """
        return workflow.evaluate_run(
            self.folder, jobs or os.cpu_count() or 1, _teller(progress), all_readouts=all_readouts
        )


def train(experiment: Experiment, folder: str | Path | None = None, progress: bool = True) -> Run:
    """Train an experiment into a run folder, or go on where an earlier call was stopped.

    Parameters
    ----------
    experiment : Experiment
        As `load_experiment` returns it.
    folder : str or Path, optional
        By default ``results/NAME-seedSEED``.
    progress : bool
        Whether to show how it goes on.

    Returns
    -------
    Run

    Raises
    ------
    RunFolderError
        If the folder is of another experiment, or cannot be used.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> experiment = dc.load_experiment(
    ...     "smoke", training__images=100, evaluation__labelling_images=100,
    ...     evaluation__test_images=50, evaluation__repeats=2,
    ... )
    >>> run = dc.train(experiment, "results/try", progress=False)
    >>> run.training[-1]["images"]
    100
    """
    if not isinstance(experiment, Experiment):
        raise TypeError(f"{experiment!r} is no experiment; give load_experiment({experiment!r})")
    path = Path(folder) if folder is not None else default_folder(experiment)
    workflow.train_run(experiment, RunFolder(path), _teller(progress))
    return Run(path)


def default_folder(experiment: Experiment) -> Path:
    """Where the run of an experiment lies if nothing else is said."""
    return Path("results") / f"{experiment.name}-seed{experiment.seed}"


def load(source: str | Path) -> Network:
    """Load a trained network.

    Parameters
    ----------
    source : str or Path
        A run folder, a network file, or the name of a published network, as "triplet_n400".

    Returns
    -------
    Network

    Raises
    ------
    RunFolderError, NetworkFileError
        If there is none, or it cannot be used.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> dc.load("triplet_n400")
    <Network: triplet, 400 cells, 784 inputs>
    """
    path = trained_path(source)
    if path.is_dir():
        return Run(path).network
    if not path.exists() and path.suffix != ".npz":
        raise NetworkFileError(
            f"{source}: no run folder, network file or published network; train it first;"
            f" published are {', '.join(sorted(published_networks()))}"
        )
    content = network_file.load(path)
    return Network(content.experiment, content.network, content.measured)


def trained_path(source: str | Path) -> Path:
    """Where a trained network lies; what is neither there nor published stays as it is."""
    path = Path(source)
    return path if path.exists() else published_networks().get(str(source), path)


def load_experiment_of(path: Path) -> Experiment:
    """The experiment of a run folder or a network file."""
    return RunFolder(path).experiment() if path.is_dir() else network_file.load(path).experiment


def _teller(progress: bool) -> Narrator:
    return Terminal() if progress else Silence()
