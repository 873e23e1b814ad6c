"""From a part of a picture to the square input of a network, and back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.candidates import Candidates
from fer_core.imaging.crops import cut
from fer_core.imaging.halvings import Halvings
from fer_core.readings import Box


@dataclass(frozen=True, eq=False)
class Letterboxed:
    """A part of a picture, shrunk or enlarged to fit into a square and centred on black.

    Attributes:
        pixels: float32 (side, side, 3), RGB, -1 to 1.
        scale: pixels of the picture per pixel of the square, across and down.
        right: where the left edge of the square lies in the picture, in pixels of the picture.
        down: where its upper edge lies.
    """

    pixels: NDArray[np.float32]
    scale: tuple[float, float]
    right: float
    down: float

    @classmethod
    def of(cls, halvings: Halvings, part: Box, side_px: int) -> "Letterboxed":
        """Cut a part out of a picture and fit it into a square.

        Args:
            halvings: of the picture.
            part: pixels of the picture; what lies outside of it repeats its border.
            side_px: side of the square.
        """
        longer = max(part.width, part.height)
        size = max(1, round(part.width * side_px / longer)), max(1, round(part.height * side_px / longer))
        picture, factor = halvings.shrunk(max(1.0, longer / side_px))
        left, top = part.x // factor, part.y // factor
        width, height = max(1, part.width // factor), max(1, part.height // factor)
        method = cv2.INTER_AREA if longer > side_px else cv2.INTER_LINEAR
        small = cv2.resize(cut(picture, Box(left, top, width, height)), size, interpolation=method)
        x, y = (side_px - size[0]) // 2, (side_px - size[1]) // 2
        square = np.zeros((side_px, side_px, 3), np.uint8)
        square[y : y + size[1], x : x + size[0]] = small
        pixels = cv2.cvtColor(square, cv2.COLOR_BGR2RGB).astype(np.float32)
        pixels *= 2 / 255
        pixels -= 1
        # Not of `part`: whole pixels of a halving were cut, and whole pixels of the square filled.
        across, down = width * factor / size[0], height * factor / size[1]
        return cls(pixels, (across, down), left * factor - x * across, top * factor - y * down)

    def in_picture(self, candidates: Candidates) -> Candidates:
        """Candidates in pixels of the square, in pixels of the picture."""
        return candidates.mapped(self.scale, self.right, self.down)
