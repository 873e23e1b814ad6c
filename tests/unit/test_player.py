"""What the player is given, and what it says to the page."""

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest

from fer_core.emotions import EMOTIONS
from fer_core.timeline.editing.corrections import without
from fer_core.timeline.notes import Marker, Notes, Rating, Span
from fer_core.timeline.outline import joined
from fer_core.timeline.statistics.summaries import CATEGORIES, stretches
from fer_core.ui.video.player.component import SCRIPTS, Addresses
from fer_core.ui.video.player.messages import LONGEST_TEXT, hear
from fer_core.ui.video.player.outlines import has_outlines, outlines_json
from fer_core.ui.video.player.track import UNIT, blind_track_of, track_of
from fer_core.ui.video.rating import rate
from fer_core.ui.video.recording import OpenRecording
from tests.conftest import ROOT
from tests.recordings import open_recording
from tests.timelines import measured, nobody, of_rows, reading, synthetic


def opened(**more) -> OpenRecording:
    return open_recording(1, {"m": synthetic(10.0)}, **more)


def test_the_track_says_what_the_table_says():
    timeline = synthetic(10.0)
    track = track_of(timeline, Notes({2: "Zoë"}))
    frame = timeline.frame
    assert track.times == sorted(set(frame["time_s"])) and len(track.frames) == len(track.times)
    assert [person.name for person in track.people] == ["Person 1", "Zoë"]
    for person in track.people:
        rows = frame[frame["person"].eq(person.number)]
        assert [track.times[place] for place in person.samples] == rows["time_s"].tolist()
        assert [EMOTIONS[label] for label in person.labels] == rows["label"].tolist()
        assert person.uncertain == rows["uncertain"].astype(int).tolist()
        shares = np.reshape(person.probabilities, (-1, 7)) / UNIT
        assert np.abs(shares - rows[list(EMOTIONS)].to_numpy(float)).max() <= 0.5 / UNIT
        sides = np.array([640, 360, 640, 360])
        boxes = np.reshape(person.boxes, (-1, 4)) / UNIT * sides
        assert np.abs(boxes - rows[["x", "y", "width", "height"]].to_numpy(float)).max() < 0.05
        close = shares.copy()
        close[np.arange(len(rows)), person.labels] = 0
        for place, second in enumerate(person.close):
            ratio = close[place].max() / shares[place].max()
            assert (second == close[place].argmax()) if ratio > 0.751 else (second == -1 or ratio > 0.749)
        words = [track.qualities[place] or "good" for place in person.quality]
        assert words == rows["quality"].tolist()
        runs = stretches(timeline, person.number)
        assert [(start, end) for start, end, _, _ in person.runs] == [(run.start_s, run.end_s) for run in runs]
        assert [end for _, end in person.poor] == [10.0]  # the last tenth is dark


def test_the_track_tells_categories_apart_without_colour():
    signs = track_of(synthetic(5.0), Notes()).signs
    assert [sign.name for sign in signs] == list(CATEGORIES)
    assert len({sign.letter for sign in signs}) == len({sign.pattern for sign in signs}) == len(signs)


def test_events_come_with_the_track():
    notes = Notes({}, (Marker(1.5, "claps"),), (Span(2.0, 3.0, "break"),))
    track = json.loads(track_of(synthetic(5.0), notes).to_json())
    assert track["markers"] == [[1.5, "claps"]] and track["excluded"] == [[2.0, 3.0, "break"]]


def test_frames_without_a_face_are_moments_too():
    track = track_of(of_rows([nobody(0.0), reading(0.25, 3, "sad"), nobody(0.5)]), Notes())
    assert track.times == [0.0, 0.25, 0.5] and [person.samples for person in track.people] == [[1]]
    nothing = track_of(of_rows([]), Notes())
    assert nothing.times == [] and nothing.people == [] and json.loads(nothing.to_json())["end"] == 30.0


def test_the_outlines_are_those_of_the_rows():
    timeline = without(measured(12.0, 4.0), 2)
    timeline.measures.loc[timeline.frame["person"].eq(1) & timeline.frame["time_s"].eq(1.0), "outline"] = pd.NA
    document, track = json.loads(outlines_json(timeline)), track_of(timeline, Notes())
    assert [one["number"] for one in document["people"]] == [1, 3]
    for one in document["people"]:
        rows = timeline.frame[timeline.frame["person"].eq(one["number"])]
        kept = timeline.measures.loc[rows.index, "outline"].dropna()
        assert [track.times[place] for place in one["samples"]] == rows.loc[kept.index, "time_s"].tolist()
        assert base64.b64decode(one["outlines"]) == joined(kept.tolist())
    assert len(document["people"][0]["samples"]) == 47  # of 48
    assert {place for line in document["lines"] for place in line} < set(range(document["points"]))


def test_whether_there_are_outlines_to_fetch():
    timeline = measured(3.0, 4.0)
    assert has_outlines(timeline) and not has_outlines(synthetic(3.0))
    assert not has_outlines(without(without(timeline, 1), 2))


def test_a_blind_rater_is_sent_their_labels_and_no_reading():
    timeline = synthetic(10.0)
    ratings = (Rating(1, 1.0, 2.0, "sad", "EC"), Rating(1, 1.0, 5.0, "fear", "MK"), Rating(2, 0.0, 1.0, "happy", "EC"))
    track = blind_track_of(timeline, Notes(ratings=ratings), "EC")
    for person, label, start_s, end_s in ((track.people[0], "sad", 1.0, 2.0), (track.people[1], "happy", 0.0, 1.0)):
        at_s = np.array([track.times[place] for place in person.samples])
        inside = (at_s >= start_s) & (at_s < end_s)
        assert person.labels == np.where(inside, EMOTIONS.index(label), -1).tolist() and inside.any()
        assert not any(person.probabilities) and not any(person.uncertain) and set(person.close) == {-1}
        assert person.runs == [(start_s, end_s, EMOTIONS.index(label), 0)]
        assert person.boxes == track_of(timeline, Notes()).people[person.number - 1].boxes
    assert track.blind and not track_of(timeline, Notes()).blind


