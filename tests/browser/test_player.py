"""The player in step with picture, table and charts. Every frame of the recording bears its own number."""

import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from tests.browser.player import click_lane, key, player_time, player_video, wait_for_player
from tests.browser.test_video import LONG_MS, click_into, download, moment_s, open_kept, open_video_page, settle
from tests.conftest import PORTRAIT
from tests.timelines import measured
from tests.videos import write_video

expect.set_options(timeout=60_000)

RATE, FRAMES = 25, 200
BITS, BIT_PX = 8, 40
FRAME_S = 1 / RATE
LATE_S = 0.6
"""By how much a busy browser that plays twice as fast may run past the end of a loop."""
NUMBER = f"""(() => {{
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    let number = 0;
    for (let bit = 0; bit < {BITS}; bit += 1) {{
        const [red] = context.getImageData({BIT_PX} * bit + {BIT_PX // 2}, {BIT_PX // 2}, 1, 1).data;
        if (red > 127) number += 2 ** bit;
    }}
    return number;
}})()"""
"""The number that the frame on the screen bears."""

DRAWN = """(() => {
    const canvas = part(".overlay");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, place) => place % 4 === 3 && value > 0).length;
})()"""
"""How many pixels are drawn over the picture, or over the plain ground."""


def numbered(number: int) -> NDArray[np.uint8]:
    """A portrait that moves, a card that rises before its mouth, and the frame's number in black and white."""
    canvas = np.full((360, 640, 3), 90, np.uint8)
    left = round(60 * number / FRAMES)
    portrait = cv2.resize(cv2.imread(str(PORTRAIT)), (580, 580), interpolation=cv2.INTER_AREA)[:320]
    card = round(85 * abs(np.sin(number / 20)))
    portrait[220 - card : 240] = 60
    canvas[BIT_PX:, left : left + 580] = portrait
    canvas[:BIT_PX] = 0
    for bit in range(BITS):
        canvas[:BIT_PX, BIT_PX * bit : BIT_PX * (bit + 1)] = 255 * (number >> bit & 1)
    return canvas


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "numbered.mp4"
    return write_video(path, map(numbered, range(FRAMES)), rate=RATE, sound_s=FRAMES / RATE)


def open_film(page: Page, film: Path) -> None:
    page.locator('input[type="file"]').first.set_input_files(film)
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.get_by_text("Range (seconds)").first).to_be_visible(timeout=LONG_MS)
    wait_for_player(page)
    settle(page)


@pytest.fixture
def opened(page: Page, film: Path) -> Page:
    open_video_page(page)
    open_film(page, film)
    return page


