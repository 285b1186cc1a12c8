"""Which code object class runs dense synapses on which device and target."""

from brian2.codegen.codeobject import CodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import Device, RuntimeDevice

from .numpy_target import DenseNumpyCodeObject
from .synapses_target import DenseCPPStandaloneCodeObject


def dense_codeobj_class(device: Device) -> type[CodeObject]:
    """Class of the code objects of dense synapses.

    Parameters
    ----------
    device : Device
        The device in use.

    Returns
    -------
    codeobj_class : type
        For the runtime device, that of the target in use.

    Raises
    ------
    NotImplementedError
        For devices other than C++ standalone and runtime.
    """
    if isinstance(device, CPPStandaloneDevice):
        return DenseCPPStandaloneCodeObject
    if isinstance(device, RuntimeDevice):
        return DenseNumpyCodeObject
    raise NotImplementedError(
        f"Dense synapses run on the devices 'runtime' and 'cpp_standalone', not on {device!r}; "
        "use brian2.Synapses."
    )
