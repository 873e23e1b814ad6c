"""An export can be read without us, and taken in again."""

import csv
import io
import json
import zipfile
from dataclasses import replace

import pandas as pd
import pytest

from fer_core.errors import LibraryError, ReadingsError, StoppedError
from fer_core.jobs import Monitor
from fer_core.library import tables
from fer_core.library.exchange import export_library, import_library
from fer_core.library.library import Library
from fer_core.library.values import Consent, Imported, Place
from fer_core.timeline.editing.edits import Remove
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event
from tests.timelines import measured
from tests.unit.library.test_library import corrected, named, same


def filled(library):
    library.keep(corrected())
    library.keep(named("=Ben.mp4", 1))
    ben = f"{1:064x}"
    library.rename(ben, "=Ben")
    library.set_place(ben, Place("S1", "day 1", "joke"))
    library.describe(b"recording,age\n=Ben,31\n")
    library.set_tags(ben, ["pilot"])
    library.set_events(ben, (Event(1.0, 2.0, "joke"), Event(3.0, None, "calm")))
    library.record_consent(ben, Consent("teaching", "signed", "2026-01-01"))
    return library


@pytest.fixture
def full(library):
    return filled(library)


@pytest.fixture
def exported(full, tmp_path):
    assert export_library(full, tmp_path / "all.zip") == 2
    return tmp_path / "all.zip"


@pytest.fixture(scope="module")
def zipped(tmp_path_factory):
    """The same export, for what looks at the zip alone."""
    folder = tmp_path_factory.mktemp("zipped")
    with Library.open(folder / "library") as library:
        export_library(filled(library), folder / "all.zip")
    return folder / "all.zip"


def test_an_export_is_read_with_nothing_but_pandas(exported, full):
    with zipfile.ZipFile(exported) as archive:
        assert archive.testzip() is None
        about = archive.read("README.txt").decode()
        assert all(name.split("/")[0] in about for name in archive.namelist() if name != "README.txt")
        table = pd.read_csv(io.BytesIO(archive.read("analyses.csv")))
        assert table.set_index("recording").loc["'=Ben", ["subject", "condition", "attribute_age"]].tolist() == [
            "S1",
            "joke",
            31,
        ]
        for name in table["analysis"]:
            read = pd.read_parquet(io.BytesIO(archive.read(f"readings/{name}.parquet")))
            rows = pd.read_csv(io.BytesIO(archive.read(f"corrected/{name}.csv")))
            assert len(read) == len(rows) == len(full.open_study(name).timeline.frame)
        events = list(csv.DictReader(io.StringIO(archive.read("events.csv").decode("utf-8-sig"))))
        assert [row["text"] for row in events] == ["joke", "calm"]
        catalogue = json.loads(archive.read("catalogue.json"))
        assert catalogue["tables"]["consents"][0]["consent"]["purpose"] == "teaching"


def test_the_dictionary_has_every_column_of_every_table(zipped):
    with zipfile.ZipFile(zipped) as archive:
        told = pd.read_csv(io.BytesIO(archive.read("columns.csv")), keep_default_na=False)
        found = set()
        for name in archive.namelist():
            if name.endswith(".csv") and name != "columns.csv":
                columns = pd.read_csv(io.BytesIO(archive.read(name)), nrows=0).columns
            elif name.endswith(".parquet"):
                columns = pd.read_parquet(io.BytesIO(archive.read(name))).columns
            else:
                continue
            found |= {(f"{folder}/" if (folder := name.rpartition("/")[0]) else name, column) for column in columns}
    assert found == set(zip(told["file"], told["column"], strict=True)) and not told["meaning"].eq("").any()


def test_the_line_for_r_takes_the_mark_at_the_start_for_what_it_is(zipped):
    with zipfile.ZipFile(zipped) as archive:
        about = archive.read("README.txt").decode()
        marked = {name for name in archive.namelist() if archive.read(name).startswith(b"\xef\xbb\xbf")}
    assert marked == {"analyses.csv", "columns.csv", "events.csv"}
    assert 'read.csv("analyses.csv", fileEncoding = "UTF-8-BOM"' in about
    assert all(name in about.partition("begin with a byte order mark")[0] for name in marked)


