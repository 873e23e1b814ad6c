"""The timeline: readings over time as one table, and the description of their recording."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.declaration import Declaration
from fer_core.emotions import EMOTIONS
from fer_core.provenance import Provenance
from fer_core.readings import FrameReading, is_uncertain
from fer_core.request import AnalysisRequest
from fer_core.timeline import columns
from fer_core.timeline.columns import (
    COLUMNS,
    DTYPES,
    GROUP_COLUMNS,
    PICTURE_COLUMNS,
    RAW_COLUMNS,
    described,
    quality_of,
)
from fer_core.timeline.face.movements import DISTANCES
from fer_core.timeline.face.of_person import with_recording_columns
from fer_core.timeline.notes import Span
from fer_core.timeline.outline import packed
from fer_core.timeline.smoothing import METHODS, gap_s

TYPES: Final = {
    "time_s": "float64",
    **dict.fromkeys(("frame", "person", "x", "y", "width", "height"), "Int64"),
    **dict.fromkeys((*EMOTIONS, *RAW_COLUMNS), "float64"),
    "label": "object",
    "confidence": "float64",
    "uncertain": "boolean",
    "quality": "object",
}
"""Dtypes of `COLUMNS` in memory; nullable dtypes where a value may be missing."""

GROUP_TYPES: Final = {name: DTYPES[column.kind] for name, column in described(GROUP_COLUMNS).items()}
"""Dtypes of the columns of all groups."""

MEASURES: Final = tuple(columns.MEASURES)
"""Columns of `Timeline.measures`: of `fer_core.readings.Quality`, `FaceReading`, `FaceMesh.geometry`; the outline."""

MEASURE_TYPES: Final = {name: DTYPES[column.kind] for name, column in columns.MEASURES.items()}
"""Dtypes of `MEASURES`."""

_BASE_READ: Final = ("time_s", "frame", "person", "x", "y", "width", "height", *RAW_COLUMNS, "quality")
_READ: Final = (*_BASE_READ, *PICTURE_COLUMNS)
ROW_NAMES: Final = (*_READ, *MEASURES)
"""What the values of a `Row` are, in their order."""

_NOTHING: Final = (None,) * (len(PICTURE_COLUMNS) + len(MEASURES))
_PACKED_AT: Final = 500
"""Rows that become columns at once."""


@dataclass(frozen=True)
class Recording:
    """The analysed recording.

    Attributes:
        name: file name without its folder.
        sha256: of the file; empty for a live session that was not stored.
        duration_s: seconds.
        width: pixels, after the recording's rotation.
        height: pixels, after the recording's rotation.
        frame_rate: mean frames a second.
        has_audio: whether there is sound.
        source: "file", or "camera" for readings of a live session, which an analysis of the stored file does not give
            again.
    """

    name: str
    sha256: str
    duration_s: float
    width: int
    height: int
    frame_rate: float
    has_audio: bool = False
    source: Literal["file", "camera"] = "file"


@dataclass(frozen=True, eq=False)
class Timeline:
    """The readings of one recording.

    Attributes:
        frame: `COLUMNS`, then those of further groups; time in seconds, boxes in pixels of the upright frame,
            probabilities 0 to 1. A sample without a face is a row without a `person`.
        recording: the analysed recording.
        request: the complete request of the analysis.
        provenance: files and libraries that the numbers depend on.
        portraits: by person, their best crop as JPEG.
        problems: a sentence for each thing that is missing or was repaired.
        cuts: times of cuts in seconds; nothing is smoothed over a cut.
        measures: `MEASURES` of the same rows, by the index of `frame`; empty where they were not kept.
        stopped_s: time at which the analysis was stopped, in seconds; None where it was completed.
        excerpt: whether readings were left out on purpose: of removed persons, or of a part of the time.
        part: whether they are of a part of the time; movements are then those of the whole.
        declaration: purpose and agreement; None where none was made, as in files of before.
    """

    frame: pd.DataFrame
    recording: Recording
    request: AnalysisRequest
    provenance: Provenance = field(default_factory=Provenance)
    portraits: Mapping[int, bytes] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    cuts: tuple[float, ...] = ()
    measures: pd.DataFrame = field(default_factory=pd.DataFrame)
    stopped_s: float | None = None
    excerpt: bool = False
    part: bool = False
    declaration: Declaration | None = None

    @staticmethod
    def read(path: Path | str) -> "Timeline":
        """Read a timeline that was written as `.parquet` or `.json`; see `fer_core.timeline.files`.

        Raises:
            MediaError: there is no such file, or it does not hold a timeline.
        """
        from fer_core.timeline.files import read_timeline

        return read_timeline(Path(path))

    def write(self, path: Path | str) -> None:
        """Write the timeline without loss, by the ending of the file: `.parquet` or `.json`.

        Raises:
            MediaError: another ending, or the file cannot be written.
        """
        from fer_core.timeline.files import write_timeline

        write_timeline(self, Path(path))


Row = tuple[Any, ...]
"""The row of one face, or of a frame without a face: plain numbers and text, ready for JSON."""


def rows_of_frame(reading: FrameReading) -> list[Row]:
    """A row for each face; one row for a frame without a face."""
    if not reading.faces:
        return [(reading.time_s, reading.frame, *(None,) * (len(_BASE_READ) - 3), "", *_NOTHING)]
    return [
        (
            reading.time_s,
            reading.frame,
            face.person,
            *face.box,
            *map(float, face.probabilities),
            quality_of(face.quality.problems),
            *_values({} if face.mesh is None else face.mesh.columns, PICTURE_COLUMNS),
            face.quality.sharpness,
            face.quality.brightness,
            face.quality.frontality,
            face.face_confidence,
            *_values({} if face.mesh is None else face.mesh.geometry, DISTANCES),
            None if face.mesh is None else packed(face.mesh, face.box),
        )
        for face in reading.faces
    ]


class Rows:
    """Rows as they come, kept as columns, which take far less memory than tuples of Python numbers.

    Args:
        rows: the first ones.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._new: list[Row] = []
        self._frames: list[pd.DataFrame] = []
        self._measures: list[pd.DataFrame] = []
        self.extend(rows)

    def extend(self, rows: Iterable[Row]) -> None:
        """Take in the next rows, in order."""
        self._new.extend(rows)
        if len(self._new) >= _PACKED_AT:
            self._pack()

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """All of them, as `Timeline.frame`, where what is derived is missing, and as `Timeline.measures`."""
        self._pack()
        # One after the other, and in place of their parts, so that little is held twice.
        self._frames = [pd.concat(self._frames, ignore_index=True)]
        self._measures = [pd.concat(self._measures, ignore_index=True)]
        return self._frames[0], self._measures[0]

    def _pack(self) -> None:
        frame, measures = _as_columns(self._new)
        self._frames.append(frame)
        self._measures.append(measures)
        self._new = []


