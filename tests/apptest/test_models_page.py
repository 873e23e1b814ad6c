"""The Models page without a browser: every tab, for several models, one, none, and damaged ones."""

import hashlib
import io
import re
import threading
import zipfile

import cv2
import numpy as np
import pytest
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from fer_core.classification import MapFigures, default_model, list_cards
from fer_core.classification.imported import Head, Imported, Preprocessing
from fer_core.classification.recipe import Recipe, RunSettings
from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError, ModelError
from fer_core.evaluation import datasets
from fer_core.jobs import Work
from fer_core.media.images import PICTURE_TYPES
from fer_core.readings import Box
from fer_core.settings import DATA_SET
from fer_core.testing import FakeDetector
from fer_core.ui.models import claims, dataset, overview, own_data, records
from fer_core.ui.models.parts import UNKNOWN
from fer_core.ui.shared import loaders, page_memory, routing, seen
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.visitor import sits_here
from tests.conftest import ROOT
from tests.models import BARE, BOTH, RIGHT, WRONG, classifiers, face_set, models_folder, without_votes

OVERVIEW, SIDE, PICTURE, OWN = "Overview", "Side by side", "On a picture", "On your data"
CLAIMS, DATA, FILES = "Claims", "The data", "Files and training"
VIEWS = ("Is it real?", "Confusion", "By emotion", "ROC", "Calibration", "Robustness", "Training")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return folder, models_folder(folder)


@pytest.fixture
def models(installed, monkeypatch):
    """The page over models whose answers are known; choose which are installed."""
    folder, cards = installed
    made, load = classifiers(cards), loaders.classifier
    # Every run of an AppTest is the first of a new server, in which the way through the router swallows a click.
    monkeypatch.setattr(routing, "PagesManager", object)
    monkeypatch.setattr(records, "MODELS_DIR", folder)
    monkeypatch.setattr(overview, "DEFAULT_MODEL", RIGHT)
    monkeypatch.setattr(own_data, "PATIENCE_S", 60)  # nothing here runs the page again when the work has ended
    monkeypatch.setattr(loaders, "classifier", lambda name: made[name] if name in made else load(name))
    monkeypatch.setattr(loaders, "detector", lambda name: FakeDetector([Box(10, 10, 60, 60)]))
    monkeypatch.delenv(DATA_SET, raising=False)

    def use(*names):
        monkeypatch.setattr(loaders, "cards", lambda: [cards[name] for name in names or cards])

    use()
    return use


def models_page(tab: str = OVERVIEW, **state) -> AppTest:
    page = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run().switch_page("pages/5_Models.py")
    page.session_state["view"] = tab
    for name, value in state.items():
        page.session_state[name] = value
    page.run()
    assert not page.exception, page.exception
    return page


def text(page: AppTest) -> str:
    parts = (*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success, *page.code)
    return "\n".join(element.value for element in parts)


def captions(page: AppTest) -> str:
    return "\n".join(words for image in page.get("image") for words in image.captions)


def alternatives(page: AppTest) -> str:
    return "\n".join(part.alt for image in page.get("image") for part in image.proto.imgs)


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def by_label(elements, label: str):
    [found] = [element for element in elements if element.label == label]
    return found


def labelled_zip(faces: dict[str, int]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, level in faces.items():
            archive.writestr(name, cv2.imencode(".png", np.full((48, 48), level, np.uint8))[1].tobytes())
        archive.writestr("a/sad/broken.png", b"nothing")
    return buffer.getvalue()


def test_the_overview_ranks_models_and_says_which_to_take(models):
    page = models_page()
    table = page.dataframe[0].value
    assert list(table["Model"]) == ["Both of them", "Right one ★", "Wrong one", "Bare one"]
    assert list(table["#"]) == [1, 2, 3, 4]
    assert table["Accuracy"].tolist()[:3] == [95.0, 95.0, pytest.approx(5.0)] and np.isnan(table["Accuracy"][3])
    assert table["95 %"].tolist()[0] == "76.4 – 99.1" and table["95 %"].tolist()[3] == "not measured"
    assert table["No copies"][0] == pytest.approx(100 * 18 / 19)
    assert re.search(r"perfectly calibrated models would have 0\.\d{3}( to 0\.\d{3})? on so many faces", text(page))
    assert (table["ms/face"] > 0).all() and "Speed measured on this machine" in text(page)
    assert "can be luck" in page.success[0].value and charts(page) == 1


def test_the_table_stands_before_anything_is_measured_or_compared(models, monkeypatch):
    order = []
    for module, name in (
        (DeltaGenerator, "dataframe"),
        (records, "timing"),
        (records, "comparisons"),
    ):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *given, name=name, real=real, **more: order.append(name) or real(*given, **more)
        )
    models_page()
    assert order[0] == "dataframe" and {"timing", "comparisons"} <= set(order)


