"""A recording from upload to download, in a real browser against the real server and the real model."""

import csv
import io
import json
import re
import zipfile
from itertools import islice
from pathlib import Path

import av
import pytest
from playwright.sync_api import Locator, Page, expect

from fer_core.media.samples import SAMPLE_VIDEO
from fer_core.timeline.columns import COLUMNS, GROUP_COLUMNS
from fer_core.timeline.editing.study import Study
from tests.browser.player import key, player_time, player_video, wait_for_player
from tests.timelines import synthetic
from tests.videos import write_video

LONG_MS = 180_000
"""Analysis and drawing share the machine with the browser, and maybe with other tests."""

AXES = """chart => Object.entries(chart._fullLayout)
    .filter(([name]) => /^[xy]axis/.test(name))
    .map(([name, axis]) => [name[0], Math.round(axis._length), ...axis.range.map(String)].join(" "))"""
"""Of every axis of a chart: its direction, its length in pixels and its range."""

STANDS_STILL = """() => new Promise((done) => {
    const watch = new MutationObserver(() => { clearTimeout(quiet); quiet = setTimeout(end, 300); });
    const end = () => { watch.disconnect(); clearTimeout(quiet); clearTimeout(enough); done(); };
    let quiet = setTimeout(end, 300);
    const enough = setTimeout(end, 1500);
    watch.observe(document.body, { attributes: true, characterData: true, childList: true, subtree: true });
})"""
"""Until nothing of a page has changed for a moment."""

MOMENT = re.compile(r"^(\d+\.\d\d) s · ")


def open_video_page(page: Page) -> None:
    page.get_by_role("link", name="Video", exact=True).first.click()
    expect(page.get_by_role("heading", name="Video", exact=True)).to_be_visible(timeout=LONG_MS)


def moment_s(page: Page) -> float:
    found = MOMENT.match(page.locator("p").filter(has_text=MOMENT).first.inner_text())
    assert found
    return float(found[1])


def open_kept(page: Page, path: Path) -> None:
    settle(page)  # a run that is under way would close what is opened
    page.get_by_text("Open a kept analysis").click()
    place = page.get_by_role("region", name="Evidence bundle, or readings as Parquet or JSON")
    place.locator('input[type="file"]').set_input_files(path)


def settle(page: Page) -> None:
    """Until the server has nothing more to draw, and what it drew stands still; a player may play meanwhile."""
    page.evaluate(STANDS_STILL)
    expect(page.locator('[data-test-script-state="notRunning"]').first).to_be_attached(timeout=60_000)
    page.evaluate(STANDS_STILL)


def click_into(page: Page, chart: Locator, across: float, down: float) -> None:
    """A click at a place in the drawing area, given as shares of its sides."""
    settle(page)
    chart.scroll_into_view_if_needed()
    area = chart.locator(".nsewdrag").first
    expect(area).to_be_attached(timeout=60_000)
    box = area.bounding_box()
    assert box
    x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
    page.mouse.move(x - 4, y)
    page.mouse.move(x, y, steps=4)
    page.wait_for_timeout(400)  # Plotly finds the points under the pointer only now and then
    page.mouse.click(x, y)


def hover(page: Page, chart: Locator, across: float, down: float) -> str:
    """What stands beside the pointer at such a place."""
    settle(page)
    chart.scroll_into_view_if_needed()
    box = chart.locator(".nsewdrag").first.bounding_box()
    assert box
    x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
    page.mouse.move(x - 4, y)
    page.mouse.move(x, y, steps=4)
    expect(chart.locator(".hoverlayer text").first).to_be_attached()
    return " ".join(chart.locator(".hoverlayer text").all_text_contents())


def wait_for_moment(page: Page, low_s: float, high_s: float) -> None:
    for _ in range(150):
        if low_s <= moment_s(page) <= high_s:
            return
        page.wait_for_timeout(200)
    pytest.fail(f"the moment is {moment_s(page)} s, not between {low_s} and {high_s} s")


