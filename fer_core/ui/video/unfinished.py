"""Where unfinished analyses of the Video page wait for the same recording to come again. No Streamlit in here.

A file a recording and request, in a folder that only the server's user can read. It goes when the
analysis is complete, when the visitor wants that, and when the page is opened after a day.
"""

import contextlib
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
    """An analysis that did not come to its end.

    Attributes:
        request: how it was being read.
        until_s: up to which second of the recording it came.
    """

    request: AnalysisRequest
    until_s: float


def folder() -> Path | None:
    """Where they are; None where none are kept."""
    return settings().unfinished


def shown_folder() -> str:
    """The same for visitors, who need not know how the server's user is called; "" for None."""
    where = folder()
    if where is None:
        return ""
    try:
        return str(Path("~") / where.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # it lies elsewhere, or there is no home
        return str(where)


def waiting() -> bool:
    """Whether there are any, of whatever recording; those that are too old are removed."""
    return bool(_files("*"))


def of(sha256: str) -> list[Unfinished]:
    """Those of a recording, by its SHA-256; the longest first."""
    found = []
    for path in _files(f"{sha256}-*"):
        if path not in _in_use and (glance := Checkpoint.glance(path)):
            request, until_s = glance
            if until_s > 0:
                found.append(Unfinished(request, until_s))
    return sorted(found, key=lambda one: -one.until_s)


@contextlib.contextmanager
def place(sha256: str, request: AnalysisRequest) -> Iterator[Path | None]:
    """A file for an analysis while it runs; None where none can be kept, or another visitor's has it."""
    where = folder()
    path = None if where is None else where / f"{sha256}-{request.reading.digest[:16]}.jsonl"
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


def remove(sha256: str) -> None:
    """Remove those of a recording that no analysis is using."""
    for path in _files(f"{sha256}-*"):
        if path not in _in_use:
            with contextlib.suppress(OSError):
                path.unlink()


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