def test_a_model_that_cannot_be_timed_is_said_and_the_rest_stands(models, monkeypatch):
    def broken(card):
        raise ModelError(f"{card.name} is damaged; restore it.")

    monkeypatch.setattr(records, "timing", broken)
    page = models_page()
    assert page.error[0].value == plain("right is damaged; restore it.") and len(page.error) == 4
    assert len(page.dataframe[0].value) == 4 and page.success and charts(page) == 1


def test_it_is_said_where_a_model_may_know_the_faces(models, installed, monkeypatch):
    theirs = Imported(
        file="model.onnx",
        source="https://example.org/theirs",
        preprocessing=Preprocessing(channels=1),
        emotion=Head(gives="logits", classes=EMOTIONS),
    )
    cards = installed[1]
    shown = [cards[WRONG], cards[RIGHT].model_copy(update={"imported": theirs})]
    monkeypatch.setattr(loaders, "cards", lambda: shown)
    page = models_page()
    assert page.success[0].value.startswith("**Take Wrong one.**") and f"Right one: {UNKNOWN}." in text(page)
    assert f"Right one: {UNKNOWN}." in text(models_page(SIDE, models=["Right one", "Wrong one"]))
    how = models_page(CLAIMS).dataframe[0].value.set_index("Model")["How"]
    assert how["Wrong one"] == "this project" and theirs.source in how["Right one"] and UNKNOWN in how["Right one"]


def test_models_without_records_are_named_with_the_command(models):
    page = models_page()
    assert (
        "Bare one" in page.info[0].value
        and "`ferplus.csv`" in page.info[0].value
        and "comparison with it" in page.info[0].value
    )
    assert page.code[0].value == ".venv/bin/python -m fer_core evaluate --data fer2013.zip --model bare --record"


def test_the_other_split_has_other_figures(models):
    page = models_page()
    by_label(page.segmented_control, "Measured on FER2013").select("PublicTest").run()
    assert page.dataframe[0].value["Accuracy"][0] == 100.0


def test_the_speed_can_be_measured_again(models, monkeypatch):
    page = models_page()
    monkeypatch.setattr(records, "latency_ms", lambda classifier, face, repeats: 12.5)
    by_label(page.button, "Measure the speed again").click().run()
    assert set(page.dataframe[0].value["ms/face"]) == {12.5}
    records.forget_timings()


def test_a_speed_measured_beside_other_work_decides_nothing_and_is_measured_again_afterwards(models):
    records.forget_timings()
    done = threading.Event()
    work = Work(lambda monitor: done.wait(60))
    try:
        page = models_page()
        assert "million weights instead" in page.success[0].value
        assert "a face here" not in page.success[0].value
        assert "was being worked on while the speed was measured" in page.warning[0].value
        assert "a camera or a single picture is not" in text(page)
    finally:
        done.set()
    work.wait(60)
    page.run()
    assert not page.warning and "a face here" in page.success[0].value


@pytest.mark.parametrize("tab", [OVERVIEW, SIDE, PICTURE, OWN, CLAIMS, DATA, FILES])
@pytest.mark.parametrize(
    "names",
    [(RIGHT, WRONG, BARE, BOTH), (RIGHT,), (BARE,), (BOTH, RIGHT, WRONG)],
    ids=["many", "one", "bare", "ensemble first"],
)
def test_every_tab_works_for_any_number_of_models(models, tab, names):
    models(*names)
    page = models_page(tab)
    assert "not what a person feels" in text(page)
    assert not page.error, [error.value for error in page.error]
    assert tab == OVERVIEW or not any("Take" in told.value for told in page.success)  # only the open tab is drawn


def test_a_link_opens_its_tab(models):
    page = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
    page.query_params["view"] = CLAIMS
    page.run().switch_page("pages/5_Models.py").run()
    page.query_params["view"] = CLAIMS
    page.run()
    assert "someone wrote it" in text(page)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("picked", [["Right one", "Wrong one"], ["Both of them"]])
def test_every_view_works_for_any_choice(models, view, picked):
    page, alone = models_page(SIDE, models=picked, chart=view), len(picked) == 1
    drawn = {
        "Is it real?": 0,
        "Confusion": len(picked),
        "By emotion": 1,
        "Robustness": 1,
        "Training": 0 if alone else 2,
    }
    assert charts(page) == drawn.get(view, 2) and not page.error
    if view == "Is it real?" and alone:
        assert "Pick a second model" in text(page)
    if view == "Training" and alone:
        assert "an ensemble is the mean of its members" in text(page)


