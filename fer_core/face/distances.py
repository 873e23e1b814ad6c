"""Distances of a face that its expressions change."""

import numpy as np
from numpy.typing import NDArray

from fer_core.face.topology import (
    CHIN,
    LEFT_BROW,
    LEFT_EYE_INNER,
    LEFT_EYE_OUTER,
    LIP_LOWER_OUTER,
    LIP_UPPER_OUTER,
    MOUTH_LEFT,
    MOUTH_RIGHT,
    NOSE_BASE,
    RIGHT_BROW,
    RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER,
)
from fer_core.timeline.face.movements import Geometry


def distances(shape: NDArray[np.floating], eye_openness: float) -> Geometry:
    """Measure one face.

    Args:
        shape: (468, 3), as `Fit.shape`.
        eye_openness: mean of both eyes; see `fer_core.face.eyes.openness`.
    """
    eyes = shape[[RIGHT_EYE_OUTER, RIGHT_EYE_INNER, LEFT_EYE_INNER, LEFT_EYE_OUTER], 1].mean()
    lips = shape[[LIP_UPPER_OUTER, LIP_LOWER_OUTER], 1].mean()
    return Geometry(
        brow_height=float(eyes - shape[[*RIGHT_BROW, *LEFT_BROW], 1].mean()),
        brow_gap=float(np.linalg.norm(shape[RIGHT_BROW[-1]] - shape[LEFT_BROW[-1]])),
        eye_openness=eye_openness,
        mouth_width=float(np.linalg.norm(shape[MOUTH_RIGHT] - shape[MOUTH_LEFT])),
        corner_height=float(lips - shape[[MOUTH_RIGHT, MOUTH_LEFT], 1].mean()),
        jaw=float(np.linalg.norm(shape[CHIN] - shape[NOSE_BASE])),
    )
