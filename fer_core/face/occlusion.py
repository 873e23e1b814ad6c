"""Detection of partly covered faces: by a hand, a cup, a mask.

The mesh network places points on covered parts too. Two signs remain: a lower probability that the input shows a face,
and a less symmetric mesh.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face.mean_face import mean_face

LOWEST_PRESENCE: Final = 0.9
HIGHEST_ASYMMETRY: Final = 0.06
STRAIGHT_DEG: Final = 15.0
"""Largest turn of the head at which asymmetry is a sign of a cover: at 25 degrees it is 0.06 without a cover."""


@dataclass(frozen=True)
class Visibility:
    """Signs of a covered face.

    Attributes:
        presence: probability of a face by the mesh network, 0 to 1.
        asymmetry: see `asymmetry`.
        turned_deg: turn of the head to a side in degrees, which makes the mesh asymmetric too.
    """

    presence: float
    asymmetry: float
    turned_deg: float = 0.0

    @property
    def covered(self) -> bool:
        """Whether the face seems to be partly covered."""
        uneven = self.asymmetry > HIGHEST_ASYMMETRY and self.turned_deg < STRAIGHT_DEG
        return self.presence < LOWEST_PRESENCE or uneven


def asymmetry(shape: NDArray[np.floating]) -> float:
    """Root mean square distance between a face and its mirror image over that of the outer corners of the eyes.

    Args:
        shape: (468, 3), as `Fit.shape`.
    """
    mirrored = (np.asarray(shape, np.float64) * (-1, 1, 1))[mean_face().mirror]
    return float(np.sqrt(np.square(shape - mirrored).sum(axis=1).mean()))
