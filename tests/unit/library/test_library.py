"""A library gives back what it was given, finds it, and forgets it for good."""

import errno
import os
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from fer_core.errors import ChangedError, LibraryBusyError, LibraryError, NotKeptError
from fer_core.library.database import Database
from fer_core.library.exchange import flat
from fer_core.library.library import CATALOGUE, Library
from fer_core.library.values import Consent, Place, consent_state
from fer_core.timeline.editing.edits import Exclude, Mark, Merge, Name, Remove, Rest, Smooth, Split
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event
from fer_core.timeline.notes import Marker, Span
from fer_core.timeline.rows import people
from fer_core.ui.video import keeping
from fer_core.ui.video.recording import OpenRecording
from tests.timelines import measured, nobody, of_rows, reading, synthetic

EDITS = (
    Merge(2, 3),
    Split(1, 6.0, 4),
    Name(2, "Zoë Rosenkranz"),
    Mark((Marker(3.0, "the joke"),)),
    Exclude((Span(1.0, 2.0, "phone"),)),
    Rest(2, Span(0.0, 1.0)),
    Smooth("median", 0.5, 0.4),
)


def corrected() -> Study:
    return Study(measured(), EDITS)


def named(name: str, seed: int = 0) -> Study:
    timeline = synthetic(6.0, seed=seed)
    return Study(replace(timeline, recording=replace(timeline.recording, name=name, sha256=f"{seed:064x}")))


def same(one: Study, other: Study) -> bool:
    assert one.edits == other.edits and one.notes == other.notes and one.resting == other.resting
    for mine, theirs in ((one.read, other.read), (one.timeline, other.timeline)):
        pd.testing.assert_frame_equal(mine.frame, theirs.frame)
        pd.testing.assert_frame_equal(mine.measures, theirs.measures)
        assert (mine.recording, mine.request, mine.provenance) == (theirs.recording, theirs.request, theirs.provenance)
        assert (mine.problems, mine.cuts, mine.stopped_s) == (theirs.problems, theirs.cuts, theirs.stopped_s)
    return True


def text_in(folder) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_what_is_kept_opens_with_every_correction(library):
    study = corrected()
    assert same(library.open_study(library.keep(study)), study)


def test_it_is_there_after_the_library_was_closed(database, tmp_path):
    with Library.open(tmp_path / "library", database) as before:
        name = before.keep(corrected())
    with Library.open(tmp_path / "library", database) as after:
        assert same(after.open_study(name), corrected())


def test_the_same_readings_are_kept_once_with_the_last_corrections(library):
    name = library.keep(Study(measured()))
    assert library.keep(corrected()) == name
    assert library.keep(library.open_study(name)) == name
    [entry] = library.entries()
    assert entry.edits == len(EDITS) and same(library.open_study(name), corrected())


def test_an_entry_says_how_its_figures_are_smoothed_beside_how_it_was_read(library):
    name = library.keep(Study(measured()))
    [before] = library.entries()
    assert before.effective == before.request == measured().request
    quoting = Name(1, '"kind": "smooth"')
    library.save(name, Study(measured(), (Smooth("hmm", 1.0, 0.9), Smooth("median", 0.5, 0.4), quoting)))
    [after] = library.entries()
    assert after.request == before.request
    assert after.effective == library.open_study(name).timeline.request
    assert (after.effective.smoothing, after.effective.time_constant_s, after.effective.threshold) == (
        "median",
        0.5,
        0.4,
    )
    removed = library.save(name, library.open_study(name).edited(Remove(2)))
    assert library.entry(removed).effective == after.effective and library.entry(removed).request == before.request
    [row] = flat(library.entries()).to_dict("records")
    assert (row["smoothing"], row["time_constant_s"], row["uncertain_below"]) == ("median", 0.5, 0.4)


def test_no_picture_is_kept(on_sqlite):
    study = Study(synthetic(6.0))
    assert study.read.portraits
    assert on_sqlite.open_study(on_sqlite.keep(study)).read.portraits == {}
    assert b"\xff\xd8\xff" not in text_in(on_sqlite.store.folder)


