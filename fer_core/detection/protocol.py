"""What every face detector offers."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fer_core.readings import Face


@runtime_checkable
class FaceDetector(Protocol):
    """Anything that finds faces in a picture."""

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """Find the faces.

        Args:
            image: uint8 (H, W, 3) BGR, or (H, W) grey; any size from 1x1 up.

        Returns:
            The faces, the largest first, with boxes in pixels of `image` that lie within it; empty where there is
            none.
        """
        ...
