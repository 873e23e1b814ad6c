"""Faces in, faces with their mesh out: landmarks, pose, gaze, eyes, mouth and how well the face is seen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face import eyes as eyes_of
from fer_core.face import mouth
from fer_core.face.gaze import gaze
from fer_core.face.irises import Eyes, IrisFinder
from fer_core.face.landmarks import Landmarks, MeshFinder
from fer_core.face.mean_face import MEAN_FACE, mean_face
from fer_core.face.movements import measures
from fer_core.face.occlusion import Visibility, asymmetry
from fer_core.face.pose import fit
from fer_core.networks.face_files import load_faces_card
from fer_core.readings import Face, FaceMesh


class FaceMeasurer:
    """Measures faces by their landmarks. Safe to share between threads.

    Args:
        folder: holds the networks and their card; None for `models/faces`.

    Raises:
        ModelError: a network is missing or damaged.
    """

    libraries: Final = ("ai-edge-litert",)

    def __init__(self, folder: Path | None = None) -> None:
        self._meshes, self._irises = MeshFinder(folder), IrisFinder(folder)
        mean_face()  # so that a damaged file is reported here and not at the first face
        card = load_faces_card(folder) if folder else load_faces_card()
        shape = {f"{card.name}/{MEAN_FACE}": card.files[MEAN_FACE].sha256}
        self.files: Mapping[str, str] = {**self._meshes.files, **self._irises.files, **shape}

    def __call__(self, image: NDArray[np.uint8], faces: Sequence[Face]) -> list[Face]:
        """The faces with their mesh.

        Args:
            image: uint8 (H, W, 3) BGR or (H, W) grey.
            faces: in pixels of `image`.

        Returns:
            As many as `faces`, in their order.
        """
        if not faces:
            return []
        meshes = self._meshes(image, faces)
        looks = self._irises(image, meshes)
        return [
            replace(face, mesh=_measured(mesh, eyes)) for face, mesh, eyes in zip(faces, meshes, looks, strict=True)
        ]


def _measured(mesh: Landmarks, eyes: Eyes) -> FaceMesh:
    fitted = fit(mesh.points)
    right, left = eyes_of.openness(mesh.points, eyes)
    looking, pose = gaze(fitted, eyes), fitted.pose
    seen = Visibility(mesh.presence, asymmetry(fitted.shape))
    landmarks, irises = mesh.points.view(), np.stack([eyes.right.iris, eyes.left.iris]).view()
    landmarks.flags.writeable = irises.flags.writeable = False
    return FaceMesh(
        landmarks,
        irises,
        pose,
        {
            **asdict(pose),
            "gaze_x_deg": looking.x_deg,
            "gaze_y_deg": looking.y_deg,
            "eye_open_right": right,
            "eye_open_left": left,
            "mouth_open": mouth.openness(fitted.shape),
            "face_presence": seen.presence,
            "face_asymmetry": seen.asymmetry,
        },
        asdict(measures(fitted.shape, (right + left) / 2)),
        seen.covered,
    )
