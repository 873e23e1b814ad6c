"""Files of readings in a folder: each named by its SHA-256, written at once, and never changed."""

import contextlib
import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

from fer_core.errors import LibraryError

_ENDING: Final = ".parquet"
_PART: Final = ".part"


class Store:
    """A folder of Parquet files.

    Whoever calls `put`, `sweep` or `remove` holds the catalogue's writer lock, so that no process takes a file for an
    orphan that another is about to commit.

    Args:
        folder: made where it is missing.

    Raises:
        LibraryError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(f"{folder} cannot be made ({error.strerror}); choose another place.") from error

    def put(self, data: bytes) -> str:
        """Write a file so that it is there whole, also after a power cut, or not at all; its SHA-256.

        Raises:
            LibraryError: it cannot be written.
        """
        name = hashlib.sha256(data).hexdigest()
        path, part = self._path(name), self.folder / f"{name}{_PART}"
        try:
            with part.open("wb") as target:
                target.write(data)
                target.flush()
                os.fsync(target.fileno())
            part.replace(path)
            self._sync_folder()
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise LibraryError(f"{path} cannot be written ({error.strerror}); make room there.") from error
        return name

    def get(self, name: str) -> bytes:
        """The bytes of a file, checked.

        Raises:
            LibraryError: it is gone, or other than it was.
        """
        try:
            data = self._path(name).read_bytes()
        except OSError as error:
            raise LibraryError(
                f"The readings {name[:12]}… cannot be read from {self.folder} ({error.strerror}); restore that file, "
                "or delete the analysis."
            ) from error
        if hashlib.sha256(data).hexdigest() != name:
            raise LibraryError(f"The readings {name[:12]}… were changed or damaged; restore that file from a copy.")
        return data

    def sweep(self, kept: Collection[str]) -> tuple[str, ...]:
        """Remove files that no analysis names, such as those that a killed process left; their names."""
        orphans = [path for path in self.folder.glob(f"*{_ENDING}") if path.stem not in kept]
        gone = [path.stem for path in orphans if self._removed(path)]
        for path in self.folder.glob(f"*{_PART}"):
            self._removed(path)
        if gone:
            self._sync_folder()
        return tuple(sorted(gone))

    def names(self) -> set[str]:
        """Names of all files."""
        return {path.stem for path in self.folder.glob(f"*{_ENDING}")}

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_ENDING}"

    @staticmethod
    def _removed(path: Path) -> bool:
        try:
            path.unlink(missing_ok=True)
        except OSError:  # Windows keeps files that somebody reads; the next sweep removes them
            return False
        return True

    def _sync_folder(self) -> None:
        if os.name != "posix":  # elsewhere a folder cannot be opened
            return
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
