"""A study is a timeline and a log: whatever was done comes back from a file, can be undone, and hides the removed."""

import dataclasses
import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_core import EMOTIONS, MediaError, TimelineError
from fer_core.evidence.bundle import bundle_bytes
from fer_core.timeline import table
from fer_core.timeline.columns import RAW_COLUMNS
from fer_core.timeline.editing.corrections import merged, resmoothed, split, within, without
from fer_core.timeline.editing.edits import (
    KINDS,
    Accompany,
    Edit,
    Exclude,
    Mark,
    Merge,
    Name,
    Rate,
    Remove,
    Rest,
    Smooth,
    Split,
    edits_from_json,
    edits_to_json,
)
from fer_core.timeline.editing.study import AS_READ, Study, replayed
from fer_core.timeline.files import from_json, typed_rows
from fer_core.timeline.notes import Marker, Notes, Rating, Span, Stimulus
from fer_core.timeline.rows import people
from fer_core.timeline.table import Timeline
from tests.timelines import measures_of, nobody, of_rows, reading, synthetic

LOG = (
    Name(1, "Zoë"),
    Split(1, 4.0, 4),
    Merge(2, 3),
    Name(2, "面接"),
    Mark((Marker(3.0, "laughs"), Marker(1.0, "starts"))),
    Exclude((Span(5.0, 6.0, "phone"), Span(0.0, 0.5))),
    Rest(4, Span(4.0, 5.0)),
    Smooth("median", 0.8, 0.6),
    Accompany(Stimulus("film.mp4", -1.5)),
    Rate(4, 4.0, 6.0, "sad", "EC", blind=False),
)


