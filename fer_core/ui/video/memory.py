"""State of one visit of the Video page: recordings in a folder of their own, and their timelines.

All of it is deleted by "Forget" and at the end of the visit.
"""

import math
import shutil
import threading
import weakref
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

import streamlit as st

from fer_core.errors import MediaError
from fer_core.jobs import Job, Work
from fer_core.live.recording import RecordedSession
from fer_core.request import AnalysisRequest
from fer_core.timeline.editing.study import Study
from fer_core.timeline.table import Timeline
from fer_core.ui.shared import page_memory
from fer_core.ui.shared.handover import forget_session, recorded_session
from fer_core.ui.shared.sign_in import owner
from fer_core.ui.shared.visitor import browser_of
from fer_core.ui.video import unfinished
from fer_core.ui.video.products import Copy, Drawing, Drawn, Given, Labelled, Made
from fer_core.ui.video.recording import OpenRecording
from fer_core.ui.video.visits import Visits
from fer_core.ui.video.workspace import Workspace

MOST_OPEN: Final = 4
_KEY: Final = "video memory"
_PAGE: Final = "Video"
_SAID: Final = "live session without room"
_FORGOTTEN, _UNOPENED = 0, -1
_VISIT: Final = "visit"
"""Name in the page's address under which a visit is found again after a reload."""


