"""The page in a real Chromium: draw, wait, read; nothing from outside, nothing left behind."""

import json
import threading
import time
from base64 import b64encode

import pytest
from public.strokes import STROKES, picture_of

from diehl_cook.engine.presenter import Presenter

pytest.importorskip("playwright", reason="no Playwright: pip install -r requirements-dev.txt")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PATIENCE = 60_000  # ms, for a machine that compiles beside it


@pytest.fixture
def open_page(browser, address):
    """Opens the page in a window of its own; it may ask its own server alone, and never stumble."""
    contexts, strangers, stumbles = [], [], []

    def note(request):
        if not request.url.startswith((f"{address}/", "data:")):
            strangers.append(request.url)

    def open_(width=1400, **looks):
        looks = {"reduced_motion": "reduce"} | looks
        context = browser.new_context(viewport={"width": width, "height": 900}, **looks)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("request", note)
        page.on("pageerror", lambda error: stumbles.append(str(error)))
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert (strangers, stumbles) == ([], [])


def draw(page, digit):
    """Draw a digit by mouse, and wait for the answer: its text, and the seconds it took."""
    page.click("#clear")
    box = page.locator("#paper").bounding_box()
    for stroke in STROKES[digit]:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
    released = time.monotonic()
    return answer_of(page), time.monotonic() - released


def answer_of(page):
    page.wait_for_selector("#reading[aria-busy=false]")
    return page.inner_text("#class")


def drop(page, path):
    """Drop a picture file on the page."""
    make = """base64 => {
      const content = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
      const carried = new DataTransfer();
      carried.items.add(new File([content], "dropped.png"));
      return carried;
    }"""
    carried = page.evaluate_handle(make, b64encode(path.read_bytes()).decode())
    page.dispatch_event("#paper", "drop", {"dataTransfer": carried})


def move(page, slider, value):
    page.fill(f"#{slider}", str(value))
    page.dispatch_event(f"#{slider}", "change")
    return answer_of(page)


def test_ten_drawn_digits_are_read(open_page):
    page = open_page()
    answers = [draw(page, digit) for digit in range(10)]
    assert sum(answer == str(digit) for digit, (answer, _) in enumerate(answers)) >= 8
    assert answers[7][0] == "7"


@pytest.mark.slow  # not for its length: on a busy machine it says nothing
def test_the_first_answer_comes_within_a_second(open_page):
    page = open_page()
    assert draw(page, 7)[1] < 1


def test_time_votes_and_cells(open_page):
    page = open_page()
    draw(page, 7)
    assert page.input_value("#time") == "350"
    assert page.inner_text("#votes .first th") == "7"
    fired = page.inner_text("#fired").splitlines()
    assert any(line.startswith("7: ") for line in fired)
    page.fill("#time", "0")
    assert page.inner_text("#now") == "0 ms"
    assert page.locator("#votes .first").count() == 0
    page.click("#again")
    answer_of(page)
    assert page.inner_text("#repeat") == "Presentation 2 of this image"


def test_a_digit_drawn_with_a_finger(open_page):
    page = open_page(400, has_touch=True)
    page.locator("#paper").scroll_into_view_if_needed()
    finger = page.context.new_cdp_session(page)
    box = page.locator("#paper").bounding_box()
    for stroke in STROKES[7]:
        places = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in stroke
        ]
        for n, place in enumerate(places):
            kind = "touchMove" if n else "touchStart"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert answer_of(page) == "7"


def test_it_plays_by_itself(open_page):
    page = open_page(reduced_motion="no-preference")
    draw(page, 1)
    expect(page.locator("#time")).to_have_value("350", timeout=PATIENCE)
    expect(page.locator("#play")).to_have_text("Play")


def test_sliders_change_the_answer_and_come_back(open_page):
    page = open_page()
    draw(page, 3)
    words = page.inner_text("#words")
    move(page, "inhibition", 0)
    assert "more cells" in page.inner_text("#more")
    move(page, "thresholds", 0)
    assert page.inner_text("#words") != words
    page.click("#as-trained")
    answer_of(page)
    assert page.inner_text("#words") == words


def test_pictures_and_test_images(open_page, tmp_path):
    page = open_page()
    picture_of(2).save(tmp_path / "two.png")
    page.set_input_files("#file", tmp_path / "two.png")
    assert answer_of(page) == "2"
    page.click("#clear")
    drop(page, tmp_path / "two.png")
    assert answer_of(page) == "2"
    page.click("#test-image")
    answer_of(page)
    assert page.inner_text("#of-class").startswith("Test image ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no picture", "x.png: is no picture, or damaged"),
        (bytes(10_000_001), "x.png: is over 10 MB; make it smaller"),
    ],
)
def test_a_huge_or_broken_picture_gets_a_clear_line(open_page, tmp_path, content, words):
    (tmp_path / "x.png").write_bytes(content)
    page = open_page()
    page.set_input_files("#file", tmp_path / "x.png")
    answer_of(page)
    assert page.inner_text("#error").lower() == words.lower()
    assert draw(page, 1)[0] == "1"
    assert page.is_hidden("#error")


def test_a_server_that_ended_is_a_clear_line(open_page):
    page = open_page()
    page.context.set_offline(True)
    page.click("#test-image")
    answer_of(page)
    assert "The server does not answer" in page.inner_text("#error")


def test_two_windows_do_not_disturb_each_other(open_page):
    one, other = open_page(), open_page()
    one.click("#tab-learn")
    one.click("#start")
    assert draw(other, 7)[0] == "7"
    one.click("#tab-read")
    assert draw(one, 1)[0] == "1"
    assert other.inner_text("#class") == "7"
    other.click("#again")
    assert one.inner_text("#repeat") == "Presentation 1 of this image"


def test_a_training_to_watch(open_page):
    page = open_page()
    page.click("#tab-learn")
    page.click("#start")
    expect(page.locator("#progress")).to_contain_text("1,000 of 1,000", timeout=PATIENCE)
    page.wait_for_selector("#start:enabled")
    assert " rightly" in page.inner_text("#progress")
    assert len(page.get_attribute("#accuracy polyline", "points").split()) == 4


def test_closing_the_page_ends_its_training(open_page, monkeypatch, wait_until):
    shows, show, is_closed = [], Presenter.show, threading.Event()

    def slow(*arguments):
        shows.append(arguments)
        if len(shows) > 1:  # a fast machine would be through before the page is closed
            is_closed.wait(PATIENCE / 1000)
        return show(*arguments)

    monkeypatch.setattr(Presenter, "show", slow)
    page = open_page()
    page.click("#tab-learn")
    page.click("#start")
    wait_until(lambda: shows)
    page.close()
    time.sleep(1)
    is_closed.set()
    settled = [-1]
    while settled[-1] != len(shows):
        settled.append(len(shows))
        time.sleep(1)
    assert len(shows) < 1000 / 50


def test_tabs_by_keyboard(open_page):
    page = open_page()
    page.focus("#tab-read")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#learn")
    assert page.is_hidden("#read")


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (400, "dark")])
def test_it_fits_its_window_and_shuts_nobody_out(open_page, width, scheme):
    page = open_page(width, color_scheme=scheme)
    draw(page, 8)
    for tab in ("#tab-read", "#tab-learn"):
        page.click(tab)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert json.dumps([[each["id"], each["help"]] for each in found]) == "[]"
