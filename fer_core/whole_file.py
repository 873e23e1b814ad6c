"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its name in the end, and is gone where it does not come to that.

    A device or a pipe is written to directly: nothing may take its place.

    Raises:
        OSError: it cannot be written.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        _settle(part)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()


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
