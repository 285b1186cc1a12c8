"""Learning rules that are added from Python, and what is checked of them."""

from __future__ import annotations

import contextlib
import difflib
import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from brian2 import DimensionMismatchError, Equations, get_dimensions, second
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_UNITS
from brian2.core.variables import Variable
from brian2.equations.equations import DIFFERENTIAL_EQUATION, EquationError
from brian2.equations.unitcheck import check_units_statements
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.parsing.statements import parse_statement
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension
from brian2.utils.stringtools import get_identifiers
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from diehl_cook.dense.writers import statements_in
from diehl_cook.model import neurons, protocol
from diehl_cook.model.experiment import Connections, Excitatory, Experiment, Plasticity
from diehl_cook.model.explanation import explain
from diehl_cook.model.plasticity import PAPER_RULES, RULES, STRINGS, Rule

#: Brian2's numbers would be others after an interruption: ours have counters, which rules have not.
_RANDOM = frozenset({"rand", "randn", "poisson", "binomial"})
#: What begins anew with every chunk of images.
_RESTARTS = frozenset({"t", "t_in_timesteps", "last_spike_step"})
_EVERYWHERE = frozenset({*DEFAULT_FUNCTIONS, *DEFAULT_CONSTANTS, *DEFAULT_UNITS, "dt"}) - _RANDOM
#: What Brian2 raises of equations and statements that are wrong.
_COMPLAINTS = EquationError, DimensionMismatchError, SyntaxError, ValueError, KeyError, TypeError
_CPP_KEYWORDS = frozenset(
    word
    for line in (
        "alignas alignof and_eq asm auto bitand bitor bool case catch char class compl",
        "const constexpr const_cast decltype default delete do double dynamic_cast enum",
        "explicit export extern false float friend goto inline int long mutable namespace",
        "new noexcept not_eq nullptr operator or_eq private protected public register",
        "reinterpret_cast short signed sizeof static static_assert static_cast struct",
        "switch template this thread_local throw true typedef typeid typename union",
        "unsigned using virtual void volatile wchar_t xor xor_eq",
    )
    for word in line.split()
)
_INDICES = frozenset({"i", "j", "i_pre", "i_post", "j_pre", "j_post"})


def add_rule(name: str, rule: type[Rule]) -> None:
    """Let experiments choose a learning rule of one's own.

    A rule that was added before may be replaced, as where a cell of a notebook runs again.

    Parameters
    ----------
    name : str
        What an experiment calls it; its parameters lie under ``plasticity`` by this name.
    rule : subclass of Rule
        Parameters and equations; ``docs/learning_rules.md`` says what it states. A parameter
        without a default would be missing in every other experiment.

    Raises
    ------
    ValueError
        If a rule of the paper has this name or it is none, something that a rule states is
        missing, a parameter has no default, or an equation uses or sets what is not there, or
        is of another unit.

    Examples
    --------
    >>> from typing import ClassVar
    >>> import diehl_cook as dc
    >>> from diehl_cook.model.plasticity import Triplet
    >>> class OnlyUp(Triplet):  # the triplet rule without depression
    ...     on_pre: ClassVar[str] = ""
    >>> dc.add_rule("only_up", OnlyUp)
    >>> dc.load_experiment("n100", rule="only_up").learning_rule.eta_postsynaptic
    0.01
    """
    if not (isinstance(name, str) and name.isidentifier()) or "__" in name or name[0] == "_":
        raise ValueError(f"{name!r} cannot be a rule's name; take letters, digits and single _")
    if not (isinstance(rule, type) and issubclass(rule, Rule)):
        raise ValueError(f"{name}: {rule!r} is no class of learning rules; derive it from Rule")
    if name in PAPER_RULES:
        raise ValueError(f"there is a rule {name!r} already; choose another name")
    try:
        _check(rule)
    except ValueError as error:
        raise ValueError(f"{rule.__name__}: {error}") from None
    field: Any = FieldInfo.from_annotated_attribute(rule, rule.model_validate({}))
    RULES[name] = rule
    Plasticity.model_fields[name] = field
    for model in (Plasticity, Experiment):
        model.model_rebuild(force=True)


def _check(rule: type[Rule]) -> None:
    """Raise what is wrong with a rule first."""
    for name in STRINGS:
        if not isinstance(getattr(rule, name, None), str):
            raise ValueError(f'{name} is missing; state it, "" where nothing happens')
    values = _parameters_of(rule)
    _check_names(values, _variables_of(values))
    _check_units(values)


def _parameters_of(rule: type[Rule]) -> Rule:
    """A rule with its own values, all of them numbers that equations can use."""
    for name, field in rule.model_fields.items():
        if name.endswith(("_pre", "_post")):
            raise ValueError(f"{name}: such names belong to Brian2; write {name}synaptic")
        if name in _names_of_cells():
            raise ValueError(f"{name}: a cell has something of that name; choose another")
        if name in _CPP_KEYWORDS:
            raise ValueError(f"{name}: means something in C++; choose another name")
        if field.is_required():
            raise ValueError(f"{name} has no value; give it one in the class")
    try:
        values = rule.model_validate({})
    except ValidationError as error:
        raise ValueError(explain(error, rule)) from None
    for name in rule.model_fields.keys() - neurons.parameter_values(values).keys():
        raise ValueError(f"{name} is no number with a fraction; make it Positive, Time or Voltage")
    return values


@functools.cache
def _names_of_cells() -> frozenset[str]:
    cells = (neurons.EXCITATORY_WHILE_LEARNING, protocol.POISSON_CELL)
    variables = {name for cell in cells for name in Equations(cell).names}
    return frozenset({*variables, *Excitatory.model_fields})


