"""Brian2's own tests on the device of this package: ``make test-brian2``.

Brian2's tests ask for ``cpp_standalone`` by name. This file is also a plugin of pytest that has
that name stand for ``cpp_standalone_fast``, in the processes of pytest-xdist as well, so that those
are run, too, that are about the standalone device itself.
"""

import argparse
import sys
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2.devices.device import all_devices

from diehl_cook.dense import fast_device

#: Tests that pass on Brian2's device and not on this one, with the reason: see dense/README.md.
KNOWN: dict[str, str] = {}


def pytest_configure(config):
    all_devices["cpp_standalone"] = all_devices[fast_device.NAME]


def pytest_collection_modifyitems(items):
    for item in items:
        if item.name in KNOWN:
            item.add_marker(pytest.mark.xfail(reason=KNOWN[item.name], strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description="Run Brian2's own tests on cpp_standalone_fast.")
    parser.add_argument("--control", action="store_true", help="on Brian2's device instead")
    parser.add_argument("--single", action="store_true", help="variables in single precision")
    parser.add_argument("--long", action="store_true", help="tests that take long, too")
    parser.add_argument("--processes", help="in so many processes; by default one a core")
    options, others = parser.parse_known_args()
    if not options.control:
        others += ["-p", Path(__file__).stem]
    if options.processes:
        others += ["-n", options.processes]
    passed = brian2.test(
        codegen_targets=[],
        test_codegen_independent=False,
        test_standalone="cpp_standalone",
        float_dtype=np.float32 if options.single else None,
        long_tests=options.long,
        additional_args=["--tb=short", "-W", "ignore::DeprecationWarning", *others],
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
