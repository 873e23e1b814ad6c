"""What a visitor does, in a real browser against the real server and the real model."""

import contextlib
import csv
import io
import json
import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from fer_core.diagnostics.doctor import doctor
from fer_core.emotions import EMOTIONS
from tests.browser.conftest import running_server
from tests.browser.contrast import contrast
from tests.conftest import PORTRAIT

expect.set_options(timeout=60_000)


def open_image_page(page: Page) -> None:
    page.get_by_role("link", name="Image", exact=True).first.click()
    expect(page.get_by_role("heading", name="Image", exact=True)).to_be_visible()


def upload(page: Page, *files) -> None:
    page.locator('input[type="file"]').set_input_files(list(files))


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).click()
    return waiting.value.path().read_bytes()


def test_start_leads_to_the_image_page(page: Page):
    expect(page.get_by_role("heading", name="Face Value")).to_be_visible()
    expect(page.get_by_text("Article 5(1)(f)")).to_be_visible()
    expect(page.get_by_text("is the default").first).to_be_visible()
    page.get_by_role("link", name="A picture").click()
    expect(page).to_have_url(re.compile("/Image$"))
    expect(page.get_by_role("heading", name="Image", exact=True)).to_be_visible()


def test_the_doctor_finds_the_dashboard_reachable(server: str):
    checks = {check.name: check for check in doctor(server)}
    assert all(checks[name].passed for name in ("address", "pages", "WebSocket")), checks


def test_a_link_to_a_page_opened_right_after_the_start_shows_the_same_site(blank: Page):
    with running_server() as address:
        blank.goto(f"{address}/Image")
        expect(blank.get_by_role("heading", name="Image", exact=True)).to_be_visible()
        expect(blank.get_by_text("Everything stays on this machine")).to_be_visible()
        expect(blank.get_by_test_id("stSidebarNavLink")).to_have_text(
            [re.compile(name) for name in ("Start", "Image", "Live", "Video", "Study", "Models")]
        )


def test_a_real_face_is_uploaded_and_its_label_read_off_the_page(page: Page):
    open_image_page(page)
    upload(page, PORTRAIT)
    expect(page.get_by_role("heading", name=re.compile("happy"))).to_be_visible()
    chart = page.locator(".js-plotly-plot").first
    expect(chart).to_contain_text("probability")
    for emotion in EMOTIONS:
        expect(chart).to_contain_text(emotion)

    rows = list(csv.DictReader(io.StringIO(download(page, "CSV").decode("utf-8-sig"))))
    assert [(row["picture"], row["label"]) for row in rows] == [("astronaut.png", "happy")]
    [record] = json.loads(download(page, "JSON"))
    assert record["faces"][0]["label"] == "happy"
    drawn = cv2.imdecode(np.frombuffer(download(page, "Annotated PNG"), np.uint8), cv2.IMREAD_COLOR)
    assert drawn.shape == (512, 512, 3) and (drawn != cv2.imread(str(PORTRAIT))).any()


def test_the_activation_map_can_be_shown(page: Page):
    open_image_page(page)
    page.get_by_role("radio", name="Sample").click()
    expect(page.get_by_role("heading", name=re.compile("happy"))).to_be_visible()
    page.get_by_text("Show what the model looked at").click()
    expect(page.get_by_text("Yellow: what spoke most")).to_be_visible()


