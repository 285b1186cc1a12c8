"""What this package does not do, said where it is asked for, with what to use instead."""

import re
from collections.abc import Iterable
from typing import Any

from brian2.core.base import BrianObject
from brian2.core.operations import NetworkOperation
from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SUBEXPRESSION,
    Equations,
)

INSTEAD = "use brian2.Synapses"


def refuse_options(options: dict[str, Any]) -> None:
    """Refuse arguments that Brian2's ``Synapses`` has and dense synapses have not.

    Raises
    ------
    NotImplementedError
        For an argument that ``Synapses`` knows.
    TypeError
        For any other.
    """
    reasons = {
        "delay": f"have no delays; {INSTEAD} for them",
        "connect": f"connect all pairs; {INSTEAD} for subsets of pairs",
        "multisynaptic_index": f"have one synapse per pair; {INSTEAD} for several",
        "method": "have no differential equations; put traces on the cells",
        "method_options": "have no differential equations; put traces on the cells",
    }
    for option in options:
        if option in reasons:
            raise NotImplementedError(f"Dense synapses {reasons[option]} (got '{option}').")
        raise TypeError(f"DenseSynapses got an unexpected argument '{option}'.")


def refuse_equations(equations: Equations) -> None:
    """Refuse equations other than parameters and subexpressions.

    Raises
    ------
    NotImplementedError
        For differential equations, summed variables, linked variables and subexpressions that
        are constant over a time step.
    """
    for equation in equations.values():
        name = equation.varname
        if equation.type == DIFFERENTIAL_EQUATION:
            raise NotImplementedError(
                f"Dense synapses have no differential equations (got 'd{name}/dt'): put the trace "
                f"on the pre- or postsynaptic cells, or {INSTEAD}."
            )
        if "summed" in equation.flags:
            raise NotImplementedError(
                f"Dense synapses have no summed variables (got '{name}'): use run_regularly with "
                f"a statement such as 'total_post += w', or {INSTEAD}."
            )
        if "linked" in equation.flags or "constant over dt" in equation.flags:
            flag = "linked" if "linked" in equation.flags else "constant over dt"
            raise NotImplementedError(
                f"Dense synapses have no '({flag})' variables (got '{name}'): {INSTEAD}."
            )
    equations.check_flags(
        {
            DIFFERENTIAL_EQUATION: [],
            SUBEXPRESSION: ["shared"],
            PARAMETER: ["constant", "shared"],
        }
    )


def refuse_code(code: str, where: str) -> None:
    """Refuse statements that need something that dense synapses do not have.

    Raises
    ------
    NotImplementedError
        If the code reads or writes ``lastupdate`` or ``delay``.
    """
    found = re.search(r"\b(lastupdate|delay)\b", code)
    if found:
        raise NotImplementedError(
            f"Dense synapses have no '{found.group()}' (in '{where}'): keep traces on the cells, "
            f"or {INSTEAD}."
        )


def refuse_operations(objects: Iterable[BrianObject]) -> None:
    """Refuse Python within a run, which Brian2's standalone device leaves out in silence.

    Raises
    ------
    NotImplementedError
        If there is an active ``NetworkOperation``.
    """
    for obj in objects:
        if isinstance(obj, NetworkOperation) and obj.active:
            raise NotImplementedError(
                f"'{obj.name}' is Python, and a standalone program has none: say it with "
                "run_regularly, or choose set_device('runtime')."
            )
