"""Files of readings in a folder: each named by its SHA-256, written at once, and never changed.

A file is new until the catalogue that names it is committed (`Store.settle`); what a killed process leaves is a new
file that no catalogue names. Any other file stays unless it was deleted on purpose: a copy of the catalogue, such as
one restored from a backup, may name it.
"""

import contextlib
import errno
import hashlib
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from fer_core.errors import LibraryBusyError, LibraryError, ReadingsError

_ENDING: Final = ".parquet"
_NEW: Final = ".new"
_PART: Final = ".part"

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)

_WAY_OUT: Final = "restore that file from a copy, keep the same readings again, or delete the analysis"


def name_of(data: bytes) -> str:
    """The name of a file with these bytes: their SHA-256."""
    return hashlib.sha256(data).hexdigest()


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
        """Write a new file so that it is there whole, also after a power cut, or not at all; its SHA-256.

        Raises:
            LibraryBusyError: the disk is full.
            LibraryError: it cannot be written for another reason.
        """
        name = name_of(data)
        path, part = self._path(name, _NEW), self.folder / f"{name}{_PART}"
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
            if error.errno in _NO_ROOM:
                raise LibraryBusyError(
                    "The disk with the readings of the library is full; make room there, and try again."
                ) from error
            raise LibraryError(
                f"{path} cannot be written ({error.strerror}); check that you may write there."
            ) from error
        return name

    def settle(self, names: Iterable[str]) -> None:
        """Note that files are named by a catalogue that was committed. Those that are not new stay as they are."""
        for name in names:
            with contextlib.suppress(OSError):  # the next opening of the library does it
                self._path(name, _NEW).replace(self._path(name))

    def get(self, name: str) -> bytes:
        """The bytes of a file, checked.

        Raises:
            ReadingsError: it is gone, or other than it was.
        """
        try:
            data = self._bytes(name)
        except OSError as error:
            raise ReadingsError(
                f"The readings {name[:12]}… cannot be read from {self.folder} ({error.strerror}); {_WAY_OUT}."
            ) from error
        if name_of(data) != name:
            raise ReadingsError(f"The readings {name[:12]}… were changed or damaged; {_WAY_OUT}.")
        return data

    def sweep(self, kept: Collection[str], deleted: Collection[str]) -> tuple[str, ...]:
        """Remove files that were deleted, and new ones that no analysis names, as a killed process leaves them.

        Args:
            kept: names in the catalogue.
            deleted: names that were in it once.

        Returns:
            Names of the files that are gone.
        """
        self.settle(name for name in self._named(_NEW) if name in kept)
        orphans = {self._path(name, _NEW): name for name in self._named(_NEW) if name not in kept}
        orphans |= {self._path(name): name for name in self._named() if name in deleted and name not in kept}
        gone = {name for path, name in orphans.items() if self._removed(path)}
        for path in self.folder.glob(f"*{_PART}"):
            self._removed(path)
        if gone:
            self._sync_folder()
        return tuple(sorted(gone))

    def names(self) -> set[str]:
        """Names of all files."""
        return {*self._named(), *self._named(_NEW)}

    def _bytes(self, name: str) -> bytes:
        for more in ("", _NEW):
            with contextlib.suppress(FileNotFoundError):
                return self._path(name, more).read_bytes()
        return self._path(name).read_bytes()  # it was settled between the two

    def _named(self, more: str = "") -> list[str]:
        ending = f"{_ENDING}{more}"
        return [path.name.removesuffix(ending) for path in self.folder.glob(f"*{ending}")]

    def _path(self, name: str, more: str = "") -> Path:
        return self.folder / f"{name}{_ENDING}{more}"

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
