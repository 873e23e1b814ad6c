"""The Study page without a browser, over a library of its own."""

import threading
import time
from dataclasses import replace
from functools import cache

import pytest
from streamlit.testing.v1 import AppTest

from fer_core.errors import LibraryError
from fer_core.library import sample as sample_study
from fer_core.library.curves import samples_of
from fer_core.library.exchange import export_library
from fer_core.library.library import Library
from fer_core.library.queue import FOLDER, Queue
from fer_core.library.sample_marks import MADE_UP
from fer_core.library.values import Consent, Place
from fer_core.readings import Box
from fer_core.request import AnalysisRequest
from fer_core.settings import LIBRARY
from fer_core.testing import fake_card, fake_pipeline
from fer_core.timeline.editing.edits import Name, Smooth
from fer_core.timeline.editing.study import Study
from fer_core.ui.shared import library as shared
from fer_core.ui.shared import loaders, routing
from fer_core.ui.study import reading as reading_of_files
from fer_core.ui.study import sample, taking
from fer_core.ui.study.recordings import FIRST, columns_at_first, labels_of, table_of
from tests.conftest import ROOT
from tests.libraries import files_of, laid_out
from tests.timelines import of_rows, reading
from tests.videos import scene, write_video


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    monkeypatch.setattr(loaders, "pipeline", lambda model, detector: fake_pipeline([Box(20, 20, 60, 60)]))
    monkeypatch.setattr(loaders, "cards", lambda: [fake_card()])
    monkeypatch.setenv(LIBRARY, str(tmp_path / "library"))
    read = {}
    monkeypatch.setattr(reading_of_files, "_shared", lambda: read)
    return tmp_path / "library"


def study_page() -> AppTest:
    page = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run().switch_page("pages/4_Study.py").run()
    assert not page.exception
    return page


def choice(page):
    """The widget of what is chosen."""
    [widget] = [each for each in page.multiselect if each.label == "Chosen recordings"]
    return widget


def opened_in_video(entry):
    """The Study page after *Open in Video*, and the recording that the Video page then has."""
    page = study_page()
    choice(page).set_value([entry.analysis]).run()
    next(each for each in page.button if each.label == "Open in Video").click().run()
    assert not page.exception
    [recording] = page.session_state["video memory"].recordings.values()
    return page, recording


def texts(page) -> str:
    return "\n".join(each.value for each in (*page.markdown, *page.caption, *page.info, *page.success, *page.error))


def shared_work(what):
    """What is done for all visitors: that whose name begins so."""
    [work] = [each.work for key, each in reading_of_files._shared().items() if key.startswith(what)]
    return work


@cache
def kept_of(people: int):
    """Files of a library with everybody under both conditions, happier by 0.2 at jokes; one without a subject."""

    def fill(library):
        for number in range(2 * people + 1):
            joke = number % 2
            rows = [reading(t / 2, 1, "happy", 0.6 + 0.2 * joke + 0.001 * number) for t in range(8)]
            timeline = of_rows(rows)
            recording = replace(timeline.recording, name=f"r{number}.mp4", sha256=f"{number:064x}")
            library.keep(Study(replace(timeline, recording=recording), (Name(1, "Ada"),)))
            if number < 2 * people:
                library.set_place(f"{number:064x}", Place(f"S{number // 2}", condition="joke" if joke else "calm"))

    return files_of(fill)


def full(place, people=6):
    """A library as `kept_of` describes it."""
    laid_out(kept_of(people), place)


def tab(page, name):
    page.session_state["study part"] = name
    page.run()
    assert not page.exception
    return page


def test_an_empty_study_teaches_how_one_is_made(place):
    page = study_page()
    assert "A study grows in three steps" in texts(page)
    assert page.expander[0].proto.expanded
    assert "never a picture" in texts(page)


