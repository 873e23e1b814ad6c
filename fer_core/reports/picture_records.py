"""Readings of pictures as the JSON of `image` holds them. No pandas in here: a quick command need not wait for it."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Final, NotRequired

from typing_extensions import TypedDict  # pydantic refuses the one of Python below 3.12

from fer_core.declaration import Declaration
from fer_core.picture_edits import PictureEdit, as_records
from fer_core.readings import FaceReading
from fer_core.request import Parameter
from fer_core.timeline.columns import PICTURE_COLUMNS
from fer_core.version import __version__

if TYPE_CHECKING:
    from fer_core.pipeline import EmotionPipeline

DIGITS: Final = 6
"""Decimal places of measured values in JSON and CSV."""


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
        width: in pixels, of the picture as it was read, like `height` and every box.
        height: in pixels.
        readings: its faces, from left to right.
        settings: how it was read.
        sha256: of its file, hexadecimal; empty where it came from none.
        turned_deg: by how many degrees it was turned clockwise before it was read, because a person wanted it.
        edits: how a person corrected what was found; `readings` are what came of it.
        removed: how many of the faces that the detector found a person removed.
        declaration: what it is for; None where that was not stated.
    """

    name: str
    width: int
    height: int
    readings: Sequence[FaceReading]
    settings: PictureSettings
    _: KW_ONLY
    sha256: str = ""
    turned_deg: int = 0
    edits: Sequence[PictureEdit] = ()
    removed: int = 0
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
    """One picture in the JSON of `image`; width, height and boxes are pixels of the picture turned by `turned_deg`."""

    path: str
    sha256: str
    width: int
    height: int
    turned_deg: int
    faces: list[FaceRecord]
    edits: list[dict[str, Any]]
    settings: SettingsRecord
    declaration: NotRequired[dict[str, str]]


def as_record(picture: ReadPicture) -> PictureRecord:
    """One picture as an entry in the JSON of `image`."""
    settings, said = picture.settings, picture.declaration
    record: PictureRecord = {
        "path": picture.name,
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "turned_deg": picture.turned_deg,
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


def _face(reading: FaceReading) -> FaceRecord:
    quality = reading.quality
    record: FaceRecord = {
        "box": list(reading.box),
        "found_by": found_by(reading),
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


def found_by(reading: FaceReading) -> str:
    """Who found the face: "detector", or "hand" where a person drew its box."""
    return "hand" if reading.drawn else "detector"
