"""The files of a program become one in which each still means what it meant alone."""

import os
import shlex
import subprocess

import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, defaultclock
from brian2.devices.device import get_device, reset_device, set_device
from hypothesis import given
from hypothesis import strategies as st

from diehl_cook.dense import DenseSynapses
from diehl_cook.dense.one_file import MARK, OTHERS, one_file, united

MAIN = '#include <cstdio>\nint main() { _run_a(); _run_b(); std::printf("\\n"); }\n'


def write(folder, name, helpers, code, before=""):
    """A code object as Brian2 writes it, with a function that its header declares."""
    text = f'#include "code_objects/{name}.h"\n#include <cstdio>\n{before}\n{MARK}'
    text += f"namespace {{\n{helpers}\n}}\nvoid _run_{name}()\n{{\n{code}\n}}\n"
    (folder / "code_objects").mkdir(exist_ok=True)
    (folder / f"code_objects/{name}.cpp").write_text(text)
    (folder / f"code_objects/{name}.h").write_text(f"#pragma once\nvoid _run_{name}();\n")
    return f"code_objects/{name}.cpp"


def said_by(folder, shared=None):
    """What a program of the code objects in a folder prints."""
    (folder / "main.cpp").write_text(MAIN)
    sources = [str(path.relative_to(folder)) for path in folder.rglob("*.cpp")]
    (folder / "one_file.cpp").write_text(one_file(folder, united(sources), shared or {}))
    compiler = shlex.split(os.environ.get("CXX", "g++"))
    subprocess.run([*compiler, "-I.", "one_file.cpp", "-o", "main"], cwd=folder, check=True)
    return subprocess.run([folder / "main"], capture_output=True, text=True, check=True).stdout


def test_each_has_its_own_helpers_and_all_have_the_shared_arrays(tmp_path):
    write(
        tmp_path,
        "a",
        "#include <cmath>\nint helper(int x) { return x + 1; }",
        'awake[1] = 7; std::printf("%d ", helper((int)std::floor(1.5)));',
    )
    write(
        tmp_path,
        "b",
        "int helper(double x) { return 10*x; }",
        'std::printf("%d %d", helper(0.5), awake[1]);',
        before="char awake[2] = {0, 0};",
    )
    assert said_by(tmp_path, {"awake": "char"}) == "2 5 7\n"


def test_what_is_included_comes_first_and_once(tmp_path):
    names = [
        write(tmp_path, name, "  #  include <cmath>", "", before="#include <cmath>")
        for name in ("a", "b")
    ]
    lines = one_file(tmp_path, names, {}).splitlines()
    at = [number for number, line in enumerate(lines) if line.startswith("#")]
    assert at == list(range(len(at)))
    assert lines[: len(at)] == [
        '#include "code_objects/a.h"',
        "#include <cstdio>",
        "#include <cmath>",
        "#  include <cmath>",
        '#include "code_objects/b.h"',
    ]


@given(
    st.sets(
        st.sampled_from(
            ["objects.cpp", "mine.cpp", "code_objects/b.cpp", "code_objects/a.cpp", *OTHERS]
        )
    )
)
def test_code_objects_come_first_and_files_of_users_and_arrays_are_left(sources):
    names = united(sources)
    assert set(names) == sources - {"objects.cpp", "mine.cpp"}
    assert names == sorted(names, key=lambda name: (name in OTHERS, name not in OTHERS and name))


@pytest.mark.parametrize("fault", ["no mark", "two marks", "another declaration"])
def test_code_in_another_form_is_refused_in_one_line(tmp_path, fault):
    name = write(tmp_path, "a", "", "")
    source, header = tmp_path / name, (tmp_path / name).with_suffix(".h")
    text = source.read_text()
    if fault == "another declaration":
        header.write_text(header.read_text() + "int _other_a(int);\n")
    else:
        source.write_text(text.replace(MARK, "") if fault == "no mark" else text + MARK)
    with pytest.raises(NotImplementedError, match=r"code object 'a'.*use the device") as raised:
        one_file(tmp_path, [name], {})
    assert "\n" not in str(raised.value)


@pytest.fixture
def built(tmp_path):
    """The folder of a program with rows that are added up in order."""
    set_device("cpp_standalone_fast", build_on_run=False)
    try:
        inputs = NeuronGroup(20, "", threshold="True", name="inputs")
        cells = NeuronGroup(
            40, "dg/dt = -g/(2*ms) : 1", threshold="g > 1", reset="", method="exact"
        )
        synapses = DenseSynapses(inputs, cells, "w : 1", on_pre="g_post += w")
        Network(inputs, cells, synapses, SpikeMonitor(cells)).run(defaultclock.dt)
        get_device().build(directory=str(tmp_path), compile=False, run=False)
        yield tmp_path
    finally:
        get_device().reinit()
        reset_device()


def test_the_order_of_additions_is_kept_for_rows_alone(built):
    text = (built / "one_file.cpp").read_text()
    inside = [part.split("pop_options")[0] for part in text.split("push_options")[1:]]
    assert len(inside) == text.count("pop_options") == text.count("no-associative-math") == 1
    assert "void _run_densesynapses_pre_codeobject()" in inside[0]
    assert text.count("float_control(push)") == text.count("float_control(pop)") == 1


def test_nothing_is_left_of_the_pieces(built):
    assert sorted(path.name for path in built.rglob("*.cpp")) == ["objects.cpp", "one_file.cpp"]
    assert get_device().writer.source_files == {"objects.cpp", "one_file.cpp"}
