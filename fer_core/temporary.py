"""Folders for a while: gone when their work is done, and those of a killed program at the next start.

Their names hold the number of the process that made them, by which another process knows those that nobody uses.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from fer_core.errors import MediaError

_PREFIX: Final = "face-value-"


def new_folder() -> Path:
    """A new folder, for this user alone; whoever asks for it removes it.

    Raises:
        MediaError: there is no room for it.
    """
    sweep()
    try:
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
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
    """Delete the folders that killed processes left; once in the life of a process.

    This also deletes folders with this process's own number: an earlier process had the same.
    """
    try:
        found = list(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"))
    except OSError:  # no folder at all can be used
        return
    for path in found:
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
