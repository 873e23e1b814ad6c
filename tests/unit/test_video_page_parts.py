"""What the Video page is made of, as far as no page is needed."""

import gc
import os
import time
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import plotly.graph_objects as go
import pytest

from fer_core.analysis.portraits import jpeg
from fer_core.analysis.run import AnalysisProgress
from fer_core.charts.comparing import agreement_lane, describe_deviations, deviation_lines
from fer_core.errors import MediaError, StoppedError, TimelineError
from fer_core.jobs import Monitor, Progress
from fer_core.live.recording import RecordedSession
from fer_core.readings import Box
from fer_core.request import AnalysisRequest
from fer_core.settings import UNFINISHED
from fer_core.testing import fake_pipeline
from fer_core.timeline.notes import Marker, Span
from fer_core.timeline.rows import people
from fer_core.timeline.statistics.agreement import agreement
from fer_core.timeline.statistics.summaries import ALL_EXCLUDED, WITHHELD
from fer_core.ui.video import exports
from fer_core.ui.video import people as people_tab
from fer_core.ui.video import unfinished as video_unfinished
from fer_core.ui.video.charts import summary_table
from fer_core.ui.video.compare import as_table, subjects_of
from fer_core.ui.video.events import changed_rows, markers_of, spans_of
from fer_core.ui.video.exports import annotating, checkable
from fer_core.ui.video.memory import Memory
from fer_core.ui.video.player.component import Addresses
from fer_core.ui.video.player.copies import copying
from fer_core.ui.video.products import Drawn
from fer_core.ui.video.reading import analysis
from fer_core.ui.video.selection import selected_time
from fer_core.ui.video.workspace import Workspace
from tests.recordings import open_recording
from tests.timelines import REQUEST, nobody, of_rows, reading, synthetic
from tests.videos import scene, write_video

FACE = Box(20, 20, 60, 60)


@pytest.fixture(autouse=True)
def waiting_place(tmp_path_factory, monkeypatch):
    """Where unfinished analyses wait, of this test alone."""
    place = tmp_path_factory.mktemp("unfinished") / "place"
    monkeypatch.setenv(UNFINISHED, str(place))
    return place


def asked(*models: str, fps: float = 4.0) -> dict[str, AnalysisRequest]:
    """One request a model."""
    return {model: AnalysisRequest(model, fps=fps, smoothing="none", time_constant_s=0.0) for model in models}


def event(*points, **more) -> dict:
    return {"selection": {"points": list(points), **more}}


@pytest.mark.parametrize(
    ("clicked", "expected"),
    [
        (None, None),  # the chart was never touched
        ({}, None),  # nor here
        (event(), None),  # a click that hit nothing takes the selection away
        (event({"x": "1970-01-01 00:00:05", "customdata": [4.5, 112]}), 4.5),  # a point of a line
        (event({"x": 1500, "y": 0, "customdata": [2.25, 56]}), 2.25),  # a bar, whose x is its length
        (event({"x": "1970-01-01 00:01:30.25"}), 90.25),  # a cell of the heat map
        (event({"customdata": {"0": 3, "1": 75}}), 3.0),  # a mapping instead of a list
        (event({"customdata": [float("nan"), None], "x": "1970-01-01 00:00:07"}), 7.0),  # a break in a line
        (event({"customdata": []}, {"customdata": [8.0]}), 8.0),  # the first one that says anything
        (event({"x": 1500}), None),  # a bar that does not say where it is
    ],
)
def test_a_click_means_a_moment(clicked, expected):
    assert selected_time(clicked) == expected


def test_a_table_that_was_edited_becomes_markers_again():
    rows = [{"Time (s)": 1.0, "Event": "a"}, {"Time (s)": 2.0, "Event": "b"}, {"Time (s)": 3.0, "Event": "c"}]
    changes = {
        "edited_rows": {"0": {"Event": "**A**"}, 2: {"Time (s)": 99.0}},
        "deleted_rows": [1],
        "added_rows": [{"Time (s)": 4, "Event": None}, {"Event": "without a time"}, {"Time (s)": -1, "Event": " "}],
    }
    assert markers_of(changed_rows(rows, changes), (0.0, 30.0)) == (
        Marker(1.0, "**A**"),
        Marker(30.0, "c"),
        Marker(4.0, "Event"),
        Marker(0.0, "Event"),
    )


