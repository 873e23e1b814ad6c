"""A live session as a timeline: the readings of every frame and, only where asked for, the frames as a video."""

import hashlib
import io
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from fer_core.declaration import Declaration
from fer_core.imaging.drawing import hide_faces
from fer_core.imaging.placement import Placement
from fer_core.live.analyser import READ_PX, LiveReading
from fer_core.media.encoding import as_stored, state_colours
from fer_core.provenance import Provenance
from fer_core.readings import Box, FaceReading, FrameReading
from fer_core.request import AnalysisRequest
from fer_core.timeline.editing.edits import Mark
from fer_core.timeline.editing.study import Study
from fer_core.timeline.notes import Marker
from fer_core.timeline.table import Recording, Rows, Timeline, build, rows_of_frame

LOGGER = logging.getLogger(__name__)

LONGEST_S: Final = 2 * 3600.0
"""A recording of readings ends by itself after so long."""

MOST_MARKERS: Final = 10_000
"""Markers that a recording takes from other programs."""

LONGEST_VIDEO_S: Final = 15 * 60.0
"""Limit of a recording with video, which is kept in memory until it is handed over."""


@dataclass(frozen=True, eq=False)
class RecordedSession:
    """A finished recording.

    Attributes:
        timeline: one row a face of every analysed frame.
        video: MP4 whose frames are those of the timeline; empty where none was wanted, none came, or it could not be
            written.
        markers: that other programs set meanwhile, in the order of their times.
    """

    timeline: Timeline
    video: bytes = b""
    markers: tuple[Marker, ...] = ()

    @property
    def study(self) -> Study:
        """The timeline with its markers."""
        study = Study(self.timeline)
        return study.edited(Mark(self.markers)) if self.markers else study


