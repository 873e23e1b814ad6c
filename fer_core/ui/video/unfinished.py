"""Files of unfinished analyses of the Video page, which can be continued. No Streamlit in here.

There is one file for each recording and request, in a folder that only the server's user can read; where people sign
in, one for each of them (`named`). It is deleted when
the analysis is complete, when the visitor asks for it, and when the page is opened more than a day later.
"""

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fer_core.analysis.checkpoint import Checkpoint
from fer_core.request import AnalysisRequest
from fer_core.settings import settings

KEPT_S: Final = 24 * 3600.0

_lock = threading.Lock()
_in_use: set[Path] = set()


@dataclass(frozen=True)
class Unfinished:
    """An analysis that was not completed.

    Attributes:
        request: of the analysis.
        until_s: time of its last sample in seconds.
    """

    request: AnalysisRequest
    until_s: float


def folder() -> Path | None:
    """The folder; None where unfinished analyses are not kept."""
    return settings().unfinished


def shown_folder() -> str:
    """The folder for visitors, without the name of the server's user; empty for none."""
    where = folder()
    if where is None:
        return ""
    try:
        return str(Path("~") / where.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # outside the home folder, or no home folder
        return str(where)


def waiting() -> bool:
    """Whether there is any unfinished analysis; files older than a day are deleted first."""
    return bool(_files("*"))


def named(sha256: str, owner: str = "") -> str:
    """What the files of a recording are named after.

    Args:
        sha256: of the recording.
        owner: key of the person whose analyses they are; empty where nobody signs in.
    """
    return hashlib.sha256(f"{owner}\0{sha256}".encode()).hexdigest() if owner else sha256


def of(name: str) -> list[Unfinished]:
    """The unfinished analyses of a recording, by what they are `named`; the longest first."""
    found = []
    for path in _files(f"{name}-*"):
        if path not in _in_use and (glance := Checkpoint.glance(path)):
            request, until_s = glance
            if until_s > 0:
                found.append(Unfinished(request, until_s))
    return sorted(found, key=lambda one: -one.until_s)


def waits(name: str, request: AnalysisRequest) -> bool:
    """Whether an analysis of a recording, by what it is `named`, goes on from a file; looks at its beginning alone."""
    path = _path(name, request)
    return path is not None and path not in _in_use and bool(Checkpoint.recording_of(path))


@contextlib.contextmanager
def place(name: str, request: AnalysisRequest) -> Iterator[Path | None]:
    """The file of a running analysis; None where it cannot be written or another analysis uses it."""
    path = _path(name, request)
    if path is not None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
        except OSError:
            path = None
    with _lock:
        if path in _in_use:
            path = None
        elif path is not None:
            _in_use.add(path)
    try:
        yield path
    finally:
        if path is not None:
            with _lock:
                _in_use.discard(path)


def remove(name: str) -> None:
    """Delete the files of a recording that no running analysis uses."""
    for path in _files(f"{name}-*"):
        if path not in _in_use:
            with contextlib.suppress(OSError):
                path.unlink()


def _path(name: str, request: AnalysisRequest) -> Path | None:
    where = folder()
    return None if where is None else where / f"{name}-{request.reading.digest[:16]}.jsonl"


def _files(pattern: str) -> list[Path]:
    where = folder()
    found = []
    with contextlib.suppress(OSError):
        for path in sorted(where.glob(f"{pattern}.jsonl")) if where is not None else ():
            if path not in _in_use and time.time() - path.stat().st_mtime > KEPT_S:
                path.unlink()
            else:
                found.append(path)
    return found