def test_a_table_that_was_edited_becomes_spans_again():
    rows = [
        {"From (s)": 5.0, "To (s)": 2.0, "Reason": " turned round "},
        {"From (s)": 5.0, "To (s)": None},
        {"From (s)": 20, "To (s)": 50},
    ]
    assert spans_of(rows, (0.0, 30.0)) == (Span(2.0, 5.0, "turned round"), Span(20.0, 30.0, ""))


def test_a_recording_opens_where_somebody_is_first_seen():
    recording = open_recording(1, {"m": of_rows([nobody(0.0), reading(0.25, 3, "sad"), reading(0.5, 3, "sad")])})
    assert (recording.moment_s, recording.person, recording.people) == (0.25, 3, [3])
    assert recording.range_s == (0.0, 30.0) and recording.whole


def test_a_recording_without_a_face_opens_too():
    recording = open_recording(1, {"m": of_rows([nobody(0.0), nobody(0.25)])})
    assert (recording.moment_s, recording.person, recording.summaries()) == (0.0, None, [])
    empty = open_recording(2, {"m": of_rows([])})
    empty.seek(3.0)
    empty.follow(1.0)
    assert empty.moment_s == 0.0


def test_the_moment_is_always_a_sampled_frame():
    recording = open_recording(1, {"m": synthetic(10.0)})
    recording.seek(3.1)
    assert recording.moment_s == 3.0
    recording.follow(3.3)
    assert recording.moment_s == 3.25
    recording.seek(1e9)
    assert recording.moment_s == 9.75


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ((2.0, 4.0), (2.0, 4.0)),
        ((-5.0, 99.0), (0.0, 10.0)),  # beyond both ends
        ((3.0, 3.0), (3.0, 3.5)),  # too short to be anything
        ((9.9, 9.95), (9.5, 10.0)),  # the same at the end
    ],
)
def test_the_range_stays_within_the_recording_and_is_never_empty(wanted, expected):
    recording = open_recording(1, {"m": synthetic(10.0)})
    recording.choose_range(*wanted)
    assert recording.range_s == pytest.approx(expected)
    assert len(recording.rows()) and len(recording.shown().frame)


def test_statistics_count_the_range_without_what_is_excluded():
    rows = [reading(n * 0.5, 1, "happy" if n < 10 else "sad") for n in range(20)]
    recording = open_recording(1, {"m": of_rows(rows)})
    recording.choose_range(2.5, 7.0)
    recording.set_excluded((Span(6.0, 7.0, ""),))
    [summary] = recording.summaries()
    assert summary.samples == 7 and summary.shares["happy"] == pytest.approx(5 / 7)
    recording.exclude(0.0, 5.0, "not yet")
    assert recording.whole and recording.summaries()[0].shares["happy"] == 0.0
    assert len(recording.shown().frame) == 20  # the charts mark it, they do not hide it


def test_poor_samples_are_left_out_beside_the_whole():
    rows = [reading(n * 0.5, 1, "happy", quality="dark" if n % 2 else "good") for n in range(10)]
    recording = open_recording(1, {"m": of_rows(rows)})
    assert recording.summaries()[0].samples == 10 and recording.summaries(good=True)[0].samples == 5
    assert len(recording.shown().frame) == 10
    recording.leave_out_poor = True
    assert recording.shown().frame["person"].notna().sum() == 5


