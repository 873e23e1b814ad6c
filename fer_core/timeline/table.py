"""Readings over time as one table, and what describes the recording that they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.readings import FrameReading
from fer_core.timeline.smoothing import METHODS, gap_s

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

TYPES: Final = {
    "time_s": "float64",
    **dict.fromkeys(("frame", "person", "x", "y", "width", "height"), "Int64"),
    **dict.fromkeys((*EMOTIONS, *RAW_COLUMNS), "float64"),
    "label": "object",
    "confidence": "float64",
    "uncertain": "boolean",
    "quality": "object",
}
"""Of the columns: those that can be empty have pandas' types that can."""

GOOD: Final = "good"
"""What `quality` says where nothing is out of bounds; else the problems, with commas between."""

MEASURES: Final = ("sharpness", "brightness", "frontality", "face_confidence")
"""Columns of `Timeline.measures`, as in `fer_core.readings.Quality` and `FaceReading`."""

_READ: Final = ("time_s", "frame", "person", "x", "y", "width", "height", *RAW_COLUMNS, "quality")


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
        cuts: when a new shot begins, in seconds; nothing is smoothed over that.
        measures: `MEASURES` of the same rows, by the index of `frame`; empty where they were not kept.
    """

    frame: pd.DataFrame
    recording: Recording
    settings: AnalysisSettings
    portraits: Mapping[int, bytes] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    cuts: tuple[float, ...] = ()
    measures: pd.DataFrame = field(default_factory=pd.DataFrame)


Row = tuple[Any, ...]
"""What was read of one face, or of a frame without one: plain numbers and text, ready for JSON."""


def rows_of_frame(reading: FrameReading) -> list[Row]:
    """One row a face; one row where there is none."""
    if not reading.faces:
        return [(reading.time_s, reading.frame, *(None,) * (len(_READ) - 3), "", *(None,) * len(MEASURES))]
    return [
        (
            reading.time_s,
            reading.frame,
            face.person,
            *face.box,
            *map(float, face.probabilities),
            ", ".join(face.quality.problems) or GOOD,
            face.quality.sharpness,
            face.quality.brightness,
            face.quality.frontality,
            face.face_confidence,
        )
        for face in reading.faces
    ]


def build(
    rows: Sequence[Row],
    recording: Recording,
    settings: AnalysisSettings,
    *,
    cuts: Sequence[float] = (),
    portraits: Mapping[int, bytes] | None = None,
    problems: Sequence[str] = (),
) -> Timeline:
    """Make the timeline of what was read; see `Timeline` for the arguments and `rows_of_frame` for the rows."""
    table = pd.DataFrame(list(rows), columns=[*_READ, *MEASURES])
    frame = smoothed(table.reindex(columns=list(COLUMNS)).astype(TYPES), settings, cuts)
    measures = table[list(MEASURES)].astype("float64")
    return Timeline(frame, recording, settings, portraits or {}, tuple(problems), tuple(cuts), measures)


def smoothed(frame: pd.DataFrame, settings: AnalysisSettings, cuts: Sequence[float] = ()) -> pd.DataFrame:
    """The rows with probabilities, label, confidence and `uncertain` as they follow from the raw probabilities.

    Each person is smoothed alone, and nothing over a cut or a gap.
    """
    seen = frame["person"].notna().to_numpy(bool)
    raw = frame[list(RAW_COLUMNS)].to_numpy(float)
    times_s = frame["time_s"].to_numpy(float)
    shots = np.searchsorted(np.asarray(cuts, float), times_s, side="right")
    probabilities = np.full_like(raw, np.nan)
    method, gap = METHODS[settings.smoothing], gap_s(_usual_s(times_s))
    for _, part in frame[seen].groupby([frame["person"][seen], shots[seen]], sort=False):
        places = frame.index.get_indexer(part.sort_values("time_s").index)
        probabilities[places] = method(times_s[places], raw[places], settings.time_constant_s, gap)
    result = frame.copy()
    result[list(EMOTIONS)] = probabilities
    best = np.where(seen, np.nan_to_num(probabilities).argmax(axis=1), 0)
    highest = np.where(seen, np.nan_to_num(probabilities).max(axis=1), np.nan)
    result["label"] = pd.Series(np.array(EMOTIONS, object)[best], frame.index, "object").where(seen, None)
    result["confidence"] = highest
    result["uncertain"] = pd.Series(highest < settings.uncertain_below, frame.index, "boolean").where(seen)
    return result


def _usual_s(times_s: NDArray[np.float64]) -> float:
    """Median time between two sampled frames; 0 where there are not two."""
    sampled = np.unique(times_s)
    return float(np.median(np.diff(sampled))) if len(sampled) > 1 else 0.0
