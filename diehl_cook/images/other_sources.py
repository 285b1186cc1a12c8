"""Images that do not come as IDX files: scikit-learn's digits, arrays in an .npz, pictures."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from diehl_cook.images.grey import in_eight_bits
from diehl_cook.images.labelled_images import DatasetError, Split, SplitName
from diehl_cook.images.upright import upright
from diehl_cook.model.resources import require_regular

#: How the name of a data set begins that a library brings along.
SCHEME = "sklearn:"

# The last quarter of scikit-learn's digits is for testing; the file's order is by writer.
_DIGITS_TO_LEARN = 1347
# Dataset's names and those of Keras.
_ARRAYS = (
    {"train": ("train_images", "train_labels"), "test": ("test_images", "test_labels")},
    {"train": ("x_train", "y_train"), "test": ("x_test", "y_test")},
)
_LARGEST_CLASS = 255
_PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def loader(source: Path) -> Callable[[SplitName, Path], Split] | None:
    """What loads the splits of a source; None for a folder of IDX files."""
    if str(source).startswith(SCHEME):
        return _digits
    if source.suffix == ".npz":
        return _arrays
    if (source / "train").is_dir() or (source / "test").is_dir():
        return _pictures
    inside = itertools.chain(source.glob("*"), source.glob("*/*"))
    pictures = any(path.suffix.lower() in _PICTURES for path in inside)
    if pictures and not any(source.glob("*idx*")):
        raise DatasetError(
            f"{source}: holds pictures, but no folders 'train' and 'test' of them; put those to"
            " learn into train/CLASS and those to test with into test/CLASS"
        )
    return None


def _digits(split: SplitName, source: Path) -> Split:
    """The 1797 digits of 8 x 8 pixels that come with scikit-learn."""
    if str(source) != f"{SCHEME}digits":
        raise DatasetError(f"{source}: is unknown; scikit-learn brings '{SCHEME}digits'")
    images, labels = load_digits(return_X_y=True)
    bright = np.rint(images.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    part = slice(None, _DIGITS_TO_LEARN) if split == "train" else slice(_DIGITS_TO_LEARN, None)
    return _read_only(bright[part], labels[part].astype(np.uint8))


def _arrays(split: SplitName, source: Path) -> Split:
    """A file of arrays: train_images, train_labels, test_images and test_labels."""
    if source.is_file() and not zipfile.is_zipfile(source):
        raise DatasetError(f"{source}: is no .npz file, or damaged; numpy.savez writes one")
    try:
        with np.load(require_regular(source), allow_pickle=False) as file:
            names = next((known[split] for known in _ARRAYS if known[split][0] in file), None)
            if names is None or names[1] not in file:
                wanted = " and ".join(_ARRAYS[0][split])
                raise DatasetError(f"{source}: has no {wanted}; add these arrays")
            images, labels = (file[name] for name in names)
            learned = file.get(names[1].replace("test", "train"), labels)
    except FileNotFoundError:
        raise DatasetError(
            f"{source}: no such file; put it there, or name another in data.folder"
        ) from None
    except (DatasetError, MemoryError):
        raise
    except Exception as error:  # a damaged archive fails in many ways
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DatasetError(f"{source}: is no .npz of plain arrays, or damaged ({reason})") from None
    images = _bytes(f"{source}: {names[0]}", images, 3)
    labels = _bytes(f"{source}: {names[1]}", labels, 1)
    if len(images) != len(labels):
        raise DatasetError(
            f"{source}: {len(labels)} labels for the {len(images)} images of {names[0]};"
            " give each image one"
        )
    if unknown := sorted({*labels.tolist()} - {*np.ravel(learned).tolist()}):
        raise DatasetError(
            f"{source}: {names[1]}: class {unknown[0]} has no training images; add or remove some"
        )
    return _read_only(images, labels)


def _bytes(what: str, array: NDArray[np.generic], dimensions: int) -> NDArray[np.uint8]:
    """An array as bytes, if it is one of whole numbers that fit."""
    are_images = dimensions == 3
    kind = "images of shape (n, rows, columns)" if are_images else "classes of shape (n,)"
    if array.ndim != dimensions or array.size == 0:
        raise DatasetError(f"{what}: has shape {array.shape}; expected {kind}")
    numbers: NDArray[Any] = array if array.dtype.kind in "uif" else np.full(1, -1)
    if not ((numbers >= 0) & (numbers <= 255) & (numbers == np.floor(numbers))).all():
        way_out = "scale and round them" if are_images else "number the classes from 0 on"
        raise DatasetError(f"{what}: holds other than whole numbers from 0 to 255; {way_out}")
    return array.astype(np.uint8)


def _pictures(split: SplitName, source: Path) -> Split:
    """Pictures in folders: ``train/CLASS/*.png`` and ``test/CLASS/*.png``, all of one size.

    Classes are whole numbers if all folders of ``train`` are named so, else the folders' places
    in the alphabet. They take turns, in proportion to their sizes.
    """
    classes = _classes(source)
    images, labels = [], []
    for folder in _folders(source / split):
        if folder.name not in classes:
            raise DatasetError(f"{folder}: class without training pictures; add or remove some")
        for path in _visible(folder):
            if path.is_dir():
                raise DatasetError(
                    f"{path}: a folder within a class; put its pictures into {folder}"
                )
            images.append(_picture(path))
            labels.append(classes[folder.name])
            if images[-1].shape != images[0].shape:
                raise DatasetError(
                    f"{path}: has {images[-1].shape[1]} x {images[-1].shape[0]} pixels where others"
                    f" have {images[0].shape[1]} x {images[0].shape[0]}; make all of one size"
                )
    if not images:
        raise DatasetError(f"{source / split}: holds no pictures; put them into CLASS/*.png there")
    turns = _turns(np.array(labels, np.uint8))
    return _read_only(np.array(images)[turns], np.array(labels, np.uint8)[turns])


def _turns(labels: NDArray[np.uint8]) -> NDArray[np.integer]:
    """An order in which any stretch of images has each class in proportion to its size.

    In that of their folders, the first or last images would be of one class, and images are
    learned, labelled and held out in stretches.
    """
    place = np.empty(len(labels))
    for each in np.unique(labels):
        own = np.flatnonzero(labels == each)
        place[own] = (np.arange(own.size) + 0.5) / own.size
    return np.argsort(place, kind="stable")


def _classes(source: Path) -> dict[str, int]:
    names = [folder.name for folder in _folders(source / "train") if _visible(folder)]
    numbered = all(name.isascii() and name.isdigit() for name in names)
    classes = {name: int(name) if numbered else place for place, name in enumerate(names)}
    for name, number in classes.items():
        first = next(other for other in names if classes[other] == number)
        if first != name:
            raise DatasetError(
                f"{source}/train: folders {first} and {name} are one class; make them one folder"
            )
    if max(classes.values(), default=0) > _LARGEST_CLASS:
        raise DatasetError(
            f"{source}/train: classes go beyond {_LARGEST_CLASS}; name the folders from 0 on"
        )
    return classes


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _folders(parent: Path) -> list[Path]:
    try:
        inside = sorted(parent.iterdir())
    except OSError as error:
        raise DatasetError(
            f"{parent}: no folder of pictures ({error.strerror}); put them into CLASS/*.png there"
        ) from None
    return [path for path in inside if path.is_dir() and not path.name.startswith(".")]


def _picture(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(require_regular(path)) as picture:
            picture.load()
            turned = upright(picture)
    except MemoryError:
        raise
    except Exception as error:  # a damaged picture fails in many ways
        reason = " ".join(str(error).split())
        raise DatasetError(f"{path}: is no picture, or damaged ({reason}); remove it") from None
    if turned.has_transparency_data and _is_seen_through(turned):
        raise DatasetError(f"{path}: is transparent in part; give it a ground")
    try:
        return np.asarray(in_eight_bits(turned).convert("L"))
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from None


def _is_seen_through(picture: Image.Image) -> bool:
    return bool((np.asarray(picture.convert("RGBA").getchannel("A")) < 255).any())


def _read_only(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Split:
    for array in (images, labels):
        array.flags.writeable = False
    return Split(images, labels)
