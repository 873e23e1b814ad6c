"""Pictures in, faces out: boxes with a confidence each."""

from collections.abc import Mapping
from typing import Any, Final

from fer_core.detection.blazeface import BlazeFaceDetector
from fer_core.detection.face_check import FaceCheck
from fer_core.detection.haar import HaarDetector
from fer_core.detection.mtcnn import MtcnnDetector
from fer_core.detection.mtcnn import installed as mtcnn_is_installed
from fer_core.detection.protocol import EveryFrame, FaceDetector, Range, SequenceDetector
from fer_core.detection.sequence import BlazeFaceSequence
from fer_core.errors import ModelError, RequestError
from fer_core.request import DEFAULT_DETECTOR, DetectorChoice

__all__ = [
    "DETECTORS",
    "BlazeFaceDetector",
    "FaceCheck",
    "FaceDetector",
    "HaarDetector",
    "MtcnnDetector",
    "SequenceDetector",
    "in_sequence",
    "installed_detectors",
    "load_detector",
]

DETECTORS: Final[dict[str, type[BlazeFaceDetector] | type[HaarDetector] | type[MtcnnDetector]]] = {
    "blazeface": BlazeFaceDetector,
    "haar": HaarDetector,
    "mtcnn": MtcnnDetector,
}
"""Detectors by name; the default one first."""


def installed_detectors() -> list[str]:
    """Names of the detectors whose packages are installed, the default one first."""
    return [name for name in DETECTORS if name != "mtcnn" or mtcnn_is_installed()]


def load_detector(choice: DetectorChoice | str = DEFAULT_DETECTOR) -> FaceDetector:
    """Load a detector.

    Args:
        choice: a name of `DETECTORS`, with parameters where they are not to be the default ones. "mtcnn" needs the
            optional package mtcnn.

    Raises:
        ModelError: the name is unknown, or a file of the detector is missing or damaged.
        RequestError: the detector has no such parameter, or not with that value.
        DependencyError: an optional package is missing.
    """
    if isinstance(choice, str):
        choice = DetectorChoice(choice)
    if choice.name not in DETECTORS:
        raise ModelError(f'There is no detector "{choice.name}"; choose one of: {", ".join(DETECTORS)}.')
    detector = DETECTORS[choice.name]
    parameters: dict[str, Any] = dict(choice.parameters)
    choices: Mapping[str, Range] = detector.choices
    if all(name in choices and choices[name].holds(value) for name, value in parameters.items()):
        return detector(**parameters)
    allowed = ", ".join(f"{name} ({each.low:g} to {each.high:g})" for name, each in choices.items())
    raise RequestError(
        f'The detector "{choice.name}" cannot be used with the parameters {parameters}; they may be: {allowed}.'
    )


def in_sequence(detector: FaceDetector) -> SequenceDetector:
    """What finds the faces of one sequence of frames with a detector, which other sequences may share."""
    return BlazeFaceSequence(detector) if isinstance(detector, BlazeFaceDetector) else EveryFrame(detector)
