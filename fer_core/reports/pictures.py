"""Readings of pictures as a table and as CSV."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from fer_core.cells import csv_of
from fer_core.emotions import EMOTIONS
from fer_core.readings import FaceReading, FrameReading
from fer_core.reports.picture_records import DIGITS, ReadPicture, found_by
from fer_core.timeline.columns import PICTURE_COLUMNS, quality_of

COLUMNS: Final = (
    "picture",
    "face",
    "x",
    "y",
    "width",
    "height",
    "label",
    "confidence",
    "uncertain",
    *EMOTIONS,
    "face_confidence",
    "quality",
    *PICTURE_COLUMNS,
    "found_by",
)
"""Columns of one face; docs/reference.md explains them. Those of the landmarks are empty where none were measured; see
`fer_core.timeline.columns.GROUPS`."""

SETTINGS_COLUMNS: Final = (
    "model",
    "detector",
    "uncertain_below",
    "version",
    "sha256",
    "turned_deg",
    "removed_by_hand",
)
"""Columns that say which picture it is, how it was read, and what is not in the rows because a person removed it."""

# Nullable dtypes, so that a picture without a face does not turn the pixels of the others into decimals.
_TYPES: Final = {
    **dict.fromkeys(("face", "x", "y", "width", "height"), "Int64"),
    "uncertain": "boolean",
    **dict.fromkeys(PICTURE_COLUMNS, "float64"),
}


def as_table(pictures: Iterable[ReadPicture]) -> pd.DataFrame:
    """`COLUMNS` and `SETTINGS_COLUMNS`, one row a face; a picture without a face has one row with an empty number."""
    rows = [
        {
            **row,
            "model": picture.settings.model,
            "detector": picture.settings.detector,
            "uncertain_below": picture.settings.uncertain_below,
            "version": picture.settings.version,
            "sha256": picture.sha256,
            "turned_deg": picture.turned_deg,
            "removed_by_hand": picture.removed,
        }
        for picture in pictures
        for row in _rows(picture.name, picture.readings)
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, *SETTINGS_COLUMNS]).astype(_TYPES)


def as_csv(pictures: Iterable[ReadPicture]) -> str:
    """`as_table` as CSV, with as many digits as the JSON has."""
    return csv_of(as_table(pictures).round(DIGITS))


def to_frame(readings: Iterable[FaceReading | FrameReading]) -> pd.DataFrame:
    """Readings as a table, one row a face.

    Args:
        readings: of one picture, as `analyze_image` gives them; or of the frames of a recording, as `iter_video` does.

    Returns:
        `COLUMNS` without `picture`; of frames also `time_s`, `frame` and `person`, and a row for each frame without a
        face.

    Example:
        >>> from fer_core import EmotionPipeline
        >>> to_frame(EmotionPipeline.load().analyze_image("tests/data/astronaut.png"))["label"].tolist()
        ['happy']
    """
    given = list(readings)
    if not any(isinstance(one, FrameReading) for one in given):
        faces = [one for one in given if isinstance(one, FaceReading)]
        return _faces_table(_rows("", faces) if faces else [])
    frames = [one for one in given if isinstance(one, FrameReading)]
    parts = [(frame, row, face) for frame in frames for row, face in _paired(frame)]
    table = _faces_table([row for _, row, _ in parts])
    table.insert(0, "time_s", [frame.time_s for frame, _, _ in parts])
    table.insert(1, "frame", [frame.frame for frame, _, _ in parts])
    persons = [None if face is None else face.person for _, _, face in parts]
    table.insert(2, "person", pd.Series(persons, table.index, "Int64"))
    return table


def _faces_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(COLUMNS)).astype(_TYPES).drop(columns="picture")


def _paired(frame: FrameReading) -> list[tuple[dict[str, Any], FaceReading | None]]:
    rows = _rows("", frame.faces)
    return list(zip(rows, frame.faces or (None,), strict=True))


def _rows(picture: str, readings: Sequence[FaceReading]) -> list[dict[str, Any]]:
    if not readings:
        return [{"picture": picture}]
    return [
        {
            "picture": picture,
            "face": number,
            **dict(zip(("x", "y", "width", "height"), reading.box, strict=True)),
            "label": reading.label,
            "confidence": reading.confidence,
            "uncertain": reading.uncertain,
            **reading.by_emotion,
            "face_confidence": reading.face_confidence,
            "quality": quality_of(reading.quality.problems),
            **({} if reading.mesh is None else {name: reading.mesh.columns.get(name) for name in PICTURE_COLUMNS}),
            "found_by": found_by(reading),
        }
        for number, reading in enumerate(readings, start=1)
    ]