def three() -> Timeline:
    """Ten seconds: person 1 throughout, person 2 for the first half, person 3 for the second; everything as read."""
    labels = ("happy", "sad", "neutral")
    rows = []
    for n in range(40):
        if n in (18, 19):
            rows.append(nobody(n / 4))
            continue
        other = 2 if n < 20 else 3
        rows.append(reading(n / 4, 1, labels[n // 3 % 3], 0.4 + 0.01 * n))
        rows.append(
            reading(n / 4, other, labels[n // 5 % 3], 0.9 - 0.01 * n, x=300, quality="dark" if n % 7 else "good")
        )
    made = of_rows(rows)
    portraits = {1: b"\xff\xd8 face of one", 2: b"\xff\xd8 face of two", 3: b"\xff\xd8 face of three"}
    return resmoothed(dataclasses.replace(made, portraits=portraits, cuts=(5.0,), measures=measures_of(made.frame)))


def assert_same(one: Timeline, other: Timeline) -> None:
    pd.testing.assert_frame_equal(typed_rows(one), typed_rows(other), check_exact=True)
    pd.testing.assert_frame_equal(
        one.measures.reset_index(drop=True), other.measures.reset_index(drop=True), check_exact=True
    )
    for name in ("recording", "request", "provenance", "problems", "cuts"):
        assert getattr(one, name) == getattr(other, name), name


def reopened(study: Study, path: Path) -> Study:
    study.write(path)
    return Study.open(path)


# --- the fold --------------------------------------------------------------------------------------------------------


def test_the_state_is_the_fold_of_the_log():
    study = Study(three(), LOG)
    by_hand = resmoothed(merged(split(three(), 1, 4.0, 4)[0], 2, 3), "median", 0.8, 0.6)
    assert_same(study.timeline, by_hand)
    assert study.notes == Notes(
        {1: "Zoë", 2: "面接"},
        (Marker(1.0, "starts"), Marker(3.0, "laughs")),
        (Span(0.0, 0.5), Span(5.0, 6.0, "phone")),
        Stimulus("film.mp4", -1.5),
        (Rating(4, 4.0, 6.0, "sad", "EC", blind=False),),
    )
    assert study.resting == {4: Span(4.0, 5.0)} and people(study.timeline) == [1, 2, 4]
    assert_same(replayed(three(), LOG), by_hand)


def test_one_by_one_and_all_at_once_are_the_same():
    study = Study(three())
    for edit in LOG:
        study = study.edited(edit)
    assert study.edits == LOG
    assert_same(study.timeline, Study(three(), LOG).timeline)


def test_nothing_that_was_read_changes():
    read = three()
    study = Study(read, (*LOG, Remove(1)))
    assert study.read is read
    assert_same(read, three())


def test_undo_takes_the_last_edit_whatever_its_kind():
    study = Study(three(), LOG)
    for number in range(len(LOG) - 1, -1, -1):
        study = study.undone()
        assert study.edits == LOG[:number]
        assert study.notes == Study(three(), LOG[:number]).notes
        assert_same(study.timeline, Study(three(), LOG[:number]).timeline)
    assert study.timeline is study.read
    assert study.undone().edits == ()  # there is nothing left to undo


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Merge(1, 2), "cannot be one"),
        (Merge(1, 1), "themselves"),
        (Merge(1, 9), "no person 9"),
        (Split(2, 0.0, 4), "before and after"),
        (Remove(9), "no person 9"),
        (Rest(3, Span(0.0, 1.0)), "not seen between"),
        (Smooth("soothing", 1.0, 0.5), "choose one of"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(edit, words):
    study = Study(three())
    with pytest.raises(TimelineError, match=words):
        study.edited(edit)
    assert study.edits == () and study.timeline is study.read
    with pytest.raises(TimelineError, match=words):
        Study(three(), (edit,))


def test_a_name_can_be_taken_away_and_a_rest_too():
    study = Study(three(), (Name(1, " Zoë "), Rest(1, Span(0.0, 1.0))))
    assert study.notes.name(1) == "Zoë" and study.deviations()["person"].unique().tolist() == [1]
    study = study.edited(Name(1, "")).edited(Rest(1, None))
    assert study.notes.name(1) == "Person 1" and study.deviations().empty


def test_a_new_number_was_nobodys_before():
    study = Study(three())
    assert study.next_number == 4
    study = study.edited(Split(1, 4.0, 4)).edited(Merge(1, 4))
    assert study.next_number == 5 and study.undone().undone().next_number == 4


@pytest.mark.parametrize(
    ("edit", "touched"),
    [
        (Merge(2, 3), {2}),
        (Split(1, 4.0, 4), {1, 4}),
        (Remove(2), set()),
        (Name(1, "Zoë"), set()),
        (Mark((Marker(1.0, "a"),)), set()),
        (Exclude((Span(1.0, 2.0),)), set()),
        (Rest(1, Span(0.0, 1.0)), set()),
        (Smooth("exponential", 0.8, 0.6), {1, 2, 3}),
    ],
    ids=str,
)
def test_a_correction_smooths_only_the_people_it_touches(monkeypatch, edit, touched):
    study, asked = Study(three()), []
    method = table.METHODS["exponential"]

    def spy(times_s, raw, *more):
        asked.append(raw)
        return method(times_s, raw, *more)

    monkeypatch.setitem(table.METHODS, "exponential", spy)
    after = study.edited(edit).timeline.frame
    rows = sum(map(len, asked))
    assert rows == after["person"].isin(touched).sum()
    others = after[~after["person"].isin(touched).fillna(False).to_numpy(bool) & after["person"].notna()]
    before = study.timeline.frame.loc[others.index]
    pd.testing.assert_frame_equal(others[[*EMOTIONS]], before[[*EMOTIONS]], check_exact=True)


# --- JSON of edits ---------------------------------------------------------------------------------------------------

numbers = st.integers(1, 5)
moments = st.floats(0, 10, allow_subnormal=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
spans = st.builds(lambda start_s, length_s, reason: Span(start_s, start_s + length_s, reason), moments, moments, texts)
any_edit = st.one_of(
    st.builds(Merge, numbers, st.integers(6, 9)),
    st.builds(Split, numbers, moments, numbers),
    st.builds(Remove, numbers),
    st.builds(Name, numbers, texts),
    st.builds(Mark, st.lists(st.builds(Marker, moments, texts), max_size=3).map(tuple)),
    st.builds(Exclude, st.lists(spans, max_size=3).map(tuple)),
    st.builds(Rest, numbers, st.none() | spans),
    st.builds(Smooth, st.sampled_from(["exponential", "median", "hmm", "none"]), st.floats(0, 3), st.floats(0, 1)),
    st.builds(Accompany, st.none() | st.builds(Stimulus, texts.filter(bool), st.floats(-10, 10))),
    st.builds(
        lambda number, span, label, rater, blind: Rate(number, span.start_s, span.end_s + 0.1, label, rater, blind),
        numbers,
        spans,
        st.none() | st.sampled_from(EMOTIONS),
        texts,
        st.booleans(),
    ),
)


@given(st.lists(any_edit, max_size=8).map(tuple))
def test_a_log_survives_json(log):
    assert edits_from_json(json.loads(json.dumps(edits_to_json(log)))) == log


def test_every_kind_of_edit_has_words():
    assert {type(edit) for edit in LOG} | {Remove} == set(KINDS.values())
    words = [edit.words(Notes({1: "Zoë"})) for edit in (*LOG, Remove(1))]
    assert len(set(words)) == len(words) and "Zoë is somebody else from 4.00 s" in words


@pytest.mark.parametrize(
    "plain",
    [
        {"kind": "dye", "person": 1},
        {"person": 1},
        {"kind": "remove"},
        {"kind": "remove", "person": "Zoë"},
        {"kind": "remove", "person": 1, "more": 2},
        {"kind": "rest", "person": 1, "span": 3},
        {"kind": "accompany", "stimulus": {"name": "", "offset_s": 1}},
        {"kind": "accompany", "stimulus": {"name": "film.mp4", "offset_s": "soon"}},
        "remove",
        None,
        {"kind": ["remove"]},
    ],
    ids=str,
)
def test_what_is_no_edit_is_named_by_its_place(plain):
    with pytest.raises(TimelineError, match="Edit 2 is not understood"):
        edits_from_json([{"kind": "remove", "person": 1}, plain])


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"kind": "fly"}, 'its "kind" is one of merge, split'),
        ({"kind": "name", "person": "x", "name": "Zoë"}, 'correct its "person": input should be a valid integer'),
        ({"kind": "remove"}, 'correct its "person": field required.'),
        ({"kind": "exclude", "spans": [{"start_s": 6, "end_s": 4}]}, r'"spans": a span cannot end \(4.0\) before'),
        ({"kind": "rate", "person": 1, "start_s": 1, "end_s": 2, "label": "glad"}, 'correct it: .* not "glad"'),
        ({"kind": "merge", "person": 1, "other": 1}, "cannot be merged with themselves"),
        ({"kind": "split", "person": 1, "at_s": 1, "number": 0}, "from 1 to 1,000,000, not 0"),
        ({"kind": "smooth", "smoothing": "x", "time_constant_s": 1, "uncertain_below": 0.5}, 'no smoothing "x"'),
        ({"kind": "smooth", "smoothing": "hmm", "time_constant_s": -1, "uncertain_below": 0.5}, "time constant"),
    ],
    ids=str,
)
def test_what_is_wrong_with_an_edit_is_told_before_it_is_applied(plain, words):
    with pytest.raises(TimelineError, match=f"Edit 1 is not understood; .*{words}"):
        edits_from_json([plain])


@pytest.mark.parametrize("plain", [None, {}, "[]", 3], ids=str)
def test_what_is_no_log_is_refused(plain):
    with pytest.raises(TimelineError, match="a list"):
        edits_from_json(plain)


# --- files -----------------------------------------------------------------------------------------------------------


def tried(log: tuple[Edit, ...]) -> Study:
    """The study with those of the edits that can be made; splits get a number that is free."""
    study = Study(three())
    for edit in log:
        if isinstance(edit, Split):
            edit = dataclasses.replace(edit, number=study.next_number)
        try:
            study = study.edited(edit)
        except TimelineError:
            continue
    return study


corrections = st.one_of(
    st.builds(Merge, numbers, numbers),
    st.builds(Split, numbers, st.sampled_from([1.0, 2.5, 4.0, 6.0, 8.0]), st.just(0)),
    st.builds(Name, numbers, st.sampled_from(["Ann", "Zoë", ""])),
    st.builds(Mark, st.just((Marker(2.0, "a"),))),
    st.builds(Exclude, st.just((Span(1.0, 2.0, "b"),))),
    st.builds(Rest, numbers, st.just(Span(2.0, 4.0))),
    st.builds(Smooth, st.sampled_from(["exponential", "median", "none"]), st.just(0.8), st.sampled_from([0.5, 0.7])),
    st.builds(Rate, numbers, st.sampled_from([0.0, 2.0]), st.sampled_from([3.0, 7.0]), st.sampled_from(["sad", None])),
)
logs = st.lists(corrections, max_size=8).map(tuple)
with_removals = st.lists(corrections | st.builds(Remove, numbers), max_size=8).map(tuple)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(log=logs, ending=st.sampled_from([".parquet", ".json"]))
def test_whatever_was_corrected_comes_back_from_a_file(tmp_path_factory, log, ending):
    study = tried(log)
    again = reopened(study, tmp_path_factory.mktemp("study") / f"a{ending}")
    assert again.edits == study.edits and again.notes == study.notes and again.resting == study.resting
    assert_same(again.timeline, study.timeline)
    assert_same(again.read, study.read)
    assert dict(again.read.portraits) == dict(study.read.portraits)
    assert again.undone().edits == study.undone().edits
    assert_same(again.undone().timeline, study.undone().timeline)


@few
@given(log=with_removals)
def test_a_purged_study_shows_the_same_people_as_before(log):
    study = tried(log)
    purged = study.purged()
    assert purged.whole == study.whole and not any(isinstance(edit, Remove) for edit in purged.edits)
    assert_same(purged.timeline, study.timeline)
    assert purged.notes_of_people == study.notes_of_people
    there = set(people(study.timeline))
    assert {n: s for n, s in purged.resting.items() if n in there} == {
        n: s for n, s in study.resting.items() if n in there
    }


def test_the_rows_of_a_file_are_those_of_the_corrected_timeline(tmp_path):
    study = Study(three(), LOG)
    study.write(tmp_path / "a.parquet")
    rows = pd.read_parquet(tmp_path / "a.parquet")
    now = study.timeline.frame
    for mine, theirs in ((rows["person"], now["person"]), (rows[AS_READ], three().frame["person"])):
        assert mine.fillna(0).tolist() == theirs.fillna(0).tolist()
    assert rows["happy"].tolist() == pytest.approx(now["happy"].tolist(), nan_ok=True)
    assert Timeline.read(tmp_path / "a.parquet").request == study.timeline.request


@pytest.mark.parametrize("ending", [".parquet", ".json"])
def test_a_part_of_a_recording_comes_back_as_it_was(tmp_path, ending):
    """Its smoothing and its movements rest on what was before it, which is not in the file."""
    part = within(Study(three(), LOG).timeline, 4, 8)
    again = reopened(Study(part, (Name(1, "Ann"), Mark((Marker(5.0, "x"),)))), tmp_path / f"part{ending}")
    assert_same(again.timeline, part)


def test_a_study_without_corrections_is_a_plain_timeline():
    assert AS_READ not in json.loads(Study(three()).to_json())["columns"]


REMOVED = (Name(2, "Ann Onymous"), Rest(2, Span(0.0, 1.0)), Remove(2), Name(1, "Zoë"))


@pytest.mark.parametrize("form", ["parquet", "json"])
def test_a_removed_person_is_in_no_file(tmp_path, form):
    study = Study(three(), REMOVED)
    path = tmp_path / f"a.{form}"
    study.write(path)
    data = path.read_bytes() if form == "json" else unpacked(path.read_bytes())
    for trace in (b"Ann Onymous", b"face of two", b"ZmFjZSBvZiB0d28", three().portraits[2]):
        assert trace not in data
    again = Study.open(path)
    assert people(again.read) == people(again.timeline) == [1, 3] and set(again.read.portraits) == {1, 3}
    assert not any(getattr(edit, "person", None) == 2 for edit in again.edits)
    theirs = three().frame["person"].eq(2).fillna(False).to_numpy(bool)
    raw = three().frame[RAW_COLUMNS[0]]
    gone = set(raw[theirs]) - set(raw[~theirs].dropna())
    assert len(gone) > 5 and not gone & set(again.read.frame[RAW_COLUMNS[0]].dropna())
    assert again.notes.names == {1: "Zoë"} and again.resting == {}


def unpacked(parquet: bytes) -> bytes:
    """Values and metadata of a Parquet file, without its compression."""
    found = pq.read_table(io.BytesIO(parquet))
    return found.to_pandas().to_csv().encode() + b"".join(found.schema.metadata.values())


def test_of_somebody_who_was_split_off_and_removed_no_portrait_stays():
    """The portrait is the best picture under a number, so it may show the one who was taken for the other."""
    read = dataclasses.replace(three(), portraits={1: b"of whom, nobody knows"})
    study = Study(read, (Split(1, 4.0, 4), Remove(4)))
    assert b"b2Ygd2hvbSwgbm9ib2R5IGtub3dz" not in study.to_json()


def test_after_removing_whom_a_number_first_meant_the_other_keeps_number_and_name():
    study = Study(three(), (Name(1, "Zoë"), Split(1, 4.0, 4), Name(4, "Ann"), Remove(1)))
    again = Study.of_document(*_document(study))
    assert people(again.timeline) == [2, 3, 4] and again.notes_of_people.names == {4: "Ann"}


def _document(study: Study):
    return from_json(study.to_json())


def test_a_frame_that_showed_only_the_removed_stays_as_one_without_a_face():
    study = Study(of_rows([reading(0.0, 1, "happy"), reading(0.25, 1, "sad"), nobody(0.5)]), (Remove(1),))
    again = Study.of_document(*_document(study))
    assert again.read.frame["person"].isna().all() and again.read.frame["time_s"].tolist() == [0.0, 0.25, 0.5]
    assert again.read.frame[[*RAW_COLUMNS, "x", "label"]].isna().all(axis=None)


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.update(edits=[{"kind": "dye"}]),
        lambda record: record.update(edits=None),
        lambda record: record.update(edits=[{"kind": "merge", "person": 1, "other": 2}]),
        lambda record: record.pop("request_read"),
        lambda record: record.update(request_read={"fps": "fast"}),
    ],
    ids=["no such edit", "no log", "an edit that cannot be", "no request", "another request"],
)
def test_a_log_that_does_not_fit_its_readings_is_refused(tmp_path, change):
    record = json.loads(Study(three(), LOG).to_json())
    change(record)
    (tmp_path / "a.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(MediaError, match="do not fit its readings") as refused:
        Study.open(tmp_path / "a.json")
    assert "\n" not in str(refused.value)


# --- a longer reading ------------------------------------------------------------------------------------------------


def half() -> Timeline:
    """The first half of `three`, in which there is no person 3 yet."""
    whole = three()
    rows = whole.frame["time_s"] < 5
    return dataclasses.replace(whole, frame=whole.frame[rows], measures=whole.measures[rows])


def test_a_longer_reading_gets_the_same_corrections():
    study = Study(half(), (Name(2, "Ann"), Split(1, 2.0, 3), Name(3, "Zoë")))
    whole, problems = study.rebased(three())
    assert problems == () and whole.notes.names == {2: "Ann", 4: "Zoë"}
    assert people(whole.timeline) == [1, 2, 3, 4]
    mine = whole.timeline.frame[whole.timeline.frame["person"].eq(4).fillna(False)]
    assert mine["time_s"].min() == 2.0 and mine["time_s"].max() > 5


def test_numbers_of_splits_stay_apart_in_a_longer_reading():
    log = (Split(1, 1.0, 3), Split(2, 2.0, 4), Name(3, "Zoë"), Name(4, "Ann"))
    whole, problems = Study(half(), log).rebased(three())
    assert problems == () and len(people(whole.timeline)) == 5
    names = whole.notes.names
    assert set(names.values()) == {"Zoë", "Ann"} and 3 not in names
    [zoe], [ann] = ([n for n, name in names.items() if name == who] for who in ("Zoë", "Ann"))
    frame = whole.timeline.frame
    assert (frame.loc[frame["person"].eq(zoe).fillna(False), "x"] == 10).all()
    assert (frame.loc[frame["person"].eq(ann).fillna(False), "x"] == 300).all()


@few
@given(log=logs)
def test_a_reading_as_long_as_before_gives_the_same(log):
    study = tried(log)
    again, problems = study.rebased(three())
    assert problems == () and again.edits == study.edits
    assert_same(again.timeline, study.timeline)


def test_a_correction_that_cannot_be_made_again_is_said_and_the_others_are_made():
    together = of_rows([reading(n / 4, person, "sad", x=100 * person) for n in range(8) for person in (1, 2)])
    apart = of_rows([reading(n / 4, 1 + n // 4, "sad", x=100) for n in range(8)])
    study, problems = Study(apart, (Merge(1, 2), Name(1, "Zoë"))).rebased(together)
    [problem] = problems
    assert problem.startswith("A correction could not be made again (Person 2 is Person 1): ")
    assert study.edits == (Name(1, "Zoë"),)


def test_a_whole_recording_is_one_from_which_nobody_was_removed():
    assert Study(three(), LOG).whole and not Study(three(), (Remove(1),)).whole
    assert Study(three(), (Remove(1),)).undone().whole


def test_synthetic_recordings_are_studies_too():
    study = Study(synthetic(10), (Split(1, 3.0, 3), Remove(2)))
    assert people(study.timeline) == [1, 3]
    assert_same(study.timeline, without(split(synthetic(10), 1, 3.0, 3)[0], 2))


def test_no_portrait_of_somebody_removed_stays_whatever_hands_were_changed():
    """A picture is handed on by merging; whose it was decides, and not which number has it now."""
    rows = [reading(n / 2, 1 if n < 20 else 2, "happy") for n in range(40)]
    read = replace(of_rows(rows), portraits={1: b"\xff\xd8 one", 2: b"\xff\xd8 two"})
    handed_on = Study(read, (Split(2, 15.0, 3), Split(1, 5.0, 4), Merge(4, 2), Split(4, 12.0, 5), Remove(5)))
    assert b"\xff\xd8 two" not in {*handed_on.timeline.portraits.values(), *handed_on.purged().read.portraits.values()}
    cut_short = Study(read, (Split(1, 5.0, 3), Remove(3)))
    assert 1 not in cut_short.timeline.portraits and 2 in cut_short.timeline.portraits


def test_what_was_left_out_for_good_is_no_whole_recording(tmp_path):
    Study(three(), (Remove(2),)).write(tmp_path / "left.parquet")
    again = Study.open(tmp_path / "left.parquet")
    assert not again.whole and again.edits == () and not Study(within(three(), 1, 3)).whole
    with pytest.raises(TimelineError, match="cannot be checked"):
        bundle_bytes(again, date(2026, 11, 1))


@pytest.mark.parametrize("number", [2, 0, -1, 10**30])
def test_nobody_is_split_off_onto_a_number_that_is_taken_or_none(number):
    with pytest.raises(TimelineError, match="a number that nobody has"):
        Study(three(), (Split(1, 2.0, number),))


@pytest.mark.parametrize(
    "plain",
    [
        {"kind": "mark", "markers": [{"time_s": float("nan"), "text": "a"}]},
        {"kind": "exclude", "spans": [{"start_s": 0, "end_s": float("inf"), "reason": ""}]},
        {"kind": "name", "person": 1, "name": "\ud800"},
        {"kind": "split", "person": 1, "at_s": float("inf"), "number": 9},
        {"kind": "mark", "markers": [{"time_s": 1, "text": "a", "txet": "b"}]},
    ],
)
def test_what_no_file_could_hold_is_no_edit(plain):
    with pytest.raises(TimelineError, match="Edit 1 is not understood"):
        edits_from_json([plain])
