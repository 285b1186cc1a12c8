import gzip
import hashlib
import lzma
import re
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from diehl_cook.images import datasets
from diehl_cook.images.datasets import MNIST, MNIST_SHA256, DatasetError, load, load_split, read_idx

COMPRESS = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}


def idx(array):
    """The IDX file of an array, written from the format's description alone."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write(folder, images, labels, split="train", prefix="", suffix=""):
    for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
        file = folder / f"{prefix}{split}-{kind}-ubyte{suffix}"
        file.write_bytes(COMPRESS[suffix](idx(array)))


def digits(n, rows=3, columns=4):
    return np.arange(n * rows * columns).reshape(n, rows, columns) % 256, np.arange(n) % 10


@pytest.fixture(scope="module")
def mnist():
    return load()


@pytest.fixture
def folder(tmp_path):
    """A dataset of five training and two test images of 3 x 4 pixels."""
    write(tmp_path, *digits(5))
    write(tmp_path, *digits(2), split="t10k")
    return tmp_path


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A copy of the repository's MNIST that takes its place, and may be damaged."""
    copy = tmp_path / "mnist"
    shutil.copytree(MNIST, copy)
    monkeypatch.setattr(datasets, "MNIST", copy)
    return copy


def error_of(call, *arguments):
    with pytest.raises(DatasetError) as caught:
        call(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


class TestMnist:
    def test_shapes_and_types(self, mnist):
        assert mnist.train_images.shape == (60_000, 28, 28)
        assert mnist.test_images.shape == (10_000, 28, 28)
        assert mnist.train_labels.shape == (60_000,)
        assert mnist.test_labels.shape == (10_000,)
        for array in vars(mnist).values():
            assert array.dtype == np.uint8

    def test_arrays_are_read_only(self, mnist):
        with pytest.raises(ValueError, match="read-only"):
            mnist.train_images[0, 0, 0] = 1

    def test_published_facts(self, mnist):
        counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        assert np.bincount(mnist.train_labels).tolist() == counts
        counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
        assert np.bincount(mnist.test_labels).tolist() == counts
        assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
        assert mnist.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
        assert mnist.train_images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
        assert mnist.train_images.std() / 255 == pytest.approx(0.3081, abs=5e-5)

    def test_images_are_upright(self, mnist):
        one = mnist.train_images[mnist.train_labels == 1].mean(axis=0)
        height, width = (np.sum(one.sum(axis=axis) > one.sum() / 100) for axis in (1, 0))
        assert height > 1.5 * width

    def test_sha256_of_the_files(self):
        for name, sha256 in MNIST_SHA256.items():
            content = gzip.decompress((MNIST / f"{name}.gz").read_bytes())
            assert hashlib.sha256(content).hexdigest() == sha256

    def test_sha256_beside_the_files(self):
        rows = re.findall(r"^\| `(.+)` \| `(.+)` \|$", (MNIST / "README.md").read_text(), re.M)
        assert dict(rows) == MNIST_SHA256

    def test_one_changed_pixel_is_an_error(self, own):
        file = own / "t10k-images-idx3-ubyte.gz"
        content = bytearray(gzip.decompress(file.read_bytes()))
        content[-1] ^= 1
        file.write_bytes(gzip.compress(bytes(content), 1))
        message = error_of(load_split, "test")
        assert str(file) in message
        assert "SHA-256" in message
        assert "git checkout" in message

    def test_they_are_unpacked_once(self, own):
        images = load_split("test").images
        assert load_split("test").images is images
        file = own / "t10k-images-idx3-ubyte.gz"
        file.write_bytes(file.read_bytes()[:1000])
        assert "cannot be decompressed" in error_of(load_split, "test")

    def test_one_changed_label_is_an_error(self, own):
        file = own / "train-labels-idx1-ubyte.gz"
        content = bytearray(gzip.decompress(file.read_bytes()))
        content[100] = (content[100] + 1) % 10
        file.write_bytes(gzip.compress(bytes(content)))
        assert "SHA-256" in error_of(load_split, "train")

    def test_naming_the_own_folder_checks_too(self, own):
        (own / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(10_000))))
        assert "SHA-256" in error_of(load_split, "test", own / ".." / own.name)

    def test_uncompressed_is_as_good(self, own):
        file = own / "t10k-labels-idx1-ubyte.gz"
        file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()
        assert load_split("test").labels.shape == (10_000,)

    def test_truncated_is_an_error(self, own):
        file = own / "train-images-idx3-ubyte.gz"
        file.write_bytes(file.read_bytes()[:100_000])
        message = error_of(load_split, "train")
        assert str(file) in message
        assert "cannot be decompressed" in message
        assert "git checkout" in message

    def test_missing_is_an_error(self, own):
        (own / "train-labels-idx1-ubyte.gz").unlink()
        message = error_of(load)
        assert str(own / "train-labels-idx1-ubyte") in message
        assert "git checkout" in message


