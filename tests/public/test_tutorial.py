"""The tutorial runs as it stands, and was saved with its outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.ipynb"


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # what is tested is this package, not another
    return nbformat.read(TUTORIAL, as_version=4)


def run(notebook, folder):
    options = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=1800, kernel_name="python3", resources=options).execute()


def is_slow(cell):
    return "slow" in cell.metadata.get("tags", [])


def test_the_quick_part_runs(notebook, tmp_path):
    notebook.cells = [cell for cell in notebook.cells if not is_slow(cell)]
    run(notebook, tmp_path)
    assert (tmp_path / "results" / "mine.npz").exists()


@pytest.mark.slow
def test_all_of_it_runs(notebook, tmp_path):
    run(notebook, tmp_path)


def test_it_reads_without_running(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    kinds = {kind for cell in code for out in cell.outputs for kind in out.get("data", {})}
    assert "image/jpeg" in kinds
    assert not any(out.output_type == "error" for cell in code for out in cell.outputs)
    assert TUTORIAL.stat().st_size < 1e6