class SessionRecorder:
    """Collects readings, and frames where `with_video` is set. Safe to use from two threads.

    Args:
        start_s: when it begins, by the stream's clock.
        request: how the stream is read, complete.
        provenance: the files and libraries behind the numbers.
        began: the same moment by the calendar, for the name.
        with_video: keep the frames too.
    """

    def __init__(
        self, start_s: float, request: AnalysisRequest, provenance: Provenance, began: datetime, *, with_video: bool
    ) -> None:
        self.start_s, self.began, self.with_video = start_s, began, with_video
        self.request, self.provenance = request, provenance
        self._lock = threading.Lock()
        self._rows = Rows()
        self._frames = 0
        self._first_s = self._last_s = self._late_s = 0.0
        self._size = (0, 0)
        self._notes: list[str] = []
        self._markers: list[Marker] = []
        self._video: SessionVideo | None = None
        self._video_broken = False
        self._finished = False
        self._declaration: Declaration | None = None

    def __len__(self) -> int:
        """Frames so far."""
        return self._frames

    @property
    def longest_s(self) -> float:
        """Limit of the recording in seconds."""
        return LONGEST_VIDEO_S if self.with_video else LONGEST_S

    def duration_s(self, now_s: float) -> float:
        """Seconds since the recording started."""
        return min(now_s - self.start_s, self.longest_s)

    def declare(self, declaration: Declaration) -> None:
        """The declaration that the timeline bears."""
        self._declaration = declaration

    def note(self, sentence: str) -> None:
        """Something that whoever reads the timeline should know; kept once."""
        with self._lock:
            if sentence not in self._notes:
                self._notes.append(sentence)

    @property
    def markers(self) -> int:
        """Number of markers so far."""
        return len(self._markers)

    def mark(self, text: str, time_s: float) -> None:
        """Take a marker that was set at this time of the stream's clock; one from before or after is passed over."""
        with self._lock:
            at_s = time_s - self.start_s
            if -self._late_s <= at_s < 0:
                at_s = 0.0  # set before the first frame, with which a video begins
            if self._finished or not 0 <= at_s <= self.longest_s:
                return
            if len(self._markers) == MOST_MARKERS:
                self._note(f"More than {MOST_MARKERS:,} markers came; the others were passed over.")
                return
            self._markers.append(Marker(at_s, text))

    def add(self, bgr: NDArray[np.uint8], reading: LiveReading, hidden: Sequence[Box] = ()) -> None:
        """Take one frame with its reading; frames from before the start or after the end are passed over.

        Args:
            bgr: uint8 (H, W, 3).
            reading: of this frame.
            hidden: faces that are made unrecognisable in the video; where there are any, no outlines are kept.
        """
        with self._lock:
            time_s = reading.time_s - self.start_s
            if self._finished or time_s < 0:
                return
            if time_s > self.longest_s:
                self._note_end()
                return
            if self.with_video and not self._frames:
                self._begin(reading.time_s)
            time_s = self._moment(reading.time_s)
            if self._size == (0, 0):
                self._size = _size_of_recording(reading.width, reading.height)
            fit = Placement.fitted((reading.width, reading.height), self._size)
            if self.with_video and not self._video_broken:
                self._add_frame(fit.picture(hide_faces(bgr, hidden) if hidden else bgr), time_s)
            # As the model read them: the timeline smooths them itself, so that it can be smoothed otherwise later.
            faces = tuple(replace(face.placed(fit).reading, probabilities=face.raw) for face in reading.faces)
            if hidden:
                faces = tuple(map(_without_shape, faces))
            self._rows.extend(rows_of_frame(FrameReading(time_s, self._frames, faces)))
            self._first_s = self._first_s if self._frames else time_s
            self._frames += 1
            self._last_s = time_s

    def _begin(self, time_s: float) -> None:
        """A video begins with its first frame, and so does the timeline."""
        self._late_s = time_s - self.start_s
        self.start_s = time_s
        self._markers = [replace(marker, time_s=max(0.0, marker.time_s - self._late_s)) for marker in self._markers]

    def _moment(self, time_s: float) -> float:
        """Seconds from the start; beside a video in whole milliseconds, each later than the last, as the video is."""
        if not self.with_video:
            return time_s - self.start_s
        earliest = round(1000 * self._last_s) + 1 if self._frames else 0
        return max(earliest, round(1000 * (time_s - self.start_s))) / 1000

    def finish(self) -> RecordedSession:
        """Stop, and return the recorded session."""
        with self._lock:
            self._finished = True
        # Nothing is added from here on, so the worker, which goes on reading, need not wait for what takes long.
        video = self._finished_video()
        if not self._frames:
            self.note("No frame was read during this recording.")
        between_s = self._last_s - self._first_s
        recording = Recording(
            name=f"Live {self.began:%Y-%m-%d %H.%M.%S}{'.mp4' if video else ''}",
            sha256=hashlib.sha256(video).hexdigest() if video else "",
            duration_s=self._last_s,
            width=self._size[0],
            height=self._size[1],
            frame_rate=(self._frames - 1) / between_s if between_s > 0 else 0.0,
            source="camera",
        )
        timeline = build(self._rows, recording, self.request, self.provenance, problems=list(self._notes))
        markers = tuple(sorted(self._markers, key=lambda marker: marker.time_s))
        return RecordedSession(replace(timeline, declaration=self._declaration), video, markers)

    def _add_frame(self, picture: NDArray[np.uint8], time_s: float) -> None:
        """A video that cannot be written ends; the readings go on."""
        try:
            if self._video is None:
                self._video = SessionVideo(*self._size)
            self._video.add(picture, time_s)
        except Exception as error:
            LOGGER.exception("a frame could not be added to the video of a session")
            self._video_broken = True
            self._note(f"The video ends after {time_s:.0f} s: it could not be written further ({error}).")

    def _finished_video(self) -> bytes:
        if self._video is None:
            return b""
        try:
            return self._video.finish()
        except Exception as error:
            LOGGER.exception("the video of a session could not be finished")
            self.note(f"The video could not be written ({error}); the readings are complete.")
            return b""

    def _note(self, sentence: str) -> None:
        if sentence not in self._notes:
            self._notes.append(sentence)

    def _note_end(self) -> None:
        self._note(f"The recording ended by itself after {self.longest_s / 60:.0f} minutes.")


def _without_shape(face: FaceReading) -> FaceReading:
    """The reading without the landmarks, whose shape tells who it is."""
    return replace(face, mesh=face.mesh and replace(face.mesh, landmarks=np.empty((0, 3), np.float32)))


def _size_of_recording(width: int, height: int) -> tuple[int, int]:
    """The size for all frames, even on both sides as H.264 wants it: browsers send small frames at first."""
    factor = max(1.0, READ_PX / max(width, height))
    return round(width * factor / 2) * 2, round(height * factor / 2) * 2


class SessionVideo:
    """An H.264 MP4 in memory whose frames keep their times.

    Args:
        width: of every frame, in pixels; even.
        height: of every frame, in pixels; even.
    """

    TIME_BASE: Final = Fraction(1, 1000)

    def __init__(self, width: int, height: int) -> None:
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format="mp4")
        self._stream = self._container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "23"})
        self._stream.width, self._stream.height = width, height
        state_colours(self._stream)
        self._stream.codec_context.time_base = self.TIME_BASE
        self._last_pts = -1

    def add(self, bgr: NDArray[np.uint8], time_s: float) -> None:
        """Take the next frame, uint8 (height, width, 3), and the time from which it is shown."""
        frame = as_stored(bgr)
        self._last_pts = max(self._last_pts + 1, round(time_s / self.TIME_BASE))
        frame.pts, frame.time_base = self._last_pts, self.TIME_BASE
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> bytes:
        """The file."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._buffer.getvalue()
