"""Recordings made for tests, of the portrait that comes with them."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.conftest import PORTRAIT

WIDTH, HEIGHT = 320, 240
FACE_SHARE = 0.19
"""Side of the face over the side of the portrait."""

_portrait = cv2.imread(str(PORTRAIT))


def scene(*people: tuple[float, float, float], width: int = WIDTH, height: int = HEIGHT, wall: int = 90) -> NDArray:
    """A picture of portraits in front of a wall: each (centre x, centre y, side) in pixels."""
    canvas = np.full((height, width, 3), wall, np.uint8)
    for x, y, side in people:
        small = cv2.resize(_portrait, (round(side), round(side)), interpolation=cv2.INTER_AREA)
        left, top = round(x - side / 2), round(y - side / 2)
        right, bottom = min(width, left + small.shape[1]), min(height, top + small.shape[0])
        canvas[max(0, top) : bottom, max(0, left) : right] = small[
            max(0, -top) : bottom - top, max(0, -left) : right - left
        ]
    return canvas


def other_person(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The portrait as somebody else might look: mirrored, its light from elsewhere, another skin."""
    mirrored = cv2.flip(bgr, 1).astype(np.float32)
    slope = np.linspace(0.45, 1.3, bgr.shape[0], dtype=np.float32)[:, None, None]
    return np.clip(mirrored * slope * (0.8, 0.95, 1.1), 0, 255).astype(np.uint8)


def write_video(
    path: Path,
    frames: Iterable[NDArray[np.uint8] | tuple[NDArray[np.uint8], float]],
    *,
    rate: int = 25,
    codec: str = "libx264",
    rotation: int = 0,
    sound_s: float = 0,
    options: dict[str, str] | None = None,
    **opening: Any,
) -> Path:
    """Write frames, each with its time in seconds or one after the other at `rate`; what they are sized decides."""
    with av.open(str(path), "w", **opening) as container:
        stream = None
        for number, given in enumerate(frames):
            picture, time_s = given if isinstance(given, tuple) else (given, number / rate)
            if stream is None:
                stream = container.add_stream(codec, rate=rate, options=options or {})
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
                base = Fraction(1, rate if path.suffix in (".avi", ".mpg") else 1000)  # these know frames, no times
                stream.codec_context.time_base = base
                if rotation:
                    stream.set_display_rotation(rotation)
                sound = container.add_stream("aac", rate=8000) if sound_s else None
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
            frame.pts, frame.time_base = round(time_s / base), base
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))
            if sound is not None:
                _write_sound(container, sound, sound_s)
    return path


def write_sound_only(path: Path, seconds: float = 1.0) -> Path:
    """A recording without a picture."""
    with av.open(str(path), "w") as container:
        _write_sound(container, container.add_stream("aac", rate=8000), seconds)
    return path


def _write_sound(container: Any, stream: Any, seconds: float) -> None:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, round(8000 * seconds)), np.float32), format="fltp", layout="mono")
    frame.rate, frame.pts = 8000, 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
