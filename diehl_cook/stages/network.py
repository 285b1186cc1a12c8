"""A trained network that images can be shown to, from Python."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from brian2 import get_dimensions, volt
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from diehl_cook.engine.presenter import TESTING, Presenter
from diehl_cook.engine.recorder import Record
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.experiment_file import check_values
from diehl_cook.stages import readout
from diehl_cook.stages.compilation import ReadingPrograms
from diehl_cook.stages.evaluation import Examiner
from diehl_cook.stages.readout import Readout
from diehl_cook.store import network_file
from diehl_cook.store.network_file import Bits, NetworkFile
from diehl_cook.store.trained_network import TrainedNetwork


class Network:
    """A trained network; its weights and thresholds never change.

    The first image shown compiles a program, once for each structure. Images are arrays of
    brightness from 0 to 255, of shape (n, rows, columns) or (n, n_inputs).

    Parameters
    ----------
    experiment : Experiment
        What it was trained with.
    trained : TrainedNetwork
        Weights, thresholds and, for `predict`, labels and what the readout learned.
    measured : dict, optional
        What was measured of it before.
    """

    def __init__(
        self,
        experiment: Experiment,
        trained: TrainedNetwork,
        measured: dict[str, Any] | None = None,
    ) -> None:
        self.experiment = experiment
        self.trained = trained
        self.measured = measured or {}

    def __repr__(self) -> str:
        kind = f"{self.experiment.rule}, {self.experiment.cells} cells, {self.n_inputs} inputs"
        return f"<Network: {kind}{'' if self.labels is not None else ', not labelled'}>"

    @property
    def weights(self) -> NDArray[np.floating]:
        """Input weights, shape (n_inputs, cells)."""
        return self.trained.weights

    @property
    def theta(self) -> NDArray[np.floating]:
        """Adaptive threshold in volts, shape (cells,)."""
        return self.trained.theta

    @property
    def labels(self) -> NDArray[np.integer] | None:
        """Class of each cell, shape (cells,), -1 for none; None before the labelling."""
        return self.trained.labels

    @property
    def reader(self) -> Readout:
        """The readout of the experiment, which has learned to read this network.

        Raises
        ------
        ValueError
            If the cells have no labels yet, or the readout has learned nothing.
        """
        return readout.reader_of(self.experiment.evaluation.readout, self.trained)

    @property
    def n_inputs(self) -> int:
        """Input cells, one for each pixel."""
        return len(self.weights)

    def respond(self, images: ArrayLike, repeat: int = 0, jobs: int | None = None) -> csr_array:
        """Count the spikes that images draw, as an evaluation counts them.

        Parameters
        ----------
        images : array, shape (n, rows, columns) or (n, n_inputs)
            Brightness from 0 to 255.
        repeat : int
            Each repeat draws other input spikes, the same ones every time.
        jobs : int, optional
            Processes at a time, by default one per core; no answer depends on it.

        Returns
        -------
        sparse array, shape (n, cells)

        Raises
        ------
        ValueError
            If the images do not fit, or the repeat is none.

        Examples
        --------
        >>> import diehl_cook as dc
        >>> network = dc.load("triplet_n400")
        >>> digits = dc.load_images("test").images[:3]
        >>> network.respond(digits).shape
        (3, 400)
        """
        rows = self._rows(images)
        if len(rows) == 0:
            raise ValueError("there are no images")
        with tempfile.TemporaryDirectory() as workspace:
            examiner = Examiner(self._presenter, Path(workspace), jobs or os.cpu_count() or 1)
            return examiner.respond(self.trained, rows, _stage(repeat), lambda progress: None)

    def predict(self, images: ArrayLike, repeat: int = 0) -> NDArray[np.int64]:
        """Read the class of images, as ``evaluation.readout`` of the experiment reads the spikes.

        Parameters
        ----------
        images : array, shape (n, rows, columns) or (n, n_inputs)
            Brightness from 0 to 255.
        repeat : int
            As for `respond`.

        Returns
        -------
        ndarray, shape (n,)
            -1 where no cell fired that says anything of a class.

        Raises
        ------
        ValueError
            If the cells have no labels yet, or the readout has learned nothing; as for `respond`.

        Examples
        --------
        >>> import diehl_cook as dc
        >>> test = dc.load_images("test")
        >>> dc.load("triplet_n400").predict(test.images[:5]).tolist()
        [7, 2, 1, 0, 4]
        """
        reader = self.reader
        return reader.predict(self.respond(images, repeat))

    def record(
        self,
        image: ArrayLike,
        voltages: int | Sequence[int] | NDArray[np.integer] = (),
        repeat: int = 0,
        before: ArrayLike | None = None,
    ) -> Record:
        """Show one image and record every spike, and the state of chosen cells over time.

        It is the presentation that `respond` and an evaluation count, to the last spike.

        Parameters
        ----------
        image : array, shape (rows, columns) or (n_inputs,)
            Brightness from 0 to 255.
        voltages : int or sequence of int
            Excitatory cells whose voltage, conductances and threshold are recorded.
        repeat : int
            As for `respond`.
        before : array, shape (n, rows, columns) or (n, n_inputs), optional
            Images that are shown before it: to see image 7 as an evaluation shows it, the
            first seven. By default it is the first.

        Returns
        -------
        Record

        Raises
        ------
        ValueError
            If there is no such cell; as for `respond`.

        Examples
        --------
        >>> import diehl_cook as dc
        >>> network, seven = dc.load("triplet_n400"), dc.load_images("test").images[0]
        >>> record = network.record(seven, voltages=[3, 17])
        >>> record.v.shape, record.theta.shape
        ((2, 1000), (2, 1000))
        >>> int(record.counts.sum()) == int(network.respond(seven[None]).sum())
        True
        """
        (row,) = self._rows(np.asarray(image)[np.newaxis])
        cells = self._cells(voltages)
        shown = self._rows(np.empty((0, self.n_inputs), int) if before is None else before)
        number, stage = len(shown), _stage(repeat)
        state = self._presenter.at_rest(self.weights, self.theta)
        with tempfile.TemporaryDirectory() as folder:
            workspace = Path(folder)
            first = number - number % self.experiment.evaluation.block
            if first < number:
                block = shown[first:]
                state = self._presenter.show(state, block, first, stage, workspace).state
            recorder = self._programs.recorder.with_numbers_of(self.experiment)
            return recorder.record(state, row, number, stage, cells, workspace)

    def with_values(
        self,
        intensity: float | None = None,
        inhibition: float | None = None,
        theta: ArrayLike | None = None,
        on_silence: Literal["error", "skip"] | None = None,
    ) -> Network:
        """The same network with other values of those that need no new program.

        Parameters
        ----------
        intensity : float, optional
            ``presentation.intensity``: how strongly an image drives the input cells.
        inhibition : float, optional
            ``connections.inhibitory_to_excitatory``, in units of the leak.
        theta : array, shape (cells,), optional
            Adaptive threshold in volts.
        on_silence : {"error", "skip"}, optional
            ``presentation.on_silence``: what ends the showings of an image that draws too few
            spikes, as a blank one.

        Returns
        -------
        Network
            It shares the compiled programs; this one stays as it is.

        Raises
        ------
        ExperimentError, ValueError
            If a value is out of its range.

        Examples
        --------
        >>> import diehl_cook as dc
        >>> network, seven = dc.load("triplet_n400"), dc.load_images("test").images[:1]
        >>> dim = network.with_values(intensity=1.0, theta=0.5 * network.theta)
        >>> bool(dim.respond(seven).sum() > 0)
        True
        """
        values = self.experiment.model_dump(mode="json")
        if intensity is not None:
            values["presentation"]["intensity"] = intensity
        if inhibition is not None:
            values["connections"]["inhibitory_to_excitatory"] = inhibition
        trained = self.trained
        if on_silence is not None:
            values["presentation"]["on_silence"] = on_silence
        if theta is not None:
            trained = dataclasses.replace(trained, theta=self._thresholds(theta))
        other = Network(check_values(values, "with_values"), trained)
        other._programs = self._programs
        return other

    def save(self, path: str | Path, bits: Bits = 32) -> None:
        """Write the network to a file that `diehl_cook.load` and the command line read.

        Parameters
        ----------
        path : str or Path
            An ``.npz`` file.
        bits : {32, 16, 8}
            Of each weight: as trained, half precision, or 255 steps up to each cell's largest.

        Raises
        ------
        NetworkFileError
            If the path is not that of an ``.npz`` file.
        ValueError
            If there is no format of so many bits.

        Examples
        --------
        >>> import diehl_cook as dc
        >>> dc.load("triplet_n400").save("mine.npz", bits=8)
        >>> dc.load("mine.npz")
        <Network: triplet, 400 cells, 784 inputs>
        """
        network_file.save(
            Path(path), NetworkFile(self.experiment, self.trained, self.measured), bits
        )

    @cached_property
    def _programs(self) -> ReadingPrograms:
        return ReadingPrograms(self.experiment, self.n_inputs)

    @property
    def _presenter(self) -> Presenter:
        return self._programs.presenter.with_numbers_of(self.experiment)

    def _thresholds(self, theta: ArrayLike) -> NDArray[np.float64]:
        unit = get_dimensions(theta)
        if unit not in (get_dimensions(1), volt.dim):
            raise ValueError(f"theta has the unit {unit}; give volts")
        thresholds = np.asarray(theta, dtype=float)
        if thresholds.shape != self.theta.shape:
            raise ValueError(
                f"theta has shape {thresholds.shape}; expected {self.theta.shape}, one a cell"
            )
        if not (np.isfinite(thresholds).all() and thresholds.min() >= 0):
            raise ValueError("theta must be volts from 0 upwards")
        return thresholds

    def _cells(self, stated: ArrayLike) -> list[int]:
        cells: list[int] = np.atleast_1d(stated).tolist()
        if np.asarray(stated).dtype == bool:
            raise ValueError("cells are numbers; np.flatnonzero(mask) gives those of a mask")
        for cell in cells:
            if cell not in range(self.experiment.cells):
                raise ValueError(
                    f"there is no cell {cell}; they are numbered 0 to {self.experiment.cells - 1}"
                )
        return [int(cell) for cell in cells]

    def _rows(self, images: ArrayLike) -> NDArray[Any]:
        rows = np.asarray(images)
        if rows.ndim < 2 or int(np.prod(rows.shape[1:])) != self.n_inputs:
            raise ValueError(
                f"images have shape {rows.shape}; expected (n, {self.n_inputs}) or (n, rows,"
                f" columns) with {self.n_inputs} pixels"
            )
        if (
            rows.dtype.kind not in "uif"
            or rows.min(initial=0) < 0
            or not rows.max(initial=0) <= 255
        ):
            raise ValueError("images must have a brightness from 0 to 255")
        if 0 < rows.max(initial=0) <= 1:
            raise ValueError("images have a brightness from 0 to 1; multiply it by 255")
        return rows.reshape(len(rows), self.n_inputs)


def _stage(repeat: int) -> int:
    """Of the random numbers of a repeat; those before are of labelling and learning."""
    is_number = isinstance(repeat, int | np.integer) and not isinstance(repeat, bool)
    if not (is_number and 0 <= repeat < 2**31):
        raise ValueError(f"repeat {repeat!r} is not 0, 1, 2 ... below 2**31")
    return TESTING + int(repeat)
