"""Images that are no IDX files: what they must hold, and every way in which they may not."""

import os
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image
from sklearn.datasets import load_digits

from diehl_cook.images import datasets, experiment_images, other_sources
from diehl_cook.images.datasets import DatasetError
from diehl_cook.model.experiment import ExperimentError
from diehl_cook.model.experiment_file import load_experiment


@pytest.fixture
def arrays():
    random = np.random.default_rng(0)
    return {
        "train_images": random.integers(0, 256, (6, 4, 5), np.uint8),
        "train_labels": np.arange(6, dtype=np.uint8),
        "test_images": random.integers(0, 256, (3, 4, 5), np.uint8),
        "test_labels": np.arange(3, dtype=np.uint8),
    }


@pytest.fixture
def saved(arrays, tmp_path):
    """Saves arrays, some of them changed, renamed or left out."""

    def save(**changes):
        path = tmp_path / "images.npz"
        np.savez(path, **{k: v for k, v in (arrays | changes).items() if v is not None})
        return path

    return save


@pytest.fixture
def drawn(arrays, tmp_path):
    """Draws the arrays into folders of the given names of classes."""

    def draw(names, mode="L"):
        for split in ("train", "test"):
            images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
            for number, (image, label) in enumerate(zip(images, labels, strict=True)):
                folder = tmp_path / "set" / split / names[label]
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).convert(mode).save(folder / f"{number}.png")
        return tmp_path / "set"

    return draw


def complaint(source):
    with pytest.raises(DatasetError) as caught:
        datasets.load(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_digits_of_scikit_learn():
    digits = datasets.load("sklearn:digits")
    assert digits.train_images.shape == (1347, 8, 8)
    assert digits.test_images.shape == (450, 8, 8)
    images, labels = load_digits(return_X_y=True)
    np.testing.assert_array_equal(np.concatenate([digits.train_labels, digits.test_labels]), labels)
    np.testing.assert_allclose(digits.test_images[-1].ravel(), images[-1] * 255 / 16, atol=0.5)
    assert digits.train_images.max() == 255
    assert not digits.train_images.flags.writeable
    assert set(digits.test_labels) == set(range(10))


def test_an_unknown_name_names_the_known_one():
    assert complaint("sklearn:faces") == (
        "sklearn:faces: is unknown; scikit-learn brings 'sklearn:digits'"
    )


@pytest.mark.parametrize("names", [None, ("x_train", "y_train", "x_test", "y_test")])
def test_a_file_of_arrays(arrays, saved, names, tmp_path):
    path = saved()
    if names:
        np.savez(path, **dict(zip(names, arrays.values(), strict=True)))
    loaded = datasets.load(path)
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(loaded, name), array)


def test_a_file_with_test_images_alone(arrays, saved):
    loaded = datasets.load_split("test", saved(train_images=None, train_labels=None))
    np.testing.assert_array_equal(loaded.labels, arrays["test_labels"])


def test_whole_numbers_of_another_type_are_as_good(arrays, saved):
    path = saved(
        train_images=arrays["train_images"].astype(float),
        train_labels=arrays["train_labels"].astype(np.int64),
    )
    loaded = datasets.load(path)
    assert loaded.train_images.dtype == loaded.train_labels.dtype == np.uint8
    np.testing.assert_array_equal(loaded.train_images, arrays["train_images"])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"test_labels": None}, "has no test_images and test_labels"),
        ({"train_images": None}, "has no train_images and train_labels"),
        ({"train_images": np.full((6, 4, 5), 0.5)}, "0 to 255; scale and round them"),
        ({"train_images": np.full((6, 4, 5), 256)}, "0 to 255; scale and round them"),
        ({"train_images": np.full((6, 4, 5), np.nan)}, "0 to 255; scale and round them"),
        ({"train_labels": np.full(6, -1)}, "0 to 255; number the classes from 0 on"),
        ({"train_labels": np.full(6, "a")}, "0 to 255; number the classes from 0 on"),
        ({"test_labels": np.full(3, 99)}, "class 99 has no training images; add or remove some"),
        ({"train_images": np.zeros((6, 20))}, "expected images of shape (n, rows, columns)"),
        ({"train_images": np.zeros((0, 4, 5))}, "expected images of shape (n, rows, columns)"),
        ({"train_labels": np.zeros((6, 1))}, "expected classes of shape (n,)"),
        ({"train_labels": np.zeros(5)}, "5 labels for the 6 images"),
        ({"test_images": np.zeros((3, 4, 4))}, "training images are 4 x 5 pixels"),
    ],
)
def test_arrays_that_are_no_images(saved, changes, problem):
    assert problem in complaint(saved(**changes))


def test_a_file_that_is_no_archive_of_arrays(tmp_path, saved):
    assert "no such file" in complaint(tmp_path / "none.npz")
    path = saved()
    path.write_bytes(path.read_bytes()[:100])
    assert "damaged" in complaint(path)
    np.savez(path, train_images=np.array([{}]), train_labels=np.zeros(1))
    assert "plain arrays" in complaint(path)


