"""The page as it is served, with a published network, and a short training to watch."""

import contextlib
import threading
import time

import pytest

import diehl_cook as dc


@pytest.fixture(scope="session")
def tests_of_mnist():
    return dc.load_images("test")


@pytest.fixture(scope="session")
def reader_of_page(tests_of_mnist):
    """The published network of 400 cells."""
    reading = pytest.importorskip("diehl_cook.demo.reading")
    reader = reading.Reader(dc.load("triplet_n400"))
    reader.warm_up(tests_of_mnist.images[0])
    return reader


@pytest.fixture(scope="session")
def learner_of_page(experiment_with):
    """100 cells that learn 1,000 images, in blocks of 200."""
    from diehl_cook.demo.learning import Learner

    experiment = experiment_with("training.images=1000", "training.block=200", "training.chunk=50")
    return Learner(experiment, dc.load_images("train"))


@pytest.fixture(scope="module")
def address(reader_of_page, learner_of_page, tests_of_mnist):
    """Where the page is served, by a thread of this process."""
    server = pytest.importorskip("diehl_cook.demo.server", reason="pip install '.[demo]'")
    with server.listen(0) as listener:
        app = server.application(reader_of_page, learner_of_page, tests_of_mnist)
        serving = server.server_of(app)
        thread = threading.Thread(target=serving.run, args=([listener],))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def wait_until():
    """Waits until something is so, and fails after a minute."""

    def wait(condition):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(StopIteration):
                if condition():
                    return
            time.sleep(0.05)
        pytest.fail("waited a minute in vain")

    return wait
