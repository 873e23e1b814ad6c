"""The best picture of each person that was seen: small, kept with the timeline, and nowhere else."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.imaging.crops import cut_face, shrunk
from fer_core.imaging.placement import Placement
from fer_core.media.video import frame_at
from fer_core.readings import Box, FaceReading
from fer_core.timeline.columns import GOOD
from fer_core.timeline.rows import is_person
from fer_core.timeline.table import MEASURES, Timeline

SIDE_PX: Final = 160
QUALITY: Final = 85
_CLEARLY_BETTER: Final = 1.05


class Portraits:
    """Keeps the best face of each person: without problems first, then from the front, then large and sharp."""

    def __init__(self) -> None:
        self._best: dict[int, tuple[float, bytes]] = {}
        self._changed: set[int] = set()

    def offer(self, face: FaceReading, crop: NDArray[np.uint8]) -> None:
        """Take a face into account; `crop`, uint8 (H, W, 3) BGR, is its picture."""
        assert face.person is not None
        worth = _worth(not face.quality.problems, face.quality.frontality, face.quality.size_px, face.quality.sharpness)
        if worth > _CLEARLY_BETTER * self._best.get(face.person, (0.0, b""))[0]:
            self._best[face.person] = worth, jpeg(crop)
            self._changed.add(face.person)

    def jpegs(self) -> dict[int, bytes]:
        """One JPEG a person, by number."""
        return {person: data for person, (_, data) in sorted(self._best.items())}

    def changes(self) -> dict[int, tuple[float, bytes]]:
        """Those that changed since this was last asked, with what they are worth."""
        changed, self._changed = self._changed, set()
        return {person: self._best[person] for person in sorted(changed)}

    def restore(self, changes: dict[int, tuple[float, bytes]]) -> None:
        """Take over what `changes` gave."""
        self._best.update(changes)


def portrait_from(path: Path, timeline: Timeline, person: int) -> bytes:
    """A JPEG of a person from the recording itself, such as one who came of a split.

    Raises:
        MediaError: the recording cannot be read any more.
    """
    rows = timeline.frame[is_person(timeline.frame, person)]
    worth = [
        _worth(quality == GOOD, frontality, min(width, height), sharpness)
        for quality, width, height, (sharpness, frontality) in zip(
            rows["quality"], rows["width"], rows["height"], _measured(timeline, rows.index), strict=True
        )
    ]
    row = rows.iloc[int(np.argmax(worth))]
    box = Box(*(int(row[name]) for name in ("x", "y", "width", "height")))
    image = frame_at(path, float(row["time_s"])).image  # whose size may have changed within the recording
    whole = timeline.recording.width, timeline.recording.height
    return jpeg(cut_face(image, Placement.stretched(whole, image.shape[1::-1]).box(box)))


def jpeg(crop: NDArray[np.uint8]) -> bytes:
    """The picture of a face, uint8 (H, W, 3) BGR, as a small JPEG."""
    small, _ = shrunk(crop, SIDE_PX)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def _worth(is_good: bool, frontality: float, size_px: int, sharpness: float) -> float:
    return (2.0 if is_good else 1.0) * (0.1 + frontality) * min(size_px, SIDE_PX) * min(sharpness, 2000.0)


def _measured(timeline: Timeline, index: pd.Index) -> NDArray[np.float64]:
    """Sharpness and frontality of rows, (N, 2)."""
    if not len(timeline.measures):
        return np.ones((len(index), 2))
    return np.asarray(timeline.measures.loc[index, [MEASURES[0], MEASURES[2]]], float)