def test_folders_named_by_numbers_are_classes_of_these_numbers(arrays, drawn):
    loaded = datasets.load(drawn([str(2 * n) for n in range(6)]))
    by_class = arrays["train_images"][[0, 5, 1, 2, 3, 4]]
    np.testing.assert_array_equal(loaded.train_images, by_class)
    # Folders are read in the order of the alphabet: "10" comes before "2".
    assert loaded.train_labels.tolist() == [0, 10, 2, 4, 6, 8]
    assert sorted(loaded.test_labels.tolist()) == [0, 2, 4]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_classes_of_pictures_take_turns(sizes, random):
    labels = np.repeat(np.arange(len(sizes), dtype=np.uint8), sizes)
    turns = other_sources._turns(labels)
    assert sorted(turns) == list(range(len(labels)))
    first, last = sorted((random.randint(0, len(labels)), random.randint(0, len(labels))))
    for each, size in enumerate(sizes):
        own = turns[labels[turns] == each]
        assert own.tolist() == sorted(own)  # in the order of their names
        stretch = np.count_nonzero(labels[turns[first:last]] == each)
        assert abs(stretch - size * (last - first) / len(labels)) <= len(sizes)


def test_folders_named_by_words_are_numbered_in_the_alphabet(arrays, drawn):
    loaded = datasets.load(drawn(["ant", "bee", "cat", "dog", "elk", "fox"]))
    np.testing.assert_array_equal(loaded.train_images, arrays["train_images"])
    assert loaded.train_labels.tolist() == list(range(6))
    assert loaded.test_labels.tolist() == list(range(3))


def test_coloured_pictures_are_read_grey(arrays, drawn):
    loaded = datasets.load(drawn("abcdef", mode="RGB"))
    np.testing.assert_array_equal(loaded.train_images, arrays["train_images"])


