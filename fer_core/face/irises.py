"""Irises and lids of both eyes.

Ablavatski et al. (2020), "Real-time pupil tracking from monocular video for digital puppetry",
https://arxiv.org/abs/2006.11341.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.face.landmarks import Landmarks, unit_rgb
from fer_core.face.topology import LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER
from fer_core.imaging.crops import bgr
from fer_core.imaging.halvings import Halvings
from fer_core.networks.face_files import IRIS, face_network
from fer_core.networks.fixed import FixedNetwork

MARGIN: Final = 2.3
"""Side of the network's square input over the distance of the corners of the eye, as in its training."""

LID_POINTS: Final = 16
"""The first points of the contour lie on the edges of the lids: outer corner, seven of the lower lid, inner corner,
seven of the upper lid; both lids from the outside to the inside."""


@dataclass(frozen=True, eq=False)
class Eye:
    """One eye.

    Attributes:
        iris: float32 (5, 2), middle of the iris and four points of its border, in pixels of the picture.
        lids: float32 (16, 2), edges of the lids, in pixels of the picture; see `LID_POINTS`.
    """

    iris: NDArray[np.float32]
    lids: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Eyes:
    """Both eyes of a face, as the person has them."""

    right: Eye
    left: Eye


class IrisFinder:
    """Finds irises and lids. Safe to share between threads.

    Args:
        folder: holds the network and its card; None for `models/faces`.

    Raises:
        ModelError: the network is missing or damaged.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._network = FixedNetwork(face_network(IRIS, folder))

    def __call__(self, image: NDArray[np.uint8], faces: Sequence[Landmarks]) -> list[Eyes]:
        """The eyes of each face.

        Args:
            image: uint8 (H, W, 3) BGR or (H, W) grey.
            faces: found in `image`.

        Returns:
            One for each of `faces`, in their order.
        """
        halvings, side = Halvings(bgr(image)), self._network.shape[1]
        matrices = [matrix for face in faces for matrix in _views(face.points, side)]
        outputs = self._network.each([unit_rgb(_cut(halvings, matrix, side)) for matrix in matrices])
        eyes = [_eye(matrix, *output) for matrix, output in zip(matrices, outputs, strict=True)]
        return [Eyes(right, left) for right, left in zip(eyes[::2], eyes[1::2], strict=True)]


def _views(points: NDArray[np.float32], side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Maps from pixels of the squares around the right and the left eye to the picture; the left one is mirrored.

    The network was trained on the eye at the left of the picture, which is the person's right one.
    """
    right = _view(points[RIGHT_EYE_OUTER, :2], points[RIGHT_EYE_INNER, :2], side)
    left = _view(points[LEFT_EYE_INNER, :2], points[LEFT_EYE_OUTER, :2], side)
    mirrored = left * (-1, 1, 1)
    mirrored[:, 2] = left[:, 2] + left[:, 0] * side
    return right, mirrored


def _view(start: NDArray[np.float32], end: NDArray[np.float32], side: int) -> NDArray[np.float64]:
    middle, along = (start + end) / 2, (end - start).astype(np.float64)
    step = along * MARGIN / side
    if not step.any():
        step = np.array([1.0 / side, 0.0])
    matrix = np.array([[step[0], -step[1]], [step[1], step[0]]])
    return np.hstack([matrix, (middle - matrix @ (side / 2, side / 2))[:, None]])


def _cut(halvings: Halvings, matrix: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    picture, factor = halvings.shrunk(max(1.0, float(np.hypot(*matrix[:, 0]))))
    middles = matrix / factor
    middles[:, 2] += middles[:, :2].sum(axis=1) / 2 - 0.5  # cv2 counts from the centres of pixels
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, middles, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _eye(matrix: NDArray[np.float64], contour: NDArray[np.float32], iris: NDArray[np.float32]) -> Eye:
    def in_picture(flat: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(flat.reshape(-1, 3)[:, :2] @ matrix[:, :2].T + matrix[:, 2], np.float32)

    return Eye(in_picture(iris), in_picture(contour)[:LID_POINTS])
