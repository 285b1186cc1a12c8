"""What the server answers, and whom it refuses: requests as they come over the wire."""

import http.client
import io
import json
import socket
import sys
from urllib.parse import urlsplit

import numpy as np
import pytest
from public.strokes import picture_of

from diehl_cook.cli import main
from diehl_cook.demo import DemoError
from diehl_cook.demo.learning import Learner
from diehl_cook.demo.reading import Question, Reader
from diehl_cook.engine.presenter import Presenter
from diehl_cook.engine.program import SimulationError
from diehl_cook.images.pictures import decode_picture
from diehl_cook.stages import readout
from diehl_cook.stages.classify import classify
from diehl_cook.stages.network import Network
from diehl_cook.store.trained_network import TrainedNetwork

TRAINED_WITH = {"intensity": 2.0, "inhibition": 22.0, "thresholds": 1.0}


@pytest.fixture
def ask(address):
    """Sends a request; gives its status and what the JSON says."""

    def send(path, body=None, **headers):
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request("GET" if body is None else "POST", path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, content

    return send


@pytest.fixture
def seven():
    """A seven as a PNG file."""
    file = io.BytesIO()
    picture_of(7).save(file, "PNG")
    return file.getvalue()


def question(pixels, **changes):
    return json.dumps({"pixels": pixels, **TRAINED_WITH, **changes})


def test_a_picture_is_read_as_classify_reads_it(ask, seven, tmp_path, reader_of_page):
    (tmp_path / "seven.png").write_bytes(seven)
    (expected,) = classify(reader_of_page.network, [tmp_path / "seven.png"])
    status, made = ask("/picture", seven)
    assert status == 200
    np.testing.assert_array_equal(
        np.reshape(made["pixels"], (28, 28)), decode_picture(io.BytesIO(seven))
    )
    status, answer = ask("/show", question(made["pixels"]))
    assert (status, answer["class"], answer["words"]) == (200, 7, str(expected))
    assert len(answer["excitatory"]["t"]) == expected.total
    assert answer["excitatory"]["t"] == sorted(answer["excitatory"]["t"])
    assert 0 <= min(answer["input"]["t"]) <= max(answer["input"]["t"]) < 350
    assert set(answer["input"]["i"]) <= set(np.flatnonzero(made["pixels"]))


def test_a_presentation_is_never_quite_the_next(ask, tests_of_mnist):
    pixels = tests_of_mnist.images[0].ravel().tolist()
    first, again, other = (
        ask("/show", question(pixels, repeat=repeat))[1]["input"] for repeat in (0, 0, 1)
    )
    assert first == again != other


def test_sliders_need_no_new_program(ask, tests_of_mnist, monkeypatch):
    pixels = tests_of_mnist.images[0].ravel().tolist()
    asked = [{}, {"intensity": 6}, {"inhibition": 0}, {"thresholds": 0.5}, {"thresholds": 3}]
    monkeypatch.setattr(Presenter, "__init__", None)
    plain, intense, free, eager, reluctant = (
        ask("/show", question(pixels, **changes))[1] for changes in asked
    )
    assert len(intense["input"]["t"]) > 2 * len(plain["input"]["t"])
    assert len(set(free["excitatory"]["i"])) > 100 > len(set(plain["excitatory"]["i"]))
    assert len(eager["excitatory"]["t"]) > len(plain["excitatory"]["t"])
    assert reluctant["showings"] > plain["showings"] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pixels": [0] * 783}, "images have shape (1, 783)"),
        ({"pixels": [256] * 784}, "pixels.0: Input should be less than or equal to 255"),
        ({"intensity": 0}, "intensity: Input should be greater than 0"),
        ({"inhibition": "much"}, "inhibition: Input should be a valid number"),
        ({"thresholds": float("nan")}, "thresholds: Input should be a finite number"),
        ({"intensities": 3}, "intensities: unknown key; did you mean 'intensity'?"),
    ],
)
def test_a_question_that_makes_no_sense_is_one_line(ask, changes, words):
    status, said = ask("/show", question(**{"pixels": [0] * 784} | changes))
    assert status == 422
    assert words in said["error"]
    assert len(said["error"].splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"no picture", 422, "is no picture, or damaged"),
        (b"", 422, "is no picture, or damaged"),
        (b"\0" * 10_000_001, 413, "is over 10 MB; make it smaller"),
    ],
)
def test_a_huge_or_broken_upload_is_one_line(ask, content, status, words):
    assert ask("/picture", content) == (status, {"error": words})


