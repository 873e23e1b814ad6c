"""Head pose, eyes, mouth and movements as figures and in words."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from fer_core.charts.face_lanes import NOT_MEASURED, describe_face, describe_movements, face_lanes, movement_lines
from fer_core.charts.looks import add_notes, seconds_of
from fer_core.charts.over_time import NOT_SEEN
from fer_core.timeline.face.movements import MOVEMENTS
from fer_core.timeline.notes import Marker, Notes, Span
from fer_core.timeline.statistics.series import averaged
from fer_core.timeline.statistics.summaries import ALL_EXCLUDED
from tests.timelines import measured, synthetic


@pytest.fixture(scope="module")
def timeline():
    return measured()


def named(figure, words: str):
    [trace] = [trace for trace in figure.data if words in trace.name]
    return trace


def test_the_lanes_show_pose_eyes_and_mouth(timeline):
    figure = face_lanes(timeline, 2)
    assert set(named(figure, "yaw").y) == {20.0} and set(named(figure, "pitch").y) == {-5.0}
    assert np.allclose(named(figure, "eyes open").y, 0.3) and np.allclose(named(figure, "mouth open").y, 0.02)
    assert not [trace for trace in figure.data if trace.name == "blink"]


def test_blinks_and_talking_stand_where_they_are(timeline):
    figure = face_lanes(timeline, 1)
    assert [round(seconds_of(x), 1) for x in named(figure, "blink").x] == [3.0, 7.0]
    [talking] = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert seconds_of(talking.x0) == pytest.approx(8, abs=1.1) and seconds_of(talking.x1) == pytest.approx(12, abs=0.1)


def test_a_click_says_its_moment(timeline):
    yaw = named(face_lanes(timeline, 1), "yaw")
    assert [row[0] for row in yaw.customdata][:3] == pytest.approx([0, 0.04, 0.08])


def test_long_recordings_are_averaged(timeline, monkeypatch):
    rows = pd.DataFrame({"time_s": np.arange(3000) / 25, "yaw_deg": 0.0})
    assert 300 < len(averaged(rows, ["yaw_deg"], 1 / 25)[0]) <= 601
    read = len(named(face_lanes(timeline, 1), "yaw").x)
    monkeypatch.setattr("fer_core.charts.face_lanes.averaged", partial(averaged, max_points=100))
    assert 50 < len(named(face_lanes(timeline, 1), "yaw").x) <= 101 < read
    assert [round(seconds_of(x), 1) for x in named(face_lanes(timeline, 1), "blink").x] == [3.0, 7.0]


def test_every_movement_bears_its_nearest_unit(timeline):
    figure = movement_lines(timeline, 1)
    assert len(figure.data) == len(MOVEMENTS)
    assert "AU12" in named(figure, "Lip corner pull").name
    assert max(value for value in named(figure, "Brow raise").y if value == value) == pytest.approx(5)


def test_movements_say_of_what_they_are_percent_and_those_of_one_whole_share_an_axis(timeline):
    figure = movement_lines(timeline, 1)
    titles = {"y": figure.layout.yaxis.title.text, "y2": figure.layout.yaxis2.title.text}
    assert "eyes' outer corners" in titles["y"] and "openness at rest" in titles["y2"].replace("<br>", " ")
    for trace in figure.data:
        lids = "Lid tightening" in trace.name
        assert trace.yaxis == ("y2" if lids else "y")
        whole = "of the openness at rest" if lids else "of the distance of the outer corners of the eyes"
        assert trace.hovertemplate == f"%{{y:.1f}} % {whole}"


def test_words_say_what_the_lanes_show(timeline):
    words = describe_face(timeline, 1, Notes({1: "Zoë"}))
    assert words.startswith("Zoë: head yaw +10 to +10°") and "2 blinks" in words and "as in talking" in words
    slow = describe_face(measured(rate=2), 1)
    assert "blinks cannot be counted" in slow and "talking cannot be told" in slow


def test_axes_say_of_what_eyes_and_mouth_are_shares(timeline):
    layout = face_lanes(timeline, 1).layout
    titles = [axis.title.text.replace("<br>", " ") for axis in (layout.yaxis2, layout.yaxis3)]
    assert titles == ["eyes open of their width", "mouth open of the eyes' distance"]


def test_words_of_movements_hold_their_figures(timeline):
    words = describe_movements(timeline, 1)
    assert "Brow raise" in words and "at most 5.0 % at 0:" in words and words.count("on average") == len(MOVEMENTS)
    assert describe_movements(timeline, 1, Notes({}, (), (Span(0, 60, "phone"),))) == ALL_EXCLUDED


@pytest.mark.parametrize("draw", [face_lanes, movement_lines], ids=["lanes", "movements"])
def test_nothing_to_show_is_said(draw):
    old = synthetic(5)
    assert (
        draw(old, 1).layout.annotations[0].text == NOT_MEASURED == describe_face(old, 1) == describe_movements(old, 1)
    )
    assert draw(old, 9).layout.annotations[0].text == NOT_SEEN == describe_face(old, 9) == describe_movements(old, 9)


def test_notes_fit_on_the_lanes(timeline):
    figure = add_notes(face_lanes(timeline, 1), Notes({}, (Marker(2.0, "laughs"),), (Span(4.0, 5.0, "phone"),)))
    assert any("laughs" in (note.text or "") for note in figure.layout.annotations)
