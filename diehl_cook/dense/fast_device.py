"""The device ``cpp_standalone_fast``: C++ standalone programs that a compiler can vectorise."""

import os
import platform
import shlex
import subprocess
from pathlib import Path
from typing import Any

from brian2.codegen.codeobject import CodeObject
from brian2.core.base import BrianObject
from brian2.core.network import Network
from brian2.core.preferences import prefs
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice, CPPWriter
from brian2.devices.device import all_devices

from .cells_target import FastCPPStandaloneCodeObject
from .counting import Counters
from .one_file import can_share, one_file
from .refusals import refuse_operations
from .resting import groups_that_may_rest
from .summing import summed_matrices
from .synapses import DenseSynapses
from .team import VARIABLE, found_array, team
from .threads import Use
from .traces import traces
from .waking import full_name

NAME = "cpp_standalone_fast"

#: Vector versions of exp, log and pow are declared only where no infinities are relied upon.
ADDED_FLAGS = ("-O3", "-ffast-math")
REMOVED_FLAGS = ("-fno-finite-math-only",)
#: Compilers use half of the widest vectors unless told, because all of them slow a processor down
#: a little. That pays where most of the time goes into long loops.
WIDE_FLAGS = ("-mprefer-vector-width=512",)
WIDE_COLUMNS = 256
#: Peeling off iterations until an address is aligned would make the last bit of a result depend
#: on where memory happens to lie.
GCC_FLAGS = ("--param=vect-max-peeling-for-alignment=0",)
#: A square root is that of IEEE 754; an approximation takes as long, and differs from processor to
#: processor.
GCC_X86_FLAGS = ("-mrecip=!vec-sqrt",)

#: Files that call code objects. (``objects.cpp``, which only allocates, reads and writes arrays,
#: is compiled without optimisation.)
CALLERS = ("synapses_classes.cpp", "network.cpp", "run.cpp", "main.cpp")

#: C++ that code which threads share out needs, as it is.
TEMPLATES = Path(__file__).parent / "templates" / "fast_cpp"