class TestFolder:
    @pytest.mark.parametrize("suffix", COMPRESS)
    @pytest.mark.parametrize(("prefix", "test"), [("", "t10k"), ("emnist-letters-", "test")])
    def test_names(self, tmp_path, prefix, test, suffix):
        write(tmp_path, *digits(5), prefix=prefix, suffix=suffix)
        write(tmp_path, *digits(2), split=test, prefix=prefix, suffix=suffix)
        dataset = load(tmp_path)
        for n, split in ((5, "train"), (2, "test")):
            images, labels = digits(n)
            if prefix:  # EMNIST's files hold images lying on their side
                images = images.transpose(0, 2, 1)
            np.testing.assert_array_equal(getattr(dataset, f"{split}_images"), images)
            np.testing.assert_array_equal(getattr(dataset, f"{split}_labels"), labels)

    def test_a_dot_before_idx(self, folder):
        for file in list(folder.iterdir()):
            file.rename(folder / file.name.replace("-idx", ".idx"))
        assert load(folder).train_images.shape == (5, 3, 4)

    def test_a_string_and_the_home_folder(self, folder, monkeypatch):
        monkeypatch.setenv("HOME", str(folder.parent))
        assert len(load(f"~/{folder.name}").test_labels) == 2

    def test_one_split_is_enough_for_one_split(self, tmp_path):
        write(tmp_path, *digits(5))
        assert load_split("train", tmp_path).images.shape == (5, 3, 4)
        message = error_of(load, tmp_path)
        assert str(tmp_path / "t10k-images-idx3-ubyte") in message
        assert "another folder" in message

    def test_other_files_are_left_alone(self, folder):
        (folder / "._train-images-idx3-ubyte").write_bytes(b"a file system's own notes")
        (folder / "train-images-idx3-ubyte.md5").write_text("0")
        (folder / "restrain-images-idx3-ubyte").write_bytes(b"")
        assert len(load(folder).train_labels) == 5

    def test_missing_folder(self, tmp_path):
        assert str(tmp_path / "none") in error_of(load, tmp_path / "none")

    def test_a_file_for_a_folder(self, folder):
        assert "no folder" in error_of(load, folder / "train-images-idx3-ubyte")

    @pytest.mark.parametrize(
        "other", ["train-images-idx3-ubyte.gz", "emnist-letters-train-images-idx3-ubyte"]
    )
    def test_ambiguous(self, folder, other):
        (folder / other).write_bytes(b"")
        message = error_of(load, folder)
        assert str(folder) in message
        assert "train-images-idx3-ubyte" in message
        assert other in message

    def test_images_and_labels_of_two_datasets(self, folder):
        file = folder / "train-labels-idx1-ubyte"
        file.rename(folder / "emnist-letters-train-labels-idx1-ubyte")
        message = error_of(load, folder)
        assert "emnist-letters-train-labels-idx1-ubyte" in message
        assert "train-images-idx3-ubyte" in message

    def test_counts_differ(self, folder):
        images, labels = digits(5)
        write(folder, images, labels[:4])
        message = error_of(load, folder)
        assert str(folder / "train-labels-idx1-ubyte") in message
        assert "4 labels" in message
        assert "5 images" in message

    def test_shapes_differ_between_the_splits(self, folder):
        write(folder, *digits(2, columns=5), split="t10k")
        message = error_of(load, folder)
        assert str(folder) in message
        assert "3 x 4" in message
        assert "3 x 5" in message


