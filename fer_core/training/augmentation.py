"""Changes to training faces that leave the expression as it is, in numpy and OpenCV, for any Keras backend.

Geometry is one affine warp (flip, rotation, scale, shift), which also brings the face to the wanted size; then
brightness, contrast and an erased rectangle (Zhong et al., 2017, https://arxiv.org/abs/1708.04896).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Augmentation:
    """How far a face may be changed; each amount is drawn uniformly from minus to plus the value.

    Attributes:
        rotation_deg: degrees.
        scale: share of the size.
        shift: share of the width and of the height.
        light: contrast factor around the mean and brightness as a share of 255.
        erase: probability of a rectangle of noise over 2 to 20 % of the face.
    """

    rotation_deg: float = 15.0
    scale: float = 0.15
    shift: float = 0.12
    light: float = 0.3
    erase: float = 0.4

    def __call__(self, images: NDArray[np.uint8], size_px: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Change a batch.

        Args:
            images: uint8 (N, height, width), grey.
            size_px: side of the square result.
            rng: source of all randomness.

        Returns:
            float32 (N, size_px, size_px, 1), 0 to 255.
        """
        faces = np.stack([self._warp(image, size_px, rng) for image in images]).astype(np.float32)
        self._relight(faces, rng)
        for row in np.flatnonzero(rng.random(len(faces)) < self.erase):
            self._erase(faces[row], rng)
        return faces[..., None]

    def _warp(self, image: NDArray[np.uint8], size_px: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        side = image.shape[0]
        angle, scale, right, down = rng.uniform(-1, 1, 4)
        centre = (side - 1) / 2
        zoom = (1 + scale * self.scale) * size_px / side
        matrix = cv2.getRotationMatrix2D((centre, centre), angle * self.rotation_deg, zoom)
        matrix[:, 2] += (size_px - 1) / 2 - centre + np.array([right, down]) * self.shift * size_px
        if rng.random() < 0.5:
            matrix[0] *= -1
            matrix[0, 2] += size_px - 1
        warped = cv2.warpAffine(
            image, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return np.asarray(warped, np.uint8)

    def _relight(self, faces: NDArray[np.float32], rng: np.random.Generator) -> None:
        contrast, brightness = rng.uniform(-self.light, self.light, (2, len(faces), 1, 1)).astype(np.float32)
        mean = faces.mean(axis=(1, 2), keepdims=True)
        faces -= mean
        faces *= 1 + contrast
        faces += mean + 255 * brightness / 2
        np.clip(faces, 0, 255, out=faces)

    @staticmethod
    def _erase(face: NDArray[np.float32], rng: np.random.Generator) -> None:
        side = face.shape[0]
        area, aspect = rng.uniform(0.02, 0.2), np.exp(rng.uniform(-1, 1))
        height, width = (min(side, max(1, round(side * np.sqrt(area * r)))) for r in (aspect, 1 / aspect))
        top, left = rng.integers(0, side - height + 1), rng.integers(0, side - width + 1)
        face[top : top + height, left : left + width] = rng.uniform(0, 255, (height, width))


def plain(images: NDArray[np.uint8], size_px: int) -> NDArray[np.float32]:
    """The same faces unchanged, as float32 (N, size_px, size_px, 1), 0 to 255."""
    if images.shape[1:] != (size_px, size_px):
        images = np.stack([cv2.resize(i, (size_px, size_px), interpolation=cv2.INTER_AREA) for i in images])
    return images.astype(np.float32)[..., None]
