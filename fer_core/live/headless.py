"""A live session without the dashboard: the newest frame is read, recorded as a timeline, and sent on."""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np

from fer_core.analysis.run import completed, provenance_of
from fer_core.declaration import Declaration
from fer_core.live.analyser import LiveAnalyser, LiveReading
from fer_core.live.markers import MarkersIn
from fer_core.live.outputs import Output
from fer_core.live.outputs.message import Message
from fer_core.live.recording import RecordedSession, SessionRecorder
from fer_core.live.settings import LiveSettings
from fer_core.live.sources import Camera, Played, Source
from fer_core.pipeline import EmotionPipeline
from fer_core.request import AnalysisRequest

TELL_EVERY_S: Final = 1.0

MOST_AGES: Final = 100_000
"""Readings whose age is remembered: about an hour of them."""


@dataclass
class Figures:
    """Speed of a session so far.

    Attributes:
        came: frames that came.
        read: frames that were read; newer ones came before the others could be.
        ages_s: of the last `MOST_AGES` readings, seconds from when its frame came until it was sent.
        markers: that came in while it was read; counted where nothing is kept.
        full: the session is kept, and is as long as it may be: what is read now is sent, but not kept.
    """

    came: int = 0
    read: int = 0
    ages_s: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_AGES))
    markers: int = 0
    full: bool = False

    def latency_ms(self, percentile: float) -> float:
        """From frame to message, in milliseconds; 0 before the first."""
        return float(np.percentile(list(self.ages_s), percentile)) * 1e3 if self.ages_s else 0.0


Told = Callable[[LiveReading, Figures], None]


class Session:
    """One camera until its end.

    Args:
        pipeline: reads.
        request: smoothing and threshold; the rest is the pipeline's.
        outputs: that readings are sent to.
        told: called about every second.
        declaration: that the timeline bears.
        keep: hold what is read for `recorded`, with the outlines of faces; else it is sent and gone.

    Attributes:
        figures: speed so far.
        broke_off: why the camera ended, in a sentence, which `run` raises, too; empty where it did not break off.
        markers: in from other programs by `mark`; closed with the session. None where there are none.
    """

    def __init__(
        self,
        pipeline: EmotionPipeline,
        request: AnalysisRequest,
        outputs: Sequence[Output],
        told: Told,
        declaration: Declaration,
        *,
        keep: bool = True,
    ) -> None:
        self._request = completed(pipeline, request)
        self._settings = LiveSettings(
            0.0 if request.smoothing == "none" else request.time_constant_s, self._request.threshold
        )
        self._analyser, self._outputs, self._told = LiveAnalyser(pipeline), outputs, told
        self._provenance, self._declaration = provenance_of(pipeline), declaration
        self.figures = Figures()
        self.markers: MarkersIn | None = None
        self.broke_off = ""
        self._keep, self._began_s = keep, math.inf
        self._recorder: SessionRecorder | None = None

    def run(self, source: Source, seconds: float | None = None) -> None:
        """Read until the source ends, somebody interrupts, or a frame comes more than `seconds` after the first one.

        How long a camera takes until its first frame is its own affair, and does not count.

        Raises:
            MediaError: the source cannot be read, or breaks off.
        """
        began_s, told_s, first_s = time.monotonic(), 0.0, None  # before the camera: its first frame belongs to it
        camera = Camera(source)
        self._began_s = began_s
        recorder = self._recorder = self._new_recorder(began_s) if self._keep else None
        try:
            while (taken := camera.take()) is not None:
                bgr, came_s = taken
                first_s = came_s if first_s is None else first_s
                if seconds is not None and came_s - first_s > seconds:
                    break
                reading = self._analyser.read(bgr, came_s, self._settings, {})
                self._send(Message.of(reading, self.figures.read, began_s))
                if recorder is not None:
                    recorder.add(bgr, reading)
                    self.figures.full = came_s - began_s > recorder.longest_s
                self.figures.came, self.figures.read = camera.came, self.figures.read + 1
                if came_s - told_s >= TELL_EVERY_S:
                    told_s = came_s
                    self._told(reading, self.figures)
        finally:
            camera.close()
        self.broke_off = "" if camera.problem is None else str(camera.problem)
        if recorder is not None:
            for problem in (*(source.problems if isinstance(source, Played) else ()), self.broke_off):
                if problem:
                    recorder.note(problem)
        if camera.problem is not None:
            raise camera.problem

    def _new_recorder(self, began_s: float) -> SessionRecorder:
        recorder = SessionRecorder(
            began_s, self._request, self._provenance, datetime.now().astimezone(), with_video=False
        )
        recorder.declare(self._declaration)
        return recorder

    def mark(self, text: str, time_s: float) -> None:
        """Take a marker that was set at this time of `time.monotonic`; passed over where nothing is read then."""
        if self._recorder is not None:
            self._recorder.mark(text, time_s)
        elif time_s >= self._began_s:
            self.figures.markers += 1

    def recorded(self) -> RecordedSession | None:
        """End the session; what was read, None where nothing was or nothing is kept."""
        if self.markers is not None:
            self.markers.close()
        if self._recorder is None or not len(self._recorder):
            return None
        return self._recorder.finish()

    def _send(self, message: Message) -> None:
        for output in self._outputs:
            output.send(message)
        self.figures.ages_s.append(message.age_s)