def test_somebody_from_elsewhere_sees_no_library(place, monkeypatch):
    full(place)
    monkeypatch.delenv(LIBRARY)
    monkeypatch.setenv("XDG_DATA_HOME", str(place.parent))
    monkeypatch.setattr(shared, "sits_here", lambda address, headers: False)
    page = study_page()
    assert "you come from elsewhere" in texts(page) and not page.dataframe


def test_the_table_shows_what_is_missing(place):
    full(place)
    page = study_page()
    table = page.dataframe[0].value
    assert len(table) == 13
    assert table.set_index("Recording").loc["r12.mp4", "Missing"] == "no subject, no condition"
    assert columns_at_first(table) == list(FIRST) and sum(FIRST.values()) < 820  # all are seen at 1280 pixels
    assert "13 analyses, 6 subjects; 1 with something missing" in texts(page)
    page.text_input[0].set_value("s1 joke").run()
    assert list(page.dataframe[0].value["Recording"]) == ["r3.mp4"]


def test_an_attribute_called_like_a_column_of_the_page_is_shown_beside_it(place):
    full(place, people=1)
    with Library.open(place) as library:
        library.describe(b"recording,Consent,Model,Tags,age\nr0.mp4,by mail,A7,left,31\n")
        entries = library.entries()
    table = table_of(entries, {})
    place = Place("S1", "day 1")
    consents = {entry.recording_id: (Consent("study", "v1", "2026-01-01"),) for entry in entries}
    plain = table_of([replace(entry, attributes={}, tags=("x",), place=place) for entry in entries], consents)
    row = table.set_index("Recording").loc["r0.mp4"]
    assert [row[f"attribute {name}"] for name in ("Consent", "Model", "Tags")] == ["by mail", "A7", "left"]
    assert row["age"] == "31" and row["Model"] != "A7"
    assert {"Session", "Consent", "Tags"} < set(plain)
    for name in plain:  # whatever the page calls its own
        described = [replace(entry, attributes={name: "mine"}) for entry in entries]
        assert set(table_of(described, {})[f"attribute {name}"]) == {"mine"}


def test_people_are_compared_with_what_each_figure_rests_on(place):
    full(place)
    page = tab(study_page(), "Compare people")
    said = texts(page).replace("\\", "")
    assert "happy: mean probability: " in said and "n = 6 in both" in said and "mean_happy" not in said
    assert "r12.mp4: no subject is named" in said
    cells = page.dataframe[0].value
    assert list(cells["n"]) == [6, 6] and list(cells["seconds"]) == [24.0, 24.0]


def test_it_is_said_where_what_is_compared_was_not_read_alike(place):
    full(place)
    with Library.open(place) as library:
        entries = {entry.title: entry for entry in library.entries()}
        study = library.open_study(entries["r12.mp4"].analysis)  # of nobody, so in no figure
        library.save(entries["r12.mp4"].analysis, study.edited(Smooth("none", 0.0, 0.9)))
    page = study_page()
    for name in ("Compare people", "Over time", "Take along"):
        assert not tab(page, name).warning
    with Library.open(place) as library:
        study = library.open_study(entries["r1.mp4"].analysis)
        library.save(entries["r1.mp4"].analysis, study.edited(Smooth("exponential", 0.4, 0.35)))
    for name in ("Compare people", "Over time", "Take along"):
        [said] = [each.value for each in tab(page, name).warning]
        assert "calm: below 50% (6); joke: below 35% (1), below 50% (5)" in said.replace("\\", "")


def test_a_pair_that_cannot_be_compared_does_not_hide_the_others(place):
    full(place)
    with Library.open(place) as library:
        for number in range(5):  # a third condition, which one person alone shares
            timeline = of_rows([reading(t / 2, 1, "happy") for t in range(8)])
            recording = replace(timeline.recording, name=f"n{number}.mp4", sha256=f"{100 + number:064x}")
            library.keep(Study(replace(timeline, recording=recording)))
            library.set_place(f"{100 + number:064x}", Place(f"S{5 + number}", condition="news"))
    said = texts(tab(study_page(), "Compare people")).replace("\\", "")
    assert "n = 6 in both" in said and '"joke" and "news" within people has 1' in said


