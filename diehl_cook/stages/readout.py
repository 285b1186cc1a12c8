"""From responses to classes: labels of cells, predictions, accuracy, paper section 2.6.

The only room that sees labels. A response is the number of spikes of each excitatory cell
during one image, shape (images, cells), dense or sparse. Readouts have the manners of
scikit-learn's classifiers: ``fit(responses, classes)``, then ``predict(responses)``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
from sklearn.naive_bayes import MultinomialNB
from sklearn.utils.validation import check_is_fitted

from diehl_cook.model.experiment import ReadoutName

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
    spikes, cells = spikes_by_class(responses, labels)
    if cells.size == 0:
        return np.full(len(spikes), NO_CLASS)
    predictions = np.argmax(spikes / np.maximum(cells, 1), axis=1)
    predictions[spikes.sum(axis=1) == 0] = NO_CLASS
    return predictions


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

    def predict(self, responses: Responses) -> Labels:
        """Give each image a class.

        Parameters
        ----------
        responses : array or sparse array, shape (images, cells)
            Spikes of each cell during each image.

        Returns
        -------
        ndarray, shape (images,)
            `NO_CLASS` where no cell fired.
        """
        check_is_fitted(self)
        counts = csr_array(responses)
        if counts.shape[1] != self.n_features_in_:
            raise ValueError(
                f"responses of {counts.shape[1]} cells, but fitted to {self.n_features_in_}"
            )
        predictions = self._read(counts)
        predictions[counts.sum(axis=1) == 0] = NO_CLASS
        return predictions

    @abstractmethod
    def _learn(self, counts: csr_array, classes: Labels) -> None: ...

    @abstractmethod
    def _read(self, counts: csr_array) -> Labels: ...


class ClassMean(Readout):
    """The paper's: each cell has one class, and the highest mean count over its cells wins.

    Attributes
    ----------
    labels_ : ndarray, shape (cells,)
        Class of each cell; `NO_CLASS` for cells that never fired.
    """

    @classmethod
    def of(cls, labels: NDArray[np.integer]) -> Self:
        """The readout of cells whose classes are known already."""
        reader = cls()
        reader.n_features_in_ = len(labels)
        reader.labels_ = np.asarray(labels, np.int64)
        reader.classes_ = np.unique(reader.labels_[reader.labels_ != NO_CLASS])
        return reader

    def _learn(self, counts: csr_array, classes: Labels) -> None:
        self.labels_ = assign_labels(counts, classes)

    def _read(self, counts: csr_array) -> Labels:
        return predict(counts, self.labels_)


class ClassVote(Readout):
    """Each spike votes for every class, by the shares that the classes have in its cell.

    Attributes
    ----------
    shares_ : ndarray, shape (cells, n_classes)
        Mean responses of a cell to each class, divided by their sum; zeros for a cell that
        never fired.
    """

    def _learn(self, counts: csr_array, classes: Labels) -> None:
        membership = _membership(np.searchsorted(self.classes_, classes))
        means = (counts.T @ membership).toarray() / membership.sum(axis=0)
        total = means.sum(axis=1, keepdims=True)
        self.shares_ = means / np.where(total > 0, total, 1)

    def _read(self, counts: csr_array) -> Labels:
        votes = counts @ self.shares_
        predictions: Labels = self.classes_[np.argmax(votes, axis=1)]
        predictions[votes.sum(axis=1) == 0] = NO_CLASS
        return predictions


class NaiveBayes(Readout):
    """Multinomial naive Bayes on the counts: which cell fires next depends on the class alone.

    Parameters
    ----------
    alpha : float
        Spikes added to each cell and class before the shares are taken (Laplace).
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def _learn(self, counts: csr_array, classes: Labels) -> None:
        self.model_ = MultinomialNB(alpha=self.alpha).fit(counts, classes)

    def _read(self, counts: csr_array) -> Labels:
        predictions: Labels = self.model_.predict(counts)
        return predictions


class Logistic(Readout):
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

    def __init__(self, strengths: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)) -> None:
        self.strengths = strengths

    def _learn(self, counts: csr_array, classes: Labels) -> None:
        self.strength_ = self.strengths[len(self.strengths) // 2]
        if self.classes_.size == 1:  # nothing to tell apart
            self.model_ = DummyClassifier().fit(counts, classes)
            return
        model, roots = LogisticRegression(C=self.strength_, max_iter=1000), np.sqrt(counts)
        if np.unique(classes, return_counts=True)[1].min() >= 6:
            parts = StratifiedShuffleSplit(1, test_size=1 / 6, random_state=0)
            search = GridSearchCV(model, {"C": list(self.strengths)}, cv=parts, refit=False)
            self.strength_ = search.fit(roots, classes).best_params_["C"]
        self.model_ = model.set_params(C=self.strength_).fit(roots, classes)

    def _read(self, counts: csr_array) -> Labels:
        predictions: Labels = self.model_.predict(np.sqrt(counts))
        return predictions


#: Every readout by the name that ``evaluation.readout`` has for it.
READOUTS: dict[ReadoutName, type[Readout]] = {
    "class_mean": ClassMean,
    "class_vote": ClassVote,
    "naive_bayes": NaiveBayes,
    "logistic": Logistic,
}


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
