"""A batch from sources to dataset: what was read already is left out, every recording becomes a row."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Final

from fer_core.batch.dataset import Dataset
from fer_core.batch.manifest import Entry, as_text
from fer_core.batch.remote import Address, Source, forget, scheme_of
from fer_core.batch.sources import recordings
from fer_core.batch.unit import Engine, Task
from fer_core.declaration import Declaration
from fer_core.errors import FerError, MediaError
from fer_core.jobs import Monitor, Progress
from fer_core.media.video import checked_file
from fer_core.networks.files import sha256

_REST: Final = 20
"""Times as long as the writing of the manifest takes, it rests: a large one must not hold up those who read."""

_NEARLY: Final = 0.99
"""Share of the work that is done before the last row is written."""


@dataclass(frozen=True)
class Report:
    """What a batch came to.

    Attributes:
        entries: the rows of the recordings that were named, in the order of their sources; one a content.
        attempted: number of those that this call read or tried to; the rest was done before.
        failed_before: number of the rows of that rest that failed then.
    """

    entries: tuple[Entry, ...]
    attempted: int
    failed_before: int = 0

    @property
    def failed(self) -> tuple[Entry, ...]:
        """The rows of those that were not read."""
        return tuple(entry for entry in self.entries if entry.state == "failed")


def read_all(
    sources: Sequence[str | Path],
    out: Path,
    engine: Engine,
    *,
    retry: bool = False,
    monitor: Monitor | None = None,
    declaration: Declaration | None = None,
) -> Report:
    """Read recordings into a dataset; see `fer_core.batch.dataset` for its files.

    A recording is known by the SHA-256 of its file, whatever its name. What the dataset holds is not read again; a call
    that was ended, however, is gone on with by the next one. The dataset belongs to one request, provenance and
    purpose.

    Args:
        sources: files, folders, patterns and addresses; see `fer_core.batch.sources.recordings`.
        out: folder of the dataset, which may be there already.
        engine: what reads them, such as `fer_core.batch.local.LocalEngine`.
        retry: whether recordings that failed before are tried again; those whose file could not be opened always are.
        monitor: told of the progress; stops the work.
        declaration: that the timelines bear.

    Raises:
        MediaError: a source does not exist or cannot be listed, or the dataset cannot be written.
        DependencyError: what a kind of store needs is not installed.
        RequestError: the dataset holds readings of another request, provenance or purpose.
        ModelError: the pipeline cannot be loaded.
        WorkerError: no process can be kept running.
        StoppedError: the monitor was stopped; the next call goes on.

    Example:
        >>> from fer_core.batch.local import LocalEngine
        >>> from fer_core.request import AnalysisRequest
        >>> engine = LocalEngine(AnalysisRequest(fps=4), workers=2)  # doctest: +SKIP
        >>> read_all(["recordings/"], Path("dataset"), engine).failed  # doctest: +SKIP
        ()
    """
    paths = recordings(sources)
    with held_dataset(out, engine, declaration) as dataset:
        return read_into(dataset, paths, engine, retry=retry, monitor=monitor, declaration=declaration)


@contextlib.contextmanager
def held_dataset(out: Path, engine: Engine, declaration: Declaration | None = None) -> Iterator[Dataset]:
    """The dataset of an engine's readings, which no other process writes meanwhile.

    Raises:
        FerError: as `read_all`.
    """
    dataset, identity = Dataset(out), engine.identity()
    with dataset.locked():
        dataset.begin(identity.request, identity.provenance, declaration.purpose if declaration else "")
        yield dataset


def read_into(
    dataset: Dataset,
    paths: Sequence[Source],
    engine: Engine,
    *,
    retry: bool = False,
    monitor: Monitor | None = None,
    declaration: Declaration | None = None,
) -> Report:
    """`read_all` of absolute paths and addresses into a dataset that `held_dataset` gave.

    A file that is not there becomes a row.

    Raises:
        FerError: as `read_all`.
    """
    batch = _Batch(dataset, paths, retry, monitor or Monitor(), declaration)
    try:
        with contextlib.closing(engine.read(batch.tasks(), batch.pace.told)) as entries:
            for entry in entries:
                batch.keep(entry)
    finally:
        batch.forget_fetched()
        batch.rows.write()
    dataset.tidy({as_text(path) for path in paths if isinstance(path, Address)})
    return batch.report()


class _Batch:
    """One call: which recordings are still to be read, and what became of each."""

    def __init__(
        self,
        dataset: Dataset,
        paths: Sequence[Source],
        retry: bool,
        monitor: Monitor,
        declaration: Declaration | None,
    ) -> None:
        self.dataset, self.paths, self.retry, self.declaration = dataset, paths, retry, declaration
        self.rows, self.pace = _Rows(dataset), _Pace(paths, monitor)
        self.named: dict[str, None] = {}
        self.attempted = 0
        self.failed = set[str]()

    def tasks(self) -> Iterator[Task]:
        """What is still to be read; a file is hashed when somebody is there to read it."""
        for path in self.paths:
            task = self._task(path)
            if task is None:
                self.pace.leave_out(path)
            else:
                self.pace.told(task, 0.0)
                yield task

    def keep(self, entry: Entry) -> None:
        """Take in the row of a recording.

        Raises:
            MediaError: the dataset cannot be written.
        """
        if entry.stage == "writing":  # the next ones would fail likewise, after all the work
            raise MediaError(entry.reason)
        if entry.is_remote:
            self._keep_fetched(entry)
        else:
            self.rows.put(entry)
        self.named[entry.key] = None
        self.attempted += 1
        if entry.state == "failed":
            self.failed.add(entry.key)
        if entry.stage not in ("limit", "worker"):
            self.dataset.forget_checkpoint(entry.unfinished)
        self.pace.done(entry)

    def _keep_fetched(self, entry: Entry) -> None:
        """Take in the row of what was fetched, of which nobody knew whether its content is there already."""
        forget(entry.source, self.dataset.folder)
        self.rows.holds(entry.source, entry.sha256)
        known = self.rows.get(entry.sha256)
        if known is not None and known.state == entry.state == "read" and known.source != entry.source:
            self.rows.add_copy(entry.sha256, entry.source, entry.version)
        else:
            self.rows.put(entry)

    def forget_fetched(self) -> None:
        """Remove what processes that were ended have left here of recordings that they had fetched."""
        for key in self.pace.unfinished:
            if scheme_of(key) is not None:
                forget(key, self.dataset.folder)

    def report(self) -> Report:
        """What the call came to."""
        entries = tuple(self.rows[key] for key in self.named)
        before = sum(entry.state == "failed" and entry.key not in self.failed for entry in entries)
        return Report(entries, self.attempted, before)

    def _task(self, source: Source) -> Task | None:
        """What is to be done for a source; None where nothing is, or where it cannot be opened, which becomes a row."""
        return self._task_there(source) if isinstance(source, Address) else self._task_here(source)

    def _task_there(self, address: Address) -> Task | None:
        known = self.rows.of_address(address)
        if known is not None and known.stage != "fetch" and self._is_done(known):
            self.named[known.key] = None
            return None
        return Task(address, "", address.size, self.dataset.folder, self.declaration)

    def _task_here(self, path: Path) -> Task | None:
        try:
            digest, size = _identified(path)
        except FerError as error:
            self.keep(Entry.failed(path, "file", str(error)))
            return None
        self.rows.holds(as_text(path), digest)
        is_named, known = digest in self.named, self.rows.get(digest)
        self.named[digest] = None
        if is_named or (known is not None and self._is_done(known)):
            self.rows.add_copy(digest, as_text(path))
            return None
        return Task(path, digest, size, self.dataset.folder, self.declaration)

    def _is_done(self, row: Entry) -> bool:
        return not self.retry if row.state == "failed" else self.dataset.holds(row.recording)


class _Rows:
    """The manifest. Every change is noted at once; the whole is written anew now and then, and by `write`."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._rows = {row.key: row for row in dataset.entries()}
        self._copies = {
            key: dict(zip_longest(row.copies, row.copy_versions[: len(row.copies)], fillvalue=""))
            for key, row in self._rows.items()
        }
        self._changed, self._due_s = False, 0.0
        self._addresses = {
            (source, version): key
            for key, row in self._rows.items()
            for source, version in ((row.source, row.version), *self._copies[key].items())
            if version
        }

    def __getitem__(self, key: str) -> Entry:
        return self._rows[key]

    def get(self, digest: str) -> Entry | None:
        return self._rows.get(digest)

    def of_address(self, address: Address) -> Entry | None:
        """The row of what lies at an address, unless its content has changed or the store does not say."""
        return self._rows.get(self._addresses.get((as_text(address), address.version), ""))

    def put(self, row: Entry) -> None:
        """Add a row, or replace the one of the same recording."""
        if row.version:
            self._addresses[row.source, row.version] = row.key
        copies = {source: version for source, version in self._copies.get(row.key, {}).items() if source != row.source}
        row = replace(row, copies=tuple(sorted(copies)), copy_versions=tuple(copies[name] for name in sorted(copies)))
        self._rows[row.key] = row
        self._dataset.note(row)
        self._changed = True
        if time.monotonic() >= self._due_s:
            self.write()

    def write(self) -> None:
        """Write the manifest, if anything has changed since it was."""
        if not self._changed:
            return
        began_s = time.monotonic()
        self._dataset.write_entries(self._rows.values())
        ended_s = time.monotonic()
        self._changed, self._due_s = False, ended_s + _REST * (ended_s - began_s)

    def add_copy(self, digest: str, source: str, version: str = "") -> None:
        """Note another file with the content of a recording, whose row may be there or follow."""
        copies = self._copies.setdefault(digest, {})
        is_new = copies.get(source) != version
        copies[source] = version
        if version:
            self._addresses[source, version] = digest
        row = self._rows.get(digest)
        if row is not None and source != row.source and is_new:
            self.put(row)

    def holds(self, source: str, digest: str) -> None:
        """Take in what a file holds: it is no copy of another recording any more, and failures of before are gone."""
        for key, row in list(self._rows.items()):
            if key == digest:
                continue
            if source in row.copies:
                self._addresses.pop((source, self._copies[key].pop(source)), None)
                self.put(row)
            elif row.source == source and row.state == "failed" and not row.copies:
                del self._rows[key]
                self._changed = True