def _as_columns(rows: list[Row]) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = pd.DataFrame(rows, columns=list(ROW_NAMES))
    frame = table.reindex(columns=[*COLUMNS, *GROUP_COLUMNS]).astype({**TYPES, **GROUP_TYPES})
    return frame, table[list(MEASURES)].astype(MEASURE_TYPES)


def build(
    rows: Rows | Iterable[Row],
    recording: Recording,
    request: AnalysisRequest,
    provenance: Provenance | None = None,
    *,
    cuts: Sequence[float] = (),
    portraits: Mapping[int, bytes] | None = None,
    problems: Sequence[str] = (),
) -> Timeline:
    """Make a timeline of rows; see `Timeline` for the arguments and `rows_of_frame` for the rows."""
    frame, measures = (rows if isinstance(rows, Rows) else Rows(rows)).tables()
    return refreshed(
        Timeline(
            frame, recording, request, provenance or Provenance(), portraits or {}, tuple(problems), tuple(cuts),
            measures,
        )
    )  # fmt: skip


def refreshed(
    timeline: Timeline, only: Collection[int] | None = None, rests: Mapping[int, Span] | None = None
) -> Timeline:
    """The timeline with all derived values computed anew, for example after a change of persons.

    Args:
        timeline: with raw probabilities, columns of single pictures, persons and measures.
        only: the persons whose values are computed; None for all.
        rests: by person, the span in which their face is at rest.
    """
    frame = smoothed(timeline.frame, timeline.request, timeline.cuts, only)
    frame = with_recording_columns(frame, timeline.measures, timeline.cuts, rests, only)
    return replace(timeline, frame=frame)


def smoothed(
    frame: pd.DataFrame, request: AnalysisRequest, cuts: Sequence[float] = (), only: Collection[int] | None = None
) -> pd.DataFrame:
    """The rows with probabilities, label, confidence and `uncertain` computed from the raw probabilities.

    Each person is smoothed separately; nothing is smoothed over a cut or a gap.

    Args:
        frame: the rows.
        request: with smoothing and threshold.
        cuts: times of cuts in seconds.
        only: the persons to smooth; None for all.
    """
    seen = frame["person"].notna().to_numpy(bool)
    chosen = seen if only is None else seen & frame["person"].isin(list(only)).to_numpy(bool)
    raw = frame[list(RAW_COLUMNS)].to_numpy(float)
    times_s = frame["time_s"].to_numpy(float)
    shots = np.searchsorted(np.asarray(cuts, float), times_s, side="right")
    probabilities = np.full_like(raw, np.nan) if only is None else frame[list(EMOTIONS)].to_numpy(float, copy=True)
    method, gap = METHODS[request.smoothing], gap_s(_usual_s(times_s))
    for _, part in frame[chosen].groupby([frame["person"][chosen], shots[chosen]], sort=False):
        places = frame.index.get_indexer(part.sort_values("time_s").index)
        probabilities[places] = method(times_s[places], raw[places], request.time_constant_s, gap)
    result = frame.copy(deep=False)
    result[list(EMOTIONS)] = probabilities
    best = np.where(seen, np.nan_to_num(probabilities).argmax(axis=1), 0)
    highest = np.where(seen, np.nan_to_num(probabilities).max(axis=1), np.nan)
    result["label"] = pd.Series(np.array(EMOTIONS, object)[best], frame.index, "object").where(seen, None)
    result["confidence"] = highest
    result["uncertain"] = pd.Series(is_uncertain(highest, request.threshold), frame.index, "boolean").where(seen)
    return result


def _values(found: Mapping[str, float], names: Sequence[str]) -> list[float | None]:
    """The values of these names; None for missing ones."""
    return [found.get(name) for name in names]


def _usual_s(times_s: NDArray[np.float64]) -> float:
    """Median time between two samples in seconds; 0 for fewer than two."""
    sampled = np.unique(times_s)
    return float(np.median(np.diff(sampled))) if len(sampled) > 1 else 0.0
