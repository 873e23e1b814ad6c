"""Measurements from the mesh and the irises of a face, in one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fer_core.face import eyes, gaze, mouth, occlusion, pose
from fer_core.face.distances import distances
from fer_core.face.irises import Eyes, IrisFinder
from fer_core.face.landmarks import Landmarks, MeshFinder
from fer_core.face.mean_face import MEAN_FACE, mean_face
from fer_core.networks.face_files import IRIS, MESH, load_faces_card
from fer_core.readings import Face, Pose
from fer_core.timeline.face.movements import Geometry


@dataclass(frozen=True, eq=False)
class FaceGeometry:
    """The geometry of one face.

    Attributes:
        landmarks: the mesh, in pixels of the picture.
        eyes: irises and lids, in pixels of the picture.
    """

    landmarks: Landmarks
    eyes: Eyes

    @cached_property
    def fit(self) -> pose.Fit:
        """The mesh fitted to the mean shape."""
        return pose.fit(self.landmarks.points)

    @cached_property
    def distances(self) -> Geometry:
        """The distances that movements are computed from; see `fer_core.timeline.face.movements`."""
        return distances(self.fit.shape, sum(self.openness) / 2)

    @cached_property
    def pose(self) -> Pose:
        """Pose of the head."""
        return self.fit.pose

    @cached_property
    def openness(self) -> tuple[float, float]:
        """Openness of the person's right and left eye; see `fer_core.face.eyes.openness`."""
        return eyes.openness(self.landmarks.points, self.eyes)

    @cached_property
    def visibility(self) -> occlusion.Visibility:
        """Visibility of the face."""
        return occlusion.Visibility(
            self.landmarks.presence, occlusion.asymmetry(self.fit.shape), abs(self.pose.yaw_deg)
        )

    def columns(self) -> dict[str, float]:
        """By name, the values of the columns in `fer_core.timeline.columns.GROUPS` that one picture gives."""
        head, looks, (right, left) = self.pose, gaze.gaze(self.fit, self.eyes), self.openness
        return {
            "yaw_deg": head.yaw_deg,
            "pitch_deg": head.pitch_deg,
            "roll_deg": head.roll_deg,
            "gaze_x_deg": looks.x_deg,
            "gaze_y_deg": looks.y_deg,
            "eye_open_right": right,
            "eye_open_left": left,
            "mouth_open": mouth.openness(self.fit.shape),
            "face_presence": self.landmarks.presence,
            "face_asymmetry": self.visibility.asymmetry,
        }


class GeometryReader:
    """Runs both face networks. Safe to share between threads.

    Raises:
        ModelError: a network or the mean face is missing or damaged.
    """

    def __init__(self) -> None:
        self._mesh, self._irises = MeshFinder(), IrisFinder()
        mean_face()  # reports a damaged file now, not at the first face
        card = load_faces_card()
        self.files: Mapping[str, str] = {name: card.files[name].sha256 for name in (MESH, IRIS, MEAN_FACE)}

    def __call__(self, image: NDArray[np.uint8], faces: Sequence[Face]) -> list[FaceGeometry]:
        """The geometry of each face.

        Args:
            image: uint8 (H, W, 3) BGR or (H, W) grey.
            faces: as a detector found them in `image`.

        Returns:
            One for each of `faces`, in their order.
        """
        found = self._mesh(image, faces)
        return [FaceGeometry(*both) for both in zip(found, self._irises(image, found), strict=True)]
