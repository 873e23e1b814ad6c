"""Files that are there whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from fer_core.file_lock import LockedError, locked


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its name in the end, and is gone where it does not come to that.

    A device or a pipe is written to directly: nothing may take its place.

    Raises:
        OSError: it cannot be written, or somebody else is writing it.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    part = path.with_name(f".{path.name}.part")
    with _alone(path):
        try:
            yield part
            _settle(part)
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep everybody else from writing a file, as two would write into one part; nobody where there are no locks."""
    with ExitStack() as held:
        try:
            held.enter_context(locked(path.with_name(f".{path.name}.lock"), stays=False))
        except LockedError as error:
            raise OSError(errno.EBUSY, "another program is writing it") from error
        except OSError:  # a folder that cannot be written is told by what is written there
            pass
        yield


def _settle(path: Path) -> None:
    """Have the disk hold what a file holds: a new name can outlive a power cut that its content does not."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file so that it is there whole or as it was before; text is UTF-8, its line ends stay.

    Raises:
        OSError: it cannot be written.
    """
    with whole_file(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
