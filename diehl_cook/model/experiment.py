"""The schema of an experiment: every parameter with its unit, default, source and bounds.

Sources: "paper" is Diehl & Cook (2015), "code" the authors' published code, "ours" a
choice of this project.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from brian2.units import ms, mV
from brian2.units.fundamentalunits import Quantity
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    create_model,
    model_serializer,
    model_validator,
)

from diehl_cook.model.explanation import explain
from diehl_cook.model.nested import flat, merge, nested
from diehl_cook.model.plasticity import PAPER_RULES, RULES, Rule
from diehl_cook.model.units import (
    Count,
    CountOrZero,
    NotNegative,
    Positive,
    PositiveOrAuto,
    Printable,
    Section,
    ThreadsOrAuto,
    Time,
    TimeOrZero,
    Voltage,
    VoltageOrZero,
    require_printable,
    shown,
)


class ExperimentError(ValueError):
    """An experiment file that cannot be used; the message names file, key and way out."""


class Population(Section):
    """Parameters that excitatory and inhibitory cells share."""

    tau_membrane: Time
    v_rest: Voltage
    v_reset: Voltage
    v_threshold: Voltage
    v_start: Voltage = Field(description="at the first step; code: rest - 40 mV")
    e_excitatory: Voltage = Field(0 * mV, description="reversal potential; code")
    tau_ge: Time = Field(1 * ms, description="code")
    refractory_period: TimeOrZero
    refractory_voltage: Literal["integrates", "clamped"] = Field(
        description="what the voltage does while the cell cannot spike"
    )
    clamp_period: Time | None = Field(
        None,
        description="how long a clamped voltage stays at v_reset; code: as long as the cell"
        " cannot spike, as if nothing is stated; circulating ports: 5 ms of 50 ms",
    )


class Excitatory(Population):
    """Excitatory cells with an adaptive threshold, paper sections 2.1 and 2.4."""

    tau_membrane: Time = Field(100 * ms, description="paper 2.1")
    v_rest: Voltage = Field(-65 * mV, description="code")
    v_reset: Voltage = Field(-65 * mV, description="code")
    v_threshold: Voltage = Field(-52 * mV, description="code")
    v_start: Voltage = Field(-105 * mV, description="code")
    e_inhibitory: Voltage = Field(-100 * mV, description="reversal potential; code")
    tau_gi: Time = Field(2 * ms, description="code")
    refractory_period: TimeOrZero = Field(5 * ms, description="code; circulating ports: 50 ms")
    refractory_voltage: Literal["integrates", "clamped"] = Field(
        "integrates", description="code as it ran: integrates; circulating ports: clamped"
    )
    theta_start: VoltageOrZero = Field(20 * mV, description="code")
    theta_offset: VoltageOrZero = Field(20 * mV, description="code: fires above theta - 20 mV")
    theta_plus: VoltageOrZero = Field(0.05 * mV, description="code, for 400 cells")
    tau_theta: Time = Field(1e7 * ms, description="code, for 400 cells; decays to zero")


class Inhibitory(Population):
    """Inhibitory cells, paper section 2.1."""

    tau_membrane: Time = Field(10 * ms, description="paper 2.1")
    v_rest: Voltage = Field(-60 * mV, description="code")
    v_reset: Voltage = Field(-45 * mV, description="code")
    v_threshold: Voltage = Field(-40 * mV, description="code")
    v_start: Voltage = Field(-100 * mV, description="code")
    refractory_period: TimeOrZero = Field(2 * ms, description="code")
    refractory_voltage: Literal["integrates", "clamped"] = Field("clamped", description="code")


class Connections(Section):
    """Weights between the populations, paper section 2.2; conductances are in units of the leak."""

    excitatory_to_inhibitory: NotNegative = Field(10.4, description="one to one; code")
    inhibitory_to_excitatory: NotNegative = Field(17.0, description="to all others; code")
    w_max: Positive = Field(1.0, description="input weights stay in [0, w_max]; code")
    w_start: Positive = Field(0.3, description="weights start at (U[0,1) + 0.01) * w_start; code")
    weight_sum: PositiveOrAuto = Field(
        78.0,
        description="input weights of a cell sum to this before each showing; code; auto: 78 for"
        " MNIST, otherwise in proportion to the light of a mean training image",
    )
    normalise: bool = Field(True, description="scale to weight_sum; code: always")
    update_order: Literal["pre_first", "post_first"] = Field(
        "pre_first",
        description="whether input or excitatory spikes of one step change the weights first;"
        " code: either, left to chance by Brian 1",
    )
    input_delay: TimeOrZero = Field(
        0 * ms,
        description="delays of input synapses are uniform in [0, input_delay], drawn anew for"
        " training and testing; code: 10 ms, though Brian 1 applied them wrongly",
    )


class Presentation(Section):
    """How an image is shown, paper sections 2.5 and 2.6."""

    image: Time = Field(350 * ms, description="paper 2.6")
    rest: Time = Field(150 * ms, description="paper 2.6")
    intensity: Positive = Field(2.0, description="rate = pixel / 8 * intensity Hz; code")
    intensity_step: Positive = Field(1.0, description="added when an image is shown again; code")
    minimum_spikes: CountOrZero = Field(5, description="fewer: the image is shown again; paper")
    maximum_spikes: Count = Field(
        2000, description="more excitatory spikes are a runaway and end the run; ours"
    )
    maximum_showings: Count = Field(
        200, description="then on_silence decides; paper and code: no limit; ours"
    )
    on_silence: Literal["error", "skip"] = Field(
        "error",
        description="what ends the showings of an image that never draws enough spikes, as a blank"
        " one: an error, or the next image, and a count of those left behind; ours",
    )


def _block_that_fits(stated: Mapping[str, Any]) -> int:
    """About twenty blocks, of a round number of images."""
    twentieth = stated.get("images", 1) / 20
    return min(_BLOCKS, key=lambda block: abs(math.log(block / twentieth)))


_BLOCKS = (100, 200, 500, 1000, 2000, 5000, 10_000)


def _phases_once(value: Any) -> Any:
    """A schedule: ``null`` takes away that of a file that is extended, 50 and "50" are one."""
    if isinstance(value, Mapping):
        twice = [until for until in value if isinstance(until, int) and str(until) in value]
        if twice:
            raise ValueError(f"{twice[0]} stands twice, as number and as text")
    return {} if value is None else value


class Training(Section):
    """How much is learned; images are taken in file order, again and again."""

    images: Count = Field(description="paper: 40,000 for 100 cells, else 3, 7 or 15 passes")
    schedule: Annotated[dict[Count, dict[str, Any]], BeforeValidator(_phases_once)] = Field(
        {},
        description="other values until so many images are learned, as {30000: {excitatory:"
        " {theta_plus: 0.4 mV}}}: of excitatory.theta_plus and tau_theta, both connections between"
        " the cells, and the learning rule; of several, the first that has not ended holds,"
        " alone; paper: none; ours",
    )
    block: Count = Field(
        default_factory=_block_that_fits,
        description="images between two rows of training.csv, with labels and online accuracy; by"
        " default about a twentieth of all: 100, 200, 500 ... 10,000; paper figure 2C: 10,000",
    )
    chunk: Count = Field(1000, description="images between checkpoints; never alters a result")


ReadoutName = Literal["class_mean", "class_vote", "naive_bayes", "logistic"]


class EvaluationSettings(Section):
    """Labels from the training images, accuracy on the test images, paper section 2.6."""

    readout: ReadoutName = Field(
        "class_mean",
        description="how a class is read from the spikes; paper: class_mean, a class for each"
        " cell, and the highest mean count of a class; others learn from the same images; ours",
    )

    labelling_images: Count | None = Field(None, description="the first so many; paper: all")
    labelling_passes: Count = Field(
        1,
        le=100,
        description="times that each of these is shown; paper: 1; more help where few"
        " images are learned; ours",
    )
    test_images: Count | None = Field(None, description="the first so many; paper: all")
    repeats: Count = Field(10, description="times that all test images are shown; paper")
    block: Count = Field(1000, description="images shown in a row from rest; ours")


class Data(Section):
    """The images: MNIST unless a folder is named."""

    folder: Annotated[Path, AfterValidator(require_printable)] | None = Field(
        None,
        description="folder of IDX files in MNIST's format or of pictures (train/CLASS/*.png,"
        " test/CLASS/*.png), .npz file of arrays (train_images, ...), or sklearn:digits",
    )
    validation: CountOrZero = Field(
        0,
        description="the last so many training images are not learned but scored, in place of"
        " the test images; paper: none",
    )
    fold: CountOrZero = Field(
        0,
        description="which of the training images these are: 0 the last so many, 1 those before"
        " them, and so on; ours",
    )


# Enough for any readable image: the twentieth showing is ten times as intense as the first.
_SHOWINGS_OF_ANY_IMAGE = 20
_ANY_NUMBER = 10**9

#: What may change while a network learns, beside the learning rule.
_SCHEDULED = frozenset(
    {
        "excitatory.theta_plus",
        "excitatory.tau_theta",
        "connections.excitatory_to_inhibitory",
        "connections.inhibitory_to_excitatory",
    }
)


_parameters_of_rules: Any = {name: (rule, rule.model_validate({})) for name, rule in RULES.items()}
Plasticity: type[Section] = create_model(
    "Plasticity",
    __base__=Section,
    __doc__="Parameters of every learning rule; the experiment's `rule` chooses one.",
    **_parameters_of_rules,
)


def _require_known_rule(name: str) -> str:
    if name not in RULES:
        known = ", ".join(f"'{rule}'" for rule in RULES)
        raise ValueError(
            f"should be one of {known}, not {shown(name)}; from Python,"
            " diehl_cook.add_rule adds a rule of your own"
        )
    return name


class Experiment(Section):
    """A whole experiment, as an experiment file states it."""

    name: Printable = Field(
        "experiment", pattern=r"^[^/\x00-\x1f]+$", description="default: the file's name"
    )
    cells: Count = Field(
        le=46_340,
        description="excitatory cells N, and as many inhibitory ones; Brian2 counts the N² synapses"
        " of inhibition in 32 bits",
    )
    seed: CountOrZero = Field(0, description="of weights, delays and input spikes")
    rule: Annotated[str, AfterValidator(_require_known_rule)] = "triplet"
    integration: Literal["exponential_euler", "euler"] = Field(
        "exponential_euler", description="code: euler, which runs away when many cells fire"
    )
    synapses: Literal["dense", "brian2"] = Field(
        "dense", description="how all-to-all projections are stored; ours"
    )
    precision: Literal["single", "double"] = Field(
        "single", description="of all but theta, which is always double; code: double"
    )
    threads: ThreadsOrAuto = Field(
        "auto",
        description="of a simulation with dense synapses, never alters a result; auto: one for"
        " every 3200 cells, and no more than there are cores; ours",
    )
    time_step: Time = Field(0.5 * ms, description="code")
    data: Data = Data()
    excitatory: Excitatory = Excitatory()
    inhibitory: Inhibitory = Inhibitory()
    connections: Connections = Connections()
    plasticity: Plasticity = Field(default_factory=Plasticity)
    presentation: Presentation = Presentation()
    training: Training
    evaluation: EvaluationSettings = EvaluationSettings()

    @property
    def learning_rule(self) -> Rule:
        """The chosen rule with its parameters."""
        rule: Rule = getattr(self.plasticity, self.rule)
        return rule

    @property
    def image_steps(self) -> int:
        """Time steps during which an image is shown."""
        return round(float(self.presentation.image / self.time_step))

    @property
    def presentation_steps(self) -> int:
        """Time steps of an image and the rest after it."""
        return self.image_steps + round(float(self.presentation.rest / self.time_step))

    def at(self, images: int) -> Experiment:
        """The experiment that holds once so many images are learned, as its schedule says.

        Parameters
        ----------
        images : int
            Images learned so far.

        Returns
        -------
        Experiment
            Without a schedule.

        Examples
        --------
        >>> import diehl_cook as dc
        >>> phases = {30_000: {"excitatory": {"theta_plus": "0.4 mV"}}}
        >>> experiment = dc.load_experiment("n100", training__schedule=phases)
        >>> [experiment.at(seen).excitatory.theta_plus for seen in (0, 29_999, 30_000)]
        [0.4 * mvolt, 0.4 * mvolt, 12.5 * uvolt]
        """
        phases = self.training.schedule.items()
        return self._with(next((held for until, held in phases if images < until), {}))

    def tolerant(self) -> Experiment:
        """The same, but it goes on after any answer and after none, which else ends a run; ours.

        Returns
        -------
        Experiment

        Examples
        --------
        >>> import diehl_cook as dc
        >>> dc.load_experiment("n100").tolerant().presentation.on_silence
        'skip'
        """
        update = {
            "on_silence": "skip",
            "maximum_showings": _SHOWINGS_OF_ANY_IMAGE,
            "maximum_spikes": _ANY_NUMBER,
        }
        presentation = self.presentation.model_copy(update=update)
        return self.model_copy(update={"presentation": presentation})

    def _with(self, stated: Mapping[str, Any]) -> Experiment:
        values = self.model_dump(mode="json", exclude={"training": {"schedule"}})
        return Experiment.model_validate(merge(values, stated))

    def require_room(self, n_inputs: int) -> None:
        """Make sure that the weights of so many inputs can have their sum.

        Raises
        ------
        ExperimentError
            If all of them at ``w_max`` are less.
        """
        connections = self.connections
        if connections.normalise and connections.weight_sum > connections.w_max * n_inputs:
            raise ExperimentError(
                f"connections.weight_sum: {n_inputs} weights of at most w_max"
                f" = {connections.w_max:g} cannot sum to {connections.weight_sum:g};"
                " lower it, or raise connections.w_max"
            )

    def _time_constants(self) -> Iterator[tuple[str, Quantity]]:
        """What a step must not be longer than, with its key."""
        parts = {"excitatory": self.excitatory, "inhibitory": self.inhibitory}
        for key, part in (parts | {f"plasticity.{self.rule}": self.learning_rule}).items():
            for name, value in part:
                if name.startswith("tau_"):
                    yield f"{key}.{name}", value

    @property
    def oddities(self) -> list[str]:
        """What may be meant, but is more often a mistake: a sentence for each."""
        cells, name = self.excitatory, "connections.inhibitory_to_excitatory"
        connections = self.connections
        stated: Any = connections.weight_sum  # perhaps auto
        key, shortest = min(self._time_constants(), key=lambda each: float(each[1]))
        learns_so = self.training.images > max(self.training.schedule, default=0)
        brightest = 255 / 8 * self.presentation.intensity * float(self.time_step)
        odd = {
            f"time_step is over half of {key} ({shortest})": self.time_step > shortest / 2,
            "presentation.intensity makes the brightest pixel fire in over half of all steps": (
                brightest > 0.5
            ),
            f"{name} is 0, so that all cells learn the same": (
                learns_so and connections.inhibitory_to_excitatory == 0
            ),
            "connections.w_max is above weight_sum, so that it hardly bounds a weight": (
                connections.normalise and stated != "auto" and connections.w_max > stated
            ),
            "excitatory.e_inhibitory is not below v_rest, so that inhibition excites": (
                cells.e_inhibitory >= cells.v_rest
            ),
            "excitatory.v_rest is above v_threshold, so that cells fire without input": (
                cells.v_rest > cells.v_threshold
            ),
        }
        own = [sentence for sentence, holds in odd.items() if holds]
        return own + [
            f"until {until} images, {sentence}"
            for until in self.training.schedule
            for sentence in self.at(until - 1).oddities
            if sentence not in own
        ]

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if float(self.time_step) < 1e-6:
            raise ValueError("time_step is shorter than a microsecond; lengthen it")
        for name in ("image", "rest"):
            steps = float(getattr(self.presentation, name) / self.time_step)
            if abs(steps - round(steps)) > 1e-6 or round(steps) < 1:
                raise ValueError(f"presentation.{name} is no multiple of time_step; change one")
            if steps > 1e6:
                raise ValueError(f"presentation.{name} has over a million time steps; shorten it")
        for name, constant in self._time_constants():
            if float(self.time_step) > float(constant):
                raise ValueError(f"time_step is longer than {name} ({constant}); shorten it")
        if self.presentation.minimum_spikes > self.presentation.maximum_spikes:
            raise ValueError(
                "presentation.minimum_spikes is above presentation.maximum_spikes; lower it"
            )
        if float(self.connections.input_delay) > float(self.presentation.rest):
            raise ValueError("connections.input_delay is longer than presentation.rest")
        for name in ("excitatory", "inhibitory"):
            cells = getattr(self, name)
            if float(cells.v_reset) >= float(cells.v_threshold):
                raise ValueError(f"{name}.v_reset is not below {name}.v_threshold; lower it")
            if cells.clamp_period is not None and cells.refractory_voltage != "clamped":
                raise ValueError(f"{name}.clamp_period needs 'refractory_voltage: clamped'")
        if self.data.fold and not self.data.validation:
            raise ValueError("data.fold needs data.validation, the number of images of a fold")
        if self.synapses == "dense" and float(self.connections.input_delay) > 0:
            raise ValueError("connections.input_delay needs 'synapses: brian2'")
        self._settle_schedule()
        return self

    @model_serializer(mode="wrap")
    def _without_unused_own_rules(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Where a rule was not added, its parameters would be unknown keys."""
        values: dict[str, Any] = write(self)
        if "plasticity" in values:
            values["plasticity"] = {
                rule: parameters
                for rule, parameters in values["plasticity"].items()
                if rule in PAPER_RULES or rule == self.rule
            }
        return values

    def _settle_schedule(self) -> None:
        """Check what a schedule states, and keep it in the order and the words of a file."""
        parameters = type(self.learning_rule).model_fields
        known = {*_SCHEDULED, *(f"plasticity.{self.rule}.{name}" for name in parameters)}
        settled: dict[int, dict[str, Any]] = {}
        for until, stated in sorted(self.training.schedule.items()):
            where = f"training.schedule.{until}"
            try:
                held = dict(flat(self._with(stated).model_dump(mode="json")))
            except ValidationError as error:
                raise ValueError(f"{where}.{explain(error, Experiment)}") from None
            keys = [key for key, _ in flat(stated)]
            if not keys:
                raise ValueError(f"{where}: states nothing; take it out")
            for key in keys:
                if key not in known and key.startswith("plasticity."):
                    raise ValueError(
                        f"{where}.{key}: is not of 'rule: {self.rule}'; take the schedule out:"
                        " training.schedule=null (in a file 'schedule: null')"
                    )
                if key not in known:
                    raise ValueError(
                        f"{where}.{key}: cannot change while a network learns;"
                        f" {', '.join(sorted(known))} can"
                    )
                settled[until] = merge(settled.get(until, {}), nested(key, held[key]))
        training = self.training.model_copy(update={"schedule": settled})
        object.__setattr__(self, "training", training)