@dataclass
class Memory:
    """State of one visit.

    Attributes:
        workspace: folder of its files.
        work: the analysis that runs, or has ended and is not opened yet; None for none.
        source: recording file of that analysis.
        requests: by model, the requests of that analysis.
        going_on: number of the recording that the analysis completes; None for a new recording.
        joining: number of the recording to which the analysis adds a model; None for a new recording.
        recordings: open recordings by number, the oldest first.
        shown: number of the recording that is shown.
        drawings: annotated videos by number of the recording; see `drawing`.
        exports: files to download, by number of the recording and whether they are of the chosen range alone: tabs may
            differ in that.
        copies: playable copies, ready or being made, by the file that they are of.
        stimuli: recordings that play beside others, by number of the recording that they play beside.
        labelled: zips of labelled faces by number of the recording.
        problem: reason why the last analysis failed, in a sentence; None once something else was opened.
        opened: number of recordings that were opened so far.
        live: every recorded session of the Live page, and the number of its recording; -1 before it was opened, 0 after
            it was forgotten. Each tab holds its own session. None is opened again.
        owner: key of the person who signed in; empty where nobody does.
        in_part: SHA-256 of the recordings that were read in part, closed ones included.
        lock: held while any of this changes: two tabs of a browser can show one visit.
    """

    workspace: Workspace = field(default_factory=Workspace)
    work: Work[dict[str, Timeline]] | None = None
    source: Path | None = None
    requests: Mapping[str, AnalysisRequest] = field(default_factory=dict)
    going_on: int | None = None
    joining: int | None = None
    recordings: dict[int, OpenRecording] = field(default_factory=dict)
    shown: int | None = None
    drawings: dict[int, Drawing] = field(default_factory=dict)
    exports: dict[tuple[int, bool], Made] = field(default_factory=dict)
    copies: dict[Path, Work[Copy]] = field(default_factory=dict)
    stimuli: dict[int, Given] = field(default_factory=dict)
    labelled: dict[int, Labelled] = field(default_factory=dict)
    problem: str | None = None
    opened: int = 0
    live: "weakref.WeakKeyDictionary[RecordedSession, int]" = field(default_factory=weakref.WeakKeyDictionary)
    owner: str = ""
    in_part: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def start(
        self,
        path: Path,
        requests: Mapping[str, AnalysisRequest],
        job: Job[dict[str, Timeline]],
        going_on: int | None = None,
        joining: int | None = None,
    ) -> None:
        """Begin to read a recording; for `going_on` and `joining` see `Memory`.

        Raises:
            MediaError: another one is being read.
        """
        with self.lock:
            if self.work is not None:
                raise MediaError("Another tab of this visit reads a recording; wait until it has ended.")
            self.problem, self.source, self.requests = None, path, requests
            self.going_on, self.joining = going_on, joining
            self.work = Work(job, self.workspace.new_monitor(), "video analysis")

    def open(self, timelines: dict[str, Timeline], path: Path | None, *, partial: bool = False) -> OpenRecording:
        """Open one more recording with the timelines of its models; see `open_studies`."""
        return self.open_studies({model: Study(timeline) for model, timeline in timelines.items()}, path, partial)

    def open_studies(self, studies: dict[str, Study], path: Path | None, partial: bool = False) -> OpenRecording:
        """Open one more recording. Beyond `MOST_OPEN`, the oldest one that is not being read is closed."""
        with self.lock:
            self.opened += 1
            self.problem = None
            found = OpenRecording(self.opened, studies, path, partial=partial)
            names = [each.namesake for each in self.recordings.values() if each.name == found.name]
            found.namesake += max(names, default=0)
            if found.partial:
                self.in_part.add(found.timeline.recording.sha256)
            self.recordings = {**self.recordings, found.number: found}
            self.shown = found.number
            while len(self.recordings) > MOST_OPEN:
                self.close(self._oldest)
            return found

    @property
    def next_to_close(self) -> OpenRecording | None:
        """The recording that one more would close; None while there is room."""
        with self.lock:
            return self.recordings[self._oldest] if len(self.recordings) >= MOST_OPEN else None

    @property
    def _oldest(self) -> int:
        return min(number for number in self.recordings if number not in (self.going_on, self.joining))

    def close(self, number: int) -> None:
        """Close one recording and delete its file."""
        with self.lock:
            gone = self._without(number)
            self._drop_made(number)
            self.drop_stimulus(number)
            if gone is not None and gone.path is not None:
                self._delete(gone.path)
            if self.shown == number:
                self.shown = max(self.recordings, default=None)

    def set_stimulus(self, number: int, given: Given) -> None:
        """Play a recording beside another one, instead of what played there before."""
        with self.lock:
            self.drop_stimulus(number)
            self.stimuli = {**self.stimuli, number: given}

    def drop_stimulus(self, number: int) -> None:
        """Delete the recording that plays beside another one."""
        with self.lock:
            if number in self.stimuli:
                self._delete(self.stimuli[number].path)
                self.stimuli = {each: given for each, given in self.stimuli.items() if each != number}

    def _delete(self, path: Path) -> None:
        """Delete a visitor's file with its copy."""
        if path in self.copies:
            self.copies.pop(path).cancel()
        shutil.rmtree(path.parent, ignore_errors=True)

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
            if self.joining is None:
                self._take_in(ended)
            else:
                self._join(ended)
            return True

    def _join(self, ended: Work[dict[str, Timeline]]) -> None:
        """Add what a further model read; of a reading that was stopped, nothing, but it can go on from there."""
        self.problem = ended.problem and ended.problem.replace(f"{self._folder()}/", "")
        recording, self.joining = self.recordings.get(self.joining or 0), None
        if recording is None:
            return
        if ended.stopping:
            self.in_part.add(recording.timeline.recording.sha256)
            self.drop_waiting(recording)
        elif ended.result:
            failed = [words for model, read in ended.result.items() for words in recording.join(model, read)]
            recording.requests = {**recording.requests, **self.requests}
            self.problem = " ".join(failed) or None

    def _take_in(self, ended: Work[dict[str, Timeline]]) -> None:
        self.problem = ended.problem and ended.problem.replace(f"{self._folder()}/", "")
        before, self.going_on = self.recordings.get(self.going_on or 0), None
        if ended.result and before is not None and ended.stopping and _reaches_less(ended.result, before):
            self.problem = "Reading was stopped before it came as far as the last time; what was read then stays open."
        elif ended.result:
            if before is not None:
                self._without(before.number)
                self._drop_made(before.number)
            found = self.open(ended.result, self.source, partial=ended.stopping)
            found.requests = self.requests
            if before is not None:
                self.problem = " ".join(found.take_over(before)) or None
                found.rater, found.blind = before.rater, before.blind
                if before.number in self.stimuli:
                    self.stimuli[found.number] = self.stimuli.pop(before.number)
        elif self.source is not None and before is None:
            shutil.rmtree(self.source.parent, ignore_errors=True)
        if before is not None:
            self.drop_waiting(before)

    def drop_waiting(self, recording: OpenRecording) -> None:
        """Delete what waits to be gone on with of a recording from which somebody was removed: it holds their portrait.

        A reading that still runs keeps its file; this is called again when it was stopped.
        """
        sha256 = recording.timeline.recording.sha256
        if sha256 in self.in_part and not recording.study.whole:
            unfinished.remove(unfinished.named(sha256, self.owner))

    def drawing(self, recording: OpenRecording) -> Work[Drawn] | None:
        """The annotated video of a recording; None where none was made since the last correction."""
        with self.lock:
            drawing = self.drawings.get(recording.number)
            if drawing is not None and drawing.timeline is not recording.timeline:
                self._drop_drawing(recording.number)
                return None
            return drawing and drawing.work

    def drop_export(self, number: int, alone: Collection[bool] = (False, True)) -> None:
        """Drop the files to download; they are made anew when they are asked for.

        Args:
            number: of the recording.
            alone: which of them, those of the chosen range alone or the others.
        """
        with self.lock:
            for key in {(number, each) for each in alone} & set(self.exports):
                gone = self.exports.pop(key)
                gone.tables.cancel()
                gone.documents.cancel()

    def drop_labelled(self, number: int) -> None:
        """Drop the zip of labelled faces."""
        with self.lock:
            if number in self.labelled:
                self.labelled.pop(number).work.cancel()

    def _drop_made(self, number: int) -> None:
        self._drop_drawing(number)
        self.drop_export(number)
        self.drop_labelled(number)

    def _drop_drawing(self, number: int) -> None:
        gone = self.drawings.pop(number, None)
        if gone is not None:
            gone.work.cancel()
            if gone.work.result is not None:
                shutil.rmtree(gone.work.result.path.parent, ignore_errors=True)

    def take_live(self) -> None:
        """Open the session that was recorded on the Live page, unless it was opened before.

        Raises:
            MediaError: there is no room for its video.
        """
        session = recorded_session()
        with self.lock:
            if session is None or self.holds_live(session):
                return
            self.know_live(session)
            path = self.workspace.store(session.timeline.recording.name, session.video) if session.video else None
            problem = self.problem
            found = self.open_studies({session.timeline.request.model or "": session.study}, path)
            self.problem = problem  # nobody may have seen it yet: this is opened unasked
            found.live, self.live[session] = True, found.number

    def know_live(self, session: RecordedSession) -> None:
        """Take note of a session that may not be opened yet, so that `forget` is of it, too."""
        self.live.setdefault(session, _UNOPENED)

    def holds_live(self, session: RecordedSession) -> bool:
        """Whether this session of the Live page was opened already."""
        return self.live.get(session, _UNOPENED) != _UNOPENED

    def has_forgotten(self, session: RecordedSession) -> bool:
        """Whether this session of the Live page was forgotten with the visit, maybe in another tab than its own."""
        return self.live.get(session) == _FORGOTTEN

    def close_live(self, session: RecordedSession) -> None:
        """Close this session of the Live page and delete its video, where it is open."""
        with self.lock:
            if self.holds_live(session):
                self.close(self.live[session])

    def forget(self) -> None:
        """Delete all recordings, their files and their readings, also unfinished ones; end an analysis under way."""
        with self.lock:
            if self.work is not None:
                self.work.abandon()
            self.workspace.close()
            for sha256 in self.in_part:
                unfinished.remove(unfinished.named(sha256, self.owner))
            for session in list(self.live):
                self.live[session] = _FORGOTTEN
            empty = Memory(opened=self.opened + 1, owner=self.owner)
            for name in {each.name for each in fields(self)} - {"lock", "live"}:
                setattr(self, name, getattr(empty, name))

    def _folder(self) -> Path | None:
        return self.source.parent if self.source else None


