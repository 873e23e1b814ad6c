"""Decoding pictures that come from anyone, and encoding PNG.

A picture is read whole, upright and in sRGB, or refused with a `MediaError`. What it is decides, not what its name
says: the first bytes choose the one Pillow plugin that may look at the file, so the dozens of others are never reached.
"""

import hashlib
import math
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path, PureWindowsPath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError

from fer_core.errors import MediaError, TooLargeError
from fer_core.media.files import harmless, opened
from fer_core.media.picture_colour import way_to_srgb
from fer_core.native_stderr import stderr_without

PICTURE_TYPES: Final = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif", "heic", "heif", "avif")
"""Endings by which pictures that are read here are usually named; what a file is, its content decides."""

_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
}
# Without its plugin in Pillow's list, `Image.open` imports every plugin that exists. These are imported when one comes,
# so that others are read sooner.
_PLUGINS = {"AVIF": "PIL.AvifImagePlugin", "WEBP": "PIL.WebPImagePlugin"}
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}

_AS_STORED: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {  # by EXIF orientation, from upright
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: upright.transpose(1, 0, 2)[::-1],
    7: lambda upright: upright.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda upright: upright.transpose(1, 0, 2)[:, ::-1],
}
_STRIP_PIXELS = 2_000_000
"""Pixels of the strips in which a picture is converted, because Pillow keeps a copy of what each step makes."""

# A scan of 77 bytes makes the decoder walk over the whole picture: 60 ms at 50 megapixels. Encoders write about 10.
_MAX_JPEG_SCANS = 100
_JPEG_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")
# A TIFF may list the same piece a million times. An honest one covers its area once for each of its planes.
_MAX_TIMES_DRAWN = 8

_AS_PNG_OR_JPEG = "save it as PNG or JPEG"


@dataclass(frozen=True)
class ImageLimits:
    """What a picture may cost. Both are checked before a pixel is decoded.

    Attributes:
        max_bytes: size of the file.
        max_pixels: width times height, by the header. A phone's 48-megapixel photograph is within the default.
    """

    max_bytes: int = 100_000_000
    max_pixels: int = 50_000_000


def read_image(path: Path, limits: ImageLimits = ImageLimits()) -> NDArray[np.uint8]:
    """Read a picture file; see `decode_image`.

    Args:
        path: a regular file; messages name it as it is given here.
        limits: what it may cost.

    Returns:
        uint8 (height, width, 3) BGR.

    Raises:
        MediaError: there is no such file, it may not be read, or it is not a picture that is accepted.
    """
    return read_and_identify(path, limits)[0]


def read_and_identify(path: Path, limits: ImageLimits = ImageLimits()) -> tuple[NDArray[np.uint8], str]:
    """`read_image`, and the hexadecimal SHA-256 of the very bytes that were decoded."""
    label = harmless(str(path))
    with opened(path, "picture") as file:
        _check_bytes(os.fstat(file.fileno()).st_size, label, limits)
        data = file.read()
    return _decode(data, label, limits), hashlib.sha256(data).hexdigest()


def decode_image(data: bytes, name: str, limits: ImageLimits = ImageLimits()) -> NDArray[np.uint8]:
    """Decode the bytes of a picture, such as an upload.

    Accepted are PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF and, where pillow-heif is installed, HEIC. Of several frames or
    pages the first is taken. The EXIF orientation is applied, an embedded colour profile is converted to sRGB (one that
    is broken is ignored), what is transparent is laid on white, and 16-bit values are scaled to 8 bits. Nothing is
    written to disk. One picture is decoded at a time; calls from other threads wait.

    Args:
        data: the whole file; bytes after the end of the picture are ignored.
        name: file name for messages; of a path, only the last component is shown.
        limits: what it may cost.

    Returns:
        uint8 (height, width, 3) BGR, contiguous and writable.

    Raises:
        MediaError: empty, too large, damaged, cut short, or not a picture that can be read here.

    Example:
        >>> import numpy as np
        >>> decode_image(encode_png(np.full((2, 3, 3), 200, np.uint8)), "grey.png").shape
        (2, 3, 3)
    """
    # A browser on Windows may send `C:\\fakepath\\face.png`; Windows' rules split at both kinds of slash.
    return _decode(data, harmless(PureWindowsPath(name).name or "The picture"), limits)