def test_a_real_difference_is_told_from_luck(models):
    page = models_page(SIDE, models=["Right one", "Wrong one"])
    assert "Right one is 90.0 points above Wrong one" in page.success[0].value.replace("\\", "")
    page = models_page(SIDE, models=["Right one", "Both of them"])
    assert "right and wrong on the same 20 faces" in page.warning[0].value.replace("\\", "")


def test_copies_can_be_left_out_of_the_test_of_a_difference(models):
    page = models_page(SIDE, models=["Right one", "Wrong one"])
    assert page.dataframe[0].value["Faces"].tolist() == [20] and "1 of the 20 faces is a copy" in text(page)
    by_label(page.toggle, "Without copies").set_value(True).run()
    assert page.dataframe[0].value["Faces"].tolist() == [19] and "is a copy" not in text(page)
    page = models_page(SIDE, models=["Right one", "Wrong one"], chart="Calibration")
    assert not page.toggle and "1 of the 20 faces is a copy" in text(page)


@pytest.mark.parametrize("view", ["Robustness", "Training"])
def test_faces_cannot_be_chosen_where_the_choice_does_nothing(models, view):
    page = models_page(SIDE, models=["Right one"], chart="Calibration")
    by_label(page.segmented_control, "Measured on FER2013").select("PublicTest").run()
    by_label(page.segmented_control, "View").select(view).run()
    assert not page.exception and "Measured on FER2013" not in {choice.label for choice in page.segmented_control}
    by_label(page.segmented_control, "View").select("Calibration").run()
    assert by_label(page.segmented_control, "Measured on FER2013").value == "PublicTest"  # it is not forgotten


def test_lost_points_are_above_zero(models, installed):
    page = models_page(SIDE, models=["Right one"], chart="Robustness")
    kinds = records.evaluation(installed[1][RIGHT]).robustness["kinds"]
    [row] = page.dataframe[0].value.to_dict("records")
    for kind, measured in kinds.items():
        assert row[kind] == pytest.approx(100 * (measured["accuracy"][0] - measured["accuracy"][3]))
    assert max(row[kind] for kind in kinds) > 0


def test_a_course_that_went_on_from_others_says_so(models, installed, monkeypatch):
    first = Recipe(settings=RunSettings(model="older"), epochs=28, minutes=96.2)
    second = Recipe(settings=RunSettings(model="right", start="older"), epochs=24, minutes=32.0, before=first)
    recipe = installed[1][RIGHT].recipe.model_copy(update={"before": second})
    unknown = Recipe(settings=RunSettings(model=WRONG, start="runs/wrong/model.keras"))
    cards = [
        installed[1][RIGHT].model_copy(update={"recipe": recipe}),
        installed[1][WRONG].model_copy(update={"recipe": unknown}),
    ]
    monkeypatch.setattr(loaders, "cards", lambda: cards)
    words = text(models_page(SIDE, models=["Right one", "Wrong one"], chart="Training")).replace("\\", "")
    assert "Right one went on from weights of 52 epochs, 128 minutes; its curve begins there." in words
    assert "Wrong one began with weights of which no course is recorded." in words
    facts = models_page(FILES, model="Right one").markdown
    [went] = [part for part in facts if "Went on from" in part.value]
    assert "right, trained for 24 epochs, 32 minutes; before that older, trained for 28 epochs" in went.value


def test_a_model_without_a_course_is_no_ensemble(models, installed, monkeypatch):
    card = installed[1][RIGHT]
    files = {name: record for name, record in card.files.items() if name != "history.csv"}
    monkeypatch.setattr(loaders, "cards", lambda: [card.model_copy(update={"files": files})])
    words = text(models_page(SIDE, models=["Right one"], chart="Training"))
    assert "No course of training came with Right one." in words and "ensemble" not in words


def test_confusions_are_shown_as_shares_counts_and_difference(models):
    page = models_page(SIDE, models=["Right one", "Wrong one"], chart="Confusion")
    assert charts(page) == 2
    by_label(page.segmented_control, "Show").select("Difference").run()
    assert not page.exception and charts(page) == 1 and len(page.selectbox) == 2


def test_no_model_picked_is_said(models):
    page = models_page(SIDE, models=[])
    assert "Pick one model" in text(page)