def test_pictures_of_sixteen_bits_are_scaled(tmp_path):
    levels = np.linspace(0, 65535, 20).astype(np.uint16).reshape(4, 5)
    for split in ("train", "test"):
        (tmp_path / split / "0").mkdir(parents=True)
        Image.fromarray(levels).save(tmp_path / split / "0" / "0.png")
    np.testing.assert_array_equal(datasets.load(tmp_path).train_images[0], levels // 257)


def test_photographs_are_turned_as_their_camera_was_held(tmp_path, arrays):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 8
    for split in ("train", "test"):
        (tmp_path / split / "0").mkdir(parents=True)
        photo = Image.fromarray(np.rot90(arrays["train_images"][0], -1))
        photo.save(tmp_path / split / "0" / "0.png", exif=exif)
    loaded = datasets.load(tmp_path).train_images
    np.testing.assert_array_equal(loaded[0], arrays["train_images"][0])


@pytest.mark.parametrize(
    ("picture", "problem"),
    [
        (Image.new("RGBA", (5, 4), (0, 0, 0, 0)), "is transparent in part; give it a ground"),
        (Image.fromarray(np.full((4, 5), 70_000, np.int32)), "0.tif: has pixels beyond 16 bits"),
        (Image.fromarray(np.full((4, 5), 0.5, np.float32)), "0.tif: has pixels beyond 16 bits"),
    ],
)
def test_pictures_that_would_be_read_wrongly(tmp_path, picture, problem):
    for split in ("train", "test"):
        (tmp_path / split / "0").mkdir(parents=True)
        picture.save(tmp_path / split / "0" / f"0.{'png' if picture.mode == 'RGBA' else 'tif'}")
    assert problem in complaint(tmp_path)


def test_one_class_is_one_folder_with_pictures(drawn):
    folder = drawn(["1", "2", "3", "4", "5", "6"])
    (folder / "train" / "0").mkdir()
    assert "train/0: class without training pictures; add or remove some" in complaint(folder)
    shutil.rmtree(folder / "train" / "0")
    assert set(datasets.load(folder).train_labels) == {1, 2, 3, 4, 5, 6}
    (folder / "train" / "6").rename(folder / "train" / "01")
    assert "train: folders 01 and 1 are one class; make them one folder" in complaint(folder)


def test_folders_that_are_no_set_of_pictures(drawn):
    source = drawn("abcdef")
    (source / "train/a/note.txt").write_text("hello")
    assert "train/a/note.txt: is no picture" in complaint(source)
    (source / "train/a/note.txt").unlink()
    Image.new("L", (9, 9)).save(source / "train/b/odd.png")
    assert "train/b/odd.png: has 9 x 9 pixels where others have 5 x 4" in complaint(source)
    (source / "train/b/odd.png").unlink()
    (source / "test/zebra").mkdir()
    assert "test/zebra: class without training pictures" in complaint(source)
    (source / "test/zebra").rmdir()
    (source / "test").rename(source / "away")
    assert "set/test: no folder of pictures" in complaint(source)
    (source / "test").mkdir()
    assert "set/test: holds no pictures" in complaint(source)


def test_pictures_by_class_alone_have_to_be_parted(drawn):
    source = drawn("abcdef") / "train"
    assert "no folders 'train' and 'test' of them" in complaint(source)
    (source / "train-images-idx3-ubyte").touch()  # its folder may hold pictures of something else
    assert "train-labels-idx1-ubyte: missing" in complaint(source)


def test_classes_beyond_a_byte_are_refused(drawn):
    assert "classes go beyond 255" in complaint(drawn(["1", "2", "3", "4", "5", "300"]))


def test_images_of_emnist_are_turned_upright(arrays, tmp_path):
    def write(name, array):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        (tmp_path / f"emnist-balanced-{name}").write_bytes(header + array.tobytes())

    labels = np.array([0, 46, 7, 1, 2, 3], np.uint8)
    write("train-images-idx3-ubyte", arrays["train_images"])
    write("train-labels-idx1-ubyte", labels)
    loaded = datasets.load_split("train", tmp_path)
    np.testing.assert_array_equal(loaded.images, arrays["train_images"].transpose(0, 2, 1))
    np.testing.assert_array_equal(loaded.rows[0], arrays["train_images"][0].T.ravel())
    np.testing.assert_array_equal(loaded.labels, labels)


def test_text_is_no_file_of_arrays(tmp_path):
    path = tmp_path / "images.npz"
    path.write_text("train_images\n")
    assert complaint(path) == f"{path}: is no .npz file, or damaged; numpy.savez writes one"


def test_a_folder_within_a_class_is_told_as_such(drawn):
    source = drawn("abcdef")
    within = source / "train" / "a" / "more"
    within.mkdir()
    assert complaint(source) == (
        f"{within}: a folder within a class; put its pictures into {within.parent}"
    )


@pytest.mark.parametrize("where", ["", "a"])
def test_pictures_without_train_and_test_are_told_where_to_go(arrays, tmp_path, where):
    (tmp_path / where).mkdir(exist_ok=True)
    Image.fromarray(arrays["train_images"][0]).save(tmp_path / where / "0.PNG")
    assert complaint(tmp_path).startswith(
        f"{tmp_path}: holds pictures, but no folders 'train' and 'test' of them; "
    )


# connections.weight_sum: auto


def resolved(experiments, *overrides):
    asked = ["connections.weight_sum=auto", *overrides]
    experiment = experiment_images.resolve(load_experiment(experiments / "smoke.yaml", asked))
    return experiment.connections.weight_sum


def test_the_sum_of_weights_stays_that_of_mnist_to_the_bit(experiments):
    assert resolved(experiments) == resolved(experiments, "data.validation=10000") == 78.0


def test_the_sum_of_weights_goes_with_the_light_of_the_images(experiments, saved, arrays):
    images = np.full((6, 4, 5), 100, np.uint8)
    images[0] = 40
    expected = 78 * 20 * 90 / (1_567_298_545 / 60_000)
    path = saved(train_images=images, test_images=np.zeros((3, 4, 5)))
    assert resolved(experiments, f"data.folder={path}") == pytest.approx(expected)
    # Twice as many pixels of the same brightness, twice the sum; at most w_max for each pixel.
    path = saved(train_images=np.concatenate([images, images], axis=1))
    assert resolved(experiments, f"data.folder={path}") == pytest.approx(2 * expected)
    path = saved(train_images=np.full((6, 4, 5), 255))
    assert resolved(experiments, f"data.folder={path}") < 20


def test_a_stated_sum_stays_and_opens_no_image(experiments):
    experiment = load_experiment(experiments / "smoke.yaml", ["data.folder=nowhere"])
    assert experiment_images.resolve(experiment) is experiment


def test_blank_images_have_no_sum(experiments, saved):
    path = saved(train_images=np.zeros((6, 4, 5)))
    with pytest.raises(DatasetError, match=r"images\.npz: all training images are blank"):
        resolved(experiments, f"data.folder={path}")


def test_nothing_but_a_number_or_auto(experiments):
    with pytest.raises(ExperimentError, match=r"weight_sum: .*not 'some'"):
        load_experiment(experiments / "smoke.yaml", ["connections.weight_sum=some"])


@pytest.mark.parametrize("kind", ["arrays", "idx", "picture"])
@pytest.mark.parametrize("never_ends", ["pipe", "device"])
def test_what_would_never_end_is_refused(tmp_path, kind, never_ends):
    path = tmp_path / {"arrays": "a.npz", "idx": "train-images-idx3-ubyte"}.get(
        kind, "train/0/a.png"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    if never_ends == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    (tmp_path / "train-labels-idx1-ubyte").touch()
    with pytest.raises(DatasetError, match=r"is a pipe or a device, not a file"):
        datasets.load(path if kind == "arrays" else tmp_path)


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(DatasetError, match="Too many levels of symbolic links"):
        datasets.load(tmp_path / "loop")