@pytest.fixture(scope="module")
def opened_once(browser: Browser, server: str, film: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{server}/Video")
    open_film(page, film)
    yield page
    context.close()


@pytest.fixture
def at_start(opened_once: Page) -> Page:
    """The film at its first frame, for a test that only moves through it: all of them share the page."""
    key(opened_once, "Home")
    settle(opened_once)
    return opened_once


def table(page: Page) -> list[dict[str, str]]:
    page.get_by_role("tab", name="Export", exact=True).click()
    _, data = download(page, "Readings (CSV)")
    page.get_by_role("tab", name="Explore", exact=True).click()
    return list(csv.DictReader(io.StringIO(data.decode())))


def row_at(rows: list[dict[str, str]], time_s: float) -> dict[str, str]:
    return [row for row in rows if float(row["time_s"]) <= time_s + 1e-4][-1]


def wait_until(page: Page, is_so: Callable[[], bool], what: str) -> None:
    """Until something is so, however busy the machine is."""
    until_s = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until_s, what
        page.wait_for_timeout(100)


def wait_for_frame(page: Page, number: int) -> None:
    wait_until(page, lambda: player_video(page, NUMBER) == number, f"frame {number} is not shown")


def assert_in_step(page: Page, rows: list[dict[str, str]]) -> None:
    """Picture, figures and the page come to be of one moment, and the figures are the table's."""
    until_s = time.monotonic() + 30  # a busy machine takes its time to draw what it was told
    while True:
        settle(page)
        try:
            return _assert_in_step_now(page, rows)
        except AssertionError:
            if time.monotonic() > until_s:
                raise


def _assert_in_step_now(page: Page, rows: list[dict[str, str]]) -> None:
    time_s = player_time(page)
    row = row_at(rows, time_s)
    assert player_video(page, NUMBER) == round(time_s * RATE)
    assert moment_s(page) == pytest.approx(float(row["time_s"]), abs=0.006)
    face = page.locator(".face.chosen")
    if not row["person"]:  # the card hides the face
        assert face.locator(".what").inner_text() == "not seen here"
        return
    assert row["label"] in face.locator(".what").inner_text()
    assert face.locator(".what").inner_text().startswith("uncertain") == (row["uncertain"].lower() == "true")
    for bar in face.locator(".bar").all():
        name, share = bar.locator("span").first.inner_text(), bar.locator(".share").inner_text()
        assert abs(float(row[name]) - float(share.rstrip("%")) / 100) <= 0.0051, name


def test_clicks_in_lanes_and_charts_lead_to_the_frame(at_start: Page):
    page, rows = at_start, table(at_start)
    assert len({row["happy"][:4] for row in rows}) > 10 and len({row["label"] for row in rows}) > 1
    for across in (0.31, 0.9, 0.1):
        click_lane(page, across)
        assert_in_step(page, rows)
        assert player_time(page) in [pytest.approx(float(row["time_s"]), abs=1e-3) for row in rows]
    for across in (0.77, 0.2):
        click_into(page, page.locator(".js-plotly-plot").first, across, 0.1)
        assert_in_step(page, rows)
        assert player_time(page) == pytest.approx(8 * across, abs=0.2)


def test_keys_go_sample_by_sample_and_frame_by_frame(at_start: Page):
    page, rows = at_start, table(at_start)
    key(page, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft")
    assert player_time(page) == pytest.approx(float(rows[2]["time_s"]), abs=1e-3)
    assert_in_step(page, rows)
    start = player_video(page, NUMBER)
    key(page, ".", ".", ".")
    wait_for_frame(page, start + 3)
    assert_in_step(page, rows)
    key(page, ",", ",", ",", ",")
    wait_for_frame(page, start - 1)
    assert_in_step(page, rows)
    key(page, "l")
    assert player_time(page) == pytest.approx((start - 1) / RATE + 5, abs=FRAME_S)
    key(page, "j", "Shift+ArrowRight")
    assert player_time(page) == pytest.approx((start - 1) / RATE + 1, abs=FRAME_S)
    key(page, "End")  # at once, however long the browser takes to show that frame
    assert player_time(page) == pytest.approx((FRAMES - 1) / RATE, abs=FRAME_S)


def test_it_plays_in_step_and_tells_the_page_where_it_stops(at_start: Page):
    page, rows = at_start, table(at_start)
    key(page, "Space")
    page.wait_for_timeout(1000)
    shown = page.evaluate(
        """(number) => new Promise((done) => {
            const shadow = document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot;
            const video = shadow.querySelector("video");
            const found = [];
            const read = new Function("video", `return ${number}`);
            const next = (_, frame) => {
                const slider = shadow.querySelector("[role=slider]");
                found.push([frame.mediaTime, read(video), Number(slider.dataset.moment)]);
                if (found.length < 20) video.requestVideoFrameCallback(next);
                else done(found);
            };
            video.requestVideoFrameCallback(next);
        })""",
        NUMBER,
    )
    assert shown[-1][0] > shown[0][0]
    apart = sorted(max(abs(number / RATE - media_s), abs(told_s - media_s)) for media_s, number, told_s in shown)
    assert apart[len(apart) // 2] <= FRAME_S + 1e-3  # a busy browser draws a frame late now and then
    key(page, "k")
    assert player_video(page, "video.paused")
    assert_in_step(page, rows)


def test_zooming_out_to_all_of_it_leaves_the_keys_to_the_lanes(at_start: Page):
    page = at_start
    key(page, "+")
    wider = page.get_by_role("button", name="Zoom out")
    wider.focus()
    page.keyboard.press("Enter")
    expect(wider).to_be_disabled()
    assert player_video(page, "shadow.activeElement === part('.track')")


def test_range_loop_speed_marker_and_label(opened: Page):
    page = opened
    for across, name in ((0.25, "i"), (0.375, "o")):
        click_lane(page, across)
        page.wait_for_timeout(250)  # the page is told of the moment, and its answer may come after the key
        page.keyboard.press(name)
    key(page, "r", "<", "<")
    settle(page)
    for end in ("2.00", "3.00"):
        expect(page.get_by_text(end, exact=True).first).to_be_visible()
    assert player_video(page, "video.playbackRate") == 0.5
    page.get_by_label("Speed", exact=True).select_option("2")
    key(page, "Space")
    times = list[float]()

    def began_again_twice() -> bool:
        times.append(player_time(page))
        return sum(later < sooner for sooner, later in pairwise(times)) >= 2

    wait_until(page, began_again_twice, "the range is not looped")
    key(page, "Space")
    assert player_video(page, "video.playbackRate") == 2
    assert min(times) >= 2 - FRAME_S and max(times) <= 3 + LATE_S
    key(page, "m")
    page.keyboard.type("a smile, m and all")
    page.keyboard.press("Enter")
    settle(page)
    expect(page.locator(".js-plotly-plot").first).to_contain_text("a smile, m and all", timeout=60_000)
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("tab", name="Export", exact=True).click()
    _, events = download(page, "Events (CSV)")
    [event] = csv.DictReader(io.StringIO(events.decode("utf-8-sig")))
    assert event["text"] == "a smile, m and all" and 2 - FRAME_S <= float(event["start_s"]) <= 3 + LATE_S
    click_lane(page, 0.3)  # where the face is not hidden
    expect(page.locator(".said")).to_contain_text("%")
    page.get_by_role("tab", name="Label", exact=True).click()
    faces = page.locator(".now .faces")
    expect(faces).to_contain_text("no label", timeout=60_000)  # and nothing of what was read
    expect(faces).not_to_contain_text("%")
    expect(page.locator(".said")).not_to_contain_text("%")  # nor for who listens
    key(page, "5")
    expect(page.locator(".said")).to_contain_text(": sad")
    expect(faces).to_contain_text("sad", timeout=60_000)


def test_the_mesh_is_drawn_over_the_moment(opened: Page):
    page, drawn = opened, DRAWN
    before = player_video(page, drawn)
    assert before > 500  # box and name tag
    page.get_by_role("button", name="Mesh").click()
    for _ in range(300):  # the outlines are fetched
        if player_video(page, drawn) > before + 500:
            break
        page.wait_for_timeout(200)
    assert player_video(page, drawn) > before + 500
    for name in ("Boxes", "Labels", "Mesh"):
        page.get_by_role("button", name=name).click()
    settle(page)
    assert player_video(page, drawn) == 0


def test_without_a_picture_the_numbers_play_by_themselves(page: Page, tmp_path: Path):
    measured(12.0, 4.0).write(tmp_path / "numbers.parquet")
    open_video_page(page)
    open_kept(page, tmp_path / "numbers.parquet")
    expect(page.locator(".names button").first).to_be_visible(timeout=LONG_MS)
    settle(page)
    drawn = player_video(page, DRAWN)
    page.get_by_role("button", name="Mesh").click()
    assert 500 < player_video(page, DRAWN) < drawn - 500  # boxes and name tags remain
    assert player_time(page) == 0
    key(page, ">", ">", "Space")
    wait_until(page, lambda: player_time(page) > 0.5, "the numbers do not play")
    assert page.get_by_role("button", name="Pause", exact=True).is_visible()
    key(page, "k")
    stopped_s = player_time(page)
    key(page, "j")
    assert player_time(page) == pytest.approx(max(0, stopped_s - 5), abs=0.002)
    end_s = float(page.get_by_role("slider", name="Moment in the recording").get_attribute("aria-valuemax") or "nan")
    key(page, "End", "Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()  # it has come to the end
    assert player_time(page) == pytest.approx(end_s, abs=0.3)
    key(page, "Home", "ArrowRight")
    assert player_time(page) == pytest.approx(0.25)


def swipe_up(page: Page, x: float, y: float) -> None:
    """A finger that comes down there and goes up, as one scrolls."""
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for up in range(12, 181, 12):
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - up}]})
        page.wait_for_timeout(16)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_phone_plays_by_touch_without_sideways_scrolling(browser: Browser, server: str, film: Path):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{server}/Video")
    open_film(page, film)
    click_lane(page, 0.5, touch=True)
    page.wait_for_timeout(500)
    assert player_time(page) == pytest.approx(4, abs=0.13)
    lanes, scrolled = page.locator(".track"), page.get_by_test_id("stMain")
    before, box = scrolled.evaluate("element => element.scrollTop"), lanes.bounding_box()
    assert box
    swipe_up(page, box["x"] + 0.9 * box["width"], box["y"] + 10)
    wait_until(page, lambda: scrolled.evaluate("element => element.scrollTop") > before, "the page does not scroll")
    assert player_time(page) == pytest.approx(4, abs=0.13)  # as the finger went past the lanes
    page.get_by_role("button", name="Play", exact=True).tap()
    wait_until(page, lambda: player_time(page) > 4.3, "it does not play")
    page.get_by_role("button", name="Pause", exact=True).tap()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 0
    for button in page.locator(".transport button").all():
        box = button.bounding_box()
        assert box and box["width"] >= 36 and box["height"] >= 36
    context.close()