def test_all_models_read_the_sample_and_disagree(models):
    page = models_page(PICTURE)
    words = text(page).replace("\\", "")
    assert "The models disagree" in words and charts(page) == 2  # probabilities, raters
    assert "of ten people, 10.0 neutral" in words  # what all raters say of all faces there
    page.toggle[0].set_value(True).run()
    assert not page.exception and charts(page) == 2 + 4 and "most hidden" in text(page)


def test_a_model_whose_records_hold_no_votes_is_named(models, installed, monkeypatch):
    folder, cards = installed
    unrated, load = without_votes(folder), loaders.classifier
    made = classifiers({unrated.name: unrated})
    monkeypatch.setattr(loaders, "classifier", lambda name: made[name] if name in made else load(name))
    for shown in ([unrated], [unrated, cards[RIGHT]]):
        monkeypatch.setattr(loaders, "cards", lambda shown=shown: shown)
        page = models_page(PICTURE)
        [said] = [each.value for each in page.info if "No votes" in each.value]
        assert "records of **Unrated one**. This command" in said and "--model unrated --record" in text(page)
        assert text(page).count("of ten people, 10.0 neutral") == len(shown) - 1
        page = models_page(DATA)  # the table is that of a model that has votes
        assert charts(page) == len(shown) and ("No FER+ votes" in text(page)) == (len(shown) == 1)


def test_what_is_not_the_default_has_no_star(models, monkeypatch):
    models(WRONG)
    page = models_page()
    assert list(page.dataframe[0].value["Model"]) == ["Wrong one"]
    page = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run()
    assert "1 ready." in text(page) and "is the default" not in text(page)


@pytest.fixture
def maps_known(models, installed, monkeypatch):
    """The right model alone, of whose maps so much is known."""

    def use(better_than_random):
        maps = MapFigures(faces=1000, outside=0.2, offset=0.2, tested=100, better_than_random=better_than_random)
        card = installed[1][RIGHT].model_copy(update={"maps": maps})
        monkeypatch.setattr(loaders, "cards", lambda: [card])

    return use


def test_a_map_at_the_border_is_warned_of(maps_known, monkeypatch):
    maps_known(better_than_random=90)
    edge = np.zeros((6, 6), np.float32)
    edge[0] = 1
    monkeypatch.setattr("fer_core.classification.Classification.activation", lambda self, *which: edge)
    page = models_page(PICTURE)
    assert any("off the face" in warning.value for warning in page.warning)
    assert "Class activation map" in alternatives(page)


def test_maps_that_mark_nothing_are_not_shown(maps_known):
    maps_known(better_than_random=45)
    page = models_page(PICTURE)
    assert any("45 of 100 faces only" in info.value for info in page.info)
    assert "without a map" in alternatives(page) and "Class activation map" not in alternatives(page)
    assert not [toggle for toggle in page.toggle if toggle.key == "check maps"]


def test_a_picture_without_a_face_can_be_read_whole(models, monkeypatch):
    monkeypatch.setattr(loaders, "detector", lambda name: FakeDetector([]))
    page = models_page(PICTURE)
    assert "No face found" in page.info[0].value and charts(page) == 0
    page.toggle[0].set_value(True).run()
    assert not page.exception and charts(page) > 0


def test_a_bad_picture_is_one_clear_error(models):
    page = models_page(PICTURE)
    by_label(page.segmented_control, "Picture from").select(":material/upload: Upload").run()
    page.file_uploader[0].upload("holiday.png", b"not a picture", "image/png").run()
    assert not page.exception and "holiday.png" in page.error[0].value.replace("\\", "")


def test_a_picture_that_all_models_read_is_not_labelled_blind_afterwards(models, monkeypatch):
    monkeypatch.setattr(loaders, "detector", lambda name: FakeDetector([Box(10, 10, 60, 60)]))
    page = models_page(PICTURE)
    by_label(page.segmented_control, "Picture from").select(":material/upload: Upload").run()
    data = cv2.imencode(".png", np.full((100, 300, 3), 60, np.uint8))[1].tobytes()
    page.file_uploader[0].upload("one.png", data, "image/png").run()
    assert not page.exception and hashlib.sha256(data).hexdigest() in page.session_state[seen._SHOWN]


def test_another_picture_starts_with_its_first_face(models, monkeypatch):
    found = FakeDetector([Box(10, 10, 60, 60), Box(100, 10, 60, 60), Box(200, 10, 60, 60)])
    monkeypatch.setattr(loaders, "detector", lambda name: found)
    page = models_page(PICTURE)
    by_label(page.segmented_control, "Picture from").select(":material/upload: Upload").run()
    for level, numbers in ((60, 3), (200, 2)):
        found.boxes = found.boxes[:numbers]
        picture = cv2.imencode(".png", np.full((100, 300, 3), level, np.uint8))[1].tobytes()
        page.file_uploader[0].upload(f"{level}.png", picture, "image/png").run()
        faces = by_label(page.pills, "Face")
        assert not page.exception and faces.value == 1 and len(faces.options) == numbers
        faces.select(numbers).run()
        assert not page.exception


