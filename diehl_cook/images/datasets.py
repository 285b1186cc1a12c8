"""Images and labels: the MNIST of this repository, a folder of IDX files, or another source."""

from __future__ import annotations

import functools
import gzip
import hashlib
import math
import os
import re
import shlex
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from diehl_cook.images import other_sources
from diehl_cook.images.labelled_images import DatasetError, Split, SplitName
from diehl_cook.model.resources import require_regular

__all__ = ["MNIST", "Dataset", "DatasetError", "Split", "load", "load_split", "read_idx"]

MNIST = Path(__file__).parent / "mnist"

MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

# MNIST calls its test files t10k-..., EMNIST emnist-<set>-test-...
_FILE_STEMS = {"train": ("train",), "test": ("t10k", "test")}
_DIMENSIONS = {"images": 3, "labels": 1}
_UNSIGNED_BYTE = 0x08


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test set whose images have the same shape; see `Split`.

    Attributes
    ----------
    train_images : ndarray of uint8, shape (n_train, rows, columns)
    train_labels : ndarray of uint8, shape (n_train,)
    test_images : ndarray of uint8, shape (n_test, rows, columns)
    test_labels : ndarray of uint8, shape (n_test,)
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


def load(folder: str | os.PathLike[str] | None = None) -> Dataset:
    """Load the training and the test set.

    Parameters
    ----------
    folder : path, optional
        A folder of four IDX files named as MNIST's or EMNIST's, plain, ``.gz`` or ``.xz``; or
        one of pictures, ``train/CLASS/*.png`` and ``test/CLASS/*.png``; or an ``.npz`` file of
        the arrays of `Dataset`; or ``sklearn:digits``, which scikit-learn brings along. By
        default the MNIST of this repository, which is checked against its SHA-256.

    Returns
    -------
    Dataset

    Raises
    ------
    DatasetError
        If a file is missing, damaged, ambiguous, or does not fit the others.
    """
    train = load_split("train", folder)
    test = load_split("test", folder)
    if train.images.shape[1:] != test.images.shape[1:]:
        raise DatasetError(
            f"{_folder(folder)}: training images are {_size(train.images)} pixels, test images "
            f"{_size(test.images)}; put the two splits of one dataset there"
        )
    return Dataset(train.images, train.labels, test.images, test.labels)


def load_split(split: SplitName, folder: str | os.PathLike[str] | None = None) -> Split:
    """Load one half of a dataset.

    Parameters
    ----------
    split : {"train", "test"}
    folder : path, optional
        As for `load`.

    Returns
    -------
    Split

    Raises
    ------
    DatasetError
        If a file is missing, damaged, ambiguous, or does not fit the other; if the data have no
        such half.

    Examples
    --------
    >>> import diehl_cook as dc
    >>> test = dc.load_images("test")
    >>> test
    <Split: 10000 images of 28 x 28 pixels>
    >>> test.images[test.labels == 4].shape
    (982, 28, 28)
    """
    if split not in get_args(SplitName):
        raise DatasetError(f"there are no {split!r} images; 'train' or 'test'")
    path = _folder(folder)
    other = other_sources.loader(path)
    return _load_idx(split, path) if other is None else other(split, path)


def _load_idx(split: SplitName, path: Path) -> Split:
    images_file, images_prefix = _find(path, split, "images")
    labels_file, labels_prefix = _find(path, split, "labels")
    if images_prefix != labels_prefix:
        raise DatasetError(
            f"{images_file} and {labels_file.name} are of two datasets; keep one dataset a folder"
        )
    images = read_idx(images_file, dimensions=_DIMENSIONS["images"])
    labels = read_idx(labels_file, dimensions=_DIMENSIONS["labels"])
    if len(images) != len(labels):
        raise DatasetError(
            f"{labels_file}: {len(labels)} labels for the {len(images)} images of "
            f"{images_file.name}; fetch both files again from one source"
        )
    # EMNIST's files hold each image with rows and columns exchanged.
    upright = images.transpose(0, 2, 1) if "emnist" in images_prefix.lower() else images
    return Split(upright, labels)


