"""Files that are written whole or not at all."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from diehl_cook import figures
from diehl_cook.store.files import (
    WriteError,
    animation_bytes,
    figure_bytes,
    markdown_table,
    smaller,
    write_whole,
)


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o027, 0o640), (0o022, 0o644)])
def test_who_may_read_a_file_is_the_umask_to_say(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "new" / "file", b"content")
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "file").stat().st_mode & 0o777 == mode
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["file"]


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to a device"])
def test_what_is_no_file_is_left_as_it_is(tmp_path, kind):
    path = tmp_path / "there"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/null")
    before = os.lstat(path)
    with pytest.raises(WriteError, match="is no file that can be written; choose another name"):
        write_whole(path, b"content")
    assert os.lstat(path) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["there"]


def test_a_link_is_followed_to_the_file_that_it_names(tmp_path):
    kept = tmp_path / "elsewhere" / "file"
    link = tmp_path / "link"
    link.symlink_to(kept)
    for content in (b"first", b"second"):  # it need not be there yet
        write_whole(link, content)
        assert link.is_symlink()
        assert kept.read_bytes() == content
    assert [entry.name for entry in kept.parent.iterdir()] == ["file"]


def test_a_folder_that_has_no_name_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WriteError, match="is no file"):
        write_whole(Path(), b"content")


def test_a_signal_after_the_rename_is_that_signal(tmp_path, monkeypatch):
    def replace_and_stop(*names):
        os.rename(*names)
        raise KeyboardInterrupt

    monkeypatch.setattr("diehl_cook.store.files.os.replace", replace_and_stop)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.parametrize(
    ("kind", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_the_same_figure_gives_the_same_bytes(kind, begins):
    drawn = [figure_bytes(figures.theta_distribution([0.02, 0.03]), kind) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith(begins)


def test_frames_become_a_picture_that_moves():
    frames = figures.fields_over_training([0, 5], [[[0.0, 1, 0, 1]], [[1.0, 0, 1, 0]]])
    picture = Image.open(io.BytesIO(animation_bytes(frames, milliseconds=300)))
    assert (picture.format, picture.n_frames, picture.info["loop"]) == ("WEBP", 2, 0)


def test_pixels_take_fewer_bytes_on_a_page():
    drawn = figure_bytes(figures.theta_distribution([0.02, 0.03]))
    picture = Image.open(io.BytesIO(smaller(drawn)))
    assert (picture.format, picture.size) == ("WEBP", Image.open(io.BytesIO(drawn)).size)
    assert len(smaller(drawn)) < len(drawn)


def test_a_table_for_people_has_a_header_and_a_line_for_each_row():
    assert markdown_table(["N", "%"], [[100, "88.8"], [400, ""]]) == (
        "| N | % |\n|---|---|\n| 100 | 88.8 |\n| 400 |  |\n"
    )
    assert markdown_table(["N"], []) == "| N |\n|---|\n"
