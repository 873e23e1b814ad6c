"""The Video page without a browser. Its analysis runs in its own thread, as it does for visitors."""

import errno
import hashlib
import json
import threading
import time
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest
import streamlit as st
from fpdf import FPDF
from streamlit.testing.v1 import AppTest

from fer_core.emotions import EMOTIONS
from fer_core.errors import MediaError, ModelError
from fer_core.jobs import SETTLED_S, Monitor, Progress, Work
from fer_core.live.recording import RecordedSession, SessionRecorder
from fer_core.media.playing import write_copy
from fer_core.provenance import Provenance
from fer_core.readings import Box
from fer_core.request import Region
from fer_core.settings import UNFINISHED
from fer_core.testing import fake_card, fake_pipeline
from fer_core.timeline.editing.edits import Exclude, Mark, Rate, Rest, Split
from fer_core.timeline.notes import Marker, Span, Stimulus
from fer_core.timeline.statistics.summaries import CATEGORIES, WITHHELD
from fer_core.ui.shared import handover, loaders, routing
from fer_core.ui.video import exports
from fer_core.ui.video.player.messages import hear
from fer_core.ui.video.products import Copy
from fer_core.ui.video.rating import rate
from fer_core.ui.video.workspace import Workspace
from tests.conftest import ROOT
from tests.timelines import REQUEST, measured, nobody, of_rows, reading, synthetic
from tests.videos import scene, write_video

FACE = Box(20, 20, 60, 60)
OTHER = Box(90, 20, 60, 60)
MEMORY = "video memory"


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    path = write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", [scene(width=160, height=120)] * 50)
    return path.read_bytes()


@pytest.fixture(autouse=True)
def waiting_place(tmp_path_factory, monkeypatch):
    """Where unfinished analyses wait, of this test alone."""
    place = tmp_path_factory.mktemp("unfinished")
    monkeypatch.setenv(UNFINISHED, str(place))
    return place


@pytest.fixture(scope="module")
def old_clip(tmp_path_factory) -> bytes:
    """One that browsers do not play."""
    folder = tmp_path_factory.mktemp("old clip")
    return write_video(folder / "clip.avi", [scene(width=160, height=120)] * 25, codec="mpeg4").read_bytes()


@pytest.fixture
def fakes(monkeypatch):
    """The page over a pipeline whose answers are known."""
    # Every run of an AppTest is the first of a new server, in which the way through the router swallows a click.
    monkeypatch.setattr(routing, "PagesManager", object)
    # Each takes seconds to write.
    monkeypatch.setattr("fer_core.reports.pdf.pdf_report", lambda *given: b"stands for a report")
    monkeypatch.setattr("fer_core.evidence.bundle.bundle_bytes", lambda *given: b"stands for a bundle")

    def use(boxes=(FACE,), **options):
        monkeypatch.setattr(loaders, "pipeline", lambda model, detector: fake_pipeline(boxes, **options))
        monkeypatch.setattr(loaders, "cards", lambda: [fake_card(), fake_card(name="other", title="Other model")])

    return use


def video_page() -> AppTest:
    page = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run()
    return page.switch_page("pages/3_Video.py").run()


def upload(page: AppTest, name: str, data: bytes) -> AppTest:
    page.file_uploader[0].upload(name, data, "video/mp4").run()
    return button(page, "Analyse").click().run()


def analysed(page: AppTest) -> AppTest:
    """The page when the analysis is over."""
    work = page.session_state[MEMORY].work
    if work is not None:
        work.wait(60)
        page.run()
    assert not page.exception
    return page


def button(page: AppTest, label: str):
    return next(button for button in page.button if button.label.startswith(label))


def undone_twice(page: AppTest) -> None:
    """A click on Undo that comes when another one has undone what it was for."""
    seen = button(page, "Undo")
    recording(page).undo()
    seen.click().run()


def label(elements, label: str):
    return next(element for element in elements if element.label.startswith(label))


def tab(page: AppTest, label: str) -> AppTest:
    page.session_state[f"parts {recording(page).number}"] = label
    return page.run()


def made_for(page: AppTest):
    """The files to take along that this tab shows."""
    number = recording(page).number
    alone = any(each.key == f"only range {number}" and each.value for each in page.toggle)
    return page.session_state[MEMORY].exports[number, alone]


def written(page: AppTest) -> AppTest:
    """The page when the report is written."""
    made_for(page).documents.wait(60)
    page.run()
    assert not page.exception
    return page


def recording(page: AppTest):
    kept = page.session_state[MEMORY]
    return kept.recordings[kept.shown]


def player(page: AppTest) -> dict:
    """What the player's script is given."""
    [component] = page.get("bidi_component")
    return json.loads(component.proto.json)


def further(page: AppTest, samples: int) -> float:
    """The player goes on by so many samples, and tells the page; gives the moment."""
    times = recording(page).sampled_s.tolist()
    moment_s = times[times.index(recording(page).moment_s) + samples]
    hear(recording(page), {"moment": moment_s})
    page.run()
    return moment_s


def handover_of(page: AppTest, session: RecordedSession) -> None:
    """The Live page of this tab has recorded a session."""
    page.session_state[handover.RECORDED_SESSION] = session


def words(page: AppTest) -> str:
    parts = (*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader)
    return "\n".join(element.value for element in parts)


def test_before_there_is_a_recording_the_page_says_what_happens_to_it(fakes):
    fakes()
    page = video_page()
    assert not page.exception and not page.error
    assert "deleted with *Forget*" in words(page) and "not what a person feels" in words(page)
    assert button(page, "Analyse").disabled and not page.get("plotly_chart")


def test_the_sample_is_read_in_one_click_with_the_real_model(monkeypatch):
    monkeypatch.setattr(routing, "PagesManager", object)
    page = video_page()
    button(page, "Try the sample").click().run()
    analysed(page)
    assert {metric.label: metric.value for metric in page.metric}["Most shown"] == "happy"
    found = recording(page)
    assert len(found.people) >= 2 and found.timeline.frame["uncertain"].any()
    assert "Nobody in it changes their expression" in words(page)
    assert (found.timeline.frame["quality"] != "good").any() and found.timeline.frame["person"].isna().any()


