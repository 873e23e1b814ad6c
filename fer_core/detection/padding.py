"""The second try, for pictures that are nothing but a face.

A cascade looks for a face with something around it and within the picture, so it finds hardly any tightly cut face. The
same face with a border around it is found far more often.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.readings import Face


def search_padded(
    search: Callable[[NDArray[np.uint8]], list[Face]], image: NDArray[np.uint8], share: float = 0.5
) -> list[Face]:
    """Search a picture with a border around it.

    Args:
        search: finds faces in a picture.
        image: uint8 (H, W) or (H, W, 3).
        share: width of the border, as a share of the shorter side.

    Returns:
        What was found, with boxes in pixels of `image`, cut off at its border. A find of which less than half lies
        in the picture is dropped: the repeated border made it.
    """
    height, width = image.shape[:2]
    border = max(1, round(share * min(height, width)))
    # Repeating the border rather than one colour: no edge arises where the picture ends.
    padded = np.asarray(cv2.copyMakeBorder(image, border, border, border, border, cv2.BORDER_REPLICATE), np.uint8)
    faces = []
    for face in search(padded):
        whole = face.box.moved(-border, -border)
        box = whole.clipped(width, height)
        if box.area >= whole.area / 2:
            faces.append(Face(box, face.confidence))
    return faces