def test_an_hour_of_readings_is_small():
    timeline = synthetic(3600.0)
    assert len(track_of(timeline, Notes()).to_json()) < 3_000_000


@pytest.mark.parametrize(
    ("message", "attribute", "expected"),
    [
        ({"moment": 3.6}, "moment_s", 3.5),  # between two samples: the one that stands there
        ({"moment": 1e9}, "moment_s", 9.75),
        ({"moment": float("nan")}, "moment_s", 0.0),
        ({"moment": "3"}, "moment_s", 0.0),
        ({"moment": True}, "moment_s", 0.0),
        ({"range": [2, 4.5]}, "range_s", (2.0, 4.5)),
        ({"range": [-5, 1e9]}, "range_s", (0.0, 10.0)),
        ({"range": [4.5, 2]}, "range_s", (0.0, 10.0)),
        ({"range": [1.0]}, "range_s", (0.0, 10.0)),
        ({"range": [None, 2.0]}, "range_s", (0.0, 10.0)),
        ({"person": 2}, "person", 2),
        ({"person": 9}, "person", 1),
        ({}, "seeks", 0),
        ({"moment": 3.5}, "seeks", 0),  # the player is there already
    ],
)
def test_what_the_player_says_is_done(message, attribute, expected):
    recording = opened()
    hear(recording, message)
    assert getattr(recording, attribute) == expected


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ({"time": 3.52, "text": " claps "}, (Marker(3.52, "claps"),)),  # at the frame, which need not be a sample
        ({"time": 99, "text": ""}, (Marker(10.0, "Event"),)),
        ({"time": 1, "text": "x" * 500}, (Marker(1.0, "x" * LONGEST_TEXT),)),
        ({"text": "when?"}, ()),
        ("now", ()),
    ],
)
def test_a_marker_is_set_in_the_player(mark, expected):
    recording = opened()
    hear(recording, {"deeds": [{"id": "a 1", "mark": mark}]})
    assert recording.notes.markers == expected


def test_what_was_done_in_the_player_is_done_once_however_often_it_is_told():
    recording = opened()
    label = {"id": "a 1", "rate": "happy", "range": [1.0, 2.0], "person": 2}
    mark = {"id": "a 2", "mark": {"time": 3.0, "text": "claps"}}
    hear(recording, {"deeds": [label]}, labelling=True)
    assert recording.range_s == (2.0, 10.0)  # the rest is next
    hear(recording, {"deeds": [label, mark], "moment": 4.0}, labelling=True)
    hear(recording, {"deeds": [mark]})
    assert [(each.person, each.start_s, each.end_s, each.label) for each in recording.notes.ratings] == [
        (2, 1.0, 2.0, "happy")
    ]
    assert recording.notes.markers == (Marker(3.0, "claps"),)


def test_a_range_that_was_chosen_after_a_label_stands():
    recording = opened()
    first = {"id": "a 1", "rate": "happy", "range": [0.0, 1.0], "person": 1}
    second = {"id": "a 2", "rate": "sad", "range": [1.0, 3.0], "person": 1}
    hear(recording, {"range": [1.0, 3.0], "deeds": [first]}, labelling=True)
    assert recording.range_s == (1.0, 3.0)
    hear(recording, {"range": [4.0, 6.0], "deeds": [first, second]}, labelling=True)
    assert recording.range_s == (4.0, 6.0)
    assert [(each.start_s, each.end_s, each.label) for each in recording.notes.ratings] == [
        (0.0, 1.0, "happy"),
        (1.0, 3.0, "sad"),
    ]


def test_the_player_knows_when_too_little_is_left_for_another_label():
    assert track_of(synthetic(10.0), Notes()).interval == 0.25


@pytest.mark.parametrize(
    "deed",
    [
        None,
        {},
        {"id": 1, "mark": {"time": 1.0}},
        {"id": "a", "rate": "joy", "range": [1, 2], "person": 1},
        {"id": "a", "rate": "sad", "range": [2, 1], "person": 1},
        {"id": "a", "rate": "sad", "person": 1},
        {"id": "a", "rate": "sad", "range": [1, 2], "person": 9},
    ],
)
def test_a_deed_that_makes_no_sense_is_passed_over(deed):
    recording = opened()
    hear(recording, {"deeds": [deed]}, labelling=True)
    assert recording.notes.ratings == () and recording.notes.markers == ()


def test_two_clicks_on_a_label_label_one_range():
    recording = opened()
    recording.choose_range(2.0, 5.0)
    for _ in range(2):
        rate(recording, "angry", 1, (2.0, 5.0))
    assert [(each.start_s, each.end_s) for each in recording.notes.ratings] == [(2.0, 5.0)]


def test_a_document_is_handed_out_again_only_when_it_changes(monkeypatch):
    given: list[bytes] = []
    monkeypatch.setattr("fer_core.ui.video.player.component._handed_out", lambda what, *_: str(given.append(what)))
    addresses, one, other = Addresses(), object(), object()
    for of in ((one,), (one,), (other,), (other,), (one,)):
        addresses.of_made("track", of, lambda: b"made", "application/json")
    assert given == [b"made"] * 3


def test_the_script_fetches_nothing_from_elsewhere():
    folder = ROOT / "fer_core" / "ui" / "video" / "player"
    for name in (*SCRIPTS, "player.html", "player.css"):
        text = (folder / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]|@import|\bimport\b[^;]*from|url\(", text), name