def test_events_of_two_recordings_with_one_title_are_told_apart(on_sqlite, tmp_path):
    for number in (1, 2):
        on_sqlite.keep(named("clip.mp4", number))
        on_sqlite.set_events(f"{number:064x}", (Event(float(number), None, "joke"),))
    export_library(on_sqlite, tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        events, analyses = (
            pd.read_csv(io.BytesIO(archive.read(name)), dtype={"recording_id": str})
            for name in ("events.csv", "analyses.csv")
        )
    assert dict(zip(events["recording_id"], events["start_s"], strict=True)) == {f"{1:064x}": 1.0, f"{2:064x}": 2.0}
    assert set(analyses["recording_id"]) == set(events["recording_id"]) and set(events["recording"]) == {"clip.mp4"}


@pytest.mark.parametrize("how", ["deleted", "somebody removed"])
def test_an_analysis_that_goes_while_it_is_exported_is_not_to_be_restored(full, tmp_path, how):
    last = next(entry for entry in reversed(full.entries()))

    def told(progress):  # after the first of two
        if last.analysis in {entry.analysis for entry in full.entries()}:
            if how == "deleted":
                full.delete_analysis(last.analysis)
            else:
                full.save(last.analysis, full.open_study(last.analysis).edited(Remove(1)))

    with pytest.raises(LibraryError, match="while the library was exported; export it again") as raised:
        export_library(full, tmp_path / "all.zip", Monitor(told))
    assert last.title in str(raised.value) and "restore" not in str(raised.value)
    assert not (tmp_path / "all.zip").exists()


def test_an_export_is_taken_in_elsewhere_and_only_once(exported, full, tmp_path):
    with Library.open(tmp_path / "elsewhere", tmp_path / "elsewhere.sqlite3") as other:
        assert import_library(other, exported) == Imported(2, 0)
        first = {entry.analysis: entry for entry in other.entries()}
        for entry in full.entries():
            mine = first[entry.analysis]
            assert (mine.title, mine.place, mine.tags) == (entry.title, entry.place, entry.tags)
            assert (mine.attributes, mine.figures) == (entry.attributes, entry.figures)
            assert same(other.open_study(entry.analysis), full.open_study(entry.analysis))
            assert other.events(entry.recording_id) == full.events(entry.recording_id)
            assert other.consents(entry.recording_id) == full.consents(entry.recording_id)
        assert import_library(other, exported) == Imported(0, 2)
        assert {entry.analysis: entry for entry in other.entries()} == first
        assert len(other.consents(f"{1:064x}")) == 1


def test_the_newest_analysis_is_the_newest_after_an_import_too(library, tmp_path):
    first = library.keep(corrected())
    other = library.keep(Study(replace(corrected().read, cuts=(1.0,))))
    oldest, newest = sorted((first, other), reverse=True)  # by the order of their names it would be the other way round
    for name, day in ((oldest, 1), (newest, 2)):
        with library.database.writes() as connection:
            moment = f"2026-01-0{day}T10:00:00.000+00:00"
            connection.execute(tables.ANALYSES.update().where(tables.ANALYSES.c.id == name).values(kept_at=moment))
    export_library(library, tmp_path / "all.zip")
    with Library.open(tmp_path / "elsewhere", tmp_path / "elsewhere.sqlite3") as elsewhere:
        import_library(elsewhere, tmp_path / "all.zip")
        assert [entry.analysis for entry in elsewhere.entries()] == [newest, oldest]


def test_what_is_here_stays_as_it_is_here(exported, full):
    full.rename(f"{1:064x}", "Renamed")
    full.set_place(f"{1:064x}", Place("S9"))
    for entry in full.entries():
        full.set_tags(entry.recording_id, [])
        full.set_events(entry.recording_id, ())
    before = full.entries()
    assert import_library(full, exported) == Imported(0, 2)
    assert full.entries() == before
    assert not any(entry.tags or full.events(entry.recording_id) for entry in before)


def test_a_withdrawal_of_consent_comes_also_to_what_is_here_already(exported, full, tmp_path):
    told = next(entry for entry in full.entries() if entry.tags)
    with Library.open(tmp_path / "elsewhere", tmp_path / "elsewhere.sqlite3") as other:
        import_library(other, exported)
        other.set_tags(told.recording_id, [])
        full.record_consent(told.recording_id, Consent("teaching", "", "2026-02-01", until="2026-02-01"))
        export_library(full, tmp_path / "again.zip")
        for _ in range(2):
            assert import_library(other, tmp_path / "again.zip") == Imported(0, 2)
            assert other.consents(told.recording_id) == full.consents(told.recording_id)
        assert not any(entry.tags for entry in other.entries() if entry.recording_id == told.recording_id)


def test_what_an_export_says_of_a_recording_comes_with_a_further_analysis_of_it(exported, full, tmp_path):
    told = next(entry for entry in full.entries() if entry.tags)
    study = full.open_study(told.analysis)
    with Library.open(tmp_path / "elsewhere", tmp_path / "elsewhere.sqlite3") as other:
        mine = other.keep(Study(replace(study.read, cuts=(1.5,))))
        assert import_library(other, exported) == Imported(2, 0)
        found = {entry.analysis: entry for entry in other.entries() if entry.recording_id == told.recording_id}
    assert found.keys() == {mine, told.analysis} and {entry.tags for entry in found.values()} == {told.tags}


def test_who_was_removed_does_not_come_back_by_an_import(library, tmp_path):
    before = library.keep(Study(measured()))
    recording_id = library.entry(before).recording_id
    export_library(library, tmp_path / "all.zip")
    after = library.save(before, library.open_study(before).edited(Remove(2)))
    assert import_library(library, tmp_path / "all.zip") == Imported(0, 0, 1)
    assert library.store.names() == {after} == {entry.analysis for entry in library.entries()}
    library.delete(recording_id)  # only now it may be restored
    assert import_library(library, tmp_path / "all.zip") == Imported(1, 0)
    assert import_library(library, tmp_path / "all.zip") == Imported(0, 1)


def test_a_recording_that_was_deleted_is_restored_with_all_its_analyses(library, tmp_path):
    both = {library.keep(Study(measured())), library.keep(Study(replace(measured(), cuts=(1.0,))))}
    export_library(library, tmp_path / "all.zip")
    library.delete(library.entries()[0].recording_id)
    assert import_library(library, tmp_path / "all.zip") == Imported(2, 0)
    assert {entry.analysis for entry in library.entries()} == both


def rewritten(path, change, target):
    """The same zip with some files changed or left out, written to `target`."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in change(files).items():
            archive.writestr(name, data)
    return target


def without_readings(files):
    return {name: data for name, data in files.items() if not name.startswith("readings/")}


def with_other_readings(files):
    names = sorted(name for name in files if name.startswith("readings/"))
    return {**files, names[0]: files[names[1]], names[1]: files[names[0]]}


def with_path_as_name(files):
    catalogue = json.loads(files["catalogue.json"])
    catalogue["tables"]["analyses"][0]["id"] = "../../etc/passwd"
    return {**files, "catalogue.json": json.dumps(catalogue).encode()}


def with_another_recording(files):
    catalogue = json.loads(files["catalogue.json"])
    analyses = catalogue["tables"]["analyses"]
    analyses[0]["recording"], analyses[1]["recording"] = analyses[1]["recording"], analyses[0]["recording"]
    return {**files, "catalogue.json": json.dumps(catalogue).encode()}


def with_a_moment_that_is_none(files):
    catalogue = json.loads(files["catalogue.json"])
    catalogue["tables"]["analyses"][0]["kept_at"] = "0001-01-01T00:00:00+14:00"
    return {**files, "catalogue.json": json.dumps(catalogue).encode()}


def of_another_format(files):
    return {"catalogue.json": b'{"format": 99, "tables": {}}'}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_readings, "lacks"),
        (with_other_readings, "damaged"),
        (with_path_as_name, "damaged"),
        (with_another_recording, "another recording"),
        (with_a_moment_that_is_none, "damaged"),
        (of_another_format, "format"),
        (lambda files: {"catalogue.json": b"[]"}, "no catalogue"),
        (lambda files: {"else": b""}, "lacks catalogue.json"),
    ],
)
def test_a_damaged_export_is_refused_and_leaves_nothing(change, words, zipped, tmp_path):
    with Library.open(tmp_path / "elsewhere", tmp_path / "elsewhere.sqlite3") as other:
        with pytest.raises(LibraryError, match=words):
            import_library(other, rewritten(zipped, change, tmp_path / "changed.zip"))
        assert other.is_empty() and other.store.names() == set()


def test_what_came_before_the_damage_is_whole_and_nothing_else_is_left(zipped, tmp_path):
    def damaged(files):
        return {**files, f"readings/{second}.parquet": b"damaged"}

    with zipfile.ZipFile(zipped) as archive:
        first, second = (row["id"] for row in json.loads(archive.read("catalogue.json"))["tables"]["analyses"])
    with Library.open(tmp_path / "elsewhere", tmp_path / "elsewhere.sqlite3") as other:
        with pytest.raises(LibraryError, match="damaged"):
            import_library(other, rewritten(zipped, damaged, tmp_path / "changed.zip"))
        assert other.store.names() == {first} == {entry.analysis for entry in other.entries()}
        other.open_study(first)


def test_readings_that_are_damaged_are_named_where_they_stop_an_export(on_sqlite, tmp_path):
    name, _ = on_sqlite.keep(named("a.mp4")), on_sqlite.keep(named("b.mp4"))
    (on_sqlite.store.folder / f"{name}.parquet").write_bytes(b"damaged")
    with pytest.raises(ReadingsError, match=r"^a\.mp4 cannot be exported: .* or delete the analysis"):
        export_library(on_sqlite, tmp_path / "all.zip")
    assert not (tmp_path / "all.zip").exists()
    on_sqlite.keep(named("a.mp4"))  # which writes the file anew
    assert export_library(on_sqlite, tmp_path / "all.zip") == 2


def test_something_else_is_no_export(on_sqlite, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(LibraryError, match="no export"):
        import_library(on_sqlite, tmp_path / "a.zip")


def test_an_export_that_is_stopped_leaves_no_file(on_sqlite, tmp_path):
    on_sqlite.keep(named("a.mp4"))
    monitor = Monitor()
    monitor.stop()
    with pytest.raises(StoppedError):
        export_library(on_sqlite, tmp_path / "a.zip", monitor)
    assert not list(tmp_path.glob("*.zip*")) and not list(tmp_path.glob(".*"))
