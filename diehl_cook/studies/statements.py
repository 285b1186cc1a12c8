"""What the paper says of its largest network beyond the accuracy, beside a network of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from diehl_cook.images import experiment_images
from diehl_cook.model import paper_results
from diehl_cook.stages import readout
from diehl_cook.stages.network import Network

Row = dict[str, Any]

#: How many of the commonest confusions are told.
CONFUSIONS = 6


def measure(network: Network, jobs: int | None = None) -> list[Row]:
    """Show the test images once, and hold the answers against the paper's statements.

    Parameters
    ----------
    network : Network
        With labels.
    jobs : int, optional
        Processes at a time.

    Returns
    -------
    list of dict
        Rows with ``statement``, ``paper`` (NaN where it says nothing) and ``ours``.

    Raises
    ------
    ValueError
        If the cells have no labels yet.
    """
    experiment = network.experiment
    scored = experiment_images.load(experiment).scored
    paper = {} if experiment.data.folder else paper_results.STATEMENTS
    reader = network.reader
    responses = network.respond(scored.images, jobs=jobs)
    assert network.labels is not None
    return compare(responses, network.labels, scored.labels, reader.predict(responses), paper)


def compare(
    responses: csr_array,
    labels: NDArray[np.integer],
    classes: NDArray[np.integer],
    predictions: NDArray[np.integer],
    paper: Mapping[str, float] = paper_results.STATEMENTS,
) -> list[Row]:
    """The statements as rows of a table, paper section 3.

    Parameters
    ----------
    responses : sparse array, shape (images, cells)
        Spikes of each cell during each image.
    labels : ndarray, shape (cells,)
        Class of each cell.
    classes, predictions : ndarray, shape (images,)
        True and predicted class of each image.
    paper : dict of str to float
        What the paper says, by statement; nothing where it is not of these images.

    Returns
    -------
    list of dict
    """
    total = np.asarray(responses.sum(axis=1)).ravel()
    own = np.array(
        [responses[[image], :][:, labels == true].sum() for image, true in enumerate(classes)]
    )
    correct = predictions == classes
    ours: dict[str, float] = {"spikes of an image": float(total.mean())}
    for name, chosen in (("correct", correct), ("misclassified", ~correct)):
        ours[f"spikes of cells of the true class, {name}"] = _mean(own[chosen])
        ours[f"spikes of other cells, {name}"] = _mean((total - own)[chosen])
    ours["misclassified images"] = float(np.sum(~correct))
    told = [name for name in paper if " as " in name]
    named = [int(digit) for name in told for digit in name.split(" as ")]
    n_classes = max(*named, int(classes.max()), int(predictions.max())) + 1
    counts = readout.confusion(classes, predictions, n_classes)[:, :-1]
    np.fill_diagonal(counts, 0)
    for place in np.argsort(counts, axis=None, kind="stable")[::-1][:CONFUSIONS]:
        told.append("{} as {}".format(*np.unravel_index(place, counts.shape)))
    for name in dict.fromkeys(told):
        true, read = name.split(" as ")
        ours[name] = float(counts[int(true), int(read)])
    return [
        {
            "statement": name,
            "paper": paper.get(name, np.nan),
            "ours": round(value, 2),
        }
        for name, value in ours.items()
    ]


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else np.nan
