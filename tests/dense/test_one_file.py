"""The code objects of a program share one file, in which each means what it meant alone."""

import gc
import os
import shlex
import subprocess

import pytest
from brian2 import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    check_units,
    defaultclock,
    implementation,
    prefs,
)

from diehl_cook.dense import DenseSynapses
from diehl_cook.dense.one_file import MARK, can_share, one_file

MAIN = '#include <cstdio>\nint main() { _run_a(); _run_b(); std::printf("\\n"); }\n'
SHARED = '#include "objects.h"\n#include<cmath>\n#include <cstring>\n'


def code_object(name, helpers="", code="", before=SHARED):
    """Source and header of a code object as Brian2 writes them."""
    source = f"{before}\n{MARK}namespace {{\n{helpers}\n}}\nvoid _run_{name}()\n{{\n{code}\n}}\n"
    return source, f"#ifndef {name}\n#define {name}\nvoid _run_{name}();\n#endif\n"


def said_by(folder, code_objects, others):
    """What a program prints."""
    (folder / "objects.h").write_text("#pragma once\n#include <cstdio>\n")
    (folder / "one_file.cpp").write_text(one_file(code_objects, others))
    compiler = shlex.split(os.environ.get("CXX", "g++"))
    subprocess.run([*compiler, "-I.", "one_file.cpp", "-o", "main"], cwd=folder, check=True)
    return subprocess.run([folder / "main"], capture_output=True, text=True, check=True).stdout


def test_each_has_its_own_helpers_and_all_have_the_shared_arrays(tmp_path):
    helper = "int helper({}) {{ return 10*x; }}"
    first = code_object(
        "a",
        helper.format("int x"),
        'std::printf("%d ", helper(1.5)); awake[1] = 7;',
        SHARED + "char awake[2];",
    )
    second = code_object(
        "b", helper.format("double x"), 'std::printf("%d %d", helper(1.5), awake[1]);'
    )
    assert said_by(tmp_path, {"a": first, "b": second}, [MAIN]) == "10 15 7\n"


def test_a_header_without_a_guard_is_included_once(tmp_path):
    (tmp_path / "mine.h").write_text("int mine = 3;\n")
    others = ['#include "mine.h"\n', f'#include "mine.h"\n{MAIN}']
    code = {name: code_object(name) for name in "ab"}
    assert said_by(tmp_path, code, others) == "\n"


@pytest.mark.parametrize(
    ("helpers", "before"),
    [
        ('#include "table.inc"', SHARED),
        ("# include <cmath>", SHARED),
        ("", SHARED + "#ifdef _WIN32\n#include <windows.h>\n#endif\n"),
        ("", SHARED + "#define SCALE 7\n"),
        ("", SHARED + '#include "mine.h"\n'),
        ("", SHARED + "#include <gsl/gsl_odeiv2.h>\n"),
        ("#ifndef GAIN\n#define GAIN 3\n#endif", SHARED),
        ("  #undef N", SHARED),
        (MARK, SHARED),
    ],
)
def test_what_others_would_see_keeps_a_file_of_its_own(helpers, before):
    assert not can_share(*code_object("a", helpers, before=before))


def test_what_is_declared_besides_keeps_a_file_of_its_own():
    source, header = code_object("a")
    assert can_share(source, header)
    assert not can_share(source, header + "int _more_a(int);\n")
    assert not can_share(source.replace(MARK, ""), header)


def test_brian2s_own_macros_may_be_shared():
    macros = "#ifdef _MSC_VER\n#define _brian_pow(x, y) pow((double)(x), (y))\n#else\n#endif\n"
    assert can_share(*code_object("a", macros, "#ifdef DEBUG\n#endif\n#pragma omp parallel"))


def small_network(**arguments):
    inputs = NeuronGroup(20, "", threshold="True", reset="", name="inputs")
    cells = NeuronGroup(
        40, "dg/dt = -g/(2*ms) : 1", threshold="g > 1", reset="", method="exact", **arguments
    )
    synapses = DenseSynapses(inputs, cells, "w : 1", on_pre="g_post += w", name="in_order")
    return Network(inputs, cells, synapses, SpikeMonitor(cells))


def sources(folder):
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*.cpp")]
    return sorted(name for name in found if not name.startswith("brianlib/"))


def test_nothing_is_left_of_the_pieces(device, tmp_path):
    small_network().run(defaultclock.dt)
    device.build(directory=str(tmp_path), compile=False, run=False)
    assert sources(tmp_path) == ["objects.cpp", "one_file.cpp"]
    assert set(sources(tmp_path)) <= device.writer.source_files


def test_the_order_of_additions_is_kept_for_rows_alone(device, tmp_path):
    small_network().run(defaultclock.dt)
    device.build(directory=str(tmp_path), compile=False, run=False)
    text = (tmp_path / "one_file.cpp").read_text()
    inside = [part.split("pop_options")[0] for part in text.split("push_options")[1:]]
    assert len(inside) == text.count("pop_options") == text.count("no-associative-math") == 1
    assert "void _run_in_order_pre_codeobject()" in inside[0]
    assert text.count("reassociate(off)") == inside[0].count("reassociate(off)") == 1


@implementation("cpp", "double amplified(double x) { return gain*x; }", headers=['"gain.h"'])
@check_units(x=1, result=1)
def amplified(x):
    raise NotImplementedError


def amplified_and_other(device, folder):
    """Values of two groups, for one of which a user's header defines the other's parameter."""
    amplifier = NeuronGroup(1, "v : 1", name="amplifier")
    amplifier.run_regularly("v = amplified(2)", name="amplifying")
    other = NeuronGroup(1, "gain : 1\nv : 1", name="other")
    other.gain = 5
    other.run_regularly("v = gain", name="other_one")
    Network(amplifier, other).run(defaultclock.dt)
    device.build(directory=str(folder), with_output=False, additional_source_files=[], clean=False)
    return float(amplifier.v[0]), float(other.v[0])


def test_a_users_header_is_not_shared_and_its_changes_are_seen(device, tmp_path, monkeypatch):
    monkeypatch.setitem(prefs, "codegen.cpp.include_dirs", [str(tmp_path)])
    header, folder = tmp_path / "gain.h", tmp_path / "program"
    header.write_text("#define gain 3.0\n")
    assert amplified_and_other(device, folder) == (6, 5)
    assert "code_objects/amplifying_codeobject.cpp" in sources(folder)
    assert "code_objects/other_one_codeobject.cpp" not in sources(folder)
    device.reinit()
    device.activate(build_on_run=False)
    gc.collect()  # names of objects that still exist would get a number
    header.write_text("#define gain 4.0\n")
    assert amplified_and_other(device, folder) == (8, 5)
    device.delete(directory=False)
    left = {path.name for path in folder.rglob("*") if path.is_file()}
    assert not {name for name in left if name.endswith((".cpp", ".o", ".d", ".h"))} - {
        "spikequeue.h"
    }
