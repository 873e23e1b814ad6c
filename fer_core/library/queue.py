"""Recordings that wait to be read, one after another in the background, and are kept in a library when they are.

Each waits in a folder of its own with its request, which outlives the program: what was not read goes on later, from
where it was cut off. A recording's file is deleted once its analysis is kept, or with `remove`.

Several programs may have a queue on one folder: one at a time holds its lock and reads, also what others add meanwhile.
"""

import contextlib
import json
import logging
import re
import shutil
import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from fer_core.declaration import Declaration
from fer_core.errors import FerError, LibraryError
from fer_core.file_lock import LockedError, locked
from fer_core.jobs import UNEXPECTED, Monitor, Work
from fer_core.library.library import Library
from fer_core.media.files import harmless, stored_name
from fer_core.pipeline import LoadPipeline
from fer_core.plain import as_plain, from_plain
from fer_core.request import AnalysisRequest
from fer_core.timeline.editing.study import Study
from fer_core.whole_file import write_whole

FOLDER: Final = "queue"
"""Name of the folder of the queue of a dashboard, within that of its library."""

_log = logging.getLogger(__name__)

_REQUEST: Final = "request.json"
_PROBLEM: Final = "problem.txt"
_CHECKPOINT: Final = "checkpoint.jsonl"
_DECLARATION: Final = "declaration.json"
_MEDIA: Final = "media"
_LOCK: Final = ".lock"
_READING: Final = ".reading"
"""Beside the lock, which only says that another program reads: the name of what it reads."""
_ID: Final = re.compile("[0-9]{6,}-[0-9a-f]{8}")
_DAMAGED: Final = (
    "What is stored of it is damaged, or comes from another version of this program; remove it, and give it again."
)


@dataclass(frozen=True)
class Waiting:
    """One recording in a queue.

    Attributes:
        id: name of its folder.
        name: of the file that was given; of the folder where that cannot be told.
        request: how it is read; means nothing where it is damaged.
        state: "failed" until it is tried again; "reading" also where another program reads it.
        problem: why it failed; empty where it did not.
        damaged: what is stored of it cannot be read, so that it can only be removed.
    """

    id: str
    name: str
    request: AnalysisRequest
    state: Literal["waiting", "reading", "failed"]
    problem: str = ""
    damaged: bool = False


