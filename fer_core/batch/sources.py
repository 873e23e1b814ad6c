"""Which recordings are meant by files, folders and patterns that people name."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from fer_core.errors import MediaError
from fer_core.media.files import harmless
from fer_core.media.video import VIDEO_TYPES

_ENDINGS: Final = frozenset(f".{ending}" for ending in VIDEO_TYPES)


def recordings(sources: Sequence[str | Path]) -> list[Path]:
    """Absolute paths of the recordings, in the order of the sources and sorted within each; every path once.

    Args:
        sources: a file is taken whatever its ending; of a folder, all files in it and its folders whose ending is one
            of `fer_core.media.video.VIDEO_TYPES`; a pattern with `*`, `?`, `[...]` or `**` stands for the files with
            such an ending and for the folders that match. Hidden files and folders are left out, linked folders too.

    Raises:
        MediaError: a source does not exist, or there is no recording in it.
    """
    for source in sources:
        if not named_by([source]):
            raise MediaError(f"There is no recording in {harmless(str(source))}; name a file, or a folder with some.")
    return named_by(sources)


def named_by(sources: Iterable[str | Path]) -> list[Path]:
    """`recordings`, of which there may be none.

    Raises:
        MediaError: a source that is no pattern does not exist.
    """
    found = (path for source in sources for path in _recordings_of(Path(source)))
    return list(dict.fromkeys(Path(os.path.abspath(path)) for path in found))  # noqa: PTH100  links stay


def _recordings_of(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(_in_folder(source))
    if os.path.lexists(source):
        return [source]
    if not glob.has_magic(str(source)):
        raise MediaError(f"{harmless(str(source))} does not exist; check the path.")
    matches = [Path(match) for match in glob.glob(str(source), recursive=True)]  # noqa: PTH207  absolute ones too
    inside = (path for match in matches if match.is_dir() for path in _in_folder(match))
    return sorted({*filter(_is_recording, matches), *inside})


def _in_folder(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from filter(_is_recording, (Path(place, name) for name in files))


def _is_recording(path: Path) -> bool:
    return path.suffix.lower() in _ENDINGS and not path.name.startswith(".") and not path.is_dir()
