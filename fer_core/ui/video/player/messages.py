"""What the player's script says, applied to the recording. No Streamlit in here."""

import math
from collections.abc import Mapping
from typing import Any, Final

from fer_core.emotions import EMOTIONS
from fer_core.ui.video.rating import rate
from fer_core.ui.video.recording import OpenRecording

LONGEST_TEXT: Final = 80
"""Characters of a marker that is set in the player."""


def hear(recording: OpenRecording, message: Mapping[str, Any]) -> None:
    """Do what a message asks for; whatever is not of the right form, or lies outside the recording, is passed over.

    Args:
        recording: that is played.
        message: any of "moment" (seconds; paused or sought there), "range" ([start, end] in seconds), "person" (number
            of who was chosen), "mark" ({"time", "text"}: a marker that was set), "rate" (an expression that the range
            is labelled with; only on the tab for it).
    """
    if (time_s := _seconds(message.get("moment"))) is not None:
        recording.follow(time_s)
    span = message.get("range")
    if isinstance(span, list) and len(span) == 2:
        start_s, end_s = map(_seconds, span)
        if start_s is not None and end_s is not None and start_s < end_s:
            recording.choose_range(start_s, end_s)
    if message.get("person") in recording.people:
        recording.person = message["person"]
    mark = message.get("mark")
    if isinstance(mark, Mapping) and (time_s := _seconds(mark.get("time"))) is not None:
        first_s, last_s = recording.whole_range
        recording.mark(min(max(time_s, first_s), last_s), str(mark.get("text") or "")[:LONGEST_TEXT])
    if recording.labelling and message.get("rate") in EMOTIONS:
        rate(recording, message["rate"])


def _seconds(value: Any) -> float | None:
    """A finite number of seconds; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
