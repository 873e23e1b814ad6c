"""A dataset of `batch` taken into the library, without reading the recordings again."""

from dataclasses import dataclass
from pathlib import Path

from fer_core.batch.dataset import MANIFEST, READINGS, Dataset
from fer_core.batch.manifest import Entry
from fer_core.errors import LibraryError, MediaError, StaysDeletedError
from fer_core.jobs import Monitor
from fer_core.library.library import Library
from fer_core.timeline.editing.study import Study


@dataclass(frozen=True)
class Brought:
    """What a dataset brought into a library.

    Attributes:
        analyses: number of new ones.
        known: number of those that were kept already and stayed as they are in the library.
        failed: number of recordings that the batch could not read.
        problems: a sentence for each recording whose readings cannot be taken in.
        deleted: number of those that were deleted from the library while their recording stayed, and stay so.
    """

    analyses: int
    known: int
    failed: int
    problems: tuple[str, ...] = ()
    deleted: int = 0


def keep_dataset(library: Library, folder: Path, monitor: Monitor | None = None) -> Brought:
    """Keep every recording that a batch read. What is kept already stays as it is; doing it again changes nothing.

    Readings that were deleted from the library while their recording stayed, such as those of before somebody was
    removed, are left out and counted. Each analysis is taken in whole or not at all, so that what an interrupted call
    brought can stay. Paths of the recordings are not remembered.

    Args:
        library: that they are kept in.
        folder: that `batch` wrote.
        monitor: takes in how many are kept; can stop the work.

    Raises:
        LibraryError: the folder is no dataset, or the library cannot be written.
        MediaError: its manifest is damaged.
        StoppedError: the monitor was stopped.
    """
    monitor, dataset = monitor or Monitor(), Dataset(folder)
    if not (folder / MANIFEST).is_file():
        raise LibraryError(f"{folder} is no dataset of `batch`: it has no {MANIFEST}; name the folder given as --out.")
    entries = dataset.entries()
    read = [entry for entry in entries if entry.state == "read"]
    before = {entry.analysis for entry in library.entries()}
    names, problems, deleted = set[str](), list[str](), 0
    for done, entry in enumerate(read, 1):
        try:
            names.add(library.keep_new(_study(dataset, entry), restore=False))
        except StaysDeletedError:
            deleted += 1
        except MediaError as error:
            problems.append(f"{entry.name}: {error}")
        monitor.step(done, len(read))
    return Brought(len(names - before), len(names & before), len(entries) - len(read), tuple(problems), deleted)


def _study(dataset: Dataset, entry: Entry) -> Study:
    """The readings of a row of the manifest.

    Raises:
        MediaError: they are missing, damaged, or of another recording.
    """
    path = dataset.readings(entry.recording)
    again = "the same `batch` reads the recording again"
    if not path.exists():
        raise MediaError(f"{path} does not exist; {again}.")
    try:
        study = Study.open(path)
    except MediaError as error:
        raise MediaError(f"{error} Remove that file, and {again}.") from error
    if study.read.recording.sha256 != entry.sha256:
        raise MediaError(f"Its file in {READINGS} holds another recording; remove {path}, and {again}.")
    return study
