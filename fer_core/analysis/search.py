"""Searching frame by frame: what recordings and live streams share, and what recordings need besides.

Nothing here depends on who was found before, so that a recording may be searched ahead of following its people.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from fer_core.detection.protocol import Resumable, SequenceDetector
from fer_core.imaging.crops import cut
from fer_core.imaging.placement import Placement
from fer_core.media.cuts import CutFinder, CutState
from fer_core.media.video import Sample
from fer_core.readings import Face
from fer_core.request import Region


class FrameSearch:
    """Finds the faces of one sequence of frames. For one thread at a time.

    Args:
        detector: finds faces frame by frame.
        region: where faces are looked for; None for everywhere.
    """

    def __init__(self, detector: SequenceDetector, region: Region | None = None) -> None:
        self.detector, self.region = detector, region
        self.shape: tuple[int, ...] | None = None

    def __call__(self, image: NDArray[np.uint8], time_s: float) -> list[Face]:
        """The faces of the next frame, the largest first.

        Args:
            image: uint8 (H, W, 3) BGR; where its size differs from the frame before, the search begins anew.
            time_s: of the frame, in seconds; not before the frame before.
        """
        if image.shape[:2] != self.shape:
            self.reset()
            self.shape = image.shape[:2]
        return sorted(self._faces(image, time_s), key=lambda face: face.box.area, reverse=True)

    def reset(self) -> None:
        """Forget the frames before, as after a cut."""
        self.detector.reset()

    def _faces(self, image: NDArray[np.uint8], time_s: float) -> list[Face]:
        if self.region is None:
            return self.detector.detect(image, time_s)
        height, width = image.shape[:2]
        place = self.region.box(width, height)
        here = Placement.part(place, (width, height))
        finds = self.detector.detect(np.ascontiguousarray(cut(image, place)), time_s)
        # The picture goes on beyond the region, so that a face is cut off at the border of the picture alone.
        wholes = (here.face(replace(face, box=face.box.squared(place.width, place.height))) for face in finds)
        return [replace(face, box=face.box.clipped(width, height)) for face in wholes]


@dataclass(frozen=True)
class SearchState:
    """The memory of the search of a recording.

    Attributes:
        detector: as the detector's `state` gives it, plain JSON; empty where it remembers nothing.
        shape: rows and columns of the frames so far; empty before the first.
        cut_finder: of the last frame; None before the first.
    """

    detector: dict[str, JsonValue]
    shape: tuple[int, ...]
    cut_finder: CutState | None


@dataclass(frozen=True, eq=False)
class Searched:
    """A sample of a recording, searched.

    Attributes:
        sample: as it was decoded.
        faces: in pixels of its picture, the largest first.
        is_cut: whether a new shot begins with it.
        memory: of the search after it; None where it is not kept.
    """

    sample: Sample
    faces: list[Face]
    is_cut: bool
    memory: SearchState | None = None


class RecordingSearch:
    """Finds the cuts and the faces of one recording, sample by sample. For one thread at a time.

    Args:
        detector: finds faces frame by frame.
        region: where faces are looked for; None for everywhere.
        keeps_memories: whether the memory after each sample is wanted, as for a checkpoint.
    """

    def __init__(
        self, detector: SequenceDetector, region: Region | None = None, *, keeps_memories: bool = False
    ) -> None:
        self._faces, self._cuts = FrameSearch(detector, region), CutFinder()
        self._keeps_memories = keeps_memories

    def __call__(self, sample: Sample) -> Searched:
        """Search the next sample."""
        is_cut = self._cuts.update(sample.image)
        if is_cut:
            self._faces.reset()
        faces = self._faces(sample.image, sample.time_s)
        return Searched(sample, faces, is_cut, self.state() if self._keeps_memories else None)

    def state(self) -> SearchState:
        """The memory of the samples so far; see `restore`."""
        detector = self._faces.detector
        memory = detector.state() if isinstance(detector, Resumable) else {}
        return SearchState(memory, self._faces.shape or (), self._cuts.state())

    def restore(self, state: SearchState) -> None:
        """Go on where `state` was taken."""
        if isinstance(self._faces.detector, Resumable):
            self._faces.detector.restore(state.detector)
        self._faces.shape = state.shape or None
        self._cuts.restore(state.cut_finder)