class Queue:
    """Recordings in a folder. One queue a folder and program; several programs take turns.

    Args:
        folder: made where it is missing, for this user alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in folder.glob(".[0-9]*"):  # a kill came while a recording was stored
            with _alone(_storing(part)) as alone:
                if alone:
                    shutil.rmtree(part, ignore_errors=True)
                    with contextlib.suppress(OSError):
                        _storing(part).unlink()
        self._lock = threading.Lock()
        self._work: Work[int] | None = None
        self._reading = ""
        self._untold = dict[str, str]()  # problems that could not be written, by recording

    @property
    def work(self) -> Work[int] | None:
        """The reading that is under way; None where none is."""
        return self._work if self._work is not None and self._work.running else None

    def add(
        self, name: str, data: bytes | memoryview, request: AnalysisRequest, declaration: Declaration | None = None
    ) -> str:
        """Put a recording at the end; the name of its place.

        Args:
            name: of the file, as somebody gave it.
            data: its content.
            request: how it is read.
            declaration: that its timeline bears.

        Raises:
            LibraryError: there is no room for it.
        """
        known = [int(path.name.split("-")[0]) for path in self._folders()]
        id_ = f"{max(known, default=0) + 1:06d}-{uuid.uuid4().hex[:8]}"
        part = self.folder / f".{id_}"
        plain = stored_name(name)
        try:
            with _alone(_storing(part)):  # or a program that starts would take it for what a kill left
                (part / _MEDIA).mkdir(parents=True)
                (part / _MEDIA / plain).write_bytes(data)
                write_whole(part / _REQUEST, json.dumps(request.to_json()))
                if declaration is not None:
                    write_whole(part / _DECLARATION, json.dumps(as_plain(declaration)))
                part.rename(self.folder / id_)
        except OSError as error:
            shutil.rmtree(part, ignore_errors=True)
            raise LibraryError(f"{plain} could not be stored ({error.strerror}); make room there.") from error
        finally:
            with contextlib.suppress(OSError):
                _storing(part).unlink()
        return id_

    def items(self) -> list[Waiting]:
        """What waits, is read or failed, in order."""
        reading = self._reading or self._read_elsewhere()
        found = []
        for path in self._folders():
            problem, damaged = self._problem(path), False
            try:
                request = AnalysisRequest.from_json(json.loads((path / _REQUEST).read_text(encoding="utf-8")))
                name = _media(path).name
            except (OSError, ValueError, FerError):
                if not path.exists():  # it was removed in the meantime
                    continue
                name, request, problem, damaged = _name(path), AnalysisRequest(), problem or _DAMAGED, True
            state: Literal["waiting", "reading", "failed"] = "failed" if problem else "waiting"
            state = "reading" if path.name == reading else state
            found.append(Waiting(path.name, name, request, state, problem, damaged))
        return found

    def start(self, library: Library, load: LoadPipeline) -> None:
        """Begin to read what waits, unless that is under way."""
        with self._lock:
            if self.work is None:
                self._work = Work(lambda monitor: self._run(library, load, monitor), name="study queue")

    def stop(self) -> None:
        """End the reading; what was not read to its end waits, and goes on from there."""
        if self._work is not None:
            self._work.cancel()

    def retry(self, id_: str) -> None:
        """Let one that failed wait again."""
        self._untold.pop(id_, None)
        (self._folder(id_) / _PROBLEM).unlink(missing_ok=True)

    def remove(self, id_: str) -> None:
        """Delete one that is not being read, with its file.

        Raises:
            LibraryError: it is being read, or another program reads this queue.
        """
        with self._lock:
            if self._reading:  # the lock is ours
                if id_ == self._reading:
                    raise LibraryError("This recording is being read; stop the queue before it is removed.")
                self._remove(id_)
                return
            with _alone(self.folder / _LOCK) as alone:
                if not alone:
                    raise LibraryError(
                        "Another dashboard is reading this queue; remove the recording there, or here when it is done."
                    )
                self._remove(id_)

    def _remove(self, id_: str) -> None:
        self._discard(self._folder(id_), "It cannot be removed here; remove its folder.")

    def _run(self, library: Library, load: LoadPipeline, monitor: Monitor) -> int:
        """The number of analyses that were kept: none while another program reads, which reads these, too."""
        with _alone(self.folder / _LOCK) as alone:
            try:
                return self._read_all(library, load, monitor) if alone else 0
            finally:
                with self._lock:
                    self._reads("")

    def _read_all(self, library: Library, load: LoadPipeline, monitor: Monitor) -> int:
        kept = 0
        while not monitor.should_stop:
            with self._lock:  # nothing is removed between the choice and the beginning
                waiting = [item for item in self.items() if not item.problem]
                if not waiting:
                    break
                item, share = waiting[0], 1 / (kept + len(waiting))
                self._reads(item.id)
            part = monitor.part(kept * share, (kept + 1) * share, f"{item.name}:")
            kept += self._read(self.folder / item.id, item, library, load, part)
        return kept

    def _read(self, path: Path, item: Waiting, library: Library, load: LoadPipeline, monitor: Monitor) -> bool:
        try:
            declaration = _declaration(path)  # what is damaged shows before hours of reading
            pipeline = load(item.request)
            timeline = pipeline.analyse(_media(path), item.request, monitor, checkpoint=path / _CHECKPOINT)
            if monitor.should_stop:
                return False
            library.keep_new(Study(replace(timeline, declaration=declaration)), restore=False)
        except Exception as error:  # whatever it is, the next recording is read
            if not isinstance(error, FerError):
                _log.exception("A recording of the queue could not be read")
            if not monitor.should_stop:
                words = str(error).replace(f"{path / _MEDIA}/", "") if isinstance(error, FerError) else UNEXPECTED
                self._fails(path, words)
            return False
        self._discard(path, "It is read and kept, but its file here cannot be removed; remove its folder.")
        return True

    def _discard(self, path: Path, problem: str) -> None:
        """Remove a recording: under a name first by which the next program removes what a kill or an error leaves."""
        gone = self.folder / f".{path.name}"
        with contextlib.suppress(OSError):
            path = path.rename(gone)
        shutil.rmtree(path, ignore_errors=True)
        if path != gone and path.exists():  # else it would be read again and again
            self._fails(path, problem)

    def _fails(self, path: Path, words: str) -> None:
        """Say why one failed, at least until this program ends: the disk may be full."""
        try:
            write_whole(path / _PROBLEM, words)
        except OSError:
            self._untold[path.name] = words

    def _problem(self, path: Path) -> str:
        """Why one failed, as `_fails` said it; empty where it did not."""
        with contextlib.suppress(OSError, ValueError):
            if problem := (path / _PROBLEM).read_text(encoding="utf-8"):
                return problem
        return self._untold.get(path.name, "")

    def _reads(self, id_: str) -> None:
        """Say what is read from now on, also to other programs; nothing where the text is empty."""
        before, self._reading = self._reading, id_
        with contextlib.suppress(OSError):
            if id_:
                write_whole(self.folder / _READING, id_)
            elif before:
                (self.folder / _READING).unlink()

    def _read_elsewhere(self) -> str:
        """Name of what another program reads; empty where none does."""
        try:
            id_ = (self.folder / _READING).read_text(encoding="utf-8")
        except OSError:
            return ""
        with _alone(self.folder / _LOCK) as alone:
            if alone:  # a kill left it
                (self.folder / _READING).unlink(missing_ok=True)
        return "" if alone else id_

    def _folder(self, id_: str) -> Path:
        if id_ not in {path.name for path in self._folders()}:
            raise LibraryError("This recording is no longer in the queue.")
        return self.folder / id_

    def _folders(self) -> list[Path]:
        return _folders(self.folder)


def still_waiting(library: Library, names: Iterable[str]) -> str:
    """A sentence about recordings that were deleted from a library and wait in its queue; empty where none does.

    Args:
        library: in whose folder the queue is, if there is one.
        names: of the recordings' files.
    """
    wanted = {stored_name(name) for name in names}
    found = list[str]()
    with contextlib.suppress(OSError):  # there is no queue
        folders = _folders(library.store.folder.parents[1] / FOLDER)
        found = sorted({harmless(name) for name in map(_name, folders) if name in wanted})
    if not found:
        return ""
    waits, they, them = ("waits", "it", "it") if len(found) == 1 else ("wait", "they", "them")
    return (
        f"{', '.join(found)} still {waits} in the queue, from which {they} would be kept again; remove {them} on the "
        "Study page."
    )


def _folders(queue: Path) -> list[Path]:
    return sorted(path for path in queue.iterdir() if _ID.fullmatch(path.name) and path.is_dir())


def _declaration(path: Path) -> Declaration | None:
    """What `Queue.add` was given.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        return from_plain(Declaration, json.loads((path / _DECLARATION).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _storing(part: Path) -> Path:
    """The lock of whoever stores a recording, or clears what is left of one."""
    return part.with_name(f".storing{part.name}")


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Hold a lock meanwhile; whether nobody else does. Where a file system has no locks, nobody is taken to."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(path))
            alone = True
        except OSError as error:
            alone = not isinstance(error, LockedError)
        yield alone


def _media(path: Path) -> Path:
    [media] = (path / _MEDIA).iterdir()
    return media


def _name(path: Path) -> str:
    """What a recording is called of which not everything can be read."""
    try:
        return _media(path).name
    except (OSError, ValueError):
        return path.name
