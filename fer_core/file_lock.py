"""A file that one process at a time may hold, such as that of a folder which only one may write."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_HELD: Final = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


class LockedError(OSError):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, *, stays: bool = True) -> Iterator[None]:
    """Hold the lock of a file meanwhile; the end of the process ends that, too.

    Args:
        path: made where it is missing.
        stays: whether the file is left there afterwards.

    Raises:
        LockedError: another process holds it.
        OSError: the file cannot be opened, or its file system has no locks.
    """
    try:
        with _held(path, stays):
            try:
                yield
            finally:
                if not stays and sys.platform != "win32":  # while it is held, so that nobody loses a lock of theirs
                    _remove(path)
    finally:
        if not stays and sys.platform == "win32":  # which removes no file that somebody has open
            _remove(path)


@contextmanager
def _held(path: Path, stays: bool) -> Iterator[None]:
    while True:
        with path.open("ab") as file:
            try:
                _lock(file.fileno())
            except OSError as error:
                if error.errno in _HELD:
                    raise LockedError(f"{path} is locked") from error
                if not stays:  # nobody can hold it
                    _remove(path)
                raise OSError(error.errno, f"its file system has no locks: {error.strerror}") from error
            if _is_at(path, file.fileno()):
                yield
                return


def _is_at(path: Path, handle: int) -> bool:
    """Whether an open file still lies there: who held it before may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
