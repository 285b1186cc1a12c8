"""What tests of the model share."""

import pytest
from written_experiments import SMALLEST


@pytest.fixture
def write(tmp_path):
    """Writes experiment files; gives the path of the first."""

    def write(text=SMALLEST, **others):
        for name, content in {"mine": text, **others}.items():
            (tmp_path / f"{name}.yaml").write_text(content)
        return tmp_path / "mine.yaml"

    return write
