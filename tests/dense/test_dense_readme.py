"""The page of the extension says what is so: its example runs, its loop is the one generated."""

import gc
import re
from pathlib import Path

import brian2
import pytest
from brian2.devices.device import get_device, reset_device, set_device

import diehl_cook.dense
from diehl_cook.dense.synapses_target import DenseCPPCodeGenerator

PAGE = (Path(diehl_cook.dense.__file__).parent / "README.md").read_text()


def blocks(language):
    """Fenced blocks of the page, without their indentation."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", PAGE, re.DOTALL | re.MULTILINE)
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def lines(code):
    """Lines of code that say something, without their indentation."""
    return [line.strip() for line in code.splitlines() if line.strip()]


EXAMPLE, NETWORK = blocks("python")
(LOOP,) = blocks("cpp")


@pytest.fixture
def standalone():
    """The device of the page, left as it was found."""
    yield
    get_device().reinit()
    reset_device()
    gc.collect()  # else names of objects that still exist get a number


@pytest.fixture
def program(standalone, spy):
    """Parts of the statement's code, and the whole of it."""
    splits = spy(DenseCPPCodeGenerator, "_split")
    set_device("cpp_standalone_fast", build_on_run=False)
    names = vars(brian2) | {"DenseSynapses": diehl_cook.dense.DenseSynapses}
    exec(NETWORK, names)
    network = brian2.Network(*(names[name] for name in ("inputs", "cells", "synapses")))
    network.run(brian2.defaultclock.dt)
    return splits[0][1], get_device().code_objects["synapses_pre_codeobject"].code.cpp_file


def test_the_example_has_twenty_lines_and_runs(standalone, capsys):
    assert len(lines(EXAMPLE)) <= 20
    names = {}
    # other tests of this process may have left another time step
    exec(EXAMPLE.replace("seed(1)\n", "seed(1)\ndefaultclock.dt = 0.1*ms\n"), names)
    weights = names["weights"]
    assert weights.shape == (500, 40)
    assert weights[:50].mean() > 2 * weights[50:].mean()
    assert "from those in volleys" in capsys.readouterr().out


def test_the_parts_of_the_statement_are_those_of_the_table(program):
    parts, _ = program
    table = re.findall(r"^ *\| `(\w+)` \|(.*?)\| \S.*\|$", PAGE, re.MULTILINE)
    said = {part: code.strip().strip("`") for part, code in table}
    code = {
        name: " ".join(filter(None, part)) for name, part in parts.items() if isinstance(part, list)
    }
    assert said == code


def test_the_loop_is_the_one_that_the_compiler_sees(program):
    generated = "\n".join(lines(program[1]))
    start = generated.index(lines(LOOP)[2])
    assert "\n".join(lines(LOOP)) in generated, f"it is now:\n{generated[start : start + 900]}"


def test_every_file_that_the_page_names_is_there():
    folder = Path(diehl_cook.dense.__file__).parent
    assert all((folder / name).exists() for name in re.findall(r"\]\(([^)]+)\)", PAGE))
