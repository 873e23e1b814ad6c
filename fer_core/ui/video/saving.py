"""Names of the files that charts of a recording are saved as. No Streamlit in here."""

from pathlib import PurePath

from fer_core.ui.video.recording import OpenRecording


def saved_as(recording: OpenRecording, chart: str, person: int | None = None) -> str:
    """What the file of a chart is named after: recording, person where there are several, chart."""
    stem = PurePath(recording.name).stem + (f" {recording.namesake}" if recording.namesake > 1 else "")
    whose = recording.notes.name(person) if person is not None and len(recording.people) > 1 else ""
    return f"{stem} {whose} {chart}"
