"""From a box in a picture to what a network sees."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.readings import Box


def cut(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The part of `image` under `box`; what lies outside the picture repeats its border.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        box: pixels of `image`.

    Returns:
        uint8 (box.height, box.width) or (box.height, box.width, 3).
    """
    inside = box.clipped(image.shape[1], image.shape[0])
    part = image[inside.y : inside.y + inside.height, inside.x : inside.x + inside.width]
    if inside == box:
        return part
    left, top = min(max(0, -box.x), box.width - 1), min(max(0, -box.y), box.height - 1)
    right, bottom = box.width - left - inside.width, box.height - top - inside.height
    return np.asarray(cv2.copyMakeBorder(part, top, bottom, left, right, cv2.BORDER_REPLICATE), np.uint8)


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An 8-bit picture, BGR (H, W, 3) or grey (H, W) or (H, W, 1), as grey (H, W)."""
    if image.ndim == 2 or image.shape[2] == 1:
        return image.reshape(image.shape[:2])
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def resized(image: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """The picture stretched to a square; averaged where it shrinks, so that fine detail does not alias."""
    if image.shape[:2] == (side_px, side_px):
        return image
    method = cv2.INTER_AREA if min(image.shape[:2]) > side_px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side_px, side_px), interpolation=method), np.uint8)


def network_input(crops: Sequence[NDArray[np.uint8]], side_px: int) -> NDArray[np.float32]:
    """Face crops of any size, BGR or grey, as one batch: float32 (N, side_px, side_px, 1), 0 to 255."""
    if not len(crops):
        return np.zeros((0, side_px, side_px, 1), np.float32)
    return np.stack([resized(grey(crop), side_px) for crop in crops])[..., None].astype(np.float32)


def colour_input(crops: Sequence[NDArray[np.uint8]], side_px: int) -> NDArray[np.float32]:
    """The same in colour: float32 (N, side_px, side_px, 3), BGR, 0 to 255; grey crops have three equal channels."""
    if not len(crops):
        return np.zeros((0, side_px, side_px, 3), np.float32)
    return np.stack([resized(bgr(crop), side_px) for crop in crops]).astype(np.float32)


def cut_face(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The picture of a face, as networks that learnt from squares take it.

    Args:
        image: uint8 (H, W, 3) BGR or (H, W) grey.
        box: a square, or what the border of the picture has left of it; there the border is repeated, so that the face
            keeps its proportions.
    """
    height, width = image.shape[:2]
    return cut(image, box.squared(width, height))


def shrunk(image: NDArray[np.uint8], longer_px: int) -> tuple[NDArray[np.uint8], float]:
    """The picture with its longer side at most `longer_px`, and the factor by which it was scaled (1 or less)."""
    height, width = image.shape[:2]
    factor = min(1.0, longer_px / max(height, width))
    if factor == 1:
        return image, 1.0
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), factor


def bgr(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An 8-bit picture, BGR (H, W, 3) or grey (H, W) or (H, W, 1), as BGR (H, W, 3)."""
    if image.ndim == 3 and image.shape[2] == 3:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
