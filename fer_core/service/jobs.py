"""The recordings of a service: some are read at the same time, others wait, and a restart goes on with all of them."""

import contextlib
import errno
import logging
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from fer_core.analysis.run import AnalysisProgress
from fer_core.declaration import Declaration
from fer_core.errors import BusyError, FerError, MediaError, MissingError, RequestError, TooLargeError, WorkerError
from fer_core.file_lock import LockedError, locked
from fer_core.jobs import Monitor, Progress, Work
from fer_core.media.files import harmless, stored_name
from fer_core.media.video import Video
from fer_core.request import AnalysisRequest
from fer_core.service.job import Job, JobState, Place, now
from fer_core.service.pipelines import Pipelines
from fer_core.service.problems import Problem, problem_of, unexpected
from fer_core.settings import SERVICE, ServiceSettings

MOST_STARTS: Final = 3
"""Readings of one recording that may end with the service, before it is given up."""

_COMING: Final = ".coming-"
_GONE: Final = ".gone-"
_OURS: Final = re.compile(rf"({re.escape(_COMING)})?[0-9a-f]{{32}}")
"""Names of the folders of jobs and uploads."""

NO_ROOM: Final = "the service's disk is full; it is tried again every minute"
"""What is told of a recording that waits for room."""

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)

END_S: Final = 20.0
"""Seconds that readings have to stop when the service ends."""

_log = logging.getLogger(__name__)


