"""The readings of one frame as they are sent."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fer_core.emotions import EMOTIONS
from fer_core.live.analyser import LiveReading
from fer_core.notice import NOT_FEELINGS
from fer_core.readings import FaceReading

DIGITS: Final = 6


@dataclass(frozen=True, eq=False)
class Message:
    """The readings of one frame.

    Attributes:
        time_s: when the frame came, in seconds from the start of the session.
        came_s: the same by `time.monotonic`.
        frame: number of the frame among those that were read, from 0.
        width: of the frame, in pixels.
        height: of the frame, in pixels.
        faces: from left to right; smoothed.
    """

    time_s: float
    came_s: float
    frame: int
    width: int
    height: int
    faces: tuple[FaceReading, ...]

    @classmethod
    def of(cls, reading: LiveReading, frame: int, began_s: float) -> "Message":
        """The message of a reading, in a session that began at that moment."""
        faces = tuple(reading.readings)
        return cls(reading.time_s - began_s, reading.time_s, frame, reading.width, reading.height, faces)

    @property
    def age_s(self) -> float:
        """Seconds since the frame came."""
        return time.monotonic() - self.came_s

    def to_json(self) -> Mapping[str, Any]:
        """The message as JSON holds it."""
        return {
            "time_s": round(self.time_s, DIGITS),
            "age_ms": round(self.age_s * 1e3, 1),
            "frame": self.frame,
            "width": self.width,
            "height": self.height,
            "faces": [_face(face) for face in self.faces],
        }


def greeting(model: str) -> Mapping[str, Any]:
    """What a listener is told first."""
    return {"notice": NOT_FEELINGS, "model": model, "emotions": list(EMOTIONS)}


def _face(face: FaceReading) -> Mapping[str, Any]:
    return {
        "person": face.person,
        "box": list(face.box),
        "label": face.label,
        "confidence": round(face.confidence, DIGITS),
        "uncertain": face.uncertain,
        "probabilities": {name: round(p, DIGITS) for name, p in face.by_emotion.items()},
        "quality": list(face.quality.problems),
    }
