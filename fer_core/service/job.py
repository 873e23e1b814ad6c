"""One recording that the service reads or has read, and its folder.

recording.<ending>    the upload, until it is read
job.json              `Job`
checkpoint.jsonl      what an interrupted reading goes on from
timeline.parquet      the result
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import BinaryIO, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from fer_core.declaration import Declaration
from fer_core.errors import FerError, MediaError
from fer_core.media.files import harmless
from fer_core.request import AnalysisRequest
from fer_core.service.problems import Problem
from fer_core.whole_file import write_whole

JobState = Literal["waiting", "reading", "done", "failed"]

_UPLOAD: Final = "recording"
_LONGEST_ENDING: Final = 8


class Job(BaseModel):
    """A recording and how far it has come; the content of `job.json`.

    Attributes:
        id: name of its folder; not to be guessed.
        name: of the file that was given.
        owner: of the key with which it was given, see `fer_core.service.access`.
        request: how it is read.
        created: when it was given.
        state: "reading" after a start of the service means that the last one was killed meanwhile.
        starts: how often its reading was begun, without those that the service ended in order.
        ended: when it was done or failed; None before.
        problem: why it failed.
        declaration: that the timeline bears.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    owner: str
    request: AnalysisRequest
    created: datetime
    state: JobState = "waiting"
    starts: int = 0
    ended: datetime | None = None
    problem: Problem | None = None
    declaration: Declaration | None = None


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Place:
    """The folder of a job."""

    path: Path

    @classmethod
    def made(cls, path: Path) -> "Place":
        """A new folder, which only this user can read.

        Raises:
            OSError: it cannot be made.
        """
        path.mkdir(mode=0o700)
        return cls(path)

    @property
    def checkpoint(self) -> Path:
        """File that an interrupted reading goes on from."""
        return self.path / "checkpoint.jsonl"

    @property
    def result(self) -> Path:
        """File of the timeline."""
        return self.path / "timeline.parquet"

    @property
    def recording(self) -> Path:
        """The upload."""
        return next(self.path.glob(f"{_UPLOAD}*"), self.path / _UPLOAD)

    @contextlib.contextmanager
    def upload(self) -> Iterator[BinaryIO]:
        """The file that an upload is written to."""
        handle = os.open(self.path / _UPLOAD, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            yield file

    def end_as(self, name: str) -> None:
        """Give the upload the ending of a name, by which decoders are chosen where the content leaves a doubt."""
        ending = PurePath(name).suffix
        if 1 < len(ending) <= _LONGEST_ENDING and ending[1:].isalnum():
            self.recording.rename(self.path / f"{_UPLOAD}{ending}")

    def keep(self, job: Job) -> None:
        """Write `job.json`.

        Raises:
            OSError: it cannot be written.
        """
        write_whole(self.path / "job.json", job.model_dump_json())

    def job(self) -> Job | None:
        """What `keep` wrote; None where nothing was.

        Raises:
            MediaError: it is damaged, or cannot be read.
        """
        path = self.path / "job.json"
        try:
            return Job.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValidationError, UnicodeDecodeError, FerError) as error:
            raise MediaError(f"{path} cannot be read; the recording stays there until somebody deletes it.") from error

    def forget_upload(self) -> None:
        """Remove the recording and the checkpoint, which has portraits."""
        for path in (self.recording, self.checkpoint):
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def named(self, error: FerError, name: str) -> FerError:
        """The error with the name that was given instead of the path of the upload."""
        words = str(error).replace(harmless(str(self.recording)), harmless(name)).replace(f"{self.path}{os.sep}", "")
        return type(error)(words)
