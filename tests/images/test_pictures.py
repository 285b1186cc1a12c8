"""Pictures as MNIST's digits: size, place, ink; and files that are none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from diehl_cook.images.datasets import DatasetError
from diehl_cook.images.pictures import like_mnist, read_picture


def bar(rows=40, columns=60, paper=255, ink=0):
    """A picture with an upright bar of ink."""
    picture = np.full((rows, columns), paper, np.uint8)
    picture[10:30, 20:26] = ink
    return picture


def corner():
    """A picture with an L of ink, which is another one when turned."""
    picture = bar()
    picture[26:30, 20:40] = 0
    return picture


def centre(digit):
    mass = digit.astype(float)
    return [np.sum(np.indices(digit.shape)[axis] * mass) / mass.sum() for axis in (0, 1)]


def test_a_digit_fills_the_box_and_its_centre_of_mass_is_in_the_middle():
    digit = like_mnist(bar())
    assert digit.shape == (28, 28)
    rows = np.flatnonzero(digit.max(axis=1))
    assert rows[-1] - rows[0] + 1 == 20
    assert centre(digit) == pytest.approx([14, 14], abs=0.6)
    assert digit.max() == 255


@given(
    paper=st.integers(0, 255),
    ink=st.integers(0, 255),
    top=st.integers(1, 15),
    left=st.integers(1, 30),
    scale=st.integers(1, 4),
)
def test_paper_ink_place_and_size_make_no_difference(paper, ink, top, left, scale):
    picture = np.full((60, 80), paper, np.uint8)
    picture[top : top + 30, left : left + 6] = ink
    picture[top : top + 5, left : left + 20] = ink
    picture = np.kron(picture, np.ones((scale, scale), np.uint8))
    if abs(paper - ink) < 16:
        with pytest.raises(ValueError, match="blank"):
            like_mnist(picture)
        return
    plain = np.zeros((60, 80), np.uint8)
    plain[5:35, 5:11] = plain[5:10, 5:25] = 255
    np.testing.assert_allclose(like_mnist(picture).astype(int), like_mnist(plain), atol=40)


def test_an_image_of_mnist_stays_what_it_is(digits):
    kept = 0
    for row in digits.images[:50]:
        image = row.reshape(28, 28).astype(float)
        made = like_mnist(image).astype(float)
        kept += np.corrcoef(image.ravel(), made.ravel())[0, 1] > 0.85
    assert kept >= 48


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_a_photograph_is_turned_as_its_camera_was_held(tmp_path, suffix):
    path = tmp_path / f"photo{suffix}"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was turned to the left
    Image.fromarray(np.rot90(corner())).save(path, exif=exif, quality=100)
    np.testing.assert_allclose(read_picture(path).astype(int), like_mnist(corner()), atol=10)


def test_damaged_exif_data_turn_nothing(tmp_path):
    Image.fromarray(corner()).save(tmp_path / "photo.png", exif=b"Exif\0\0damaged")
    np.testing.assert_array_equal(read_picture(tmp_path / "photo.png"), like_mnist(corner()))


@pytest.mark.parametrize("ink", [0, 128, 255])
def test_ink_on_nothing_is_read(tmp_path, ink):
    drawn = np.zeros((40, 60, 4), np.uint8)
    drawn[..., :3], drawn[..., 3] = ink, 255 - corner()
    Image.fromarray(drawn).save(tmp_path / "drawn.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "drawn.png"), like_mnist(corner()))


@pytest.mark.parametrize("size", [8, 28, 40])
def test_other_sizes(size):
    assert like_mnist(bar(), size).shape == (size, size)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "1"])
@pytest.mark.parametrize("suffix", [".png"])
def test_files_of_any_kind(tmp_path, mode, suffix):
    Image.fromarray(bar()).convert(mode).save(tmp_path / f"x{suffix}")
    np.testing.assert_array_equal(read_picture(tmp_path / f"x{suffix}"), like_mnist(bar()))


def test_sixteen_bits_a_pixel_are_read_as_eight(tmp_path):
    drawn = bar(paper=200, ink=90)
    Image.fromarray(drawn).save(tmp_path / "eight.png")
    Image.fromarray(drawn.astype(np.uint16) * 257).save(tmp_path / "sixteen.png")
    eight, sixteen = (read_picture(tmp_path / f"{bits}.png") for bits in ("eight", "sixteen"))
    np.testing.assert_array_equal(sixteen, eight)


def test_ink_on_a_transparent_ground(tmp_path):
    picture = np.zeros((40, 60, 4), np.uint8)
    picture[10:30, 20:26, 3] = 255
    Image.fromarray(picture).save(tmp_path / "x.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "x.png"), like_mnist(bar()))


def test_a_device_or_a_folder_is_not_called_missing(tmp_path):
    with pytest.raises(DatasetError, match="/dev/zero: cannot be read: is a pipe or a device"):
        read_picture("/dev/zero")
    with pytest.raises(DatasetError, match="cannot be read: Is a directory"):
        read_picture(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "is no picture, or damaged"),
        (b"no picture", "is no picture, or damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "is no picture, or damaged"),
    ],
)
def test_what_is_no_picture_is_one_line(tmp_path, content, reason):
    path = tmp_path / "x.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=reason) as caught:
        read_picture(path)
    assert str(caught.value).startswith(f"{path}: {reason}")
    assert len(str(caught.value).splitlines()) == 1


def test_a_picture_cut_short_is_one_line(tmp_path):
    Image.fromarray(bar(400, 600)).save(tmp_path / "x.png")
    whole = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match="damaged"):
        read_picture(tmp_path / "x.png")


def test_a_blank_picture_is_named(tmp_path):
    Image.new("L", (50, 50), 200).save(tmp_path / "x.png")
    with pytest.raises(DatasetError, match=r"x\.png: is blank"):
        read_picture(tmp_path / "x.png")
