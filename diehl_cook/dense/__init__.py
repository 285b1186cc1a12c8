"""Dense synapses for Brian2, and standalone programs that a compiler can vectorise."""

from . import brian2_internals as brian2_internals  # first, to say what a Brian2 lacks
from .fast_device import FastCPPStandaloneDevice
from .synapses import DenseSynapses

__all__ = ["DenseSynapses", "FastCPPStandaloneDevice"]
