"""Recording one presentation: every spike, and the state of chosen excitatory cells over time."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from brian2 import Network, Quantity, SpikeMonitor, StateMonitor, second, volt
from numpy.typing import NDArray

from diehl_cook.engine.presenter import Presenter, Span
from diehl_cook.engine.program import compile_program
from diehl_cook.model import protocol
from diehl_cook.model.arrays import Arrays
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.network import EXCITATORY, INHIBITORY, INPUT

#: Variables of excitatory cells that a record shows; conductances in units of the leak.
RECORDED = ("v", "ge", "gi", "theta")


@dataclasses.dataclass(frozen=True)
class Spikes:
    """Spikes of a population.

    Attributes
    ----------
    t : Quantity, shape (spikes,)
        When, in seconds since the image came on.
    i : ndarray, shape (spikes,)
        Which cell.
    """

    t: Quantity
    i: NDArray[np.integer]


@dataclasses.dataclass(frozen=True, repr=False)
class Record:
    """One presentation of an image, the last of its showings, and the rest after it.

    Attributes
    ----------
    image : ndarray, shape (n_inputs,)
        Brightness from 0 to 255.
    image_duration, duration : Quantity
        How long the image is on, and how long everything lasts.
    showings : int
        How often the image was shown until it drew enough spikes.
    input, excitatory, inhibitory : Spikes
        Every spike of the three populations.
    n_cells : int
        Excitatory cells.
    cells : ndarray, shape (recorded,)
        The excitatory cells of which the following is known.
    t : Quantity, shape (steps,)
        Time since the image came on.
    v, theta : Quantity, shape (recorded, steps)
        Membrane voltage and adaptive threshold; a cell fires above ``threshold + theta``.
    ge, gi : ndarray, shape (recorded, steps)
        Excitatory and inhibitory conductance, in units of the leak.
    threshold : Quantity
        What the adaptive threshold is added to.
    """

    image: NDArray[np.integer]
    image_duration: Quantity
    duration: Quantity
    showings: int
    input: Spikes
    excitatory: Spikes
    inhibitory: Spikes
    n_cells: int
    cells: NDArray[np.integer]
    t: Quantity
    v: Quantity
    theta: Quantity
    ge: NDArray[np.floating]
    gi: NDArray[np.floating]
    threshold: Quantity

    def __repr__(self) -> str:
        return (
            f"<Record: {self.duration}, {len(self.excitatory.i)} excitatory spikes,"
            f" v, ge, gi and theta of cells {self.cells.tolist()}>"
        )

    @property
    def counts(self) -> NDArray[np.integer]:
        """Spikes of each excitatory cell, shape (cells,)."""
        return np.bincount(self.excitatory.i, minlength=self.n_cells)


class Recorder:
    """The network of a presenter that does not learn, compiled with monitors.

    Parameters
    ----------
    presenter : Presenter
        A network that does not learn.
    cache : Path
        Folder of compiled programs.
    """

    def __init__(self, presenter: Presenter, cache: Path) -> None:
        self.presenter = presenter
        structure = "recorder", *presenter.structure
        self.program = compile_program(self._build, cache, presenter.target, structure=structure)

    def with_numbers_of(self, experiment: Experiment) -> Recorder:
        """Take the numbers of another experiment, as `Presenter.with_numbers_of` does."""
        other = copy.copy(self)
        other.presenter = self.presenter.with_numbers_of(experiment)
        return other

    def record(
        self,
        state: Arrays,
        image: NDArray[np.integer],
        number: int,
        stage: int,
        cells: Sequence[int],
        workspace: Path,
    ) -> Record:
        """Show one image, as `Presenter.show` does, and record it.

        Parameters
        ----------
        state : dict of str to ndarray
            Where the network stands.
        image : ndarray, shape (n_inputs,)
            Brightness from 0 to 255.
        number : int
            Running number of the image, which chooses its random numbers.
        stage : int
            The random stream.
        cells : sequence of int
            Excitatory cells whose state is recorded.
        workspace : Path
            Folder for temporary files.

        Returns
        -------
        Record

        Raises
        ------
        PresentationError
            If the image never draws enough spikes.
        """
        experiment = self.presenter.experiment
        groups = [cells[first : first + _CELLS] for first in range(0, len(cells), _CELLS)] or [[]]
        span = Span(number, 1, stage)
        parts = []
        for group in groups:  # the same bits again, with other cells looked at
            looked_at = np.resize(np.array(group or [0]), _CELLS)
            values = self.presenter.values(state, span) | {f"{_STATE}._indices": looked_at}
            results = self.program.run(values, {protocol.IMAGES: image[None]}, workspace)
            shown = self.presenter.outcome(results, span)
            steps = experiment.presentation_steps
            last = slice((shown.showings[0] - 1) * steps, shown.showings[0] * steps)
            parts.append(
                [
                    results[f"{_STATE}.{name}"].reshape(-1, _CELLS)[last, : len(group)].T
                    for name in RECORDED
                ]
            )
        v, ge, gi, theta = (np.concatenate(part) for part in zip(*parts, strict=True))
        start = (shown.showings[0] - 1) * float(steps * experiment.time_step)
        cell = experiment.excitatory
        return Record(
            image=image,
            image_duration=experiment.presentation.image,
            duration=experiment.presentation.image + experiment.presentation.rest,
            showings=int(shown.showings[0]),
            input=_spikes(results, INPUT, start),
            excitatory=_spikes(results, EXCITATORY, start),
            inhibitory=_spikes(results, INHIBITORY, start),
            n_cells=experiment.cells,
            cells=np.array(cells, dtype=np.int64),
            t=np.arange(steps) * experiment.time_step,
            v=v.astype(float) * volt,
            theta=theta.astype(float) * volt,
            ge=ge,
            gi=gi,
            threshold=cell.v_threshold - cell.theta_offset,
        )

    def _build(self) -> Network:
        network = self.presenter.build(capacity=1)
        groups = (INPUT, EXCITATORY, INHIBITORY)
        network.add(SpikeMonitor(network[group], name=f"{group}_record") for group in groups)
        looking = StateMonitor(
            network[EXCITATORY], RECORDED, record=np.zeros(_CELLS, int), name=_STATE
        )
        # Which cells these are is said when the program runs; Brian2 fixes it before.
        looking.variables["_indices"].read_only = False
        network.add(looking)
        return network


def _spikes(results: Arrays, group: str, start: float) -> Spikes:
    times, cells = (results[f"{group}_record.{name}"] for name in ("t", "i"))
    last = times >= start - 1e-9
    return Spikes((times[last] - start) * second, cells[last])


_STATE = "state_record"
# So many cells are looked at in one run; of more, the presentation is run again.
_CELLS = 8
