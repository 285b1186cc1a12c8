"""From responses to classes: labels of cells, predictions, accuracy, paper section 2.6.

Nothing that learns sees labels. A response is the number of spikes of each excitatory cell
during one image, shape (images, cells), dense or sparse. Readouts have the manners of
scikit-learn's classifiers: ``fit(responses, classes)``, then ``predict(responses)``.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
from sklearn.naive_bayes import MultinomialNB
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from diehl_cook.model.experiment import ReadoutName
from diehl_cook.store.trained_network import TrainedNetwork, Weighing

#: Label of a cell that never fired, and class of an image that no labelled cell answered.
NO_CLASS = -1

Responses: TypeAlias = csr_array | NDArray[np.integer]
Labels: TypeAlias = NDArray[np.int64]


def assign_labels(responses: Responses, classes: NDArray[np.integer]) -> Labels:
    """Give each cell the class of its highest mean response.

    Parameters
    ----------
    responses : array or sparse array, shape (images, cells)
        Spikes of each cell during each image.
    classes : ndarray, shape (images,)
        Class of each image, 0 or more.

    Returns
    -------
    ndarray, shape (cells,)
        The lowest of equal classes; `NO_CLASS` for cells that never fired.
    """
    counts = csr_array(responses)
    membership = _membership(classes)
    shown = np.maximum(membership.sum(axis=0), 1)
    spikes = (membership.T @ counts).toarray()
    labels = np.argmax(spikes / shown[:, None], axis=0)
    labels[spikes.sum(axis=0) == 0] = NO_CLASS
    return labels


def predict(responses: Responses, labels: NDArray[np.integer]) -> Labels:
    """Give each image the class whose cells have the highest mean spike count.

    Parameters
    ----------
    responses : array or sparse array, shape (images, cells)
        Spikes of each cell during each image.
    labels : ndarray, shape (cells,)
        As `assign_labels` returns them. Cells without a class do not vote.

    Returns
    -------
    ndarray, shape (images,)
        The lowest of equal classes; `NO_CLASS` where no labelled cell fired.
    """
    return ClassMean.of(labels).predict(responses)


def spikes_by_class(
    responses: Responses, labels: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count spikes of the cells of each class.

    Parameters
    ----------
    responses : array or sparse array, shape (images, cells)
        Spikes of each cell during each image.
    labels : ndarray, shape (cells,)
        As `assign_labels` returns them.

    Returns
    -------
    spikes : ndarray, shape (images, n_classes)
        Up to the highest class that a cell has; no class if none has any.
    cells : ndarray, shape (n_classes,)
        Cells of each class.
    """
    counts = csr_array(responses)
    labelled = np.flatnonzero(labels != NO_CLASS)
    if labelled.size == 0:
        return np.zeros((counts.shape[0], 0), np.int64), np.zeros(0, np.int64)
    voters = _membership(labels[labelled])
    return (counts[:, labelled] @ voters).toarray(), voters.sum(axis=0)


class Readout(ClassifierMixin, BaseEstimator, ABC):
    """Reads classes from responses, after it has seen responses with their classes.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The classes that it was fitted to, ascending; predictions are of these.
    n_features_in_ : int
        Number of cells.
    """

    #: How new images get a class, as a report tells it to people.
    in_words: ClassVar[str]

    def fit(self, responses: Responses, classes: NDArray[np.integer]) -> Self:
        """Learn how to read responses.

        Parameters
        ----------
        responses : array or sparse array, shape (images, cells)
            Spikes of each cell during each image.
        classes : ndarray, shape (images,)
            Class of each image, 0 or more.

        Returns
        -------
        Readout
            Itself.
        """
        counts = csr_array(responses)
        if counts.shape[0] != len(classes):
            raise ValueError(f"{counts.shape[0]} responses for {len(classes)} classes")
        self.n_features_in_ = counts.shape[1]
        wide: Labels = np.asarray(classes, np.int64)  # which has room for NO_CLASS
        self.classes_ = np.unique(wide)
        self._learn(counts, wide)
        return self

    def scores(self, responses: Responses) -> NDArray[np.floating]:
        """Say how much speaks for each class.

        Parameters
        ----------
        responses : array or sparse array, shape (images, cells)
            Spikes of each cell during each image.

        Returns
        -------
        ndarray, shape (images, n_classes)
            In the order of `classes_`; minus infinity where nothing speaks for a class. The
            measure is the readout's own: a mean count, votes, or the logarithm of a probability up
            to a term that all classes share.
        """
        check_is_fitted(self)
        counts = csr_array(responses)
        if counts.shape[1] != self.n_features_in_:
            raise ValueError(
                f"responses of {counts.shape[1]} cells, but fitted to {self.n_features_in_}"
            )
        scores = self._weigh(counts)
        scores[counts.sum(axis=1) == 0] = -np.inf
        return scores

    def predict(self, responses: Responses) -> Labels:
        """Give each image the class for which most speaks.

        Parameters
        ----------
        responses : array or sparse array, shape (images, cells)
            Spikes of each cell during each image.

        Returns
        -------
        ndarray, shape (images,)
            The lowest of equal classes; `NO_CLASS` where nothing speaks for any.
        """
        scores = self.scores(responses)
        if self.classes_.size == 0:
            return np.full(len(scores), NO_CLASS)
        predictions: Labels = self.classes_[np.argmax(scores, axis=1)]
        predictions[scores.max(axis=1) == -np.inf] = NO_CLASS
        return predictions

    @abstractmethod
    def _learn(self, counts: csr_array, classes: Labels) -> None: ...

    @abstractmethod
    def _weigh(self, counts: csr_array) -> NDArray[np.floating]: ...


