"""The outlines of faces in a timeline: what is kept, how exactly, and that corrections and files keep it by row."""

import base64
import dataclasses

import numpy as np
import pandas as pd
import pytest

from fer_core.analysis.checkpoint import Checkpoint, Memories, Part, Position
from fer_core.analysis.search import SearchState
from fer_core.analysis.tracking import Tracker
from fer_core.face.mean_face import mean_face
from fer_core.readings import FrameReading
from fer_core.reports.tables import csv_text
from fer_core.timeline.editing.corrections import merged, split, within, without
from fer_core.timeline.files import from_json, from_parquet, json_bytes, parquet_bytes
from fer_core.timeline.outline import HIGH, LANDMARKS, LOW, OPEN, POINTS, circles, joined, lines, packed, unpacked
from fer_core.timeline.table import Timeline, build, rows_of_frame
from tests.timelines import PROVENANCE, RECORDING, REQUEST, face, measured, synthetic

STEP = (HIGH - LOW) / 255
forms = pytest.mark.parametrize(
    ("write", "read"), [(parquet_bytes, from_parquet), (json_bytes, from_json)], ids=["parquet", "json"]
)


def outlines_at(timeline: Timeline, time_s: float) -> dict[int, str]:
    rows = timeline.frame[timeline.frame["time_s"].eq(time_s) & timeline.frame["person"].notna()]
    return dict(zip(rows["person"], timeline.measures.loc[rows.index, "outline"], strict=True))


def test_the_kept_landmarks_run_along_the_contours_of_both_halves_of_a_face():
    shape = mean_face()
    assert len(set(LANDMARKS)) == len(LANDMARKS) == POINTS - 4
    assert {int(shape.mirror[landmark]) for landmark in LANDMARKS} == set(LANDMARKS)
    for line in lines():
        assert max(np.linalg.norm(np.diff(shape.points[np.take(LANDMARKS, line)], axis=0), axis=1)) < 0.3
    assert sum(line[0] != line[-1] for line in lines()) == len(OPEN)
    assert sorted({place for line in (*lines(), *circles()) for place in line}) == list(range(POINTS))


def test_an_outline_is_its_landmarks_to_half_a_step():
    found = face(2)
    mesh, box = found.mesh, found.box
    [points] = unpacked([packed(mesh, box)])
    pixels = points * (box.width, box.height) + (box.x, box.y)
    assert np.abs(pixels[:-4] - mesh.landmarks[list(LANDMARKS), :2]).max() <= STEP / 2 * max(box[2:]) + 1e-3
    for iris, (middle, rim) in zip(mesh.irises, circles(), strict=True):
        assert np.linalg.norm(pixels[rim] - pixels[middle]) == pytest.approx(2, abs=STEP * box.width)
        assert pixels[middle] == pytest.approx(iris[0], abs=STEP / 2 * box.width + 1e-3)


def test_points_far_outside_the_box_stay_at_its_border():
    found = face(1)
    [points] = unpacked([packed(found.mesh, found.box.moved(1000, -1000))])
    assert points.min() == pytest.approx(LOW) and points.max() == pytest.approx(HIGH)


@pytest.mark.parametrize("text", ["", "AAAA", "é", "A" * 356])
def test_what_is_no_outline_is_refused(text):
    with pytest.raises(ValueError, match=r"outline|ASCII"):
        joined([packed(face(1).mesh, face(1).box), text])


def test_each_reading_has_its_outline_and_a_face_without_landmarks_has_none():
    bare = dataclasses.replace(face(2), mesh=None)
    rows = [*rows_of_frame(FrameReading(0.0, 0, (face(1), bare))), *rows_of_frame(FrameReading(0.25, 6, ()))]
    timeline = build(rows, RECORDING, REQUEST)
    assert timeline.measures["outline"].isna().tolist() == [False, True, True]
    assert timeline.measures["outline"][0] == packed(face(1).mesh, face(1).box)


@forms
def test_files_keep_outlines_to_the_bit(write, read):
    timeline = measured(3.0, 4.0)
    again, _ = read(write(timeline))
    pd.testing.assert_frame_equal(again.measures, timeline.measures, check_exact=True)
    assert again.measures["outline"].notna().sum() == timeline.frame["person"].notna().sum()


@forms
def test_a_file_of_before_has_none_and_can_be_read_and_written(write, read):
    whole = measured(3.0, 4.0)
    old = dataclasses.replace(whole, measures=whole.measures.drop(columns="outline"))
    again, _ = read(write(old))
    assert "outline" not in again.measures.columns
    pd.testing.assert_frame_equal(again.frame, whole.frame, check_exact=True)
    pd.testing.assert_frame_equal(read(write(again))[0].measures, again.measures, check_exact=True)


def test_an_analysis_that_goes_on_has_the_outlines_of_before(tmp_path):
    rows = rows_of_frame(FrameReading(0.0, 0, (face(1), face(2))))
    checkpoint = Checkpoint(tmp_path / "state.jsonl", "ab" * 32, REQUEST, PROVENANCE)
    assert list(checkpoint.take_up()) == []
    memories = Memories(SearchState({}, (), None), Tracker().state())
    checkpoint.add(Part(rows=rows, cuts=[], portraits={}, state=Position(1, 2, 0.0, (640, 360)), memories=memories))
    [part] = Checkpoint(tmp_path / "state.jsonl", "ab" * 32, REQUEST, PROVENANCE).take_up()
    again, before = (build(of, RECORDING, REQUEST).measures for of in (part.rows, rows))
    pd.testing.assert_frame_equal(again, before, check_exact=True)
    assert again["outline"].notna().all()


def test_corrections_keep_outlines_with_their_rows():
    timeline = measured(12.0, 4.0)
    before = outlines_at(timeline, 7.0)
    assert set(before) == {1, 3} and before[1] != before[3]
    assert outlines_at(merged(timeline, 2, 3), 7.0) == {1: before[1], 2: before[3]}
    assert outlines_at(split(timeline, 1, 5.0)[0], 7.0) == {4: before[1], 3: before[3]}
    assert outlines_at(within(timeline, 6.0, 8.0), 7.0) == before
    alone = without(without(timeline, 2), 3)
    assert outlines_at(alone, 7.0) == {1: before[1]}
    assert alone.measures["outline"].notna().sum() == timeline.frame["person"].eq(1).sum()
    nobody = without(alone, 1)
    assert len(nobody.measures) == timeline.frame["frame"].nunique() and nobody.measures["outline"].isna().all()


def test_nothing_of_an_outline_is_in_the_table_for_spreadsheets():
    timeline = measured(3.0, 4.0)
    bare = dataclasses.replace(timeline, measures=timeline.measures.drop(columns="outline"))
    assert csv_text(timeline) == csv_text(bare)


def test_an_hour_of_outlines_takes_a_few_megabytes():
    timeline = synthetic(3600.0, people=1)
    rng = np.random.default_rng(0)
    points = rng.integers(0, 256, (len(timeline.frame), 2 * POINTS), np.uint8)  # nothing to compress
    texts = [base64.b64encode(row.tobytes()).decode() for row in points]
    measures = pd.DataFrame({"outline": pd.Series(texts, timeline.frame.index, "string")})
    size = len(parquet_bytes(dataclasses.replace(timeline, measures=measures))) - len(parquet_bytes(timeline))
    assert size < 4_500_000
