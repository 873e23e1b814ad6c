"""Which recordings are meant by files, folders, patterns and addresses that people name."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from fer_core.batch.remote import ENDINGS, Source, as_path, is_here, listed, scheme_of
from fer_core.errors import MediaError
from fer_core.media.files import harmless, is_folder

_OF_SYSTEM: Final = frozenset({"lost+found", "System Volume Information", "$RECYCLE.BIN"})
"""Folders of whole disks that hold nobody's recordings, and that only the system may list."""


def recordings(sources: Sequence[str | Path]) -> list[Source]:
    """Absolute paths and addresses of the recordings, each once, in the order of the sources and sorted within each.

    Args:
        sources: a file is taken whatever its ending; of a folder, all files in it and its folders whose ending is one
            of `fer_core.media.video.VIDEO_TYPES`; a pattern with `*`, `?`, `[...]` or `**` stands for the files with
            such an ending and for the folders that match. Hidden files and folders are left out, linked folders too.
            Text such as `s3://bucket/day1` is an address in a store, see `fer_core.batch.remote`.

    Raises:
        MediaError: a source does not exist, a folder cannot be listed, or there is no recording in it.
        DependencyError: what a kind of store needs is not installed.
    """
    found: list[Source] = []
    for source in sources:
        named = named_by([source])
        if not named:
            raise MediaError(f"There is no recording in {harmless(str(source))}; name a file, or a folder with some.")
        found += named
    return list(dict.fromkeys(found))


def named_by(sources: Iterable[str | Path]) -> list[Source]:
    """`recordings`, of which there may be none.

    Raises:
        MediaError: a source that is no pattern does not exist, or a folder cannot be listed.
    """
    return list(dict.fromkeys(recording for source in sources for recording in _named_by(source)))


def _named_by(source: str | Path) -> Sequence[Source]:
    if not is_here(source):
        return listed(str(source))
    found = _recordings_of(as_path(str(source)) if scheme_of(source) else Path(source))
    return [Path(os.path.abspath(path)) for path in found]  # noqa: PTH100  links stay


def _recordings_of(source: Path) -> list[Path]:
    if is_folder(source):
        return sorted(_in_folder(source))
    if os.path.lexists(source):
        return [source]
    if not glob.has_magic(str(source)):
        raise MediaError(f"{harmless(str(source))} does not exist; check the path.")
    matches = [Path(match) for match in glob.glob(str(source), recursive=True)]  # noqa: PTH207  absolute ones too
    inside = (path for match in matches if is_folder(match) for path in _in_folder(match))
    return sorted({*filter(_is_recording, matches), *inside})


def _in_folder(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _OF_SYSTEM]
        yield from filter(_is_recording, (Path(place, name) for name in files))


def _refuse(error: OSError) -> None:
    """A folder that cannot be listed would else be left out unnoticed; one that was moved away meanwhile is none."""
    if isinstance(error, FileNotFoundError):
        return
    raise MediaError(f"{harmless(str(error.filename))} cannot be read ({error.strerror}); give this user the right to.")


def _is_recording(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and not is_folder(path)
