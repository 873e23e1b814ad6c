"""Stand-ins for tests, ours and yours: an engine and a detector whose answers are known."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier, ModelCard
from fer_core.classification.engines import NetworkOutput
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box, Face
from fer_core.request import Parameter


class FakeDetector:
    """Finds the same faces in every picture, and keeps the pictures that it was shown in `seen`."""

    def __init__(self, boxes: Sequence[Box] = (), confidence: float = 0.99) -> None:
        self.boxes, self.confidence = tuple(boxes), confidence
        self.seen: list[NDArray[np.uint8]] = []

    name: Final = "fake detector"
    doubtful_below: Final = 0.975
    files: Final[Mapping[str, str]] = {}
    libraries: Final = ()

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What it was told to find."""
        return {"boxes": str([tuple(box) for box in self.boxes]), "confidence": self.confidence}

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """The boxes given at the start, whatever the picture."""
        self.seen.append(image)
        return [Face(box, self.confidence) for box in self.boxes]


class FakeEngine:
    """Says the same of every face: `emotion` with logit `strength`, the others 0. Keeps its input in `seen`."""

    name: Final = "fake engine"
    libraries: Final = ()

    def __init__(self, emotion: str = "happy", strength: float = 4.0) -> None:
        self.row = EMOTIONS.index(emotion)
        self.strength = strength
        self.seen: list[NDArray[np.float32]] = []

    def __call__(self, faces: NDArray[np.float32]) -> NetworkOutput:
        """Answer for faces (N, side, side, 1)."""
        self.seen.append(faces)
        maps = np.zeros((len(faces), 6, 6, len(EMOTIONS)), np.float32)
        maps[..., self.row] = self.strength * np.linspace(0, 2, 36, dtype=np.float32).reshape(6, 6)
        raters = np.zeros((len(faces), len(RATER_CLASSES)), np.float32)
        return NetworkOutput(maps.mean(axis=(1, 2)), raters, maps)


def fake_card(**changes: Any) -> ModelCard:
    """A valid card without files, with other values where `changes` names fields."""
    values: dict[str, Any] = {
        "name": "fake",
        "title": "Fake model for tests",
        "classes": EMOTIONS,
        "side_px": 48,
        "preprocessing": "none",
        "flip_average": False,
        "temperature": 1.0,
        "uncertain_below": 0.5,
        "parameters": 1,
        "files": {},
        "licence": "MIT",
        "training_data": "none",
        "recipe": {},
        "metrics": {},
        "coverage_accuracy": [],
    }
    return ModelCard.model_validate({**values, **changes})


def fake_pipeline(boxes: Sequence[Box] = (), emotion: str = "happy", strength: float = 4.0) -> EmotionPipeline:
    """A pipeline that finds `boxes` in every picture and reads `emotion` in every face."""
    return EmotionPipeline(FakeDetector(boxes), EmotionClassifier(FakeEngine(emotion, strength), fake_card()))
