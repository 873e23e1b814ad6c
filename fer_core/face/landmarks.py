"""The surface of a face as 468 points.

Kartynnik et al. (2019), "Real-time facial surface geometry from monocular video on mobile GPUs",
https://arxiv.org/abs/1907.06724.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.imaging.alignment import Alignment
from fer_core.imaging.crops import bgr
from fer_core.imaging.halvings import Halvings
from fer_core.networks.face_files import MESH, face_network
from fer_core.networks.fixed import FixedNetwork
from fer_core.readings import Face

POINTS: Final = 468

VIEW: Final = (-8.8, -6.2, 64.7)
"""The network's square input in the aligned face: left, top and side in pixels of FER2013. It is 1.5 times as large as
BlazeFace's box, around the same centre, as in the network's training."""


@dataclass(frozen=True, eq=False)
class Landmarks:
    """The mesh of one face.

    Attributes:
        points: float32 (468, 3); x and y in pixels of the picture, z the depth in the same unit, smaller towards the
            camera and 0 at about the depth of the head's middle. Depth is learnt, not measured.
        presence: probability that the input shows a face, 0 to 1.
        alignment: of the face in the picture.
    """

    points: NDArray[np.float32]
    presence: float
    alignment: Alignment


class MeshFinder:
    """Finds the landmarks of faces. Safe to share between threads.

    Args:
        folder: holds the network and its card; None for `models/faces`.

    Raises:
        ModelError: the network is missing or damaged.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._network = FixedNetwork(face_network(MESH, folder))

    def __call__(self, image: NDArray[np.uint8], faces: Sequence[Face]) -> list[Landmarks]:
        """The landmarks of each face.

        Args:
            image: uint8 (H, W, 3) BGR or (H, W) grey.
            faces: as a detector found them: aligned by eyes and mouth where they are known; else taken as upright, and
                their boxes for squares, of which the border of the picture may have left a part.

        Returns:
            One for each of `faces`, in their order. Check `presence` before relying on one.
        """
        height, width = image.shape[:2]
        alignments = [
            Alignment.of_box(face.box.squared(width, height))
            if face.keypoints is None
            else Alignment.of_keypoints(face.keypoints)
            for face in faces
        ]
        return self.of_aligned(Halvings(bgr(image)), alignments)

    def of_aligned(self, halvings: Halvings, alignments: Sequence[Alignment]) -> list[Landmarks]:
        """The landmarks of faces whose alignment is known, for example from the frame before."""
        side = self._network.shape[1]
        cuts = (alignment.cut(halvings, side, VIEW) for alignment in alignments)
        outputs = self._network.each([unit_rgb(cut) for cut in cuts])
        meshes = []
        for alignment, (points, logit) in zip(alignments, outputs, strict=True):
            flat = points.reshape(POINTS, 3)
            matrix = alignment.matrix(side, VIEW)
            places = flat[:, :2] @ matrix[:, :2].T + matrix[:, 2]
            depth = flat[:, 2:] * np.hypot(*matrix[:, 0])
            presence = 1 / (1 + np.exp(-float(np.clip(logit.reshape(-1)[0], -80, 80))))
            meshes.append(Landmarks(np.hstack([places, depth]).astype(np.float32), float(presence), alignment))
        return meshes


def unit_rgb(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A BGR picture as the networks take it: float32 (H, W, 3), RGB, 0 to 1."""
    return np.asarray(np.divide(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.float32(255), dtype=np.float32))