def download(page: Page, label: str) -> tuple[str, bytes]:
    with page.expect_download(timeout=LONG_MS) as waiting:
        page.get_by_role("button", name=label, exact=True).click(timeout=LONG_MS)
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


@pytest.fixture
def opened(page: Page, tmp_path: Path) -> Page:
    """The page with the sample recording, uploaded under another name."""
    film = tmp_path / "Gespräch 1.mp4"
    film.write_bytes(SAMPLE_VIDEO.read_bytes())
    open_video_page(page)
    page.locator('input[type="file"]').first.set_input_files(film)
    analyse = page.get_by_role("button", name="Analyse", exact=True)
    expect(analyse).to_be_enabled(timeout=60_000)
    analyse.click()
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Range (seconds)").first).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("heading", name="Gespräch 1.mp4")).to_be_visible(timeout=60_000)
    return page


def test_a_click_into_a_chart_moves_the_player(opened: Page):
    page = opened
    wait_for_player(page)
    chart = page.locator(".js-plotly-plot")
    expect(chart).to_have_count(1, timeout=60_000)
    click_into(page, chart, 0.1, 0.1)  # the lines of Person 1, at 1.8 s
    wait_for_moment(page, 1.2, 2.4)
    page.wait_for_timeout(1000)
    wait_for_moment(page, player_time(page) - 0.005, player_time(page) + 0.005)
    assert abs(player_video(page, "video.currentTime") - moment_s(page)) < 0.04
    said = hover(page, page.locator(".js-plotly-plot").first, 0.1, 0.1)
    assert re.search(r"Person 1 · frame \d+, good", said) and "happy : 9" in said


def test_a_marker_reaches_every_export(opened: Page):
    page = opened
    for _ in range(2):
        before = moment_s(page)
        page.get_by_role("button", name="Next sample").click()
        wait_for_moment(page, before + 0.01, 5)
    page.get_by_role("tab", name="Events", exact=True).click()
    page.get_by_label("What happens at the chosen moment?").fill("Card rises 🂡")
    page.get_by_role("button", name=re.compile(r"^Mark \d")).click()
    page.get_by_role("tab", name="Explore", exact=True).click()
    expect(page.locator(".js-plotly-plot").first).to_contain_text("Card rises", timeout=60_000)

    page.get_by_role("tab", name="Export", exact=True).click()
    name, table = download(page, "Readings (CSV)")
    assert name == "Gespräch 1_timeline.csv"
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    assert tuple(rows[0]) == (*COLUMNS, *GROUP_COLUMNS) and {row["label"] for row in rows} > {"happy"}
    _, dictionary = download(page, "What the columns mean")
    assert [row["column"] for row in csv.DictReader(io.StringIO(dictionary.decode()))] == list(rows[0])
    _, events = download(page, "Events (CSV)")
    [event] = csv.DictReader(io.StringIO(events.decode("utf-8-sig")))
    assert (event["kind"], event["text"]) == ("marker", "Card rises 🂡")
    _, text = download(page, "Everything (JSON)")
    assert json.loads(text)["notes"]["markers"][0]["text"] == "Card rises 🂡"
    _, parquet = download(page, "Readings (Parquet)")
    assert parquet[:4] == parquet[-4:] == b"PAR1"
    _, pdf = download(page, "Report (PDF)")
    assert pdf[:5] == b"%PDF-" and len(pdf) > 50_000
    _, bundle = download(page, "Evidence bundle")
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert {"manifest.json", "report.pdf", "timeline.csv"} <= set(archive.namelist())

    page.get_by_role("button", name="Make the annotated video (MP4)").click()
    ready = page.get_by_role("button", name="Annotated video (MP4)", exact=True)
    expect(ready).to_be_visible(timeout=LONG_MS)
    _, film = download(page, "Annotated video (MP4)")
    with av.open(io.BytesIO(film)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in container.decode(video=0)) == 450


