"""Faces in a sequence of frames: known ones are looked for where they were, new ones now and then.

A whole frame takes a Haar search 20 to 150 ms; the neighbourhood of one face takes 2 to 8.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.haar import HaarDetector, accepted
from fer_core.detection.protocol import FaceDetector
from fer_core.detection.suppression import centred, most_face_like, shared_area
from fer_core.imaging.crops import cut, grey, shrunk
from fer_core.readings import Box, Face

NEAR_PX: Final = 36
"""Side to which a known face is brought before it is looked for again. With 36, boxes overlap those of a full search by
0.90 (median of 39 samples of a talking head, a quarter of a second apart); with 60 as well, at three times the cost."""

REACH: Final = 2.0
"""Side of the neighbourhood over the side of the face."""

SMALLER, LARGER = 0.75, 1.4
"""How much a face may shrink or grow from one frame to the next."""

QUICK_STEP: Final = 1.2
"""Of a quick search: factor between the sizes that are searched, and by which its smallest faces are larger. Together
they make it four times as fast as the detector's own search for faces from the front."""


@dataclass(frozen=True)
class KnownFace:
    """Where a face was last seen, and when, in seconds."""

    box: Box
    seen_s: float


class FollowingDetector:
    """Finds faces frame by frame. For one sequence and one thread.

    Known faces are looked for in their neighbourhood. A quick search of the whole frame, for faces from the front,
    comes every `quick_every_s`; a thorough one, as the detector does it for a single picture, at the start, when a face
    is lost, and every `thorough_every_s`. So a new face may be seen that much late.

    Args:
        detector: does the searching. A detector without cascades searches every frame thoroughly.
        quick_every_s: seconds between quick searches; also the least time between two thorough ones.
        thorough_every_s: seconds between thorough searches.
        keep_s: how long a lost face is still looked for where it was.
    """

    def __init__(
        self,
        detector: FaceDetector,
        *,
        quick_every_s: float = 1.0,
        thorough_every_s: float = 10.0,
        keep_s: float = 1.5,
    ) -> None:
        self.detector = detector
        self.quick_every_s, self.thorough_every_s, self.keep_s = quick_every_s, thorough_every_s, keep_s
        self.reset()

    def reset(self) -> None:
        """Forget the frames before, as after a cut: the next search is thorough."""
        self._known: list[KnownFace] = []
        self._searched_s = self._thorough_s = -np.inf

    def detect(self, image: NDArray[np.uint8], time_s: float) -> list[Face]:
        """The faces of the next frame.

        Args:
            image: uint8 (H, W, 3) BGR or (H, W) grey; of one size from frame to frame, else call `reset` between.
            time_s: later than that of the frame before.

        Returns:
            As `FaceDetector.detect`: the largest first, boxes within the picture.
        """
        if not isinstance(self.detector, HaarDetector):
            return self.detector.detect(image)
        near = [(known, _near(self.detector, image, known.box)) for known in self._known]
        faces = most_face_like(face for _, face in near if face is not None)
        lost = [known for known, face in near if face is None]
        if self._thorough_is_due(time_s, bool(lost)):
            faces = _together(faces, self.detector.detect(image))
            self._searched_s = self._thorough_s = time_s
        elif time_s - self._searched_s >= self.quick_every_s - 1e-3:
            faces = _together(faces, self._quick(image, faces))
            self._searched_s = time_s
        seen = [KnownFace(face.box, time_s) for face in faces]
        self._known = seen + [old for old in lost if self._worth_keeping(old, seen, time_s)]
        return sorted(faces, key=lambda face: face.box.area, reverse=True)

    def state(self) -> dict:
        """What it remembers, ready for JSON; see `restore`."""
        return {
            "known": [[*known.box, known.seen_s] for known in self._known],
            "searched_s": self._searched_s if np.isfinite(self._searched_s) else None,
            "thorough_s": self._thorough_s if np.isfinite(self._thorough_s) else None,
        }

    def restore(self, state: dict) -> None:
        """Go on where `state` was taken."""
        self._known = [KnownFace(Box(*map(int, box)), seen_s) for *box, seen_s in state["known"]]
        self._searched_s = -np.inf if state["searched_s"] is None else state["searched_s"]
        self._thorough_s = -np.inf if state["thorough_s"] is None else state["thorough_s"]

    def _thorough_is_due(self, time_s: float, lost: bool) -> bool:
        wait_s = self.quick_every_s if lost else self.thorough_every_s
        return time_s - self._thorough_s >= wait_s - 1e-3

    def _quick(self, image: NDArray[np.uint8], known: list[Face]) -> list[Face]:
        """New faces from the front."""
        assert isinstance(self.detector, HaarDetector)
        detector = self.detector
        picture, factor = shrunk(grey(image), detector.search_px)
        smallest_px = round(QUICK_STEP * detector.min_face_px)
        windows = accepted(detector.cascades().frontal, picture, QUICK_STEP, smallest_px)
        taken = [face.box.scaled(factor) for face in known]
        boxes = [box for box in windows if not any(2 * shared_area(box, face) > box.area for face in taken)]
        confidences = detector.check(picture, boxes)
        sure = (
            Face(box.scaled(1 / factor), float(confidence))
            for box, confidence in zip(boxes, confidences, strict=True)
            if confidence >= detector.check.threshold
        )
        # A close look puts the box where it will be put in the next frame too.
        near = (_near(detector, image, face.box) for face in most_face_like(sure))
        return [face for face in near if face is not None]

    def _worth_keeping(self, old: KnownFace, seen: list[KnownFace], time_s: float) -> bool:
        return time_s - old.seen_s <= self.keep_s and not any(old.box.overlap(new.box) > 0.3 for new in seen)


