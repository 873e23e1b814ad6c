"""Whether something lies over a face: a hand, a cup, a mask.

The mesh is a strong guess of a whole face, so a covered part is drawn where it would be. Two signs remain: the network
is less sure that it sees a face, and the halves of the mesh fit each other less well.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face.mean_face import mean_face

LOWEST_PRESENCE: Final = 0.9
HIGHEST_ASYMMETRY: Final = 0.06
STRAIGHT_DEG: Final = 15.0
"""Head turn up to which the asymmetry of the mesh says anything: at 25 degrees it is 0.06 without a cover."""


@dataclass(frozen=True)
class Visibility:
    """How well a face is seen.

    Attributes:
        presence: how sure the mesh network is of a face, 0 to 1.
        asymmetry: see `asymmetry`.
        turned_deg: how far the head is turned to a side; the halves of a turned face differ by themselves.
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
    """Root mean square distance between a face and its mirror image, over that of the outer corners of the eyes.

    Args:
        shape: (468, 3), as `Fit.shape`.
    """
    mirrored = (np.asarray(shape, np.float64) * (-1, 1, 1))[mean_face().mirror]
    return float(np.sqrt(np.square(shape - mirrored).sum(axis=1).mean()))