def test_downloads_are_there_while_other_work_goes_on(opened: Page):
    page = opened
    page.get_by_role("tab", name="Export", exact=True).click()
    expect(page.get_by_role("button", name="Evidence bundle", exact=True)).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Make the annotated video (MP4)").click()
    expect(page.get_by_text("Drawing into every frame")).to_be_visible(timeout=60_000)
    for label, start in (("Readings (CSV)", b"time_s,"), ("Report (PDF)", b"%PDF-"), ("Evidence bundle", b"PK")):
        _, data = download(page, label)
        assert data.startswith(start) and len(data) > 5000
    expect(page.get_by_role("button", name="Annotated video (MP4)", exact=True)).to_be_visible(timeout=LONG_MS)


def test_a_recording_that_browsers_do_not_play_is_played_as_a_copy(page: Page, tmp_path: Path):
    with av.open(str(SAMPLE_VIDEO)) as sample:
        pictures = [frame.to_ndarray(format="bgr24") for frame in islice(sample.decode(video=0), 50)]
    film = write_video(tmp_path / "old.avi", pictures, codec="mpeg4")
    open_video_page(page)
    page.locator('input[type="file"]').first.set_input_files(film)
    page.get_by_role("button", name="Analyse", exact=True).click()
    page.get_by_role("button", name="Make a copy that plays").click(timeout=LONG_MS)
    expect(page.get_by_text("A copy of at most 640 pixels")).to_be_visible(timeout=LONG_MS)
    wait_for_player(page)
    assert player_video(page, "video.videoWidth") == 640


def test_a_bad_recording_is_one_sentence(page: Page):
    open_video_page(page)
    page.locator('input[type="file"]').first.set_input_files(
        {"name": "holiday.mp4", "mimeType": "video/mp4", "buffer": b"not a recording at all"}
    )
    analyse = page.get_by_role("button", name="Analyse", exact=True)
    expect(analyse).to_be_enabled(timeout=60_000)
    analyse.click()
    expect(page.get_by_role("alert").filter(has_text="holiday.mp4 is not a recording")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.get_by_role("button", name="Try the sample")).to_be_visible()


def test_corrections_outlive_a_reload_and_come_back_from_a_file(opened: Page, tmp_path: Path):
    page = opened
    wait_for_player(page)
    key(page, "ArrowRight")
    wait_for_moment(page, 0.01, 5)
    page.get_by_role("tab", name="People").click()
    page.get_by_role("button", name=re.compile("^call_split Split at|^Split at")).click()
    undo = page.get_by_role("button", name=re.compile("Undo: Person 1 is somebody else"))
    expect(undo).to_be_visible(timeout=60_000)

    page.reload()
    expect(page.get_by_role("heading", name="Gespräch 1.mp4")).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="People").click()
    expect(undo).to_be_visible(timeout=60_000)

    page.get_by_role("tab", name="Export").click()
    _, data = download(page, "Readings (Parquet)")
    kept = tmp_path / "kept.parquet"
    kept.write_bytes(data)
    page.get_by_role("button", name="Forget", exact=True).click()
    page.get_by_role("button", name="Forget all of it", exact=True).click()
    expect(page.get_by_role("heading", name="Gespräch 1.mp4")).to_have_count(0, timeout=60_000)
    open_kept(page, kept)
    expect(page.get_by_role("heading", name="Gespräch 1.mp4")).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="People").click()
    expect(undo).to_be_visible(timeout=60_000)


def test_twenty_people_are_compared_on_one_scale(page: Page, tmp_path: Path):
    kept = tmp_path / "crowd.parquet"
    Study(synthetic(60.0, people=20)).write(kept)
    open_video_page(page)
    open_kept(page, kept)
    expect(page.locator(".names button")).to_have_count(20, timeout=60_000)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.get_by_role("tab", name="Compare", exact=True).click()
        charts = page.locator(".js-plotly-plot")
        expect(charts).to_have_count(3, timeout=60_000)
        settle(page)
        for number in (1, 2):  # shares, valence
            expect(charts.nth(number).locator(".annotation-text")).to_have_count(20)
            axes = charts.nth(number).evaluate(AXES)
            assert len(axes) == 40 and len(set(axes)) == 2
        main = page.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 0
