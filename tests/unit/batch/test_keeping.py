"""A dataset of `batch` becomes analyses of the library; no recording is read again."""

from dataclasses import replace

import pytest

from fer_core import LibraryError, Name, Study
from fer_core.batch.dataset import Dataset
from fer_core.batch.keeping import keep_dataset
from fer_core.batch.manifest import Entry
from fer_core.cli import main
from fer_core.library.library import Library
from fer_core.timeline.editing.edits import Remove
from tests.timelines import synthetic


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    """Two recordings that were read, and one that failed."""
    made = Dataset(tmp_path / "dataset")
    entries = []
    for number in range(2):
        timeline = synthetic(10.0, seed=number)
        recording = replace(timeline.recording, name=f"r{number}.mp4", sha256=str(number) * 64)
        timeline = replace(timeline, recording=recording, portraits={})
        entry = Entry.read(tmp_path / f"r{number}.mp4", timeline, size=1, seconds=1.0)
        timeline.write(made.readings(entry.recording))
        entries.append(entry)
    failed = Entry.failed(tmp_path / "r2.mp4", "reading", "It is no recording.", sha256="f" * 64)
    made.write_entries([*entries, failed])
    return made


def test_a_dataset_is_kept_once_and_corrections_of_before_stay(tmp_path, dataset):
    with Library.open(tmp_path / "library") as library:
        brought = keep_dataset(library, dataset.folder)
        assert (brought.analyses, brought.known, brought.failed, brought.problems) == (2, 0, 1, ())
        entries = library.entries()
        assert {entry.title for entry in entries} == {"r0.mp4", "r1.mp4"} and {entry.path for entry in entries} == {
            None
        }
        study = library.open_study(entries[0].analysis)
        assert study.timeline.frame.equals(Study.open(dataset.readings(_id(entries[0]))).timeline.frame)
        library.save(entries[0].analysis, study.edited(Name(1, "Ada")))
        again = keep_dataset(library, dataset.folder)
        assert (again.analyses, again.known) == (0, 2)
        assert library.open_study(entries[0].analysis).notes.names == {1: "Ada"}


def test_who_was_removed_does_not_come_back_with_the_dataset(tmp_path, dataset, capsys):
    with Library.open(tmp_path / "library") as library:
        keep_dataset(library, dataset.folder)
        entry = library.entries()[0]
        after = library.save(entry.analysis, library.open_study(entry.analysis).edited(Remove(1)))
        kept = {one.analysis for one in library.entries()}
        assert after in kept and entry.analysis not in kept
        again = keep_dataset(library, dataset.folder)
        assert (again.analyses, again.known, again.deleted) == (0, 1, 1)
        assert {one.analysis for one in library.entries()} == kept == library.store.names()
    assert main(["library", "--folder", str(tmp_path / "library"), "import", str(dataset.folder)]) == 0
    assert "1 stays deleted, as its recording is here" in capsys.readouterr().out


def _id(entry) -> str:
    return f"r{entry.recording.sha256[:16]}"


def test_readings_that_are_gone_or_of_others_are_named_and_the_rest_is_kept(tmp_path, dataset, capsys):
    first, second, _ = dataset.entries()
    dataset.readings(second.recording).write_bytes(dataset.readings(first.recording).read_bytes())
    place = ["library", "--folder", str(tmp_path / "library")]
    assert main([*place, "import", str(dataset.folder)]) == 3
    captured = capsys.readouterr()
    assert "1 analysis imported, 0 here already, 1 were not read" in captured.out
    assert "error: r1.mp4: Its file in readings holds another recording" in captured.err
    dataset.readings(second.recording).write_bytes(b"PAR1 torn PAR1")
    assert main([*place, "import", str(dataset.folder)]) == 3
    assert "Remove that file, and the same `batch` reads" in capsys.readouterr().err
    dataset.readings(second.recording).unlink()
    assert main([*place, "import", str(dataset.folder)]) == 3
    captured = capsys.readouterr()
    assert "0 analyses imported, 1 here already" in captured.out and "does not exist" in captured.err


def test_a_folder_that_is_no_dataset_is_refused(tmp_path):
    with Library.open(tmp_path / "library") as library, pytest.raises(LibraryError, match="no dataset"):
        keep_dataset(library, tmp_path)
