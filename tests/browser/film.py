"""What a camera sees in the tests."""

from pathlib import Path

import cv2
import numpy as np

from tests.conftest import PORTRAIT

ALONE_S, COMPANY_S, AWAY_S = 7, 5, 5
PRESENT_S = ALONE_S + COMPANY_S

FPS = 10
_ROOM = (96, 88, 80)


def film_face(path: Path) -> None:
    """Write the portrait, moving and changing its size, then it twice, then an empty room: YUV4MPEG2, 640 x 480."""
    portrait = cv2.imread(str(PORTRAIT))
    with path.open("wb") as film:
        film.write(b"YUV4MPEG2 W640 H480 F%d:1 Ip A1:1 C420jpeg\n" % FPS)
        for number in range((PRESENT_S + AWAY_S) * FPS):
            film.write(b"FRAME\n" + cv2.cvtColor(_picture(portrait, number / FPS), cv2.COLOR_BGR2YUV_I420).tobytes())


def _picture(portrait: np.ndarray, time_s: float) -> np.ndarray:
    room = np.full((480, 640, 3), _ROOM, np.uint8)
    if time_s < ALONE_S:
        turn = 2 * np.pi * time_s / ALONE_S
        side = round(440 + 40 * np.sin(2 * turn))
        left = round(100 + 60 * np.sin(turn))
        room[:side, left : left + side] = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)
    elif time_s < PRESENT_S:
        head = cv2.resize(portrait[10:300, 90:330], (260, 314), interpolation=cv2.INTER_AREA)
        for left, shown in ((30, head), (350, head[:, ::-1])):
            room[100 : 100 + head.shape[0], left : left + head.shape[1]] = shown
    return room
