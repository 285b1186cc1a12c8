"""The schema of an experiment: every parameter with its unit, default, source and bounds.

Sources: "paper" is Diehl & Cook (2015), "code" the authors' published code, "ours" a
choice of this project.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from brian2.units import ms, mV
from brian2.units.fundamentalunits import Quantity
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from diehl_cook.model import resources, strict_yaml
from diehl_cook.model.plasticity import RULES, Rule
from diehl_cook.model.resources import require_regular
from diehl_cook.model.units import (
    Count,
    CountOrZero,
    NotNegative,
    Positive,
    PositiveOrAuto,
    Printable,
    Section,
    Time,
    TimeOrZero,
    Voltage,
    VoltageOrZero,
    require_printable,
    shown,
)


class ExperimentError(ValueError):
    """An experiment file that cannot be used; the message names file, key and way out."""


#: Some values, and who states them, with which a message about one of them starts.
Layer = tuple[str, dict[str, Any]]


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


def _none_as_empty(value: Any) -> Any:
    """``null`` takes away the schedule of a file that is extended."""
    return {} if value is None else value


class Training(Section):
    """How much is learned; images are taken in file order, again and again."""

    images: Count = Field(description="paper: 40,000 for 100 cells, else 3, 7 or 15 passes")
    schedule: Annotated[dict[Count, dict[str, Any]], BeforeValidator(_none_as_empty)] = Field(
        {},
        description="other values until so many images are learned, as {30000: {excitatory:"
        " {theta_plus: 0.4 mV}}}: of excitatory.theta_plus and tau_theta, both connections between"
        " the cells, and the learning rule; paper: none; ours",
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
        raise ValueError(f"should be one of {known}, not {shown(name)}")
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
        return Experiment.model_validate(_merge(values, stated))

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
        brightest = 255 / 8 * self.presentation.intensity * float(self.time_step)
        odd = {
            f"time_step is over half of {key} ({shortest})": self.time_step > shortest / 2,
            "presentation.intensity makes the brightest pixel fire in over half of all steps": (
                brightest > 0.5
            ),
            f"{name} is 0, so that all cells learn the same": (
                connections.inhibitory_to_excitatory == 0
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
                raise ValueError(f"presentation.{name} is no multiple of time_step")
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
                raise ValueError(f"{where}.{explain(error)}") from None
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
                settled[until] = set_value(settled.get(until, {}), key, held[key], Path())
        training = self.training.model_copy(update={"schedule": settled})
        object.__setattr__(self, "training", training)


def load_experiment(
    source: str | Path, overrides: Iterable[str] = (), **settings: Any
) -> Experiment:
    """Read and validate an experiment.

    Parameters
    ----------
    source : str or Path
        A YAML file, or the name of an experiment that comes with the project, as "n100". The key
        ``extends`` of a file names one to build on: a file next to it, or such a name.
    overrides : iterable of str
        ``key=value`` pairs with dotted keys, for example ``training.images=1000``.
    **settings
        Values that go over everything else; two underscores stand for the dot between the parts
        of a key: ``seed=3``, ``excitatory__theta_plus="0.02 mV"``.

    Returns
    -------
    Experiment
        Frozen, with every value filled in.

    Raises
    ------
    ExperimentError
        If a file is missing or anything in it is wrong; one line with file, key and way out.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> experiment = dc.load_experiment("n100", cells=64, rule="power_law")
    >>> experiment.cells, experiment.excitatory.theta_plus
    (64, 12.5 * uvolt)
    """
    path = experiment_path(source)
    layers = [(str(path), {"name": path.stem}), *_read_with_bases(path)]
    layers += [_override(override) for override in overrides]
    layers += [
        (f"{name}={shown(value)}", set_value({}, name.replace("__", "."), value, Path()))
        for name, value in settings.items()
    ]
    try:
        return Experiment.model_validate(_merged(layers))
    except ValidationError as error:
        wrong = error.errors()[0]["loc"]
        origin = next((who for who, stated in reversed(layers) if _states(stated, wrong)), path)
        raise ExperimentError(f"{origin}: {explain(error)}") from None


def evaluated_as(
    experiment: Experiment, overrides: Iterable[str], *, moved_data: bool = False
) -> Experiment:
    """An experiment with other values of how its network is evaluated.

    Parameters
    ----------
    experiment : Experiment
        Of a network that is trained.
    overrides : iterable of str
        ``key=value`` pairs, with keys that begin with ``evaluation.``.
    moved_data : bool
        Whether a pair may have the key ``data.folder``, too: of a network that somebody else
        trained.

    Returns
    -------
    Experiment

    Raises
    ------
    ExperimentError
        If a key is another one, or a value is wrong.
    """
    layers = [_override(override) for override in overrides]
    for origin, stated in layers:
        moved = moved_data and [key for key, _ in flat(stated)] == ["data.folder"]
        if stated.keys() != {"evaluation"} and not moved:
            may = "keys of 'evaluation', as evaluation.repeats=1,"
            raise ExperimentError(
                f"{origin}: the network is trained with the values it has; only {may}"
                + (" and data.folder" if moved_data else "")
                + " may be set"
            )
    values = _merged([("", experiment.model_dump(mode="json")), *layers])
    return check_values(values, " ".join(origin for origin, _ in layers))


def experiment_path(source: str | Path) -> Path:
    """The file of an experiment, which a path or the name of one that comes along may say.

    Raises
    ------
    ExperimentError
        If a name is of none that comes with the project, or a missing file is that of one.
    """
    path, folder = Path(source), resources.experiments()
    if path.exists():
        return path
    if path.suffix or len(path.parts) > 1:
        if (folder / path.name).is_file():
            raise ExperimentError(
                f"{source}: no such file; say {path.stem} for the one that comes with the package"
            )
        return path
    named = folder / f"{source}.yaml"
    if not named.exists():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise ExperimentError(f"{source}: no such file or experiment; there are {known}")
    return named


def read_values(path: str | Path) -> dict[str, Any]:
    """Read an experiment file and those it builds on, without checking the values.

    Raises
    ------
    ExperimentError
        If a file is missing or is not YAML.
    """
    return {"name": Path(path).stem} | _merged(_read_with_bases(Path(path)))


def _merged(layers: Iterable[Layer]) -> dict[str, Any]:
    """All that is stated, the later over the earlier."""
    values: dict[str, Any] = {}
    for _, stated in layers:
        values = _merge(values, stated)
    return values


def _states(values: Any, location: tuple[int | str, ...]) -> bool:
    """Whether values have a key; none has the empty one, of what is wrong with all together."""
    for part in location:
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return bool(location)


def set_value(values: Mapping[str, Any], key: str, value: Any, here: Path) -> dict[str, Any]:
    """Values of an experiment with one of them replaced; the key has dots between its parts.

    A relative ``data.folder`` starts in the folder `here`, where it was stated.
    """
    for part in reversed(key.split(".")):
        value = {part: value}
    return _merge(values, _as_stated_in(value, here))


def check_values(values: Mapping[str, Any], origin: str) -> Experiment:
    """Make an experiment of values.

    Parameters
    ----------
    values : mapping
        As an experiment file states them, or as ``experiment.model_dump(mode="json")`` gives.
    origin : str
        Where they come from, with which an error message starts.

    Raises
    ------
    ExperimentError
        If anything is wrong with them; one line with origin, key and way out.
    """
    try:
        return Experiment.model_validate(values)
    except ValidationError as error:
        raise ExperimentError(f"{origin}: {explain(error)}") from None


def dump_experiment(experiment: Experiment) -> str:
    """Write an experiment as YAML that `load_experiment` reads back to the same values."""
    return yaml.safe_dump(experiment.model_dump(mode="json"), sort_keys=False)


def _read_with_bases(path: Path, above: tuple[str, ...] = ()) -> list[Layer]:
    """What a file and those that it builds on state, the lowest first."""
    real = os.path.realpath(path)  # Path's own fails where links go in a circle
    if real in above:
        raise ExperimentError(f"{path}: extends itself; take one 'extends' out")
    values = _as_stated_in(read_yaml(path), path.parent)
    base = values.pop("extends", None)
    own = str(path), values
    if base is None:
        return [own]
    if not isinstance(base, str):
        raise ExperimentError(f"{path}: extends: name one file or experiment, for example 'n100'")
    try:
        below = _read_with_bases(named_in(path, base), (*above, real))
    except ExperimentError as error:
        raise ExperimentError(f"{path}: extends: {error}") from None
    return [*((f"{path}: extends: {origin}", stated) for origin, stated in below), own]


def named_in(path: Path, experiment: str) -> Path:
    """The experiment that a file names: a file beside it, or one that comes with the project."""
    beside, known = path.parent / experiment, resources.experiments() / f"{experiment}.yaml"
    # Path's own fails for names that no disk can hold
    return known if os.path.exists(known) and not os.path.exists(beside) else beside


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file of keys and values; a key stated twice is an error.

    Raises
    ------
    ExperimentError
        If the file is missing or is not such a file.
    """
    try:
        text = require_regular(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        folder = resources.experiments()
        raise ExperimentError(f"{path}: no such file; {folder} has examples") from None
    except OSError as error:
        raise ExperimentError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ExperimentError(f"{path}: cannot be read: {_one_line(error)}") from None
    try:
        values = strict_yaml.load(text)
    except ValueError as error:
        raise ExperimentError(f"{path}: is not valid YAML: {error}") from None
    if not isinstance(values, dict):
        raise ExperimentError(f"{path}: is not a list of 'key: value' lines")
    return values


def flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Values of an experiment by dotted key."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = _merge(below, value)
        merged[key] = value
    return merged


def _override(override: str) -> Layer:
    key, separator, text = override.partition("=")
    origin = f"--set {' '.join(override.split())}"  # one line, whatever was typed
    if not separator or not key.strip():
        raise ExperimentError(
            f"{origin}: write key=value, in quotes where it has a space: 'excitatory.tau_ge=2 ms'"
        )
    try:
        value = strict_yaml.load(text)
    except ValueError as error:
        raise ExperimentError(f"{origin}: {error}") from None
    return origin, set_value({}, key.strip(), value, Path())


def _as_stated_in(values: Mapping[str, Any], here: Path) -> dict[str, Any]:
    """Values as stated in a folder, where a relative folder of data starts, with text as keys."""
    data, training = values.get("data"), values.get("training")
    whole = dict(values)
    if isinstance(data, Mapping) and isinstance(data.get("folder"), str | os.PathLike):
        whole["data"] = {**data, "folder": str(_folder(data["folder"], here))}
    if isinstance(training, Mapping) and isinstance(training.get("schedule"), Mapping):
        phases = {str(until): values for until, values in training["schedule"].items()}
        whole["training"] = {**training, "schedule": phases}
    return whole


def _folder(stated: str | os.PathLike[str], here: Path) -> Path:
    if str(stated).startswith("sklearn:"):  # which a library brings along
        return Path(stated)
    whole = here.absolute() / os.path.expanduser(stated)  # Path's own fails for unknown users
    # One folder has one name, from wherever it is typed: the name tells runs apart.
    return Path(os.path.realpath(whole)) if ".." in whole.parts else whole


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def explain(error: ValidationError, model: type[BaseModel] = Experiment) -> str:
    """One line for the first problem with the values of a model, and how many more there are."""
    # A default that follows from a wrong value is no problem of its own.
    first, *others = (
        each for each in error.errors() if each["type"] != "default_factory_not_called"
    )
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(others)} more)" if others else ""
    return _one_line(ValueError(f"{where + ': ' if where else ''}{_reason(first, model)}{more}"))


def _reason(problem: Mapping[str, Any], model: type[BaseModel]) -> str:
    if problem["type"] == "extra_forbidden":
        known = _keys_beside(problem["loc"], model)
        nearest = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1, cutoff=0.5)
        guess = f"did you mean '{nearest[0]}'?" if nearest else f"known are {', '.join(known)}"
        return f"unknown key; {guess}"
    if problem["type"] == "missing":
        return "is missing; state it"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "value_error" or isinstance(problem["input"], Mapping):
        return message
    return f"{message}, not {shown(problem['input'])}"


def _keys_beside(location: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    for part in location[:-1]:
        if isinstance(part, int):  # the place in a list, whose kind its field told
            continue
        annotation = model.model_fields[part].annotation
        candidates = (annotation, *get_args(annotation))
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return [field.alias or name for name, field in model.model_fields.items()]
