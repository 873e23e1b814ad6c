"""Recordings as the Video page has them open."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_core.timeline.editing.study import Study
from fer_core.timeline.table import Timeline
from fer_core.ui.video.recording import OpenRecording


def open_recording(
    number: int, timelines: Mapping[str, Timeline], path: Path | None = None, **more: Any
) -> OpenRecording:
    """A recording without edits."""
    return OpenRecording(number, {model: Study(timeline) for model, timeline in timelines.items()}, path, **more)
