"""Readings over time as one table, and what describes the recording that they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from fer_core.emotions import EMOTIONS

RAW_COLUMNS: Final = tuple(f"raw_{emotion}" for emotion in EMOTIONS)

COLUMNS: Final = (
    "time_s",
    "frame",
    "person",
    "x",
    "y",
    "width",
    "height",
    *EMOTIONS,
    *RAW_COLUMNS,
    "label",
    "confidence",
    "uncertain",
    "quality",
)
"""Columns of `timeline.csv`, in this order. A sampled frame without a face is a row whose `person` is empty."""


@dataclass(frozen=True)
class Recording:
    """What was analysed.

    Attributes:
        name: file name without its folder.
        sha256: of the file; empty for a live session that was not stored.
        duration_s: seconds.
        width: pixels, after the recording's rotation.
        height: pixels, after the recording's rotation.
        frame_rate: mean frames a second.
        has_audio: whether there is sound.
    """

    name: str
    sha256: str
    duration_s: float
    width: int
    height: int
    frame_rate: float
    has_audio: bool = False


@dataclass(frozen=True)
class AnalysisSettings:
    """How it was analysed: everything that the numbers depend on.

    Attributes:
        model: name of the classifier.
        detector: name of the face detector.
        engine: "litert" or "keras".
        fps: samples a second; 0 for every frame.
        smoothing: "exponential", "median", "hmm" or "none".
        time_constant_s: of the smoothing.
        uncertain_below: threshold of `uncertain`, on the smoothed probabilities.
        hashes: SHA-256 of the model's files, by file name.
        versions: of this package and of the libraries that the numbers depend on, by name.
    """

    model: str
    detector: str
    engine: str
    fps: float
    smoothing: str = "exponential"
    time_constant_s: float = 0.4
    uncertain_below: float = 0.5
    hashes: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Timeline:
    """The readings of one recording.

    Attributes:
        frame: `COLUMNS`; time in seconds, boxes in pixels of the upright frame, probabilities 0 to 1.
        recording: what was analysed.
        settings: how.
        portraits: one JPEG a person, the best seen, by number.
        problems: what is missing or was repaired, one sentence each; empty where nothing is.
    """

    frame: pd.DataFrame
    recording: Recording
    settings: AnalysisSettings
    portraits: Mapping[int, bytes] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