def test_few_people_are_shown_and_not_compared(place):
    full(place, people=3)
    page = tab(study_page(), "Compare people")
    assert "under 5 people are shown and not compared" in texts(page)
    assert list(page.dataframe[0].value["n"]) == [3, 3]
    assert "values of recordings were averaged within each person" in page.code[0].value


def test_a_recording_is_described_opened_and_deleted(place):
    full(place)
    page = study_page()
    name = next(entry.analysis for entry in Library.open(place).entries() if entry.title == "r12.mp4")
    choice(page).set_value([name]).run()
    by_label = {each.label: each for each in page.text_input}
    by_label["Subject"].set_value("S9")
    by_label["Condition"].set_value("calm")
    next(each for each in page.button if each.label == "Save").click().run()
    assert "r12.mp4 was saved" in texts(page).replace("\\", "")
    assert Library.open(place).entry(name).place == Place("S9", "", "calm")
    choice(page).set_value([name]).run()
    Queue(place / FOLDER).add("r12.mp4", b"", AnalysisRequest())
    page.button(key="study delete").click().run()
    assert "Deleted for good" in texts(page) and "1 analysis" in texts(page)
    assert "still waits in the queue" in texts(page)
    assert len(page.dataframe[0].value) == 12


def test_what_is_chosen_stays_chosen_in_the_browser_when_its_label_changes(place):
    """A browser sends the labels that it shows, which a new widget or the server alone changes."""
    full(place)
    page = study_page()
    [entry] = Library.open(place).search("r12")
    choice(page).set_value([entry.analysis]).run()
    drawn = choice(page).proto
    assert "r12.mp4 · no subject" in drawn.options
    for field, words in (("Title", "renamed"), ("Subject", "S9")):
        next(each for each in page.text_input if each.label == field).set_value(words)
        next(each for each in page.button if each.label == "Save").click().run()
        now = choice(page).proto
        assert now.id != drawn.id or now.set_value
        [label] = now.raw_values if now.set_value else [now.options[place] for place in now.default]
        assert words in label and choice(page).value == [entry.analysis]
        drawn = now
    kept = Library.open(place).entry(entry.analysis)
    assert (kept.title, kept.place.subject) == ("renamed", "S9")
    page.button(key="study delete").click().run()
    assert "Deleted for good" in texts(page) and len(Library.open(place).entries()) == 12


def test_what_was_searched_and_chosen_stays_while_another_part_is_looked_at(place):
    full(place)
    page = study_page()
    page.text_input("study search").set_value("S1").run()
    chosen = choice(page)
    first = page.dataframe[0].value["Recording"].tolist()
    analysis = next(one.analysis for one in Library.open(place).entries() if one.title == first[0])
    chosen.set_value([analysis]).run()
    page.toggle("study columns").set_value(True).run()
    tab(page, "Take along")
    tab(page, "Recordings")
    assert page.text_input("study search").value == "S1" and page.toggle("study columns").value
    assert page.dataframe[0].value["Recording"].tolist() == first
    chosen = choice(page)
    assert chosen.value == [analysis]


def test_of_two_analyses_of_one_recording_the_chosen_one_is_deleted(place):
    rows = [reading(t / 2, 1, "happy") for t in range(8)]
    with Library.open(place) as library:
        older = library.keep(Study(of_rows(rows)))
        newer = library.keep(Study(of_rows(rows[:6])))
        labels = labels_of(library.entries())
    assert len({*labels.values()}) == 2 and all("kept 2" in label for label in labels.values())
    page = study_page()
    choice(page).select(labels[older]).run()  # by its label, as a browser does
    assert labels[older] in texts(page).replace("\\", "")
    page.button(key="study delete").click().run()
    assert not page.exception and [entry.analysis for entry in Library.open(place).entries()] == [newer]
    assert "the recording stays, with names and consent" in texts(page) and "without the names" not in texts(page)


