"""The colours that a picture file says its numbers stand for, and the way from there to sRGB.

In the order in which they win over each other, as the PNG specification (third edition) has it: code points for video
(`cICP` of PNG, `nclx` of HEIC and AVIF) where they name high dynamic range or wide primaries, an ICC profile, `sRGB`,
and `gAMA`.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from fer_core.media.colour import PEAK_NITS, needs_conversion, to_ordinary

_USUAL_GAMMA: Final = 1 / 2.2
_SAME_GAMMA: Final = 0.05
"""Gammas that are so near to the usual one, as a share of it, are the usual one."""

ToSrgb = Callable[[Image.Image], Image.Image]
"""Takes a picture, or a part of it, of mode L, RGB, CMYK or LAB; gives mode RGB in sRGB."""

_MOST_BOXES: Final = 10_000
"""Boxes of a file or box that are looked at: an honest one has some dozens."""

_Box = tuple[bytes, int, int]
"""Four letters, and where the content of the box begins and ends in the file."""


def way_to_srgb(picture: Image.Image, data: bytes) -> ToSrgb:
    """How the picture's colours become sRGB; those of a broken profile are taken as they are.

    Args:
        picture: opened by Pillow; its mode does not matter.
        data: the file that it was opened from.
    """
    transfer, primaries = _code_points(picture.format or "", data)
    if needs_conversion(transfer, primaries):
        return lambda part: _of_video(part, transfer, primaries)
    profile = picture.info.get("icc_profile")
    if profile or picture.mode == "LAB":
        return _Profile(profile).apply
    gamma = picture.info.get("gamma")
    if picture.format == "PNG" and gamma and "srgb" not in picture.info:
        power = _USUAL_GAMMA / min(max(float(gamma), 0.1), 10.0)
        if abs(power - 1) > _SAME_GAMMA:
            table = [round(255 * (code / 255) ** power) for code in range(256)]
            return lambda part: part.convert("RGB").point(table * 3)
    return lambda part: part if part.mode == "RGB" else part.convert("RGB")


class _Profile:
    """An ICC profile, or CIE L*a*b* where there is none; made into transforms when the mode is known."""

    def __init__(self, icc_profile: bytes | None) -> None:
        self._icc_profile = icc_profile
        self._transforms: dict[str, ImageCms.ImageCmsTransform | None] = {}

    def apply(self, part: Image.Image) -> Image.Image:
        if part.mode not in self._transforms:
            self._transforms[part.mode] = self._transform(part.mode)
        transform = self._transforms[part.mode]
        return part.convert("RGB") if transform is None else transform.apply(part)

    def _transform(self, mode: str) -> ImageCms.ImageCmsTransform | None:
        try:
            if mode == "LAB":
                source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
            elif self._icc_profile:
                source = ImageCms.ImageCmsProfile(BytesIO(self._icc_profile))
            else:
                return None
            srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            return ImageCms.ImageCmsTransform(source, srgb, mode, "RGB")
        except (OSError, TypeError, ValueError):  # the profile is broken, or is for another kind of picture
            return None


def _of_video(part: Image.Image, transfer: int, primaries: int) -> Image.Image:
    codes = np.asarray(part.convert("RGB")).astype(np.uint16) * 257
    return Image.fromarray(np.ascontiguousarray(to_ordinary(codes, transfer, primaries, PEAK_NITS)[:, :, ::-1]))


def _code_points(kind: str, data: bytes) -> tuple[int, int]:
    """Transfer function and primaries by ITU-T H.273; 2 (not specified) where the file does not say."""
    if kind == "PNG":
        place = 8
        while place + 12 <= len(data) and data[place + 4 : place + 8] not in (b"IDAT", b"IEND"):
            if data[place + 4 : place + 8] == b"cICP":
                return data[place + 9], data[place + 8]
            place += 12 + int.from_bytes(data[place : place + 4], "big")
    elif kind in ("AVIF", "HEIF"):
        for kind_of_box, start, end in _properties_of_primary(data):
            if kind_of_box == b"colr" and data[start : start + 4] == b"nclx" and end - start >= 8:
                return _number(data, start + 6, 2), _number(data, start + 4, 2)
    return 2, 2


def _properties_of_primary(data: bytes) -> list[_Box]:
    """Boxes that describe the picture itself, of all that a HEIF or AVIF file may hold, such as its HDR rendition.

    ISO/IEC 23008-12: `pitm` names the primary item, `ipma` numbers its properties, and `ipco` holds those of all items.
    """
    meta = next(((start + 4, end) for kind, start, end in _boxes(data, 0, len(data)) if kind == b"meta"), (0, 0))
    inner = {kind: (start, end) for kind, start, end in _boxes(data, *meta) if end - start >= 8 or kind == b"pitm"}
    if not {b"pitm", b"iprp"} <= inner.keys() or inner[b"pitm"][1] - inner[b"pitm"][0] < 6:
        return []
    start, _ = inner[b"pitm"]
    primary = _number(data, start + 4, 4 if data[start] else 2)
    parts = {kind: (start, end) for kind, start, end in _boxes(data, *inner[b"iprp"]) if end - start >= 8}
    if not {b"ipco", b"ipma"} <= parts.keys():
        return []
    held = list(_boxes(data, *parts[b"ipco"]))
    return [held[number - 1] for number in _associated(data, *parts[b"ipma"], primary) if 0 < number <= len(held)]


def _associated(data: bytes, start: int, end: int, item: int) -> list[int]:
    """Numbers of the properties of an item, from 1, by an `ipma` box."""
    item_bytes, wide = (4 if data[start] else 2), bool(data[start + 3] & 1)
    place = start + 8
    for _ in range(_number(data, start + 4, 4)):
        if place + item_bytes >= end:
            break
        found, count = _number(data, place, item_bytes), data[place + item_bytes]
        place += item_bytes + 1
        size = 2 if wide else 1
        if found == item:
            mask = 0x7FFF if wide else 0x7F  # the highest bit says that readers must know the property
            return [_number(data, place + size * each, size) & mask for each in range(count)]
        place += size * count
    return []


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    """The boxes of a part of a file; those of a damaged one up to where it makes no sense."""
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        size, head = _number(data, start, 4), 8
        if size == 1:
            size, head = _number(data, start + 8, 8), 16
        size = size or end - start
        if size < head or start + size > end:
            return
        yield data[start + 4 : start + 8], start + head, start + size
        start += size


def _number(data: bytes, place: int, size: int) -> int:
    return int.from_bytes(data[place : place + size], "big")