def measured(page: AppTest, faces: dict[str, int]) -> AppTest:
    by_label(page.file_uploader, "Zip of labelled pictures").upload(
        "mine.zip", labelled_zip(faces), "application/zip"
    ).run()
    by_label(page.button, "Measure").click().run()
    assert not page.exception, page.exception
    return page


MINE = {"a/happy/1.png": 200, "a/happy/2.png": 60, "a/sad/3.png": 50}


def test_own_faces_are_measured_shown_and_offered(models):
    page = measured(models_page(OWN), MINE)
    words = text(page).replace("\\", "")
    assert "mine.zip: 3 faces, 1 file left out" in words
    table = page.dataframe[0].value.set_index("Model")["Accuracy"]
    assert table["Right one"] == pytest.approx(200 / 3) and table["Wrong one"] == pytest.approx(100 / 3)
    assert {button.label for button in page.get("download_button")} == {"PDF", "CSV", "JSON"}
    errors, skipped = (frame.value for frame in page.dataframe[-2:])
    assert errors["File"].tolist() == ["a/happy/2.png"] and skipped["File"].tolist() == ["a/sad/broken.png"]


def test_a_folder_is_measured_like_a_zip(models):
    page = models_page(OWN)
    by_label(page.segmented_control, "Faces from").select(":material/folder: Folder").run()
    uploader = by_label(page.file_uploader, "Folder of labelled pictures")
    assert {f".{ending}" for ending in PICTURE_TYPES} <= set(uploader.proto.type)  # browsers send no others
    for name, level in (("mine/happy/1.png", 200), ("mine/happy/2.png", 60), ("mine/sad/3.png", 50)):
        uploader.upload(name, cv2.imencode(".png", np.full((48, 48), level, np.uint8))[1].tobytes(), "image/png")
    page.run()
    by_label(page.button, "Measure").click().run()
    assert not page.exception and not page.error
    assert "mine: 3 faces" in text(page) and "left out" not in text(page)
    assert page.dataframe[-1].value["File"].tolist() == ["mine/happy/2.png"]  # the right one's only error


def test_a_folder_is_packed_only_when_it_is_measured(models, monkeypatch):
    packed, as_zip = [], own_data.as_zip
    monkeypatch.setattr(own_data, "as_zip", lambda files: packed.append(len(files)) or as_zip(files))
    page = models_page(OWN)
    by_label(page.segmented_control, "Faces from").select(":material/folder: Folder").run()
    picture = cv2.imencode(".png", np.full((48, 48), 200, np.uint8))[1].tobytes()
    by_label(page.file_uploader, "Folder of labelled pictures").upload("mine/happy/1.png", picture, "image/png")
    page.run()
    by_label(page.toggle, "Robustness curves too").set_value(False).run()
    assert not packed
    by_label(page.button, "Measure").click().run()
    assert packed == [1] and "mine: 1 face" in text(page)


def test_a_table_of_groups_with_a_comma_too_many(models):
    page = models_page(OWN)
    table = b"file,light\na/happy/1.png,sun,\na/happy/2.png,lamp\na/sad/3.png,lamp,\n"
    by_label(page.file_uploader, "Figures by group (CSV)").upload("groups.csv", table, "text/csv")
    page = measured(page, MINE)
    assert not page.error
    groups = next(frame.value for frame in page.dataframe if "Group" in frame.value)
    assert set(groups["Attribute"]) == {"light"} and set(groups["Group"]) == {"sun", "lamp"}


def test_a_table_of_groups_that_is_too_large_is_refused(models):
    page = models_page(OWN)
    page.file_uploader[0].upload("mine.zip", labelled_zip(MINE), "application/zip")
    by_label(page.file_uploader, "Figures by group (CSV)").upload("groups.csv", bytes(11_000_000), "text/csv").run()
    assert "more than the 10 MB" in page.error[0].value and by_label(page.button, "Measure").disabled


def test_own_faces_are_told_apart_by_folder(models):
    page = models_page(OWN)
    by_label(page.toggle, "Figures by folder").set_value(True).run()
    page = measured(page, MINE | {"b/sad/4.png": 200})
    groups = next(frame.value for frame in page.dataframe if "Group" in frame.value)
    assert set(groups["Group"]) == {"a", "b"}


