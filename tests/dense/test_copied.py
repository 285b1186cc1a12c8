"""The extension is a folder that can be taken: it works under another name, with Brian2 alone."""

import shutil
import subprocess
import sys
from pathlib import Path

import diehl_cook.dense

PROGRAM = """
import sys
from brian2 import NeuronGroup, defaultclock, device, prefs, run, set_device
from {package} import DenseSynapses

prefs.codegen.target = "numpy"  # Cython would be compiled for half a minute
set_device("{device}", build_on_run=False)
cells = NeuronGroup(3, "v : 1", threshold="i == 0", reset="")
synapses = DenseSynapses(cells, cells, "w : 1", on_pre="v_post += w; w = clip(w - 0.25, 0, 1)")
synapses.w = "0.25*(j + 1)"
run(2 * defaultclock.dt)
if "{device}" != "runtime":
    device.build(directory="program")
assert not [name for name in sys.modules if name.partition(".")[0] == "diehl_cook"]
print(*cells.v[:])
"""


def test_it_works_under_another_name(tmp_path):
    shutil.copytree(Path(diehl_cook.dense.__file__).parent, tmp_path / "all_to_all")
    text = "".join(path.read_text() for path in (tmp_path / "all_to_all").rglob("*.py"))
    assert "diehl_cook" not in text
    for device in ("runtime", "cpp_standalone_fast"):
        program = PROGRAM.format(package="all_to_all", device=device)
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["0.25", "0.75", "1.25"]
