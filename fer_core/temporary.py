"""Folders for a while: gone when their work is done, and those of a killed program at the next start.

All folders of a process lie in one of its own, whose lock it holds until it ends: what no process holds, nobody uses.
"""

import atexit
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from fer_core.errors import MediaError
from fer_core.file_lock import LockedError, locked

_PREFIX: Final = "face-value-"
_LOCK: Final = ".lock"

_own: Final[dict[tuple[str, int], Path]] = {}
"""The folder of a process, by where it lies and the process's number: a fork makes its own."""

_held: Final = ExitStack()
_one_at_a_time: Final = threading.Lock()


def new_folder() -> Path:
    """A new folder, for this user alone; whoever asks for it removes it.

    Raises:
        MediaError: there is no room for it.
    """
    sweep()
    try:
        with _one_at_a_time:
            return Path(tempfile.mkdtemp(dir=_folder_of_process()))
    except OSError as error:
        raise MediaError(
            f"No temporary folder can be made ({error.strerror}); make room there, or name another place in TMPDIR."
        ) from error


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder, removed with all that is in it at the end of the block.

    Raises:
        MediaError: there is no room for it.
    """
    folder = new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def sweep() -> None:
    """Delete the folders that killed processes left; once in the life of a process."""
    try:
        found = list(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"))
    except OSError:  # no folder at all can be used
        return
    for path in found:
        number = path.name.removeprefix(_PREFIX).split("-")[0]
        if number.isdecimal() and _is_ours(path):
            _delete_unused(path, int(number))


def _folder_of_process() -> Path:
    """That in which all others of this process lie, with its lock held."""
    place = tempfile.gettempdir(), os.getpid()
    while place not in _own or not _own[place].is_dir():  # systems clean up what was not used for days
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        try:
            _held.enter_context(locked(folder / _LOCK))
        except LockedError:  # a process that sweeps was faster, and deletes it
            continue
        except OSError:  # a file system without locks: its name tells whose it is
            (folder / _LOCK).unlink(missing_ok=True)
        _own[place] = folder
    return _own[place]


def _delete_unused(path: Path, number: int) -> None:
    if not os.path.lexists(path / _LOCK):
        # Of a process that has not got as far, of a file system without locks, or of an earlier version. An earlier
        # process may have had the number of this one.
        if number == os.getpid() or not _runs(number):
            shutil.rmtree(path, ignore_errors=True)
        return
    try:
        with locked(path / _LOCK):
            shutil.rmtree(path, ignore_errors=True)
    except OSError:  # in use, or not to be told
        return
    shutil.rmtree(path, ignore_errors=True)  # on Windows, what is open stays


def _is_ours(path: Path) -> bool:
    """Whether it is a folder of this user: nothing is opened in those of others, who may have put a link there."""
    try:
        return (
            not path.is_symlink() and path.is_dir() and (sys.platform == "win32" or path.stat().st_uid == os.getuid())
        )
    except OSError:
        return False


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


@atexit.register
def _end() -> None:
    """Delete what is left of this process, but not of the one that it was forked from."""
    _held.close()
    for (_, number), folder in _own.items():
        if number == os.getpid():
            shutil.rmtree(folder, ignore_errors=True)
