"""Readings by Lab Streaming Layer, beside EEG, physiology and gaze in one recording. Announced in the local network."""

from typing import Final

import pylsl

from fer_core.emotions import EMOTIONS
from fer_core.live.outputs.changes import Changes
from fer_core.live.outputs.message import Message

NAME: Final = "FaceValue"
TYPE: Final = "Expressions"
CHANNELS: Final = ("person", *EMOTIONS, "uncertain")
"""One sample a face: number of the person, seven probabilities, 0 or 1."""

MARKERS: Final = "FaceValueMarkers"
MARKERS_TYPE: Final = "Markers"
"""The type that all programs give to streams of markers."""


class LslOutput:
    """Sends one sample a face, and one marker a change, at the time at which the frame came.

    Args:
        model: named in the description of the stream.
    """

    def __init__(self, model: str) -> None:
        self._readings: pylsl.StreamOutlet | None = pylsl.StreamOutlet(_readings(model))
        self._markers: pylsl.StreamOutlet | None = pylsl.StreamOutlet(
            pylsl.StreamInfo(MARKERS, MARKERS_TYPE, 1, pylsl.IRREGULAR_RATE, pylsl.cf_string, "")
        )
        self._changes = Changes()
        self.name = f"LSL {NAME}"

    def send(self, message: Message) -> None:
        """See `fer_core.live.outputs.Output`."""
        assert self._readings is not None
        assert self._markers is not None
        came = pylsl.local_clock() - message.age_s
        for face in message.faces:
            values = [float(face.person or 0), *map(float, face.probabilities), float(face.uncertain)]
            self._readings.push_sample(values, came)
        for text in self._changes.of(message):
            self._markers.push_sample([text], came)

    def close(self) -> None:
        """See `fer_core.live.outputs.Output`."""
        self._readings = self._markers = None


def _readings(model: str) -> "pylsl.StreamInfo":
    info = pylsl.StreamInfo(NAME, TYPE, len(CHANNELS), pylsl.IRREGULAR_RATE, pylsl.cf_float32, "")
    description = info.desc()
    description.append_child_value("model", model)
    channels = description.append_child("channels")
    for name in CHANNELS:
        channels.append_child("channel").append_child_value("label", name)
    return info
