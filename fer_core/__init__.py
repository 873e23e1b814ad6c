"""Facial expression recognition: pictures in, calibrated probabilities of seven expressions out.

Example:
    >>> from fer_core import EmotionPipeline
    >>> [reading.label for reading in EmotionPipeline.load().analyze_image("tests/data/astronaut.png")]
    ['happy']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from fer_core.emotions import EMOTIONS
from fer_core.errors import (
    AccessError,
    BusyError,
    DatasetError,
    DependencyError,
    ExportError,
    FerError,
    KeyNeededError,
    LibraryBusyError,
    LibraryError,
    MediaError,
    MissingError,
    ModelError,
    NotInstalledError,
    NotKeptError,
    RequestError,
    ServiceError,
    TimelineError,
    TooLargeError,
    UnknownModelError,
    WorkerError,
)
from fer_core.version import __version__

if TYPE_CHECKING:
    from fer_core.analysis.run import AnalysisProgress
    from fer_core.classification.cards import ModelCard
    from fer_core.classification.classifier import Classification, EmotionClassifier
    from fer_core.detection.protocol import FaceDetector
    from fer_core.pipeline import EmotionPipeline, PictureReading
    from fer_core.provenance import Provenance
    from fer_core.readings import Box, Face, FaceMesh, FaceReading, FrameReading, Pose, Quality
    from fer_core.reports.pictures import to_frame
    from fer_core.request import AnalysisRequest, DetectorChoice, Region
    from fer_core.timeline.editing.edits import (
        Accompany,
        Edit,
        Exclude,
        Mark,
        Merge,
        Name,
        Rate,
        Remove,
        Rest,
        Smooth,
        Split,
    )
    from fer_core.timeline.editing.study import Study
    from fer_core.timeline.notes import Marker, Notes, Rating, Span, Stimulus
    from fer_core.timeline.table import Recording, Timeline

# Imported when they are first asked for: each brings more than a program that does not use it should wait for.
_LATER: Final = {
    "AnalysisProgress": "analysis.run",
    **dict.fromkeys(("AnalysisRequest", "DetectorChoice", "Region"), "request"),
    **dict.fromkeys(("Box", "Face", "FaceMesh", "FaceReading", "FrameReading", "Pose", "Quality"), "readings"),
    **dict.fromkeys(("Classification", "EmotionClassifier"), "classification.classifier"),
    **dict.fromkeys(("EmotionPipeline", "PictureReading"), "pipeline"),
    "FaceDetector": "detection.protocol",
    "ModelCard": "classification.cards",
    "Provenance": "provenance",
    "to_frame": "reports.pictures",
    **dict.fromkeys(
        ("Accompany", "Edit", "Exclude", "Mark", "Merge", "Name", "Rate", "Remove", "Rest", "Smooth", "Split"),
        "timeline.editing.edits",
    ),
    **dict.fromkeys(("Marker", "Notes", "Rating", "Span", "Stimulus"), "timeline.notes"),
    "Study": "timeline.editing.study",
    **dict.fromkeys(("Recording", "Timeline"), "timeline.table"),
}

__all__ = [
    "EMOTIONS",
    "AccessError",
    "Accompany",
    "AnalysisProgress",
    "AnalysisRequest",
    "Box",
    "BusyError",
    "Classification",
    "DatasetError",
    "DependencyError",
    "DetectorChoice",
    "Edit",
    "EmotionClassifier",
    "EmotionPipeline",
    "Exclude",
    "ExportError",
    "Face",
    "FaceDetector",
    "FaceMesh",
    "FaceReading",
    "FerError",
    "FrameReading",
    "KeyNeededError",
    "LibraryBusyError",
    "LibraryError",
    "Mark",
    "Marker",
    "MediaError",
    "Merge",
    "MissingError",
    "ModelCard",
    "ModelError",
    "Name",
    "NotInstalledError",
    "NotKeptError",
    "Notes",
    "PictureReading",
    "Pose",
    "Provenance",
    "Quality",
    "Rate",
    "Rating",
    "Recording",
    "Region",
    "Remove",
    "RequestError",
    "Rest",
    "ServiceError",
    "Smooth",
    "Span",
    "Split",
    "Stimulus",
    "Study",
    "Timeline",
    "TimelineError",
    "TooLargeError",
    "UnknownModelError",
    "WorkerError",
    "__version__",
    "to_frame",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
