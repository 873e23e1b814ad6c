"""Readings of pictures as JSON, as a table and as CSV."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypedDict

import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.readings import FaceReading, FrameReading
from fer_core.timeline.columns import GOOD, PICTURE_COLUMNS

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
)
"""Columns of the table; their meaning is in README.md. Those from `yaw_deg` on are empty where no landmarks were
measured; see `fer_core.timeline.columns.GROUPS`."""

# Nullable dtypes, so that a picture without a face does not turn the pixels of the others into decimals.
_TYPES: Final = {
    **dict.fromkeys(("face", "x", "y", "width", "height"), "Int64"),
    "uncertain": "boolean",
    **dict.fromkeys(PICTURE_COLUMNS, "float64"),
}


class FaceRecord(TypedDict):
    """One face in the JSON of `image`; `box` is x, y, width, height in pixels."""

    box: list[int]
    label: str
    confidence: float
    uncertain: bool
    probabilities: dict[str, float]


class PictureRecord(TypedDict):
    """One picture in the JSON of `image`; width and height in pixels."""

    path: str
    width: int
    height: int
    faces: list[FaceRecord]


def as_record(path: str, width: int, height: int, readings: Sequence[FaceReading]) -> PictureRecord:
    """One picture as an entry in the JSON of `image`."""
    return {
        "path": path,
        "width": width,
        "height": height,
        "faces": [
            {
                "box": list(reading.box),
                "label": reading.label,
                "confidence": round(reading.confidence, 6),
                "uncertain": reading.uncertain,
                "probabilities": {name: round(p, 6) for name, p in reading.by_emotion.items()},
            }
            for reading in readings
        ],
    }


def as_table(pictures: Iterable[tuple[str, Sequence[FaceReading]]]) -> pd.DataFrame:
    """One row a face, `COLUMNS`; a picture without a face has one row with an empty face number."""
    rows = [row for name, readings in pictures for row in _rows(name, readings)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES)


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
        return as_table([("", [one for one in given if isinstance(one, FaceReading)])] if given else []).drop(
            columns="picture"
        )
    frames = [one for one in given if isinstance(one, FrameReading)]
    parts = [(frame, row, face) for frame in frames for row, face in _paired(frame)]
    table = as_table([]) if not parts else pd.DataFrame([row for _, row, _ in parts], columns=list(COLUMNS))
    table = table.astype(_TYPES).drop(columns="picture")
    table.insert(0, "time_s", [frame.time_s for frame, _, _ in parts])
    table.insert(1, "frame", [frame.frame for frame, _, _ in parts])
    persons = [None if face is None else face.person for _, _, face in parts]
    table.insert(2, "person", pd.Series(persons, table.index, "Int64"))
    return table


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
            "quality": ", ".join(reading.quality.problems) or GOOD,
            **({} if reading.mesh is None else {name: reading.mesh.columns.get(name) for name in PICTURE_COLUMNS}),
        }
        for number, reading in enumerate(readings, start=1)
    ]
