"""Pictures that lie on their side or stand on their head."""

from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.candidates import Candidates


class Turn(IntEnum):
    """By how many degrees a picture has to be turned clockwise so that its faces are upright."""

    NONE = 0
    CLOCKWISE = 90
    HALF = 180
    COUNTERCLOCKWISE = 270

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture turned clockwise: uint8, (H, W) or (H, W, 3)."""
        return np.ascontiguousarray(np.rot90(image, -(self // 90)))

    def undo(self, candidates: Candidates, width: int, height: int) -> Candidates:
        """Candidates of the turned picture, in pixels of the picture as it was.

        Args:
            candidates: found in `apply(image)`.
            width: of the picture before turning.
            height: of the picture before turning.
        """
        corners = self._back(candidates.corners.reshape(-1, 2, 2), width, height)
        boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        return Candidates(boxes, self._back(candidates.keypoints, width, height), candidates.scores)

    def _back(self, points: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
        x, y = points[..., 0], points[..., 1]
        places = {
            Turn.NONE: (x, y),
            Turn.CLOCKWISE: (y, height - x),
            Turn.HALF: (width - x, height - y),
            Turn.COUNTERCLOCKWISE: (width - y, x),
        }
        return np.stack(places[self], axis=-1).astype(np.float32)


TURNED = (Turn.CLOCKWISE, Turn.COUNTERCLOCKWISE, Turn.HALF)
"""The turns that are tried, the more frequent ones of phone pictures first."""


def upright_turn(keypoints: NDArray[np.float32]) -> Turn:
    """The turn that brings a face closest to upright, by the line from the middle of its eyes to its mouth.

    Args:
        keypoints: float32 (6, 2), as `Candidates.keypoints`.
    """
    x, y = keypoints[3] - (keypoints[0] + keypoints[1]) / 2
    degrees = float(np.degrees(np.arctan2(x, y)))  # 0 upright, 90 where the mouth is to the right of the eyes
    return Turn(round(degrees / 90) * 90 % 360)


def padded(image: NDArray[np.uint8], border_px: int) -> NDArray[np.uint8]:
    """The picture with a black border: uint8 (H + 2 * border_px, W + 2 * border_px, 3)."""
    sides = (border_px,) * 4
    return np.asarray(cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=(0, 0, 0)), np.uint8)