class _Pace:
    """How far a call is: by the bytes of the recordings that it reads."""

    def __init__(self, paths: Sequence[Source], monitor: Monitor) -> None:
        self._monitor, self._total = monitor, len(paths)
        self._sizes = {path: _size(path) for path in paths}
        self._bytes, self._bytes_done = sum(self._sizes.values()), 0.0
        self._reading: dict[str, tuple[int, float]] = {}
        self._settled = self._failed = 0

    @property
    def unfinished(self) -> tuple[str, ...]:
        """`Task.key` of everything that was begun and is not done."""
        return tuple(self._reading)

    def leave_out(self, path: Source) -> None:
        """Take in that a source needs no reading."""
        self._bytes -= self._sizes[path]
        self._settled += 1
        self._report()

    def told(self, task: Task, share: float) -> None:
        """Take in the share of a task that is done, and report it.

        Raises:
            StoppedError: the work was asked to stop.
        """
        self._reading[task.key] = task.size, share
        self._report()

    def done(self, entry: Entry) -> None:
        """Take in that a recording was read, or failed."""
        self._failed += entry.state == "failed"
        if (key := _task_key(entry)) in self._reading:
            self._bytes_done += self._reading.pop(key)[0]
            self._settled += 1
        self._report()

    def _report(self) -> None:
        part = sum(size * share for size, share in self._reading.values())
        share = 1.0 if self._settled == self._total else min(_NEARLY, (self._bytes_done + part) / max(1, self._bytes))
        failed = f", {self._failed} failed now" if self._failed else ""
        words = f"{self._settled} of {self._total} recordings{failed}"
        self._monitor.report(Progress(share, words, done=self._settled, total=self._total))
        self._monitor.check()


def _task_key(row: Entry) -> str:
    """`fer_core.batch.unit.Task.key` of the task whose row this is."""
    return row.source if row.is_remote else row.sha256


def _identified(path: Path) -> tuple[str, int]:
    """SHA-256 and size in bytes of a file.

    Raises:
        MediaError: it cannot be read.
    """
    label = checked_file(path)
    try:
        return sha256(path), path.stat().st_size
    except OSError as error:
        raise MediaError(f"{label} cannot be read ({error.strerror}); copy it again from where it came.") from error


def _size(path: Source) -> int:
    if isinstance(path, Address):
        return path.size
    try:
        return path.stat().st_size
    except OSError:  # it becomes a row of its own when its turn comes
        return 0
