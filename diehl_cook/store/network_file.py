"""A trained network in one small file, to be kept with the results and passed on."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from diehl_cook.model.experiment import Experiment, ExperimentError, check_values, dump_experiment
from diehl_cook.store.files import write_whole
from diehl_cook.store.trained_network import TrainedNetwork


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
        With labels; the weights as they were rounded.
    measured : dict
        What was measured of it, for example its accuracy after the rounding.
    """

    experiment: Experiment
    network: TrainedNetwork
    measured: dict[str, Any]


def rounded(network: TrainedNetwork) -> TrainedNetwork:
    """A network with its weights in half precision, 11 significant bits."""
    return dataclasses.replace(network, weights=network.weights.astype(np.float16))


def save(path: Path, content: NetworkFile) -> None:
    """Write a network file: an ``.npz`` of plain arrays, weights in half precision."""
    network = rounded(content.network)
    if network.labels is None:
        raise ValueError("the network has no labels; label it first")
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        weights=network.weights,
        theta=network.theta,
        labels=network.labels.astype(np.int16),
        experiment=np.array(dump_experiment(content.experiment)),
        measured=np.array(json.dumps(content.measured)),
    )
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
            values = yaml.safe_load(str(file["experiment"]))
            weights, theta = file["weights"].astype(np.float32), file["theta"]
            labels = file["labels"].astype(np.int64)
            measured = json.loads(str(file["measured"]))
        experiment = check_values(values, str(path))
    except MemoryError:
        raise
    except FileNotFoundError:
        raise NetworkFileError(f"{path}: no such file") from None
    except ExperimentError as error:
        raise NetworkFileError(str(error)) from None
    except Exception as error:  # a damaged archive fails in many ways
        reason = " ".join(str(error).split()) or type(error).__name__
        raise NetworkFileError(f"{path}: is no network file, or damaged ({reason})") from None
    shapes = {weights.shape[1:], theta.shape, labels.shape}
    if shapes != {(experiment.cells,)}:
        raise NetworkFileError(f"{path}: is not a network of {experiment.cells} cells")
    return NetworkFile(experiment, TrainedNetwork(weights, theta, labels), measured)
