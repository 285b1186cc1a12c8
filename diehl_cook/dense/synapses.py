"""All-to-all synapses, kept as a matrix, and what happens at them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np
from brian2.codegen.codeobject import CodeObject
from brian2.core.names import find_name
from brian2.core.spikesource import SpikeSource
from brian2.core.variables import Variables
from brian2.devices.device import get_device
from brian2.equations.equations import PARAMETER, Equations
from brian2.groups.group import CodeRunner, Group, get_dtype
from brian2.groups.neurongroup import check_identifier_pre_post
from brian2.units.fundamentalunits import Quantity

from .matrix import (
    POST_INDEX,
    PRE_INDEX,
    ImplicitIndex,
    Layout,
    MatrixIndexing,
    MatrixVariable,
)
from .refusals import INSTEAD, refuse_code, refuse_equations, refuse_options
from .targets import dense_codeobj_class

MAX_SYNAPSES = 2**31 - 1


class DenseSynapses(Group):
    """Synapses from every cell of a group to every cell of another.

    The shape is that of Brian2's ``Synapses``: ``on_pre`` is run for all synapses of the
    presynaptic cells that have an event in this time step, and ``on_post`` likewise; suffixes
    ``_pre`` and ``_post`` (or none, for post) refer to the cells. Results equal those of
    ``Synapses(...).connect()`` without delays, on every target. What differs is the cost: no
    index is stored, no queue is kept, and values of synapses form a matrix whose rows a compiler
    can vectorise.

    Parameters
    ----------
    source, target : SpikeSource
        The pre- and postsynaptic cells; `target` is `source` if not given.
    model : str or Equations, optional
        Parameters such as ``w : 1`` (one value per synapse) or ``w : 1 (shared)`` (one for all,
        so that no matrix is stored), and subexpressions.
    on_pre, on_post : str or mapping of str to str, optional
        Statements, or several pathways by name.
    on_event : str or mapping of str to str
        The event that triggers the pathways, or the events by name of pathway.
    include_self : bool
        Whether cells connect to the cell of the same number in the other group.
    one_to_one : bool
        Connect cells of the same number only; per-synapse variables are then vectors.
    namespace : mapping, optional
        Names that are no variables.
    dtype : dtype or mapping of str to dtype, optional
        Types of all floating-point variables, or by name, as in ``NeuronGroup``.
    dt, clock : optional
        Clock for ``run_regularly``; pathways use the clock of the cells with the events.
    order : int
        As in Brian2.
    name : str
        Name of the group.
    **options
        Refused, with an error that says what to use instead.

    Attributes
    ----------
    pre, post : DensePathway
        The pathways; ``pre.order`` and ``post.order`` say which comes first in a time step.

    Raises
    ------
    NotImplementedError
        For what only Brian2's ``Synapses`` do: delays, subsets of pairs, differential equations.
    ValueError
        For an event that the cells do not have, a name used twice, unequal groups connected
        one-to-one, or more synapses than can be counted.
    """

    add_to_magic_network = True

    def __init__(
        self,
        source: SpikeSource,
        target: SpikeSource | None = None,
        model: str | Equations | None = None,
        on_pre: str | Mapping[str, str] | None = None,
        on_post: str | Mapping[str, str] | None = None,
        on_event: str | Mapping[str, str] = "spike",
        include_self: bool = True,
        one_to_one: bool = False,
        namespace: Mapping[str, Any] | None = None,
        dtype: Any = None,
        dt: Quantity | None = None,
        clock: Any = None,
        order: int = 0,
        name: str = "densesynapses*",
        **options: Any,
    ) -> None:
        refuse_options(options)
        super().__init__(
            dt=dt, clock=clock, when="start", order=order, namespace=namespace, name=name
        )
        self.codeobj_class = None
        self.source = source
        self.target = source if target is None else target
        self.add_dependency(source)
        if target is not None:
            self.add_dependency(target)
        self.layout = _layout(self.name, source, self.target, include_self, one_to_one)

        equations = Equations(model or "") if not isinstance(model, Equations) else model
        refuse_equations(equations)
        self.equations = equations
        self._create_variables(equations, dtype)
        self._indices = MatrixIndexing(self, self.layout.shape)

        self._pathways: list[DensePathway] = []
        for prepost, statements in (("pre", on_pre), ("post", on_post)):
            if not statements:
                continue
            if isinstance(statements, str):
                statements = {prepost: statements}
            for objname, code in statements.items():
                event = on_event if isinstance(on_event, str) else on_event.get(objname, "spike")
                self._add_pathway(code, prepost, objname, event)
        self._check_events_are_used(on_event)
        self._enable_group_attributes()

    def _create_variables(self, equations: Equations, dtype: Any) -> None:
        layout = self.layout
        self.variables = Variables(self)
        self.variables.create_clock_variables(self._clock)
        self.variables.add_constant("N", layout.size)
        for name, values in (
            ("i", layout.pre),
            ("j", layout.post),
            (PRE_INDEX, layout.pre),
            (POST_INDEX, layout.post),
        ):
            self.variables._add_variable(name, ImplicitIndex(name, values))
        for equation in equations.values():
            self._create_variable(equation, dtype)
        for suffix, group, index in (
            ("_pre", self.source, PRE_INDEX),
            ("_post", self.target, POST_INDEX),
        ):
            for name, variable in group.variables.items():
                if name in equations.names:
                    raise ValueError(
                        f"The synaptic variable '{name}' has the name of a variable of "
                        f"'{group.name}'; rename it, for example to '{name}_syn'."
                    )
                if name.startswith("_") or isinstance(variable, ImplicitIndex):
                    continue
                index_name = "0" if variable.scalar else index
                # numbers of cells in a subgroup have indices of their own: no reference, use i, j
                with suppress(TypeError):
                    self.variables.add_reference(name + suffix, group, name, index=index_name)
                    if suffix == "_post" and not name.endswith(("_pre", "_post")):
                        self.variables.add_reference(name, group, name, index=index_name)

    def _create_variable(self, equation: Any, dtype: Any) -> None:
        name = equation.varname
        if name in ("i", "j", "delay"):
            raise SyntaxError(f"'{name}' is a reserved name that cannot be used as a variable.")
        check_identifier_pre_post(name)
        variable_dtype = get_dtype(equation, dtype)
        shared = "shared" in equation.flags
        if equation.type != PARAMETER:
            self.variables.add_subexpression(
                name,
                dimensions=equation.dim,
                expr=str(equation.expr),
                scalar=shared,
                dtype=variable_dtype,
            )
        elif shared:
            self.variables.add_array(
                name,
                size=1,
                dimensions=equation.dim,
                dtype=variable_dtype,
                constant="constant" in equation.flags,
                scalar=True,
                index="0",
            )
        else:
            variable = MatrixVariable(
                name=name,
                dimensions=equation.dim,
                owner=self,
                device=self.variables.device,
                size=self.layout.size,
                dtype=variable_dtype,
                constant="constant" in equation.flags,
            )
            self.variables._add_variable(name, variable)
            self.variables.device.init_with_zeros(variable, variable_dtype)

    def _add_pathway(self, code: str, prepost: str, objname: str, event: str) -> None:
        group = self.source if prepost == "pre" else self.target
        if not isinstance(group, SpikeSource) or not hasattr(group, "clock"):
            raise TypeError(f"'{group}' has no events that could trigger on_{prepost}.")
        if event not in group.events:
            raise ValueError(f"Group '{group.name}' does not define an event '{event}'.")
        if objname in self.__dict__ or objname in self.variables or hasattr(type(self), objname):
            raise ValueError(f"The pathway name '{objname}' is already in use.")
        refuse_code(code, objname)
        pathway = DensePathway(self, code, prepost, objname, event)
        setattr(self, objname, pathway)
        self._pathways.append(pathway)
        self.contained_objects.append(pathway)

    def _check_events_are_used(self, on_event: str | Mapping[str, str]) -> None:
        known = {pathway.objname for pathway in self._pathways}
        for objname in () if isinstance(on_event, str) else on_event:
            if objname not in known:
                raise ValueError(f"on_event names the unknown pathway '{objname}'.")

    def current_codeobj_class(self) -> type[CodeObject]:
        """Return the class that runs code of these synapses on the device and target in use."""
        return dense_codeobj_class(get_device())

    def run_regularly(
        self,
        code: str,
        dt: Quantity | None = None,
        clock: Any = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
        codeobj_class: type[CodeObject] | None = None,
    ) -> CodeRunner:
        """Run code for all synapses at regular times.

        Synapses are visited row by row. The code may change synapses (``w *= 2``) or add up into
        cells (``total_post += w``).

        Parameters
        ----------
        code : str
            Abstract code.
        dt, clock, when, order, name
            As in Brian2.
        codeobj_class
            Must be None.

        Returns
        -------
        runner : CodeRunner
            The object that runs the code.

        Raises
        ------
        TypeError
            If `codeobj_class` is given.
        """
        if codeobj_class is not None:
            raise TypeError("Dense synapses choose their codeobj_class themselves.")
        if name is None:
            names = [obj.name for obj in self.contained_objects]
            name = find_name(f"{self.name}_run_regularly*", names)
        if dt is None and clock is None:
            clock = self._clock
        refuse_code(code, name)
        runner = DenseRunner(
            self, code, "all", dt=dt, clock=clock, when=when, order=order, name=name
        )
        self.contained_objects.append(runner)
        return runner

    def matrix(self, name: str) -> np.ndarray | Quantity:
        """Values of a per-synapse variable as a matrix.

        Parameters
        ----------
        name : str
            Name of the variable; with a trailing underscore, without units.

        Returns
        -------
        matrix : ndarray or Quantity, shape (N_pre, N_post)
            With `include_self` false, values on the diagonal belong to no synapse.

        Raises
        ------
        ValueError
            If the variable has no value per pair of cells.
        """
        variable = self.variables.get(name.removesuffix("_"))
        if not isinstance(variable, MatrixVariable) or self.layout.shape is None:
            raise ValueError(f"'{self.name}' has no value per pair of cells named '{name}'.")
        return getattr(self, name)[:].reshape(self.layout.shape)

    def connect(self, *args: Any, **kwds: Any) -> NoReturn:
        """Refuse: dense synapses connect everything when they are made.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            "Dense synapses connect all pairs when they are made; there is no connect(). "
            f"For subsets of pairs {INSTEAD}."
        )

    def __len__(self) -> int:
        return self.layout.size


