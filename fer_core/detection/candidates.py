"""Candidates for faces as arrays: boxes, keypoints and scores, in which a face can be there several times."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEYPOINTS: Final = 6
"""Right eye, left eye, nose, mouth, right ear, left ear, as the person has them."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Boxes with keypoints and scores, in pixels of one picture.

    Attributes:
        corners: float32 (N, 4), left, top, right, bottom.
        keypoints: float32 (N, 6, 2), x and y, in the order of `KEYPOINTS`.
        scores: float32 (N,), 0 to 1.
    """

    corners: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)

    def where(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Candidates":
        """The candidates in the given rows."""
        return Candidates(self.corners[rows], self.keypoints[rows], self.scores[rows])

    def mapped(self, scale: float | tuple[float, float], right: float, down: float) -> "Candidates":
        """The candidates in another picture: multiplied by `scale` (or by one across and one down), then shifted."""
        factor, shift = np.array(scale, np.float32), np.array([right, down], np.float32)
        corners = (self.corners.reshape(-1, 2, 2) * factor + shift).reshape(-1, 4)
        keypoints = self.keypoints * factor + shift
        return Candidates(corners.astype(np.float32), keypoints.astype(np.float32), self.scores)


def together(parts: list[Candidates]) -> Candidates:
    """All candidates of several searches, in their order; of none, no candidate."""
    if not parts:
        return Candidates(
            np.zeros((0, 4), np.float32), np.zeros((0, KEYPOINTS, 2), np.float32), np.zeros(0, np.float32)
        )
    return Candidates(
        np.concatenate([part.corners for part in parts]),
        np.concatenate([part.keypoints for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
