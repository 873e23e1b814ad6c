"""What is known of a stream at one moment."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from fer_core.live.analyser import LiveReading
from fer_core.live.history import Moment

STALLED_S: Final = 2.5
"""Seconds without a frame after which the camera is taken to be gone."""


class Situation(Enum):
    """State of the arriving frames."""

    WAITING = "no frame has come yet"
    RUNNING = "frames come"
    STALLED = "frames came and stopped"


@dataclass(frozen=True, eq=False)
class LiveState:
    """State of a stream at one moment, for the page.

    Attributes:
        situation: whether pictures come.
        reading: the last one; None where it is older than `STALLED_S`.
        last_minute: oldest first.
        now_s: the moment, by the stream's clock.
        quiet_s: seconds since the last frame came; None before the first.
        camera_fps: frames that arrive, a second.
        analysed_fps: frames that are read, a second.
        age_ms: median age of the readings at the moment when they were drawn; None before the first.
        last_age_s: age of the reading that was drawn into the last frame; None where none was.
        frames: that arrived since the stream was made.
        dropped: frames that a newer one replaced before they were handed over or the worker was free.
        problem: why frames are not read, drawn or recorded at present, and what goes on; None where all is well.
        calibrating: share of the calibration that is done, 0 to 1; None where there is none.
        baselines: persons whose readings are held against their resting face.
        notes: why the last calibration came to nothing, a sentence each, for a while.
        recording_s: duration of the running recording; None where there is none.
        recording_over: whether the recording has reached its limit.
        recorded: number of its frames.
        markers: number of its markers.
    """

    situation: Situation
    reading: LiveReading | None
    last_minute: tuple[Moment, ...]
    now_s: float
    quiet_s: float | None
    camera_fps: float
    analysed_fps: float
    age_ms: float | None
    last_age_s: float | None
    frames: int
    dropped: int
    problem: str | None
    calibrating: float | None
    baselines: frozenset[int]
    notes: tuple[str, ...]
    recording_s: float | None
    recording_over: bool
    recorded: int
    markers: int
