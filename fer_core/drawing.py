"""Readings drawn into a picture."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import STYLES
from fer_core.readings import Box, FaceReading

UNCERTAIN_BGR = (110, 110, 110)
_FONT = cv2.FONT_HERSHEY_DUPLEX


def annotate(bgr: NDArray[np.uint8], readings: Sequence[FaceReading]) -> NDArray[np.uint8]:
    """A copy of the picture with a box and a caption around every face.

    Args:
        bgr: uint8 (H, W, 3).
        readings: of this picture; numbered from 1 where there are several.

    Returns:
        uint8 (H, W, 3), BGR.
    """
    canvas = bgr.copy()
    thickness = max(2, round(max(canvas.shape[:2]) / 350))
    for number, reading in enumerate(readings, start=1):
        x, y, width, height = reading.box.clipped(canvas.shape[1], canvas.shape[0])
        colour = UNCERTAIN_BGR if reading.uncertain else STYLES[reading.label].bgr
        cv2.rectangle(canvas, (x, y), (x + width - 1, y + height - 1), colour, thickness)
        _caption(canvas, caption(reading, number if len(readings) > 1 else None), x, y, colour)
    return canvas


def caption(reading: FaceReading, number: int | None = None) -> str:
    """A face's label in a few words, for example "2 happy 87%" or "uncertain: sad? 34%"."""
    words = f"uncertain: {reading.label}?" if reading.uncertain else reading.label
    return f"{'' if number is None else f'{number} '}{words} {reading.confidence:.0%}"


def overlay_activation(bgr: NDArray[np.uint8], readings: Sequence[FaceReading]) -> NDArray[np.uint8]:
    """A copy of the picture with each face's class activation map laid over it.

    Yellow marks the places that spoke most for the label, dark blue those that spoke least (the colour map cividis,
    which reads alike with and without colour-vision deficiency).

    Args:
        bgr: uint8 (H, W, 3).
        readings: of this picture.

    Returns:
        uint8 (H, W, 3), BGR.
    """
    canvas = bgr.copy()
    for reading in readings:
        box = reading.box
        inside = box.clipped(canvas.shape[1], canvas.shape[0])
        heat = cv2.resize(reading.activation, (box.width, box.height), interpolation=cv2.INTER_CUBIC)
        heat = np.clip(heat, 0, 1)[_window(inside, box)]
        colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_CIVIDIS)
        window = canvas[inside.y : inside.y + inside.height, inside.x : inside.x + inside.width]
        window[:] = cv2.addWeighted(window, 0.5, colours, 0.5, 0)
    return canvas


def _window(inside: Box, box: Box) -> tuple[slice, slice]:
    top, left = inside.y - box.y, inside.x - box.x
    return slice(top, top + inside.height), slice(left, left + inside.width)


def _caption(canvas: NDArray[np.uint8], text: str, x: int, y: int, colour: tuple[int, int, int]) -> None:
    """White on the box's colour, above the box where there is room, else inside it; never past the right border."""
    scale = max(0.35, max(canvas.shape[:2]) / 1100)
    thickness = 1 if scale < 1 else round(scale)
    (width, height), descent = cv2.getTextSize(text, _FONT, scale, thickness)
    pad = round(4 * scale) + 1
    left = max(0, min(x, canvas.shape[1] - width - 2 * pad))
    bottom = y if y >= height + descent + 2 * pad else min(canvas.shape[0], y + height + descent + 2 * pad)
    top = bottom - height - descent - 2 * pad
    cv2.rectangle(canvas, (left, top), (left + width + 2 * pad, bottom), colour, cv2.FILLED)
    origin = (left + pad, bottom - pad - descent)
    cv2.putText(canvas, text, origin, _FONT, scale, (255, 255, 255), thickness, cv2.LINE_AA)