def test_what_stays_of_a_recording_is_said_and_can_be_deleted_with_it(place):
    rows = [reading(t / 2, 1, "happy") for t in range(8)]
    with Library.open(place) as library:
        older = library.keep(Study(of_rows(rows)))
        library.keep(Study(of_rows(rows[:6]), (Name(1, "Ada"),)))
    page = study_page()
    choice(page).set_value([older]).run()
    said = texts(page).replace("\\", "")
    assert "1 further analysis of this recording stays, with names and consent" in said
    [whole] = [each for each in page.checkbox if each.label.startswith("Delete the whole recording")]
    whole.check().run()
    said = texts(page).replace("\\", "")
    assert "1 further analysis of this recording goes, too." in said and "recording stays" not in said
    assert page.button(key="study delete").label == "Delete 2 for good"
    page.button(key="study delete").click().run()
    assert not page.exception and Library.open(place).is_empty()
    assert "2 analyses, files removed, catalogue rewritten without the names." in texts(page).replace("\\", "")


def test_an_export_is_imported_in_the_background(place, tmp_path):
    full(place)
    with Library.open(place) as library:
        export_library(library, tmp_path / "all.zip")
        gone = library.entries()[0].analysis
        library.delete_analysis(gone)
    page = tab(study_page(), "Take along")
    [given] = [one for one in page.file_uploader if one.label == "Import such a zip"]
    given.upload("all.zip", (tmp_path / "all.zip").read_bytes(), "application/zip").run()
    if "study import" in page.session_state:
        page.session_state["study import"].work.wait(60)
        page.run()
    assert not page.exception and "1 analysis was imported, 12 were here already." in texts(page).replace("\\", "")
    assert Library.open(place).entry(gone)


def test_a_kept_analysis_opens_in_video_with_its_corrections(place):
    full(place)
    entry = Library.open(place).search("r3")[0]
    _, recording = opened_in_video(entry)
    assert recording.notes.names == {1: "Ada"} and recording.kept == entry.analysis and recording.path is None


def test_the_video_page_keeps_further_corrections_only_when_asked(place):
    full(place)
    entry = Library.open(place).search("r3")[0]
    page, recording = opened_in_video(entry)
    recording.call(1, "Grace")
    page.switch_page("pages/3_Video.py")
    page.session_state[f"parts {recording.number}"] = "Export"
    page.run()
    assert Library.open(place).open_study(entry.analysis).notes.names == {1: "Ada"}
    page.button(key=f"keep {recording.number}").click().run()
    assert not page.exception
    assert Library.open(place).open_study(entry.analysis).notes.names == {1: "Grace"}


def test_the_video_page_says_whether_the_present_corrections_are_kept(place):
    full(place)
    entry = Library.open(place).search("r3")[0]
    page, recording = opened_in_video(entry)
    page.switch_page("pages/3_Video.py")
    page.session_state[f"parts {recording.number}"] = "Export"

    def said() -> tuple[str, bool]:
        """The button, and whether it says kept beside it."""
        page.run()
        assert not page.exception
        [button] = [each for each in page.button if (each.key or "").startswith(f"keep {recording.number}")]
        return button.label, any("kept]" in each.value for each in page.markdown)

    assert said() == ("Keep these corrections", True)
    recording.remove(1)
    assert said() == ("Keep these corrections", False)
    page.button(key=f"keep {recording.number}").click()
    assert said() == ("Keep these corrections", True)
    assert said() == ("Keep these corrections", True)  # in the next run, too
    recording.undo()  # the kept corrections are the same without and with the removal, its readings are not
    assert said() == ("Keep these corrections", False)
    page.button(key=f"keep {recording.number}").click()
    with Library.open(place) as library:
        library.delete_analysis(recording.kept)
        left = len(library.entries())
        assert said() == ("Keep this analysis", False) and "was deleted or changed elsewhere" in texts(page)
        assert len(library.entries()) == left  # what is deleted does not come back by itself
        page.button(key=f"keep {recording.number} anew").click().run()
        assert len(library.entries()) == left + 1
    assert said() == ("Keep these corrections", True)


