"""What every face detector offers."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fer_core.readings import Face
from fer_core.request import Parameter


@runtime_checkable
class FaceDetector(Protocol):
    """Anything that finds faces in a picture, and says what its finds depend on.

    Attributes:
        name: key of `fer_core.detection.DETECTORS`, or what a detector of your own is called.
        parameters: everything that a person can choose, by the name of the constructor's argument.
        files: SHA-256 of every file that is used, by its name.
        libraries: distributions that compute besides `fer_core.provenance.COMPUTING`.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    @property
    def libraries(self) -> Sequence[str]:
        """See above."""
        ...

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """See above."""
        ...

    @property
    def files(self) -> Mapping[str, str]:
        """See above."""
        ...

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """Find the faces.

        Args:
            image: uint8 (H, W, 3) BGR, or (H, W) grey; any size from 1x1 up.

        Returns:
            The faces, the largest first, with boxes in pixels of `image` that lie within it; empty where there is
            none.
        """
        ...
