"""The files of a folder or a zip that comes from anyone: listed first, read one at a time, never unpacked to disk."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final

from fer_core.errors import DatasetError
from fer_core.evaluation.datasets import is_hidden
from fer_core.zips import DAMAGED

Source = Path | BinaryIO
"""A folder, a zip file, or an open zip such as an upload."""


@dataclass(frozen=True)
class ArchiveLimits:
    """Limits of a folder or zip; those of its files are checked before anything is read.

    Attributes:
        max_files: number of files, whatever they are, unless `opened` is told which ones count.
        max_total_bytes: their size together, of a zip once unpacked.
        max_file_bytes: of one file; a larger one is refused alone.
        max_kept_bytes: of the faces that are kept in memory until all models have read them.
    """

    max_files: int = 50_000
    max_total_bytes: int = 4_000_000_000
    max_file_bytes: int = 100_000_000
    max_kept_bytes: int = 4_000_000_000


DEFAULT_LIMITS: Final = ArchiveLimits()


class FileTree:
    """The files of a folder or zip.

    Attributes:
        names: paths with forward slashes, sorted; without hidden files and what systems add (`.DS_Store`, `__MACOSX`).
        unsafe: paths of a zip that lead out of it.
    """

    def __init__(
        self, files: dict[str, Path | zipfile.ZipInfo], archive: zipfile.ZipFile | None, limits: ArchiveLimits
    ):
        shown = sorted(name for name in files if not is_hidden(name))
        self.unsafe = tuple(name for name in shown if _leads_out(name))
        self.names = tuple(name for name in shown if not _leads_out(name))
        self._files, self._archive, self._limits = files, archive, limits

    def read(self, name: str) -> bytes:
        """The bytes of one file.

        Raises:
            DatasetError: it is too large, encrypted, damaged, or may not be read; the message does not name it.
        """
        file, most = self._files[name], self._limits.max_file_bytes
        try:
            with file.open("rb") if isinstance(file, Path) else self._opened(file) as stream:
                data = stream.read(most + 1)  # never more, whatever size a zip declares
        except (RuntimeError, NotImplementedError) as error:
            raise DatasetError("The file is encrypted or packed in a rare way; make the zip again.") from error
        except DAMAGED as error:
            raise DatasetError("The file is damaged or cannot be read; copy it again.") from error
        if len(data) > most:
            raise DatasetError(f"The file has more than the {most:,} bytes allowed; scale it down.")
        return data

    def _opened(self, info: zipfile.ZipInfo) -> IO[bytes]:
        assert self._archive is not None
        return self._archive.open(info)


@contextmanager
def opened(
    source: Source,
    limits: ArchiveLimits = DEFAULT_LIMITS,
    wanted: Callable[[str], bool] = lambda _: True,
    counts: Callable[[str], bool] = lambda _: True,
) -> Iterator[FileTree]:
    """Open a folder or zip for reading.

    Args:
        source: what to open.
        limits: what the files that count may cost.
        wanted: told the path of each file, with forward slashes; the others are as if they were not there.
        counts: told the path of each wanted file; whether it counts for the number of files and their size together.

    Raises:
        DatasetError: it is missing, closed, neither a folder nor a zip, or beyond the limits.
    """
    label = label_of(source)
    folder = _listed(source, label, limits, wanted, counts) if isinstance(source, Path) else None
    if folder is not None:
        _check(label, [size for name, (_, size) in folder.items() if counts(name)], limits)
        yield FileTree({name: path for name, (path, _) in folder.items()}, None, limits)
        return
    try:
        archive = zipfile.ZipFile(source)
    except (*DAMAGED, ValueError) as error:
        raise DatasetError(f"{label} is neither a folder nor a readable zip.") from error
    with archive:
        named = [(info.filename.replace("\\", "/"), info) for info in archive.infolist() if not info.is_dir()]
        members = [(name, info) for name, info in named if wanted(name)]
        _check(label, [info.file_size for name, info in members if counts(name)], limits)
        yield FileTree(dict(members), archive, limits)


def label_of(source: Source) -> str:
    """Name of a source in messages."""
    return str(source) if isinstance(source, Path) else str(getattr(source, "name", None) or "The upload")


def _listed(
    source: Path, label: str, limits: ArchiveLimits, wanted: Callable[[str], bool], counts: Callable[[str], bool]
) -> dict[str, tuple[Path, int]] | None:
    """The wanted files of a folder with their sizes; None of what is no folder.

    Of those that count there is at most one beyond the limit.
    """
    listed: dict[str, tuple[Path, int]] = {}
    room = limits.max_files
    try:
        if not source.exists():
            raise DatasetError(f"{label} does not exist; give a folder or a zip.")
        if not source.is_dir():
            return None
        for path in source.rglob("*"):
            name = path.relative_to(source).as_posix()
            if not path.is_file() or not wanted(name):
                continue
            listed[name] = path, path.stat().st_size
            room -= counts(name)
            if room < 0:
                break
    except OSError as error:
        raise DatasetError(f"{label} does not exist or may not be read; give a folder or a zip.") from error
    return listed


def _check(label: str, sizes: list[int], limits: ArchiveLimits) -> None:
    if len(sizes) > limits.max_files:
        raise DatasetError(f"{label} holds more than the {limits.max_files:,} files allowed; split it.")
    if sum(sizes) > limits.max_total_bytes:
        raise DatasetError(
            f"{label} unpacks to {sum(sizes):,} bytes, more than the {limits.max_total_bytes:,} allowed; scale the "
            "pictures down or split it."
        )


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":")
