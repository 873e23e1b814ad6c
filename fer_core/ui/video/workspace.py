"""The folder of a visitor's files: nothing of it is left when the visit or the server has ended."""

import shutil
import tempfile
import weakref
from pathlib import Path, PurePath
from typing import Final

from fer_core.errors import MediaError
from fer_core.jobs import Monitor
from fer_core.temporary import new_folder

_LONGEST_NAME: Final = 120


class Workspace:
    """A folder that is deleted when it is closed, when nothing refers to it, and when the server ends.

    Attributes:
        path: of the folder.
    """

    def __init__(self) -> None:
        self.path = new_folder()
        self._monitors: list[Monitor] = []
        self._end = weakref.finalize(self, _end, self.path, self._monitors)

    def new_monitor(self) -> Monitor:
        """A monitor for work on the files of the folder; it is stopped when the folder is deleted."""
        self._monitors.append(Monitor())
        return self._monitors[-1]

    def store(self, name: str, data: bytes | memoryview) -> Path:
        """Write a visitor's file under its own name, without folders and forbidden characters.

        Raises:
            MediaError: there is no room for it.
        """
        wanted = PurePath(name.replace("\\", "/").replace("\0", "")).name.strip(". ") or "recording"
        stem, ending = PurePath(wanted).stem, PurePath(wanted).suffix
        folder = None
        try:
            folder = Path(tempfile.mkdtemp(dir=self.path))
            path = folder / f"{_short(stem)}{_short(ending)}"
            path.write_bytes(data)
        except OSError as error:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            raise MediaError(f"The recording could not be stored ({error.strerror}); make room there.") from error
        return path

    def close(self) -> None:
        """Delete the folder."""
        self._end()


def _end(path: Path, monitors: list[Monitor]) -> None:
    for monitor in monitors:
        monitor.stop()
    shutil.rmtree(path, ignore_errors=True)


def _short(name: str) -> str:
    """The name, cut to a length that every file system takes."""
    return name.encode("utf-8", "replace")[:_LONGEST_NAME].decode("utf-8", "ignore")
