"""What happens at the synapses of cells that have an event, or at all synapses at set times."""

from typing import TYPE_CHECKING, Any

from brian2.core.variables import Variables
from brian2.groups.group import CodeRunner

from .indices import POST_INDEX, PRE_INDEX, ImplicitIndex

if TYPE_CHECKING:
    from .synapses import DenseSynapses


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

    def __init__(self, synapses: "DenseSynapses", code: str, driver: str, **kwds: Any) -> None:
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
        self, synapses: "DenseSynapses", code: str, prepost: str, objname: str, event: str
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
