"""The outline of a face: the landmarks that are kept of a reading, how lines join them, and their compact text.

An outline is base64 of uint8 (`POINTS`, 2): x and y of each point within the face box, where 0 stands for `LOW` and 255
for `HIGH` in widths and heights of the box. The landmarks are those of the contours of the face mesh with 468 points
(Kartynnik et al., 2019).
"""

import base64
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.readings import Box, FaceMesh

OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""Border of the face, clockwise in the picture from the middle of the forehead."""

RIGHT_BROW: Final = (70, 63, 105, 66, 107)
LEFT_BROW: Final = (300, 293, 334, 296, 336)
RIGHT_EYE: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_EYE: Final = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
NOSE_RIDGE: Final = (168, 6, 197, 195, 5, 4)
NOSE_BASE: Final = (98, 97, 2, 326, 327)
LIPS_OUTER: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
LIPS_INNER: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)

CLOSED: Final = (OVAL, RIGHT_EYE, LEFT_EYE, LIPS_OUTER, LIPS_INNER)
OPEN: Final = (RIGHT_BROW, LEFT_BROW, NOSE_RIDGE, NOSE_BASE)

LANDMARKS: Final = tuple(landmark for line in (*CLOSED, *OPEN) for landmark in line)
"""The kept landmarks of the mesh, in the order of the outline's points; the irises follow."""

POINTS: Final = len(LANDMARKS) + 4
"""Points of an outline. The last four are the middle and a point of the rim of the right iris, then of the left one."""

_KEPT: Final = np.array(LANDMARKS)

LOW: Final = -0.25
HIGH: Final = 1.25
_STEPS: Final = 255


def lines() -> list[list[int]]:
    """The points that each line joins, as places in the outline; closed lines end where they begin."""
    found, start = [], 0
    for line in (*CLOSED, *OPEN):
        places = list(range(start, start + len(line)))
        found.append([*places, start] if line in CLOSED else places)
        start += len(line)
    return found


def circles() -> list[tuple[int, int]]:
    """The middle and a point of the rim of each iris, as places in the outline."""
    return [(POINTS - 4, POINTS - 3), (POINTS - 2, POINTS - 1)]


def packed(mesh: FaceMesh, box: Box) -> str | None:
    """The outline of a face as text; None where the mesh has no landmarks.

    Args:
        mesh: with landmarks in pixels of the picture.
        box: of the face, in the same pixels. Points further than a quarter of its sides outside are moved to there.
    """
    if not len(mesh.landmarks):
        return None
    points = np.concatenate([mesh.landmarks[_KEPT, :2], _circles(mesh.irises)])
    shares = (points - (box.x, box.y)) / (max(box.width, 1), max(box.height, 1))
    steps = np.round((shares - LOW) * (_STEPS / (HIGH - LOW)))
    return base64.b64encode(np.clip(steps, 0, _STEPS).astype(np.uint8).tobytes()).decode()


def unpacked(texts: Sequence[str]) -> NDArray[np.float32]:
    """The outlines of several readings.

    Args:
        texts: as `packed` makes them.

    Returns:
        float32 (len(texts), `POINTS`, 2), x and y as shares of the face box's width and height.

    Raises:
        ValueError: a text is no outline.
    """
    steps = np.frombuffer(joined(texts), np.uint8).reshape(len(texts), POINTS, 2)
    return (LOW + steps * ((HIGH - LOW) / _STEPS)).astype(np.float32)


def joined(texts: Sequence[str]) -> bytes:
    """The bytes of several outlines, one after the other.

    Raises:
        ValueError: a text is no outline.
    """
    outlines = [base64.b64decode(text, validate=True) for text in texts]
    if any(len(outline) != 2 * POINTS for outline in outlines):
        raise ValueError(f"an outline has not {POINTS} points")
    return b"".join(outlines)


def _circles(irises: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of irises (2, 5, 2), the middle of each and the point of its mean rim to the right of it, (4, 2)."""
    middles = irises[:, 0].astype(np.float64)
    rims = middles.copy()
    rims[:, 0] += np.linalg.norm(irises[:, 1:] - irises[:, :1], axis=2).mean(axis=1)
    return np.stack([middles, rims], axis=1).reshape(-1, 2)
