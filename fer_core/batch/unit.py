"""The unit of work: a recording in, its row out. It depends on nothing else, so that any engine can carry it out."""

import contextlib
import logging
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

from fer_core.analysis.run import AnalysisProgress, Reader, analyse, completed, provenance_of
from fer_core.batch.begun import note_source
from fer_core.batch.dataset import Dataset
from fer_core.batch.manifest import Entry, Stage, checkpoint_name, recording_id
from fer_core.batch.remote import Address, Source, fetched
from fer_core.declaration import Declaration
from fer_core.errors import CheckpointError, FerError, MediaError
from fer_core.media.files import harmless
from fer_core.networks.files import sha256
from fer_core.provenance import Provenance
from fer_core.request import AnalysisRequest
from fer_core.timeline.table import Timeline

MOST_DEATHS: Final = 2
"""Processes that a recording may end before it is given up."""

MOST_FAILED_STARTS: Final = 3
"""Processes in a row that may end before they are ready."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A recording that is to be read.

    Attributes:
        source: its file, or its address in a store.
        sha256: of the file; empty where it has to be fetched first.
        size: of the file, in bytes.
        folder: of the dataset.
        declaration: that the timeline bears; None for none.
    """

    source: Source
    sha256: str
    size: int
    folder: Path
    declaration: Declaration | None = None

    @property
    def key(self) -> str:
        """What it is known by before it was read: its content, or its address."""
        return self.source.url if isinstance(self.source, Address) else self.sha256

    @property
    def readings(self) -> Path:
        """File that its timeline is written to."""
        return Dataset(self.folder).readings(recording_id(self.sha256))

    @property
    def checkpoint(self) -> Path:
        """File that is kept up to date meanwhile, and from which an interrupted reading goes on."""
        return Dataset(self.folder).checkpoint(checkpoint_name(self.key))

    def failed(self, stage: Stage, reason: str, seconds: float) -> Entry:
        """The row of a recording that could not be read, after so many seconds."""
        return Entry.failed(self.source, stage, reason, sha256=self.sha256, size=self.size, seconds=seconds)

    def too_slow(self, seconds: float) -> Entry:
        """The row of a recording that took longer than allowed."""
        return self._given_up(
            "limit", "was not read within the limit of a recording; what was read of it is kept", seconds
        )

    def deadly(self, ending: str, seconds: float) -> Entry:
        """The row of a recording that ended `MOST_DEATHS` processes, the last one with this `ending`."""
        return self._given_up("worker", f"ended the process that read it {MOST_DEATHS} times ({ending})", seconds)

    def _given_up(self, stage: Stage, what: str, seconds: float) -> Entry:
        return self.failed(stage, f"{harmless(str(self.source))} {what}; --retry goes on from there.", seconds)


@dataclass(frozen=True)
class Identity:
    """What the numbers of a batch depend on.

    Attributes:
        request: complete.
        provenance: of the pipeline.
    """

    request: AnalysisRequest
    provenance: Provenance

    @classmethod
    def of(cls, pipeline: Reader, request: AnalysisRequest) -> "Identity":
        """The identity of readings by this pipeline."""
        return cls(completed(pipeline, request), provenance_of(pipeline))


ShareOf = Callable[[Task, float], None]
"""Called with a task that is being read and the share of it that is done, 0 to 1."""


class Engine(Protocol):
    """Whatever carries out tasks: processes of this machine, or others."""

    def identity(self) -> Identity:
        """Request and provenance of the readings.

        Raises:
            FerError: the pipeline cannot be loaded.
        """
        ...

    def read(self, tasks: Iterator[Task], told: ShareOf) -> Generator[Entry, None, None]:
        """Carry out tasks by `read_recording`, in any order; the row of each as soon as it is done.

        Args:
            tasks: taken one by one, when there is somebody to do the next.
            told: called now and then; what it raises ends the work.

        Raises:
            WorkerError: nobody can be found who does them.
        """
        ...


def read_recording(
    pipeline: Reader,
    task: Task,
    request: AnalysisRequest,
    progress: Callable[[AnalysisProgress], None] | None = None,
) -> Entry:
    """Read one recording and write its readings, without portraits; whatever goes wrong is said in the row.

    What is in a store is fetched for that, and gone from this machine afterwards.

    Args:
        pipeline: of the request.
        task: the recording and the files of its results.
        request: how it is read.
        progress: called a few times a second.
    """
    if not isinstance(task.source, Address):
        return _read(pipeline, task, task.source, request, progress)
    began_s = time.monotonic()
    try:
        with fetched(task.source, task.folder) as path:
            here = replace(task, sha256=sha256(path), size=path.stat().st_size)
            with contextlib.suppress(MediaError):  # there are none yet, or damaged ones
                known = Timeline.read(here.readings)  # another file has the same content
                return Entry.read(task.source, known, size=here.size, seconds=0.0)
            entry = _read(pipeline, here, path, request, progress)
            reason = entry.reason.replace(harmless(str(path)), harmless(task.source.url))
            return replace(entry, reason=reason, seconds=time.monotonic() - began_s)
    except (FerError, OSError) as error:
        return task.failed("fetch", str(error), time.monotonic() - began_s)


def _read(
    pipeline: Reader,
    task: Task,
    path: Path,
    request: AnalysisRequest,
    progress: Callable[[AnalysisProgress], None] | None,
) -> Entry:
    """`read_recording` of a task whose file lies at `path`."""
    began_s = time.monotonic()

    def failed(stage: Stage, reason: str) -> Entry:
        return task.failed(stage, reason, time.monotonic() - began_s)

    try:
        note_source(task.checkpoint, task.source)
    except OSError as error:
        return failed("writing", f"{harmless(str(task.checkpoint))} cannot be written ({error.strerror}); make room.")
    try:
        timeline = analyse(pipeline, path, request, progress, checkpoint=task.checkpoint)
    except CheckpointError as error:  # it says nothing about the recording, and its readings would fail likewise
        return failed("writing", str(error))
    except FerError as error:
        return failed("reading", str(error))
    except Exception as error:  # whatever it is, the next recording is read
        _log.exception("%s could not be read", harmless(str(task.source)))
        return failed("reading", f"An error that should not happen ended the reading ({type(error).__name__}).")
    if timeline.recording.sha256 != task.sha256:
        return failed(
            "reading", f"{harmless(str(task.source))} changed while it was read; read it once it is complete."
        )
    try:
        _write(replace(timeline, portraits={}, declaration=task.declaration), task)
    except FerError as error:
        return failed("writing", str(error))
    return Entry.read(task.source, timeline, size=task.size, seconds=time.monotonic() - began_s)


def _write(timeline: Timeline, task: Task) -> None:
    """Two workers may hold one content under two addresses, so each writes a file of its own before it counts."""
    own = task.checkpoint.with_name(f"{uuid4().hex}.parquet")
    try:
        timeline.write(own)
        task.readings.parent.mkdir(parents=True, exist_ok=True)
        own.replace(task.readings)
    except OSError as error:
        place = harmless(str(task.readings))
        raise MediaError(f"{place} cannot be written ({error.strerror}); make room, or close what reads it.") from error
    finally:
        with contextlib.suppress(OSError):
            own.unlink(missing_ok=True)
