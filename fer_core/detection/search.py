"""What a search of a still picture comes to, whichever detector makes it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.protocol import FaceDetector
from fer_core.detection.turning import Turn
from fer_core.readings import Face


@dataclass(frozen=True)
class Search:
    """Result of one search.

    Attributes:
        faces: the largest first, boxes within the picture.
        turn: by how much the picture has to be turned clockwise so that its faces are upright; boxes and keypoints are
            those of the picture as it is.
        smallest_px: faces with a shorter side than this were not looked for, in pixels of the picture; None where the
            detector does not say.
    """

    faces: tuple[Face, ...]
    turn: Turn = Turn.NONE
    smallest_px: int | None = None


@runtime_checkable
class Searching(Protocol):
    """A detector that says more of a picture than where its faces are.

    Its method has a name that no detector has by chance: Python asks for the name alone, not for what it returns.
    """

    def search_still(self, image: NDArray[np.uint8]) -> Search:
        """Search a still picture, uint8 (H, W, 3) BGR or (H, W) grey."""
        ...


def searched(detector: FaceDetector, image: NDArray[np.uint8]) -> Search:
    """Search a picture with any detector; one that finds faces alone says nothing of turns and sizes."""
    return detector.search_still(image) if isinstance(detector, Searching) else Search(tuple(detector.detect(image)))