def test_an_upload_becomes_a_timeline(fakes, clip):
    fakes((FACE, OTHER), emotion="sad")
    page = analysed(upload(video_page(), "Gespräch_**1**.mp4", clip))
    assert r"Gespräch\_\*\*1\*\*\.mp4" in page.subheader[0].value
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["People"] == "2" and figures["Uncertain"] == "0%" and "Person time" in figures
    assert figures["Most shown"] == "withheld"  # every picture of the grey wall is poor
    assert len(page.get("plotly_chart")) == 1 and player(page)["video"].endswith(".mp4")
    assert player(page)["still"] is None and player(page)["moment"] == 0
    assert "0\\.00 s" in words(page) or "0.00 s" in words(page)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("notes.mp4", b"not a film at all" * 20, "is not a recording"),
        ("nothing.mov", b"", "is empty"),
    ],
)
def test_a_bad_file_is_one_sentence_and_loses_nothing_else(fakes, clip, name, data, expected):
    fakes()
    page = analysed(upload(video_page(), "good.mp4", clip))
    analysed(upload(page, name, data))
    assert len(page.error) == 1 and expected in page.error[0].value
    assert name in page.error[0].value.replace("\\", "") and "/tmp" not in page.error[0].value.replace("\\", "")
    assert recording(page).name == "good.mp4" and page.metric
    handover_of(page, RecordedSession(synthetic(5.0)))
    assert len(page.run().error) == 1, "what opens by itself hides no error"
    kept = recording(page).study.to_parquet()
    label(page.file_uploader, "Evidence bundle").upload("kept.parquet", kept, "application/octet-stream").run()
    assert not page.error and not page.exception and len(page.session_state[MEMORY].recordings) == 3


