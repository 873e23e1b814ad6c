"""The mesh drawn over a face, and a head pose as a small drawn head."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.face.mean_face import mean_face
from fer_core.face.pose import rotation
from fer_core.face.topology import CHIN, LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER
from fer_core.readings import FaceReading, Pose

LINE_BGR: Final = (235, 225, 150)
IRIS_BGR: Final = (40, 200, 255)

HEAD_RGB: Final = (120, 130, 150)
NOSE_RGB: Final = (230, 110, 30)

HALF_HEAD: Final = 1.35
"""Half the side of the picture of the drawn head, in distances of the outer corners of the eyes."""

LONGEST_EDGE: Final = 0.3
"""Longest edge that is drawn, in distances of the outer corners of the eyes: longer ones cross the face's outline."""

_NOSE_TIP: Final = 1
_EYES: Final = ((RIGHT_EYE_OUTER, RIGHT_EYE_INNER), (LEFT_EYE_INNER, LEFT_EYE_OUTER))


def overlay_mesh(bgr: NDArray[np.uint8], readings: Sequence[FaceReading]) -> NDArray[np.uint8]:
    """A copy of the picture with the mesh and the irises of each face that has a mesh.

    Args:
        bgr: uint8 (H, W, 3).
        readings: of this picture.

    Returns:
        uint8 (H, W, 3), BGR.
    """
    canvas = bgr.copy()
    for reading in readings:
        if reading.mesh is None:
            continue
        points = np.round(reading.mesh.landmarks[:, :2]).astype(np.int32)
        cv2.polylines(canvas, list(points[edges()]), isClosed=False, color=LINE_BGR, thickness=1)
        for iris in reading.mesh.irises:
            radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
            middle = (round(float(iris[0, 0])), round(float(iris[0, 1])))
            cv2.circle(canvas, middle, max(1, round(radius)), IRIS_BGR, 1, cv2.LINE_AA)
    return canvas


def head(pose: Pose, side_px: int = 120) -> NDArray[np.uint8]:
    """A head with this pose, with a line from the tip of its nose to where the nose points.

    Args:
        pose: of the head.
        side_px: of the picture.

    Returns:
        uint8 (side_px, side_px, 4), RGBA with a transparent ground.
    """
    canvas = np.zeros((side_px, side_px, 4), np.uint8)
    mean = mean_face().points
    middle = (mean.min(axis=0) + mean.max(axis=0)) / 2
    turned = (mean - middle) @ rotation(pose).T
    scale = side_px / (2 * HALF_HEAD)
    places = np.round(turned[:, :2] * scale + side_px / 2).astype(np.int32)
    cv2.polylines(canvas, list(places[edges()]), isClosed=False, color=(*HEAD_RGB, 150), thickness=1)
    strong = max(2, side_px // 50)
    for start, end in _EYES:
        cv2.line(canvas, places[start].tolist(), places[end].tolist(), (*HEAD_RGB, 255), strong + 1)
    towards = rotation(pose) @ (0.0, 0.0, -0.9)
    tip = np.round((turned[_NOSE_TIP] + towards)[:2] * scale + side_px / 2).astype(int)
    cv2.arrowedLine(canvas, places[_NOSE_TIP].tolist(), tip.tolist(), (*NOSE_RGB, 255), strong, cv2.LINE_AA)
    cv2.circle(canvas, places[CHIN].tolist(), strong, (*HEAD_RGB, 255), cv2.FILLED)
    return canvas


@cache
def edges() -> NDArray[np.intp]:
    """Lines of a drawn mesh, int (N, 2), pairs of landmarks: the triangulation of the mean face seen from the front."""
    points = np.asarray(mean_face().points[:, :2], np.float32)
    (left, top), (width, height) = points.min(axis=0) - 1, np.ptp(points, axis=0) + 2
    plane = cv2.Subdiv2D()
    plane.initDelaunay2f((float(left), float(top), float(width), float(height)))
    plane.insert(points.tolist())
    numbers = {place: number for number, place in enumerate(map(tuple, points.tolist()))}
    ends = np.asarray(plane.getEdgeList(), np.float32).reshape(-1, 2, 2).tolist()
    lines = [[numbers.get((x, y), -1) for x, y in line] for line in ends]
    pairs = np.array([sorted(line) for line in lines if min(line) >= 0])  # others lead to the border of the plane
    lengths = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    return np.unique(pairs[lengths < LONGEST_EDGE], axis=0)