def test_somebody_who_was_removed_is_not_kept(on_sqlite):
    study = corrected().edited(Remove(2))
    name = on_sqlite.keep(study)
    kept = on_sqlite.open_study(name)
    assert people(kept.read) == people(study.timeline) and "Rosenkranz" not in str(kept.edits)
    assert b"Rosenkranz" not in text_in(on_sqlite.store.folder.parents[1])


def test_removing_somebody_later_deletes_the_readings_that_held_them(library):
    before = library.keep(corrected())
    after = library.save(before, library.open_study(before).edited(Remove(2)))
    assert after != before and library.store.names() == {after}
    assert 2 not in people(library.open_study(after).read)
    with pytest.raises(LibraryError, match="deleted"):
        library.open_study(before)


def test_saving_corrections_keeps_the_file(library):
    name = library.keep(Study(measured()))
    further = library.open_study(name).edited(Name(1, "Ada"))
    assert library.save(name, further) == name
    assert same(library.open_study(name), further)


def test_figures_count_seconds_by_hand(on_sqlite):
    rows = [
        reading(0.0, 1, "happy"),
        reading(1.0, 1, "happy", 0.4),
        reading(2.0, 1, "sad", quality="dark"),
        nobody(3.0),
    ]
    on_sqlite.keep(Study(of_rows(rows), (Exclude((Span(0.0, 1.0),)),)))
    [entry] = on_sqlite.entries()
    figures = entry.figures
    assert (figures.people, figures.samples, figures.seen_s) == (1, 2, 2.0)
    assert (figures.share_uncertain, figures.share_good) == (0.5, 0.5)
    assert figures.share_excluded == pytest.approx(1 / 3) and figures.share_without_face == 0.25


def test_an_analysis_in_which_nobody_is_seen_is_kept(library):
    name = library.keep(Study(of_rows([nobody(0.0), nobody(1.0)])))
    [entry] = library.entries()
    assert (entry.figures.people, entry.figures.share_uncertain, entry.figures.share_without_face) == (0, None, 1.0)
    assert len(library.open_study(name).read.frame) == 2


def test_recordings_are_found_by_what_is_said_of_them(library):
    for seed, name in enumerate(["Käthe.mp4", "Ben.mp4", "Ann.mp4"]):
        library.keep(named(name, seed))
    ids = {entry.title: entry.recording_id for entry in library.entries()}
    library.set_place(ids["Ben.mp4"], Place("S02", "day 1", "joke"))
    library.set_place(ids["Ann.mp4"], Place("S03", condition="calm"))
    library.set_tags(ids["Ann.mp4"], ["pilot", " pilot ", "left handed"])

    def titles(*args, **more):
        return {entry.title for entry in library.search(*args, **more)}

    assert titles() == {"Käthe.mp4", "Ben.mp4", "Ann.mp4"}
    assert titles("KÄTHE") == {"Käthe.mp4"}
    assert titles("s02 day") == {"Ben.mp4"}
    assert titles("handed") == titles(tag="pilot") == titles(condition="calm") == titles(subject="S03") == {"Ann.mp4"}
    assert titles("%") == set()
    assert titles(tag="") == {"Käthe.mp4", "Ben.mp4"}
    library.rename(ids["Ann.mp4"], "Interview 3")
    assert titles("interview") == {"Interview 3"} and library.search("interview")[0].recording.name == "Ann.mp4"


