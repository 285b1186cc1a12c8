"""Files that are written whole or not at all."""

import os

import pytest

from diehl_cook.store.files import write_whole


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o027, 0o640), (0o022, 0o644)])
def test_who_may_read_a_file_is_the_umask_to_say(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "new" / "file", b"content")
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "file").stat().st_mode & 0o777 == mode
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["file"]