def _variables_of(rule: Rule) -> set[str]:
    """The variables of an excitatory cell, once Brian2 takes the equations of a network."""
    changes = f"{rule.on_pre}\n{rule.on_post}"
    equations: tuple[tuple[str, Callable[[], Equations]], ...] = (
        ("excitatory_traces", lambda: Equations(rule.excitatory_traces)),
        ("excitatory_traces", lambda: neurons.learning_equations(Excitatory(), rule)),
        ("on_input_spike", lambda: neurons.input_trace_equations(rule)),
        (
            "on_pre, on_post",
            lambda: neurons.with_parameters("w : 1", [rule, Connections()], changes),
        ),
    )
    for name, make in equations:
        with _said_of(name):
            make()
    return set(Equations(neurons.EXCITATORY_WHILE_LEARNING + rule.excitatory_traces).names)


def _check_names(rule: Rule, variables: set[str]) -> None:
    """Make sure that equations and statements use what is there, and set what may be set."""
    parameters = set(neurons.parameter_values(rule))
    cell = {*variables, *parameters, *Excitatory.model_fields}
    synapse = {"w", "w_max", "x_pre", *parameters, *(f"{name}_post" for name in variables)}
    _require("excitatory_traces", Equations(rule.excitatory_traces).identifiers, cell)
    for name, known, set_here in (
        ("on_input_spike", {"x", *parameters}, {"x"}),
        ("on_excitatory_spike", cell, variables),
        ("on_pre", synapse | _INDICES, {"w"}),
        ("on_post", synapse | _INDICES, {"w"}),
    ):
        with _said_of(name):
            used, assigned, changed = _names(getattr(rule, name))
        _require(name, used, known | assigned)
        able = ", ".join(sorted(set_here))
        for each in sorted(changed - assigned - set_here):
            raise ValueError(f"{name}: changes '{each}', which is none of {able}")
        for each in sorted(assigned - set_here - (used - known)):
            raise ValueError(
                f"{name}: sets '{each}', which is none of {able}, and reads it nowhere"
            )


def _check_units(rule: Rule) -> None:
    """Make sure that all is added, and set, in one unit."""
    parameters = _dimensions(neurons.parameter_values(rule))
    cell = {**neurons.learning_equations(Excitatory(), rule).dimensions, **parameters}
    of_synapses = dict.fromkeys(["w", "w_max", "x_pre", *_INDICES], DIMENSIONLESS)
    synapse = of_synapses | parameters | {f"{name}_post": unit for name, unit in cell.items()}
    for where, units in (
        ("on_input_spike", {"x": DIMENSIONLESS, **parameters}),
        ("on_excitatory_spike", cell),
        ("on_pre", synapse),
        ("on_post", synapse),
    ):
        with _said_of(where):
            check_units_statements("\n".join(statements_in(getattr(rule, where))), _known(units))
    for trace in Equations(rule.excitatory_traces).values():
        if trace.expr is None:
            continue
        expected = trace.dim / second.dim if trace.type == DIFFERENTIAL_EQUATION else trace.dim
        with _said_of("excitatory_traces"):
            found = parse_expression_dimensions(trace.expr.code, _known(cell))
            if found is not expected:
                code = trace.expr.code
                raise ValueError(f"'{code}' has the unit {found} where {expected} belongs")


@contextlib.contextmanager
def _said_of(name: str) -> Iterator[None]:
    """Raise what Brian2 says of a string of a rule as a single line."""
    try:
        yield
    except _COMPLAINTS as error:
        said = "write ** for a power, and not ^" if "BitXor" in str(error) else _one_line(error)
        raise ValueError(f"{name}: {said}") from None


def _dimensions(values: Mapping[str, Any]) -> dict[str, Dimension]:
    return {name: get_dimensions(value) for name, value in values.items()}


def _known(units: Mapping[str, Dimension]) -> dict[str, Any]:
    """Variables with these units, and the names that are known everywhere."""
    return {**_known_everywhere(), **{name: Variable(name, unit) for name, unit in units.items()}}


@functools.cache
def _known_everywhere() -> dict[str, Any]:
    numbers = _dimensions({**DEFAULT_CONSTANTS, **DEFAULT_UNITS, "dt": second})
    return {**DEFAULT_FUNCTIONS, **{name: Variable(name, unit) for name, unit in numbers.items()}}


def _names(statements: str) -> tuple[set[str], set[str], set[str]]:
    """Names that statements read, those that they set to something new, and those they change."""
    used: set[str] = set()
    assigned: set[str] = set()
    changed: set[str] = set()
    for statement in statements_in(statements):
        variable, operation, expression, _ = parse_statement(statement)
        used |= get_identifiers(expression)
        (assigned if operation == "=" else changed).add(variable)
    return used | changed, assigned, changed


def _require(where: str, names: Iterable[str], known: Collection[str]) -> None:
    """Make sure that names are known, and mean the same after an interruption."""
    for name in sorted(names):
        if name in _RANDOM:
            raise ValueError(
                f"{where}: '{name}' would draw other numbers in each run; a rule has no random ones"
            )
        if name.removesuffix("_post") in _RESTARTS:
            raise ValueError(
                f"{where}: '{name}' begins anew with every chunk of images; state what changes in"
                " the course of a training in training.schedule"
            )
    for name in sorted({*names} - {*known} - _EVERYWHERE):
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        listed = ", ".join(sorted(known))
        guess = f"did you mean '{nearest[0]}'?" if nearest else f"there are {listed}"
        raise ValueError(f"{where}: there is no '{name}'; {guess}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
