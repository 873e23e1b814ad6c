"""What the player's script says, applied to the recording. No Streamlit in here."""

import math
from collections.abc import Mapping
from typing import Any, Final

from fer_core.emotions import EMOTIONS
from fer_core.ui.video.rating import rate
from fer_core.ui.video.recording import OpenRecording

LONGEST_TEXT: Final = 80
"""Characters of a marker that is set in the player."""


def hear(recording: OpenRecording, message: Mapping[str, Any], *, labelling: bool = False) -> None:
    """Do what a message asks for; whatever is not of the right form, or lies outside the recording, is passed over.

    Args:
        recording: that is played.
        message: any of "moment" (seconds; paused or sought there), "range" ([start, end] in seconds), "person" (number
            of who was chosen), "deeds": what was done, each with an "id", by which it is done once however often it is
            told: "mark" ({"time", "text"}: a marker that was set), or "rate" (an expression) with the "range" and the
            "person" that it is of.
        labelling: whether this page is on the tab for labels; only then are there any.
    """
    if (time_s := _seconds(message.get("moment"))) is not None:
        recording.follow(time_s)
    deeds = message.get("deeds")
    for deed in deeds if isinstance(deeds, list) else ():
        if isinstance(deed, Mapping) and isinstance(deed.get("id"), str) and deed["id"] not in recording.done:
            recording.done.add(deed["id"])
            _do(recording, deed, labelling)
    if span := _span(message.get("range")):  # after the labels, which move it: the player moved on, too, or further
        recording.choose_range(*span)
    if message.get("person") in recording.people:
        recording.person = message["person"]


def _do(recording: OpenRecording, deed: Mapping[str, Any], labelling: bool) -> None:
    mark = deed.get("mark")
    if isinstance(mark, Mapping) and (time_s := _seconds(mark.get("time"))) is not None:
        first_s, last_s = recording.whole_range
        recording.mark(min(max(time_s, first_s), last_s), str(mark.get("text") or "")[:LONGEST_TEXT])
    span, person = _span(deed.get("range")), deed.get("person")
    if labelling and deed.get("rate") in EMOTIONS and span and person in recording.people:
        rate(recording, deed["rate"], person, span)


def _span(value: Any) -> tuple[float, float] | None:
    """Start and end in seconds; None for anything else."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    start_s, end_s = map(_seconds, value)
    return (start_s, end_s) if start_s is not None and end_s is not None and start_s < end_s else None


def _seconds(value: Any) -> float | None:
    """A finite number of seconds; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