def test_a_table_describes_recordings(library):
    for seed, name in enumerate(["a.mp4", "b.mp4", "b.mov", "c.mp4"]):
        library.keep(named(name, seed))
    table = "Recording;Subject;Condition;age\na;S1;joke;31\nB.mp4;S2;calm;\nb;S9;calm;50\nnobody.mp4;S4;calm;20\n"
    matched = library.describe(table.encode("utf-8-sig"))
    assert (matched.recordings, matched.unknown, matched.ambiguous) == (2, ("nobody.mp4",), ("b",))
    assert matched.without == ("b.mov", "c.mp4")
    found = {entry.title: entry for entry in library.entries()}
    assert found["a.mp4"].place == Place("S1", "", "joke") and found["a.mp4"].attributes == {"age": "31"}
    assert found["b.mp4"].place == Place("S2", "", "calm") and found["b.mp4"].attributes == {}
    library.describe(b"recording,age,group\na.mp4,32,calm\n")
    [entry] = library.search("32")
    assert entry.place == Place("S1", "", "calm") and entry.attributes == {"age": "32"}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"subject,age\nS1,3\n", "no column"),
        (b"recording,age\na.mp4\n", "Row 2"),
        (b"recording,age,Age\na.mp4,1,2\n", "two have the same"),
        (b"recording,age\n,1\n", "names no recording"),
        (b"recording,condition,Group\na.mp4,joke,patients\n", '"condition" and "Group".*both say the condition'),
        (b"recording,participant_id,age,subject\na.mp4,1,3,S1\n", '"participant_id" and "subject".*say the subject'),
        (b"recording,session\na.mp4,day 2\n", "subject"),
        (b"", "is empty"),
        (b"\xff\xfe\x00\xd8", "cannot be read"),
    ],
)
def test_a_table_that_is_not_understood_changes_nothing(table, words, on_sqlite):
    on_sqlite.keep(named("a.mp4"))
    with pytest.raises(LibraryError, match=words):
        on_sqlite.describe(table)
    assert on_sqlite.entries()[0].place == Place()


def test_events_and_consent_are_kept(library):
    library.keep(named("a.mp4"))
    [entry] = library.entries()
    events = (Event(1.0, 2.5, "joke – ü", "trial", columns={"rating": "5"}), Event(3.0, None, "calm"))
    library.set_events(entry.recording_id, events)
    consent = Consent("teaching", "form 12, signed", "2026-03-01")
    library.record_consent(entry.recording_id, consent)
    assert library.events(entry.recording_id) == events
    assert library.events(entry.recording_id)[0].columns == {"rating": "5"}
    assert library.consents(entry.recording_id) == (consent,)


def test_what_is_deleted_leaves_no_trace(on_sqlite):
    folder = on_sqlite.store.folder.parents[1]
    on_sqlite.keep(named("other.mp4", 1))
    timeline = measured()
    secret = replace(timeline.recording, name="Wilhelmine Quast.mp4", sha256="12" * 32)
    name = on_sqlite.keep(Study(replace(timeline, recording=secret), EDITS))
    recording_id = "12" * 32
    on_sqlite.rename(recording_id, "Wilhelmine again")
    on_sqlite.set_place(recording_id, Place("Wilhelmine", "Quastday", "Quastcondition"))
    on_sqlite.describe(b"recording,hobby\nWilhelmine again,Quasten\n")
    on_sqlite.set_tags(recording_id, ["Quasttag"])
    on_sqlite.set_events(recording_id, (Event(1.0, None, "Quastevent"),))
    on_sqlite.record_consent(recording_id, Consent("Quast", "Quast", "2026-01-01"))
    assert b"Quast" in text_in(folder)
    receipt = on_sqlite.delete(recording_id)
    assert receipt.files == (name,) and receipt.files_gone and receipt.traces_gone
    assert "1 analysis, files removed" in receipt.sentence()
    left = text_in(folder)
    assert b"Quast" not in left and b"Rosenkranz" not in left and b"Wilhelmine" not in left and b"other.mp4" in left
    assert [entry.title for entry in on_sqlite.entries()] == ["other.mp4"]
    assert on_sqlite.deletions() == [receipt]


def test_deleting_works_on_both_databases(library):
    first, second = library.keep(named("a.mp4", 1)), library.keep(named("b.mp4", 2))
    library.set_place(f"{1:064x}", Place("S1", "day 1", "calm"))
    receipt = library.delete_analysis(first)
    assert receipt.files == (first,) and receipt.files_gone and receipt.traces_gone
    assert receipt.recording_gone and "without the names" in receipt.sentence()
    assert [entry.analysis for entry in library.entries()] == [second]
    with pytest.raises(LibraryError, match="no recording"):
        library.delete(f"{1:064x}")


