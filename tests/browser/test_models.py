"""The Models page in a real browser, with real networks: comparing two, and measuring them on faces of one's own."""

import csv
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from fer_core.classification import EmotionClassifier, load_card
from fer_core.emotions import EMOTIONS
from fer_core.evaluation import write_records
from fer_core.evaluation.datasets import FaceSet
from fer_core.imaging.crops import cut, grey, resized
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT_FACE
from fer_core.networks.files import MODELS_DIR, FileRecord
from fer_core.settings import DATA_SET, MODELS
from tests.browser.conftest import running_server
from tests.conftest import PORTRAIT

expect.set_options(timeout=60_000)

ONE, OTHER = "custom_cnn", "other_cnn"
SUPPORT = ("face_check", "faces")


def views(count: int, seed: int) -> list[np.ndarray]:
    """The portrait's face, grey, 48 pixels, under noise; some upside down, which no model has learnt."""
    rng = np.random.default_rng(seed)
    face = resized(grey(cut(read_image(PORTRAIT), PORTRAIT_FACE)), 48)
    noisy = [np.clip(face + rng.normal(0, 25, face.shape), 0, 255).astype(np.uint8) for _ in range(count)]
    return [np.ascontiguousarray(one[::-1]) if row % 3 == 2 else one for row, one in enumerate(noisy)]


def small_data_set() -> FaceSet:
    images = np.stack([face for seed in range(3) for face in views(24, seed)])
    labels = np.tile([EMOTIONS.index(name) for name in ("happy", "happy", "fear")], 24)
    splits = np.repeat(["train", "PublicTest", "PrivateTest"], 24)
    votes = np.tile(np.array([1, 9, 0, 0, 0, 0, 0, 0, 0, 0], np.float32), (72, 1))
    return FaceSet(images, labels, np.array([f"{row}.png" for row in range(72)]), splits, votes)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """The custom CNN and a second one that is surer of itself and does not look at the mirror image, both recorded on
    a few faces."""
    folder = tmp_path_factory.mktemp("models")
    for name in (ONE, *SUPPORT):
        shutil.copytree(MODELS_DIR / name, folder / name)
    shutil.copytree(MODELS_DIR / ONE, folder / OTHER)
    changes = {"name": OTHER, "title": "Other CNN (for tests)", "temperature": 0.2, "flip_average": False}
    card = load_card(ONE, folder).model_copy(update=changes)
    (folder / OTHER / "card.json").write_text(card.model_dump_json(), encoding="utf-8")
    for name in (ONE, OTHER):
        _record(folder, name)
    return folder


def _record(folder: Path, name: str) -> None:
    classifier = EmotionClassifier.load(name, models_dir=folder)
    written = write_records(folder / name, classifier, small_data_set(), robustness_faces=6)
    files = {file: FileRecord.of(folder / name / file) for file in {*classifier.card.files, *written.files}}
    card = classifier.card.model_copy(update={"files": files, "metrics": written.metrics})
    (folder / name / "card.json").write_text(card.model_dump_json(), encoding="utf-8")


@pytest.fixture(scope="module")
def address(models: Path):
    with running_server(**{MODELS: str(models), DATA_SET: ""}) as found:
        yield found