def test_a_face_is_drawn_chosen_and_removed_on_the_picture(page: Page):
    open_image_page(page)
    page.get_by_role("radio", name="Sample").click()
    faces = page.locator(".board .face")
    expect(faces).to_have_count(1)
    page.get_by_role("button", name="Draw a face").click()
    stage = page.locator(".board .stage").bounding_box()
    x, y = stage["x"] + 0.75 * stage["width"], stage["y"] + 0.4 * stage["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20)
    page.mouse.move(x + 50, y + 40)
    page.mouse.up()
    expect(page.get_by_text("Corrected by hand once")).to_be_visible()
    expect(faces).to_have_count(2)
    faces.nth(1).click()
    expect(page.get_by_text("drawn by hand").first).to_be_visible()
    [record] = json.loads(download(page, "JSON"))
    (kind, box), drawn = record["edits"][0].values(), record["faces"][1]
    scale = 512 / stage["width"]
    assert kind == "draw" and drawn["box"] == box and drawn["found_by"] == "hand"
    assert abs(box[2] - 100 * scale) <= 3 and abs(box[0] + box[2] / 2 - 0.75 * 512) <= 3
    faces.nth(1).focus()
    page.keyboard.press("Delete")
    expect(faces).to_have_count(1)
    expect(page.get_by_text("Corrected by hand 2 times")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_and_focus_can_be_seen(blank: Page, server: str, scheme: str):
    page = blank
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{server}/Models")
    expect(page.get_by_test_id("stTab").first).to_be_visible()
    words = {
        "caption": page.get_by_test_id("stCaptionContainer"),
        "open tab": page.locator('[data-testid="stTab"][data-selected]'),
        "chosen button": page.get_by_role("radio", checked=True),
    }
    assert {name: contrast(found) for name, found in words.items() if contrast(found) < 4.5} == {}
    link = page.get_by_test_id("stSidebarNavLink").nth(1)
    link.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert link.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"


def test_pictures_can_be_added_to_a_third_row(blank: Page, server: str):
    blank.set_viewport_size({"width": 1000, "height": 900})
    blank.goto(f"{server}/Image")
    portrait = PORTRAIT.read_bytes()
    files = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": portrait} for n in range(9)]
    blank.locator('input[type="file"]').set_input_files(files)
    expect(blank.get_by_test_id("stFileChip")).to_have_count(9)
    chips = blank.get_by_test_id("stFileChips")
    assert chips.evaluate("element => element.scrollHeight - element.clientHeight") <= 0
    rows = blank.get_by_test_id("stFileChip").evaluate_all("all => new Set(all.map((one) => one.offsetTop)).size")
    assert rows > 1


def test_twenty_one_pictures_fit_on_a_page(page: Page, tmp_path):
    portrait = cv2.imread(str(PORTRAIT))
    files = []
    for number in range(21):
        files.append(tmp_path / f"{number:02d}.png")
        cv2.imwrite(str(files[-1]), cv2.convertScaleAbs(portrait, alpha=0.7 + number / 50))
    open_image_page(page)
    upload(page, *files)
    expect(page.get_by_text("21 pictures · 21 faces")).to_be_visible(timeout=60_000)
    assert page.get_by_test_id("stMain").evaluate("element => element.scrollHeight") < 3000
    assert page.get_by_role("button", name="CSV", exact=True).bounding_box()["y"] < 900
    page.get_by_role("combobox", name=re.compile("Picture")).last.click()
    page.keyboard.type("21.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("20.png · 512 × 512 px")).to_be_visible()


def test_a_bad_file_is_one_clear_error_and_the_good_one_is_read(page: Page, tmp_path):
    bad = tmp_path / "holiday.png"
    bad.write_text("not a picture")
    open_image_page(page)
    upload(page, bad, PORTRAIT)
    expect(page.get_by_text("holiday.png", exact=False).last).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="holiday.png")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("happy"))).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_a_snapshot_of_the_camera_is_read(page: Page):
    """Chromium's fake camera shows a moving test picture without a face."""
    open_image_page(page)
    page.get_by_role("radio", name="Camera").click()
    page.wait_for_function("document.querySelector('video')?.currentTime > 2")
    taken = page.get_by_role("button", name="Clear photo")
    for _ in range(10):  # the camera may not have a picture at hand yet, and then the click takes none
        page.get_by_role("button", name="Take Photo").click()
        with contextlib.suppress(NotInTime):
            taken.wait_for(timeout=3_000)
            break
    expect(page.get_by_text("No face found")).to_be_visible()


def test_phone_width_needs_no_sideways_scrolling(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("table").get_by_text("Custom CNN")).to_be_visible()
    sideways_px = "element => element.scrollWidth - element.clientWidth"
    assert page.get_by_test_id("stMain").evaluate(sideways_px) <= 0
    page.goto(page.url.rstrip("/") + "/Image")
    page.get_by_role("radio", name="Sample").click()
    expect(page.get_by_role("heading", name=re.compile("happy"))).to_be_visible()
    assert page.get_by_test_id("stMain").evaluate(sideways_px) <= 0


def test_the_page_works_with_the_keyboard_alone(page: Page):
    open_image_page(page)
    sample = page.get_by_role("radio", name="Sample")
    focused = "element => element === document.activeElement || element.contains(document.activeElement)"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.get_by_test_id("stMain").get_by_role("radio").first.evaluate(focused):
            break
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(sample).to_be_checked()
    expect(page.get_by_role("heading", name=re.compile("happy"))).to_be_visible()