def test_corrections_change_every_model_and_can_be_taken_back():
    recording = open_recording(1, {"a": synthetic(10.0), "b": synthetic(10.0, seed=1)})
    before = dict(recording.timelines)
    recording.split(1, 5.0)
    assert [people(timeline) for timeline in recording.timelines.values()] == [[1, 2, 3], [1, 2, 3]]
    recording.merge(1, 3)
    assert recording.last_words == "Person 3 is Person 1"
    recording.undo()
    assert recording.last_words == "Person 1 is somebody else from 5.00 s"
    recording.undo()
    recording.undo()  # nothing is left to undo
    assert recording.last_words == ""
    assert all(recording.timelines[model] is timeline for model, timeline in before.items())


def test_a_correction_that_cannot_be_changes_nothing():
    recording = open_recording(1, {"a": synthetic(10.0)})
    before = recording.timeline
    with pytest.raises(TimelineError, match="cannot be one"):
        recording.merge(1, 2)
    assert recording.timeline is before and recording.last_words == ""


def test_whoever_is_removed_is_no_longer_the_one_that_is_shown():
    recording = open_recording(1, {"a": synthetic(10.0)})
    assert checkable(recording)
    recording.remove(1)
    assert (recording.people, recording.person) == ([2], 2)
    assert not checkable(recording)  # a second reading would find that person again
    recording.undo()
    assert checkable(recording)


def test_another_smoothing_follows_from_the_raw_values():
    recording = open_recording(1, {"a": synthetic(10.0)})
    recording.smooth("none", 0.4, 0.7)
    seen = recording.timeline.frame[recording.timeline.frame["person"].notna()]
    np.testing.assert_allclose(seen["happy"], seen["raw_happy"], atol=1e-6)
    assert recording.timeline.request.uncertain_below == 0.7
    assert (seen["uncertain"].astype(bool) == (seen["confidence"] < 0.7)).all()


def test_a_resting_face_is_subtracted_from_its_person_alone():
    rows = [reading(n * 0.5, 1, "sad" if n < 4 else "happy", 0.8) for n in range(10)] + [reading(0.0, 2, "fear")]
    recording = open_recording(1, {"a": of_rows(rows)})
    recording.rest(1, Span(0.0, 1.5))
    differences = recording.deviations()
    assert differences["person"].unique().tolist() == [1]
    assert differences["sad"].iloc[0] == pytest.approx(0.0)
    assert differences["happy"].iloc[-1] == pytest.approx(0.8 - 0.2 / 6)
    figure = deviation_lines(differences, 1, 0.5)
    assert len(figure.data) == 7 and figure.data[0].customdata[0][0] == 0.0
    words = describe_deviations(differences.assign(held_s=0.5), 1)
    happy = "happy +46% on average, lowest +0% at 0:00, highest +77% at 0:02"
    assert happy in words and words.count("on average") == 7
    assert describe_deviations(differences[:0].assign(held_s=0.5), 1) == ALL_EXCLUDED
    with pytest.raises(TimelineError, match="not seen"):
        recording.rest(2, Span(3.0, 4.0))
    recording.rest(1, None)
    assert recording.deviations().empty
    recording.exclude(0.0, 2.0, "phone")
    with pytest.raises(TimelineError, match="are excluded"):
        recording.rest(1, Span(0.0, 1.5))


def test_contested_stretches_are_shaded():
    one = [reading(n * 0.5, 1, "happy") for n in range(8)]
    other = [reading(n * 0.5, 1, "sad" if 2 <= n < 5 else "happy") for n in range(8)]
    rows = agreement({"one": of_rows(one), "other": of_rows(other)})
    figure = agreement_lane(rows, ["one", "other"], 0.5)
    [shade] = figure.layout.shapes
    assert (shade.x0[:21], shade.x1[:21]) == ("1970-01-01T00:00:01.0", "1970-01-01T00:00:02.5")
    happy = next(bar for bar in figure.data if isinstance(bar, go.Bar) and "happy" in bar.name)
    assert list(happy.y) == [0, 1, 1] and [place[0] for place in happy.customdata] == [0.0, 0.0, 2.5]
    assert agreement_lane(rows[:0], ["one", "other"], 0.5).layout.annotations[0].text.startswith("There is no face")


