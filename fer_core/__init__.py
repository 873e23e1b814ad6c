"""Facial expression recognition: pictures in, calibrated probabilities of seven expressions out.

Example:
    >>> from fer_core import EmotionPipeline
    >>> import cv2
    >>> picture = cv2.imread("tests/data/astronaut.png")
    >>> [reading.label for reading in EmotionPipeline.load().analyze_image(picture)]
    ['happy']
"""

from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError, DependencyError, ExportError, FerError, MediaError, ModelError, TimelineError
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
    "Quality",
    "TimelineError",
    "__version__",
]
