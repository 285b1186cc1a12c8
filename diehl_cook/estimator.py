"""The network as a scikit-learn estimator: for any number of pixels and any classes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state, check_scalar
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from diehl_cook.engine.presenter import TESTING, Presenter
from diehl_cook.images.datasets import Split
from diehl_cook.images.experiment_images import to_label
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.model.nested import flat
from diehl_cook.model.network import INPUT_TO_EXCITATORY
from diehl_cook.stages import readout, training
from diehl_cook.stages.compilation import compile_network
from diehl_cook.stages.evaluation import Examiner
from diehl_cook.stages.network import Network
from diehl_cook.store.run_folder import RunFolder


class DiehlCookClassifier(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Learns images without their classes, then labels its cells, as Diehl & Cook (2015) do.

    `fit` shows the images in the order of the rows while the network learns by STDP, and once
    more to give each cell the class it answers most; `transform` counts spikes, `predict` reads
    the class whose cells answer most. Features are pixels: the values of `X` are scaled so that
    the smallest seen in `fit` is dark and the largest bright. Input weights and rates are scaled
    so that an image of any number of pixels and any brightness drives a cell as a digit of MNIST
    does (ours). A program is compiled once for each structure of a network.

    Parameters
    ----------
    cells : int
        Excitatory cells N, and as many inhibitory ones.
    rule : {"triplet", "power_law", "exponential", "pre_and_post"}
        Learning rule, paper section 2.3.
    epochs : int
        Passes over the images while learning.
    settings : mapping, optional
        Values in place of those of the experiment "n100", with dotted keys as in an experiment
        file: ``{"connections.inhibitory_to_excitatory": 22}``. Step and decay of the adaptive
        threshold follow the numbers of cells and images unless they are stated.
    random_state : int, RandomState instance or None
        Seed of weights and input spikes.
    n_jobs : int, optional
        Processes at a time while labelling and answering, as in scikit-learn (-2: all cores but
        one), by default one per core; no answer depends on it.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        Classes seen in `fit`.
    n_features_in_ : int
        Pixels of an image.
    network_ : Network
        The trained network; its first `n_features_in_` inputs are the pixels.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> import diehl_cook as dc
    >>> digits = dc.load_images("train")
    >>> X, y = digits.rows[:300], digits.labels[:300]
    >>> network = dc.DiehlCookClassifier(random_state=0)
    >>> model = make_pipeline(network, LogisticRegression(max_iter=1000))
    >>> model.fit(X, y).predict(X).shape
    (300,)
    """

    def __init__(
        self,
        cells: int = 100,
        rule: str = "triplet",
        *,
        epochs: int = 1,
        settings: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.cells = cells
        self.rule = rule
        self.epochs = epochs
        self.settings = settings
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # made for pictures, not for a handful of numbers
        tags.transformer_tags.preserves_dtype = []  # spikes are counted, whatever the pixels are
        tags.non_deterministic = self.random_state is None
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn images without their classes, then label the cells.

        Parameters
        ----------
        X : array, shape (n, n_features)
            Images as rows of pixels.
        y : array, shape (n,)
            Their classes, which nothing sees but the labelling.

        Returns
        -------
        DiehlCookClassifier
            Itself.

        Raises
        ------
        TypeError, ValueError
            If `cells`, `epochs` or `n_jobs` is no count, or `settings` no mapping; if a setting is
            unknown or out of bounds (`ExperimentError`).

        Examples
        --------
        >>> import diehl_cook as dc
        >>> digits = dc.load_images("train")
        >>> X, y = digits.rows[:300], digits.labels[:300]
        >>> dc.DiehlCookClassifier(random_state=0).fit(X, y).network_
        <Network: triplet, 100 cells, 784 inputs>
        """
        for name in ("cells", "epochs"):
            check_scalar(getattr(self, name), name, Integral, min_val=1)
        if not isinstance(self.settings, Mapping | None):
            raise TypeError(
                f"settings: {self.settings!r} is no mapping; write {{'excitatory.tau_ge': '2 ms'}}"
            )
        jobs = self._jobs
        pixels, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, classes = np.unique(y, return_inverse=True)
        self._most_frequent = int(np.argmax(np.bincount(classes)))
        self._darkest, self._brightest = float(pixels.min()), float(pixels.max())
        images = self._images(pixels)
        experiment = self._experiment(images)
        presenter = compile_network(experiment, True, images.shape[1])
        split = Split(images.reshape(len(images), 1, -1), classes)  # type: ignore[arg-type]
        with tempfile.TemporaryDirectory() as path:
            folder = RunFolder(Path(path))
            with folder.claim() as workspace:
                folder.settle(experiment)
                trained = training.train(
                    presenter, split, folder, workspace, start=self._start(presenter)
                )
                examiner = Examiner(self._reader(experiment), workspace, jobs)
                trained = examiner.label(trained, to_label(split, experiment.evaluation))
        self.network_ = Network(experiment, trained)
        return self

    def transform(self, X: ArrayLike) -> csr_array:
        """Count the spikes of each excitatory cell.

        Parameters
        ----------
        X : array, shape (n, n_features)
            Images as rows of pixels.

        Returns
        -------
        sparse array, shape (n, cells)

        Examples
        --------
        >>> import diehl_cook as dc
        >>> digits = dc.load_images("train")
        >>> X, y = digits.rows[:300], digits.labels[:300]
        >>> dc.DiehlCookClassifier(random_state=0).fit(X, y).transform(X).shape
        (300, 100)
        """
        check_is_fitted(self)
        images = self._images(validate_data(self, X, dtype=np.float64, reset=False))
        with tempfile.TemporaryDirectory() as workspace:
            examiner = Examiner(self._reader(self.network_.experiment), Path(workspace), self._jobs)
            return examiner.respond(self.network_.trained, images, TESTING, lambda progress: None)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Read the class of images, as ``evaluation.readout`` says.

        Parameters
        ----------
        X : array, shape (n, n_features)
            Images as rows of pixels.

        Returns
        -------
        ndarray, shape (n,)
            The most frequent class of `fit` where no labelled cell fired.

        Examples
        --------
        >>> import diehl_cook as dc
        >>> digits = dc.load_images("train")
        >>> X, y = digits.rows[:300], digits.labels[:300]
        >>> model = dc.DiehlCookClassifier(random_state=0).fit(X, y)
        >>> model.predict(X[:3]).shape, model.score(X, y) > 0.1  # better than chance
        ((3,), True)
        """
        counts = self.transform(X)
        predictions = self.network_.reader.predict(counts)
        predictions[predictions == readout.NO_CLASS] = self._most_frequent
        return np.asarray(self.classes_[predictions])

    @property
    def _jobs(self) -> int:
        if self.n_jobs is not None:
            check_scalar(self.n_jobs, "n_jobs", Integral)
        return effective_n_jobs(-1 if self.n_jobs is None else int(self.n_jobs))

    def _images(self, pixels: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Pixels as brightness from 0 to 255, with dark inputs beside few pixels."""
        width = self._brightest - self._darkest
        share = (pixels - self._darkest) / width if width > 0 else np.full(pixels.shape, 0.5)
        images = np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)
        beside = max(0, _FEWEST_INPUTS - images.shape[1])
        return np.pad(images, [(0, 0), (0, beside)])

    def _experiment(self, images: NDArray[np.uint8]) -> Experiment:
        n_pixels, brightness = self.n_features_in_, images[:, : self.n_features_in_].mean()
        # A cell of few pixels needs strong ones, since no input fires in every step.
        weight_sum = max(_WEIGHT_SUM * n_pixels / _MNIST_PIXELS, min(n_pixels / 2, 2.0))
        intensity = _INTENSITY * _WEIGHT_SUM / weight_sum * _MNIST_BRIGHTNESS / brightness
        cells, shown = int(self.cells), int(self.epochs) * len(images)
        hurry = min(1.0, shown / _LEARNED_IMAGES)
        values = {
            "cells": cells,
            "rule": self.rule,
            "seed": int(check_random_state(self.random_state).randint(2**31 - 1)),
            "training.images": shown,
            _WEIGHT_SUM_KEY: float(weight_sum),
            "presentation.intensity": float(intensity),
            "presentation.intensity_step": float(intensity / 2),
            "excitatory.theta_plus": f"{_THETA_PLUS * cells / hurry!r} mV",
            "excitatory.tau_theta": f"{_TAU_THETA * hurry!r} ms",
            "data.validation": 0,
            "presentation.on_silence": "skip",  # a blank image has no spikes, and is no mistake
        }
        chosen: dict[str, Any] = values | self._settings
        keywords = {key.replace(".", "__"): value for key, value in chosen.items()}
        return load_experiment("n100", (), **keywords)

    @property
    def _settings(self) -> dict[str, Any]:
        """Those stated, without a sum of weights that is to be found as it is anyway."""
        stated: dict[str, Any] = {}
        for name, given in dict(self.settings or {}).items():
            if not isinstance(name, str):
                raise TypeError(f"settings: {name!r} is no key; write 'excitatory.tau_ge', say")
            for key, value in flat({name.replace("__", "."): given}):
                if key.split(".")[0] == "data" or key in _OF_TEST_IMAGES:
                    raise ValueError(
                        f"settings: {key}: does nothing here, where images come from fit and"
                        " predict"
                    )
                if key in stated:
                    raise ValueError(f"settings: {key}: stands there twice")
                stated[key] = value
        if stated.get(_WEIGHT_SUM_KEY) == "auto":
            del stated[_WEIGHT_SUM_KEY]
        return stated

    def _start(self, presenter: Presenter) -> dict[str, NDArray[Any]]:
        """The state before the first image: inputs that are no pixels have no weight."""
        state = presenter.start()
        weights = state[_WEIGHTS].reshape(presenter.n_inputs, -1)
        weights[self.n_features_in_ :] = 0
        return state | {_WEIGHTS: weights.ravel()}

    def _reader(self, experiment: Experiment) -> Presenter:
        return compile_network(experiment, False, max(self.n_features_in_, _FEWEST_INPUTS))


_WEIGHT_SUM_KEY = "connections.weight_sum"
_OF_TEST_IMAGES = frozenset({"evaluation.test_images", "evaluation.repeats"})
_WEIGHTS = f"{INPUT_TO_EXCITATORY}.w"
# What the published numbers were made for: pixels of a digit of MNIST, their mean brightness,
# the sum of a cell's input weights, and the intensity.
_MNIST_PIXELS, _MNIST_BRIGHTNESS = 784, 33.3
_WEIGHT_SUM, _INTENSITY = 78.0, 2.0
# The threshold's step for each cell of a network, in mV, and its decay, in ms, were made for so
# many images; in a shorter training they go through the same course faster.
_THETA_PLUS, _TAU_THETA, _LEARNED_IMAGES = 0.000125, 1e7, 40_000
# Images of fewer pixels share one program: the inputs beside them are dark and have no weight.
_FEWEST_INPUTS = 64