def test_corrections_of_somebody_else_are_told_and_replaced_by_the_second_press(place):
    full(place)
    entry = Library.open(place).search("r3")[0]
    page, recording = opened_in_video(entry)
    page.switch_page("pages/3_Video.py")
    page.session_state[f"parts {recording.number}"] = "Export"
    page.run()
    recording.call(1, "Lin")
    with Library.open(place) as library:
        theirs = library.open_study(entry.analysis)
        library.save(entry.analysis, replace(theirs, edits=(*theirs.edits, Name(1, "Grace"))))
    page.button(key=f"keep {recording.number}").click().run()
    assert not page.exception and "were changed elsewhere" in texts(page) and "kept]" not in texts(page)
    assert Library.open(place).open_study(entry.analysis).notes.names == {1: "Grace"}
    page.button(key=f"keep {recording.number}").click().run()
    assert Library.open(place).open_study(entry.analysis).notes.names == {1: "Lin"}


def test_tables_are_there_to_take_along(place):
    full(place)
    page = tab(study_page(), "Take along")
    assert "nothing of ours is needed" in texts(page)
    next(each for each in page.button if each.label == "Make the zip of everything").click().run()
    page.session_state["study zip"].work.wait(60)
    page.run()
    assert not page.exception and "Library (zip)" in [each.label for each in page.get("download_button")]
    Library.open(place).set_place(f"{0:064x}", Place("S0", condition="joke"))
    page.run()
    assert "Library (zip)" not in [each.label for each in page.get("download_button")]


def test_tables_to_take_along_are_written_once_for_what_is_kept(place, monkeypatch):
    written, write = [], taking.csv_bytes
    monkeypatch.setattr(taking, "csv_bytes", lambda table: written.append(len(table)) or write(table))
    full(place)
    page = tab(study_page(), "Take along")
    shared_work("tables").wait(60)
    page.run()
    assert "SPSS (.sav)" in [each.label for each in page.get("download_button")] and len(written) == 1
    Library.open(place).set_place(f"{0:064x}", Place("S0", condition="joke"))
    page.run()
    assert len(written) == 2 and not page.exception


def test_tables_hold_what_was_kept_while_they_were_asked_for(place, monkeypatch):
    """They are written once more then."""
    written, write, look = [], taking.csv_bytes, taking.observed
    monkeypatch.setattr(taking, "csv_bytes", lambda table: written.append(len(table)) or write(table))

    def overtaken(library, what):
        found = look(library, what)
        Library.open(place).set_place(f"{12:064x}", Place("S9", condition="calm"))
        return found

    full(place)
    monkeypatch.setattr(taking, "observed", overtaken)
    page = tab(study_page(), "Take along")
    shared_work("tables").wait(60)
    page.run()
    shared_work("tables").wait(60)
    assert written == [12, 13]


def test_nothing_to_take_along_outlives_whoever_is_deleted(place):
    full(place)
    page = tab(study_page(), "Take along")
    next(each for each in page.button if each.label == "Make the zip of everything").click().run()
    next(each for each in page.button if each.label == "Write the report").click().run()
    for held in ("study zip", "study report"):
        page.session_state[held].work.wait(60)
    shared_work("tables").wait(60)
    other = tab(study_page(), "Take along")
    next(each for each in other.button if each.label == "Make the zip of everything").click().run()
    other.session_state["study zip"].work.wait(60)
    choice(tab(page, "Recordings")).set_value([Library.open(place).entries()[0].analysis]).run()
    page.button(key="study delete").click().run()
    assert not page.exception and not reading_of_files._shared()
    assert "study zip" not in page.session_state and "study report" not in page.session_state
    assert "study zip" not in other.run().session_state


