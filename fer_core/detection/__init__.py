"""Pictures in, faces out: boxes with a confidence each."""

from fer_core.detection.blazeface import BlazeFaceDetector
from fer_core.detection.face_check import FaceCheck
from fer_core.detection.haar import HaarDetector
from fer_core.detection.mtcnn import MtcnnDetector
from fer_core.detection.mtcnn import installed as mtcnn_is_installed
from fer_core.detection.protocol import FaceDetector
from fer_core.errors import ModelError

__all__ = [
    "DETECTORS",
    "BlazeFaceDetector",
    "FaceCheck",
    "FaceDetector",
    "HaarDetector",
    "MtcnnDetector",
    "installed_detectors",
    "load_detector",
]

DETECTORS = {"haar": HaarDetector, "blazeface": BlazeFaceDetector, "mtcnn": MtcnnDetector}


def installed_detectors() -> list[str]:
    """Names of the detectors whose packages are installed, the default one first."""
    return [name for name in DETECTORS if name != "mtcnn" or mtcnn_is_installed()]


def load_detector(name: str = "haar") -> FaceDetector:
    """Load a detector by name.

    Args:
        name: "haar" (the default), "blazeface", or "mtcnn" (needs the optional package mtcnn).

    Raises:
        ModelError: the name is unknown, or a file of the detector is missing or damaged.
        DependencyError: an optional package is missing.
    """
    if name not in DETECTORS:
        raise ModelError(f'There is no detector "{name}"; choose one of: {", ".join(DETECTORS)}.')
    return DETECTORS[name]()
