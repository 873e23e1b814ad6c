"""The libraries in other people's wheels that decode pictures and recordings, and the releases that they must have.

A wheel brings its own copy, which no update of the system replaces. So this table names for each the oldest release
without a fault that a file of anyone could use here, and the test suite and the deployment doctor hold it against what
is installed. Whoever looks at the advisories again changes `LAST_LOOKED_AT`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from fer_core.media.limits import SOUND_CODECS, VIDEO_CODECS

LAST_LOOKED_AT: Final = date(2026, 11, 29)
LOOK_AGAIN_DAYS: Final = 120


@dataclass(frozen=True)
class Library:
    """One library.

    Attributes:
        name: of it, and of the wheel that it comes in.
        at_least: oldest release that may be used.
        because: the fault that this release mends.
        installed: tells the release that is there; None where the wheel is not installed.
        kept_out: decoders with faults that only a later release mends; they must not be among those that may decode.
    """

    name: str
    at_least: str
    because: str
    installed: Callable[[], str | None]
    kept_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Whether one library may be used.

    Attributes:
        name: of the library.
        version: that is installed.
        problem: a sentence with the way out; None where there is none.
    """

    name: str
    version: str
    problem: str | None


def look(today: date) -> tuple[list[Finding], str | None]:
    """Hold every installed library against the table.

    Returns:
        What was found, and a sentence where the table itself is old.
    """
    found = [
        Finding(each.name, version, _problem(each, version))
        for each in LIBRARIES
        if (version := each.installed()) is not None
    ]
    age = (today - LAST_LOOKED_AT).days
    old = f"The advisories were last looked at {age} days ago, on {LAST_LOOKED_AT:%d %B %Y}; look at them again."
    return found, old if age > LOOK_AGAIN_DAYS else None


def is_older(version: str, than: str) -> bool:
    """Whether one release comes before another, by their numbers."""
    return _numbers(version) < _numbers(than)


def _problem(library: Library, version: str) -> str | None:
    if is_older(version, library.at_least):
        return f"{library.name} is {version}, before {library.at_least}: {library.because}; update the wheel."
    allowed = sorted({*library.kept_out} & {*VIDEO_CODECS, *SOUND_CODECS})
    if allowed:
        return f"{library.name} {version} must not decode {', '.join(allowed)}; take them off the list of codecs."
    return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:4])


def _ffmpeg_of_pyav() -> str:
    import av

    return str(av.ffmpeg_version_info)


def _codecs_of_opencv() -> str | None:
    import cv2

    found = re.search(r"avcodec:\s+YES \(([\d.]+)\)", cv2.getBuildInformation())
    return found[1] if found else None


def _of_pillow(feature: str) -> Callable[[], str | None]:
    def version() -> str | None:
        from PIL import features

        return features.version(feature)

    return version


def _of_heif(pattern: str) -> Callable[[], str | None]:
    def version() -> str | None:
        try:
            import pillow_heif
        except ImportError:
            return None
        found = re.search(pattern, str(pillow_heif.libheif_info()))
        return found[1] if found else None

    return version


LIBRARIES: Final = (
    Library(
        "FFmpeg in PyAV",
        "8.1",
        "it writes beyond its memory on MP4 with encrypted samples (CVE-2026-40962)",
        _ffmpeg_of_pyav,
        kept_out=("vvc", "apac"),  # heap overwrites, mended on 9 November 2026, after 8.1.2
    ),
    Library(
        # Nothing here opens a file with it; it is looked at all the same, because it is in the process.
        "libavcodec in OpenCV",
        "62.28",
        "it is older than the FFmpeg 8.1 that is looked at here",
        _codecs_of_opencv,
        kept_out=("vvc", "apac"),
    ),
    Library("libwebp in Pillow", "1.3.2", "it writes beyond its memory (CVE-2023-4863)", _of_pillow("webp")),
    Library("libtiff in Pillow", "4.7.1", "it writes where a file says (CVE-2025-9900)", _of_pillow("libtiff")),
    Library(
        "libheif in pillow-heif",
        "1.23.3",
        "it writes beyond its memory on uncompressed HEIF (GHSA-x8r2-mggj-j6wr)",
        _of_heif(r"'libheif': '([\d.]+)'"),
    ),
    Library(
        "libde265 in pillow-heif",
        "1.1.1",
        "it writes beyond its memory on H.265 (GHSA-653q-9f73-8hvg)",
        _of_heif(r"libde265 HEVC decoder, version ([\d.]+)"),
    ),
)
