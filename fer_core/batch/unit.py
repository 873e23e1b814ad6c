"""The unit of work: a recording in, its row out. It depends on nothing else, so that any engine can carry it out."""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from fer_core.analysis.run import AnalysisProgress, Reader, analyse, completed, provenance_of
from fer_core.batch.manifest import Entry, Stage, recording_id
from fer_core.declaration import Declaration
from fer_core.errors import FerError
from fer_core.media.files import harmless
from fer_core.provenance import Provenance
from fer_core.request import AnalysisRequest

MOST_DEATHS: Final = 2
"""Processes that a recording may end before it is given up."""

MOST_FAILED_STARTS: Final = 3
"""Processes in a row that may end before they are ready."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A recording that is to be read.

    Attributes:
        source: its file.
        sha256: of the file.
        size: of the file, in bytes.
        readings: file that its timeline is written to, `.parquet`.
        checkpoint: file that is kept up to date meanwhile, and from which an interrupted reading goes on.
        declaration: that the timeline bears; None for none.
    """

    source: Path
    sha256: str
    size: int
    readings: Path
    checkpoint: Path
    declaration: Declaration | None = None

    @property
    def recording(self) -> str:
        """Id of the recording."""
        return recording_id(self.sha256)

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

    Args:
        pipeline: of the request.
        task: the recording and the files of its results.
        request: how it is read.
        progress: called a few times a second.
    """
    began_s = time.monotonic()

    def failed(stage: Stage, reason: str) -> Entry:
        return task.failed(stage, reason, time.monotonic() - began_s)

    try:
        timeline = analyse(pipeline, task.source, request, progress, checkpoint=task.checkpoint)
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
        replace(timeline, portraits={}, declaration=task.declaration).write(task.readings)
    except FerError as error:
        return failed("writing", str(error))
    return Entry.read(task.source, timeline, size=task.size, seconds=time.monotonic() - began_s)