class DenseRunner(CodeRunner):
    """Code that visits synapses row by row or column by column.

    Parameters
    ----------
    synapses : DenseSynapses
        The synapses that the code is about.
    code : str
        Abstract code, run for each visited synapse.
    driver : {'pre', 'post', 'all'}
        See `Layout.template_kwds`.
    **kwds
        As for Brian2's ``CodeRunner``.
    """

    def __init__(self, synapses: DenseSynapses, code: str, driver: str, **kwds: Any) -> None:
        self.driver = driver
        layout = synapses.layout
        template_kwds = layout.template_kwds(driver) | kwds.pop("template_kwds", {})
        super().__init__(synapses, "dense_synapses", code=code, template_kwds=template_kwds, **kwds)
        # Along a row each postsynaptic cell occurs once, along a column each presynaptic one:
        # this is what lets NumPy write to them in one go, in the order of Brian2's Synapses.
        self.variables = Variables(None)
        along_column = driver == "post"
        self.variables._add_variable(
            PRE_INDEX, ImplicitIndex(PRE_INDEX, layout.pre, unique=along_column)
        )
        self.variables._add_variable(
            POST_INDEX, ImplicitIndex(POST_INDEX, layout.post, unique=not along_column)
        )

    def create_default_code_object(self, run_namespace: Any) -> Any:
        """Create the code object for the device and target in use when the run starts."""
        self.codeobj_class = self.group.current_codeobj_class()
        return super().create_default_code_object(run_namespace)


