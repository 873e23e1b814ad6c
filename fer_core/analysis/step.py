"""The step of one frame, which recordings and live streams share: find the faces, follow them, cut them out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from fer_core.analysis.tracking import Tracker, TrackerState
from fer_core.detection.protocol import Resumable, SequenceDetector
from fer_core.imaging.crops import cut, cut_face
from fer_core.imaging.placement import Placement
from fer_core.readings import Box, Face
from fer_core.request import Region

Measure = Callable[[NDArray[np.uint8], Sequence[Face]], list[Face]]
"""Faces of a picture in, the same faces with their mesh out; see `EmotionPipeline.measure`."""


@dataclass(frozen=True, eq=False)
class Found:
    """The faces of one frame, not read yet.

    Attributes:
        time_s: of the frame, in seconds.
        frame: its number.
        faces: from left to right, in pixels of the frame that was given.
        crops: their pictures, uint8 (h, w, 3) BGR, copies.
        persons: their numbers.
        unread: further faces, which are not to be read: the smallest beyond the limit.
    """

    time_s: float
    frame: int
    faces: tuple[Face, ...] = ()
    crops: tuple[NDArray[np.uint8], ...] = ()
    persons: tuple[int, ...] = ()
    unread: tuple[Box, ...] = ()

    @property
    def pairs(self) -> list[tuple[NDArray[np.uint8], Face]]:
        """Each crop with its face, as `EmotionPipeline.read_faces` takes them."""
        return list(zip(self.crops, self.faces, strict=True))

    def placed(self, placement: Placement) -> "Found":
        """The same faces in another picture."""
        faces = tuple(map(placement.face, self.faces))
        return replace(self, faces=faces, unread=tuple(map(placement.box, self.unread)))


@dataclass(frozen=True)
class StepState:
    """The memory of a step.

    Attributes:
        detector: as the detector's `state` gives it, plain JSON; empty where it remembers nothing.
        tracker: of the tracker.
        shape: rows and columns of the frames so far; empty before the first.
    """

    detector: dict[str, JsonValue]
    tracker: TrackerState
    shape: tuple[int, ...]


class Step:
    """Finds and follows the faces of one sequence of frames. For one thread.

    Args:
        detector: finds faces frame by frame.
        tracker: tells people apart.
        region: where faces are looked for; None for everywhere.
        most: how many faces are read at most in one frame, the largest; None for all.
        measure: adds the mesh to the faces of a picture; None for no mesh.
    """

    def __init__(
        self,
        detector: SequenceDetector,
        tracker: Tracker,
        region: Region | None = None,
        most: int | None = None,
        measure: Measure | None = None,
    ) -> None:
        self.detector, self.tracker, self.region, self.most = detector, tracker, region, most
        self.measure = measure or (lambda image, faces: list(faces))
        self._shape: tuple[int, ...] | None = None

    def find(
        self, image: NDArray[np.uint8], time_s: float, frame: int = 0, placed_in: Placement | None = None
    ) -> Found:
        """Take in the next frame.

        Args:
            image: uint8 (H, W, 3) BGR; where its size differs from the frame before, the search begins anew.
            time_s: of the frame, in seconds; not before the frame before.
            frame: its number.
            placed_in: where `image` lies in the picture whose pixels count; people are followed there.
        """
        if image.shape[:2] != self._shape:
            self.detector.reset()
            self._shape = image.shape[:2]
        finds = sorted(self._search(image, time_s), key=lambda face: face.box.area, reverse=True)
        faces = self.measure(image, sorted(finds[: self.most], key=lambda face: (face.box.x, face.box.y)))
        # Copies, so that not the whole frame is kept for the sake of a face.
        crops = tuple(cut_face(image, face.box).copy() for face in faces)
        unread = tuple(face.box for face in finds[len(faces) :])
        found = Found(time_s, frame, tuple(faces), crops, unread=unread)
        if placed_in is not None:
            found = found.placed(placed_in)
        return replace(found, persons=tuple(self.tracker.update(found.faces, time_s, crops)))

    def miss(self, time_s: float) -> None:
        """Take in a frame in which there is nothing to look for."""
        self.tracker.update([], time_s)

    def cut(self) -> None:
        """The scene changed: from here on positions mean nothing, and only who looks the same keeps the number."""
        self.tracker.cut()
        self.detector.reset()

    def forget(self) -> None:
        """Keep nothing of anybody; numbers go on where they were."""
        self.tracker.reset()
        self.detector.reset()

    def state(self) -> StepState:
        """The memory of detector and tracker; see `restore`."""
        memory = self.detector.state() if isinstance(self.detector, Resumable) else {}
        return StepState(memory, self.tracker.state(), self._shape or ())

    def restore(self, state: StepState) -> None:
        """Go on where `state` was taken."""
        if isinstance(self.detector, Resumable):
            self.detector.restore(state.detector)
        self.tracker.restore(state.tracker)
        self._shape = state.shape or None

    def _search(self, image: NDArray[np.uint8], time_s: float) -> Sequence[Face]:
        if self.region is None:
            return self.detector.detect(image, time_s)
        height, width = image.shape[:2]
        place = self.region.box(width, height)
        here = Placement.part(place, (width, height))
        finds = self.detector.detect(np.ascontiguousarray(cut(image, place)), time_s)
        # The picture goes on beyond the region, so that a face is cut off at the border of the picture alone.
        wholes = (here.face(replace(face, box=face.box.squared(place.width, place.height))) for face in finds)
        return [replace(face, box=face.box.clipped(width, height)) for face in wholes]
