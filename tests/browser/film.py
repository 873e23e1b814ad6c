"""What a camera sees in the tests."""

from pathlib import Path

import av
import cv2
import numpy as np

from tests.conftest import PORTRAIT

FPS = 10
PRESENT_S, AWAY_S = 20, 8


def film_face(path: Path) -> None:
    """Write the portrait, moving and changing its size, then an empty room: Motion JPEG, 640 x 480."""
    portrait = cv2.imread(str(PORTRAIT))
    with av.open(str(path), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuvj420p"
        for number in range((PRESENT_S + AWAY_S) * FPS):
            frame = av.VideoFrame.from_ndarray(_picture(portrait, number / FPS), format="bgr24")
            frame = frame.reformat(format="yuvj420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _picture(portrait: np.ndarray, time_s: float) -> np.ndarray:
    room = np.full((480, 640, 3), (96, 88, 80), np.uint8)
    if time_s < PRESENT_S:
        turn = 2 * np.pi * time_s / PRESENT_S
        side = round(440 + 40 * np.sin(2 * turn))
        left = round(100 + 60 * np.sin(turn))
        room[:side, left : left + side] = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)
    return room