class DensePathway(DenseRunner):
    """The statements of ``on_pre`` or ``on_post``.

    Parameters
    ----------
    synapses : DenseSynapses
        The synapses that the code is about.
    code : str
        Abstract code, run for each synapse of a cell that has the event in this time step.
    prepost : {'pre', 'post'}
        Whose events count.
    objname : str
        Name of the pathway, the attribute under which `synapses` has it.
    event : str
        Name of the event.

    Attributes
    ----------
    order : int
        Place among the objects of the ``synapses`` slot: -1 for pre, 1 for post, as in Brian2.
    """

    def __init__(
        self, synapses: DenseSynapses, code: str, prepost: str, objname: str, event: str
    ) -> None:
        self.prepost = prepost
        self.objname = objname
        self.event = event
        self.source = synapses.source if prepost == "pre" else synapses.target
        eventspace_name = f"_{event}space"
        eventspace = self.source.variables[eventspace_name]
        super().__init__(
            synapses,
            code,
            prepost,
            clock=self.source.clock,
            when="synapses",
            order=-1 if prepost == "pre" else 1,
            name=f"{synapses.name}_{objname}",
            needed_variables=[eventspace_name],
            template_kwds={
                "eventspace_variable": eventspace,
                "first_cell": getattr(self.source, "start", 0),
                "last_cell": getattr(self.source, "stop", len(self.source)),
                "only_some_cells": hasattr(self.source, "source"),
            },
        )
        self.variables.add_reference(eventspace_name, self.source)


def _layout(name: str, source: Any, target: Any, include_self: bool, one_to_one: bool) -> Layout:
    rows, columns = len(source), len(target)
    if one_to_one and not include_self:
        raise ValueError(f"'{name}' cannot be one_to_one without include_self.")
    if one_to_one and rows != columns:
        raise ValueError(f"'{name}' cannot be one_to_one between {rows} and {columns} cells.")
    kind = "one_to_one" if one_to_one else "all" if include_self else "all_but_self"
    layout = Layout(
        rows=rows,
        columns=columns,
        row_start=getattr(source, "start", 0),
        column_start=getattr(target, "start", 0),
        kind=kind,
    )
    if layout.size > MAX_SYNAPSES:
        raise ValueError(f"'{name}' would have {layout.size} synapses, more than {MAX_SYNAPSES}.")
    return layout