@pytest.fixture
def page(blank: Page, address: str) -> Page:
    blank.goto(f"{address}/Models")
    expect(blank.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    return blank


def own_zip() -> bytes:
    """Four views of the portrait, one of them with a label that is wrong, and a file that is no picture."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        face = cut(cv2.imread(str(PORTRAIT)), PORTRAIT_FACE)
        for name, shift in (("happy/1.png", 0), ("happy/2.png", 2), ("3_Joy/3.png", 4), ("sad/wrong_label.png", 1)):
            archive.writestr(f"me/{name}", cv2.imencode(".png", np.roll(face, shift, axis=1))[1].tobytes())
        archive.writestr("me/happy/broken.png", b"not a picture")
    return buffer.getvalue()


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    return waiting.value.path().read_bytes()


def test_two_models_are_compared(page: Page):
    expect(page.get_by_text("Take ").first).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    expect(page.locator(".js-plotly-plot").first).to_contain_text("milliseconds a face")
    tab(page, "Side by side")
    for name in ("Custom CNN", "Other CNN"):
        expect(page.get_by_role("button", name=name)).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"(points above|right equally often|right and wrong on the same 24 faces)"))
    ).to_be_visible()
    page.get_by_role("radio", name="Confusion").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    page.get_by_role("radio", name="Difference").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    expect(page).to_have_url(re.compile("chart=Confusion"))  # so that a view can be linked to
    page.get_by_role("radio", name="Calibration").click()
    expect(page.locator(".js-plotly-plot").first).to_contain_text("ECE")


def test_a_link_to_a_view_opens_it(blank: Page, address: str):
    blank.goto(f"{address}/Models?view=Side+by+side&chart=Robustness")
    expect(blank.get_by_text("Points lost at severity 3 of 5")).to_be_visible()


def test_all_models_read_the_sample_and_their_maps_are_checked(page: Page):
    tab(page, "On a picture")
    expect(page.get_by_text("Both models read happy.")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Class activation map of"))).to_have_count(2)
    page.get_by_text("Check the maps by hiding what they mark").click()
    expect(page.get_by_text(re.compile("marks most hidden, happy goes from"))).to_have_count(2)


def test_own_faces_are_measured_and_the_result_is_taken_away(page: Page):
    tab(page, "On your data")
    upload = {"name": "me.zip", "mimeType": "application/zip", "buffer": own_zip()}
    page.locator('input[type="file"]').first.set_input_files(upload)
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_role("heading", name="me.zip: 4 faces, 1 file left out")).to_be_visible()
    expect(page.get_by_text("Errors, file by file")).to_be_visible()

    result = json.loads(download(page, "JSON"))
    assert result["n"] == 4 and set(result["models"]) == {ONE, OTHER}
    assert result["models"][ONE]["accuracy"] == 0.75  # the portrait smiles, whatever one label says
    assert [entry["file"] for entry in result["skipped"]] == ["me/happy/broken.png"]
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO(download(page, "CSV").decode("utf-8-sig")))}
    assert len(rows) == 4 and rows["me/sad/wrong_label.png"][f"{ONE}_read_as"] == "happy"
    assert rows["me/3_Joy/3.png"]["label"] == "happy" and rows["me/3_Joy/3.png"][f"{ONE}_right"] == "True"
    assert download(page, "PDF").startswith(b"%PDF-")

    page.get_by_role("link", name="Start").first.click()
    expect(page.get_by_role("heading", name="Face Value")).to_be_visible()
    page.get_by_role("link", name="Models").first.click()
    tab(page, "On your data")
    expect(page.get_by_text("Zip of labelled pictures")).to_be_visible()  # nothing of it is left


def test_measuring_can_be_stopped(page: Page):
    tab(page, "On your data")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        picture = cv2.imencode(".png", views(1, 0)[0])[1].tobytes()
        for number in range(3000):
            archive.writestr(f"happy/{number}.png", picture)
    upload = {"name": "many.zip", "mimeType": "application/zip", "buffer": buffer.getvalue()}
    page.locator('input[type="file"]').first.set_input_files(upload)
    page.get_by_role("button", name="Measure", exact=True).click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(page.get_by_role("button", name="Measure", exact=True)).to_be_enabled()
    expect(page.get_by_text("many.zip: 3,000 faces")).to_have_count(0)


def test_phone_width_needs_no_sideways_scrolling(blank: Page, address: str):
    blank.set_viewport_size({"width": 390, "height": 844})
    views = "Overview", "Side by side", "On a picture", "On your data", "Claims", "The data", "Files and training"
    for view in views:
        blank.goto(f"{address}/Models?view={view.replace(' ', '+')}")
        expect(blank.get_by_role("tab", name=view)).to_have_attribute("aria-selected", "true")
        expect(blank.get_by_text("not what a person feels").first).to_be_visible()
        main = blank.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 0, view