class ClassMean(Readout):
    """The paper's: each cell has one class, and the highest mean count over its cells wins.

    Attributes
    ----------
    labels_ : ndarray, shape (cells,)
        Class of each cell; `NO_CLASS` for cells that never fired.
    """

    in_words: ClassVar[str] = (
        "each cell gets the class of the images that it answers most, and new images get the class"
        " of the cells that answer them."
    )

    @classmethod
    def of(cls, labels: NDArray[np.integer]) -> Self:
        """The readout of cells whose classes are known already."""
        reader = cls()
        reader.n_features_in_ = len(labels)
        reader._take(np.asarray(labels, np.int64))
        return reader

    def _learn(self, counts: csr_array, classes: Labels) -> None:
        self._take(assign_labels(counts, classes))

    def _take(self, labels: Labels) -> None:
        self.labels_, known = labels, np.unique(labels)
        self.classes_ = known[known != NO_CLASS]

    def _weigh(self, counts: csr_array) -> NDArray[np.floating]:
        spikes, cells = spikes_by_class(counts, self.labels_)
        means = spikes[:, self.classes_] / cells[self.classes_]
        return np.where(means > 0, means, -np.inf)


class LinearReadout(Readout):
    """Weighs the counts of all cells for each class.

    Attributes
    ----------
    weighing_ : Weighing
        The weights: all that was learned.
    """

    @classmethod
    def of(cls, weighing: Weighing) -> Self:
        """The readout that has learned these weights."""
        reader = cls()
        reader.weighing_, reader.classes_ = weighing, np.asarray(weighing.classes, np.int64)
        reader.n_features_in_ = len(weighing.weights)
        return reader

    def _learn(self, counts: csr_array, classes: Labels) -> None:
        self.weighing_ = Weighing(self.classes_, *self._find(counts, classes))

    def _weigh(self, counts: csr_array) -> NDArray[np.floating]:
        scores: NDArray[np.floating] = counts @ self.weighing_.weights + self.weighing_.offsets
        return scores

    @abstractmethod
    def _find(
        self, counts: csr_array, classes: Labels
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Find the weights, shape (cells, n_classes), and offsets, shape (n_classes,)."""


class ClassVote(LinearReadout):
    """Each spike votes for every class, by the shares that the classes have in its cell.

    A weight is the cell's mean response to a class, divided by the sum over the classes; a cell
    that never fired has none.
    """

    in_words: ClassVar[str] = (
        "each spike of a cell votes for every class, by the share of that cell's spikes that images"
        " of the class drew; new images get the class with the most votes."
    )

    def _find(
        self, counts: csr_array, classes: Labels
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        membership = _membership(np.searchsorted(self.classes_, classes))
        means = (counts.T @ membership).toarray() / membership.sum(axis=0)
        total = means.sum(axis=1, keepdims=True)
        return means / np.where(total > 0, total, 1), np.zeros(self.classes_.size)

    def _weigh(self, counts: csr_array) -> NDArray[np.floating]:
        votes = super()._weigh(counts)
        return np.where(votes > 0, votes, -np.inf)


class NaiveBayes(LinearReadout):
    """Multinomial naive Bayes on the counts: which cell fires next depends on the class alone.

    Each cell counts as if it had fired once more for each class (Laplace).
    """

    in_words: ClassVar[str] = (
        "naive Bayes learns from the answers to training images which class new answers speak for."
    )

    def _find(
        self, counts: csr_array, classes: Labels
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        model = MultinomialNB().fit(counts, classes)
        return model.feature_log_prob_.T, model.class_log_prior_


class Logistic(LinearReadout):
    """Multinomial logistic regression on square roots of the counts, which evens out their noise.

    Parameters
    ----------
    strengths : tuple of float
        Inverse strengths of regularisation, ascending. The one is chosen that reads a sixth of the
        images best after learning the others; then all of them are learned. Where a class has
        fewer than six images, the middle one is taken.

    Attributes
    ----------
    strength_ : float
        The one chosen.
    """

    in_words: ClassVar[str] = (
        "logistic regression learns from the answers to training images which class new answers"
        " speak for."
    )

    def __init__(self, strengths: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)) -> None:
        self.strengths = strengths

    def _find(
        self, counts: csr_array, classes: Labels
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        self.strength_ = self.strengths[len(self.strengths) // 2]
        if self.classes_.size == 1:  # nothing to tell apart
            return np.zeros((counts.shape[1], 1)), np.zeros(1)
        model, roots = LogisticRegression(C=self.strength_, max_iter=10_000), np.sqrt(counts)
        # More threads take longer for so little at a time, and each number of them has its bits.
        with threadpool_limits(1):
            if np.unique(classes, return_counts=True)[1].min() >= 6:
                parts = StratifiedShuffleSplit(1, test_size=1 / 6, random_state=0)
                search = GridSearchCV(model, {"C": list(self.strengths)}, cv=parts, refit=False)
                self.strength_ = search.fit(roots, classes).best_params_["C"]
            model.set_params(C=self.strength_).fit(roots, classes)
        if self.classes_.size == 2:  # scikit-learn weighs for the second class alone
            return np.pad(model.coef_.T, [(0, 0), (1, 0)]), np.pad(model.intercept_, (1, 0))
        return model.coef_.T, model.intercept_

    def _weigh(self, counts: csr_array) -> NDArray[np.floating]:
        return super()._weigh(np.sqrt(counts))


#: Every readout by the name that ``evaluation.readout`` has for it.
READOUTS: dict[ReadoutName, type[Readout]] = {
    "class_mean": ClassMean,
    "class_vote": ClassVote,
    "naive_bayes": NaiveBayes,
    "logistic": Logistic,
}


def is_learned(name: ReadoutName, network: TrainedNetwork) -> bool:
    """Whether a network holds what a readout learns from training images."""
    return network.labels is not None and (name == "class_mean" or name in network.weighings)


def learn(
    name: ReadoutName,
    network: TrainedNetwork,
    responses: Responses,
    classes: NDArray[np.integer],
) -> TrainedNetwork:
    """Give a network labels and what else a readout learns, where it does not hold them yet.

    Parameters
    ----------
    name : str
        Of the readout, in `READOUTS`.
    network : TrainedNetwork
        What drew the responses.
    responses : array or sparse array, shape (images, cells)
        To training images.
    classes : ndarray, shape (images,)
        Of these images.

    Returns
    -------
    TrainedNetwork
    """
    labels, weighings = network.labels, network.weighings
    if labels is None:
        labels = assign_labels(responses, classes)
    reader = READOUTS[name]()
    if isinstance(reader, LinearReadout) and name not in weighings:
        weighings = {name: reader.fit(responses, classes).weighing_}
    return dataclasses.replace(network, labels=labels, weighings=weighings)


def reader_of(name: ReadoutName, network: TrainedNetwork) -> Readout:
    """The readout of a network that holds what it learned.

    Raises
    ------
    ValueError
        If the network does not hold it.
    """
    if network.labels is None:
        raise ValueError(f"the cells have no labels yet; {_WAY_OUT}")
    readout = READOUTS[name]
    if not issubclass(readout, LinearReadout):
        return ClassMean.of(network.labels)
    if name not in network.weighings:
        raise ValueError(f"the readout {name!r} has learned nothing yet; {_WAY_OUT}")
    return readout.of(network.weighings[name])


def accuracy(classes: NDArray[np.integer], predictions: NDArray[np.integer]) -> float:
    """Share of images read rightly, from 0 to 1."""
    return float(accuracy_score(classes, predictions))


def confusion(
    classes: NDArray[np.integer], predictions: NDArray[np.integer], n_classes: int
) -> NDArray[np.int64]:
    """Count predictions for each class.

    Returns
    -------
    ndarray, shape (n_classes, n_classes + 1)
        Rows are true classes, columns predicted ones; the last column counts images
        without a prediction.
    """
    names = [*range(n_classes), NO_CLASS]
    counts: NDArray[np.int64] = confusion_matrix(classes, predictions, labels=names)
    return counts[:n_classes]


def _membership(classes: NDArray[np.integer]) -> csr_array:
    """A matrix with a one where a member (row) belongs to a class (column)."""
    members = np.arange(classes.size)
    ones = np.ones(classes.size, dtype=np.int64)
    return csr_array((ones, (members, classes)), shape=(classes.size, int(classes.max()) + 1))


_WAY_OUT = "evaluate the run first: make evaluate, diehl-cook evaluate, or run.evaluate()"
