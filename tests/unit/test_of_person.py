"""What follows from several samples of one person: blinks, talking, movements; and how corrections change it."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest

from fer_core.readings import FaceReading, FrameReading, Pose
from fer_core.reports.tables import csv_text, dictionary_text
from fer_core.timeline.columns import BASE, COLUMNS, DTYPES, GROUP_COLUMNS, GROUPS, MEASURES, PICTURE_COLUMNS
from fer_core.timeline.editing.corrections import within
from fer_core.timeline.editing.edits import Edit, Exclude, Merge, Remove, Rest, Smooth, Split
from fer_core.timeline.editing.study import Study
from fer_core.timeline.face.blinks import LOWEST_RATE_HZ, blinks
from fer_core.timeline.face.movements import MOVEMENTS, Geometry, resting
from fer_core.timeline.face.talking import TALKING_REVERSALS, reversals, talking
from fer_core.timeline.files import from_json, from_parquet, json_bytes, parquet_bytes
from fer_core.timeline.notes import Span
from fer_core.timeline.rows import good_only
from fer_core.timeline.sampling import can_tell_at, rate_hz, runs, sampled_at
from fer_core.timeline.table import Timeline, build, rows_of_frame
from fer_core.ui.video.charts import resting_words
from tests.recordings import open_recording
from tests.timelines import RATE, RECORDING, REQUEST, at, face, measured, synthetic

# --- one sequence ----------------------------------------------------------------------------------------------------


def with_blinks(times_s: np.ndarray, moments: tuple[float, ...], length_s: float = 0.2) -> np.ndarray:
    """Eyes that are open by 0.3 and close for `length_s`."""
    shut = np.any([np.abs(times_s - moment) <= length_s / 2 for moment in moments], axis=0)
    return np.where(shut, 0.05, 0.3) + 0.01 * np.sin(times_s * 7)


def test_blinks_are_found_where_they_are():
    times_s = at(30, 20)
    found = blinks(times_s, with_blinks(times_s, (3.0, 7.5, 15.0)))
    assert [round((blink.start_s + blink.end_s) / 2, 1) for blink in found] == [3.0, 7.5, 15.0]
    assert all(0.1 < blink.end_s - blink.start_s < 0.4 for blink in found)


NO_BLINKS = {
    "open": lambda t: with_blinks(t, ()),
    "closed for two seconds": lambda t: with_blinks(t, (10.0,), length_s=2.0),
    "closed at the start": lambda t: with_blinks(t, (0.0,)),
    "a gap beside it": lambda t: np.where((t > 4.95) & (t < 5.3), np.nan, with_blinks(t, (4.9,))),
    "squinting": lambda t: with_blinks(t, ()) - 0.1 * (np.abs(t - 10) < 0.1),
    "never seen": lambda t: np.full(len(t), np.nan),
}


@pytest.mark.parametrize("case", NO_BLINKS)
def test_no_blink_is_made_up(case):
    times_s = at(30, 20)
    assert blinks(times_s, NO_BLINKS[case](times_s)) == []


@pytest.mark.parametrize("rate", [12, 20, 30])
@pytest.mark.parametrize("start_s", [1.0, 1.3, 7.1])
def test_a_blink_lasts_six_tenths_at_most_wherever_it_is(rate, start_s):
    times_s, first = at(rate, 20), round(start_s * rate)
    for closed, expected in [(int(0.6 * rate + 1e-6), 1), (int(0.6 * rate + 1e-6) + 1, 0)]:
        open_share = np.full(len(times_s), 0.3)
        open_share[first : first + closed] = 0.05
        assert len(blinks(times_s, open_share)) == expected


def test_no_blink_reaches_over_frames_that_are_missing():
    times_s = at(30, 20)
    times_s = times_s[(times_s < 1.001) | (times_s > 1.53)]
    open_share = np.where(np.isclose(times_s, 1.0), 0.05, 0.3)
    assert blinks(times_s, open_share) == []
    dropped = np.delete(at(30, 20), 31)  # one frame is no gap
    assert len(blinks(dropped, np.where(np.isclose(dropped, 1.0), 0.05, 0.3))) == 1


def test_no_talking_is_made_of_what_lies_on_both_sides_of_missing_frames():
    times_s = np.concatenate([at(30, 1), 1.5 + at(30, 1)])
    mouth = np.interp(times_s, [0, 0.5, 1, 1.5, 2, 2.5], [0, 0.1, 0, 0, 0.1, 0])  # it changes twice for certain
    assert len(reversals(mouth)) == 3 and not talking(times_s, mouth).any()
    times_s = np.concatenate([at(30, 1.01), 1.4 + at(30, 0.61)])
    mouth = np.interp(times_s, [0, 1 / 3, 2 / 3, 1, 1.4, 1.7, 2], [0, 0.1, 0, 0.1, 0.1, 0, 0.1])
    assert len(reversals(mouth)) >= TALKING_REVERSALS and not talking(times_s, mouth).any()


def test_narrow_eyes_blink_too():
    times_s = at(30, 20)
    assert len(blinks(times_s, 0.5 * with_blinks(times_s, (3.0, 7.5)))) == 2


def test_too_few_samples_cannot_count_blinks():
    times_s = at(4, 20)
    assert not can_tell_at(times_s, LOWEST_RATE_HZ).any()
    assert blinks(times_s, with_blinks(times_s, (3.0,))) == []
    assert blinks(np.zeros(0), np.zeros(0)) == []


MOUTHS = {
    "talking": (lambda t: 0.05 + 0.05 * np.sin(2 * np.pi * 2.7 * t), True),
    "still": (lambda t: 0.02 + 0.002 * np.sin(2 * np.pi * 3 * t), False),
    "a yawn": (lambda t: 0.4 * np.exp(-(((t - 5) / 1.0) ** 2)), False),
    "surprise that stays": (lambda t: 0.3 * (t > 5), False),
    "never seen": (lambda t: np.full(len(t), np.nan), False),
}


@pytest.mark.parametrize("rate", [4, 10, 30])
@pytest.mark.parametrize("case", MOUTHS)
def test_talking_is_told_from_other_mouth_movements(case, rate):
    movement, expected = MOUTHS[case]
    times_s = at(rate, 10)
    flags = talking(times_s, movement(times_s))[2 * rate : -2 * rate]
    assert flags.all() if expected else not flags.any()


def test_talking_starts_and_ends_about_where_it_does():
    times_s = at(10, 20)
    flags = talking(times_s, 0.05 + 0.05 * np.sin(2 * np.pi * 2.7 * times_s) * (abs(times_s - 10) < 4))
    [(first, last)] = runs(flags)
    assert (times_s[first], times_s[last]) == (pytest.approx(6, abs=1), pytest.approx(14, abs=1))


def test_of_too_few_samples_nobody_talks():
    times_s = at(1, 30)
    assert not talking(times_s, np.tile([0.0, 0.1], 15)).any()
    assert not talking(np.zeros(1), np.zeros(1)).any()


def test_the_resting_face_is_the_median():
    assert resting(np.array([[1.0] * 6, [2.0] * 6, [9.0] * 6])) == Geometry(2, 2, 2, 2, 2, 2)
    with pytest.raises(ValueError, match="at least one"):
        resting(np.zeros((0, 6)))


def test_runs_and_rates():
    assert runs(np.array([True, False, False, True, True])) == [(0, 0), (3, 4)]
    assert runs(np.zeros(0, bool)) == []
    assert rate_hz(at(25, 2)) == pytest.approx(25)
    assert rate_hz(np.zeros(1)) == rate_hz(np.zeros(3)) == 0
    assert rate_hz(np.concatenate([at(4, 2), 60 + at(4, 2)])) == pytest.approx(4)  # a gap is no step


@pytest.mark.parametrize(("fps", "frames_s", "least_hz"), [(15, 24000 / 1001, 12), (12, 30, 12), (3, 30000 / 1001, 3)])
@pytest.mark.parametrize("seconds", [7, 10])
def test_samples_lie_on_frames_and_are_as_many_as_asked_for(fps, frames_s, least_hz, seconds):
    frames_s_of_all = np.arange(round(seconds * frames_s)) / frames_s
    cells = np.floor((frames_s_of_all + 1e-3) * fps)
    times_s = frames_s_of_all[np.flatnonzero(np.diff(cells, prepend=-1) > 0)]
    assert sampled_at(times_s, least_hz) and not sampled_at(times_s, 1.05 * fps)


# --- a timeline ------------------------------------------------------------------------------------------------------


def of(timeline: Timeline, person: int) -> pd.DataFrame:
    return timeline.frame[timeline.frame["person"].eq(person).fillna(False)].set_index("time_s")


def moments(flags: pd.Series) -> list[float]:
    """Middle of each run of true values, in seconds."""
    times_s = flags.index.to_numpy(float)
    return [round(float(times_s[a] + times_s[b]) / 2, 1) for a, b in runs(flags.fillna(False).to_numpy(bool))]


def test_a_timeline_has_the_columns_of_all_groups_in_their_order():
    timeline = measured(2)
    assert tuple(timeline.frame.columns) == (*COLUMNS, *GROUP_COLUMNS)
    assert tuple(timeline.measures.columns) == tuple(MEASURES)
    types = {name: str(dtype) for name, dtype in timeline.frame.dtypes.items()}
    assert all(types[name] == DTYPES[column.kind] for group in GROUPS.values() for name, column in group.items())
    assert set(of(timeline, 1)["yaw_deg"]) == {10.0} and set(of(timeline, 2)["yaw_deg"]) == {20.0}
    assert timeline.frame.iloc[-1][list(GROUP_COLUMNS)].isna().all()  # no face there


def test_columns_have_one_place_one_meaning_and_a_group():
    names = [*BASE, *GROUP_COLUMNS, *MEASURES]
    assert len(set(names)) == len(names)
    assert tuple(GROUPS) == ("pose", "gaze", "eyes", "mouth", "visibility", "movements")
    assert list(GROUPS["movements"]) == [movement.name for movement in MOVEMENTS]
    assert all(movement.unit in GROUPS["movements"][movement.name].meaning for movement in MOVEMENTS)
    assert set(GROUP_COLUMNS) - set(PICTURE_COLUMNS) == {"blink", "talking", *GROUPS["movements"]}


def test_blinks_and_talking_are_told_for_each_person():
    one, two = of(measured(), 1), of(measured(), 2)
    assert moments(one["blink"]) == [3.0, 7.0] and moments(two["blink"]) == []
    assert not one["talking"].loc[:7].any() and one["talking"].loc[9:11].all() and not two["talking"].any()


def test_a_talking_mouth_is_a_quality_reason_beside_others():
    one = of(measured(), 1)
    assert set(one["quality"].loc[:7]) == {"good"} and set(one["quality"].loc[9:11]) == {"talking"}
    assert not good_only(measured().frame).pipe(lambda rows: rows["talking"].fillna(False)).any()
    whole = measured()
    rows = [row for n in range(100) for row in rows_of_frame(FrameReading(n / RATE, n, (mumbling(n),)))]
    assert set(build(rows, RECORDING, REQUEST).frame["quality"][30:70]) == {"dark, talking"}
    assert set(of(whole, 2)["quality"]) == {"good", "dark"}


def mumbling(frame: int) -> FaceReading:
    return face(1, mouth=0.05 + 0.05 * np.sin(2 * np.pi * 2.7 * frame / RATE), problems=("dark",))


@pytest.mark.parametrize(("rate", "blink", "talk"), [(25, True, True), (4, False, True), (1, False, False)])
def test_what_too_few_samples_cannot_tell_is_empty(rate, blink, talk):
    seen = of(measured(rate=rate), 1)
    assert seen["blink"].notna().all() == blink and seen["talking"].notna().all() == talk
    assert (not blink) == seen["blink"].isna().all() and (not talk) == seen["talking"].isna().all()


def seen_at(times_s: np.ndarray, persons: np.ndarray, cuts: tuple[float, ...] = ()) -> Timeline:
    frames = [FrameReading(float(t), n, (face(int(p)),)) for n, (t, p) in enumerate(zip(times_s, persons, strict=True))]
    return build([row for frame in frames for row in rows_of_frame(frame)], RECORDING, REQUEST, cuts=cuts)


def test_in_a_part_with_too_few_samples_blinks_and_talking_are_empty():
    times_s = np.concatenate([at(30, 6), 6 + at(5, 4), 10 + at(2, 6)])
    one = of(seen_at(times_s, np.ones(len(times_s))), 1)
    assert one["blink"].loc[:5.9].eq(False).all() and one["blink"].loc[6.2:].isna().all()
    assert one["talking"].loc[:9.9].eq(False).all() and one["talking"].loc[10.5:].isna().all()


@pytest.mark.parametrize(("column", "rate_hz", "seconds", "slow_hz"), [("blink", 15, 120, 7.5), ("talking", 4, 60, 2)])
def test_a_slower_part_tells_nothing_though_its_steps_are_no_gaps(column, rate_hz, seconds, slow_hz):
    times_s = np.concatenate([at(rate_hz, seconds), seconds + at(slow_hz, seconds / 4)])
    told = of(seen_at(times_s, np.ones(len(times_s))), 1)[column]
    assert told.loc[: seconds - 0.01].eq(False).all() and told.loc[seconds + 1 :].isna().all()


def test_a_face_that_is_found_in_every_second_frame_alone_tells_nothing():
    seen = seen_at(at(30, 20), np.where(np.arange(600) % 2, 1, 2))
    assert of(seen, 1)[["blink", "talking"]].isna().all(axis=None)


def test_a_lone_face_beside_a_hole_tells_nothing():
    times_s = np.concatenate([at(30, 5), 15 + at(30, 5)])  # 149 is the last sample before the hole
    persons = np.where(np.isin(np.arange(300), [148]), 2, 1)
    told = of(seen_at(times_s, persons), 1)["blink"]
    assert told.loc[times_s[149]] is pd.NA and told.loc[times_s[147]] is not pd.NA


def test_whether_blinks_are_counted_does_not_depend_on_where_somebody_comes_and_goes():
    cells = np.floor((np.arange(300) / 30 + 1e-3) * 12)
    times_s = np.flatnonzero(np.diff(cells, prepend=-1) > 0) / 30  # 67 and 100 ms apart in turn
    for first in (10, 11):
        persons = np.where((np.arange(len(times_s)) >= first) & (np.arange(len(times_s)) < first + 4), 2, 1)
        assert of(seen_at(times_s, persons), 2)["blink"].notna().all()


def test_no_blink_reaches_over_a_cut():
    assert moments(of(measured(cuts=(3.0,)), 1)["blink"]) == [7.0]


def test_movements_are_held_against_the_persons_own_resting_face():
    one = of(measured(), 1)
    assert one["brow_raise"].loc[5:5.9].to_numpy() == pytest.approx(5) and one["brow_raise"].loc[:4.9].eq(0).all()
    assert of(measured(), 2)["brow_raise"].eq(0).all()  # low brows are not lowered brows
    assert one["lid_tightening"].loc[2.95:3.05].isna().all()


def test_without_a_mesh_all_of_it_is_empty():
    bare = dataclasses.replace(face(1), mesh=None)
    rows = [row for n in range(50) for row in rows_of_frame(FrameReading(n / RATE, n, (bare,)))]
    timeline = build(rows, RECORDING, REQUEST)
    assert timeline.frame[list(GROUP_COLUMNS)].isna().all(axis=None) and set(timeline.frame["quality"]) == {"good"}
    assert Study(timeline, (Rest(1, Span(0, 1)),)).timeline.frame["brow_raise"].isna().all()


MEASURED = ["blink", "talking", *GROUPS["movements"]]
"""Columns from several samples of a person."""


# --- corrections -----------------------------------------------------------------------------------------------------


def test_a_merge_and_a_split_measure_the_people_anew():
    study = Study(measured()).edited(Merge(2, 3))
    merged = of(study.timeline, 2)["brow_raise"]
    assert merged.loc[:5.9].eq(0).all() != merged.loc[6:].eq(0).all()  # one resting face for both now
    apart = study.edited(Split(2, 6.0, 4))
    assert of(apart.timeline, 2)["brow_raise"].eq(0).all() and of(apart.timeline, 4)["brow_raise"].eq(0).all()
    pd.testing.assert_frame_equal(study.undone().timeline.frame, measured().frame)


def test_a_resting_face_that_was_chosen_counts_whatever_is_corrected_afterwards():
    study = Study(measured()).edited(Rest(1, Span(5.0, 6.0)))
    assert of(study.timeline, 1)["brow_raise"].eq(0).all()
    assert of(study.timeline, 1)["brow_lower"].loc[:2.9].to_numpy() == pytest.approx(2.5)
    later = study.edited(Split(1, 10.0, 4)).edited(Merge(1, 4))
    pd.testing.assert_frame_equal(later.timeline.frame, study.timeline.frame)
    again = later.edited(Rest(1, None))
    pd.testing.assert_frame_equal(again.timeline.frame, measured().frame)


def test_what_is_excluded_counts_for_no_resting_face():
    calm = Exclude((Span(0.0, 5.0), Span(6.0, 20.0)))  # all but the raised brows
    study = Study(measured()).edited(calm)
    one = of(study.timeline, 1)
    assert one["brow_raise"].eq(0).all() and one["brow_lower"].loc[:2.9].to_numpy() == pytest.approx(2.5)
    assert of(study.timeline, 3)["brow_raise"].eq(0).all()  # of whom all is excluded
    pd.testing.assert_frame_equal(study.edited(Exclude(())).timeline.frame, measured().frame)
    pd.testing.assert_frame_equal(study.undone().timeline.frame, measured().frame)


def few_good(good: int) -> Timeline:
    """The brows are raised in the good samples, the first ones of four seconds; the others are dark."""
    faces = [face(1, brow=0.35 if n < good else 0.3, problems=() if n < good else ("dark",)) for n in range(100)]
    rows = [row for n, one in enumerate(faces) for row in rows_of_frame(FrameReading(n / RATE, n, (one,)))]
    return build(rows, RECORDING, REQUEST)


def test_a_few_good_samples_are_no_resting_face():
    assert few_good(9).frame["brow_raise"].max() == pytest.approx(5)
    assert few_good(10).frame["brow_raise"].eq(0).all() and few_good(10).frame["brow_lower"].max() > 0


def test_the_page_says_what_movements_are_measured_against():
    def words(timeline: Timeline, *edits: Edit) -> str:
        recording = open_recording(1, {"m": timeline})
        for edit in edits:
            recording.edit(edit)
        return resting_words(recording, 1)

    rest = Rest(1, Span(2.0, 4.0))
    assert words(measured(), rest) == "their face from 2.00 to 4.00 s"
    lost = words(measured(), rest, Exclude((Span(1.0, 5.0),)))
    assert lost == "the median of their good samples, as nothing counts of the resting face from 2.00 to 4.00 s"
    assert words(measured(), Exclude((Span(0.0, 20.0),))).startswith("the median of all their samples, as all of them")
    assert words(few_good(9)).startswith("the median of all their samples, as fewer than 10")
    assert words(few_good(10)).startswith("the median of their good samples; a resting face")
    assert "whole recording" in words(within(measured(), 5.0, 8.0))


def test_the_excluded_part_of_a_chosen_rest_does_not_count():
    rest, raised = Rest(1, Span(4.5, 6.0)), Exclude((Span(5.0, 6.0, "sneeze"),))
    assert of(Study(measured(), (rest,)).timeline, 1)["brow_raise"].eq(0).all()
    for log in ((rest, raised), (raised, rest), (raised, rest, Split(1, 10.0, 4), Merge(1, 4))):
        one = of(Study(measured(), log).timeline, 1)
        assert one["brow_raise"].loc[5:5.9].to_numpy() == pytest.approx(5)
        assert one["brow_lower"].eq(0).all()


def test_movements_of_a_part_are_those_of_the_whole(tmp_path):
    study = Study(measured(), (Rest(1, Span(0.0, 1.0)), Exclude((Span(0.0, 0.5), Span(7.0, 20.0)))))
    part = within(study.timeline, 5.0, 8.0)
    kept = Study(part, (Exclude((Span(7.0, 8.0),)),))
    pd.testing.assert_frame_equal(kept.timeline.frame, part.frame)
    kept.write(tmp_path / "part.parquet")
    again = Study.open(tmp_path / "part.parquet").timeline
    assert again.part and again.frame["brow_raise"].tolist() == pytest.approx(part.frame["brow_raise"].tolist())


@pytest.mark.parametrize(
    ("log", "kept"),
    [
        ((Smooth("median", 0.8, 0.6),), (1, 2, 3)),
        ((Rest(2, Span(5.0, 5.5)),), (1, 3)),
        ((Merge(2, 3), Smooth("none", 0.4, 0.5)), (1,)),
        ((Remove(3), Smooth("none", 0.4, 0.5)), (1, 2)),
    ],
)
def test_a_part_that_was_corrected_keeps_what_the_corrections_do_not_touch(tmp_path, log, kept):
    raised = Study(measured(), (Rest(1, Span(0.0, 1.0)),)).timeline
    study = Study(within(raised, 5.0, 8.0), log)  # for the most part of raised brows, so its own rest is another
    study.write(tmp_path / "part.parquet")
    again = Study.open(tmp_path / "part.parquet")
    for person in kept:
        for now in (again.timeline, again.read):
            pd.testing.assert_frame_equal(of(now, person)[MEASURED], of(study.read, person)[MEASURED])
    pd.testing.assert_frame_equal(
        again.timeline.frame.reset_index(drop=True), study.timeline.frame.reset_index(drop=True)
    )


LOGS: dict[str, tuple[Edit, ...]] = {
    "none": (),
    "a resting face": (Rest(1, Span(5.0, 6.0)),),
    "merged and split": (Merge(2, 3), Split(1, 9.0, 4), Rest(4, Span(9.0, 10.0))),
    "smoothed otherwise": (Split(1, 9.0, 4), Smooth("median", 0.8, 0.6)),
    "excluded": (Exclude((Span(0.0, 5.0), Span(6.0, 20.0))), Merge(2, 3)),
}


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
@pytest.mark.parametrize("ending", [".parquet", ".json"])
def test_nothing_of_it_is_lost_in_a_file(tmp_path, log, ending):
    study = Study(measured(cuts=(6.5,)), log)
    study.write(tmp_path / f"a{ending}")
    again = Study.open(tmp_path / f"a{ending}")
    pd.testing.assert_frame_equal(again.timeline.frame, study.timeline.frame, check_exact=True)
    pd.testing.assert_frame_equal(again.read.frame, study.read.frame, check_exact=True)
    pd.testing.assert_frame_equal(again.read.measures, study.read.measures, check_exact=True)


def test_of_somebody_who_was_removed_no_measurement_stays(tmp_path):
    study = Study(measured(), (Merge(2, 3), Rest(2, Span(0.0, 1.0)), Remove(1)))
    study.write(tmp_path / "a.parquet")
    again = Study.open(tmp_path / "a.parquet")
    assert 10.0 not in set(again.read.frame["yaw_deg"]) and not again.read.frame["talking"].any()
    pd.testing.assert_frame_equal(again.timeline.frame, study.timeline.frame.reset_index(drop=True))


@pytest.mark.parametrize(("write", "read"), [(parquet_bytes, from_parquet), (json_bytes, from_json)])
def test_a_file_without_the_groups_opens_and_can_be_corrected(write, read):
    whole = measured()
    old = dataclasses.replace(whole, frame=whole.frame[list(COLUMNS)], measures=whole.measures.iloc[:, :4])
    timeline, _ = read(write(old))
    assert tuple(timeline.frame.columns) == COLUMNS and list(timeline.measures.columns) == list(MEASURES)[:4]
    study = Study(timeline, (Rest(1, Span(0.0, 1.0)), Merge(2, 3)))
    assert tuple(study.timeline.frame.columns) == COLUMNS


def test_csv_has_the_columns_and_the_dictionary_explains_each():
    timeline = measured(4)
    table = pd.read_csv(io.StringIO(csv_text(timeline)))
    assert tuple(table.columns) == (*COLUMNS, *GROUP_COLUMNS)
    assert set(table["blink"].dropna()) == {True, False} and ",true," in csv_text(timeline)
    dictionary = pd.read_csv(io.StringIO(dictionary_text(timeline.frame.columns)))
    assert tuple(dictionary["column"]) == tuple(table.columns) and dictionary.notna().all(axis=None)


def test_an_open_recording_says_the_pose_of_the_moment():
    recording = open_recording(1, {"m": measured(2)})
    recording.seek(1.0)
    assert recording.pose(2) == Pose(20, -5, 2) and recording.pose(None) is None and recording.pose(9) is None
    recording.seek(2.0)  # nobody is seen there
    assert recording.pose(2) is None
    assert open_recording(1, {"m": synthetic(5)}).pose(1) is None  # without columns of the landmarks
