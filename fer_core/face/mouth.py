"""Openness of the mouth."""

import numpy as np
from numpy.typing import NDArray

from fer_core.face.topology import LIP_GAPS


def openness(shape: NDArray[np.floating]) -> float:
    """Mean distance of the inner edges of the lips over that of the outer corners of the eyes.

    Args:
        shape: (468, 3), as `Fit.shape`: without the pose of the head.
    """
    return float(np.mean([np.linalg.norm(shape[upper] - shape[lower]) for upper, lower in LIP_GAPS]))