def test_own_faces_are_forgotten_on_request_and_with_the_page(models, monkeypatch):
    page = measured(models_page(OWN), MINE)
    assert page.session_state[page_memory.KEY]["Models"]
    by_label(page.button, "Forget it and measure something else").click().run()
    assert "own evaluation" not in page.session_state[page_memory.KEY]["Models"]
    page = measured(models_page(OWN), MINE)
    monkeypatch.setattr(routing, "PagesManager", PagesManager)  # visitors come through the router
    page.switch_page("pages/0_Start.py").run()
    assert page.title[0].value == "Face Value"
    assert "Models" not in page.session_state[page_memory.KEY]


def opened_tab(page: AppTest, name: str) -> AppTest:
    page.query_params["view"] = name
    page.session_state["view"] = name
    page.run()
    assert not page.exception
    return page


def test_own_faces_and_how_they_are_measured_stay_while_another_tab_is_looked_at(models):
    page = models_page(OWN)
    page.file_uploader[0].upload("mine.zip", labelled_zip(MINE), "application/zip").run()
    by_label(page.toggle, "Figures by folder").set_value(True).run()
    by_label(page.pills, "Models").set_value(["Right one"]).run()
    opened_tab(opened_tab(page, OVERVIEW), OWN)
    assert "Given before: mine" in text(page) and by_label(page.toggle, "Figures by folder").value
    by_label(page.button, "Measure").click().run()
    assert "mine.zip: 3 faces" in text(page).replace("\\", "")
    assert page.dataframe[0].value["Model"].tolist() == ["Right one"]
    by_label(page.button, "Forget it and measure something else").click().run()
    assert "Given before" not in text(page) and by_label(page.button, "Measure").disabled


def test_the_page_does_not_move_the_files_that_are_being_measured(models, monkeypatch):
    measured = []

    def read(upload, *_):
        measured.append(upload)
        raise DatasetError("no")

    monkeypatch.setattr(own_data, "read_labelled", read)
    page = models_page(OWN)
    page.file_uploader[0].upload("mine.zip", labelled_zip(MINE), "application/zip").run()
    opened_tab(opened_tab(page, OVERVIEW), OWN)
    by_label(page.button, "Measure").click().run()
    [upload] = measured
    assert upload.read(4) == labelled_zip(MINE)[:4] and "Given before: mine" in text(page)
    assert not page.run().exception and upload.tell() == 4 and upload.name == "mine.zip"


def test_a_picture_for_all_models_stays_until_it_is_taken_away(models, monkeypatch):
    monkeypatch.setattr(loaders, "detector", lambda name: FakeDetector([Box(10, 10, 60, 60)]))
    page = models_page(PICTURE)
    by_label(page.segmented_control, "Picture from").select(":material/upload: Upload").run()
    data = cv2.imencode(".png", np.full((100, 300, 3), 60, np.uint8))[1].tobytes()
    page.file_uploader[0].upload("one.png", data, "image/png").run()
    opened_tab(opened_tab(page, OVERVIEW), PICTURE)
    assert "Given before: one" in text(page) and charts(page) > 0
    by_label(page.button, "Take away").click().run()
    assert not page.exception and "Given before" not in text(page) and charts(page) == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no zip", "neither a folder nor a readable zip"),
        (labelled_zip({"holiday/1.png": 200}), "None of the 1 pictures"),  # only the broken one has a label
    ],
)
def test_a_zip_that_cannot_be_used_is_one_clear_error(models, data, words):
    page = models_page(OWN)
    page.file_uploader[0].upload("mine.zip", data, "application/zip").run()
    by_label(page.button, "Measure").click().run()
    assert not page.exception and words in page.error[0].value.replace("\\", "")


def test_what_is_too_large_to_upload_is_refused_with_the_way_out(models, monkeypatch):
    monkeypatch.setattr(own_data, "MOST_BYTES", 1_000_000)
    page = models_page(OWN)
    page.file_uploader[0].upload("large.zip", bytes(1_200_000), "application/zip").run()
    assert "more than the 1 MB" in page.error[0].value and "command" in page.error[0].value
    assert by_label(page.button, "Measure").disabled


def test_claims_and_measurements_have_a_table_each(models):
    page = models_page(CLAIMS)
    [own], [claimed] = ([frame.value for frame in frames] for frames in (page.dataframe, page.table))
    assert {"Right one", "The model inside the package fer"} <= set(own["Model"]) and "Can it be repeated?" not in own
    assert claimed["Model and claim"].str.contains("78.0 %").sum() == 1 and claimed["Can it be repeated?"].all()
    sources = claimed["Source, faces and choice"]
    assert all(("https://" in source) != (claims.NO_ADDRESS in source) for source in sources)
    # Counted in the models' own records: twenty faces, of which one is a copy of a training face.
    assert "on the 20 faces of FER2013 PrivateTest" in text(page) and "5.0 % of PrivateTest" in text(page)