class FastCPPStandaloneDevice(CPPStandaloneDevice):
    """As ``cpp_standalone``, with other templates and compiler flags.

    Everything is done as by Brian2's own device, save that

    - loops over cells are vectorised, in the precision of the variables;
    - cells at rest are left alone;
    - of an event's condition only the parts that matter are computed;
    - arrays start at multiples of 64 bytes;
    - all code is compiled as one file, see `one_file`;
    - the loop over time steps makes no system calls;
    - Python within a run is refused and not left out in silence (``network_operation``);
    - the program is compiled for finite numbers: infinities and NaN must not be relied upon;
    - numbers too small for full precision ("denormals") count as zero.

    Choose it with ``set_device("cpp_standalone_fast", ...)``, arguments as for
    ``cpp_standalone``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._n_runs = 0
        self._columns = 0  # of the widest matrix in any run
        #: C++ arrays that say which blocks of cells are awake in the run, by name of group.
        self.awake_arrays: dict[str, str] = {}
        #: C++ arrays that say in which blocks of cells a trace is not zero, by full name.
        self.trace_arrays: dict[str, str] = {}
        #: Counters of changes to the columns of matrices in the run, by full name of the matrix.
        self.counters: dict[str, Counters] = {}
        #: What code objects do with arrays, by name of code object.
        self.uses: dict[str, Use | None] = {}
        #: C++ types of all these arrays, of all runs, by name.
        self.shared: dict[str, str] = {}

    def code_object_class(
        self, codeobj_class: type[CodeObject] | None = None, fallback_pref: str | None = None
    ) -> type[CodeObject]:
        """Return the given class, or the one of this device."""
        return FastCPPStandaloneCodeObject if codeobj_class is None else codeobj_class

    def network_run(self, net: Network, *args: Any, level: int = 0, **kwds: Any) -> None:
        """Write the code of a run, after a look at what cells may rest in it.

        Raises
        ------
        NotImplementedError
            If the network has operations in Python.
        """
        refuse_operations(net.sorted_objects)
        self._n_runs += 1
        # threads share out the cells of a loop over all of them
        threads = prefs.devices.cpp_standalone.openmp_threads
        objects = net.sorted_objects
        self._columns = max([self._columns, *map(_columns, objects)])
        groups = groups_that_may_rest(objects) if threads == 0 else frozenset()
        self.awake_arrays = {group: f"_awake_{group}_{self._n_runs}" for group in groups}
        self.trace_arrays = {
            full_name(trace): f"_trace_{full_name(trace)}_{self._n_runs}"
            for trace in (traces(objects) if threads == 0 else ())
            if trace.owner.name not in groups
        }
        self.counters = {
            full_name(matrix): Counters(f"_changes_{full_name(matrix)}_{self._n_runs}", reader)
            for matrix, reader in summed_matrices(objects).items()
        }
        blocks = [*self.awake_arrays.values(), *self.trace_arrays.values()]
        counts = [counters.array for counters in self.counters.values()]
        self.shared |= dict.fromkeys(blocks, "char") | dict.fromkeys(counts, "uint32_t")
        # names are looked up in the frame that called `run`, one further away than Brian2 thinks
        super().network_run(net, *args, level=level + 1, **kwds)

    def generate_network_source(self, writer: CPPWriter, compiler: str) -> None:
        """Write the loop over time steps, for several threads if they have anything to share."""
        limit = self._maximum_run_time
        uses = {name: self.uses.get(name) for name in self.code_objects}
        network = self.code_object_class().templater.network(
            None,
            None,
            maximum_run_time=None if limit is None else float(limit),
            team=team(uses, self.clocks, self.get_array_name),
            variable=VARIABLE,
        )
        writer.write("network.*", network)
        for header in ("parts.h", "team.h") if self._shared_uses() else ():
            writer.write(header, (TEMPLATES / header).read_text())

    def _shared_uses(self) -> list[str]:
        return [name for name, use in self.uses.items() if use is not None and use.is_shared]

    def _unite(self, writer: CPPWriter) -> None:
        """Write one file for the compiler in place of all that can share one."""
        folder = Path(writer.project_dir)
        written = [
            f"{prefix}{code_object.name}"
            for code_object in self.code_objects.values()
            for prefix in ("", *(f"{block}_" for block in code_object.before_after_blocks))
        ]
        texts = {
            name: (
                (folder / f"code_objects/{name}.cpp").read_text(),
                (folder / f"code_objects/{name}.h").read_text(),
            )
            for name in sorted(written)
        }
        together = {name: text for name, text in texts.items() if can_share(*text)}
        text = one_file(together, [(folder / name).read_text() for name in CALLERS])
        for name in [*(f"code_objects/{name}.cpp" for name in together), *CALLERS]:
            (folder / name).unlink()
            writer.source_files.remove(name)
        writer.write("one_file.cpp", text)
        parts = ['#include "parts.h"'] if self._shared_uses() else []
        found = {found_array(name): "int32_t" for name in self._shared_uses()}
        arrays = sorted((self.shared | found).items())
        declared = [f"extern {c_type} {array}[];" for array, c_type in arrays]
        writer.write("shared.h", "\n".join(["#include <cstdint>", *parts, *declared, ""]))

    def delete(self, code: bool = True, *args: Any, **kwds: Any) -> None:
        """Delete files, those too in which the compiler lists headers: Brian2 2.9 has none."""
        if code and self.project_dir is not None:
            for name in self.writer.source_files:
                Path(self.project_dir, name).with_suffix(".d").unlink(missing_ok=True)
        super().delete(code, *args, **kwds)

    def generate_makefile(
        self, writer: Any, compiler: str, compiler_flags: str, *args: Any, **kwds: Any
    ) -> None:
        """Write the makefile with this device's flags, and what it compiles.

        Raises
        ------
        NotImplementedError
            If the compiler is neither g++ nor clang.
        """
        if compiler == "msvc":
            raise NotImplementedError(
                f"{NAME} compiles with g++ or clang, not with MSVC; use 'cpp_standalone', or set "
                "prefs.codegen.cpp.compiler to 'unix'"
            )
        self._unite(writer)
        flags = [flag for flag in compiler_flags.split() if flag not in REMOVED_FLAGS]
        own = [] if _is_clang() else [*GCC_FLAGS, *(GCC_X86_FLAGS if _is_x86() else ())]
        wide = WIDE_FLAGS if self._columns >= WIDE_COLUMNS and _is_x86() else ()
        compiler_flags = " ".join([*flags, *ADDED_FLAGS, *own, *wide])
        super().generate_makefile(writer, compiler, *args, compiler_flags=compiler_flags, **kwds)


def _columns(obj: BrianObject) -> int:
    return obj.layout.columns if isinstance(obj, DenseSynapses) else 0


def _is_x86() -> bool:
    return platform.machine().lower() in ("x86_64", "amd64")


def _is_clang() -> bool:
    """Whether programs are compiled with clang, which knows other flags than g++."""
    command = [*shlex.split(os.environ.get("CXX", "g++")), "--version"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:  # compiling will say it
        return False
    return "clang" in said


all_devices[NAME] = FastCPPStandaloneDevice()