class Jobs:
    """The jobs in a folder, which one service at a time may use. Safe to share between threads.

    Args:
        settings: folder and limits.
        pipelines: that read.

    Raises:
        RequestError: there is no folder.
        MediaError: the folder cannot be used, or another service uses it.
    """

    def __init__(self, settings: ServiceSettings, pipelines: Pipelines) -> None:
        self._settings, self._pipelines = settings, pipelines
        self._held = contextlib.ExitStack()
        self._folder = self._taken(settings.folder)
        self._lock = threading.RLock()  # held also while the disk is waited for; who only looks does without
        self._jobs: dict[str, Job] = {}
        self._works: dict[str, tuple[Work[None], Monitor]] = {}
        self._put_off: set[str] = set()
        self._damaged: set[str] = set()
        self._coming, self._ending, self._alone = 0, False, False
        self._take_up()

    def start(self) -> None:
        """Begin to read what waits."""
        with self._lock:
            self._fill()

    def try_again(self) -> None:
        """Begin to read what found no room on the disk, or no thread, before."""
        with self._lock:
            self._put_off.clear()
            self._fill()

    def end(self) -> None:
        """Stop reading, in order: what was read stays in checkpoints, from which the next service goes on."""
        with self._lock:
            self._ending = True
            works = list(self._works.values())
            for work, _ in works:
                work.cancel()
        for work, _ in works:
            work.wait(END_S)
        self._held.close()

    @contextlib.contextmanager
    def coming(self) -> Iterator[Place]:
        """A place for an upload, which is gone in the end unless it was given to `add`.

        Raises:
            BusyError: the queue is full.
        """
        with self._lock:
            waiting = sum(job.state == "waiting" for job in self._jobs.values())
            if self._ending or waiting + self._coming >= self._settings.queue:
                raise BusyError("Too many recordings are waiting; try again when some of them are read.")
            self._coming += 1
        try:
            place = Place.made(self._folder / f"{_COMING}{secrets.token_hex(16)}")
            try:
                yield place
            finally:
                place.remove()
        except OSError as error:
            raise BusyError(f"The recording could not be stored ({error.strerror}); try again later.") from error
        finally:
            with self._lock:
                self._coming -= 1

    def add(
        self, place: Place, name: str, request: AnalysisRequest, owner: str, declaration: Declaration | None = None
    ) -> Job:
        """Put an upload at the end of the queue.

        Args:
            place: with the upload.
            name: of the file, as somebody gave it.
            request: how it is read.
            owner: whose it is.
            declaration: that the timeline bears.

        Raises:
            MediaError: it is no recording that can be read.
            TooLargeError: it is longer, or its frames are larger, than allowed.
            OSError: the disk is full.
        """
        name = stored_name(name)
        place.end_as(name)
        try:
            self._check(place.recording, name)
        except FerError as error:
            raise place.named(error, name) from error
        job = Job(
            id=secrets.token_hex(16), name=name, owner=owner, request=request, created=now(), declaration=declaration
        )
        place.keep(job)
        place.path.rename(self._folder / job.id)
        with self._lock:
            self._jobs[job.id] = job
            self._fill()
            return self._jobs[job.id]

    def of(self, owner: str) -> list[Job]:
        """The jobs of an owner, in the order in which they came."""
        return [job for job in list(self._jobs.values()) if job.owner == owner]

    def job(self, id_: str, owner: str) -> Job:
        """One of them.

        Raises:
            MissingError: the owner has no such job.
        """
        job = self._jobs.get(id_)
        # Nobody knows whose it is, but only its owner knows its name, which cannot be guessed.
        if id_ in self._damaged and (self._folder / id_).exists():
            raise MissingError(
                "The record of this recording is damaged, and what was read of it still lies here; tell who runs the "
                "service, whose log names the folder that has to be deleted."
            )
        if job is None or job.owner != owner:
            raise MissingError("There is no such recording here: it was deleted, its time is over, or it never was.")
        return job

    def progress(self, job: Job) -> Progress:
        """How far the reading of a job has come. Waits for nobody."""
        at_work = self._works.get(job.id)
        if job.state == "reading" and at_work is not None:
            return at_work[1].progress
        newest, words = self._jobs.get(job.id, job), NO_ROOM if job.id in self._put_off else ""
        return Progress(1.0 if newest.state == "done" else 0.0, words)

    def result(self, job: Job) -> Path:
        """File of the timeline of a job that is done."""
        return Place(self._folder / job.id).result

    def forget(self, id_: str, owner: str) -> None:
        """Delete a job with everything that was kept of it; a reading under way ends.

        Raises:
            MissingError: the owner has no such job.
        """
        with self._lock:
            job = self.job(id_, owner)
            del self._jobs[job.id]
            self._put_off.discard(job.id)
            at_work = self._works.get(job.id)
        place = Place(self._folder / job.id)
        with contextlib.suppress(OSError):  # should the service be killed, or the disk fail, before all of it is gone
            (place.path / _GONE).touch()
        if at_work is None:
            place.remove()
        else:
            at_work[0].abandon()

    def expire(self) -> None:
        """Delete the jobs that ended longer ago than results are kept, and what could not be deleted before."""
        kept = timedelta(hours=self._settings.kept_hours)
        for job in list(self._jobs.values()):
            if job.ended is not None and now() - job.ended > kept:
                with contextlib.suppress(MissingError):
                    self.forget(job.id, job.owner)
        for left in self._folder.glob(f"*/{_GONE}"):
            with self._lock:
                is_read = left.parent.name in self._works
            if not is_read:
                Place(left.parent).remove()

    def _taken(self, folder: Path | None) -> Path:
        if folder is None:
            raise RequestError(f"This user has no home folder; name a folder for the service in {SERVICE}.")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._held.enter_context(locked(folder / ".lock"))
        except LockedError as error:
            raise MediaError(f"Another service uses {folder}; name another folder in {SERVICE}.") from error
        except OSError as error:
            raise MediaError(f"{folder} cannot be used ({error.strerror}); name another in {SERVICE}.") from error
        return folder

    def _take_up(self) -> None:
        """Take up what the last service left; folders of others are left alone."""
        found = []
        for path in self._folder.iterdir():
            if not _OURS.fullmatch(path.name) or not path.is_dir():
                continue
            try:
                job = None if path.name.startswith(_COMING) or (path / _GONE).exists() else Place(path).job()
            except MediaError as damaged:
                _log.error("%s", damaged)
                self._damaged.add(path.name)
                continue
            if job is None:
                Place(path).remove()
            else:
                found.append(job)
        for job in sorted(found, key=lambda job: job.created):
            self._jobs[job.id] = job
            if job.state == "reading" and Place(self._folder / job.id).result.exists():
                self._set(job, "done")  # which could not be written then, as on a full disk
                self._forget_upload(job)
            elif job.state == "reading" and job.starts >= MOST_STARTS:
                error = WorkerError(
                    f"The service ended {job.starts} times while it read {harmless(job.name)}; convert it to MP4."
                )
                self._set(job, "failed", problem=problem_of(error))
            elif job.state == "reading":
                self._set(job, "waiting", starts=job.starts)
            if self._jobs[job.id].ended is not None:  # the last service may have been killed before it came to this
                self._forget_upload(job)

    def _check(self, path: Path, name: str) -> None:
        with Video(path, 1.0) as video:
            self._check_size(name, video.width * video.height)
            self._check_length(name, video.duration_s or 0.0)

    def _check_size(self, name: str, pixels: int) -> None:
        if pixels > self._settings.most_pixels:
            raise TooLargeError(
                f"{harmless(name)} has frames of {pixels:,} pixels, more than the {self._settings.most_pixels:,} "
                "allowed; scale it down."
            )

    def _check_length(self, name: str, seconds: float) -> None:
        if seconds > self._settings.most_seconds:
            raise TooLargeError(
                f"{harmless(name)} is longer than the {self._settings.most_seconds:g} s allowed; cut it."
            )

    def _fill(self) -> None:
        """Begin as many readings as there may be; the lock is held.

        A recording whose reading ended with a service is read alone: of several, any may have been the reason.
        """
        while not self._ending and len(self._works) < self._settings.jobs:
            waiting = (job for job in self._jobs.values() if job.state == "waiting" and job.id not in self._put_off)
            job = next(waiting, None)
            if job is None or (self._works and (self._alone or job.starts)):
                return
            self._alone = job.starts > 0
            job = self._set(job, "reading", starts=job.starts + 1)
            monitor = Monitor(partial(self._check_progress, job.name), every_s=0)
            try:
                self._works[job.id] = Work(partial(self._read, job), monitor, name="recording"), monitor
            except RuntimeError as error:  # the machine gives no further thread now
                _log.warning("A recording waits until it can be read (%s)", error)
                self._set(job, "waiting", starts=job.starts - 1)
                return

    def _check_progress(self, name: str, progress: Progress) -> None:
        """Look for what shows only while it is read: a length that no file states, a frame larger than the first."""
        if isinstance(progress, AnalysisProgress):
            self._check_size(name, progress.size[0] * progress.size[1])
            self._check_length(name, progress.time_s)

    def _read(self, job: Job, monitor: Monitor) -> None:
        place, problem, is_full = Place(self._folder / job.id), None, False
        try:
            pipeline = self._pipelines(job.request)
            timeline = pipeline.analyse(place.recording, job.request, monitor, checkpoint=place.checkpoint)
            if not monitor.should_stop:
                recording = replace(timeline.recording, name=job.name)
                whole = replace(timeline, recording=recording, portraits={}, declaration=job.declaration)
                whole.write(place.result)
        except FerError as error:
            problem, is_full = problem_of(place.named(error, job.name)), _tells_of_a_full_disk(error.__cause__)
        except Exception as error:  # whatever it is, the next recording is read
            _log.exception("A recording could not be read")
            problem, is_full = unexpected(), _tells_of_a_full_disk(error)
        with self._lock:
            if is_full and job.id in self._jobs:
                _log.warning("A recording waits until there is room on the disk")
                self._put_off.add(job.id)
            self._settle(job, place, monitor, problem)
            del self._works[job.id]
            self._fill()

    def _settle(self, job: Job, place: Place, monitor: Monitor, problem: Problem | None) -> None:
        """Write down how a reading ended; the lock is held."""
        if job.id not in self._jobs:  # it was deleted meanwhile
            place.remove()
        elif monitor.should_stop or job.id in self._put_off:
            self._set(job, "waiting", starts=job.starts - 1)
        elif problem is None:
            self._forget_upload(job)  # first: whoever hears that it is done hears that this is gone
            self._set(job, "done")
        else:
            self._set(job, "failed", problem=problem)
            self._forget_upload(job)

    def _forget_upload(self, job: Job) -> None:
        with contextlib.suppress(OSError):  # it goes with the result at the latest
            Place(self._folder / job.id).forget_upload()

    def _set(self, job: Job, state: JobState, *, starts: int = 0, problem: Problem | None = None) -> Job:
        """Change the state of a job, here and on disk; the lock is held."""
        ended = now() if state in ("done", "failed") else None
        changed = job.model_copy(update={"state": state, "starts": starts, "ended": ended, "problem": problem})
        try:
            Place(self._folder / job.id).keep(changed)
        except OSError as error:  # a restart would read it again
            _log.warning("The state of a recording could not be written (%s)", error.strerror)
        self._jobs[job.id] = changed
        return changed


def _tells_of_a_full_disk(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in _FULL
