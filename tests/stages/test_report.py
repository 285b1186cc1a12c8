"""The report of a run: one file that tells everything, opened in a real browser."""

import io
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from pretended import block

from diehl_cook.images import experiment_images
from diehl_cook.stages import report, snapshots
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.store.schemas import Predictions, Summary
from diehl_cook.store.trained_network import TrainedNetwork

IMAGES = 20


@pytest.fixture(scope="module")
def folder(reader, experiment_with, tmp_path_factory):
    """A run of 100 cells that reads 15 of 20 digits, with its report."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "a <b> & run")
    experiment = experiment_with(
        f"evaluation.test_images={IMAGES}", "excitatory.theta_plus=0.02 mV", "seed=3"
    )
    images = experiment_images.load(experiment)
    random = np.random.default_rng(0)
    with folder.claim():
        folder.settle(experiment)
        weights = random.random((784, 100)).astype(np.float32)
        for seen in (0, 500, 1000):
            snapshots.add(folder, seen, weights * seen)
        folder.write_training([block(500, math.nan), block(1000, 0.7)])
        labels = np.arange(100) % 10
        folder.save_network(
            TrainedNetwork(weights * 78 / weights.sum(axis=0), np.full(100, 0.02), labels)
        )
        classes = images.scored.labels.astype(int)
        predictions = np.array([classes, classes])
        predictions[:, :5] = (classes[:5] + 1) % 10
        confusion = np.zeros((10, 11))
        np.add.at(confusion, (classes, predictions[0]), 1)
        summary = Summary(
            settings=experiment.evaluation.model_dump(mode="json"),
            accuracy_mean=0.75,
            accuracy_sd=0.0,
            accuracies=[0.75, 0.75],
            spikes_per_image=17.0,
            unlabelled_cells=0,
            images_without_prediction=0.0,
            confusion=confusion.tolist(),
        )
        spikes = random.integers(5, 30, predictions.shape)
        details = Predictions(predictions=predictions, spikes=spikes, classes=classes)
        folder.save_evaluation(summary, details)
        folder.update_manifest(
            commit="0123abc-dirty", training_seconds=83.2, machine={"name": "some machine"}
        )
        report.make(folder, images)
    return folder


class Elements(HTMLParser):
    """Every element of a page with its attributes, and all text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def page(folder):
    return Elements((folder.path / "report.html").read_text())


def test_it_is_one_small_file_that_refers_to_nothing(folder, page):
    assert (folder.path / "report.html").stat().st_size < 3e6
    referred = [
        attributes[name]
        for _, attributes in page.found
        for name in ("src", "srcset", "href", "data")
        if name in attributes
    ]
    assert len(referred) > 10
    assert all(each.startswith(("data:", "#")) for each in referred)
    assert page.all("script") == []


def test_what_differs_comes_before_every_value(page):
    differs, everything = (
        page.text.index(words)
        for words in ("Differences from experiments/smoke.yaml", "presentation.maximum_spikes")
    )
    assert page.text.index("What was run") < differs < everything
    assert "excitatory.theta_plus\n0.02 mV\n0.0125 mV\n" in page.text


def test_the_verdict_is_the_first_sentence(page):
    assert page.text.index("classifies 75.00 % of 20 test images correctly") < page.text.index(
        "What was run"
    )


def test_every_figure_has_a_title_a_caption_and_an_alternative(folder, page):
    names = {path.stem for path in (folder.path / "figures").iterdir()}
    assert names == {
        "fields_over_training", "receptive_fields", "online_accuracy", "confusion", "raster",
        "misread_digits", "theta", "spike_counts",
    }  # fmt: skip
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(names)
    alternatives = [image["alt"] for image in page.all("img")]
    assert len(set(alternatives)) == len(names)
    assert min(map(len, alternatives)) > 40


def test_what_stays_small_is_a_vector_picture(page):
    kinds = [re.match(r"data:image/([\w+]+)", image["src"]).group(1) for image in page.all("img")]
    assert kinds.count("svg+xml") == 4
    assert kinds.count("webp") == 4


def test_blocks_classes_provenance_and_commands(page):
    assert "1,000\n70.0 %\n17.00" in page.text
    assert page.text.count("most often taken for") == 1
    assert "some machine" in page.text
    assert "01:23" in page.text
    assert "git checkout 0123abc\nmake train EXPERIMENT=experiments/smoke.yaml SEED=3" in page.text
    assert "Files had been changed since the commit" in page.text


def test_a_name_with_angle_brackets_stays_a_name(page):
    assert page.all("b") == []
    assert "a <b> & run: triplet, 100 cells, seed 3, 1,000 training images" in page.text


