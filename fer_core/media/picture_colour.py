"""The colours that a picture file says its numbers stand for, and the way from there to sRGB.

In the order in which they win over each other, as the PNG specification (third edition) has it: code points for video
(`cICP` of PNG, `nclx` of HEIC and AVIF) where they name high dynamic range or wide primaries, an ICC profile, `sRGB`,
and `gAMA`.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from fer_core.media.colour import PEAK_NITS, needs_conversion, to_ordinary

_USUAL_GAMMA: Final = 1 / 2.2
_SAME_GAMMA: Final = 0.05
"""Gammas that are so near to the usual one, as a share of it, are the usual one."""

_LOOK_BYTES: Final = 1_000_000

ToSrgb = Callable[[Image.Image], Image.Image]
"""Takes a picture, or a part of it, of mode L, RGB, CMYK or LAB; gives mode RGB in sRGB."""


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
        place = data.find(b"colrnclx", 0, _LOOK_BYTES)
        if 0 <= place <= len(data) - 12:
            primaries, transfer = (int.from_bytes(data[at : at + 2], "big") for at in (place + 8, place + 10))
            return transfer, primaries
    return 2, 2
