"""What a second rater does with a recording. No Streamlit in here."""

from fer_core.timeline.editing.edits import Rate
from fer_core.timeline.weights import interval_s
from fer_core.ui.video.recording import OpenRecording


def rate(recording: OpenRecording, label: str | None, person: int | None, span: tuple[float, float]) -> None:
    """Label a range of a person, blind where readings are hidden; then the rest of the recording is looked at.

    Args:
        recording: that is labelled.
        label: one of `EMOTIONS`; None takes labels of the range back, and the range stays.
        person: whose face it is; nobody is labelled where it is None or not seen.
        span: start and end of the range in seconds, as the rater saw it: two clicks label one range twice.
    """
    if person not in recording.people:  # or no longer: another tab may have merged them
        return
    start_s, end_s = span
    recording.edit(Rate(person, start_s, end_s, label, recording.rater, recording.blind))
    _, last_s = recording.whole_range
    if label is not None and last_s - end_s >= 2 * interval_s(recording.timeline):
        recording.choose_range(end_s, last_s)
