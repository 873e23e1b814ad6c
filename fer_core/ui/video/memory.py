"""State of one visit of the Video page: recordings in a folder of their own, and their timelines.

All of it is deleted by "Forget" and at the end of the visit.
"""

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Final, NamedTuple

import streamlit as st

from fer_core.errors import MediaError
from fer_core.jobs import Job, Monitor, Work
from fer_core.request import AnalysisRequest
from fer_core.timeline.study import Study
from fer_core.timeline.table import Timeline
from fer_core.ui.shared.handover import forget_session, recorded_session
from fer_core.ui.video import unfinished
from fer_core.ui.video.recording import OpenRecording
from fer_core.ui.video.visits import Visits, browser_of

MOST_OPEN: Final = 4
_KEY: Final = "video memory"
_VISIT: Final = "visit"
"""Name in the page's address under which a visit is found again after a reload."""

_LONGEST_NAME: Final = 120
_PREFIX: Final = "face-value-"


class Workspace:
    """A folder that is deleted when it is closed, when nothing refers to it, and when the server ends.

    Attributes:
        path: of the folder.
    """

    def __init__(self) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self._monitors: list[Monitor] = []
        self._end = weakref.finalize(self, _end, self.path, self._monitors)

    def new_monitor(self) -> Monitor:
        """A monitor for work on the files of the folder; it is stopped when the folder is deleted."""
        self._monitors.append(Monitor())
        return self._monitors[-1]

    def store(self, name: str, data: bytes | memoryview) -> Path:
        """Write a visitor's file under its own name, without folders and forbidden characters.

        Raises:
            MediaError: there is no room for it.
        """
        wanted = PurePath(name.replace("\\", "/").replace("\0", "")).name.strip(". ") or "recording"
        stem, ending = PurePath(wanted).stem, PurePath(wanted).suffix
        folder = None
        try:
            folder = Path(tempfile.mkdtemp(dir=self.path))
            path = folder / f"{_short(stem)}{_short(ending)}"
            path.write_bytes(data)
        except OSError as error:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            raise MediaError(f"The recording could not be stored ({error.strerror}); make room there.") from error
        return path

    def close(self) -> None:
        """Delete the folder."""
        self._end()


class Drawn(NamedTuple):
    """An annotated video, and a sentence for each thing that is missing in it."""

    path: Path
    missing: tuple[str, ...]


class Drawing(NamedTuple):
    """An annotated video that is being made or is ready, and its timeline."""

    work: Work[Drawn]
    timeline: Timeline


class File(NamedTuple):
    """A file to download, with the label and icon of its button."""

    label: str
    icon: str
    name: str
    mime: str
    data: str | bytes


class Made(NamedTuple):
    """The files to download.

    Attributes:
        of: values that the files depend on.
        tables: files that are made at once.
        documents: the other files, which a thread writes.
    """

    of: tuple[Any, ...]
    tables: tuple[File, ...]
    documents: Work[tuple[File, ...]]


class Copy(NamedTuple):
    """A copy that browsers play, and the second at which it ends; None where it is whole."""

    path: Path
    until_s: float | None