def test_the_data_are_described_without_the_data(models):
    page = models_page(DATA)
    assert (
        charts(page) == 2
        and page.dataframe[0].value.set_index("Exact copies")["Faces"]["PrivateTest also in train"] == 1
    )
    assert "Download" in page.info[0].value and DATA_SET in page.info[0].value


@pytest.fixture
def data_set(models, tmp_path, monkeypatch):
    """The faces that the models were recorded on, as a folder on this machine."""
    faces = face_set()
    for row, split in enumerate(faces.splits):
        part = "train" if split == "train" else "test"
        stem = faces.names[row] if split == "train" else f"{split}_{faces.names[row]}"
        path = tmp_path / part / ("happy" if faces.labels[row] == 3 else "sad") / stem
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", faces.images[row])[1].tobytes())
    columns = ",".join(datasets.VOTE_COLUMNS)
    names = sorted(path.name for path in tmp_path.rglob("*.png"))
    rows = [f"{name},10,0,0,0,0,0,0,0,0,0" for name in names]
    (tmp_path / "ferplus.csv").write_text("\n".join([f"image,{columns}", *rows]))
    return tmp_path


def opened(page: AppTest) -> AppTest:
    by_label(page.button, "Open the data set").click().run()
    assert not page.exception, page.exception
    return page


def test_faces_of_the_data_are_shown_where_they_are(data_set, monkeypatch):
    monkeypatch.setenv(DATA_SET, str(data_set))
    page = opened(models_page(DATA))
    assert len(page.get("image")) == 2  # happy and sad ones
    by_label(page.button, "Others").click().run()
    assert not page.exception
    views = page.segmented_control[-2]
    views.select("Labels that raters dispute").run()
    page.pills[0].select("sad").run()
    assert "none of the ten raters" in text(page) and "10 neutral" in captions(page)


def test_errors_of_models_are_shown_and_filtered(data_set, monkeypatch):
    monkeypatch.setenv(DATA_SET, str(data_set))
    page = models_page(DATA, **{"faces view": "What models get wrong"})
    page = opened(page)
    assert "1 of 20 faces" in text(page) and "happy → sad" in captions(page)
    by_label(page.selectbox, "Label").select("sad").run()
    assert "0 of 20 faces" in text(page)


def test_copies_are_shown_with_their_splits_and_labels(data_set, monkeypatch):
    monkeypatch.setenv(DATA_SET, str(data_set))
    page = opened(models_page(DATA, **{"faces view": "Copies"}))
    assert "byte for byte: 1" in text(page)
    assert captions(page) == "PrivateTest happy · PublicTest happy · train happy"


def test_training_faces_are_read_only_where_they_are_shown(data_set, monkeypatch):
    asked, load = [], dataset.load_faces
    monkeypatch.setattr(
        dataset, "load_faces", lambda path, training: asked.append(training) or load(path, training=training)
    )
    monkeypatch.setenv(DATA_SET, str(data_set))
    for view in ("Samples", "Labels that raters dispute", "What models get wrong"):
        opened(models_page(DATA, **{"faces view": view}))
        assert asked == [False]
    page = opened(models_page(DATA))
    by_label(page.segmented_control, "Split").select("train").run()
    assert not page.exception and asked == [False, True] and len(page.get("image")) == 2


def test_long_galleries_have_pages(data_set, monkeypatch):
    monkeypatch.setenv(DATA_SET, str(data_set))
    monkeypatch.setattr(dataset, "SHOWN", 8)
    page = opened(models_page(DATA, **{"faces view": "Labels that raters dispute"}))
    page.pills[0].select("sad").run()
    assert len(captions(page).splitlines()) == 8 and len(page.get("pagination")) == 1
    page.session_state["page of disputed sad"] = 3
    page.run()
    assert not page.exception and len(captions(page).splitlines()) == 19 - 16  # one of the twenty is labelled happy


@pytest.fixture
def at_this_machine(monkeypatch):
    """The visitor sits there; an `AppTest` sends no headers."""
    monkeypatch.setattr(type(st.context), "headers", {"Host": "localhost:8501"})