def _reaches_less(read: Mapping[str, Timeline], before: OpenRecording) -> bool:
    """Whether a further reading ended earlier than one before it, model by model, or with fewer models."""

    def reach_s(timelines: Iterable[Timeline]) -> tuple[float, ...]:
        return tuple(math.inf if each.stopped_s is None else each.stopped_s for each in timelines)

    return reach_s(read.values()) < reach_s(study.read for study in before.studies.values())


visits: Final[Visits[Memory]] = Visits()


def memory() -> Memory:
    """The state of this visit; made at the first call, and found again after a reload of the page."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = visits.find(st.query_params.get(_VISIT), _browser()) or Memory(owner=owner())
    found: Memory = st.session_state[_KEY]
    if found.recordings or found.work is not None:
        st.query_params[_VISIT] = visits.keep(found, _browser())
    return found


def take_up() -> None:
    """Find the visit that the page's address names, before another page drops that address."""
    if _VISIT in st.query_params:
        memory()


def take_live() -> None:
    """Open the session of the Live page on the Video page; where there is no room, that is said once a visit to it.

    The page goes on without the session then, and tries again when the visitor comes back.

    Raises:
        MediaError: there is no room for its video.
    """
    drop_forgotten()
    session, said = recorded_session(), page_memory.kept(_PAGE, _SAID)
    if session is None or (said is not None and said() is session):
        return
    try:
        memory().take_live()
    except MediaError:
        page_memory.keep(_PAGE, _SAID, weakref.ref(session))
        raise


def drop_forgotten() -> None:
    """Drop the session that this tab recorded where another tab has forgotten everything of the visit.

    Raises:
        MediaError: there is no room for a new visit's folder.
    """
    session = recorded_session()
    if session is not None and memory().has_forgotten(session):
        forget_session()


def _browser() -> str:
    """Identifies the visitor's browser, and who signed in there: nobody else opens the visit by the page's address."""
    return owner() + browser_of(str(st.context.cookies.get("_streamlit_xsrf", "")))


def forget() -> None:
    """Delete everything of this visit, in every tab that shows it; see `Memory.forget`."""
    gone: Memory | None = st.session_state.get(_KEY)
    if gone is not None:
        visits.drop(gone)
        gone.forget()
    forget_session()
