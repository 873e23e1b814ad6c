"""Following the faces of one frame after another, which recordings and live streams share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fer_core.analysis.tracking import Tracker
from fer_core.imaging.crops import cut_face
from fer_core.imaging.placement import Placement
from fer_core.readings import Box, Face

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


class Follower:
    """Follows the faces that were found in one sequence of frames, and cuts them out. For one thread.

    Args:
        tracker: tells people apart.
        most: how many faces are read at most in one frame, the largest; None for all.
        measure: adds the mesh to the faces of a picture; None for no mesh.
    """

    def __init__(self, tracker: Tracker, most: int | None = None, measure: Measure | None = None) -> None:
        self.tracker, self.most = tracker, most
        self.measure = measure or (lambda image, faces: list(faces))

    def __call__(
        self,
        image: NDArray[np.uint8],
        finds: Sequence[Face],
        time_s: float,
        frame: int = 0,
        placed_in: Placement | None = None,
    ) -> Found:
        """Take in the next frame.

        Args:
            image: uint8 (H, W, 3) BGR.
            finds: its faces, the largest first.
            time_s: of the frame, in seconds; not before the frame before.
            frame: its number.
            placed_in: where `image` lies in the picture whose pixels count; people are followed there.
        """
        faces = self.measure(image, sorted(finds[: self.most], key=lambda face: (face.box.x, face.box.y)))
        # Copies, so that not the whole frame is kept for the sake of a face.
        crops = tuple(cut_face(image, face.box).copy() for face in faces)
        unread = tuple(face.box for face in finds[len(faces) :])
        found = Found(time_s, frame, tuple(faces), crops, unread=unread)
        if placed_in is not None:
            found = found.placed(placed_in)
        return replace(found, persons=tuple(self.tracker.update(found.faces, time_s, crops)))
