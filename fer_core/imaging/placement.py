"""Where a picture lies in another one: the only place that carries boxes from picture to picture."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.readings import Box, Face, FaceMesh, Keypoints

Size = tuple[int, int]
"""Width and height of a picture, in pixels."""


@dataclass(frozen=True)
class Placement:
    """How pixels of an inner picture become pixels of an outer one: scaled, then moved.

    Attributes:
        outer: size of the outer picture.
        across: factor of widths and of x.
        down: factor of heights and of y.
        left_px: where the inner picture's left border lies in the outer one.
        top_px: where its upper border does.
    """

    outer: Size
    across: float = 1.0
    down: float = 1.0
    left_px: float = 0.0
    top_px: float = 0.0

    @classmethod
    def stretched(cls, inner: Size, outer: Size) -> "Placement":
        """Both show the same, at two sizes."""
        return cls(outer, outer[0] / max(1, inner[0]), outer[1] / max(1, inner[1]))

    @classmethod
    def scaled(cls, factor: float, outer: Size) -> "Placement":
        """The outer picture is the inner one at `factor` times its size."""
        return cls(outer, factor, factor)

    @classmethod
    def fitted(cls, inner: Size, outer: Size) -> "Placement":
        """The inner picture as large as it can be without distortion, in the middle of the outer one."""
        factor = min(outer[0] / inner[0], outer[1] / inner[1])
        left, top = round((outer[0] - inner[0] * factor) / 2), round((outer[1] - inner[1] * factor) / 2)
        return cls(outer, factor, factor, left, top)

    @classmethod
    def part(cls, box: Box, outer: Size) -> "Placement":
        """The inner picture is the part of the outer one under `box`."""
        return cls(outer, left_px=box.x, top_px=box.y)

    def box(self, box: Box) -> Box:
        """A box of the inner picture, in pixels of the outer one; at least one pixel wide and high."""
        return Box(
            round(box.x * self.across + self.left_px),
            round(box.y * self.down + self.top_px),
            max(1, round(box.width * self.across)),
            max(1, round(box.height * self.down)),
        )

    def face(self, face: Face) -> Face:
        """A face of the inner picture, in pixels of the outer one; its keypoints and mesh too."""
        points, mesh = face.keypoints, face.mesh
        return replace(
            face,
            box=self.box(face.box),
            keypoints=None if points is None else Keypoints(*map(self.point, points)),
            mesh=None if mesh is None else self.mesh(mesh),
        )

    def point(self, point: tuple[float, float]) -> tuple[float, float]:
        """A point (x, y) of the inner picture, in pixels of the outer one."""
        return point[0] * self.across + self.left_px, point[1] * self.down + self.top_px

    def mesh(self, mesh: FaceMesh) -> FaceMesh:
        """A mesh of the inner picture, in pixels of the outer one; depth is scaled as widths are."""
        scale = np.array([self.across, self.down, self.across], np.float32)
        shift = np.array([self.left_px, self.top_px, 0], np.float32)
        landmarks = mesh.landmarks * scale + shift
        irises = mesh.irises * scale[:2] + shift[:2]
        return replace(mesh, landmarks=landmarks, irises=irises)

    def picture(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The outer picture with nothing but the inner one in it, uint8 (H, W, 3); black around it."""
        width, height = self.outer
        if image.shape[1::-1] == self.outer:
            return image
        method = cv2.INTER_AREA if self.across < 1 else cv2.INTER_LINEAR
        size = max(1, round(image.shape[1] * self.across)), max(1, round(image.shape[0] * self.down))
        scaled = cv2.resize(image, size, interpolation=method)
        canvas = np.zeros((height, width, 3), np.uint8)
        part = canvas[round(self.top_px) :, round(self.left_px) :][: scaled.shape[0], : scaled.shape[1]]
        part[:] = scaled[: part.shape[0], : part.shape[1]]
        return canvas