def test_traces_that_a_reader_held_up_go_when_the_library_is_opened_again(library, database):
    folder = library.store.folder.parents[1]
    library.keep(named("Quast.mp4", 1))
    with library.database.reads() as reader:
        reader.exec_driver_sql("SELECT * FROM recordings").fetchall()
        receipt = library.delete(f"{1:064x}")
        assert receipt.files_gone and not receipt.traces_gone and "next opened" in receipt.sentence()
        library.keep(named("b.mp4", 2))  # nobody waits for the reader
    with Library.open(folder, database) as again:
        assert again.deletions()[0].traces_gone
        assert b"Quast" not in text_in(folder.parent)


def test_a_full_disk_is_told_as_that_and_can_be_tried_again(on_sqlite, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(LibraryBusyError, match=r"disk .* is full; make room"):
            on_sqlite.keep(named("a.mp4", 1))
    on_sqlite.keep(named("a.mp4", 1))
    with on_sqlite.database.reads() as connection:  # of the one connection, which is used again
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as many as there are
    with pytest.raises(LibraryBusyError, match=r"disk .* is full; make room"):
        on_sqlite.set_tags(f"{1:064x}", [f"{number:0200}" for number in range(1000)])
    assert not on_sqlite.entries()[0].tags


def test_traces_for_whose_erasure_there_is_no_room_are_told_as_that(on_sqlite, monkeypatch):
    name = on_sqlite.keep(named("a.mp4", 1))
    monkeypatch.setattr(Database, "vacuum", lambda self: False)
    assert "in use or its disk is full" in on_sqlite.delete_analysis(name).sentence()


def test_two_analyses_of_one_recording_are_one_recording(library):
    one = named("a.mp4", 1)
    other = Study(replace(one.read, request=replace(one.read.request, model="custom_cnn")))
    first, second = library.keep(one), library.keep(other)
    assert {entry.recording_id for entry in library.entries()} == {f"{1:064x}"}
    library.delete_analysis(first)
    assert [entry.analysis for entry in library.entries()] == [second]
    assert library.delete(f"{1:064x}").files == (second,)


def test_a_live_session_without_a_file_is_kept(library):
    timeline = synthetic(6.0)
    live = Study(replace(timeline, recording=replace(timeline.recording, sha256="", source="camera")))
    assert library.keep(live) == library.keep(live)
    assert len(library.entries()) == 1


def test_a_path_is_kept_only_where_it_is_given(library, tmp_path):
    library.keep(named("a.mp4"))
    assert library.entries()[0].path is None
    library.keep(named("a.mp4"), tmp_path / "a.mp4")
    assert library.entries()[0].path == str(tmp_path / "a.mp4")


def test_readings_that_were_changed_or_lost_are_not_opened(on_sqlite):
    name = on_sqlite.keep(named("a.mp4"))
    path = on_sqlite.store.folder / f"{name}.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(LibraryError, match="changed or damaged"):
        on_sqlite.open_study(name)
    path.unlink()
    with pytest.raises(LibraryError, match="cannot be read"):
        on_sqlite.open_study(name)


def test_leftovers_are_removed_when_a_library_is_opened(on_sqlite):
    folder = on_sqlite.store.folder
    name = on_sqlite.keep(named("a.mp4"))
    (folder / f"{name}.parquet").rename(folder / f"{name}.parquet.new")  # killed before it was settled
    (folder / f"{'ab' * 32}.parquet.new").write_bytes(b"PAR1")
    (folder / f"{'cd' * 32}.part").write_bytes(b"PAR1")
    assert on_sqlite.open_study(name).read.recording.name == "a.mp4"
    with Library.open(folder.parents[1]):
        assert [path.name for path in folder.iterdir()] == [f"{name}.parquet"]


def test_an_older_copy_of_the_catalogue_deletes_no_readings_of_the_newer_one(on_sqlite, tmp_path):
    folder = on_sqlite.store.folder.parents[1]
    on_sqlite.keep(named("a.mp4"))
    on_sqlite.close()
    shutil.copy(folder / CATALOGUE, tmp_path / "monday.sqlite3")
    with Library.open(folder) as library:
        name = library.keep(named("b.mp4"))
    with Library.open(folder, tmp_path / "monday.sqlite3") as monday:
        assert len(monday.entries()) == 1
    with Library.open(folder) as library:
        assert library.open_study(name).read.recording.name == "b.mp4"
        library.delete_analysis(name)
        assert name not in library.store.names()


def test_an_analysis_that_is_corrected_does_not_become_the_newest(library):
    older = library.keep(corrected())
    newer = library.keep(Study(replace(measured(), cuts=(1.0,))))
    after = library.save(older, library.open_study(older).edited(Remove(2)))
    assert after != older and [entry.analysis for entry in library.entries()] == [newer, after]


def test_a_catalogue_takes_no_files_of_another_for_leftovers(on_sqlite, tmp_path):
    name = on_sqlite.keep(corrected())
    with Library.open(on_sqlite.store.folder.parents[1], tmp_path / "other.sqlite3") as other:
        assert other.entries() == []
    assert same(on_sqlite.open_study(name), corrected())


def test_what_is_deleted_while_it_is_opened_was_deleted(on_sqlite, monkeypatch):
    name, get = on_sqlite.keep(corrected()), on_sqlite.store.get

    def late(name):
        on_sqlite.delete_analysis(name)
        return get(name)

    monkeypatch.setattr(on_sqlite.store, "get", late)
    with pytest.raises(NotKeptError, match="deleted"):
        on_sqlite.open_study(name)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("mysql://someone@host/name", "no database for the library"),
        ("nothing://", "no database for the library"),
        ("://", "no URL"),
        ("sqlite://", "no database for the library"),
    ],
)
def test_another_database_is_refused(place, words, tmp_path):
    with pytest.raises(LibraryError, match=words):
        Library.open(tmp_path, place)


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "catalogue.sqlite3").write_text("not a database, but long enough to look like a page of one" * 40)
    with pytest.raises(LibraryError, match="cannot be used"):
        Library.open(tmp_path)


