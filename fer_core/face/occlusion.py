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


@dataclass(frozen=True)
class Visibility:
    """How well a face is seen.

    Attributes:
        presence: how sure the mesh network is of a face, 0 to 1.
        asymmetry: see `asymmetry`.
    """

    presence: float
    asymmetry: float

    @property
    def covered(self) -> bool:
        """Whether the face seems to be partly covered, or is turned so far that one side cannot be seen."""
        return self.presence < LOWEST_PRESENCE or self.asymmetry > HIGHEST_ASYMMETRY


def asymmetry(shape: NDArray[np.floating]) -> float:
    """Root mean square distance between a face and its mirror image, over that of the outer corners of the eyes.

    Args:
        shape: (468, 3), as `Fit.shape`.
    """
    mirrored = (np.asarray(shape, np.float64) * (-1, 1, 1))[mean_face().mirror]
    return float(np.sqrt(np.square(shape - mirrored).sum(axis=1).mean()))
