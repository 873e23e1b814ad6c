"""Openness of the eyes: mean distance of the lids over the width of the eye.

Soukupova and Cech (2016), "Real-time eye blink detection using facial landmarks", 21st Computer Vision Winter Workshop.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face.irises import Eye, Eyes
from fer_core.face.topology import LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER

_OUTER_CORNER, _INNER_CORNER = 0, 8

_MIDDLE_LIDS: Final = ((3, 11), (4, 12), (5, 13))
"""Pairs of lower and upper lid in the middle of `Eye.lids`."""


def openness(points: NDArray[np.floating], eyes: Eyes) -> tuple[float, float]:
    """Openness of the person's right and left eye, as a share of the width of the eye.

    Closed eyes have less than 0.1, open ones 0.2 to 0.4. The lids are those of the iris network; those of the mesh
    hardly move when an eye closes.

    Args:
        points: (468, 3), as `Landmarks.points`.
        eyes: of the same face.
    """
    right = _open(eyes.right, np.linalg.norm(points[RIGHT_EYE_OUTER] - points[RIGHT_EYE_INNER]))
    left = _open(eyes.left, np.linalg.norm(points[LEFT_EYE_OUTER] - points[LEFT_EYE_INNER]))
    return right, left


def _open(eye: Eye, width: np.floating) -> float:
    along = np.asarray(eye.lids[_OUTER_CORNER] - eye.lids[_INNER_CORNER], np.float64)
    across = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-9)
    gaps = [abs((eye.lids[upper] - eye.lids[lower]) @ across) for lower, upper in _MIDDLE_LIDS]
    return float(np.mean(gaps) / width) if width else 0.0
