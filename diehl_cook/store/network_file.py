"""A trained network in one file: what a training leaves, what is exported, what is published."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from diehl_cook.model.arrays import Arrays
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import dump_experiment
from diehl_cook.store.files import write_whole
from diehl_cook.store.reading import FileError, read_arrays
from diehl_cook.store.schemas import NetworkArrays
from diehl_cook.store.trained_network import TrainedNetwork, Weighing

#: Bits of a stored weight: as trained, half precision, or 255 steps up to each cell's largest.
Bits = Literal[32, 16, 8]


class NetworkFileError(FileError):
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
    return dataclasses.replace(network, weights=_unpack(**_pack(network.weights, bits)))


def save(path: Path, content: NetworkFile, bits: Bits = 32) -> None:
    """Write a network file: an ``.npz`` of plain arrays, each weight in so many bits.

    The same network gives the same bytes.

    Raises
    ------
    NetworkFileError
        If the path is not that of an ``.npz`` file, or of one that holds something else.
    ValueError
        If there is no format of so many bits.
    """
    if path.suffix != ".npz" or path.is_dir():
        raise NetworkFileError(f"{path}: cannot be a network file; name one that ends in .npz")
    if path.is_file():
        try:
            load(path)
        except FileError:
            raise NetworkFileError(
                f"{path}: is there and no network file; delete it or choose another name"
            ) from None
    network = content.network
    arrays = _pack(network.weights, bits) | {
        "theta": network.theta,
        "experiment": np.array(dump_experiment(content.experiment)),
        "measured": np.array(json.dumps(content.measured)),
    }
    if network.labels is not None:
        arrays["labels"] = network.labels.astype(np.int16)
    for name, weighing in network.weighings.items():
        for part, values in vars(weighing).items():
            arrays[f"readout/{name}/{part}"] = values
    if network.learned is not None:
        arrays["learned"] = np.array(network.learned)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_whole(path, buffer.getvalue())


def load(path: Path, way_out: str = "export or fetch it again") -> NetworkFile:
    """Read a network file.

    Parameters
    ----------
    path : Path
        The file.
    way_out : str
        Ends the message if it is something else.

    Raises
    ------
    FileError
        If it is missing, damaged, or something else.
    """
    read = read_arrays(path, NetworkArrays, way_out)
    labels = None if read.labels is None else read.labels.astype(np.int64)
    weights = _unpack(read.weights, read.largest)
    weighings = {
        name: Weighing(each.classes.astype(np.int64), each.weights, each.offsets)
        for name, each in read.readouts.items()
    }
    theta = read.theta.astype(np.float64)
    network = TrainedNetwork(weights, theta, labels, weighings, read.learned)
    return NetworkFile(read.experiment, network, read.measured)


def bits_of(path: Path) -> int:
    """In how many bits a network file holds each weight."""
    return 8 * read_arrays(path, NetworkArrays, "export or fetch it again").weights.itemsize


def _pack(weights: NDArray[np.floating], bits: Bits) -> Arrays:
    if bits == 32:
        return {"weights": weights}
    if bits == 16:
        return {"weights": weights.astype(np.float16)}
    if bits != 8:
        raise ValueError(f"bits={bits!r}: a weight is kept in 32, 16 or 8 bits")
    largest = np.maximum(weights.max(axis=0), np.finfo(np.float32).tiny).astype(np.float32)
    return {"weights": np.rint(weights / largest * 255).astype(np.uint8), "largest": largest}


def _unpack(
    weights: NDArray[Any], largest: NDArray[np.floating] | None = None
) -> NDArray[np.floating]:
    if largest is not None:
        return np.asarray(weights * (largest / np.float32(255)), dtype=np.float32)
    return weights.astype(np.float32) if weights.dtype == np.float16 else weights