def from_pillow(picture: Image.Image) -> NDArray[np.uint8]:
    """A picture that Pillow has opened, as `decode_image` gives it: upright, in sRGB, on white.

    Code points for video (`cICP` of PNG, `nclx` of HEIC and AVIF), which Pillow does not pass on, are not heeded: a
    picture in high dynamic range is to be given as its file.

    Returns:
        uint8 (height, width, 3) BGR.
    """
    picture.load()  # Pillow turns a TIFF upright as it loads it, and only then takes the orientation from its EXIF
    return _upright_bgr(picture, b"", "The picture")


def encode_png(bgr: NDArray[np.uint8]) -> bytes:
    """The picture as the bytes of a PNG file.

    Args:
        bgr: uint8 (height, width, 3) BGR.
    """
    file = BytesIO()
    # Level 3 instead of 6 takes a third of the time for a file that is a tenth larger.
    Image.fromarray(np.ascontiguousarray(bgr[:, :, ::-1])).save(file, "PNG", compress_level=3)
    return file.getvalue()


def _decode(data: bytes, label: str, limits: ImageLimits) -> NDArray[np.uint8]:
    _check_bytes(len(data), label, limits)
    kind = _kind(data)
    if kind is None:
        raise MediaError(f"{label} is not a picture that can be read here; {_AS_PNG_OR_JPEG}.")
    if kind == "HEIF" and not heic_can_be_read():
        raise MediaError(f"{label} is HEIC, which needs pillow-heif; install that package or {_AS_PNG_OR_JPEG}.")
    if kind == "JPEG" and _has_too_many_scans(data):
        raise MediaError(f"{label} is a JPEG built to take very long to read; {_AS_PNG_OR_JPEG}.")
    if kind in _PLUGINS:
        import_module(_PLUGINS[kind])
    try:
        with _pillow_under_our_rules(limits), _quiet(kind), Image.open(BytesIO(data), formats=(kind,)) as picture:
            _check_pixels(picture, label, limits)
            picture.load()
            _check_pixels(picture, label, limits)  # a HEIC can turn out larger than its header says
            return _upright_bgr(picture, data, label)
    except MediaError:
        raise
    except Image.DecompressionBombError as error:
        found = re.search(r"\((\d+) pixels\)", str(error))
        raise _too_many_pixels(label, int(found[1]) if found else None, limits) from error
    except MemoryError as error:
        raise MediaError(f"{label} needs more memory than there is; scale it down.") from error
    except UnidentifiedImageError as error:
        raise MediaError(f"{label} is damaged or of a rare kind that cannot be read; {_AS_PNG_OR_JPEG}.") from error
    # On damaged files Pillow and its codecs raise nearly anything: OSError, SyntaxError, ValueError, struct.error,
    # IndexError, EOFError, KeyError, TypeError, OverflowError, RuntimeError, zlib.error. To the person all are one.
    except Exception as error:
        raise MediaError(f"{label} is damaged or cut short; copy it again or {_AS_PNG_OR_JPEG}.") from error


def _check_bytes(size: int, label: str, limits: ImageLimits) -> None:
    if size == 0:
        raise MediaError(f"{label} is empty; copy it again from where it came.")
    if size > limits.max_bytes:
        raise TooLargeError(
            f"{label} has {size:,} bytes, more than the {limits.max_bytes:,} allowed; scale it down or save it as JPEG."
        )


def _check_pixels(picture: Image.Image, label: str, limits: ImageLimits) -> None:
    pixels = picture.width * picture.height
    if pixels > limits.max_pixels:
        raise _too_many_pixels(label, pixels, limits)
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        # A tile can be declared far larger than the picture, and memory is taken for it whole.
        tile = _tag(picture, TiffImagePlugin.TILEWIDTH, 0), _tag(picture, TiffImagePlugin.TILELENGTH, 0)
        fits = all(isinstance(side, int) for side in tile) and math.prod(tile) <= limits.max_pixels
        areas = (piece.extents for piece in picture.tile if piece.extents)
        drawn = sum((right - left) * (bottom - top) for left, top, right, bottom in areas)
        if not fits or drawn > _MAX_TIMES_DRAWN * pixels:
            raise MediaError(f"{label} is a TIFF with senseless tiles; {_AS_PNG_OR_JPEG}.")


def _too_many_pixels(label: str, pixels: int | None, limits: ImageLimits) -> TooLargeError:
    count = "too many" if pixels is None else f"{pixels:,}"
    return TooLargeError(f"{label} has {count} pixels, more than the {limits.max_pixels:,} allowed; scale it down.")