class TestReadIdx:
    """One file: what is wrong with it is said, with its name."""

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"", "ends after 0 bytes"),
            (b"\0\0\x08", "inside its header"),
            (b"\0\0\x08\x03\0\0\0\x05", "inside its header"),
            (b"<!DOCTYPE html>", "no IDX file"),
            (b"\0\0\x0d\x03" + bytes(12), "type 0x0d"),
            (idx(np.zeros(5)), "1 dimensions where 3 belong"),
            (idx(np.zeros((5, 3, 4)))[:-1], "59 bytes of data where its header says 60"),
            (idx(np.zeros((5, 3, 4))) + b"\0", "61 bytes of data where its header says 60"),
            (b"\0\0\x08\x03" + b"\xff" * 12, f"header says {(2**32 - 1) ** 3}"),
            (idx(np.zeros((0, 3, 4))), "is empty"),
            (idx(np.zeros((5, 3, 0))), "is empty"),
        ],
    )
    def test_damaged(self, tmp_path, content, problem):
        file = tmp_path / "train-images-idx3-ubyte"
        file.write_bytes(content)
        message = error_of(read_idx, file, 3)
        assert str(file) in message
        assert problem in message
        assert "fetch it again" in message

    @pytest.mark.parametrize("suffix", [".gz", ".xz"])
    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: content[:-5],
            lambda content: content[: len(content) // 2],
            lambda content: content + b"more",
            lambda content: b"no archive at all",
            lambda content: content[:10] + b"\xff" * 8 + content[18:],
            lambda content: content[:30] + bytes([content[30] ^ 0xFF]) + content[31:],
        ],
    )
    def test_damaged_archive(self, tmp_path, suffix, damage):
        file = tmp_path / f"train-images-idx3-ubyte{suffix}"
        file.write_bytes(damage(COMPRESS[suffix](idx(digits(50)[0]))))
        message = error_of(read_idx, file, 3)
        assert str(file) in message
        assert "cannot be decompressed" in message

    def test_empty_archive(self, tmp_path):
        file = tmp_path / "train-images-idx3-ubyte.gz"
        file.write_bytes(b"")
        assert "inside its header" in error_of(read_idx, file, 3)

    def test_unreadable(self, tmp_path):
        file = tmp_path / "train-images-idx3-ubyte"
        file.mkdir()
        assert "cannot be read (Is a directory)" in error_of(read_idx, file, 3)

    def test_python_without_lzma(self, folder, monkeypatch):
        file = folder / "labels.xz"
        file.write_bytes(lzma.compress(idx(np.zeros(3))))
        monkeypatch.setitem(sys.modules, "lzma", None)
        assert f"unxz {file}" in error_of(read_idx, file, 1)
        assert len(load(folder).train_labels) == 5

    @given(
        array=st.integers(1, 3).flatmap(
            lambda n: arrays(np.uint8, array_shapes(min_dims=n, max_dims=n, max_side=6))
        ),
        suffix=st.sampled_from(list(COMPRESS)),
    )
    def test_round_trip(self, tmp_path_factory, array, suffix):
        file = Path(tmp_path_factory.getbasetemp()) / f"round-trip{suffix}"
        file.write_bytes(COMPRESS[suffix](idx(array)))
        read = read_idx(file, array.ndim)
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, array)

    @given(content=st.binary(max_size=40), dimensions=st.sampled_from([1, 3]))
    def test_arbitrary_bytes_are_data_or_a_clear_error(self, tmp_path_factory, content, dimensions):
        file = Path(tmp_path_factory.getbasetemp()) / "arbitrary"
        file.write_bytes(b"\0\0\x08" + content)
        try:
            found = read_idx(file, dimensions)
        except DatasetError as error:
            message = str(error)
        else:
            message = str(file)
            assert found.ndim == dimensions
        assert str(file) in message


def test_halves_of_other_names_are_refused():
    with pytest.raises(DatasetError, match="no 'tst' images; 'train' or 'test'"):
        load_split("tst")