def test_a_picture_cut_short_is_one_line(ask, seven):
    status, said = ask("/picture", seven[: len(seven) // 2])
    assert status == 422
    assert said["error"].startswith("is no picture, or damaged")


def test_a_test_image_with_its_class(ask, tests_of_mnist):
    status, image = ask("/test/17")
    assert (status, image["class"]) == (200, tests_of_mnist.labels[17])
    np.testing.assert_array_equal(image["pixels"], tests_of_mnist.images[17].ravel())
    assert ask("/test/10000") == (404, {"error": "there are 10000 test images"})


def test_no_other_page_and_no_other_name_of_this_machine(ask, seven):
    assert ask("/picture", seven, Origin="http://elsewhere.example")[0] == 403
    assert ask("/train/0", b"", Origin="null")[0] == 403
    assert ask("/about", Host="elsewhere.example")[0] == 400


def test_only_this_machine_is_listened_to(address):
    host, port = urlsplit(address).hostname, urlsplit(address).port
    assert host == "127.0.0.1"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_training_streams_its_moments(ask, learner_of_page):
    status, content = ask("/train/3", b"")
    moments = [json.loads(line) for line in content.splitlines()]
    assert status == 200
    assert [moment["images"] for moment in moments] == [*range(0, 1001, 50)]
    measured = [moment["images"] for moment in moments if moment["accuracy"] is not None]
    assert measured == [400, 600, 800, 1000]
    assert len({moment["fields"] for moment in moments}) > 10


def test_a_watched_training_is_the_training(learner_of_page, digits, tmp_path):
    """The same bits, labels and accuracy as a run's, which keeps them in blocks."""
    experiment, presenter = learner_of_page.experiment, learner_of_page.presenter
    moments = list(learner_of_page.moments(experiment.seed))
    shown = presenter.show(presenter.start(), digits.images[:1000], 0, 0, tmp_path)
    weights = shown.state["input_to_excitatory.w"].reshape(784, -1)
    np.testing.assert_array_equal(moments[-1].weights, weights)
    before, last = shown.responses[600:800], shown.responses[800:]
    labels = readout.assign_labels(before, digits.classes[600:800])
    expected = readout.accuracy(digits.classes[800:1000], readout.predict(last, labels))
    assert moments[-1].accuracy == expected


def test_a_training_that_fails_says_so_in_its_last_line(ask, monkeypatch):
    def fail(*arguments):
        raise SimulationError("the disk is full")

    monkeypatch.setattr(Presenter, "show", fail)
    _, content = ask("/train/0", b"")
    assert json.loads(content.splitlines()[-1]) == {"error": "the disk is full"}


def test_a_reader_that_leaves_ends_the_training(address, spy, wait_until, learner_of_page):
    shows, finished = spy(Presenter, "show"), []
    original = Learner.moments

    def watched(self, seed):
        try:
            yield from original(self, seed)
        finally:
            finished.append(len(shows))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, "moments", watched)
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request("POST", "/train/0", b"")
        connection.getresponse().readline()
        connection.close()
        wait_until(lambda: finished)
    assert finished[0] < 1000 / 50
    assert len(shows) == finished[0]


def test_a_network_without_labels_cannot_be_shown(reader_of_page):
    network = reader_of_page.network
    bare = Network(network.experiment, TrainedNetwork(network.weights, network.theta))
    with pytest.raises(DemoError, match="--network: the cells have no labels yet"):
        Reader(bare)


def test_a_port_that_is_taken_ends_with_2(address, capsys):
    port = urlsplit(address).port
    assert main(["demo", "--port", str(port)]) == 2
    assert f"--port {port}: Address already in use; choose another" in capsys.readouterr().err
    assert main(["demo", "--port", "70000"]) == 2
    assert "ports go from 0 to 65535" in capsys.readouterr().err


def test_without_the_extra_the_command_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "diehl_cook.demo.server", None)
    monkeypatch.delattr("diehl_cook.demo.server", raising=False)
    assert main(["demo"]) == 2
    assert "pip install starlette uvicorn" in capsys.readouterr().err


def test_an_answer_under_every_value_of_the_sliders(reader_of_page, tests_of_mnist):
    """The ends of all sliders are fit to be asked; nothing is an error of the run."""
    pixels = tests_of_mnist.images[0].ravel().tolist()
    for intensity, inhibition, thresholds in [(0.25, 44, 2), (8, 0, 0)]:
        asked = Question(
            pixels=pixels, intensity=intensity, inhibition=inhibition, thresholds=thresholds
        )
        answer = reader_of_page.answer(asked)
        assert answer["words"]
        assert answer["silent"] == (len(answer["excitatory"]["t"]) < 5)