def _kind(data: bytes) -> str | None:
    """Pillow's name of the format that the first bytes promise; None for one that is not accepted."""
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":  # the ISO base media container: the brand tells a picture from a recording
        end = min(int.from_bytes(data[:4], "big"), 256)
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
        if brands & _AVIF_BRANDS:
            return "AVIF"
        if brands & _HEIF_BRANDS:
            return "HEIF"
    return None


@cache
def heic_can_be_read() -> bool:
    """Whether HEIC can be read; makes it so on the first call where pillow-heif is installed."""
    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
    except ImportError:
        return False
    return True


def _has_too_many_scans(data: bytes) -> bool:
    """Walks from marker to marker up to the end of the first picture of the file."""
    position, scans = 2, 0
    while scans <= _MAX_JPEG_SCANS and (marker := _JPEG_MARKER.search(data, position)):
        if marker[1] == b"\xd9":  # end of image
            return False
        scans += marker[1] == b"\xda"  # start of scan
        position = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return scans > _MAX_JPEG_SCANS


_pillow_lock = threading.Lock()


@contextmanager
def _pillow_under_our_rules(limits: ImageLimits) -> Iterator[None]:
    """Pillow without its warnings, and with a limit of pixels that is never below ours.

    Both are switches of the whole process, hence the lock. Others who use Pillow in the meantime only ever find it more
    permissive. The limit is not taken away altogether, for Pillow's own checks guard what it allocates while it reads a
    header (a GIF can ask for 4 GB there).
    """
    with _pillow_lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.|pillow_heif")
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = max(limits.max_pixels, before or 0)
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _quiet(kind: str) -> AbstractContextManager[None]:
    """Without the complaints that libtiff writes to stderr, under the name that Pillow gives every file."""
    return stderr_without(r"tempfile\.tif|_?TIFF|\w+: ?.*tempfile\.tif") if kind == "TIFF" else nullcontext()


def _upright_bgr(picture: Image.Image, data: bytes, label: str) -> NDArray[np.uint8]:
    to_srgb = way_to_srgb(picture, data)
    orientation = _orientation(picture)
    picture = _eight_bits(picture, label)
    sides = (picture.width, picture.height) if orientation >= 5 else (picture.height, picture.width)
    upright = np.empty((*sides, 3), np.uint8)
    stored = _AS_STORED[orientation](upright)  # a view: what is written into it stands upright in `upright`
    rows = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        strip = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        stored[top : top + strip.height] = np.asarray(to_srgb(_opaque(strip)))[:, :, ::-1]
    return upright


def _orientation(picture: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none."""
    try:
        said = int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged metadata raises as much as damaged pictures do, but the pixels are there
        return 1
    return said if said in _AS_STORED else 1


def _eight_bits(picture: Image.Image, label: str) -> Image.Image:
    """The picture with grey values of 16 bits, or of floating point, brought to 8 bits; any other as it is."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    values = np.asarray(picture)
    if picture.mode.startswith("I;16"):
        brightest = 2 ** _bits_per_sample(picture) - 1
    elif picture.mode == "F" and values.min() >= 0 and values.max() <= 1:
        brightest = 1
    else:
        raise MediaError(f"{label} holds measurements whose black and white are not known; save it as an 8-bit PNG.")
    grey = np.rint(values * np.float32(255 / brightest)).astype(np.uint8)
    # For these modes, Pillow does not act on TIFF's "white is zero".
    if _tag(picture, TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, 0) == 0:
        grey = 255 - grey
    scaled = Image.fromarray(grey)
    if isinstance(key := picture.info.get("transparency"), int):
        scaled.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return scaled


def _bits_per_sample(picture: Image.Image) -> int:
    return int((_tag(picture, TiffImagePlugin.BITSPERSAMPLE, (16,)) or (16,))[0])


def _tag(picture: Image.Image, tag: int, default: Any) -> Any:
    """A TIFF tag; None for a picture that is not a TIFF."""
    return picture.tag_v2.get(tag, default) if isinstance(picture, TiffImagePlugin.TiffImageFile) else None


def _opaque(picture: Image.Image) -> Image.Image:
    """The picture in mode L, RGB, CMYK or LAB, on white where it is transparent."""
    if not picture.has_transparency_data:
        return picture if picture.mode in ("L", "RGB", "CMYK", "LAB") else picture.convert("RGB")
    if picture.mode == "La":  # Pillow goes from premultiplied grey to nothing else
        picture = picture.convert("LA")
    coloured = picture.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(coloured, mask=coloured)
    return white