def test_nothing_is_drawn_while_a_person_is_often_away():
    """More gaps than samples: by this person's rows alone, gaps would be the usual interval."""
    times = [0.0, 0.5, 3.0, 3.5, 6.0, 6.5]
    rows = agreement({name: of_rows([reading(time_s, 1, "happy") for time_s in times]) for name in ("one", "other")})
    figure = agreement_lane(rows, ["one", "other"], 0.5)
    happy = next(bar for bar in figure.data if isinstance(bar, go.Bar) and "happy" in bar.name)
    assert max(length for _, length in happy.customdata) <= 1.25
    [line] = [trace for trace in figure.data if isinstance(trace, go.Scatter)]
    assert np.isnan(np.asarray(line.y, float)).sum() == 2


def test_two_recordings_side_by_side():
    first, second = open_recording(1, {"a": synthetic(10.0)}), open_recording(2, {"a": synthetic(10.0, people=1)})
    first.call(2, "Zoë")
    table = as_table(subjects_of([first, second]))
    assert table["Person"].tolist() == [f"{name} · {first.title}" for name in ("Person 1", "Zoë", "Person 1")]
    shares = table[["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "uncertain"]]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=0.005)


def test_poor_samples_that_are_left_out_still_tell_that_a_word_is_too_much():
    rows = [reading(n / 4, 1, "happy", quality="good" if n < 4 else "dark") for n in range(100)]
    recording = open_recording(1, {"a": of_rows(rows)})
    recording.leave_out_poor = True
    [row] = as_table(subjects_of([recording])).to_dict("records")
    assert (row["Mostly"], row["Good"], row["Seen"], row["happy"]) == (WITHHELD, 0.04, "0:01", 1.0)


def test_a_few_good_samples_carry_no_word_in_the_statistics_either():
    rows = [reading(n / 4, 1, "happy", quality="good" if n < 4 else "dark") for n in range(100)]
    table = summary_table(open_recording(1, {"a": of_rows(rows)}))
    assert table[["Samples", "Mostly", "Good"]].values.tolist() == [
        ["all", WITHHELD, 0.04],
        ["good only", WITHHELD, 1.0],
    ]


def test_a_session_that_waits_for_room_is_forgotten_with_the_visit():
    """It was recorded in another tab while as many recordings were open as can be."""
    kept, session = Memory(), RecordedSession(synthetic(4.0))
    kept.know_live(session)
    assert not kept.holds_live(session) and not kept.has_forgotten(session)
    kept.forget()
    assert kept.has_forgotten(session) and kept.holds_live(session)  # so that it is not opened


class Tab:
    """A browser's tab with the table of names; `edits` are those that Streamlit keeps for its key."""

    def __init__(self, recording, monkeypatch) -> None:
        self.session_state, self.toasts, self.column_config = {}, [], people_tab.st.column_config
        self.recording, self.patch = recording, monkeypatch

    def data_editor(self, table, key, on_change, **more) -> None:
        self.session_state.setdefault(key, {"edited_rows": {}})
        self.key, self.changed = key, on_change

    def toast(self, words, duration, **more) -> None:
        assert duration == "infinite", "nothing else says it"
        self.toasts.append(words)

    def look(self) -> None:
        self.patch.setattr(people_tab, "st", self)
        people_tab._names(self.recording)

    def type(self, row: int, name: str) -> None:
        self.patch.setattr(people_tab, "st", self)
        self.session_state[self.key]["edited_rows"][row] = {"Name": name}
        self.changed()


def test_a_name_that_another_tab_gave_is_not_overwritten_by_an_older_one(monkeypatch):
    recording = open_recording(1, {"a": synthetic(10.0)})
    one, other = Tab(recording, monkeypatch), Tab(recording, monkeypatch)
    one.look()
    one.type(0, "Ann")
    key = one.key
    one.look()
    assert one.key == key, "the cell that is typed into next stays"
    other.look()
    other.type(0, "Bob")
    one.type(1, "Carl")  # all that was typed is told again
    assert recording.notes.names == {1: "Bob", 2: "Carl"} and not one.toasts
    one.look()
    assert one.key != key and not one.session_state[one.key]["edited_rows"], "shows Bob, not Ann"
    other.look()
    other.type(1, "Cleo")
    one.type(1, "Clara")
    assert recording.notes.names == {1: "Bob", 2: "Cleo"} and "another tab" in one.toasts[0]
    one.look()
    one.type(1, "")
    assert recording.notes.names == {1: "Bob"} and len(one.toasts) == 1


@pytest.mark.parametrize(
    "name",
    [
        "Gespräch – Übung.mp4",
        "../../etc/passwd",
        "C:\\films\\a.mp4",
        "",
        "a\0b.mp4",
        "x" * 400 + ".mp4",
        "\udcff.mp4",
        "..",
    ],
)
def test_files_stay_in_their_folder_whatever_their_name(name):
    workspace = Workspace()
    path = workspace.store(name, b"film")
    assert path.read_bytes() == b"film" and workspace.path in path.resolve().parents
    assert workspace.store(name, b"another") != path
    workspace.close()
    assert not workspace.path.exists()


def test_nothing_is_left_when_a_visit_ends():
    workspace = Workspace()
    path, monitor = workspace.store("a.mp4", b"film"), workspace.new_monitor()
    folder = workspace.path
    del workspace
    gc.collect()
    assert not path.exists() and not folder.exists() and monitor.should_stop


@pytest.fixture
def film(tmp_path):
    return write_video(tmp_path / "film.mp4", [scene(width=160, height=120)] * 50)


def test_each_model_reads_the_same_samples(film):
    requests = asked("a", "b")
    told: list[Progress] = []
    pipelines = {"a": fake_pipeline([FACE], "sad"), "b": fake_pipeline([FACE], "fear")}
    timelines = analysis(film, requests, pipelines)(Monitor(told.append, every_s=0))
    labels = {model: set(timeline.frame["label"]) for model, timeline in timelines.items()}
    assert labels == {"a": {"sad"}, "b": {"fear"}}
    assert not agreement(timelines)["agree"].any()
    shares = [progress.share for progress in told]
    assert shares == sorted(shares) and shares[-1] == 1.0 and max(s for s in shares if s <= 0.5) == 0.5
    assert "b at" in told[-1].words and told[-1].remaining_s == 0


def test_stopped_it_gives_what_there_is(film):
    monitor = Monitor()
    monitor.stop()
    requests = asked("a", "b", fps=0.0)
    timelines = analysis(film, requests, {"a": fake_pipeline([FACE]), "b": fake_pipeline([FACE])})(monitor)
    assert list(timelines) == ["a"] and "stopped" in " ".join(timelines["a"].problems)


def stopped_after(samples: int) -> Monitor:
    """A monitor that stops its work so soon."""

    def count(progress: AnalysisProgress) -> None:
        if progress.samples >= samples:
            monitor.stop()

    monitor = Monitor(count, every_s=0)
    return monitor


def test_a_stopped_analysis_waits_and_goes_on_and_is_gone_when_it_is_complete(film, waiting_place, monkeypatch):
    requests = asked("a")
    [part] = analysis(film, requests, {"a": fake_pipeline([FACE])})(stopped_after(3)).values()
    of = part.recording.sha256
    [unfinished] = video_unfinished.of(of)
    assert (unfinished.request.detector.name, unfinished.request.fps) == ("fake detector", 4.0)
    assert unfinished.until_s == part.frame["time_s"].max() < 1.0
    [file] = waiting_place.iterdir()
    assert file.stat().st_mode & 0o077 == 0 and waiting_place.stat().st_mode & 0o077 == 0
    pipeline = fake_pipeline([FACE])
    [whole] = analysis(film, requests, {"a": pipeline})(Monitor()).values()
    assert len(whole.frame) == 8 and len(pipeline.detector.seen) == 8 - len(part.frame)
    assert list(waiting_place.iterdir()) == []


def test_people_who_were_split_keep_a_portrait_when_the_recording_is_read_on(tmp_path):
    picture = scene((60, 60, 80), (180, 60, 120), width=240, height=120)
    film, requests = write_video(tmp_path / "film.mp4", [picture] * 30), asked("a", fps=0.0)
    one, two = Box(40, 40, 40, 40), Box(140, 20, 80, 80)
    before = open_recording(1, analysis(film, requests, {"a": fake_pipeline([one])})(stopped_after(20)), film)
    before.split(1, float(before.sampled_s[5]))
    assert before.people == [1, 2] and set(before.timeline.portraits) == {1, 2}
    whole = open_recording(2, analysis(film, requests, {"a": fake_pipeline([one, two])})(Monitor()), film)
    whole.take_over(before)
    assert whole.people == [1, 2, 3] and set(whole.timeline.portraits) == {1, 2, 3}
    taken = whole.timeline.portraits[3]
    whole.undo()
    whole.split(2, float(whole.sampled_s[5]))
    assert whole.people == [1, 2, 3] and whole.timeline.portraits[3] != taken  # somebody else has the number now


def test_after_a_split_each_side_has_a_portrait_of_their_own_samples(tmp_path):
    dark, light = (np.full((120, 240, 3), grey, np.uint8) for grey in (40, 210))
    film = write_video(tmp_path / "film.mp4", [dark] * 15 + [light] * 15)
    [timeline] = analysis(film, asked("a", fps=0.0), {"a": fake_pipeline([FACE])})(Monitor()).values()

    def grey_of(recording, person) -> float:
        return float(cv2.imdecode(np.frombuffer(recording.timeline.portraits[person], np.uint8), 0).mean())

    recording = open_recording(1, {"a": replace(timeline, portraits={1: jpeg(light)})}, film)
    recording.merge(1, 2)  # two shots
    recording.split(1, float(recording.sampled_s[15]))
    assert grey_of(recording, 1) < 80 and grey_of(recording, 3) > 170
    recording.remove(3)
    assert set(recording.timeline.portraits) == {1} and grey_of(recording, 1) < 80
    recording.undo()
    assert grey_of(recording, 1) < 80 and grey_of(recording, 3) > 170
    recording.undo()
    assert dict(recording.timeline.portraits) == {1: jpeg(light)}


def test_a_split_without_the_recording_leaves_no_portrait_until_it_is_there(film):
    [timeline] = analysis(film, asked("a", fps=0.0), {"a": fake_pipeline([FACE])})(Monitor()).values()
    recording = open_recording(1, {"a": replace(timeline, portraits={1: b"of both"})})
    recording.split(1, float(recording.sampled_s[5]))
    assert not recording.timeline.portraits  # it may show either
    recording.attach(film)
    assert set(recording.timeline.portraits) == {1, 2}


def test_nothing_waits_where_that_is_not_wanted(film, waiting_place, monkeypatch, tmp_path):
    requests = asked("a")
    abandoned = Monitor(lambda progress: abandoned.abandon())
    analysis(film, requests, {"a": fake_pipeline([FACE])})(abandoned)
    assert list(waiting_place.iterdir()) == []
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no film")
    with pytest.raises(MediaError):
        analysis(bad, requests, {"a": fake_pipeline([FACE])})(Monitor())
    assert list(waiting_place.iterdir()) == []
    monkeypatch.setenv(UNFINISHED, "")
    analysis(film, requests, {"a": fake_pipeline([FACE])})(stopped_after(3))
    assert video_unfinished.folder() is None and not video_unfinished.waiting()


def test_one_place_serves_one_analysis_at_a_time():
    with video_unfinished.place("ab", REQUEST) as first:
        assert first is not None and first.exists()
        with video_unfinished.place("ab", REQUEST) as second:
            assert second is None
        with video_unfinished.place("ab", replace(REQUEST, fps=0.0)) as other:
            assert other not in (None, first)
        video_unfinished.remove("ab")
        assert first.exists() and not other.exists()  # one is in use
    assert video_unfinished.of("ab") == []  # nothing was read
    video_unfinished.remove("ab")
    assert not first.exists()


def test_what_waits_too_long_is_removed(waiting_place):
    with video_unfinished.place("ab", REQUEST) as path:
        pass
    assert video_unfinished.waiting()
    old_s = time.time() - video_unfinished.KEPT_S - 60
    os.utime(path, (old_s, old_s))
    assert not video_unfinished.waiting() and not path.exists()


def test_a_place_that_cannot_be_written_keeps_nothing_and_disturbs_nothing(film, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(UNFINISHED, str(tmp_path / "file" / "place"))
    requests = asked("a")
    [timeline] = analysis(film, requests, {"a": fake_pipeline([FACE])})(Monitor()).values()
    assert len(timeline.frame) == 8 and video_unfinished.of(timeline.recording.sha256) == []


def test_a_copy_can_be_stopped_and_leaves_nothing(film):
    monitor = Monitor()
    copy = copying(film)(monitor)
    assert copy.until_s is None and copy.path.stat().st_size > 1000
    copy.path.unlink()
    monitor.stop()
    with pytest.raises(StoppedError):
        copying(film)(monitor)
    assert [path.name for path in film.parent.rglob("*") if path.is_file()] == ["film.mp4"]


def test_names_of_those_who_are_gone_are_not_exported():
    recording = open_recording(1, {"m": synthetic(10.0)})
    recording.call(1, "Zoë")
    recording.call(2, "Ann")
    recording.remove(2)
    assert dict(recording.notes.names) == {1: "Zoë"}
    recording.undo()
    assert dict(recording.notes.names) == {1: "Zoë", 2: "Ann"}


def test_events_of_a_table_are_added_once():
    recording = open_recording(1, {"m": synthetic(10.0)})
    recording.mark(3.0, "a")
    for _ in range(2):
        recording.add_events((Marker(3.0, "a"), Marker(1.0, "b")), (Span(4.0, 5.0, "c"),))
    assert recording.notes.markers == (Marker(1.0, "b"), Marker(3.0, "a"))
    assert recording.notes.excluded == (Span(4.0, 5.0, "c"),)


def test_the_annotated_video_can_be_stopped_and_leaves_nothing(film):
    [timeline] = analysis(film, asked("a"), {"a": fake_pipeline([FACE])})(Monitor()).values()
    monitor = Monitor()
    out = annotating(timeline, film)(monitor)
    assert out.path.stat().st_size > 1000 and monitor.progress.share == 1.0 and out.missing == ()
    out.path.unlink()
    monitor.stop()
    with pytest.raises(StoppedError):
        annotating(timeline, film)(monitor)
    assert [path.name for path in film.parent.rglob("*") if path.is_file()] == ["film.mp4"]


def test_the_annotated_video_is_read_once_however_often_its_button_is_drawn(tmp_path, monkeypatch):
    path, given = tmp_path / "annotated.mp4", []
    path.write_bytes(b"film")
    work = SimpleNamespace(running=False, problem=None, result=Drawn(path, ()))
    monkeypatch.setattr(exports, "memory", lambda: SimpleNamespace(drawing=lambda recording: work))
    monkeypatch.setattr(exports.st, "download_button", lambda label, data, *_, **__: given.append(data))
    addresses, recording = Addresses(), open_recording(1, {"fake": synthetic(2.0)}, tmp_path / "clip.mp4")
    for _ in range(2):
        exports._annotated(recording, "clip", addresses)
    assert given == [b"film"] * 2 and given[0] is given[1]
    work.result = Drawn(path, ())  # drawn anew
    path.write_bytes(b"another film")
    exports._annotated(recording, "clip", addresses)
    assert given[-1] == b"another film"
