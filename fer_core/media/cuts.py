"""Where one shot ends and the next begins."""

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.imaging.crops import grey

_SIZE: Final = 96, 54
_SMALL: Final = 32, 18
_NINTH: Final = np.arange(9).reshape(3, 3).repeat(_SIZE[1] // 3, axis=0).repeat(_SIZE[0] // 3, axis=1)
"""For each pixel of the picture in that size, in which ninth it lies."""
_NINTH_PX: Final = _SIZE[0] * _SIZE[1] // 9

DIFFERENT: Final = 0.4
"""Share of the pixels whose grey level must be another. In seven recordings, sampled four times a second, it was 0.52
and more from one to another, and 0.30 at most within one."""

SAME_LAYOUT: Final = 0.9
"""Correlation from which two pictures show the same: then only the light has changed."""


class CutState(NamedTuple):
    """The memory of the last frame: a grey thumbnail, and the shares of 16 grey levels in each ninth of it."""

    thumbnail: list[list[float]]
    levels: list[list[float]]


class CutFinder:
    """Tells, frame by frame, whether a new shot began."""

    def __init__(self) -> None:
        self._before: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def update(self, image: NDArray[np.uint8]) -> bool:
        """Take in the next frame, uint8 (H, W, 3) BGR or (H, W); whether it belongs to another shot than the last."""
        now = _features(image)
        before, self._before = self._before, now
        return before is not None and _is_cut(before, now)

    def state(self) -> CutState | None:
        """The memory of the last frame, None before the first; see `restore`."""
        return None if self._before is None else CutState(*(part.tolist() for part in self._before))

    def restore(self, state: CutState | None) -> None:
        """Go on where `state` was taken."""
        self._before = None if state is None else (np.array(state[0], np.float32), np.array(state[1], np.float32))


def _features(image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A thumbnail, and the shares of 16 grey levels in each ninth of the picture."""
    step = max(1, min(image.shape[1] // (2 * _SIZE[0]), image.shape[0] // (2 * _SIZE[1])))
    few = np.ascontiguousarray(image[::step, ::step])  # averaging all pixels of a frame would take a millisecond
    picture = grey(np.asarray(cv2.resize(few, _SIZE, interpolation=cv2.INTER_AREA), np.uint8))
    levels = np.bincount((_NINTH * 16 + (picture >> 4)).reshape(-1), minlength=9 * 16).reshape(9, 16)
    thumbnail = cv2.resize(picture, _SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
    return thumbnail - thumbnail.mean(), np.asarray(levels / _NINTH_PX, np.float32)


def _is_cut(
    before: tuple[NDArray[np.float32], NDArray[np.float32]], now: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> bool:
    different = float(np.abs(before[1] - now[1]).sum(axis=1).mean() / 2)
    if different <= DIFFERENT:
        return False
    lengths = float(np.linalg.norm(before[0]) * np.linalg.norm(now[0]))
    return float((before[0] * now[0]).sum()) < SAME_LAYOUT * lengths or lengths == 0
