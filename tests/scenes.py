"""Pictures with a known number of faces, made of the portrait; and pictures without one."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.readings import Box

PORTRAIT = Path(__file__).parent / "data" / "astronaut.png"
FACE = Box(179, 67, 93, 93)
"""The face of the portrait, from the brows to the chin."""

_CUT = Box(120, 20, 210, 200)


def portrait() -> NDArray[np.uint8]:
    """The portrait: uint8 (512, 512, 3) BGR."""
    return np.asarray(cv2.imread(str(PORTRAIT)), np.uint8)


def crowd(width: int, height: int, face_px: int, *, seed: int = 0) -> tuple[NDArray[np.uint8], list[Box]]:
    """Twelve faces of `face_px`, somewhere in a grid of four by three, before a soft background; and their boxes."""
    rng = np.random.default_rng(seed)
    spots = rng.integers(60, 190, (height // 80, width // 80, 3)).astype(np.uint8)
    scene = np.asarray(cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    scale = face_px / FACE.width
    cut = portrait()[_CUT.y : _CUT.y + _CUT.height, _CUT.x : _CUT.x + _CUT.width]
    size = round(_CUT.width * scale), round(_CUT.height * scale)
    person = cv2.resize(cut, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    boxes = []
    for place in range(12):
        x = place % 4 * width // 4 + int(rng.integers(0, width // 4 - size[0]))
        y = place // 4 * height // 3 + int(rng.integers(0, height // 3 - size[1]))
        scene[y : y + size[1], x : x + size[0]] = person
        left, top = round(x + (FACE.x - _CUT.x) * scale), round(y + (FACE.y - _CUT.y) * scale)
        boxes.append(Box(left, top, face_px, face_px))
    return scene, boxes


def faceless() -> dict[str, NDArray[np.uint8]]:
    """Pictures of 640 x 480 pixels without a face, by name."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((480, 640))
    text = np.full((480, 640, 3), 255, np.uint8)
    for line in range(14):
        cv2.putText(text, "The quick brown fox o0o 8 oOo", (10, 30 + 33 * line), 0, 1.0, (0, 0, 0), 2)
    discs = np.full((480, 640, 3), (120, 160, 90), np.uint8)
    for x, y, radius in zip(*(rng.integers(low, high, 40) for low, high in ((0, 640), (0, 480), (8, 60))), strict=True):
        cv2.circle(discs, (int(x), int(y)), int(radius), tuple(map(int, rng.integers(0, 255, 3))), -1)
    soft = cv2.GaussianBlur(rng.integers(0, 255, (480, 640, 3)).astype(np.float32), (0, 0), 6)
    soft = 255 * (soft - soft.min()) / (soft.max() - soft.min())
    waves = 127 + 60 * np.sin(columns / 23) + 60 * np.cos(rows / 17)
    return {
        "black": np.zeros((480, 640, 3), np.uint8),
        "flat": np.full((480, 640, 3), 200, np.uint8),
        "noise": rng.integers(0, 255, (480, 640, 3)).astype(np.uint8),
        "soft noise": soft.astype(np.uint8),
        "text": text,
        "discs": discs,
        "checkerboard": np.repeat((255 * ((rows // 40 + columns // 40) % 2)).astype(np.uint8)[..., None], 3, axis=2),
        "waves": np.repeat(waves.astype(np.uint8)[..., None], 3, axis=2),
    }
