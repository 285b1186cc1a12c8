"""A choice of Brian2's own tests passes on this device; ``make test-brian2`` runs all of them."""

import re
import subprocess
import sys
from pathlib import Path

#: Names in the caller, refractoriness, delays, run arguments, headers and sources of a user's own;
#: three of them are about standalone.
CHOICE = (
    "test_conditional_write_behaviour",
    "test_transmission_simple",
    "test_spikegenerator_connected",
    "test_change_parameter_without_recompile_dict_syntax",
    "test_header_file_inclusion",
    "test_multiple_standalone_runs",
)


def test_brian2s_tests_pass():
    suite = Path(__file__).with_name("brian2_suite.py")
    command = [sys.executable, str(suite), "--processes", "0", "-k", " or ".join(CHOICE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    passed = sum(map(int, re.findall(r"(\d+) passed", done.stdout)))
    assert passed == len(CHOICE), done.stdout[-4000:]
