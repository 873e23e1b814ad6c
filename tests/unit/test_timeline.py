"""Readings as a table: what is smoothed, corrected and compared."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fer_core import EMOTIONS, TimelineError
from fer_core.readings import Box, FaceReading, FrameReading, Quality
from fer_core.timeline.columns import COLUMNS, GROUP_COLUMNS, RAW_COLUMNS
from fer_core.timeline.editing.corrections import deviations, merged, resmoothed, split, within, without
from fer_core.timeline.notes import Span
from fer_core.timeline.rows import good_only
from fer_core.timeline.smoothing import exponential
from fer_core.timeline.statistics.agreement import agreement
from fer_core.timeline.statistics.summaries import summarise
from fer_core.timeline.table import GROUP_TYPES, MEASURES, TYPES, Rows, Timeline, build, rows_of_frame
from fer_core.timeline.weights import weighted
from tests.timelines import RECORDING, REQUEST

HAPPY, SAD, FEAR = (EMOTIONS.index(name) for name in ("happy", "sad", "fear"))


def face(person: int, emotion: int, x: int = 10, confidence: float = 0.8, problems=()) -> FaceReading:
    probabilities = np.full(7, (1 - confidence) / 6, np.float32)
    probabilities[emotion] = confidence
    return FaceReading(
        Box(x, 20, 60, 60), 0.99, probabilities, False, np.zeros((3, 3), np.float32),
        Quality(60, 900.0, 120.0, problems, 0.75), person,
    )  # fmt: skip


def timeline(*frames: tuple[FaceReading, ...], cuts=(), **choices) -> Timeline:
    """Frames a quarter of a second apart."""
    rows = [
        row for number, faces in enumerate(frames) for row in rows_of_frame(FrameReading(number / 4, 6 * number, faces))
    ]
    return build(rows, RECORDING, replace(REQUEST, **choices), cuts=cuts, portraits={1: b"one", 2: b"two"})


@pytest.fixture
def pair() -> Timeline:
    """Person 1 alone, then both, then nobody, then person 2 alone."""
    alone = [(face(1, HAPPY),)] * 4
    both = [(face(1, HAPPY), face(2, SAD, x=200))] * 4
    return timeline(*alone, *both, (), (), *[(face(2, SAD, x=200, problems=("dark",)),)] * 4)


@pytest.fixture
def parted() -> Timeline:
    """One person, who gets another number halfway."""
    return timeline(*[(face(1, HAPPY),)] * 8, *[(face(2, SAD),)] * 8)


def test_columns_and_types(pair):
    assert tuple(pair.frame.columns) == (*COLUMNS, *GROUP_COLUMNS)
    assert {name: str(dtype) for name, dtype in pair.frame.dtypes.items()} == {**TYPES, **GROUP_TYPES}
    assert tuple(pair.measures.columns) == MEASURES and len(pair.measures) == len(pair.frame)
    assert pair.measures["frontality"].dropna().eq(0.75).all()


def test_a_frame_without_a_face_is_a_row_without_a_person(pair):
    empty = pair.frame[pair.frame["person"].isna()]
    assert empty["time_s"].tolist() == [2.0, 2.25] and empty["frame"].tolist() == [48, 54]
    assert empty[["x", *EMOTIONS, *RAW_COLUMNS, "label", "confidence", "uncertain"]].isna().all().all()
    assert (empty["quality"] == "").all()


def test_quality_is_words(pair):
    assert pair.frame["quality"].value_counts().to_dict() == {"good": 12, "dark": 4, "": 2}
    assert [person.person for person in summarise(good_only(weighted(pair)))] == [1, 2]
    assert summarise(weighted(pair))[1].samples == 8 and summarise(good_only(weighted(pair)))[1].samples == 4


def test_rows_that_come_one_by_one_are_those_that_come_at_once():
    """Long ones are packed on the way; the first part of these has nobody in it."""
    frames = [FrameReading(number / 4, number, ()) for number in range(600)]
    frames += [FrameReading(150 + number / 4, 600 + number, (face(1 + number % 2, HAPPY),)) for number in range(700)]
    every = [row for frame in frames for row in rows_of_frame(frame)]
    gathered = Rows()
    for row in every:
        gathered.extend([row])
    one_by_one, at_once = (build(rows, RECORDING, REQUEST) for rows in (gathered, every))
    assert one_by_one.frame.equals(at_once.frame) and one_by_one.measures.equals(at_once.measures)
    assert list(map(str, one_by_one.frame.dtypes)) == list({**TYPES, **GROUP_TYPES}.values())
    assert build(gathered, RECORDING, REQUEST).frame.equals(at_once.frame)  # and can be asked for again


def test_nothing_at_all():
    nothing = build([], RECORDING, REQUEST)
    assert tuple(nothing.frame.columns) == (*COLUMNS, *GROUP_COLUMNS) and len(nothing.frame) == 0
    only_empty = timeline((), ())
    assert only_empty.frame["person"].isna().all() and len(only_empty.frame) == 2


def test_each_person_is_smoothed_alone_and_raw_values_are_kept():
    changing = [(face(1, HAPPY if number < 6 else SAD), face(2, FEAR, x=200)) for number in range(12)]
    frame = timeline(*changing).frame
    mine = frame[frame["person"] == 1]
    raw = mine[list(RAW_COLUMNS)].to_numpy(float)
    assert raw[5, HAPPY] == pytest.approx(0.8) and raw[6, SAD] == pytest.approx(0.8)
    wanted = exponential(mine["time_s"].to_numpy(float), raw, REQUEST.time_constant_s)
    assert mine[list(EMOTIONS)].to_numpy(float) == pytest.approx(wanted, abs=1e-6)
    assert mine["label"].tolist()[:7] == ["happy"] * 7  # the change is noticed one sample late
    assert (frame[frame["person"] == 2]["label"] == "fear").all()


def test_nothing_is_smoothed_over_a_cut():
    frames = [(face(1, HAPPY if number < 6 else SAD),) for number in range(12)]
    assert timeline(*frames, cuts=[1.5]).frame["label"].tolist() == ["happy"] * 6 + ["sad"] * 6


@pytest.mark.parametrize("every_s", [1.0, 2.0, 5.0])
def test_few_samples_are_smoothed_too_and_one_that_is_missed_is_no_gap(every_s):
    faces = [(face(1, SAD if number == 3 else HAPPY),) for number in range(8)]
    faces[5] = ()
    frames = [FrameReading(number * every_s, number, each) for number, each in enumerate(faces)]
    rows = [row for frame in frames for row in rows_of_frame(frame)]
    table = build(rows, RECORDING, replace(REQUEST, fps=1 / every_s, time_constant_s=2 * every_s)).frame
    seen = table[table["person"].notna()].set_index("frame")
    assert seen.loc[3, "label"] == "happy"  # one reading does not outweigh the three before it
    assert abs(seen.loc[6, "sad"] - seen.loc[6, "raw_sad"]) > 0.003  # after the missed one, it still remembers


def test_label_confidence_and_uncertain_follow_from_the_smoothed_values():
    frame = timeline(*[(face(1, HAPPY, confidence=0.45),)] * 3, uncertain_below=0.5).frame
    assert frame["label"].tolist() == ["happy"] * 3 and frame["uncertain"].all()
    assert frame["confidence"].to_numpy(float) == pytest.approx(frame["happy"].to_numpy(float))


@pytest.mark.parametrize("method", ["median", "hmm", "none", "exponential"])
def test_smoothing_can_be_changed_afterwards(parted, method):
    one = merged(parted, 1, 2)
    changed = resmoothed(one, method, 0.6)
    assert (changed.request.smoothing, changed.request.time_constant_s) == (method, 0.6)
    assert changed.frame[list(RAW_COLUMNS)].equals(one.frame[list(RAW_COLUMNS)])
    back = resmoothed(changed, REQUEST.smoothing, REQUEST.time_constant_s)
    pd.testing.assert_frame_equal(back.frame, one.frame)


def test_the_threshold_can_be_changed_afterwards(pair):
    assert resmoothed(pair, uncertain_below=0.9).frame["uncertain"].dropna().all()
    with pytest.raises(TimelineError, match="median"):
        resmoothed(pair, "soothing")


def test_merging_gives_one_person_smoothed_through(parted):
    one = merged(parted, 1, 2)
    assert one.frame["person"].tolist() == [1] * 16
    assert one.frame["label"].tolist() == ["happy"] * 9 + ["sad"] * 7  # parted, it changed at once
    assert parted.frame["label"].tolist() == ["happy"] * 8 + ["sad"] * 8
    assert dict(one.portraits) == {1: b"one"} and set(parted.frame["person"]) == {1, 2}


def test_merging_into_somebody_without_a_portrait_keeps_the_others(parted):
    assert dict(merged(replace(parted, portraits={2: b"two"}), 1, 2).portraits) == {1: b"two"}


def test_who_is_seen_together_is_not_one(pair):
    with pytest.raises(TimelineError, match=r"both seen at 1\.00 s"):
        merged(pair, 1, 2)


def test_splitting_undoes_merging(parted):
    again, number = split(merged(parted, 1, 2), 1, 2.0)
    assert number == 2 and not again.portraits  # that of before may show either
    pd.testing.assert_frame_equal(again.frame, parted.frame)


@pytest.mark.parametrize("at_s", [0.0, 99.0])
def test_splitting_needs_a_moment_in_between(parted, at_s):
    with pytest.raises(TimelineError, match="before and after"):
        split(parted, 1, at_s)


def test_leaving_somebody_out(pair):
    rest = without(pair, 1)
    assert set(rest.frame["person"].dropna()) == {2} and set(rest.portraits) == {2}
    assert sorted(rest.frame["time_s"].unique()) == sorted(pair.frame["time_s"].unique())
    assert rest.frame[rest.frame["time_s"] < 1][["label", "happy", "x"]].isna().all().all()
    assert rest.measures.index.equals(rest.frame.index)
    pd.testing.assert_frame_equal(
        rest.frame[rest.frame["person"].eq(2).fillna(False)], pair.frame[pair.frame["person"].eq(2).fillna(False)]
    )


@pytest.mark.parametrize("change", [lambda t: merged(t, 1, 9), lambda t: split(t, 9, 1.0), lambda t: without(t, 9)])
def test_an_unknown_person_is_refused_with_those_known(pair, change):
    with pytest.raises(TimelineError, match=r"no person 9.*1, 2"):
        change(pair)


def test_deviations_from_a_calm_stretch():
    calm, lively = [(face(1, SAD, confidence=0.6),)] * 8, [(face(1, HAPPY),)] * 8
    one = timeline(*calm, *lively, smoothing="none")
    rows = deviations(one, {1: Span(0.0, 1.75)})
    assert rows[rows["time_s"] < 2][list(EMOTIONS)].abs().max().max() == pytest.approx(0, abs=1e-6)
    late = rows[rows["time_s"] >= 2]
    assert late["happy"].to_numpy(float) == pytest.approx(0.8 - 0.4 / 6, abs=1e-5)
    assert late["sad"].to_numpy(float) == pytest.approx(0.2 / 6 - 0.6, abs=1e-5)


def test_deviations_need_the_person_in_the_span(pair):
    with pytest.raises(TimelineError, match="not seen between"):
        deviations(pair, {2: Span(0.0, 0.5)})
    assert len(deviations(pair, {})) == 0


def test_a_range_keeps_what_lies_in_it(pair):
    part = within(pair, 1.0, 2.0)
    assert part.frame["time_s"].min() == 1.0 and part.frame["time_s"].max() == 1.75
    assert [person.samples for person in summarise(part)] == [4, 4]
    assert part.measures.index.equals(part.frame.index)


def test_models_that_agree_and_disagree():
    same = timeline(*[(face(1, HAPPY),)] * 4, smoothing="none")
    other = timeline((face(1, SAD),), *[(face(1, HAPPY),)] * 2, (), smoothing="none")
    rows = agreement({"a": same, "b": other})
    assert rows["agree"].tolist() == [False, True, True]  # the fourth sample is not in both
    assert rows["a"].tolist() == ["happy"] * 3 and rows["b"].tolist() == ["sad", "happy", "happy"]
    assert rows["distance"].tolist() == pytest.approx([0.8 - 0.2 / 6, 0, 0], abs=1e-5)


def test_three_models_are_compared_in_pairs():
    said = {"a": HAPPY, "b": HAPPY, "c": SAD}
    rows = agreement({name: timeline((face(1, emotion),), smoothing="none") for name, emotion in said.items()})
    assert rows["distance"].tolist() == pytest.approx([2 / 3 * (0.8 - 0.2 / 6)], abs=1e-5)


def test_a_comparison_is_of_one_recording(pair):
    other = replace(pair, recording=replace(RECORDING, sha256="ff" * 32))
    with pytest.raises(TimelineError, match="different recordings"):
        agreement({"a": pair, "b": other})
    live = replace(pair, recording=replace(RECORDING, sha256="", name="Live 1"))
    later = replace(pair, recording=replace(RECORDING, sha256="", name="Live 2"))
    assert len(agreement({"a": live, "b": live})) == len(agreement({"a": pair, "b": pair}))
    with pytest.raises(TimelineError, match="different recordings"):
        agreement({"a": live, "b": later})
    with pytest.raises(TimelineError, match="two models"):
        agreement({"a": pair})
