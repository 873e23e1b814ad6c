"""`python -m fer_core library`, through `main`; and what is said where its extra is not installed."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from fer_core.cli import main
from fer_core.errors import with_extra
from fer_core.library.library import CATALOGUE, Library
from fer_core.library.queue import FOLDER, Queue
from fer_core.library.values import Consent, Place
from fer_core.request import AnalysisRequest
from fer_core.settings import DATABASE, LIBRARY
from fer_core.timeline.editing.study import Study
from tests.conftest import ROOT
from tests.unit.library.test_library import named


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(LIBRARY, str(tmp_path / "library"))
    monkeypatch.delenv(DATABASE, raising=False)
    with Library.open() as library:
        for number, condition in enumerate(("calm", "joke")):
            library.keep(named(f"r{number}.mp4", number))
            library.set_place(f"{number:064x}", Place(f"S{number}", condition=condition))
    return tmp_path / "library"


def answer(capsys, *arguments) -> tuple[int, str, str]:
    status = main(["library", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_list_finds_by_words(place, capsys):
    status, out, err = answer(capsys, "list")
    assert (status, err, len(out.splitlines())) == (0, "", 2)
    [line] = answer(capsys, "list", "joke")[1].splitlines()
    analysis, *rest = line.split("\t")
    assert rest[:3] == ["r1.mp4", "S1", "joke"] and Library.open(place).search("joke")[0].analysis.startswith(analysis)


def test_another_database_is_another_library(place, tmp_path, capsys):
    with Library.open(place, tmp_path / "other.sqlite") as library:
        library.keep(named("other.mp4", 5))
    for database, count in ((tmp_path / "other.sqlite", 1), (place / CATALOGUE, 2)):
        _, out, _ = answer(capsys, "--database", database, "list", "--json", "-")
        assert len(json.loads(out)) == count


@pytest.mark.parametrize("by_option", [True, False])
@pytest.mark.parametrize("action", [("list",), ("check",), ("export", "{}/backup.zip"), ("delete", "r0", "--yes")])
def test_a_catalogue_that_is_named_and_not_there_is_not_made(place, tmp_path, capsys, monkeypatch, by_option, action):
    (tmp_path / "backup.zip").write_bytes(b"of yesterday")
    database = tmp_path / "not mounted" / "catalogue.sqlite3"
    if not by_option:
        monkeypatch.setenv(DATABASE, str(database))
    option = ("--database", database) if by_option else ()
    status, out, err = answer(capsys, *option, *(word.format(tmp_path) for word in action))
    assert (status, out) == (3, "") and f"There is no library in {database}" in err and err.count("\n") == 1
    assert not database.parent.exists() and (tmp_path / "backup.zip").read_bytes() == b"of yesterday"


def test_an_empty_file_is_no_catalogue(place, tmp_path, capsys):
    (tmp_path / "empty.sqlite").touch()
    status, _, err = answer(capsys, "--database", tmp_path / "empty.sqlite", "list")
    assert status == 3 and "There is no library in" in err


def test_list_as_json(place, capsys):
    _, out, _ = answer(capsys, "list", "--json", "-")
    assert {(row["recording"], row["condition"]) for row in json.loads(out)} == {("r0.mp4", "calm"), ("r1.mp4", "joke")}


def test_show_says_everything(place, capsys):
    Library.open(place).record_consent(f"{0:064x}", Consent("teaching", "form 12, signed", "2026-03-01"))
    status, out, _ = answer(capsys, "show", "r0.mp4")
    assert status == 0
    for words in ("condition: calm", "teaching, given on 2026-03-01: form 12, signed", "samples a second: 4"):
        assert words in out


def test_a_name_of_nothing_or_of_several_is_refused(place, capsys):
    status, out, err = answer(capsys, "show", "r7.mp4")
    assert status == 3 and out == "" and 'holds nothing called "r7.mp4"' in err and len(err.splitlines()) == 1
    status, _, err = answer(capsys, "delete", "0000", "--yes")
    assert status == 3 and "Several ids begin" in err and len(Library.open(place).entries()) == 2


def test_delete_asks_first_and_gives_a_receipt(place, capsys):
    status, _, err = answer(capsys, "delete", "r0.mp4")
    assert status == 3 and "add --yes" in err and len(Library.open(place).entries()) == 2
    status, out, _ = answer(capsys, "delete", "r0.mp4", "--yes")
    assert status == 0 and "Deleted for good" in out and "1 analysis, files removed" in out
    assert [entry.title for entry in Library.open(place).entries()] == ["r1.mp4"]


def test_whoever_deletes_a_recording_that_waits_in_the_queue_hears_of_it(place, capsys):
    for name in ("r0.mp4", "other.mp4"):
        Queue(place / FOLDER).add(name, b"", AnalysisRequest())
    status, out, err = answer(capsys, "delete", "r0.mp4", "--yes")
    assert status == 0 and "Deleted for good" in out
    assert err.startswith("note: r0.mp4 still waits in the queue") and "other.mp4" not in err
    assert answer(capsys, "delete", "r1.mp4", "--yes")[2] == ""


def test_one_analysis_of_two_is_deleted_by_its_name(place, capsys):
    again = named("r0.mp4", 5).read
    with Library.open(place) as library:
        other = library.keep(Study(replace(again, recording=named("r0.mp4", 0).read.recording)))
        assert len(library.search("r0")) == 2
    status, _, _ = answer(capsys, "delete", other[:16], "--yes")
    assert status == 0
    assert sorted(entry.title for entry in Library.open(place).entries()) == ["r0.mp4", "r1.mp4"]


def test_letters_with_which_several_ids_begin_delete_nothing(place, capsys):
    """Two analyses of one recording, and a recording whose id begins as an analysis does."""
    with Library.open(place) as library:
        recording = named("r0.mp4", 0).read.recording
        names = [entry.analysis for entry in library.entries()]
        while len({name[0] for name in names}) == len(names):  # until two of them begin with the same letter
            study = named("r0.mp4", len(names)).read
            names.append(library.keep(Study(replace(study, recording=recording))))
        letter = next(name[0] for name in names if sum(other[0] == name[0] for other in names) > 1)
        before = library.entries()
        assert len({entry.recording_id for entry in before}) == 2
    status, _, err = answer(capsys, "delete", letter, "--yes")
    assert status == 3 and "Several ids begin with" in err and Library.open(place).entries() == before
    with Library.open(place) as library:
        clash = replace(recording, name="clash.mp4", sha256=names[0][:8] + "0" * 56)
        library.keep(Study(replace(named("clash.mp4", 99).read, recording=clash)))
    status, _, err = answer(capsys, "delete", names[0][:8], "--yes")
    assert status == 3 and f"recording {names[0][:8]}" in err and f"analysis {names[0]}" in err
    assert len(Library.open(place).entries()) == len(before) + 1
    assert answer(capsys, "delete", names[0][:20], "--yes")[0] == 0


def test_export_and_import_bring_everything(place, capsys, tmp_path):
    assert answer(capsys, "export", tmp_path / "all.zip")[1] == f"{tmp_path / 'all.zip'}: 2 analyses\n"
    other = tmp_path / "other"
    status, out, _ = answer(capsys, "--folder", other, "import", tmp_path / "all.zip")
    assert status == 0 and "2 analyses imported, 0 here already" in out
    assert {entry.place for entry in Library.open(other).entries()} == {
        entry.place for entry in Library.open(place).entries()
    }
    (tmp_path / "all.zip").write_bytes(b"no zip")
    status, _, err = answer(capsys, "import", tmp_path / "all.zip")
    assert status == 3 and "no export of a library" in err


def test_check_removes_leftovers_and_finds_damage(place, capsys):
    [folder] = (place / "readings").iterdir()
    (folder / f"{'a' * 64}.parquet.new").write_bytes(b"left by a killed process")
    assert answer(capsys, "check")[:2] == (0, "2 analyses read, 1 leftover file removed\n")
    [first, _] = sorted(folder.glob("*.parquet"))
    (folder / f"{'b' * 64}.parquet").write_bytes(b"of another copy of the catalogue")
    status, _, err = answer(capsys, "check")
    assert status == 0 and "names 1 file in" in err and len(list(folder.iterdir())) == 3
    first.write_bytes(b"damaged")
    status, _, err = answer(capsys, "check")
    assert status == 3 and "changed or damaged" in err


def test_a_folder_without_a_library_stays_empty(capsys, tmp_path):
    for folder in (tmp_path, tmp_path / "typo"):
        status, out, err = answer(capsys, "--folder", folder, "list")
        assert status == 3 and out == "" and "There is no library in" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "code", ["import fer_core.library", "from fer_core.cli import main; exit(main(['library', 'list']))"]
)
def test_without_its_extra_one_sentence_says_what_to_install(code):
    hide = "import sys; sys.modules['sqlalchemy'] = None; "
    done = subprocess.run([sys.executable, "-c", hide + code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"needs SQLAlchemy and Alembic; {with_extra('library')}." in done.stderr
    if "main" in code:
        assert done.returncode == 3 and len(done.stderr.splitlines()) == 1
