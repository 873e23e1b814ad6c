"""Faces turned upright and brought to the place that they have in the pictures of FER2013.

The geometry is the median of 693 faces of FER2013 in which BlazeFace finds eyes and mouth.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.imaging.halvings import Halvings
from fer_core.readings import Box, Keypoints

SIDE: Final = 48.0
"""Side of a picture of FER2013, the unit of the places below."""

EYES_MIDDLE: Final = (23.9, 19.0)
EYES_APART: Final = 17.2
MOUTH: Final = (24.3, 37.5)

_PLACES: Final = (
    complex(EYES_MIDDLE[0] - EYES_APART / 2, EYES_MIDDLE[1]),
    complex(EYES_MIDDLE[0] + EYES_APART / 2, EYES_MIDDLE[1]),
    complex(*MOUTH),
)


@dataclass(frozen=True)
class Alignment:
    """The similarity that carries places of FER2013's 48 pixels into a picture.

    A place (x, y) lies in the picture at `scale * (x, y)`, turned clockwise by `roll_deg` and moved by `origin`.

    Attributes:
        scale: pixels of the picture per pixel of FER2013.
        roll_deg: by how much the face is tilted clockwise in the picture, in degrees.
        origin: where the upper left corner of FER2013's picture lies, x and y in pixels of the picture.
    """

    scale: float
    roll_deg: float
    origin: tuple[float, float]

    @classmethod
    def of_keypoints(cls, keypoints: Keypoints) -> "Alignment":
        """The similarity that brings both eyes and the mouth closest to their places (least squares)."""
        seen = np.array([complex(*keypoints.right_eye), complex(*keypoints.left_eye), complex(*keypoints.mouth)])
        places = np.array(_PLACES)
        centred = places - places.mean()
        factor = complex((centred.conj() * (seen - seen.mean())).sum() / (abs(centred) ** 2).sum())
        origin = complex(seen.mean() - factor * places.mean())
        return cls(abs(factor), float(np.degrees(np.angle(factor))), (origin.real, origin.imag))

    @classmethod
    def of_box(cls, box: Box) -> "Alignment":
        """That of an upright face whose box is the picture that FER2013 would show of it."""
        scale = max(box.width, box.height) / SIDE
        x = box.x + (box.width - SIDE * scale) / 2
        return cls(scale, 0.0, (x, box.y + (box.height - SIDE * scale) / 2))

    def matrix(self, side_px: int, view: tuple[float, float, float] = (0.0, 0.0, SIDE)) -> NDArray[np.float64]:
        """From pixels of a cut square to pixels of the picture.

        Args:
            side_px: side of the square.
            view: left, top and side of the part that the square shows, in pixels of FER2013.

        Returns:
            float64 (2, 3), to be multiplied with (x, y, 1).
        """
        left, top, side = view
        turn = self.scale * np.exp(1j * np.radians(self.roll_deg))
        corner = complex(*self.origin) + turn * complex(left, top)
        step = turn * side / side_px
        return np.array([[step.real, -step.imag, corner.real], [step.imag, step.real, corner.imag]])

    def cut(
        self, halvings: Halvings, side_px: int, view: tuple[float, float, float] = (0.0, 0.0, SIDE)
    ) -> NDArray[np.uint8]:
        """Cut the upright face out of a picture.

        Args:
            halvings: of the picture.
            side_px: side of the result.
            view: as in `matrix`.

        Returns:
            uint8 (side_px, side_px, 3); what lies outside of the picture repeats its border.
        """
        picture, factor = halvings.shrunk(max(1.0, self.scale * view[2] / side_px))
        # cv2 counts from the middles of pixels; this module, like boxes, from their corners.
        matrix = self.matrix(side_px, view) / factor
        matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        turned = cv2.warpAffine(picture, matrix, (side_px, side_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(turned, np.uint8)
