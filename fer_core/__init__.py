"""Facial expression recognition: pictures in, calibrated probabilities of seven expressions out.

Example:
    >>> from fer_core import EmotionPipeline
    >>> readings = EmotionPipeline.load().analyze_image(bgr)
"""

from fer_core.emotions import EMOTIONS
from fer_core.errors import (
    DatasetError,
    DependencyError,
    ExportError,
    FerError,
    MediaError,
    ModelError,
    NotInstalledError,
    TimelineError,
)
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box, Face, FaceReading, Quality
from fer_core.version import __version__

__all__ = [
    "EMOTIONS",
    "Box",
    "DatasetError",
    "DependencyError",
    "EmotionPipeline",
    "ExportError",
    "Face",
    "FaceReading",
    "FerError",
    "MediaError",
    "ModelError",
    "NotInstalledError",
    "Quality",
    "TimelineError",
    "__version__",
]
