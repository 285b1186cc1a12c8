"""Dense synapses for Brian2, and standalone programs that a compiler can vectorise."""

from .fast_device import FastCPPStandaloneDevice
from .synapses import DenseSynapses

__all__ = ["DenseSynapses", "FastCPPStandaloneDevice"]
