"""The pages without a browser: what they say and do."""

import hashlib
import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from fer_core.classification import default_model, list_cards
from fer_core.classification.cards import load_card
from fer_core.detection.turning import Turn
from fer_core.diagnostics.checks import Check
from fer_core.errors import ModelError
from fer_core.picture_edits import LabelFace, RemoveFace
from fer_core.readings import Box
from fer_core.reports.picture_records import as_record
from fer_core.testing import fake_card, fake_pipeline
from fer_core.ui.image import closely, downloads, sources
from fer_core.ui.shared import handover, loaders, purpose, routing, samples, seen, uploads
from fer_core.ui.shared.browser_check import Browser
from fer_core.ui.shared.text import plain
from fer_core.ui.start import checking
from tests.conftest import PORTRAIT, ROOT


def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run()


def image_page() -> AppTest:
    return app().switch_page("pages/1_Image.py").run()


def text(page: AppTest) -> str:
    parts = (*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.title, *page.subheader)
    return "\n".join(element.value for element in parts)


def picture(size=(200, 150), color="gray", kind="PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def fakes(monkeypatch):
    """The pages over a pipeline whose answers are known."""

    def use(boxes, **options):
        monkeypatch.setattr(loaders, "pipeline", lambda model, detector: fake_pipeline(boxes, **options))
        monkeypatch.setattr(loaders, "cards", lambda: [fake_card()])

    return use


def test_start_says_what_it_is_what_it_is_not_and_which_models_are_ready():
    page = app()
    assert not page.exception
    words = text(page)
    assert "not what a person feels" in words and "hiring" in words and "Article 5(1)(f)" in words
    assert "never stored" in words
    [table] = [each.value.splitlines() for each in page.markdown if each.value.startswith("| Model | Accuracy |")]
    rows = [line.strip("| ").split(" | ") for line in table[2:]]
    default = load_card(default_model())
    assert {title for title, *_ in rows} == {plain(card.title) for card in list_cards()}
    assert rows[0][0] == plain(default.title) and f"**{rows[0][0]}**" in words
    assert rows[0][1] == f"{default.metrics['PrivateTest'].accuracy:.1%}"


def test_a_title_of_several_lines_stays_in_its_cell(monkeypatch):
    [first, *_] = list_cards()
    monkeypatch.setattr(loaders, "cards", lambda: [first.model_copy(update={"title": "one |\n\n# two"})])
    page = app()
    [table] = [each.value.splitlines() for each in page.markdown if each.value.startswith("| Model | Accuracy |")]
    assert len(table) == 3 and table[2].startswith("| one \\| \\# two |")


def test_the_installation_is_tested_on_request(monkeypatch):
    checks = [Check("files", True, "3 match"), Check("speed", None, "no clock"), Check("colour order", False, "RGB")]
    monkeypatch.setattr("fer_core.diagnostics.self_test.self_test", lambda: iter(checks))
    # Every run of an AppTest is the first of a new server, in which the way through the router swallows a click.
    monkeypatch.setattr(routing, "PagesManager", object)
    page = app()
    page.button[0].click().run()
    assert not page.exception
    assert page.status[0].label == "1 of 3 checks failed" and page.status[0].state == "error"
    words = text(page)
    assert "**files** (ok): 3 match" in words and "**colour order** (failed): RGB" in words
    checks.pop()
    page.button[0].click().run()
    assert page.status[0].label == "1 checks passed, 1 skipped" and page.status[0].state == "complete"


@pytest.mark.parametrize("here", [True, False])
def test_only_who_sits_at_this_machine_can_look_at_its_deployment(monkeypatch, here):
    monkeypatch.setattr(checking, "sits_here", lambda address, headers: here)
    checks = [Check("open files", False, "raise it")]
    monkeypatch.setattr("fer_core.diagnostics.doctor.doctor", lambda address: iter(checks))
    monkeypatch.setattr(routing, "PagesManager", object)
    page = app()
    offered = [button for button in page.button if button.label == "Check the deployment"]
    assert bool(offered) == here
    if here:
        offered[0].click().run()
        assert not page.exception and page.status[0].state == "error" and "**open files** (failed)" in text(page)


def test_the_sample_is_read_with_the_real_model():
    page = image_page()
    page.segmented_control[0].select(":material/portrait: Sample").run()
    assert not page.exception
    words = text(page)
    assert "happy" in words and "NASA" in words


def test_a_turned_picture_is_said_and_read_upright_on_request(monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    buffer = io.BytesIO()
    with Image.open(PORTRAIT) as portrait:
        portrait.convert("RGB").rotate(90, expand=True).save(buffer, "PNG")
    page = image_page()
    page.file_uploader[0].upload("me.png", buffer.getvalue(), "image/png").run()
    assert "seems to be turned" in text(page)
    [upright] = [button for button in page.button if button.label == "Read it upright"]
    upright.click().run()
    assert not page.exception
    words = text(page)
    assert "seems to be turned" not in words and "turned by 90 degrees clockwise" in words and "happy" in words
    [read] = page.session_state["analysed pictures"].values()
    assert (read.record.turned_deg, read.record.sha256) == (90, hashlib.sha256(buffer.getvalue()).hexdigest())
    [back] = [button for button in page.button if button.label == "Read it as it was"]
    back.click().run()
    assert "seems to be turned" in text(page)


def test_the_pose_is_said_the_mesh_is_shown_on_request_and_what_was_not_looked_for_is_told():
    page = image_page()
    page.file_uploader[0].upload("me.png", PORTRAIT.read_bytes(), "image/png").run()
    words = text(page)
    assert "Yaw" in words and "not what it attends to" in words and "were not looked for" in words
    [mesh] = [toggle for toggle in page.toggle if toggle.label == "Show the mesh"]
    assert not mesh.value
    mesh.set_value(True).run()
    assert not page.exception


def test_several_pictures_and_faces(fakes):
    fakes([Box(10, 20, 50, 50), Box(100, 30, 60, 60)], emotion="sad")
    page = image_page()
    page.file_uploader[0].upload("one.png", picture(), "image/png")
    page.file_uploader[0].upload("two.jpg", picture(kind="JPEG"), "image/jpeg").run()
    assert not page.exception
    assert "**2** pictures · **4** faces · **0** uncertain" in text(page)
    table = page.dataframe[0].value
    assert table["Picture"].tolist() == ["one.png", "one.png", "two.jpg", "two.jpg"]
    assert table["Face"].tolist() == [1, 2, 1, 2] and set(table["Read as"]) == {"sad"}
    assert {button.label for button in page.get("download_button")} >= {"CSV", "JSON", "All PNG", "Annotated PNG"}
    [looked_at] = [box for box in page.selectbox if box.label == "Picture"]
    looked_at.select_index(1).run()
    assert "two\\.jpg" in text(page) and not page.exception


def test_a_second_rater_labels_faces_blind_and_takes_them_along(fakes):
    fakes([Box(10, 20, 50, 50), Box(100, 30, 60, 60)], emotion="sad")
    page = image_page()
    page.toggle("label faces").set_value(True).run()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    page.text_input(key="rater").set_value("EC").run()
    page.switch_page("pages/0_Start.py").run()
    page.switch_page("pages/1_Image.py").run()  # readings and the rater's name stay as they were
    assert page.toggle("label faces").value and page.text_input(key="rater").value == "EC"
    assert not page.exception and "sad" not in text(page) and not page.get("plotly_chart")
    assert any(button.label == "Clear pictures" for button in page.button)
    faces = [each for each in page.button_group if each.label.startswith("Face")]
    assert [each.label for each in faces] == ["Face 1 shows", "Face 2 shows"]
    faces[0].set_value("sad").run()
    [zipped] = [each for each in page.get("download_button") if each.label.startswith("Labelled faces")]
    assert "zip, 1" in zipped.label and "You and the model" not in text(page)
    page.toggle("show agreement").set_value(True).run()
    assert "The same label in 100% of 1 face in 1 rated picture;" in text(page)
    assert "in sight" not in text(page)
    [_, second] = [each for each in page.button_group if each.label.startswith("Face")]
    second.set_value("fear").run()  # after the readings were shown
    assert "1 face labelled with the readings in sight" in text(page) and not page.exception
    page.toggle("label faces").set_value(False).run()
    assert "Corrected by hand" not in text(page) and "sad" in text(page)  # labels are no corrections


def blind(page) -> list[bool]:
    return [edit.blind for edits in page.session_state[uploads._EDITS].values() for edit in edits]


def test_what_was_read_on_another_page_is_not_labelled_blind(fakes, monkeypatch):
    monkeypatch.setattr("fer_core.ui.shared.browser_check.browser_check", lambda: Browser(False, 0, "unknown"))
    fakes([Box(10, 20, 50, 50)], emotion="sad")
    page = app().switch_page("pages/2_Live.py").run()
    page.checkbox[0].check().run()
    page.file_uploader[0].upload("me.png", picture(), "image/png").run()
    assert "sad" in text(page)
    page.switch_page("pages/1_Image.py").run()
    page.toggle("label faces").set_value(True).run()
    page.file_uploader[0].upload("me.png", picture(), "image/png").run()
    for color, expected in (("gray", [False]), ("blue", [False, True])):
        if color == "blue":
            page.file_uploader[0].upload("another.png", picture(color=color), "image/png").run()
        [*_, last] = [each for each in page.button_group if each.label.startswith("Face")]
        last.set_value("fear").run()
        assert not page.exception and blind(page) == expected


def test_a_snapshot_of_the_camera_is_not_labelled_blind(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    monkeypatch.setattr(seen.st, "session_state", {})
    handover.keep_snapshot(np.full((150, 200, 3), 90, np.uint8))
    [(_, png)] = handover.snapshots()
    assert seen.readings_were_shown(hashlib.sha256(png).hexdigest())
    assert not seen.readings_were_shown(hashlib.sha256(b"another").hexdigest())


def test_of_many_faces_those_that_are_wanted_are_listed(fakes):
    fakes([Box(10, 20, 50, 50)], strength=0.3)
    page = image_page()
    for name in ("one.png", "two.png"):
        page.file_uploader[0].upload(name, picture(color=(len(name), 9, ord(name[0]))), "image/png")
    page.run()
    [readings] = [group for group in page.segmented_control if group.label == "Readings"]
    readings.select("certain").run()
    assert not page.dataframe and "No face is like that" in text(page)
    [readings] = [group for group in page.segmented_control if group.label == "Readings"]
    readings.select("uncertain").run()
    assert len(page.dataframe[0].value) == 2


def button(page, label):
    [found] = [one for one in page.button if one.label == label]
    return found


def test_faces_are_drawn_removed_and_taken_back(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    fakes([Box(10, 20, 50, 50)], emotion="sad")
    page = image_page()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    button(page, "Remove this face").click().run()
    assert "No face is left" in page.info[0].value and "removed by hand" in page.info[0].value
    assert "light" not in page.info[0].value and "Corrected by hand once" in text(page)
    for field, value in zip(page.number_input, (30, 40, 60), strict=True):
        field.set_value(value)
    button(page, "Add").click().run()
    assert "Corrected by hand 2 times" in text(page) and "sad" in text(page) and not page.info
    [read] = page.session_state["analysed pictures"].values()
    assert read.record.removed == 1 and len(read.record.readings) == 1
    button(page, "Undo").click().run()
    button(page, "Undo").click().run()
    assert "Corrected" not in text(page) and "sad" in text(page)


def test_a_picture_of_one_pixel_is_shown_like_any_other(fakes):
    fakes([])
    page = image_page()
    page.file_uploader[0].upload("dot.png", picture(size=(1, 1)), "image/png").run()
    assert not page.exception and "No face found" in page.info[0].value
    assert "pixels" not in page.info[0].value  # how small is too small, the line under the picture says


def test_the_same_picture_under_two_names_is_corrected_once(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    fakes([Box(10, 20, 50, 50)], emotion="sad")
    page = image_page()
    for name in ("one.png", "copy.png"):
        page.file_uploader[0].upload(name, picture(), "image/png")
    page.run()
    button(page, "Remove this face").click().run()
    assert "**2** pictures · **1** face" in text(page) and not page.exception


def test_a_face_that_was_drawn_is_the_one_that_is_shown(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    fakes([Box(10, 20, 50, 50)], emotion="sad")
    page = image_page()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    for field, value in zip(page.number_input, (60, 40, 60), strict=True):
        field.set_value(value)
    button(page, "Add").click().run()
    assert "drawn by hand" in text(page)


def test_the_face_that_was_chosen_stays_when_others_come_and_go(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    fakes([Box(10, 20, 40, 40), Box(60, 20, 40, 40), Box(110, 20, 40, 40)], emotion="sad")
    page = image_page()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()

    def faces():
        [found] = [group for group in page.button_group if group.label == "Face"]
        return found

    assert faces().value == 0
    button(page, "Remove this face").click().run()
    assert faces().value == 0 and len(faces().options) == 2
    faces().set_value(1).run()  # the one to the right
    button(page, "Undo").click().run()
    assert faces().value == 2 and len(faces().options) == 3
    faces().set_value(1).run()
    for field, value in zip(page.number_input, (0, 60, 40), strict=True):
        field.set_value(value)
    button(page, "Add").click().run()  # it is the first now, and is shown
    assert faces().value == 0 and "drawn by hand" in text(page)
    button(page, "Remove this face").click().run()
    faces().set_value(1).run()
    button(page, "Undo").click().run()
    assert faces().value == 2 and not page.exception


def test_samples_teach_certain_doubtful_and_wrong_readings():
    page = image_page()
    page.segmented_control[0].select(":material/portrait: Sample").run()
    said = {}
    for name in samples.SAMPLES:
        page.pills(key="sample picture").select(name).run()
        assert not page.exception
        said[name] = text(page)
    assert all("happy" in said[name] and "blurred" not in said[name] for name in ("As taken", "Eyes covered"))
    assert "uncertain" in said["Mouth covered"] and "doubtful face" in said["Grainy"]
    assert ":material/warning: dark" in said["Nearly dark"] and "seems to be turned" in said["Upside down"]


def test_two_clicks_that_are_quicker_than_the_page_are_both_kept(monkeypatch):
    monkeypatch.setattr(uploads.st, "session_state", {})
    drawn = SimpleNamespace(sha256="ab", name="one.png", turned=Turn.NONE, edits=())  # as the page showed it last
    labels = [LabelFace(Box(10 * number, 20, 50, 50), "sad", "EC", blind=True) for number in (1, 2)]
    for label in labels:
        uploads.edit(drawn, label)
    assert list(uploads.st.session_state[uploads._EDITS].values()) == [tuple(labels)]
    uploads.edit(drawn, RemoveFace(Box(10, 20, 50, 50)))
    for _ in range(2):  # more often than anything was corrected
        uploads.undo_edit(drawn)
    assert list(uploads.st.session_state[uploads._EDITS].values()) == [tuple(labels)]  # what a rater said stays


def test_clearing_leaves_what_was_said_of_other_pictures(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    fakes([Box(10, 20, 50, 50)])
    page = image_page()
    page.session_state[handover.LIVE_SNAPSHOTS] = [("snapshot_1.png", picture(color="blue"))]
    page.run()
    page.segmented_control[0].select(":material/videocam: From Live").run()
    button(page, "Remove this face").click().run()
    page.segmented_control[0].select(":material/upload: Upload").run()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    button(page, "Clear pictures").click().run()
    page.segmented_control[0].select(":material/videocam: From Live").run()
    assert not page.exception and len(page.session_state[uploads._EDITS]) == 1
    assert "happy" not in text(page)  # the face stays removed


def test_a_picture_that_cannot_be_read_can_be_cleared(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    fakes([Box(10, 20, 50, 50)])
    page = image_page()
    page.file_uploader[0].upload("broken.jpg", b"not a picture at all", "image/jpeg").run()
    page.switch_page("pages/0_Start.py").run()
    page.switch_page("pages/1_Image.py").run()
    assert len(page.error) == 1
    button(page, "Clear pictures").click().run()
    assert not page.error and "Nothing yet" in text(page)


def test_the_sample_has_nothing_to_clear():
    page = image_page()
    page.segmented_control[0].select(":material/portrait: Sample").run()
    assert not [one for one in page.button if one.label == "Clear pictures"]


def test_pictures_stay_when_the_page_is_left_until_they_are_cleared(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    fakes([Box(10, 20, 50, 50)], emotion="sad")
    page = image_page()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    page.segmented_control[0].select(":material/portrait: Sample").run()
    assert "one\\.png" not in text(page)
    page.segmented_control[0].select(":material/upload: Upload").run()
    assert "one\\.png" in text(page)
    page.switch_page("pages/5_Models.py").run()
    page.switch_page("pages/1_Image.py").run()
    assert "one\\.png" in text(page) and "sad" in text(page)
    page.file_uploader[0].upload("two.png", picture(color="red"), "image/png").run()
    assert "**2** pictures" in text(page)
    button(page, "Clear pictures").click().run()
    assert "Nothing yet" in text(page) and not page.exception


def test_a_photo_that_was_cleared_brings_no_earlier_one_back(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    held, told = [None], [None]

    def camera(label, key, on_change, args):  # AppTest has none
        if held != told:
            told[:] = held
            on_change(*args)
        return held[0] and SimpleNamespace(file_id=held[0], getvalue=lambda: picture(color=held[0]))

    monkeypatch.setattr(sources.st, "camera_input", camera)
    fakes([Box(10, 20, 50, 50)], emotion="sad")
    page = image_page()
    page.segmented_control[0].select(":material/photo_camera: Camera").run()
    held[0] = "red"
    page.run()
    page.switch_page("pages/5_Models.py").run()
    held[0] = told[0] = None  # Streamlit empties a widget whose page was left, and tells nobody
    page.switch_page("pages/1_Image.py").run()
    assert "sad" in text(page)
    held[0] = "blue"
    page.run()
    assert "sad" in text(page) and "pictures ·" not in text(page)
    held[0] = None
    page.run()
    assert "Nothing yet" in text(page) and not page.exception


def test_no_face_is_said_kindly_with_what_to_try(fakes):
    fakes([])
    page = image_page()
    page.file_uploader[0].upload("wall.png", picture(), "image/png").run()
    assert not page.exception and not page.error
    assert "No face found" in page.info[0].value and "more light" in page.info[0].value


def test_an_uncertain_reading_is_marked(fakes):
    fakes([Box(10, 20, 50, 50)], strength=0.3)
    page = image_page()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    assert "uncertain" in text(page)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("broken.jpg", b"not a picture at all"),  # not what its name says
        ("cut.png", picture()[:60]),  # cut off
        ("nothing.png", b""),  # empty
    ],
)
def test_bad_files_are_one_error_that_names_them_and_lose_nothing_else(fakes, name, data):
    fakes([Box(10, 20, 50, 50)])
    page = image_page()
    page.file_uploader[0].upload(name, data, "image/png")
    page.file_uploader[0].upload("good.png", picture(), "image/png").run()
    assert not page.exception
    assert len(page.error) == 1 and name in page.error[0].value.replace("\\", "")
    assert "good" in text(page)


def test_a_file_name_is_shown_as_it_is(fakes):
    fakes([Box(10, 20, 50, 50)])
    page = image_page()
    page.file_uploader[0].upload("**a_b_**.png", picture(), "image/png").run()
    assert any(r"\*\*a\_b\_\*\*\.png" in element.value for element in page.markdown)


def damaged():
    raise ModelError("The card is damaged; restore it.")


@pytest.mark.parametrize("open_page", [app, image_page], ids=["start", "image"])
@pytest.mark.parametrize("cards", [damaged, list], ids=["damaged", "none"])
def test_without_models_the_way_out_is_said(monkeypatch, open_page, cards):
    monkeypatch.setattr(loaders, "cards", cards)
    page = open_page()
    assert not page.exception
    assert "restore" in text(page).lower()


def test_the_start_page_needs_no_model_for_its_notice_example_and_ways(monkeypatch):
    monkeypatch.setattr(loaders, "cards", damaged)
    page = app()
    assert not page.exception
    assert "Article 5(1)(f)" in page.warning[0].value and "damaged" in page.error[0].value
    [example] = page.get("video")
    assert example.proto.loop and example.proto.autoplay and example.proto.muted
    ways = [link.proto.page for link in page.get("page_link")]
    assert {"Image", "Live", "Video", "Study", "Models"} <= set(ways)


def test_a_face_of_a_large_picture_is_shown_as_sharp_as_it_was_read(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    shown = []
    monkeypatch.setattr(closely, "show_face", lambda face, *more: shown.append(face.shape))
    fakes([Box(1000, 800, 300, 300)])
    page = image_page()
    page.file_uploader[0].upload("large.png", picture(size=(4800, 1200)), "image/png").run()
    [attention] = [toggle for toggle in page.toggle if toggle.label.startswith("Show what")]
    attention.set_value(True).run()
    assert not page.exception and len(shown) == 2 and set(shown) == {(300, 300, 3)}


def test_a_very_tall_picture_is_shown(fakes):
    fakes([Box(10, 20, 50, 50)])
    page = image_page()
    page.file_uploader[0].upload("tall.png", picture((100, 70_000)), "image/png").run()
    assert not page.exception and "happy" in text(page)


def test_a_missing_optional_package_is_said(fakes, monkeypatch):
    fakes([])

    def missing(model, detector):
        raise ModelError("MTCNN needs the package mtcnn; install it.")

    monkeypatch.setattr(loaders, "pipeline", missing)
    page = image_page()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    assert not page.exception and "install it" in page.error[0].value


def test_readings_are_kept_while_the_picture_is_there_and_forgotten_with_it(fakes, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    fakes([Box(10, 20, 50, 50)])
    page = image_page()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    kept = page.session_state["analysed pictures"]
    page.toggle[0].set_value(True).run()
    assert page.session_state["analysed pictures"].keys() == kept.keys()
    button(page, "Clear pictures").click().run()
    assert "analysed pictures" not in page.session_state


def test_what_was_read_goes_with_the_last_picture_that_is_taken_away(fakes):
    fakes([Box(10, 20, 50, 50)])
    page = image_page()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    assert page.session_state["analysed pictures"]
    page.file_uploader[0].set_value([]).run()
    assert not page.exception and "analysed pictures" not in page.session_state


def test_a_purpose_is_chosen_in_a_line_remembered_on_every_page_and_refused_with_the_reason(fakes):
    fakes([Box(60, 40, 60, 60)])
    page = image_page()
    assert popover(page) == "Purpose: not stated"
    page.selectbox(key="purpose choice").select(purpose.OTHER).run()
    page.text_input(key="purpose words").set_value("rating *job* applicants").run()
    assert (
        not page.exception
        and plain("Article 5(1)(f)") in page.error[0].value
        and popover(page) == "Purpose: not stated"
    )
    page.text_input(key="purpose words").set_value("usability of *our* form").run()
    assert not page.error and popover(page) == f"Purpose: {plain('usability of *our* form')}"
    page.switch_page("pages/3_Video.py").run()
    assert popover(page) == f"Purpose: {plain('usability of *our* form')}"
    assert page.text_input(key="purpose words").value == "usability of *our* form"
    page.selectbox(key="purpose choice").select(purpose.PURPOSES[0]).run()
    page.switch_page("pages/1_Image.py").run()
    assert popover(page) == f"Purpose: {purpose.PURPOSES[0]}" and page.session_state["purpose declared"].agreed_at
    page.selectbox(key="purpose choice").select(purpose.NOT_STATED).run()
    assert popover(page) == "Purpose: not stated"


def test_the_purpose_of_a_picture_is_that_of_its_reading(fakes, monkeypatch):
    written = []
    monkeypatch.setattr(downloads, "as_record", lambda picture: written.append(as_record(picture)))
    fakes([Box(60, 40, 60, 60)])
    page = image_page()
    page.selectbox(key="purpose choice").select(purpose.PURPOSES[1]).run()
    page.file_uploader[0].upload("one.png", picture(), "image/png").run()
    page.selectbox(key="purpose choice").select(purpose.PURPOSES[3]).run()
    assert popover(page) == f"Purpose: {purpose.PURPOSES[3]}"
    assert {record["declaration"]["purpose"] for record in written} == {purpose.PURPOSES[1]}


def popover(page: AppTest) -> str:
    """The label of the line that says the purpose."""
    labels = (element.proto.popover.label for element in page.main if hasattr(element.proto, "popover"))
    return next(label for label in labels if label.startswith("Purpose"))