def read_idx(path: str | os.PathLike[str], dimensions: int) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes, plain, ``.gz`` or ``.xz``.

    Parameters
    ----------
    path : path
        The file. One of this repository's MNIST files must have its SHA-256.
    dimensions : int
        How many dimensions the array must have: 3 for images, 1 for labels.

    Returns
    -------
    ndarray of uint8
        Read-only.

    Raises
    ------
    DatasetError
        If the file cannot be read, or is not what it should be.
    """
    path = Path(path)
    if not _is_own(path.parent):
        return _parse_idx(path, _content(path), dimensions)
    changed = path.stat().st_mtime_ns if path.exists() else 0
    return _read_own(path, dimensions, changed)


# Of its four files, the training images take a quarter of a second.
@functools.lru_cache(maxsize=4)
def _read_own(path: Path, dimensions: int, changed: int) -> NDArray[np.uint8]:
    content = _content(path)
    _check_sha256(path, content)
    return _parse_idx(path, content, dimensions)


def _parse_idx(path: Path, content: bytes, dimensions: int) -> NDArray[np.uint8]:
    # The header: two zero bytes, type, number of dimensions, then each as a big-endian int32.
    if len(content) < 4:
        raise _damaged(path, f"ends after {len(content)} bytes, inside its header")
    if content[:2] != b"\0\0":
        raise _damaged(path, f"starts with 0x{content[:4].hex()}, so is no IDX file")
    if content[2] != _UNSIGNED_BYTE:
        raise _damaged(path, f"holds numbers of IDX type 0x{content[2]:02x}, not unsigned bytes")
    if content[3] != dimensions:
        raise _damaged(path, f"has {content[3]} dimensions where {dimensions} belong")
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise _damaged(path, f"ends after {len(content)} bytes, inside its header")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, offset=4))
    if 0 in shape:
        raise _damaged(path, f"is empty: its shape is {shape}")
    found, announced = len(content) - start, math.prod(shape)
    if found != announced:
        raise _damaged(path, f"holds {found} bytes of data where its header says {announced}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _content(path: Path) -> bytes:
    """Read and decompress a file."""
    try:
        raw = require_regular(path).read_bytes()
    except OSError as error:
        raise _damaged(path, f"cannot be read ({error.strerror})") from error
    try:
        if path.suffix == ".gz":
            return gzip.decompress(raw)
        if path.suffix == ".xz":
            return _decompress_xz(path, raw)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, f"cannot be decompressed ({error})") from error
    return raw


def _decompress_xz(path: Path, raw: bytes) -> bytes:
    try:
        import lzma  # some self-built Pythons lack it, and only .xz files need it
    except ImportError as error:
        raise DatasetError(f"{path}: this Python lacks lzma; run `unxz {path}`") from error
    try:
        return lzma.decompress(raw)
    except lzma.LZMAError as error:
        raise _damaged(path, f"cannot be decompressed ({error})") from error


def _find(folder: Path, split: SplitName, kind: str) -> tuple[Path, str]:
    """Find the one file of a split, and what stands before MNIST's own name in its name."""
    stems, ending = _FILE_STEMS[split], f"idx{_DIMENSIONS[kind]}-ubyte"
    pattern = re.compile(
        rf"(?P<prefix>|[^.].*[-_.])({'|'.join(stems)})-{kind}[-.]{ending}(\.gz|\.xz)?"
    )
    try:
        matches = [(file, pattern.fullmatch(file.name)) for file in sorted(folder.iterdir())]
    except OSError as error:
        raise DatasetError(
            f"{folder}: no folder of data files ({error.strerror}); {_way_out(folder)}"
        ) from error
    found = [(file, match["prefix"]) for file, match in matches if match]
    if not found:
        name = f"{stems[0]}-{kind}-{ending}"
        raise DatasetError(f"{folder / name}: missing, also as .gz or .xz; {_way_out(folder)}")
    if len(found) > 1:
        names = ", ".join(file.name for file, _ in found)
        raise DatasetError(f"{folder}: keep one of these {split} {kind} files: {names}")
    return found[0]


def _check_sha256(path: Path, content: bytes) -> None:
    name = path.name.removesuffix(path.suffix) if path.suffix in (".gz", ".xz") else path.name
    if hashlib.sha256(content).hexdigest() != MNIST_SHA256.get(name):
        raise _damaged(path, "is not MNIST as published (its SHA-256 differs)")


def _damaged(path: Path, problem: str) -> DatasetError:
    return DatasetError(f"{path}: {problem}; {_way_out(path.parent)}")


def _way_out(folder: Path) -> str:
    if _is_own(folder):
        own = shlex.quote(str(MNIST))
        return f"restore it with `git checkout -- {own}`, or install the package again"
    return "fetch it again, or name another folder in data.folder"


def _is_own(folder: Path) -> bool:
    return os.path.realpath(folder) == os.path.realpath(MNIST)


def _folder(folder: str | os.PathLike[str] | None) -> Path:
    return MNIST if folder is None else Path(os.path.expanduser(folder))


def _size(images: NDArray[np.uint8]) -> str:
    return f"{images.shape[1]} x {images.shape[2]}"