def test_a_password_is_in_no_message(tmp_path):
    pytest.importorskip("psycopg")
    with pytest.raises(LibraryError) as caught:
        Library.open(tmp_path, "postgresql://someone:geheim@localhost:1/name?connect_timeout=1")
    assert "geheim" not in str(caught.value)


def test_who_was_removed_when_it_was_kept_and_is_there_again_can_be_corrected(on_sqlite):
    study = Study(measured())
    name = on_sqlite.keep(replace(study, edits=(Remove(2),)))
    again = replace(study, edits=(Name(2, "Ann"),))
    saved = on_sqlite.save(name, again)
    assert saved != name and [entry.analysis for entry in on_sqlite.entries()] == [saved]
    assert same(on_sqlite.open_study(saved), again)


def test_what_is_read_again_keeps_the_corrections_of_before(on_sqlite):
    name = on_sqlite.keep(corrected())
    assert on_sqlite.keep_new(Study(measured())) == name
    assert same(on_sqlite.open_study(name), corrected())
    assert on_sqlite.keep_new(named("other.mp4", 5)) != name


def test_only_this_user_reads_a_library(tmp_path):
    with Library.open(tmp_path / "library"):
        assert (tmp_path / "library").stat().st_mode & 0o077 == 0


def test_what_was_deleted_elsewhere_does_not_come_back_by_itself(on_sqlite):
    study = Study(measured())
    recording = OpenRecording(1, {"fake": study}, None)
    keeping.keep(on_sqlite, recording)
    on_sqlite.save(recording.kept, replace(study, edits=(Remove(2),)))  # by somebody who has it open, too
    recording.call(1, "Ann")
    with pytest.raises(ChangedError, match="deleted or changed elsewhere"):
        keeping.keep(on_sqlite, recording)
    [entry] = on_sqlite.entries()
    assert 2 not in people(on_sqlite.open_study(entry.analysis).timeline)


