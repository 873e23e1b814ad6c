"""A study from recordings to a comparison and the files to take along, in a real browser."""

import csv
import io
import zipfile

import pytest
from playwright.sync_api import Browser, expect

from fer_core.library.library import Library
from fer_core.library.values import Place
from tests.browser.conftest import running_server
from tests.unit.library.test_library import named
from tests.videos import scene, write_video

PEOPLE = 5


@pytest.fixture
def study(tmp_path):
    """A dashboard whose library holds five people under two conditions."""
    with Library.open(tmp_path) as library:
        for number in range(2 * PEOPLE):
            library.keep(named(f"r{number}.mp4", number))
            library.set_place(f"{number:064x}", Place(f"S{number // 2}", condition="joke" if number % 2 else "calm"))
    with running_server(FACE_VALUE_LIBRARY=str(tmp_path)) as address:
        yield f"{address}/Study"


def test_recordings_are_read_described_compared_and_taken_along(study, browser: Browser, tmp_path):
    expect.set_options(timeout=60_000)
    page = browser.new_page(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page.goto(study)
    expect(page.get_by_text("10 analyses, 5 subjects")).to_be_visible()

    clips = [write_video(tmp_path / f"new{n}.mp4", [scene(width=160, height=120)] * (20 + n)) for n in range(2)]
    page.get_by_text("Add recordings").click()
    page.locator("input[type=file]").first.set_input_files([str(path) for path in clips])
    page.get_by_role("button", name="Read and keep").click()
    expect(page.get_by_text("12 analyses, 5 subjects")).to_be_visible()

    page.get_by_text("Describe all by a table").click()
    expect(page.get_by_role("button", name="A table to fill in")).to_be_visible()
    table = b"recording,subject,condition\nnew0.mp4,S8,calm\nnew1.mp4,S8,joke\n"
    page.locator("input[type=file]").last.set_input_files(
        {"name": "participants.csv", "mimeType": "text/csv", "buffer": table}
    )
    expect(page.get_by_text("2 recordings were described")).to_be_visible()

    page.get_by_role("tab", name="Compare people").click()
    expect(page.get_by_text("n = 5 in both")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_be_visible()

    page.get_by_role("tab", name="Over time").click()
    said = page.get_by_text("cluster permutation").or_(page.get_by_text("No moment lies so far apart"))
    expect(said.first).to_be_visible()

    page.get_by_role("tab", name="Take along").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Table (CSV)").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert len(rows) == 2 * PEOPLE and {row["condition"] for row in rows} == {"calm", "joke"}
    page.get_by_role("button", name="Write the report").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (PDF)").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    page.get_by_role("button", name="Make the zip of everything").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Library (zip)").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert "README.txt" in archive.namelist()
        assert len([name for name in archive.namelist() if name.startswith("readings/")]) == 2 * PEOPLE + 2
    page.close()


def test_a_phone_shows_how_a_study_is_made(browser: Browser, tmp_path):
    with running_server(FACE_VALUE_LIBRARY=str(tmp_path)) as address:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(f"{address}/Study")
        expect(page.get_by_text("A study grows in three steps")).to_be_visible(timeout=60_000)
        main = page.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 0
        page.close()
