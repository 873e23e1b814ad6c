"""What a file that cannot be read as a recording is, by its first bytes, and what to do about it."""

import re
from pathlib import Path
from typing import Final

from fer_core.media.files import is_there

HEAD_BYTES: Final = 65_536  # an MXF may begin with anything of this length

_AS_MP4: Final = "save it as MP4 (H.264)"
_INTO_MP4: Final = "put it into one: ffmpeg -i FILE -c copy out.mp4"

ONE_OF_MANY: Final = "make one recording of them first: ffmpeg -framerate 25 -i %04d.png out.mp4"

PICTURE: Final = f"is a picture and not a recording; read it as a picture, or if there are many, {ONE_OF_MANY}"

_KINDS: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), reason)
    for pattern, reason in (
        (rb".{0,65000}?\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", f"is an MXF file, which is not read; {_AS_MP4}"),
        (
            rb"\x00{2,3}\x01(?:[\x09\x67\x27\x47]|\x06\x05)",
            f"is a raw H.264 stream: it has no container, so no times; {_INTO_MP4}",
        ),
        (
            rb"\x00{2,3}\x01(?:\x40|\x46)\x01",
            f"is a raw H.265 stream: it has no container, so no times; {_INTO_MP4}",
        ),
        (rb"\x00\x00\x01[\xb0\xb3\xb5]", f"is a raw MPEG stream: it has no container, so no times; {_INTO_MP4}"),
        (rb"\x00\x00[\x80-\x83]", f"is a raw H.263 stream: it has no container, so no times; {_AS_MP4}"),
        (rb"\x00{2,3}\x01\x00[\x69\x71\x79\x81\xa1]", f"is a raw H.266 stream, which is not read; {_AS_MP4}"),
        (rb"\x12\x00\x0a", f"is a raw AV1 stream: it has no container, so no times; {_INTO_MP4}"),
        (rb"\x1f\x07\x00[\x3f\xbf]", f"is a raw DV stream, which is not read; {_AS_MP4}"),
        (rb"YUV4MPEG2 ", f"is raw video (Y4M), which is not read; {_AS_MP4}"),
        (rb"DKIF", f"is an IVF file, which is not read; {_INTO_MP4}"),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", f"is Windows Media (WMV, ASF), which is not read; {_AS_MP4}"),
        (rb"FLV\x01", f"is Flash video (FLV), which is not read; {_AS_MP4}"),
        (rb"[FCZ]WS[\x01-\x30]", f"is Flash (SWF), which is not read; {_AS_MP4}"),
        (rb"OggS", f"is an Ogg file, which is not read; {_AS_MP4}"),
        (rb"\.RMF", f"is RealMedia, which is not read; {_AS_MP4}"),
        (rb"nut/multimedia container", f"is a NUT file, which is not read; {_AS_MP4}"),
        (rb"\xb7\xd8\x00\x20\x37\x49\xda\x11", f"is a Windows TV recording (WTV), which is not read; {_AS_MP4}"),
        (rb"\x00\x00\x00\x00\x01\xbc", f"is a GXF file, which is not read; {_AS_MP4}"),
        (rb"GIF8[79]a", f"is a GIF, which is read as a picture only; {_AS_MP4}"),
        (
            rb"\xff\xd8\xff.*?\xff\xd9\xff\xd8\xff.*?\xff\xd9\xff\xd8\xff",
            "is a raw Motion JPEG stream: it has no container, so no times; "
            "put it into one: ffmpeg -framerate 25 -f mjpeg -i FILE -c copy out.mkv",
        ),
        (
            rb"\x89PNG|\xff\xd8\xff|BM.{4}\0\0|II[*+]\0|MM\0[*+]|RIFF.{4}WEBP|\xff\x0a|\0\0\0\x0cJXL |8BPS|v/1\x01|"
            rb"SDPX|XPDS|P[1-7][\s#]|\0\0\0\x0cjP  ",
            PICTURE,
        ),
        (rb"RIFF.{4}WAVE|ID3|fLaC|\xff[\xfb\xf3\xf2\xf1\xf9]", "holds sound and no picture; choose a recording"),
        (
            rb"(?:\xef\xbb\xbf)?\s*(?:#EXTM3U|ffconcat|\[playlist\]|<\?xml[^>]*>\s*<MPD|<MPD)",
            "is a playlist, which only names other files; choose one of these",
        ),
        (rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|!DOCTYPE)", "is a web page; download the recording itself"),
        (rb"PK\x03\x04|7z\xbc\xaf|Rar!|\x1f\x8b|\xfd7zXZ|BZh", "is an archive; unpack it and choose the recording"),
        (rb"%PDF", "is a PDF; choose a recording"),
    )
)

_PICTURE_NAMES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".dpx", ".exr")


def reason_to_refuse(path: Path) -> str | None:
    """What the file is and what to do with it, to go on a sentence with; None where its first bytes do not tell."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return None
    reason = next((reason for pattern, reason in _KINDS if pattern.match(head)), None)
    if reason is None and head[4:8] == b"ftyp" and not _has_index(path):
        return f"lost its index, because its recording was cut off; record it again, or repair it and {_AS_MP4}"
    return reason


_PICTURE_BRANDS: Final = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def is_picture(head: bytes) -> bool:
    """Whether a file with these first bytes is a picture in the container of recordings: HEIC or AVIF."""
    return head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS


_SERIES: Final = re.compile(r"%\d*d|[*?]")


def names_a_series(path: Path) -> bool:
    """Whether the name is a pattern for a series of pictures, as other programs take it, and no file."""
    ending = path.suffix.lower()
    return ending in _PICTURE_NAMES and bool(_SERIES.search(path.name)) and not is_there(path)


def holds_pictures(folder: Path) -> bool:
    """Whether a folder looks like a series of pictures."""
    try:
        return any(each.suffix.lower() in _PICTURE_NAMES for each in folder.iterdir())
    except OSError:
        return False


def _has_index(path: Path) -> bool:
    """Whether an MP4 or MOV has its `moov` among the boxes of the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        place = 0
        while place + 8 <= size:
            file.seek(place)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if head[4:8] == b"moov":
                return place + length <= size
            if length < 8:
                return False
            place += length
    return False
