"""Folders that results go into: what lies in them, and how one process keeps the others out meanwhile."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fer_core.errors import MediaError
from fer_core.file_lock import LockedError, locked
from fer_core.media.files import is_there

SUMMARY: Final = "summary.json"
TIMELINE: Final = "timeline.parquet"
_LOCK: Final = ".lock"
_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
"""Of a file system that has none; results are written there all the same."""


@contextlib.contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Keep other processes from writing results there meanwhile.

    Raises:
        MediaError: another process does, or the folder cannot be written to.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(folder / _LOCK, stays=False))
        except LockedError as error:
            raise MediaError(
                f"Another process is writing results into {folder}; wait until it ends or choose another folder with "
                "--out."
            ) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise MediaError(
                    f"{folder} cannot be written to ({error.strerror}); choose another with --out."
                ) from error
        yield


def refuse_dataset(folder: Path) -> None:
    """Make sure that results do not come between those of `batch`.

    Raises:
        MediaError: the folder holds a dataset.
    """
    from fer_core.batch.dataset import MANIFEST, REQUEST

    if is_there(folder / MANIFEST) or is_there(folder / REQUEST):
        raise MediaError(f"{folder} holds a dataset of batch; choose another folder with --out.")
