"""From responses to classes: labels of cells, predictions, accuracy, paper section 2.6.

The only room that sees labels. A response is the number of spikes of each excitatory cell
during one image, shape (images, cells), dense or sparse.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.metrics import accuracy_score, confusion_matrix

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
    counts = csr_array(responses)
    labelled = np.flatnonzero(labels != NO_CLASS)
    if labelled.size == 0:
        return np.full(counts.shape[0], NO_CLASS)
    voters = _membership(labels[labelled])
    spikes = (counts[:, labelled] @ voters).toarray()
    predictions = np.argmax(spikes / np.maximum(voters.sum(axis=0), 1), axis=1)
    predictions[spikes.sum(axis=1) == 0] = NO_CLASS
    return predictions


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