def test_the_data_set_can_be_named_on_this_machine_only(data_set, at_this_machine, monkeypatch):
    page = models_page(DATA)
    page.text_input[0].input(str(data_set)).run()
    opened(page)
    page = models_page(DATA)
    page.text_input[0].input(str(data_set / "nowhere")).run()
    assert "does not exist" in page.error[0].value
    monkeypatch.setattr(type(st.context), "headers", {"Host": "faces.example"})
    page = models_page(DATA)
    assert not page.text_input and "Download" in page.info[0].value


HERE = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.mark.parametrize(
    ("address", "headers", "here"),
    [
        ("localhost", HERE, True),
        ("127.0.0.1", {"Host": "127.0.0.1:8501"}, True),
        ("::1", {"Host": "[::1]:8501", "Origin": "http://[::1]:8501"}, True),
        ("0.0.0.0", HERE, False),  # others can reach it
        ("", HERE, False),
        ("localhost", {}, False),
        ("localhost", {"Host": "faces.example"}, False),  # a proxy that passes on whom the visitor asked for
        ("localhost", HERE | {"Origin": "https://faces.example"}, False),  # one that does not
        ("localhost", HERE | {"X-Forwarded-For": "203.0.113.9"}, False),
        ("localhost", HERE | {"Forwarded": "for=203.0.113.9"}, False),
        ("localhost", HERE | {"X-Real-Ip": "203.0.113.9"}, False),
        ("localhost", {"Host": "[oops"}, False),
    ],
)
def test_who_sits_at_this_machine(address, headers, here):
    assert sits_here(address, headers) is here


@pytest.mark.parametrize(
    ("typed", "words"), [("~nobody-at-all/fer2013.zip", "no home"), ("x" * 300, "does not exist or may not be read")]
)
def test_a_path_that_leads_nowhere_is_one_clear_error(models, at_this_machine, typed, words):
    page = models_page(DATA)
    page.text_input[0].input(typed).run()
    assert not page.exception and words in page.error[0].value and len(page.error) == 1


def test_a_damaged_data_set_is_one_clear_error(models, at_this_machine, tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(b"emo\xfftion,pixels,Usage\n")
    page = models_page(DATA)
    page.text_input[0].input(str(path)).run()
    page = opened(page)
    assert "not a readable CSV" in page.error[0].value.replace("\\", "")


def test_a_setting_that_names_nothing_is_said(models, monkeypatch):
    monkeypatch.setenv(DATA_SET, "/nowhere/at all")
    assert "does not exist" in models_page(DATA).error[0].value


def test_files_can_be_taken_and_commands_copied(models):
    page = models_page(FILES, model="Right one")
    labels = [button.label for button in page.get("download_button")]
    assert labels == [
        "card.json",
        "model.keras",
        "evaluation.json",
        "predictions.npz",
        "history.csv",
        "Settings of this very run",
    ]
    commands = "\n".join(code.value for code in page.code)
    assert "`FER_MODELS_DIR`" in text(page) and "takes the place of the installed model" in text(page)
    assert "train --model right" in commands and "publish runs/right" in commands and "--format onnx" in commands
    assert "1000" not in page.markdown[0].value and "MIT" in text(page)


def test_an_ensemble_names_its_members_and_has_no_network(models):
    page = models_page(FILES, model="Both of them")
    assert "right, wrong" in text(page) and "ensemble right wrong" in page.code[1].value
    assert "model.keras" not in [button.label for button in page.get("download_button")]


def test_a_damaged_record_is_one_clear_error_and_the_rest_stands(models, installed, monkeypatch):
    def broken(card, folder):
        raise ModelError("The record is damaged; restore it.")

    monkeypatch.setattr(records, "read_evaluation", broken)
    monkeypatch.setattr(records, "read_predictions", broken)
    st.cache_resource.clear()
    page = models_page()
    assert "damaged" in page.error[0].value and len(page.dataframe[0].value) == 4
    page = models_page(SIDE)
    assert "damaged" in page.error[0].value


@pytest.mark.parametrize(
    "cards", [list, pytest.param(lambda: (_ for _ in ()).throw(ModelError("Restore it.")), id="damaged")]
)
def test_without_models_the_way_out_is_said(monkeypatch, cards):
    monkeypatch.setattr(loaders, "cards", cards)
    page = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run().switch_page("pages/5_Models.py").run()
    assert not page.exception and "estore" in page.error[0].value


def test_the_installed_models_are_shown_as_they_are(monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    page = models_page()
    table = page.dataframe[0].value
    assert len(table) == len(list_cards())
    best = next(card for card in list_cards() if card.name == default_model())
    row = table[table["Model"].str.endswith("★")].iloc[0]
    assert row["Accuracy"] == pytest.approx(100 * best.metrics["PrivateTest"].accuracy)