def _near(detector: HaarDetector, image: NDArray[np.uint8], box: Box) -> Face | None:
    """The face that was at `box`, if it is still thereabouts; faces that are half turned only where no other is."""
    side = max(box.width, box.height)
    half = round(side * REACH / 2)
    x, y = box.x + box.width // 2 - half, box.y + box.height // 2 - half
    small, factor = _shrunk_quickly(cut(image, Box(x, y, 2 * half, 2 * half)), round(NEAR_PX * REACH))
    smallest, largest = (round(side * factor * share) for share in (SMALLER, LARGER))
    cascades, step = detector.cascades(), detector.scale_step
    searches = (
        lambda: accepted(cascades.frontal, small, step, smallest, largest),
        lambda: cascades.turned(small, step, smallest, largest),
    )
    for search in searches:
        boxes = search()
        confidences = detector.check(small, boxes)
        # Whole pixels of the frame are finer than those of the shrunk neighbourhood, so the mean is taken there.
        proposals = [
            Face(found.scaled(1 / factor).moved(x, y), float(confidence))
            for found, confidence in zip(boxes, confidences, strict=True)
        ]
        sure = most_face_like(face for face in proposals if face.confidence >= detector.check.threshold)
        if sure:
            face = centred(min(sure, key=lambda face: _apart(face.box, box)), proposals)
            height, width = image.shape[:2]
            return Face(face.box.clipped(width, height), face.confidence)
    return None


def _shrunk_quickly(region: NDArray[np.uint8], longer_px: int) -> tuple[NDArray[np.uint8], float]:
    """As `shrunk`, and grey; of a large region, not every pixel is averaged."""
    step = max(1, region.shape[0] // (4 * longer_px))
    side = region.shape[0]
    small, _ = shrunk(np.ascontiguousarray(region[::step, ::step]), longer_px)
    return grey(small), small.shape[0] / side


def _apart(one: Box, other: Box) -> float:
    """Squared distance of the centres."""
    across = one.x + one.width / 2 - other.x - other.width / 2
    down = one.y + one.height / 2 - other.y - other.height / 2
    return across * across + down * down


def _together(faces: list[Face], others: Iterable[Face]) -> list[Face]:
    """The faces, and of the others those that are none of them."""
    new = [
        other
        for other in others
        if not any(2 * shared_area(other.box, face.box) > min(other.box.area, face.box.area) for face in faces)
    ]
    return [*faces, *new]