def test_a_truncated_file_is_read_as_far_as_it_goes_or_refused(fakes, clip):
    fakes()
    page = analysed(upload(video_page(), "cut.mp4", clip[: len(clip) // 2]))
    assert len(page.error) == 1 and "cut off" in page.error[0].value


def test_a_recording_without_a_face_is_explained(fakes, clip):
    fakes(())
    page = analysed(upload(video_page(), "wall.mp4", clip))
    assert not page.error and "No face was found" in words(page)
    for name in ("Statistics", "People", "Events", "Compare", "Export"):
        tab(page, name)
        assert not page.exception, name


def wait_until(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)


def slow_pipeline(began: threading.Event):
    """A pipeline that reports once, then waits until it is stopped."""
    pipeline = fake_pipeline([FACE])
    read = pipeline.analyse

    def analyse(path, request, monitor, **options):
        monitor.report(Progress(0.05, "at 0:03 · 12 frames · 9 faces"))
        time.sleep(SETTLED_S)
        monitor.report(Progress(0.25, "at 0:15 · 60 frames · 58 faces"))
        began.set()
        wait_until(lambda: monitor.should_stop)
        return read(path, request, monitor, **options)

    pipeline.analyse = analyse
    return pipeline


def test_progress_is_shown_and_what_was_read_before_a_stop_is_kept(fakes, clip, monkeypatch):
    fakes()
    began = threading.Event()
    monkeypatch.setattr(loaders, "pipeline", lambda model, detector: slow_pipeline(began))
    page = upload(video_page(), "long.mp4", clip)
    assert began.wait(20)
    page.run()
    assert "25% · at 0:15 · 60 frames · 58 faces · 0:0" in page.get("progress")[0].proto.text
    assert not page.file_uploader  # one analysis at a time
    button(page, "Stop and keep").click().run()
    analysed(page)
    assert recording(page).partial and "stopped" in words(page)
    labels = {b.label for b in written(tab(page, "Export")).get("download_button")}
    assert "Report (PDF)" in labels and "Evidence bundle" not in labels


def stopped(page: AppTest, start, monkeypatch, samples: int = 4, boxes=(FACE,)) -> AppTest:
    """The page after an analysis, begun by `start`, that was stopped at this sample."""
    began, pipeline = threading.Event(), fake_pipeline(boxes)
    read = pipeline.analyse

    def analyse(path, request, monitor, **options):
        def slow(progress):
            monitor.report(progress)
            if progress.samples == samples:
                began.set()
                wait_until(lambda: monitor.should_stop)
                own.stop()

        own = Monitor(slow, every_s=0)
        return read(path, request, own, **options)

    pipeline.analyse = analyse
    with monkeypatch.context() as patch:
        patch.setattr(loaders, "pipeline", lambda model, detector: pipeline)
        start(page)
        assert began.wait(20)
        button(page.run(), "Stop and keep").click().run()
        return analysed(page)


def test_a_stopped_analysis_goes_on_in_its_place(fakes, clip, monkeypatch, waiting_place):
    fakes()
    page = stopped(video_page(), lambda page: upload(page, "long.mp4", clip), monkeypatch)
    part = recording(page)
    part.call(1, "Zoë")
    part.rater, part.blind = "EC", False
    assert part.partial and len(list(waiting_place.iterdir())) == 1
    button(page, "Go on reading").click().run()
    analysed(page)
    whole = recording(page)
    assert not whole.partial and len(whole.timeline.frame) == 8 > len(part.timeline.frame)
    assert (whole.rater, whole.blind) == ("EC", False)
    assert whole.notes.names == {1: "Zoë"} and list(page.session_state[MEMORY].recordings) == [whole.number]
    assert whole.path.is_file() and not list(waiting_place.iterdir())
    assert not any(each.label == "Go on reading" for each in page.button)


def test_reading_anew_that_is_stopped_earlier_replaces_nothing(fakes, clip, monkeypatch, waiting_place):
    both = (FACE, OTHER)
    fakes(both)
    page = stopped(video_page(), lambda page: upload(page, "long.mp4", clip), monkeypatch, boxes=both)
    part = recording(page)
    tab(page, "People")
    button(page, "Remove from this recording").click().run()
    assert part.people == [2] and not list(waiting_place.iterdir())

    def again(page: AppTest) -> None:
        button(page, "Read again from the beginning").click().run()

    stopped(page, again, monkeypatch, samples=2, boxes=both)
    assert recording(page) is part and part.path.is_file() and part.people == [2]
    assert [each.value[:53] for each in page.error] == ["Reading was stopped before it came as far as the last"]
    assert not list(waiting_place.iterdir()), "it would hold the portrait of whoever was removed"
    again(page)
    whole = recording(analysed(page))
    assert not whole.partial and whole.people == [2] and len(whole.timeline.frame) == 8 and not page.error


def test_the_same_recording_goes_on_in_another_visit(fakes, clip, monkeypatch, waiting_place):
    fakes()
    part = recording(stopped(video_page(), lambda page: upload(page, "long.mp4", clip), monkeypatch))
    page = video_page()  # another visit, or the same person after the server was started anew
    assert str(waiting_place) in words(page).replace("\\", "")
    page.file_uploader[0].upload("again.mp4", clip, "video/mp4").run()
    assert "was read before, up to" in words(page) and "goes on from there" not in words(page)
    assert "Choose these" in words(page)  # the fakes' detector is none that the page offers
    button(page, "Analyse").click().run()
    whole = recording(analysed(page))
    assert len(whole.timeline.frame) == 8 > len(part.timeline.frame) and not list(waiting_place.iterdir())


def test_what_waits_is_deleted_on_request_and_with_forget(fakes, clip, monkeypatch, waiting_place):
    fakes()
    stopped(video_page(), lambda page: upload(page, "long.mp4", clip), monkeypatch)
    page = video_page()
    page.file_uploader[0].upload("again.mp4", clip, "video/mp4").run()
    button(page, "Delete what was read").click().run()
    assert not list(waiting_place.iterdir()) and "was read before" not in words(page) and not page.exception
    page = stopped(video_page(), lambda page: upload(page, "long.mp4", clip), monkeypatch)
    assert list(waiting_place.iterdir())
    button(page, "Forget all of it").click().run()
    assert not list(waiting_place.iterdir())


def test_a_recording_that_browsers_do_not_play_gets_a_copy_that_they_do(fakes, old_clip):
    fakes()
    page = analysed(upload(video_page(), "clip.avi", old_clip))
    assert "Not every browser plays" in words(page)
    assert player(page)["video"] is None and player(page)["still"].endswith(".jpg")
    button(page, "Make a copy that plays").click().run()
    found = recording(page)
    page.session_state[MEMORY].copies[found.path].wait(60)
    page.run()
    assert not page.exception and not page.error
    assert player(page)["video"].endswith(".mp4") and "for this player alone" in words(page)
    assert player(page)["still"] is None and player(page)["until"] is None
    button(page, "Forget all of it").click().run()
    assert not found.path.parent.exists()


def test_a_copy_that_another_click_has_begun_is_not_begun_again(fakes, old_clip):
    fakes()
    page = analysed(upload(video_page(), "clip.avi", old_clip))
    seen, path = button(page, "Make a copy that plays"), recording(page).path
    copies, go_on = page.session_state[MEMORY].copies, threading.Event()
    for still_runs in (True, False):
        copies[path] = begun = Work(lambda monitor: Copy(path, None) if go_on.wait(60) else None)
        if not still_runs:
            go_on.set()
            begun.wait(60)
        seen.click().run()
        assert copies[path] is begun and not page.exception
        go_on.set()
        begun.wait(60)
        copies.clear()
        seen = button(page.run(), "Make a copy that plays")
        go_on.clear()


def test_the_player_knows_where_a_copy_ends(fakes, old_clip, monkeypatch):
    fakes()
    monkeypatch.setattr("fer_core.ui.video.player.copies.write_copy", partial(write_copy, most_bytes=0))
    page = analysed(upload(video_page(), "clip.avi", old_clip))
    button(page, "Make a copy that plays").click().run()
    page.session_state[MEMORY].copies[recording(page).path].wait(60)
    page.run()
    assert not page.exception and "It ends at" in words(page)
    assert 0 <= player(page)["until"] < recording(page).whole_range[1]


def test_an_annotated_video_is_that_of_the_last_correction(fakes, clip):
    fakes((FACE, OTHER))
    page = analysed(upload(video_page(), "clip.mp4", clip))
    tab(page, "Export")
    button(page, "Make the annotated").click().run()
    work = page.session_state[MEMORY].drawings[recording(page).number].work
    work.wait(60)
    page.run()
    assert "Annotated video (MP4)" in {each.label for each in page.get("download_button")}
    recording(page).remove(2)
    page.run()
    assert "Annotated video (MP4)" not in {each.label for each in page.get("download_button")}
    assert not work.result.path.exists() and button(page, "Make the annotated")


def test_what_is_missing_in_an_annotated_video_is_said(fakes, clip, monkeypatch):
    fakes()
    write = exports.write_annotated
    monkeypatch.setattr(exports, "write_annotated", lambda *given: (*write(*given), "The sound is missing."))
    page = analysed(upload(video_page(), "clip.mp4", clip))
    tab(page, "Export")
    button(page, "Make the annotated").click().run()
    page.session_state[MEMORY].drawings[recording(page).number].work.wait(60)
    page.run()
    assert "The sound is missing" in words(page)


def test_the_files_to_take_along_are_those_of_the_chosen_range(fakes, clip, monkeypatch):
    fakes(emotion="neutral")
    reported = []
    monkeypatch.setattr("fer_core.reports.pdf.pdf_report", lambda *given: reported.append(given) or b"a report")
    page = analysed(upload(video_page(), "clip.mp4", clip))
    found = recording(page)
    found.mark(0.25, "before")
    found.mark(1.0, "within")
    found.split(1, 0.5)
    found.edit(Rate(1, 0.0, 1.5, "happy"))  # longer than they are seen
    found.edit(Rate(2, 0.0, 1.5, "sad"))
    found.rest(2, Span(0.5, 1.0))
    found.choose_range(0.5, 1.5)
    tab(page, "Export")
    whole = exported(page)
    assert b"time_s,frame,person,angry_from_rest," in whole["Differences from rest (CSV)"]  # no probabilities
    assert whole["Differences from rest (CSV)"].count(b"\n") == 7  # of the second person, from 0.5 s on
    assert b"before" in whole["Events (CSV)"] and whole["Readings (CSV)"].count("\n") == 9
    page.toggle(f"only range {found.number}").set_value(True).run()
    assert any("annotated video always hold the whole recording" in each.value for each in page.caption)
    part = exported(page)
    assert b"before" not in part["Events (CSV)"] and b"within" in part["Events (CSV)"]
    assert part["Readings (CSV)"].count("\n") == 5 and part["Differences from rest (CSV)"].count(b"\n") == 5
    assert b'"before"' not in part["Everything (JSON)"] and b'"within"' in part["Everything (JSON)"]
    rates = [edit for edit in json.loads(part["Everything (JSON)"])["edits"] if edit["kind"] == "rate"]
    assert [(edit["person"], edit["label"]) for edit in rates] == [(2, "sad")]
    (of_all, _, all_notes, _), (of_part, _, notes, _) = reported
    assert [[mark.text for mark in each.markers] for each in (all_notes, notes)] == [["before", "within"], ["within"]]
    assert of_all.frame["time_s"].min() == 0.0 and of_part.frame["time_s"].between(0.5, 1.5).all()
    assert part["Report (PDF)"] == b"a report"


def exported(page: AppTest) -> dict[str, str | bytes]:
    made = made_for(written(page))
    return {file.label: file.data for file in (*made.tables.result, *made.documents.result)}


def test_files_to_take_along_are_there_before_they_are_wanted(fakes, clip):
    """What is made on a click goes away again with the next run of the progress of other work."""
    fakes()
    page = analysed(upload(video_page(), "clip.mp4", clip))
    downloads = written(tab(page, "Export")).get("download_button")
    assert len(downloads) == 6 and not any(each.proto.deferred_file_id for each in downloads)
    first = made_for(page)
    page.run()
    assert made_for(page) is first  # and not made again
    recording(page).call(1, "Zoë")
    page.run()
    assert "Zoë".encode() in exported(page)["Everything (JSON)"]


def test_the_page_does_not_wait_for_long_tables(fakes, clip, monkeypatch):
    fakes()
    may_write, write = threading.Event(), exports.csv_text
    monkeypatch.setattr(exports, "csv_text", lambda timeline: write(timeline) if may_write.wait(60) else "")
    page = tab(analysed(upload(video_page(), "clip.mp4", clip)), "Export")
    assert not page.get("download_button")
    assert [bar.proto.text for bar in page.get("progress")] == ["Writing the tables: 0%"]
    may_write.set()
    assert len(written(page).get("download_button")) == 6


def test_tabs_that_take_along_different_ranges_leave_each_other_their_files(fakes, clip):
    fakes()
    one, other = analysed(upload(video_page(), "clip.mp4", clip)), video_page()
    recording(one).choose_range(0.5, 1.5)
    other.session_state[MEMORY] = one.session_state[MEMORY]
    tab(other.run(), "Export")
    tab(one, "Export").toggle(f"only range {recording(one).number}").set_value(True).run()
    part, whole = made_for(one), made_for(other)
    for page in (other, one):
        page.run()
    assert made_for(one) is part is not whole is made_for(other) and not part.documents.stopping
    assert exported(one)["Readings (CSV)"].count("\n") < exported(other)["Readings (CSV)"].count("\n")
    recording(one).call(1, "Zoë")
    one.run()
    assert made_for(one) is not part and list(one.session_state[MEMORY].exports) == [(recording(one).number, True)]
    assert not one.exception and not other.exception


def test_events_come_from_a_table_and_leave_as_one(fakes, clip):
    fakes()
    page = analysed(upload(video_page(), "clip.mp4", clip))
    tab(page, "Events")
    given = next(each for each in page.file_uploader if each.label == "Event file")
    given.upload("events.csv", b"onset,event\n0.5,looks up\n", "text/csv").run()
    assert not page.exception and recording(page).notes.markers == (Marker(0.5, "looks up"),)
    assert "Events (CSV)" in {each.label for each in written(tab(page, "Export")).get("download_button")}
    tab(page, "Events")
    given = next(each for each in page.file_uploader if each.label == "Event file")
    given.upload("late.csv", b"onset\n99\n", "text/csv").run()
    assert "outside the recording" in page.error[0].value and len(recording(page).notes.markers) == 1


def test_an_accident_is_one_sentence(fakes, clip, monkeypatch):
    fakes()
    pipeline = fake_pipeline([FACE])
    pipeline.analyse = lambda *arguments, **options: 1 / 0
    monkeypatch.setattr(loaders, "pipeline", lambda model, detector: pipeline)
    page = analysed(upload(video_page(), "clip.mp4", clip))
    assert "unexpected" in page.error[0].value and "ZeroDivision" not in words(page)


def test_a_model_that_cannot_be_loaded_is_said(fakes, clip, monkeypatch):
    fakes()

    def broken(model, detector):
        raise ModelError("The model is damaged; restore it.")

    monkeypatch.setattr(loaders, "pipeline", broken)
    page = upload(video_page(), "clip.mp4", clip)
    assert not page.exception and "damaged" in page.error[0].value
    assert page.session_state[MEMORY].work is None


def test_the_moment_moves_and_is_marked(fakes, clip):
    fakes()
    page = analysed(upload(video_page(), "clip.mp4", clip))
    moment_s = further(page, 1)
    assert recording(page).moment_s == moment_s > 0 and f"{moment_s:.2f} s" in words(page).replace("\\", "")
    track = player(page)["track"]
    tab(page, "Events")
    assert player(page)["track"] == track
    page.text_input[0].set_value("looks up")
    button(page, "Mark").click().run()
    assert not page.exception
    assert recording(page).notes.markers == (Marker(moment_s, "looks up"),)
    assert player(page)["track"] != track


def test_a_range_is_chosen_and_excluded(fakes, clip):
    fakes()
    page = analysed(upload(video_page(), "clip.mp4", clip))
    page.slider(f"range {recording(page).number}").set_value((0.5, 1.25)).run()
    assert recording(page).range_s == (0.5, 1.25)
    assert page.metric[1].value == "0:01"
    tab(page, "Events")
    button(page, "Exclude 0.50 to 1.25 s").click().run()
    assert not page.exception and recording(page).whole
    tab(page, "Statistics")
    times = recording(page).timeline.frame["time_s"]
    table = page.dataframe[0].value.set_index("Samples")
    assert table.loc["all", "Number"] == (~times.between(0.5, 1.25, inclusive="left")).sum() < len(times)
    assert table.loc["good only", "Number"] == 0  # the faces of this clip are a grey wall
    assert "0.75 s of it excluded" in words(page)


def test_people_are_merged_split_removed_and_the_steps_taken_back(fakes, clip):
    fakes((FACE, OTHER))
    page = analysed(upload(video_page(), "clip.mp4", clip))
    tab(page, "People")
    button(page, "Merge").click().run()
    assert "cannot be one" in page.error[0].value
    further(page, 3)
    button(page, "Split").click().run()
    assert recording(page).people == [1, 2, 3] and not page.error
    assert "The recording does not change" in words(page)
    button(page, "Remove").click().run()
    assert recording(page).people == [2, 3]
    undone_twice(page)
    assert recording(page).people == [1, 2, 3]
    button(page, "Undo").click().run()
    assert recording(page).people == [1, 2] and not page.exception


def test_a_click_means_the_person_who_is_chosen_by_then(fakes, clip):
    fakes((FACE, OTHER))
    page = analysed(upload(video_page(), "clip.mp4", clip))
    tab(page, "People")
    split = next(box for box in page.selectbox if (box.key or "").startswith("split"))
    split.select(2)
    button(page, "Remove").click().run()  # in the run in which the box changes
    assert recording(page).people == [1] and not page.exception


def test_a_button_means_the_moment_and_the_range_that_it_says(fakes, clip):
    fakes(strength=0.3)
    page = analysed(upload(video_page(), "clip.mp4", clip))
    first_s, last_s = recording(page).whole_range
    moment_s = further(page, 3)
    for part, name in (("Events", "Mark"), ("People", "Use"), ("Events", "Exclude"), ("People", "Split")):
        hear(recording(page), {"moment": moment_s, "range": [0.5, 1.25]})
        tab(page, part)
        shown = button(page, name)
        hear(recording(page), {"moment": last_s, "range": [first_s, 1.5]})  # in another tab of the visit
        shown.click().run()
        assert not page.exception and [each.value for each in page.error] == []
    edits = {type(edit): edit for edit in recording(page).study.edits}
    assert edits[Mark].markers == (Marker(moment_s, "Event"),) and edits[Split].at_s == moment_s
    assert edits[Rest].span == Span(0.5, 1.25) and edits[Exclude].spans == (Span(0.5, 1.25),)


def test_a_second_rater_labels_blind_compares_and_takes_the_faces_along(fakes, clip):
    fakes((FACE, OTHER))
    page = analysed(upload(video_page(), "clip.mp4", clip))
    assert page.metric and player(page)["labels"] == []
    label = {"rate": "sad", "range": [0.0, 1.0], "person": 1}
    hear(recording(page), {"deeds": [{**label, "id": "a 1"}]})
    assert not recording(page).notes.ratings  # only on the tab for it
    tab(page, "Label")
    assert not page.metric and "hidden while you label" in words(page)
    assert player(page)["labels"] == list(EMOTIONS) and player(page)["overview"] == "The readings are hidden."
    page.text_input[0].set_value(" EC ").run()
    hear(recording(page), {"deeds": [{**label, "rate": "happy", "id": "a 2"}]}, labelling=True)  # a key
    assert recording(page).range_s[0] == 1.0
    page.run()
    button(page, "😐 neutral").click().run()
    assert [(each.label, each.end_s, each.rater, each.blind) for each in recording(page).notes.ratings] == [
        ("happy", 1.0, "EC", True),
        ("neutral", recording(page).whole_range[1], "EC", True),
    ]
    assert recording(page).range_s[0] == 1.0 and "You and the model" not in words(page)
    page.toggle(f"blind {recording(page).number}").set_value(False).run()
    assert page.metric and "You and the model" in words(page) and "no interval for fewer than 5" in words(page)
    assert page.dataframe[0].value["Label"].tolist() == ["happy", "neutral"]
    chosen_in = page.dataframe[0].proto.id
    rate(recording(page), "sad", 1, (0.0, 1.0))
    page.run()  # a row that was chosen before can be chosen again
    assert page.dataframe[0].value["Label"].tolist() == ["sad", "neutral"]
    assert page.dataframe[0].proto.id != chosen_in
    button(page, "Write the labelled faces").click().run()
    page.session_state[MEMORY].labelled[recording(page).number].work.wait(60)
    page.run()
    [zipped] = [each for each in page.get("download_button") if each.label == "Labelled faces (zip)"]
    assert zipped and not page.exception
    recording(page).set_excluded((Span(0.0, 0.5),))
    page.run()  # the zip holds faces that do not count any more
    assert "Labelled faces (zip)" not in [each.label for each in page.get("download_button")]
    recording(page).choose_range(*recording(page).whole_range)
    page.run()
    button(page, "No label").click().run()
    assert not recording(page).notes.ratings
    undone_twice(page)
    assert len(recording(page).notes.ratings) == 2 and recording(page).notes.excluded


def test_every_view_and_part_can_be_opened(fakes, clip):
    fakes((FACE, OTHER), strength=0.3)
    page = video_page()
    page.multiselect[0].select("other").run()
    page = analysed(upload(page, "clip.mp4", clip))
    found = recording(page)
    tab(page, "People")
    button(page, "Use").click().run()
    tab(page, "Explore")
    for view in (
        "Lines",
        "Stacked",
        "Heat map",
        "Valence",
        "Quality",
        "Face",
        "Movements",
        "Shares",
        "Stretches",
        "Changes",
        "From rest",
    ):
        page.session_state[f"views {found.number}"] = view
        page.run()
        assert not page.exception and not page.error, view
    assert "All models give one label in 100%" in words(tab(page, "Compare")).replace("\\", "")
    labels = {b.label for b in written(tab(page, "Export")).get("download_button")}
    assert labels == {
        "Report (PDF)",
        "Readings (CSV)",
        "What the columns mean",
        "Everything (JSON)",
        "Readings (Parquet)",
        "Differences from rest (CSV)",
        "Evidence bundle",
    }


def test_a_view_that_has_nothing_to_draw_says_whether_it_is_the_range_or_the_quality(fakes):
    fakes()
    rows = [reading(n / 4, 1, "happy", quality="dark") if n >= 80 else nobody(n / 4) for n in range(120)]
    page = video_page()
    handover_of(page, RecordedSession(of_rows(rows)))
    found = recording(page.run())

    def said(view: str) -> str:
        page.session_state[f"views {found.number}"] = view
        page.run()
        assert not page.exception
        return "" if page.get("plotly_chart") else words(page)

    found.choose_range(0.0, 5.0)
    for view in ("Lines", "Stacked", "Heat map", "Face", "Movements"):
        assert "Person 1 is not seen in this range" in said(view), view
    for view in ("Valence", "Quality", "Shares"):
        assert "Nobody is seen in this range" in said(view), view
    found.choose_range(*found.whole_range)
    found.leave_out_poor = True
    assert "Person 1 has no good sample in this range" in said("Lines") and not said("Quality")
    assert "Nobody has a good sample in this range" in said("Shares")
    found.exclude(0.0, 30.0, "")
    assert "All readings in this range lie in stretches that are excluded" in said("Shares")
    found.leave_out_poor = False
    assert not said("Lines") and "that are excluded" in words(tab(page, "Statistics"))


def test_charts_of_a_range_say_its_length_and_number_events_as_the_player_does(fakes, clip, monkeypatch):
    fakes()
    drawn = {}
    monkeypatch.setattr(
        "fer_core.ui.video.charts.show_figure",
        lambda figure, key, words, **more: drawn.update({key: (figure, words)}),
    )
    page = analysed(upload(video_page(), "clip.mp4", clip))
    found = recording(page)
    for time_s in (0.2, 1.2, 1.24):
        found.mark(time_s, "an event of many words")
    found.choose_range(1.0, 2.0)
    page.run()
    figure, said = drawn[f"emotions over time {found.number}"]
    assert "over 0:01: " in said
    assert [each.text for each in figure.layout.annotations if each.yref == "paper"] == ["2", "3"]


def test_faces_are_looked_for_in_a_chosen_region(fakes, clip):
    fakes()
    page = video_page()
    across, _ = (slider for slider in page.slider if slider.label.startswith("Look for faces"))
    across.set_range(50, 100).run()
    page = analysed(upload(page, "clip.mp4", clip))
    assert recording(page).timeline.request.region == Region(0.5, 0, 0.5, 1)
    assert "only 50% to 100% across and 0% to 100% down" in words(page)


@pytest.mark.parametrize("kept", [True, False], ids=["with outlines", "of an older version"])
def test_a_timeline_without_its_recording_is_played_as_outlines(fakes, kept):
    fakes()
    timeline = measured(3.0, 4.0) if kept else synthetic(3.0)
    page = video_page()
    page.session_state[handover.RECORDED_SESSION] = RecordedSession(timeline)
    page.run()
    assert not page.exception and not page.error
    given = player(page)
    assert given["video"] is given["still"] is None and given["track"]
    assert bool(given["outlines"]) == kept


@pytest.mark.parametrize(("below", "constant_s"), [(0.0, 0.0), (0.125, 0.04), (0.355, 0.44), (1.0, 5.0)])
def test_what_a_recording_was_read_with_stays_where_only_the_method_is_changed(fakes, below, constant_s):
    fakes()
    request = replace(REQUEST, uncertain_below=below, time_constant_s=constant_s)
    page = video_page()
    page.session_state[handover.RECORDED_SESSION] = RecordedSession(replace(synthetic(3.0), request=request))
    page.run()
    assert not page.exception and not page.error
    page.selectbox(key=f"method {recording(page).number} {recording(page).revision}").set_value("median")
    button(page, "Apply to the raw values").click().run()
    assert not page.exception and recording(page).timeline.request == replace(request, smoothing="median")
    label(page.slider, "Uncertain below").set_value(0.5)
    button(page, "Apply to the raw values").click().run()
    assert recording(page).timeline.request == replace(request, smoothing="median", uncertain_below=0.5)


def test_a_recording_that_cannot_be_stored_beside_its_numbers_is_a_sentence(fakes, clip, monkeypatch):
    fakes()
    timeline = measured(3.0, 4.0)
    about = replace(timeline.recording, sha256=hashlib.sha256(clip).hexdigest())
    page = video_page()
    page.session_state[handover.RECORDED_SESSION] = RecordedSession(replace(timeline, recording=about))
    page.run()

    tried, store = [], Workspace.store

    def full(*given):
        tried.append(given)
        raise MediaError("clip.mp4 could not be stored (No space left on device); make room there.")

    monkeypatch.setattr(Workspace, "store", full)
    page.file_uploader(f"attach {recording(page).number}").set_value(("clip.mp4", clip, "video/mp4")).run()
    assert not page.exception and [each.value for each in page.error if "make room" in each.value]
    assert player(page)["track"] and "Lines" in [each.label for each in page.tabs]
    page.run()
    assert len(tried) == 1 and [each.value for each in page.error if "make room" in each.value]
    for data, said in (b"another", ["This is another file"]), (clip, []):
        monkeypatch.setattr(Workspace, "store", store)
        page.file_uploader(f"attach {recording(page).number}").set_value(("clip.mp4", data, "video/mp4")).run()
        assert not page.exception and [each.value[:20] for each in page.error] == said
    assert player(page)["video"]


def test_a_stimulus_plays_beside_and_is_asked_for_again_by_name(fakes, clip, old_clip, tmp_path):
    fakes()
    page = analysed(upload(video_page(), "clip.mp4", clip))
    label(page.file_uploader, "Stimulus").upload("shown.mp4", clip, "video/mp4").run()
    label(page.number_input, "shown\\.mp4 begins at").set_value(-1.5).run()
    given = page.session_state[MEMORY].stimuli[recording(page).number]
    data = player(page)["stimulus"]
    assert data["video"].endswith(".mp4")
    assert (data["name"], data["offset"], data["sound"]) == ("shown.mp4", -1.5, False)
    (tmp_path / "kept.parquet").write_bytes(recording(page).study.to_parquet())
    button(page, "Forget all of it").click().run()
    assert not given.path.exists()

    label(page.file_uploader, "Evidence bundle").upload(
        "kept.parquet", (tmp_path / "kept.parquet").read_bytes(), "application/octet-stream"
    ).run()
    assert player(page)["stimulus"] is None
    label(page.file_uploader, "Give shown\\.mp4 too").upload("shown.mp4", b"not a recording", "video/mp4").run()
    assert len(page.error) == 1 and player(page)["stimulus"] is None
    label(page.file_uploader, "Give shown\\.mp4 too").upload("shown.avi", old_clip, "video/avi").run()
    assert not page.error and player(page)["stimulus"] is None  # browsers do not play it
    assert recording(page).notes.stimulus == Stimulus("shown.avi", -1.5)
    button(page, "Make a copy that plays").click().run()
    given = page.session_state[MEMORY].stimuli[recording(page).number]
    page.session_state[MEMORY].copies[given.path].wait(60)
    page.run()
    assert player(page)["stimulus"]["video"].endswith(".mp4")
    button(page, "Take away").click().run()
    assert player(page)["stimulus"] is None and not given.path.exists() and not page.exception


def test_two_recordings_are_compared(fakes, clip):
    fakes()
    page = analysed(upload(video_page(), "first.mp4", clip))
    assert "Open a second recording" in words(tab(page, "Compare"))
    tab(page, "Explore")
    analysed(upload(page, "second.mp4", clip))
    assert recording(page).name == "second.mp4"
    tab(page, "Compare")
    assert not page.exception
    assert page.dataframe[0].value["Person"].tolist() == ["Person 1 · second.mp4", "Person 1 · first.mp4"]
    assert len(page.get("plotly_chart")) == 3
    [chosen] = [each for each in page.multiselect if each.label == "People"]
    chosen.set_value([]).run()
    assert "Choose people" in words(page) and not page.exception


def test_what_another_tab_closed_is_neither_shown_nor_chosen(fakes, clip):
    fakes()
    page = analysed(upload(video_page(), "first.mp4", clip))
    analysed(upload(page, "second.mp4", clip))
    [choice] = [each for each in page.segmented_control if each.label == "Open recordings"]
    first, second = page.session_state[MEMORY].recordings
    page.session_state[MEMORY].close(first)
    choice.set_value(first).run()
    assert not page.exception and page.session_state[MEMORY].shown == second
    assert "second\\.mp4" in words(page)


def test_who_is_chosen_stays_so_when_the_range_shows_somebody_else(fakes, clip):
    fakes((FACE, OTHER))
    page = analysed(upload(video_page(), "clip.mp4", clip))

    def chosen() -> list[str]:
        [field] = [each for each in page.multiselect if each.label == "People"]
        return field.value

    tab(page, "Compare")
    at_first = chosen()
    assert len(at_first) == 2
    found = recording(page)
    found.leave_out_poor = True  # which all of this clip are, so that nobody is left
    page.run()
    assert chosen() == at_first and "Choose people who are seen" in words(page)
    found.leave_out_poor = False
    page.run()
    assert chosen() == at_first and len(page.get("plotly_chart")) == 3 and not page.exception


def test_choices_stay_while_another_part_is_looked_at(fakes, clip):
    fakes((FACE, OTHER))
    page = analysed(upload(video_page(), "clip.mp4", clip))
    found = recording(page)
    found.choose_range(0.5, 1.5)
    page.session_state[f"views {found.number}"] = "Valence"
    page.run()
    tab(page, "Compare")
    [people] = [each for each in page.multiselect if each.label == "People"]
    people.set_value([people.value[1]]).run()
    tab(page, "Export")
    page.toggle(f"only range {found.number}").set_value(True).run()
    tab(page, "Statistics")
    found.call(2, "Ada")
    page.run()
    tab(page, "Export")
    assert page.toggle(f"only range {found.number}").value
    tab(page, "Compare")
    assert page.dataframe[0].value["Person"].tolist() == ["Ada"]
    tab(page, "Explore")
    assert page.session_state[f"views {found.number}"] == "Valence" and not page.exception


def test_another_model_reads_the_recording_from_the_comparison(fakes, clip, monkeypatch, waiting_place):
    fakes()
    page = analysed(upload(video_page(), "clip.mp4", clip))
    found = recording(page)
    found.call(1, "Zoë")
    tab(page, "Compare")
    stopped(page, lambda page: button(page, "Read with this model too").click().run(), monkeypatch)
    assert recording(page) is found and list(found.studies) == ["fake"] and not page.error
    assert list(waiting_place.iterdir())  # it can go on
    button(page, "Read with this model too").click().run()
    analysed(page)
    assert recording(page) is found and list(found.studies) == ["fake", "other"] and not page.error
    assert found.requests["other"].model == "other" and not list(waiting_place.iterdir())
    assert all(study.notes.name(1) == "Zoë" for study in found.studies.values())
    assert page.session_state[f"parts {found.number}"] == "Compare" and "All models give one label" in words(page)


def test_a_further_model_that_was_stopped_leaves_no_portrait_of_whoever_is_removed(
    fakes, clip, monkeypatch, waiting_place
):
    fakes((FACE, OTHER))
    page = tab(analysed(upload(video_page(), "clip.mp4", clip)), "Compare")

    def with_another(page: AppTest) -> None:
        button(page, "Read with this model too").click().run()

    stopped(page, with_another, monkeypatch)
    assert list(waiting_place.iterdir()) and not recording(page).partial
    tab(page, "People")
    button(page, "Remove from this recording").click().run()
    assert recording(page).people == [2] and not list(waiting_place.iterdir())
    tab(page, "Compare")
    stopped(page, with_another, monkeypatch)
    assert not list(waiting_place.iterdir()) and not page.exception


def test_no_other_model_reads_a_recording_from_which_somebody_was_left_out_for_good(fakes, clip):
    fakes((FACE, OTHER))
    page = analysed(upload(video_page(), "clip.mp4", clip))
    first = recording(page)
    first.remove(2)
    tab(page, "Compare")
    assert button(page, "Read with this model too")
    page.session_state[MEMORY].open_studies({"fake": first.study.purged()}, first.path)
    page.run()
    tab(page, "Compare")
    assert recording(page) is not first and "were left out of its readings for good" in words(page)
    assert not [each for each in page.button if each.label.startswith("Read with")] and not page.exception


def test_models_of_one_title_are_compared_with_each_other(fakes, clip, monkeypatch):
    fakes()
    monkeypatch.setattr(loaders, "cards", lambda: [fake_card(), fake_card(name="other")])
    page = video_page()
    page.multiselect[0].select("other").run()
    page = tab(analysed(upload(page, "clip.mp4", clip)), "Compare")
    assert not page.error and not page.exception and "All models give one label in 100%" in words(page)
    assert "most probable expression, also where the player says *uncertain*" in words(page)


def test_figures_of_good_samples_alone_still_tell_how_many_are_poor(fakes):
    fakes()
    rows = [reading(n / 4, 1, "happy", quality="good" if n < 4 else "dark") for n in range(100)]
    page = video_page()
    handover_of(page, RecordedSession(of_rows(rows)))
    page.run()
    for left_out in (False, True):
        page.toggle("poor 1").set_value(left_out).run()
        figures = {metric.label: metric.value for metric in page.metric}
        assert figures["Most shown"] == "withheld" and figures["Good samples"] == "4%"
    assert figures["Time seen"] == "0:01" and not page.exception


def test_the_word_for_what_is_most_shown_is_not_cut_off(fakes, clip, monkeypatch):
    fakes()
    widths, draw = {}, st.metric

    def drawn(name, value, **options):
        widths[name] = options["width"]
        return draw(name, value, **options)

    monkeypatch.setattr(st, "metric", drawn)
    analysed(upload(video_page(), "clip.mp4", clip))
    paper = FPDF(unit="pt")
    paper.set_font("Helvetica", size=36)  # its letters are a little wider than the page's
    longest_px = max(map(paper.get_string_width, (*CATEGORIES, WITHHELD)))
    assert widths["Most shown"] >= longest_px + 2 * 16  # its padding
    assert sum(widths.values()) + 4 * 16 <= 820  # a row at 1280 pixels, beside the side bar


def test_only_so_many_recordings_are_kept(fakes, clip):
    fakes()
    page = video_page()
    for number in range(5):
        told = "The next one closes 0" in words(page).replace("\\", "")
        assert told == (number == 4)
        page = analysed(upload(page, f"{number}.mp4", clip))
    kept = page.session_state[MEMORY]
    assert [each.name for each in kept.recordings.values()] == ["1.mp4", "2.mp4", "3.mp4", "4.mp4"]
    assert sorted(path.name for path in kept.workspace.path.rglob("*.mp4")) == ["1.mp4", "2.mp4", "3.mp4", "4.mp4"]


def test_a_recorded_live_session_opens_by_itself_once(fakes):
    fakes()
    page = video_page()
    page.session_state[handover.RECORDED_SESSION] = RecordedSession(synthetic(10.0))
    page.run()
    assert not page.exception and recording(page).people == [1, 2]
    assert "Only the numbers of this session were kept" in words(page)
    assert "Back to the camera" in {link.proto.label for link in page.get("page_link")}
    page.run()
    assert len(page.session_state[MEMORY].recordings) == 1
    labels = {b.label for b in written(tab(page, "Export")).get("download_button")}
    assert "Report (PDF)" in labels and not any("Evidence" in label for label in labels)


def test_a_session_without_a_frame_is_explained(fakes):
    fakes()
    page = video_page()
    nothing = SessionRecorder(5.0, REQUEST, Provenance(), datetime(2026, 5, 4), with_video=False).finish()
    page.session_state[handover.RECORDED_SESSION] = nothing
    page.run()
    assert not page.exception and not [each for each in page.slider if each.label == "Range (seconds)"]
    assert "No frame was read during this recording" in " ".join(each.value for each in page.warning)
    for part in ("Statistics", "People", "Events", "Compare", "Label", "Export"):
        assert not tab(page, part).exception, part
    assert button(page, "Forget all of it")


def test_settings_stay_for_the_next_recording(fakes, clip):
    fakes()
    page = video_page()
    page.select_slider(key="video rate").set_value(8.0)
    page.selectbox(key="video model").set_value("other")
    page.slider(key="video across").set_value((0, 90))
    page = analysed(upload(page, "clip.mp4", clip))
    assert recording(page).timeline.request.fps == 8.0
    assert page.select_slider(key="video rate").value == 8.0 and page.selectbox(key="video model").value == "other"
    page.switch_page("pages/0_Start.py").run()
    page.switch_page("pages/3_Video.py").run()
    assert page.slider(key="video across").value == (0, 90) and page.select_slider(key="video rate").value == 8.0


def test_a_live_session_that_cannot_be_stored_is_a_sentence(fakes, monkeypatch):
    fakes()
    page = video_page()

    def full(*_):
        raise MediaError("The recording could not be stored; make room there.")

    monkeypatch.setattr("fer_core.ui.video.memory.Workspace.store", full)
    page.session_state[handover.RECORDED_SESSION] = RecordedSession(synthetic(10.0), b"film")
    page.run()
    assert not page.exception and "make room" in page.error[0].value


def test_everybody_can_be_named_also_where_nothing_of_them_counts(fakes, clip):
    fakes((FACE, OTHER))
    page = analysed(upload(video_page(), "clip.mp4", clip))
    recording(page).exclude(0.0, 99.0, "")
    tab(page, "People")
    assert not page.exception
    table = page.get("data_editor")[0].value if page.get("data_editor") else page.dataframe[0].value
    assert table["Number"].tolist() == [1, 2] and table["Samples"].tolist() == [0, 0]


def test_forget_deletes_everything(fakes, clip):
    fakes()
    page = analysed(upload(video_page(), "clip.mp4", clip))
    folder = page.session_state[MEMORY].workspace.path
    assert [path.name for path in folder.rglob("*.mp4")] == ["clip.mp4"]
    button(page, "Forget all of it").click().run()
    assert not page.exception and not folder.exists()
    assert not page.session_state[MEMORY].recordings and not page.metric


@pytest.mark.parametrize("looked_at", ["pages/2_Live.py", "pages/3_Video.py"])
def test_a_live_session_that_another_tab_forgot_is_dropped_and_not_opened_again(fakes, looked_at):
    fakes()
    page = video_page()
    handover_of(page, RecordedSession(synthetic(10.0)))
    page.run()
    page.session_state[MEMORY].forget()  # in another tab, whose session does not hold it
    page.switch_page(looked_at).run()
    assert not page.exception and not page.session_state[MEMORY].recordings
    assert handover.RECORDED_SESSION not in page.session_state


def test_live_sessions_of_two_tabs_are_opened_once_each(fakes):
    fakes()
    one, other = RecordedSession(synthetic(10.0)), RecordedSession(synthetic(5.0))
    page = video_page()
    for session in (one, other, one, other):  # each tab holds its own, and both show one visit
        handover_of(page, session)
        page.run()
    assert not page.exception and list(page.session_state[MEMORY].recordings) == [1, 2]
    page.session_state[MEMORY].close_live(one)
    assert list(page.session_state[MEMORY].recordings) == [2]


def test_forget_ends_an_analysis_that_is_under_way(fakes, clip, monkeypatch):
    fakes()
    began = threading.Event()
    monkeypatch.setattr(loaders, "pipeline", lambda model, detector: slow_pipeline(began))
    page = upload(video_page(), "long.mp4", clip)
    assert began.wait(20)
    work = page.session_state[MEMORY].work
    button(page, "Forget all of it").click().run()
    deadline = time.monotonic() + 20
    while work.running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not work.running and not page.exception and not page.metric


@pytest.mark.parametrize("cards", ["damaged", "none"])
def test_without_models_the_way_out_is_said(monkeypatch, cards):
    def damaged():
        raise ModelError("The card is damaged; restore it.")

    monkeypatch.setattr(loaders, "cards", damaged if cards == "damaged" else list)
    page = video_page()
    assert not page.exception and "restore" in page.error[0].value.lower()


def test_a_machine_without_room_for_a_folder_is_one_sentence(fakes, monkeypatch):
    fakes()

    def full(*given, **named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fer_core.temporary.tempfile.mkdtemp", full)
    page = video_page()
    assert not page.exception
    [error] = page.error
    assert error.value.startswith("No temporary folder can be made") and "make room" in error.value