def test_the_same_run_gives_the_same_page(folder):
    before = (folder.path / "report.html").read_bytes()
    with folder.claim():
        report.make(folder, experiment_images.load(folder.experiment()))
    assert (folder.path / "report.html").read_bytes() == before


def test_vectors_on_request(folder):
    with folder.claim():
        drawn = report.draw(folder, experiment_images.load(folder.experiment()), "svg")
    kinds = [path.suffix for path in drawn]
    assert sorted(set(kinds)) == [".svg", ".webp"]
    assert kinds.count(".webp") == 1
    assert all(path.read_bytes()[:5] == b"<?xml" for path in drawn if path.suffix == ".svg")
    for path in drawn:
        if path.suffix == ".svg":
            path.unlink()


def test_fields_over_training_move(folder):
    picture = Image.open(folder.path / "figures" / "fields_over_training.webp")
    assert picture.n_frames == 3
    frames = [np.asarray(picture.convert("RGB")) for _ in range(3) if picture.seek(_) is None]
    assert (frames[0] != frames[1]).any()


def test_only_trained(experiment_with, tmp_path):
    """What there is no data for is left out."""
    folder = RunFolder(tmp_path / "run")
    experiment = experiment_with()
    with folder.claim():
        folder.settle(experiment)
        folder.save_network(TrainedNetwork(np.ones((784, 100)), np.full(100, 0.02)))
        report.make(folder, experiment_images.load(experiment))
    page = Elements((folder.path / "report.html").read_text())
    assert len(page.all("figure")) == 2
    assert "Block by block" not in page.text
    assert "not evaluated yet" in page.text


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ([], ["which silence one another. When", "each cell gets the class of the images"]),
        (
            [
                "connections.inhibitory_to_excitatory=0",
                "training.schedule={9: {connections: {inhibitory_to_excitatory: 17}}}",
                "evaluation.readout=logistic",
            ],
            ["silence one another while they learn.", "logistic regression learns"],
        ),
        (["connections.inhibitory_to_excitatory=0"], ["silence one another not at all."]),
    ],
)
def test_the_words_are_of_this_network(overrides, words, experiment_with, tmp_path):
    folder = RunFolder(tmp_path / "run")
    experiment = experiment_with(*overrides)
    with folder.claim():
        folder.settle(experiment)
        report.make(folder, experiment_images.load(experiment))
    page = (folder.path / "report.html").read_text()
    assert [part for part in words if part in page] == words


@pytest.fixture(params=[(400, "light"), (400, "dark"), (1400, "light"), (1400, "dark")])
def opened(browser, folder, request):
    """The page in a window of a width, the requests that it made, and what went wrong."""
    width, scheme = request.param
    tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab.asked, tab.troubles = [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("console", lambda message: tab.troubles.append(message.text))
    tab.on("pageerror", lambda error: tab.troubles.append(str(error)))
    tab.goto((folder.path / "report.html").as_uri(), wait_until="load")
    tab.wait_for_load_state("networkidle")
    yield tab
    tab.close()


def test_in_a_browser_everything_is_shown_and_nothing_fetched(opened):
    assert [url for url in opened.asked if not url.startswith("data:")] == [opened.url]
    assert opened.troubles == []
    widths = opened.eval_on_selector_all("img", "all => all.map(each => each.naturalWidth)")
    assert len(widths) == 8
    assert min(widths) > 300
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert opened.evaluate(overflow) == 0
    background = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    light = opened.evaluate("matchMedia('(prefers-color-scheme: light)').matches")
    assert (background == "rgb(255, 255, 255)") == light


def test_it_shuts_no_reader_out(opened):
    """Contrast, names, headings, tables, landmarks and more, by the axe-core engine."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    opened.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    found = axe.Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_reaches_everything(opened):
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "To the content"
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "main"
    opened.focus("summary")
    opened.keyboard.press("Enter")
    assert opened.locator("details").first.get_attribute("open") is not None


def test_on_paper_nothing_is_folded_away(opened):
    opened.emulate_media(media="print")
    assert opened.locator("details td").last.bounding_box()["height"] > 5
    assert not opened.locator("nav").is_visible()
    assert io.BytesIO(opened.pdf()).getbuffer().nbytes > 10_000


def test_what_moves_stands_still_for_those_who_ask(opened):
    moving = "document.querySelector('picture:has(source) img').currentSrc"
    before = opened.evaluate(moving)
    opened.emulate_media(reduced_motion="reduce")
    opened.wait_for_function(f"{moving} !== {before!r}")
