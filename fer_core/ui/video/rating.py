"""What a second rater does with a recording. No Streamlit in here."""

from fer_core.timeline.edits import Rate
from fer_core.timeline.summaries import interval_s
from fer_core.ui.video.recording import OpenRecording


def hides_readings(recording: OpenRecording) -> bool:
    """Whether the page hides what the model read."""
    return recording.labelling and recording.blind


def rate(recording: OpenRecording, label: str | None) -> None:
    """Label the range of the chosen person; then the range is the rest of the recording, if there is any.

    Args:
        recording: that is labelled.
        label: one of `EMOTIONS`; None takes labels of the range back, and the range stays.
    """
    if recording.person is None:
        return
    start_s, end_s = recording.range_s
    recording.edit(Rate(recording.person, start_s, end_s, label, recording.rater, hides_readings(recording)))
    _, last_s = recording.whole_range
    if label is not None and last_s - end_s >= 2 * interval_s(recording.timeline):
        recording.choose_range(end_s, last_s)
