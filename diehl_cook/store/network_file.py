"""A trained network in one file: what a training leaves, what is exported, what is published."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from diehl_cook.model.arrays import Arrays
from diehl_cook.model.experiment import Experiment, ExperimentError, check_values, dump_experiment
from diehl_cook.store.files import write_whole
from diehl_cook.store.trained_network import TrainedNetwork

#: Bits of a stored weight: as trained, half precision, or 255 steps up to each cell's largest.
Bits = Literal[32, 16, 8]


class NetworkFileError(RuntimeError):
    """A network file that cannot be used; the message names it and the way out."""


@dataclasses.dataclass(frozen=True)
class NetworkFile:
    """What a network file holds.

    Attributes
    ----------
    experiment : Experiment
        With every value filled in: all that testing the network needs.
    network : TrainedNetwork
        The weights as they were rounded.
    measured : dict
        What was measured of it, for example its accuracy after the rounding.
    """

    experiment: Experiment
    network: TrainedNetwork
    measured: dict[str, Any] = dataclasses.field(default_factory=dict)


def rounded(network: TrainedNetwork, bits: Bits) -> TrainedNetwork:
    """A network with its weights as a file of so many bits a weight gives them back."""
    return dataclasses.replace(network, weights=_unpack(_pack(network.weights, bits)))


def save(path: Path, content: NetworkFile, bits: Bits = 32) -> None:
    """Write a network file: an ``.npz`` of plain arrays, each weight in so many bits.

    The same network gives the same bytes.
    """
    network = content.network
    arrays = _pack(network.weights, bits) | {
        "theta": network.theta,
        "experiment": np.array(dump_experiment(content.experiment)),
        "measured": np.array(json.dumps(content.measured)),
    }
    if network.labels is not None:
        arrays["labels"] = network.labels.astype(np.int16)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_whole(path, buffer.getvalue())


def load(path: Path) -> NetworkFile:
    """Read a network file.

    Raises
    ------
    NetworkFileError
        If it is missing, damaged, or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        measured = dict(json.loads(str(arrays["measured"])))
        experiment = check_values(yaml.safe_load(str(arrays["experiment"])), str(path))
        labels = arrays["labels"].astype(np.int64) if "labels" in arrays else None
        network = TrainedNetwork(_unpack(arrays), arrays["theta"].astype(np.float64), labels)
    except MemoryError:
        raise
    except FileNotFoundError:
        raise NetworkFileError(f"{path}: no such file") from None
    except ExperimentError as error:
        raise NetworkFileError(str(error)) from None
    except Exception as error:  # a damaged archive fails in many ways
        reason = " ".join(str(error).split()) or type(error).__name__
        raise NetworkFileError(f"{path}: is damaged or foreign ({reason})") from None
    if not _fits(network, experiment.cells):
        raise NetworkFileError(f"{path}: is not a network of {experiment.cells} cells")
    return NetworkFile(experiment, network, measured)


def _fits(network: TrainedNetwork, cells: int) -> bool:
    shapes = [network.weights.shape[1:], network.theta.shape]
    shapes += [] if network.labels is None else [network.labels.shape]
    numbers = (network.weights, network.theta)
    return (
        set(shapes) == {(cells,)}
        and len(network.weights) > 0
        and all(bool(np.all(np.isfinite(values) & (values >= 0))) for values in numbers)
        and (network.labels is None or int(network.labels.min()) >= -1)
    )


def _pack(weights: NDArray[np.floating], bits: Bits) -> Arrays:
    if bits == 32:
        return {"weights": weights}
    if bits == 16:
        return {"weights": weights.astype(np.float16)}
    largest = np.maximum(weights.max(axis=0), np.finfo(np.float32).tiny).astype(np.float32)
    return {"weights": np.rint(weights / largest * 255).astype(np.uint8), "largest": largest}


def _unpack(arrays: Arrays) -> NDArray[np.floating]:
    weights = arrays["weights"]
    if "largest" in arrays:
        return np.asarray(weights * (arrays["largest"] / np.float32(255)), dtype=np.float32)
    return weights.astype(np.float32) if weights.dtype == np.float16 else weights