@dataclass
class Memory:
    """State of one visit.

    Attributes:
        workspace: folder of its files.
        work: the analysis that runs, or has ended and is not opened yet; None for none.
        source: recording file of that analysis.
        requests: by model, the requests of that analysis.
        going_on: number of the recording that the analysis completes; None for a new recording.
        recordings: open recordings by number, the oldest first.
        shown: number of the recording that is shown.
        drawings: annotated videos by number of the recording; see `drawing`.
        exports: files to download by number of the recording.
        copies: playable copies, ready or being made, by number of the recording.
        problem: reason why the last analysis failed, in a sentence.
        opened: number of recordings that were opened so far.
        live: the recorded session of the Live page that was opened last.
        in_part: SHA-256 of the recordings that were read in part, closed ones included.
        lock: held while any of this changes: two tabs of a browser can show one visit.
    """

    workspace: Workspace = field(default_factory=Workspace)
    work: Work[dict[str, Timeline]] | None = None
    source: Path | None = None
    requests: Mapping[str, AnalysisRequest] = field(default_factory=dict)
    going_on: int | None = None
    recordings: dict[int, OpenRecording] = field(default_factory=dict)
    shown: int | None = None
    drawings: dict[int, Drawing] = field(default_factory=dict)
    exports: dict[int, Made] = field(default_factory=dict)
    copies: dict[int, Work[Copy]] = field(default_factory=dict)
    problem: str | None = None
    opened: int = 0
    live: Any = None
    in_part: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def start(
        self,
        path: Path,
        requests: Mapping[str, AnalysisRequest],
        job: Job[dict[str, Timeline]],
        going_on: int | None = None,
    ) -> None:
        """Begin to read a recording.

        Raises:
            MediaError: another one is being read.
        """
        with self.lock:
            if self.work is not None:
                raise MediaError("Another tab of this visit reads a recording; wait until it has ended.")
            self.problem, self.source, self.requests, self.going_on = None, path, requests, going_on
            self.work = Work(job, self.workspace.new_monitor(), "video analysis")

    def open(self, timelines: dict[str, Timeline], path: Path | None, *, partial: bool = False) -> OpenRecording:
        """Open one more recording with the timelines of its models; see `open_studies`."""
        return self.open_studies({model: Study(timeline) for model, timeline in timelines.items()}, path, partial)

    def open_studies(self, studies: dict[str, Study], path: Path | None, partial: bool = False) -> OpenRecording:
        """Open one more recording. Beyond `MOST_OPEN`, the oldest one that is not being read is closed."""
        with self.lock:
            self.opened += 1
            found = OpenRecording(self.opened, studies, path, partial=partial)
            names = [each.namesake for each in self.recordings.values() if each.name == found.name]
            found.namesake += max(names, default=0)
            if found.partial:
                self.in_part.add(found.timeline.recording.sha256)
            self.recordings = {**self.recordings, found.number: found}
            self.shown = found.number
            while len(self.recordings) > MOST_OPEN:
                self.close(min(number for number in self.recordings if number != self.going_on))
            return found

    def close(self, number: int) -> None:
        """Close one recording and delete its file."""
        with self.lock:
            gone = self._without(number)
            self._drop_made(number)
            if number in self.copies:
                self.copies.pop(number).cancel()
            if gone is not None and gone.path is not None:
                shutil.rmtree(gone.path.parent, ignore_errors=True)
            if self.shown == number:
                self.shown = max(self.recordings, default=None)

    def _without(self, number: int) -> OpenRecording | None:
        """Leave one recording out of a new dictionary: another tab may be going through the old one."""
        gone = self.recordings.get(number)
        self.recordings = {each: found for each, found in self.recordings.items() if each != number}
        return gone

    def take_in(self) -> bool:
        """Open the results of an analysis that has ended; whether there was one."""
        with self.lock:
            if self.work is None or self.work.running:
                return False
            ended, self.work = self.work, None
            self._take_in(ended)
            return True

    def _take_in(self, ended: Work[dict[str, Timeline]]) -> None:
        self.problem = ended.problem and ended.problem.replace(f"{self._folder()}/", "")
        before, self.going_on = self.recordings.get(self.going_on or 0), None
        if ended.result:
            if before is not None:
                self._without(before.number)
                self._drop_made(before.number)
            found = self.open(ended.result, self.source, partial=ended.stopping)
            found.requests = self.requests
            if before is not None:
                self.problem = " ".join(found.take_over(before)) or None
                if before.number in self.copies:
                    self.copies[found.number] = self.copies.pop(before.number)
        elif self.source is not None and before is None:
            shutil.rmtree(self.source.parent, ignore_errors=True)

    def drawing(self, recording: OpenRecording) -> Work[Drawn] | None:
        """The annotated video of a recording; None where none was made since the last correction."""
        with self.lock:
            drawing = self.drawings.get(recording.number)
            if drawing is not None and drawing.timeline is not recording.timeline:
                self._drop_drawing(recording.number)
                return None
            return drawing and drawing.work

    def drop_export(self, number: int) -> None:
        """Drop the files to download; they are made anew when they are asked for."""
        with self.lock:
            if number in self.exports:
                self.exports.pop(number).documents.cancel()

    def _drop_made(self, number: int) -> None:
        self._drop_drawing(number)
        self.drop_export(number)

    def _drop_drawing(self, number: int) -> None:
        gone = self.drawings.pop(number, None)
        if gone is not None:
            gone.work.cancel()
            if gone.work.result is not None:
                shutil.rmtree(gone.work.result.path.parent, ignore_errors=True)

    def take_live(self) -> None:
        """Open the session that was recorded on the Live page, unless it was opened before."""
        session = recorded_session()
        with self.lock:
            if session is None or session is self.live:
                return
            self.live = session
            path = self.workspace.store(session.timeline.recording.name, session.video) if session.video else None
            self.open({session.timeline.request.model or "": session.timeline}, path).live = True

    def forget(self) -> None:
        """Delete all recordings, their files and their readings, also unfinished ones; end an analysis under way."""
        with self.lock:
            if self.work is not None:
                self.work.abandon()
            self.workspace.close()
            for sha256 in self.in_part:
                unfinished.remove(sha256)
            empty = Memory(opened=self.opened + 1)
            for name in {each.name for each in fields(self)} - {"lock"}:
                setattr(self, name, getattr(empty, name))

    def _folder(self) -> Path | None:
        return self.source.parent if self.source else None


visits: Final[Visits[Memory]] = Visits()


def memory() -> Memory:
    """The state of this visit; made at the first call, and found again after a reload of the page."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = visits.find(st.query_params.get(_VISIT), _browser()) or Memory()
    found: Memory = st.session_state[_KEY]
    if found.recordings or found.work is not None:
        st.query_params[_VISIT] = visits.keep(found, _browser())
    return found


def _browser() -> str:
    """Identifies the visitor's browser: the page's address opens the visit in no other browser."""
    return browser_of(str(st.context.cookies.get("_streamlit_xsrf", "")))


def forget() -> None:
    """Delete everything of this visit, in every tab that shows it; see `Memory.forget`."""
    gone: Memory | None = st.session_state.get(_KEY)
    if gone is not None:
        visits.drop(gone)
        gone.forget()
    forget_session()


def _end(path: Path, monitors: list[Monitor]) -> None:
    for monitor in monitors:
        monitor.stop()
    shutil.rmtree(path, ignore_errors=True)


@cache
def sweep() -> None:
    """Delete the folders that killed servers left; once in the life of a server.

    This also deletes folders with this server's own process number: an earlier server had the same number.
    """
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        number = path.name.removeprefix(_PREFIX).split("-")[0]
        if number.isdecimal() and (int(number) == os.getpid() or not _runs(int(number))):
            shutil.rmtree(path, ignore_errors=True)


def _runs(number: int) -> bool:
    """Whether there is a process of that number, as far as the system tells."""
    try:
        if os.name == "posix":  # on Windows, the call ends the process
            os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # the process of another user
        return True
    return True


def _short(name: str) -> str:
    """The name, cut to a length that every file system takes."""
    return name.encode("utf-8", "replace")[:_LONGEST_NAME].decode("utf-8", "ignore")
