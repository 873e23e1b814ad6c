"""A picture at several sizes, for cutting many parts out of a large one."""

import cv2
import numpy as np
from numpy.typing import NDArray


class Halvings:
    """A picture and its halves, quarters and so on, each made when it is first needed. For one thread.

    Many parts of a large picture can be shrunk from one of them, which costs a tenth of shrinking each from the whole.

    Args:
        image: uint8 (H, W, 3) BGR.
    """

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self._pictures = [image]

    @property
    def image(self) -> NDArray[np.uint8]:
        """The picture itself."""
        return self._pictures[0]

    def shrunk(self, factor: float) -> tuple[NDArray[np.uint8], int]:
        """The smallest halving that still has at least 1 / `factor` of the resolution of the picture.

        Args:
            factor: pixels of the picture per pixel that are going to be used, 1 or more.

        Returns:
            The picture, and by how much it was shrunk: 1, 2, 4, ...
        """
        steps = 0
        while 2 ** (steps + 1) <= factor and min(self.image.shape[:2]) >= 2 ** (steps + 2):
            steps += 1
        while len(self._pictures) <= steps:
            last = self._pictures[-1]
            height, width = last.shape[0] // 2, last.shape[1] // 2
            even = last[: 2 * height, : 2 * width]
            self._pictures.append(np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8))
        return self._pictures[steps], 2**steps
