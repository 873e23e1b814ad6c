"""Head pose: a fit of the mean face to the points of the mesh that expressions hardly move.

Umeyama (1991), "Least-squares estimation of transformation parameters between two point patterns",
https://doi.org/10.1109/34.88573.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fer_core.face.mean_face import mean_face
from fer_core.readings import Pose

Array: TypeAlias = NDArray[np.float64]

SLIGHT_DEG: Final = 5.0
"""Smaller angles are not mentioned in words."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Position of the mean shape in a picture: a point m of the head is at `scale * rotation @ m + origin`.

    Attributes:
        rotation: float64 (3, 3).
        scale: distance of the outer corners of the eyes, in pixels of the picture.
        origin: float64 (3,), the middle of the outer corners of the eyes, in pixels.
        shape: float64 (468, 3), the face without its pose, in the axes and the unit of the mean shape.
    """

    rotation: Array
    scale: float
    origin: Array
    shape: Array

    @property
    def pose(self) -> Pose:
        """The rotation as angles: roll about the camera axis, then yaw, then pitch."""
        turn = self.rotation
        yaw = np.arcsin(np.clip(turn[2, 0], -1, 1))
        pitch = -np.arctan2(turn[2, 1], turn[2, 2])
        roll = np.arctan2(turn[1, 0], turn[0, 0])
        return Pose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))


def fit(points: NDArray[np.floating]) -> Fit:
    """Fit the mean shape to a mesh.

    Args:
        points: (468, 3), as `Landmarks.points`.
    """
    mean = mean_face()
    rotation, scale, origin = similarity(mean.points[mean.rigid], np.asarray(points, np.float64)[mean.rigid])
    shape = (np.asarray(points, np.float64) - origin) @ rotation / scale
    return Fit(rotation, scale, origin, shape)


def similarity(source: Array, target: Array) -> tuple[Array, float, Array]:
    """The rotation R, scale s and shift t for which `s * R @ source + t` is closest to `target` (least squares).

    Args:
        source: float64 (N, 3).
        target: float64 (N, 3).

    Returns:
        R as float64 (3, 3) without reflection, s, and t as float64 (3,).
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    left, sizes, right = np.linalg.svd((target - target_mean).T @ (source - source_mean))
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = (left * sign) @ right
    scale = float((sizes * sign).sum() / ((source - source_mean) ** 2).sum())
    return rotation, scale, target_mean - scale * rotation @ source_mean


def rotation(pose: Pose) -> Array:
    """The rotation of a pose, as in `Fit.rotation`: float64 (3, 3)."""
    yaw, pitch, roll = (np.radians(angle) for angle in (pose.yaw_deg, pose.pitch_deg, pose.roll_deg))
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, np.float64)


def in_words(pose: Pose) -> str:
    """A pose for people, such as "head turned 12° to their left, raised 6°"; "head straight" within 5 degrees."""
    parts = [
        f"{words} {abs(angle):.0f}°{side}"
        for angle, above, below in (
            (pose.yaw_deg, ("turned", " to their left"), ("turned", " to their right")),
            (pose.pitch_deg, ("raised", ""), ("lowered", "")),
            (pose.roll_deg, ("tilted", " to their left"), ("tilted", " to their right")),
        )
        if abs(angle) >= SLIGHT_DEG
        for words, side in (above if angle > 0 else below,)
    ]
    return f"head {', '.join(parts)}" if parts else "head straight"
