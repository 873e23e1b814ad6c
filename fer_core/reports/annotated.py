"""The recording again, with what was read drawn into it: an MP4 that browsers play, with its sound.

Boxes and probabilities move evenly from one sample to the next, so that they follow faces between samples too.
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.errors import MediaError
from fer_core.imaging.drawing import annotate, overlay_bars
from fer_core.imaging.placement import Placement
from fer_core.jobs import Monitor, Progress
from fer_core.media.encoding import Mp4Writer, until_complete
from fer_core.media.files import sha256_of
from fer_core.media.sound import take_sound
from fer_core.media.video import Video
from fer_core.readings import Box, FaceReading, Quality, judge
from fer_core.temporary import temporary_folder
from fer_core.timeline.rows import people, rows_of_person
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import bridged_s, interval_s

LONGER_PX: Final = 1920
"""Larger recordings are scaled down: browsers and weak machines play no more."""

_NO_MAP: Final = np.zeros((1, 1), np.float32)


def write_annotated(
    timeline: Timeline,
    video: Path,
    out: Path,
    monitor: Monitor | None = None,
    longer_px: int = LONGER_PX,
) -> tuple[str, ...]:
    """Write the recording with boxes, labels and bars as MP4 (H.264, yuv420p, playable while it loads; sound kept).

    Args:
        timeline: what was read.
        video: the recording that it was read from.
        out: the file to be written; it appears when it is complete.
        monitor: takes in how far the drawing is; stopped, no file is left.
        longer_px: longer side to which larger recordings are shrunk; 0 for none.

    Returns:
        What is missing, one sentence each; empty where nothing is.

    Raises:
        MediaError: it is another recording, it cannot be decoded, or the file cannot be written.
        StoppedError: the monitor was asked to stop.
    """
    monitor = monitor or Monitor()
    video, out = Path(video), Path(out)
    if timeline.recording.sha256 and sha256_of(video) != timeline.recording.sha256:
        raise MediaError(f"{video} is not the recording that this timeline was made from; choose that one.")
    tracks = Tracks(timeline)
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        sound, missing = _sound(timeline, video, folder, monitor)
        source = stack.enter_context(Video(video, 0, longer_px=longer_px))
        part = stack.enter_context(until_complete(out))
        with Mp4Writer(part, timeline.recording.frame_rate or source.frame_rate, sound) as writer:
            for sample in source:
                writer.add(tracks.drawn(sample.image, sample.time_s), sample.time_s)
                monitor.report(Progress(source.share))
                monitor.check()
        missing.extend(source.problems)
    monitor.report(Progress(1.0))
    return tuple(missing)


class Tracks:
    """Where everybody is and what they show at any moment, from a timeline's samples."""

    def __init__(self, timeline: Timeline) -> None:
        self._size = timeline.recording.width, timeline.recording.height
        self._tracks = [
            _Track.of(timeline, person, bridged_s(timeline), interval_s(timeline)) for person in people(timeline)
        ]
        self._cuts = np.asarray(timeline.cuts, float)

    def at(self, time_s: float) -> list[FaceReading]:
        """The readings of a moment, in pixels of the recording."""
        found = (track.at(time_s, self._cuts) for track in self._tracks)
        return [reading for reading in found if reading is not None]

    def in_picture(self, image: NDArray[np.uint8], time_s: float) -> list[FaceReading]:
        """The readings of a moment, in pixels of a picture of it, uint8 (H, W, 3), of any size."""
        placement = Placement.stretched(self._size, (image.shape[1], image.shape[0]))
        return [replace(reading, box=placement.box(reading.box)) for reading in self.at(time_s)]

    def drawn(self, image: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
        """A copy of a frame, uint8 (H, W, 3) BGR of any size, with the readings of its moment."""
        readings = self.in_picture(image, time_s)
        return overlay_bars(annotate(image, readings), readings, tagged=True)


@dataclass(frozen=True, eq=False)
class _Track:
    """One person's samples: times (N,), boxes (N, 4), probabilities (N, 7)."""

    person: int
    times_s: NDArray[np.float64]
    boxes: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    uncertain_below: float
    bridged_s: float
    held_s: float

    @classmethod
    def of(cls, timeline: Timeline, person: int, bridged_s: float, held_s: float) -> "_Track":
        rows = rows_of_person(timeline, person)
        return cls(
            person,
            rows["time_s"].to_numpy(float),
            rows[["x", "y", "width", "height"]].to_numpy(float),
            rows[[*EMOTIONS]].to_numpy(float),
            timeline.request.threshold,
            bridged_s,
            held_s,
        )

    def at(self, time_s: float, cuts: NDArray[np.float64]) -> FaceReading | None:
        before = int(np.searchsorted(self.times_s, time_s + 1e-6, side="right")) - 1
        if before < 0:
            return None
        if before + 1 < len(self.times_s) and self._joined(before, cuts):
            start_s, end_s = self.times_s[before], self.times_s[before + 1]
            weight = (time_s - start_s) / (end_s - start_s)
        elif time_s - self.times_s[before] < self.held_s and not _cut_between(cuts, self.times_s[before], time_s):
            weight = 0.0
        else:
            return None
        after = min(before + 1, len(self.times_s) - 1)
        box = (1 - weight) * self.boxes[before] + weight * self.boxes[after]
        probabilities = (1 - weight) * self.probabilities[before] + weight * self.probabilities[after]
        return FaceReading(
            box=Box(*(round(float(side)) for side in box)),
            face_confidence=1.0,
            probabilities=probabilities.astype(np.float32),
            uncertain=bool(judge(probabilities, self.uncertain_below)),
            activation=_NO_MAP,
            quality=Quality(0, 0.0, 0.0),
            person=self.person,
        )

    def _joined(self, before: int, cuts: NDArray[np.float64]) -> bool:
        start_s, end_s = self.times_s[before], self.times_s[before + 1]
        return bool(end_s - start_s <= self.bridged_s) and not _cut_between(cuts, start_s, end_s)


def _sound(timeline: Timeline, video: Path, folder: Path, monitor: Monitor) -> tuple[Path | None, list[str]]:
    if not timeline.recording.has_audio:
        return None, []
    target = folder / "sound.mp4"
    if take_sound(video, target, timeline.recording.duration_s, monitor):
        return target, []
    return None, ["The sound could not be read, so the annotated video has none."]


def _cut_between(cuts: NDArray[np.float64], start_s: float, end_s: float) -> bool:
    """Whether a new shot begins after the first moment and not after the second."""
    return bool(np.any((cuts > start_s + 1e-6) & (cuts <= end_s + 1e-6)))
