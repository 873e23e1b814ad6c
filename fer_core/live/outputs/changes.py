"""What changes from reading to reading, in words: the markers that a live session gives to others."""

from typing import Final

from fer_core.live.outputs.message import Message
from fer_core.readings import FaceReading

GONE_AFTER_S: Final = 1.0
"""Seconds without a face after which its person is gone."""

_UNCERTAIN: Final = "uncertain"


class Changes:
    """Follows the messages of one session."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, float]] = {}  # by person: what was said last, and when they were seen last

    def of(self, message: Message) -> list[str]:
        """What has changed with a message: "person 1: happy", "person 1: uncertain", "person 1: gone"."""
        found = []
        for face in message.faces:
            person, now = face.person or 0, _said(face)
            if self._known.get(person, ("", 0.0))[0] != now:
                found.append(f"person {person}: {now}")
            self._known[person] = now, message.time_s
        for person, (_, seen_s) in list(self._known.items()):
            if message.time_s - seen_s > GONE_AFTER_S:
                del self._known[person]
                found.append(f"person {person}: gone")
        return found


def _said(face: FaceReading) -> str:
    return _UNCERTAIN if face.uncertain else face.label