def test_corrections_that_somebody_else_kept_meanwhile_are_replaced_on_demand_only(on_sqlite):
    name = on_sqlite.keep(Study(measured()))
    study = on_sqlite.open_study(name)
    mine, theirs = (OpenRecording(number, {"fake": study}, None) for number in (1, 2))
    for recording, said in ((mine, "Ann"), (theirs, "Bea")):
        recording.keeps(name, study)
        recording.call(1, said)
    keeping.keep(on_sqlite, mine)
    with pytest.raises(ChangedError, match="changed elsewhere"):
        keeping.keep(on_sqlite, theirs)
    assert on_sqlite.open_study(name).notes.names == {1: "Ann"}
    keeping.keep(on_sqlite, theirs)
    assert on_sqlite.open_study(name).notes.names == {1: "Bea"}
    theirs.call(1, "Bea B.")
    keeping.keep(on_sqlite, theirs)
    assert on_sqlite.open_study(name).notes.names == {1: "Bea B."}


def test_corrections_that_somebody_else_saved_since_are_not_replaced_unseen(on_sqlite):
    name = on_sqlite.keep(Study(measured()))
    taken = on_sqlite.open_study(name)
    on_sqlite.save(name, taken.edited(Name(1, "Ann")), since=taken.edits)
    for mine in (taken.edited(Name(2, "Bea")), taken.edited(Remove(2))):
        with pytest.raises(ChangedError, match="by somebody else"):
            on_sqlite.save(name, mine, since=taken.edits)
    assert on_sqlite.open_study(name).edits == (Name(1, "Ann"),)
    with pytest.raises(NotKeptError):
        on_sqlite.save("0" * 64, taken, since=taken.edits)


def test_the_page_replaces_nothing_that_is_kept_while_it_keeps(on_sqlite, monkeypatch):
    name = on_sqlite.keep(Study(measured()))
    study, save = on_sqlite.open_study(name), on_sqlite.save
    mine = OpenRecording(1, {"fake": study}, None)
    mine.keeps(name, study)
    mine.call(1, "Ann")

    def late(*given, **named):
        save(name, study.edited(Name(1, "Bea")))
        return save(*given, **named)

    monkeypatch.setattr(on_sqlite, "save", late)
    with pytest.raises(ChangedError):
        keeping.keep(on_sqlite, mine)
    assert on_sqlite.open_study(name).notes.names == {1: "Bea"}


def test_the_same_reading_anew_does_not_replace_what_was_corrected(on_sqlite):
    name = on_sqlite.keep(corrected())
    again = OpenRecording(1, {"fake": Study(measured())}, None)
    with pytest.raises(ChangedError, match="kept already"):
        keeping.keep(on_sqlite, again)
    assert again.kept == name and same(on_sqlite.open_study(name), corrected())
    keeping.keep(on_sqlite, again)
    assert on_sqlite.open_study(again.kept).edits == ()


@pytest.mark.parametrize("data", [b"", b"\n\n", b",,\n"])
def test_an_empty_table_of_attributes_is_a_sentence(on_sqlite, data):
    with pytest.raises(LibraryError, match="is empty; give one with a header"):
        on_sqlite.describe(data)


GIVEN = Consent("study", "v1", "2026-03-01")
ENDED = Consent("study", "v1", "2026-03-01", "2026-05-01")
WITHDRAWN = Consent("study", "withdrawn", "2026-03-01", "2026-03-01")
GIVEN_LATER = Consent("study", "v2", "2026-04-01")
TO_COME = Consent("study", "v3", "2027-03-01")
OTHER = Consent("talk", "v1", "2026-03-01", "2027-01-01")


@pytest.mark.parametrize(
    ("records", "holds"),
    [
        ([GIVEN], {"study": True}),
        ([ENDED], {"study": False}),
        ([GIVEN, WITHDRAWN], {"study": False}),
        ([WITHDRAWN, GIVEN], {"study": False}),  # on one day, whatever their order
        ([WITHDRAWN, GIVEN_LATER], {"study": True}),
        ([GIVEN, OTHER], {"study": True, "talk": True}),
        ([TO_COME], {"study": False}),
        ([TO_COME, WITHDRAWN], {"study": False}),  # a mistyped year does not outlive a withdrawal
        ([GIVEN, TO_COME], {"study": True}),
    ],
)
def test_the_latest_record_of_a_purpose_says_whether_consent_holds(records, holds):
    assert consent_state(records, "2026-06-01") == holds