def test_the_tick_to_delete_a_whole_recording_is_of_that_recording(place):
    full(place)
    with Library.open(place) as library:
        first, second = library.entries()[:2]
        for entry in (first, second):
            timeline = of_rows([reading(t / 2, 1, "sad") for t in range(6)])
            recording = replace(timeline.recording, name=entry.title, sha256=entry.recording_id)
            library.keep(Study(replace(timeline, recording=recording)))
    page = study_page()
    choice(page).set_value([first.analysis]).run()
    next(each for each in page.checkbox if each.label.startswith("Delete the whole")).check().run()
    assert page.button(key="study delete").label == "Delete 2 for good"
    choice(page).set_value([second.analysis]).run()
    assert page.button(key="study delete").label == "Delete 1 for good"


def test_an_import_goes_on_where_another_tab_is_looked_at(place, tmp_path, monkeypatch):
    begun, end, bring = threading.Event(), threading.Event(), taking.import_library
    monkeypatch.setattr(reading_of_files, "PATIENCE_S", 0.0)
    monkeypatch.setattr(taking, "import_library", lambda *given: begun.set() or (end.wait(60) and bring(*given)))
    full(place)
    with Library.open(place) as library:
        export_library(library, tmp_path / "all.zip")
        library.delete_analysis(library.entries()[0].analysis)
    whole = (tmp_path / "all.zip").read_bytes()
    for data, said in (whole, "1 analysis was imported, 12 were here already."), (whole[:-99], "zip"):
        begun.clear(), end.clear()
        page = tab(study_page(), "Take along")
        [given] = [one for one in page.file_uploader if one.label == "Import such a zip"]
        given.upload("all.zip", data, "application/zip").run()
        assert begun.wait(60)
        tab(page, "Recordings")
        end.set()
        page.session_state["study import"].work.wait(60)
        tab(page, "Take along")
        shown = [each.value for each in (*page.success, *page.error)]
        assert not page.exception and any(said in each.replace("\\", "") for each in shown), shown
    next(each for each in page.button if each.label == "Close").click().run()
    assert not page.exception and not page.error


def test_the_conditions_and_the_value_that_were_chosen_stay_where_another_tab_is_looked_at(place):
    full(place)
    with Library.open(place) as library:
        for number in range(0, 12, 4):
            library.set_place(f"{number:064x}", Place(f"S{number // 2}", condition="stress"))
    page = tab(study_page(), "Over time")
    shared_work("samples").wait(60)
    page.run()
    [pair] = [each for each in page.multiselect if each.label == "Two conditions"]
    pair.set_value(pair.options[1:]).run()
    tab(page, "Take along")
    next(each for each in page.selectbox if each.label == "Script and notebook draw").set_value("mean_fear").run()
    tab(page, "Over time")
    [again] = [each for each in page.multiselect if each.label == "Two conditions"]
    assert len(again.options) == 3 and again.value == again.options[1:]
    tab(page, "Take along")
    assert next(each for each in page.selectbox if each.label == "Script and notebook draw").value == "mean_fear"


def test_script_and_notebook_draw_the_value_that_was_compared(place, monkeypatch):
    given = []
    monkeypatch.setattr(taking, "r_script", lambda value: given.append(value) or "R")
    full(place)
    page = tab(study_page(), "Compare people")
    page.selectbox(key="study value").set_value("share_sad").run()
    assert not tab(page, "Take along").exception and given[-1] == "share_sad"
    next(each for each in page.selectbox if each.label == "Script and notebook draw").set_value("mean_fear").run()
    assert given[-1] == "mean_fear"


def test_what_takes_long_to_read_shows_its_progress(place, monkeypatch):
    held = threading.Event()
    monkeypatch.setattr(reading_of_files, "PATIENCE_S", 0.0)
    monkeypatch.setattr(reading_of_files, "samples_of", lambda *given: held.wait(60) and samples_of(*given))
    full(place, people=5)
    page = tab(study_page(), "Over time")
    assert any(each.label == "Stop" for each in page.button) and "mean over" not in texts(page).lower()
    held.set()
    for _ in range(200):
        page.run()
        if "Mean over people" in texts(page):
            break
        time.sleep(0.05)
    assert not page.exception and "Mean over people" in texts(page)


