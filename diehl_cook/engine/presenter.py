"""Showing images to a network, with or without learning, and counting what its cells answer."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network
from numpy.typing import NDArray
from scipy.sparse import csr_array

from diehl_cook.dense.fast_device import NAME as FAST_STANDALONE
from diehl_cook.engine import bounds
from diehl_cook.engine.answers import Answers, join
from diehl_cook.engine.program import RUN_SECONDS, Program, compile_program
from diehl_cook.model import protocol, resources
from diehl_cook.model.arrays import Arrays
from diehl_cook.model.experiment import Experiment
from diehl_cook.model.network import (
    EXCITATORY,
    INPUT_TO_EXCITATORY,
    has_delays,
)

#: Random streams: learning, labelling, and one for each repeat of the test.
LEARNING, LABELLING, TESTING = 0, 1, 2


class PresentationError(RuntimeError):
    """An image that cannot be shown as the protocol asks."""


@dataclasses.dataclass(frozen=True)
class Shown:
    """What came of showing some images.

    Attributes
    ----------
    state : dict of str to ndarray
        To go on with the next image.
    answers : Answers
        Excitatory spikes during the last showing of each image and the rest after it.
    showings : ndarray, shape (images,)
        How often each image was shown until it drew enough spikes.
    spikes : int
        Excitatory spikes of all showings together.
    seconds : float
        What the simulation took, without its start.
    """

    state: Arrays
    answers: Answers
    showings: NDArray[np.int64]
    spikes: int
    seconds: float

    @property
    def responses(self) -> csr_array:
        """How many of these spikes each cell fired during each image, shape (images, cells)."""
        return self.answers.responses()


@dataclasses.dataclass(frozen=True)
class Span:
    """Which images are shown: the running number of the first, how many, and the stream."""

    first: int
    count: int
    stage: int

    @property
    def end(self) -> int:
        """The number after the last."""
        return self.first + self.count


class Presenter:
    """A compiled network of an experiment that images can be shown to.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    learning : bool
        Whether weights and thresholds change.
    n_inputs : int
        Pixels of an image.
    cache : Path
        Folder of compiled programs.
    announce : callable
        Called before a compiler starts.
    """

    def __init__(
        self,
        experiment: Experiment,
        learning: bool,
        n_inputs: int,
        cache: Path,
        announce: Callable[[], object] = lambda: None,
    ) -> None:
        self.experiment = experiment
        self.n_inputs = n_inputs
        #: The most images that can be shown in one go.
        self.capacity = _CAPACITY
        self.learning = learning
        self.target = device_of(experiment)
        #: What its program follows from, beside the target.
        self.structure = structure_of(experiment), learning, n_inputs
        self.program: Program = compile_program(
            lambda: self.build(self.capacity), cache, self.target, announce, self.structure
        )
        self._take_numbers_of(experiment)

    def with_numbers_of(self, experiment: Experiment) -> Presenter:
        """Take the numbers of another experiment; nothing is compiled.

        The caller knows that it has the same structure: rule, sizes, choices in words and the
        durations of a presentation are part of the program.
        """
        other = copy.copy(self)
        other._take_numbers_of(experiment)
        return other

    def build(self, capacity: int) -> Network:
        """Build the network that shows up to so many images in one go."""
        return protocol.build_presentation(self.experiment, self.learning, self.n_inputs, capacity)

    def start(self) -> Arrays:
        """State of a network that has learned nothing yet: random weights, thresholds alike."""
        theta = np.full(self.experiment.cells, float(self.experiment.excitatory.theta_start))
        return self.at_rest(start_weights(self.experiment, self.n_inputs), theta)

    def at_rest(self, weights: NDArray[np.floating], theta: NDArray[np.floating]) -> Arrays:
        """State of a network that has not seen an image yet.

        Parameters
        ----------
        weights : ndarray, shape (n_inputs, cells)
            Input weights.
        theta : ndarray, shape (cells,)
            Adaptive threshold in volts.

        Returns
        -------
        dict of str to ndarray
        """
        return protocol.resting_state(self.experiment, weights, theta)

    def fits(self, state: Arrays) -> bool:
        """Whether a state is one of this network: the same variables, of the same sizes."""
        names = self.program.names("state")
        sizes = {name: self.program.variables[name].size for name in names}
        return set(state) == set(names) and all(
            sizes[name] in (None, values.size) for name, values in state.items()
        )

    def show(
        self, state: Arrays, images: NDArray[np.integer], first: int, stage: int, workspace: Path
    ) -> Shown:
        """Show images one after another.

        Parameters
        ----------
        state : dict of str to ndarray
            Where the network stands.
        images : ndarray, shape (images, n_inputs)
            Brightness from 0 to 255. More than a program can hold are shown in several goes,
            to the same bits.
        first : int
            Running number of the first of them, which chooses its random numbers.
        stage : int
            The random stream.
        workspace : Path
            Folder for temporary files.

        Returns
        -------
        Shown

        Raises
        ------
        PresentationError
            If an image never draws enough spikes.
        OutOfRangeError
            If the network runs away or a number leaves its range.
        """
        parts: list[Shown] = []
        for span in self._spans(first, len(images), stage):
            part = images[span.first - first : span.end - first]
            values = self.values(parts[-1].state if parts else state, span)
            results = self.program.run(values, {protocol.IMAGES: part}, workspace, self.threads)
            parts.append(self._outcome_in_phase(results, span))
        return Shown(
            state=parts[-1].state,
            answers=join([part.answers for part in parts]),
            showings=np.concatenate([part.showings for part in parts]),
            spikes=sum(part.spikes for part in parts),
            seconds=sum(part.seconds for part in parts),
        )

    def values(self, state: Arrays, span: Span) -> Arrays:
        """All that a program of this network must be told before it shows some images."""
        values = self._parameters(span) | self._delays(span.stage) | state
        numbers = {
            "first_image": span.first, "image": span.first, "end_image": span.end,
            "stage": span.stage,
        }  # fmt: skip
        return values | {
            f"{protocol.PROTOCOL}.{name}": np.array([n]) for name, n in numbers.items()
        }

    def _outcome_in_phase(self, results: Arrays, span: Span) -> Shown:
        """The outcome; what is wrong with it may be a value of the schedule."""
        try:
            return self.outcome(results, span)
        except (PresentationError, bounds.OutOfRangeError) as error:
            phase = self._phase(span)
            if phase is None:
                raise
            told = f"{error}; until {phase[0]} images training.schedule has values of its own"
            raise type(error)(told) from None

    def outcome(self, results: Arrays, span: Span) -> Shown:
        """Make sense of what a program of this network leaves.

        Raises
        ------
        PresentationError, OutOfRangeError
            As `show` says.
        """
        shown = results[f"{protocol.PRESENTATIONS}.image"] - span.first
        activity = results[f"{protocol.PRESENTATIONS}.spikes"]
        bounds.check_activity(self.experiment, activity, span.first)
        if int(results[f"{protocol.PROTOCOL}.image"][0]) < span.end:
            raise PresentationError(self._explain(int(shown[-1]) + span.first))
        state = {name: results[name] for name in self.program.names("state")}
        bounds.check_state(self.experiment, state)
        return Shown(
            state=_with_time_shifted(state, shown.size * self.experiment.presentation_steps),
            answers=self._answers(results, shown),
            showings=np.bincount(shown, minlength=span.count),
            spikes=results[f"{protocol.SPIKES}.i"].size,
            seconds=float(results[RUN_SECONDS][0]),
        )

    def _take_numbers_of(self, experiment: Experiment) -> None:
        """Have the numbers of an experiment at hand, and those of each phase of its schedule."""
        self.experiment = experiment
        self.threads = threads_of(experiment)
        self._values = self._parameters_of(experiment)
        self._phases = [
            (until, self._parameters_of(experiment.at(until - 1)))
            for until in (experiment.training.schedule if self.learning else ())
        ]

    def _spans(self, first: int, count: int, stage: int) -> Iterator[Span]:
        """Images that a program can hold at a time, and that are learned with the same values."""
        end, changes = first + count, [until for until, _ in self._phases]
        while first < end:
            change = min([until for until in changes if until > first], default=end)
            last = min(end, first + self.capacity, change)
            yield Span(first, last - first, stage)
            first = last

    def _parameters(self, span: Span) -> Arrays:
        """Numbers of the experiment that hold during some images."""
        phase = self._phase(span)
        return self._values if phase is None else phase[1]

    def _phase(self, span: Span) -> tuple[int, Arrays] | None:
        """The end and the numbers of the phase that images fall in, if the schedule has one."""
        return next((phase for phase in self._phases if span.first < phase[0]), None)

    def _parameters_of(self, experiment: Experiment) -> Arrays:
        values = protocol.parameter_values(experiment)
        return {name: values[name] for name in self.program.names("parameter")}

    def _answers(self, results: Arrays, shown: NDArray[np.integer]) -> Answers:
        """Keep the spikes of the last showing of each image."""
        steps = np.rint(results[f"{protocol.SPIKES}.t"] / float(self.experiment.time_step))
        presentation, step = np.divmod(steps.astype(np.int64), self.experiment.presentation_steps)
        is_last = np.append(shown[1:] != shown[:-1], True)
        counted = is_last[presentation]
        drawn = results[f"{protocol.PRESENTATIONS}.spikes"][is_last]
        return Answers(
            images=shown[presentation[counted]].astype(np.int32),
            cells=results[f"{protocol.SPIKES}.i"][counted].astype(np.int32),
            steps=step[counted].astype(np.int32),
            silent=drawn < self.experiment.presentation.minimum_spikes,
            n_cells=self.experiment.cells,
        )

    def _delays(self, stage: int) -> Arrays:
        """Delays of the input synapses: other ones in training than in testing, as published."""
        if not has_delays(self.experiment):
            return {}
        longest = float(self.experiment.connections.input_delay)
        random = np.random.default_rng([self.experiment.seed, stage, _DELAYS])
        synapses = self.n_inputs * self.experiment.cells
        return {f"{INPUT_TO_EXCITATORY}.delay": random.uniform(0, longest, synapses)}

    def _explain(self, image: int) -> str:
        limits, connections = self.experiment.presentation, self.experiment.connections
        weights = "weight_sum" if connections.normalise else "w_start or connections.w_max"
        return (
            f"image {image} drew fewer than {limits.minimum_spikes} spikes in"
            f" {limits.maximum_showings} showings. If it is blank, presentation.on_silence=skip"
            " goes on without it (Network.with_values in Python); otherwise raise"
            f" presentation.intensity, presentation.image or connections.{weights}, or lower"
            " presentation.minimum_spikes, excitatory.theta_start or excitatory.theta_plus"
        )


def _with_time_shifted(state: Arrays, steps: int) -> Arrays:
    """The next run counts its steps from 0 again: what happened before lies at negative ones."""
    shifted = {
        name: np.maximum(values - steps, protocol.LONG_AGO)
        for name, values in state.items()
        if name in protocol.STEPS_OF_EVENTS
    }
    return state | shifted


def structure_of(experiment: Experiment) -> Hashable:
    """All of an experiment that its program may follow from; none of it is a matter of a run."""
    # A rule of one's own may have got other equations under its name (`own_rules.add_rule`).
    return experiment.model_dump_json(exclude=_OF_A_RUN), type(experiment.learning_rule)


def device_of(experiment: Experiment) -> str:
    """The Brian2 device that compiles the network of an experiment."""
    return FAST_STANDALONE if experiment.synapses == "dense" else "cpp_standalone"


def threads_of(experiment: Experiment) -> int:
    """How many threads its simulations have."""
    if experiment.threads != "auto":
        return experiment.threads
    return max(1, min(resources.cores(), experiment.cells // _CELLS_OF_A_THREAD))


def start_weights(experiment: Experiment, n_inputs: int) -> NDArray[np.float64]:
    """Random input weights, (U[0,1) + 0.01) * w_start, as in the published code.

    Returns
    -------
    ndarray, shape (n_inputs, cells)
    """
    random = np.random.default_rng([experiment.seed, _WEIGHTS])
    return (random.random((n_inputs, experiment.cells)) + 0.01) * experiment.connections.w_start


def weights_and_theta(
    state: Arrays, n_inputs: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Take what was learned out of a state: weights (n_inputs, cells), theta (cells,) in volts."""
    return state[f"{INPUT_TO_EXCITATORY}.w"].reshape(n_inputs, -1), state[f"{EXCITATORY}.theta"]


# With fewer, threads wait for one another longer than they save: measured with two at 1600 cells.
_CELLS_OF_A_THREAD = 3200
# Numbers that differ between runs of one program most often, and what no program knows of.
_OF_A_RUN: Any = {
    **dict.fromkeys(("name", "seed", "threads", "data", "training", "evaluation"), True),
    "connections": {"weight_sum"},
    "presentation": {"intensity", "intensity_step", "on_silence"},
}
# Part of the compiled program, so a chunk or block can be shorter but not longer.
_CAPACITY = 1000
# Keys of the random streams that are drawn before a simulation.
_WEIGHTS, _DELAYS = 1, 2
