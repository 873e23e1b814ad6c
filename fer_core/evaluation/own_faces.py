"""Evaluation of models on a visitor's own faces, with the reading of each file. No pictures are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier
from fer_core.evaluation.evaluating import evaluate_models
from fer_core.evaluation.figures import EvaluationResult
from fer_core.evaluation.labelled import LabelledFaces
from fer_core.evaluation.predictions import Predictions
from fer_core.jobs import Monitor
from fer_core.networks.files import MODELS_DIR


@dataclass(frozen=True, eq=False)
class OwnEvaluation:
    """The result of an evaluation on own faces.

    Attributes:
        source: what the faces are called.
        result: of `evaluate_models`, ready for JSON.
        files: the N paths of the faces.
        labels: int64 (N,), indices into `EMOTIONS`.
        predictions: of these faces, by model.
    """

    source: str
    result: EvaluationResult
    files: tuple[str, ...]
    labels: NDArray[np.int64]
    predictions: Mapping[str, Predictions]


def evaluate_own(
    source: str,
    faces: LabelledFaces,
    classifiers: Mapping[str, EmotionClassifier],
    attributes: Mapping[str, Sequence[str]] | None = None,
    with_robustness: bool = False,
    monitor: Monitor | None = None,
    models_dir: Path = MODELS_DIR,
) -> OwnEvaluation:
    """Measure models on somebody's faces; see `evaluate_models`."""
    found = evaluate_models(classifiers, faces, attributes, with_robustness, monitor, models_dir)
    return OwnEvaluation(source, found.result, faces.files, faces.labels, found.predictions)