def test_uploads_are_read_in_the_background_and_kept(place, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", [scene(width=160, height=120)] * 25)
    page = study_page()
    page.file_uploader[0].set_value([("a.mp4", clip.read_bytes(), "video/mp4")]).run()
    next(each for each in page.button if each.label == "Read and keep").click().run()
    assert not page.exception
    queue = shared._queue(place / "queue")
    queue._work.wait(60)
    page.run()
    assert [entry.title for entry in Library.open(place).entries()] == ["a.mp4"]


def test_a_file_that_cannot_be_stored_is_named_and_the_others_are_queued_once(place, monkeypatch):
    page = study_page()
    queue, added = shared._queue(place / "queue"), []

    def add(name, *_):
        if name == "b.mp4":
            raise LibraryError("b.mp4 could not be stored (No space left on device); make room there.")
        added.append(name)

    monkeypatch.setattr(queue, "add", add)
    page.file_uploader[0].set_value([(name, b"clip", "video/mp4") for name in ("a.mp4", "b.mp4", "c.mp4")]).run()
    next(each for each in page.button if each.label == "Read and keep").click().run()
    assert not page.exception and added == ["a.mp4", "c.mp4"]
    assert "b.mp4 could not be stored" in texts(page).replace("\\", "")
    [button] = [each for each in page.button if each.label == "Read and keep"]
    assert button.disabled  # nothing is given any more that a second press would queue again


def test_a_damaged_recording_of_the_queue_can_only_be_removed(place, monkeypatch):
    queue, loaded = shared._queue(place / "queue"), []
    damaged = queue.add("a.mp4", b"clip", AnalysisRequest())
    (queue.folder / damaged / "request.json").write_bytes(b"")  # as after a power cut
    queue.add("b.mp4", b"no recording", AnalysisRequest(model="hybrid"))
    monkeypatch.setattr(loaders, "pipeline", lambda model, detector: loaded.append(model) or fake_pipeline([]))
    page = study_page()
    next(each for each in page.button if each.label == "Go on reading").click().run()
    queue._work.wait(60)
    page.run()
    assert not page.exception and loaded == ["hybrid"] and [item.state for item in queue.items()] == ["failed"] * 2
    assert [each.label for each in page.button].count("Try again") == 1
    assert [each.label for each in page.button].count("Remove") == 2


def test_events_are_replaced_by_as_many_others_once(place):
    full(place)
    page = study_page()
    entry = next(entry for entry in Library.open(place).entries() if entry.title == "r0.mp4")
    choice(page).set_value([entry.analysis]).run()
    for onset in (1.0, 1.5):
        [given] = [one for one in page.file_uploader if one.label == "Events"]
        given.upload("events.csv", f"time_s,text\n{onset},joke\n".encode(), "text/csv").run()
        assert not page.exception and "are kept" in texts(page)
        [event] = Library.open(place).events(entry.recording_id)
        assert event.start_s == onset


def test_the_report_is_written_in_the_background_and_given_out_while_it_is_true(place):
    full(place)
    page = tab(study_page(), "Take along")
    page.text_input(key="study name").set_value("Pilot").run()
    page.toggle(key="study report curves").set_value(True).run()
    next(each for each in page.button if each.label == "Write the report").click().run()
    page.session_state["study report"].work.wait(60)
    page.run()
    assert not page.exception
    assert page.session_state["study report"].work.result.startswith(b"%PDF")
    assert "Report (PDF)" in [each.label for each in page.get("download_button")]
    Library.open(place).set_place(f"{0:064x}", Place("S0", condition="joke"))
    page.run()
    assert "Report (PDF)" not in [each.label for each in page.get("download_button")]
    assert any(each.label == "Write the report" for each in page.button)


def test_a_sample_study_is_made_and_deleted_on_a_click(place, monkeypatch):
    monkeypatch.setattr(sample_study, "_LENGTH_S", 2.5)
    page = study_page()
    next(each for each in page.button if each.label == "Make a sample study").click().run()
    assert not page.exception
    page.session_state["study sample"].wait(120)
    page.run()
    assert not page.exception
    table = page.dataframe[0].value
    assert len(table) == 12 and set(table["Condition"]) == {"open", "covered"} and set(table["Tags"]) == {"sample"}
    assert "says nothing about people" in texts(page)
    tab(page, "Over time")
    shared_work("samples").wait(60)
    for name in ("Compare people", "Over time", "Take along"):
        assert MADE_UP in [each.value for each in tab(page, name).warning], name
    tab(page, "Recordings")
    page.button(key="sample delete").click().run()
    assert not page.exception
    said = texts(page).replace("\\", "")
    assert "The sample was deleted. Deleted for good on 20" in said and " UTC: 12 analyses, files removed" in said
    assert "+00:00" not in said and "A study grows in three steps" in texts(page)
    assert Library.open(place).is_empty()


def test_a_sample_study_in_the_making_is_seen_in_every_part_of_the_page(place, monkeypatch):
    held = threading.Event()
    monkeypatch.setattr(sample, "make_sample", lambda *given: held.wait(60))
    page = study_page()
    next(each for each in page.button if each.label == "Make a sample study").click().run()
    assert page.button(key="stop sample") and "A study grows" not in texts(page)
    for name in ("Compare people", "Over time", "Take along"):
        assert tab(page, name).button(key="stop sample")  # beside its bar, whose end lets the page run again
    held.set()
    page.session_state["study sample"].wait(60)


def test_consent_is_written_down_for_a_subject_and_withdrawn(place):
    full(place)
    page = study_page()
    entry = next(entry for entry in Library.open(place).entries() if entry.title == "r0.mp4")
    choice(page).set_value([entry.analysis]).run()
    by_label = {each.label: each for each in page.text_input}
    by_label["Purpose"].set_value("teaching")
    by_label["Version of the text"].set_value("form 12, version 3")
    next(each for each in page.checkbox if each.label == "For all recordings of this subject").check()
    next(each for each in page.button if each.label == "Write down").click().run()
    assert not page.exception and "written down for 2 recordings" in texts(page)
    assert page.dataframe[0].value["Consent"].value_counts().to_dict() == {"teaching": 2, "": 11}
    assert [len(Library.open(place).consents(f"{number:064x}")) for number in range(3)] == [1, 1, 0]
    page.button(key=f"withdraw {entry.recording_id} teaching").click().run()
    assert not page.exception
    assert list(page.dataframe[1].value["State"]) == ["given", "withdrawn"]
    assert page.dataframe[0].value["Consent"].value_counts().to_dict() == {"teaching": 1, "not teaching": 1, "": 11}
    assert "Consent (0 given, 1 not)" in [each.label for each in page.expander]
    assert len(Library.open(place).consents(f"{1:064x}")) == 1


def test_mean_curves_are_compared_over_people(place, monkeypatch):
    monkeypatch.setattr(reading_of_files, "PATIENCE_S", 60.0)
    full(place)
    page = tab(study_page(), "Over time")
    said = texts(page).replace("\\", "")
    assert "The curves differ (cluster permutation" in said and "not when they begin" in said
    assert "calm: n = 6, 24 s" in said and "reads happy was not measured" in said
    assert page.dataframe[0].value["p"].iloc[0] < 0.05
    page.session_state["study aligned"] = "Events"
    page.run()
    assert not page.exception and "no event is kept with it" in texts(page)


def test_few_people_have_no_mean_curve(place, monkeypatch):
    monkeypatch.setattr(reading_of_files, "PATIENCE_S", 60.0)
    full(place, people=3)
    page = tab(study_page(), "Over time")
    assert "groups under 5 are not compared" in texts(page) and not page.dataframe
