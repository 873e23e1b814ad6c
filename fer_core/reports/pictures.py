"""Readings of pictures as JSON, as a table and as CSV."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NotRequired

import pandas as pd
from typing_extensions import TypedDict  # pydantic refuses the one of Python below 3.12

from fer_core.cells import csv_of
from fer_core.declaration import Declaration
from fer_core.emotions import EMOTIONS
from fer_core.picture_edits import PictureEdit, as_records
from fer_core.readings import FaceReading, FrameReading
from fer_core.request import Parameter
from fer_core.timeline.columns import GOOD, PICTURE_COLUMNS
from fer_core.version import __version__

if TYPE_CHECKING:
    from fer_core.pipeline import EmotionPipeline

DIGITS: Final = 6
"""Decimal places of measured values in JSON and CSV."""

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

SETTINGS_COLUMNS: Final = ("model", "detector", "uncertain_below", "version")
"""Columns that say how a picture was read."""

# Nullable dtypes, so that a picture without a face does not turn the pixels of the others into decimals.
_TYPES: Final = {
    **dict.fromkeys(("face", "x", "y", "width", "height"), "Int64"),
    "uncertain": "boolean",
    **dict.fromkeys(PICTURE_COLUMNS, "float64"),
}


@dataclass(frozen=True)
class PictureSettings:
    """How pictures were read.

    Attributes:
        model: name of the classifier.
        model_identity: SHA-256 of what decides its answers; see `ModelCard.identity`.
        detector: name of the face detector.
        detector_parameters: its parameters by name.
        uncertain_below: probability of the label under which a reading is uncertain.
        version: of this package.
    """

    model: str
    model_identity: str
    detector: str
    detector_parameters: Mapping[str, Parameter]
    uncertain_below: float
    version: str = __version__

    @classmethod
    def of(cls, pipeline: "EmotionPipeline") -> "PictureSettings":
        """Those of everything that a pipeline reads."""
        card, detector = pipeline.classifier.card, pipeline.detector
        return cls(card.name, card.identity, detector.name, dict(detector.parameters), card.uncertain_below)


@dataclass(frozen=True, eq=False)
class ReadPicture:
    """One picture with its readings, ready to be written.

    Attributes:
        name: file name or path.
        width: in pixels.
        height: in pixels.
        readings: its faces, from left to right.
        settings: how it was read.
        edits: how a person corrected what was found; `readings` are what came of it.
        declaration: what it is for; None where that was not stated.
    """

    name: str
    width: int
    height: int
    readings: Sequence[FaceReading]
    settings: PictureSettings
    edits: Sequence[PictureEdit] = ()
    declaration: Declaration | None = None


class QualityRecord(TypedDict):
    """What the crop of a face allows; see `fer_core.readings.Quality`."""

    size_px: int
    sharpness: float
    brightness: float
    problems: list[str]


class FaceRecord(TypedDict):
    """One face in the JSON of `image`; `box` is x, y, width, height in pixels."""

    box: list[int]
    found_by: str
    face_confidence: float
    label: str
    confidence: float
    uncertain: bool
    probabilities: dict[str, float]
    quality: QualityRecord
    landmarks: NotRequired[dict[str, float]]


class SettingsRecord(TypedDict):
    """How a picture was read; see `PictureSettings`."""

    model: str
    model_identity: str
    detector: str
    detector_parameters: dict[str, Parameter]
    uncertain_below: float
    version: str


class PictureRecord(TypedDict):
    """One picture in the JSON of `image`; width and height in pixels."""

    path: str
    width: int
    height: int
    faces: list[FaceRecord]
    edits: list[dict[str, Any]]
    settings: SettingsRecord
    declaration: NotRequired[dict[str, str]]


def as_record(picture: ReadPicture) -> PictureRecord:
    """One picture as an entry in the JSON of `image`."""
    settings, said = picture.settings, picture.declaration
    record: PictureRecord = {
        "path": picture.name,
        "width": picture.width,
        "height": picture.height,
        "faces": [_face(reading) for reading in picture.readings],
        "edits": as_records(picture.edits),
        "settings": {
            "model": settings.model,
            "model_identity": settings.model_identity,
            "detector": settings.detector,
            "detector_parameters": dict(settings.detector_parameters),
            "uncertain_below": settings.uncertain_below,
            "version": settings.version,
        },
    }
    if said is not None:
        record["declaration"] = {"purpose": said.purpose, "notice": said.notice, "agreed_at": said.agreed_at}
    return record


def as_table(pictures: Iterable[ReadPicture]) -> pd.DataFrame:
    """`COLUMNS` and `SETTINGS_COLUMNS`, one row a face; a picture without a face has one row with an empty number."""
    rows = [
        {
            **row,
            "model": picture.settings.model,
            "detector": picture.settings.detector,
            "uncertain_below": picture.settings.uncertain_below,
            "version": picture.settings.version,
        }
        for picture in pictures
        for row in _rows(picture.name, picture.readings)
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, *SETTINGS_COLUMNS]).astype(_TYPES)


def as_csv(pictures: Iterable[ReadPicture]) -> str:
    """`as_table` as CSV, with as many digits as the JSON has."""
    return csv_of(as_table(pictures).round(DIGITS))


def _face(reading: FaceReading) -> FaceRecord:
    quality = reading.quality
    record: FaceRecord = {
        "box": list(reading.box),
        "found_by": _found_by(reading),
        "face_confidence": round(reading.face_confidence, DIGITS),
        "label": reading.label,
        "confidence": round(reading.confidence, DIGITS),
        "uncertain": reading.uncertain,
        "probabilities": {name: round(p, DIGITS) for name, p in reading.by_emotion.items()},
        "quality": {
            "size_px": quality.size_px,
            "sharpness": round(quality.sharpness, DIGITS),
            "brightness": round(quality.brightness, DIGITS),
            "problems": list(quality.problems),
        },
    }
    if reading.mesh is not None:
        record["landmarks"] = {
            name: round(reading.mesh.columns[name], DIGITS) for name in PICTURE_COLUMNS if name in reading.mesh.columns
        }
    return record


def _found_by(reading: FaceReading) -> str:
    return "hand" if reading.drawn else "detector"


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
            "quality": ", ".join(reading.quality.problems) or GOOD,
            **({} if reading.mesh is None else {name: reading.mesh.columns.get(name) for name in PICTURE_COLUMNS}),
            "found_by": _found_by(reading),
        }
        for number, reading in enumerate(readings, start=1)
    ]
