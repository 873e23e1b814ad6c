"""Readings of pictures as JSON, as a table and as CSV."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.readings import FaceReading

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
)
"""Columns of the table; their meaning is in README.md."""

# Types that can be empty, so that a picture without a face does not turn the pixels of the others into decimals.
_TYPES: Final = {**dict.fromkeys(("face", "x", "y", "width", "height"), "Int64"), "uncertain": "boolean"}


def as_record(path: str, width: int, height: int, readings: Sequence[FaceReading]) -> dict[str, Any]:
    """One picture as the `image` command's JSON has it."""
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
            "quality": ", ".join(reading.quality.problems) or "good",
        }
        for number, reading in enumerate(readings, start=1)
    ]
