"""Adds meshes to faces: landmarks, pose, gaze, eyes, mouth, visibility."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face.geometry import FaceGeometry, GeometryReader
from fer_core.readings import Face, FaceMesh


class FaceMeasurer:
    """Measures faces by their landmarks. Safe to share between threads.

    Raises:
        ModelError: a network or the mean face is missing or damaged.
    """

    libraries: Final = ("ai-edge-litert",)

    def __init__(self) -> None:
        self._read = GeometryReader()
        self.files: Mapping[str, str] = self._read.files

    def __call__(self, image: NDArray[np.uint8], faces: Sequence[Face]) -> list[Face]:
        """The faces with their mesh.

        Args:
            image: uint8 (H, W, 3) BGR or (H, W) grey.
            faces: in pixels of `image`.

        Returns:
            One for each of `faces`, in their order.
        """
        if not faces:
            return []
        return [
            replace(face, mesh=mesh_of(geometry))
            for face, geometry in zip(faces, self._read(image, faces), strict=True)
        ]


def mesh_of(geometry: FaceGeometry) -> FaceMesh:
    """The mesh of a face, as readings hold it."""
    irises = np.stack([geometry.eyes.right.iris, geometry.eyes.left.iris]).astype(np.float32)
    return FaceMesh(
        geometry.landmarks.points,
        irises,
        geometry.pose,
        geometry.columns(),
        asdict(geometry.distances),
        geometry.visibility.covered,
    )