PAIR = f"""(() => {{
    const number = (video) => {NUMBER};
    return [number(video), number(part(".stimulus video"))];
}})()"""
"""The numbers that the frames of the recording and of the stimulus bear."""


def test_a_stimulus_plays_beside_the_recording(opened: Page, film: Path):
    page, late = opened, 30  # frames by which it begins later than the recording
    page.get_by_role("button", name="Stimulus", exact=True).click()
    page.get_by_test_id("stPopoverBody").locator('input[type="file"]').set_input_files(film)
    begins = page.get_by_role("spinbutton", name="begins at (seconds)")
    begins.fill(str(late / RATE))
    begins.press("Enter")
    expect(page.locator(".stimulus figcaption")).to_have_text("Stimulus begins at 0:01.20", timeout=60_000)
    page.keyboard.press("Escape")

    def wait_for_pair(unlike: int | None = None) -> None:
        def is_pair() -> bool:
            shown, beside = player_video(page, PAIR)
            return beside == shown - late and shown != unlike

        wait_until(page, is_pair, "the frames of recording and stimulus are not of one moment")

    click_lane(page, 0.51)
    wait_for_pair()
    start, _ = player_video(page, PAIR)
    key(page, ".", ".")
    wait_for_pair(unlike=start)
    key(page, "Shift+ArrowLeft", "<", "<", "<", "Space")  # a quarter of the speed: the end is far
    play = "!video.paused && !part('.stimulus video').paused"
    beside_s = f"Math.abs(video.currentTime - part('.stimulus video').currentTime - {late / RATE})"
    together = [False] * 5

    def stay_together() -> bool:
        together.append(player_video(page, f"{play} && {beside_s} < {2 * FRAME_S}"))
        return all(together[-5:])

    wait_until(page, stay_together, "recording and stimulus do not play together")
    assert player_video(page, "part('.stimulus video').playbackRate") == pytest.approx(0.25, rel=0.26)
    key(page, "k")
    assert player_video(page, "part('.stimulus video').paused")
    wait_for_pair()
    sounds = "[video.muted, part('.stimulus video').muted]"
    assert player_video(page, sounds) == [False, True]
    page.get_by_role("button", name="Stimulus sound").click()
    assert player_video(page, sounds) == [True, False]
    key(page, "Home")
    expect(page.locator(".stimulus figcaption")).to_have_text("Stimulus begins at 0:01.20")


def test_who_listens_hears_the_moment(at_start: Page):
    page = at_start
    click_lane(page, 0.5)
    slider = page.get_by_role("slider", name="Moment in the recording")
    assert re.match(r"0:0[34]\.\d\d, Person 1: ", slider.get_attribute("aria-valuetext") or "")
    expect(page.locator(".said")).to_contain_text(re.compile(r"0:0[34]\.\d\d\. Person 1: "))
    expect(page.locator(".overview")).to_contain_text("Person 1")
