"""A trained network answers what somebody draws: what the page is told of one presentation."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import numpy as np
from brian2 import Quantity, ms
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_array

from diehl_cook.demo import DemoError
from diehl_cook.engine.recorder import Spikes
from diehl_cook.stages import classify
from diehl_cook.stages.network import Network
from diehl_cook.stages.readout import NO_CLASS

Facts = dict[str, Any]


class Question(BaseModel):
    """An image, and the values to show it with.

    Attributes
    ----------
    pixels : list of int
        Brightness from 0 to 255, row after row.
    repeat : int
        Each repeat draws other input spikes.
    intensity, inhibition : float
        As for `Network.with_values`.
    thresholds : float
        Adaptive thresholds, in shares of what was learned.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    pixels: list[Annotated[int, Field(ge=0, le=255)]]
    repeat: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    intensity: Annotated[float, Field(gt=0, le=20)]
    inhibition: Annotated[float, Field(ge=0, le=100)]
    thresholds: Annotated[float, Field(ge=0, le=3)]


class Reader:
    """A network that answers questions, also under values that it was not trained with.

    Parameters
    ----------
    network : Network
        With labels, for square images.

    Raises
    ------
    DemoError
        If it cannot read pictures.
    """

    def __init__(self, network: Network) -> None:
        try:
            self.size = classify.picture_size(network)
        except ValueError as error:
            raise DemoError(f"--network: {error}") from None
        assert network.labels is not None
        self.labels = network.labels
        # It shows its silence or its runaway, where a run would end with an error
        self.network = Network(network.experiment.tolerant(), network.trained)

    def about(self) -> Facts:
        """What the page needs to know of the network before anything is shown."""
        experiment = self.network.experiment
        return {
            "rule": experiment.rule,
            "cells": experiment.cells,
            "size": self.size,
            "labels": self.labels.tolist(),
            "fields": as_bytes(self.network.weights),
            "image_ms": _in_ms(experiment.presentation.image).item(),
            "intensity": experiment.presentation.intensity,
            "inhibition": experiment.connections.inhibitory_to_excitatory,
        }

    def warm_up(self, image: NDArray[np.integer]) -> None:
        """Compile what an answer needs."""
        self.network.record(image)

    def answer(self, question: Question) -> Facts:
        """Show an image, and tell every spike and the class that `classify` would read.

        Raises
        ------
        ValueError
            If the image is of another size.
        """
        network = self.network.with_values(
            question.intensity, question.inhibition, question.thresholds * self.network.theta
        )
        record = network.record(question.pixels, repeat=question.repeat)
        reading = classify.read(network, csr_array(record.counts[np.newaxis]))
        return {
            "class": None if reading.class_ == NO_CLASS else reading.class_,
            "words": str(reading),
            "showings": record.showings,
            "silent": reading.total < network.experiment.presentation.minimum_spikes,
            "input": _spikes(record.input),
            "excitatory": _spikes(record.excitatory),
        }


def as_bytes(weights: NDArray[np.floating]) -> str:
    """Receptive fields for the page: a byte a weight, cell after cell, up to the largest weight."""
    fields = weights.T / np.maximum(weights.max(), np.finfo(np.float32).tiny)
    return base64.b64encode(np.rint(255 * fields).astype(np.uint8).tobytes()).decode()


def _spikes(spikes: Spikes) -> dict[str, list[float]]:
    return {"t": _in_ms(spikes.t).round(3).tolist(), "i": spikes.i.tolist()}


def _in_ms(times: Quantity) -> NDArray[np.float64]:
    return np.asarray(times / ms)
