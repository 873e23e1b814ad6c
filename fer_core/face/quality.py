"""Quality of a crop: whether its reading can be relied on."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.imaging.crops import grey, resized
from fer_core.readings import FaceMesh, Quality

REFERENCE_PX: Final = 48
MIN_SIZE_PX: Final = 40
# The networks were trained on FER2013; 1 % of its faces are beyond each of these limits.
MIN_SHARPNESS: Final = 390.0
MIN_BRIGHTNESS: Final = 52.0
MAX_BRIGHTNESS: Final = 202.0
MIN_CONTRAST: Final = 25.0
MIN_FRONTALITY: Final = 0.67
"""Reached by a head turned by about 48 degrees; measured by `fer_core.training.quality_limits`."""


MAX_TILT_DEG: Final = 45.0
"""Of the head to a side; beyond, a face is nearer to lying than to standing, as no face is that the networks learnt."""


def assess(
    crop: NDArray[np.uint8], is_doubtful: bool = False, mesh: FaceMesh | None = None, size_px: int | None = None
) -> Quality:
    """Measure a crop as the network gets it: grey, 48 pixels.

    Args:
        crop: uint8 (H, W) or (H, W, 3) BGR.
        is_doubtful: the detector is not sure that it is a face.
        mesh: of the face; without one, the face counts as seen from the front.
        size_px: shorter side of what the picture shows of the face; None for that of the crop.
    """
    face = resized(grey(crop), REFERENCE_PX)
    sharpness = float(cv2.Laplacian(face, cv2.CV_64F).var())
    size_px = min(crop.shape[:2]) if size_px is None else size_px
    brightness, contrast = float(face.mean()), float(face.std())
    front = 1.0 if mesh is None else mesh.pose.frontality
    found = {
        "small": size_px < MIN_SIZE_PX,
        "blurred": sharpness < MIN_SHARPNESS,
        "dark": brightness < MIN_BRIGHTNESS,
        "overexposed": brightness > MAX_BRIGHTNESS,
        "low contrast": contrast < MIN_CONTRAST,
        "turned": front < MIN_FRONTALITY or (mesh is not None and abs(mesh.pose.roll_deg) > MAX_TILT_DEG),
        "covered": mesh is not None and mesh.covered,
        "doubtful face": is_doubtful,
    }
    problems = tuple(name for name, present in found.items() if present)
    return Quality(size_px, sharpness, brightness, problems, front)
