"""The whole evaluation of some models on one set of faces: the JSON of `evaluate`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fer_core.classification import EmotionClassifier
from fer_core.evaluation.cost import MULTIPLY_ADDS_PROTOCOL, costs
from fer_core.evaluation.curves import curves
from fer_core.evaluation.figures import EvaluationResult, ModelFigures
from fer_core.evaluation.labelled import LabelledFaces
from fer_core.evaluation.metrics import latency_ms, measure
from fer_core.evaluation.predictions import Predictions, predict
from fer_core.evaluation.robustness import robustness
from fer_core.evaluation.significance import compare_models
from fer_core.evaluation.slices import slices
from fer_core.networks.files import MODELS_DIR

Progress = Callable[[str, float], None]
"""Told what is being done, and which share of it, 0 to 1."""


def predict_all(
    classifiers: Mapping[str, EmotionClassifier], faces: LabelledFaces, progress: Progress | None = None
) -> dict[str, Predictions]:
    """What each model says of the same faces."""
    return {
        name: predict(classifier, faces.crops, faces.labels, faces.copies, faces.votes, _step(progress, name))
        for name, classifier in classifiers.items()
    }


def evaluate_models(
    classifiers: Mapping[str, EmotionClassifier],
    faces: LabelledFaces,
    attributes: Mapping[str, Sequence[str]] | None = None,
    with_robustness: bool = False,
    progress: Progress | None = None,
    models_dir: Path = MODELS_DIR,
    predictions: Mapping[str, Predictions] | None = None,
) -> EvaluationResult:
    """Measure models on the same faces, each in one pass.

    Args:
        classifiers: by name.
        faces: at least one.
        attributes: what to slice by, N values each; see `fer_core.evaluation.slices`.
        with_robustness: also degrade the faces, which takes forty passes over up to 1,000 of them.
        progress: told how far it is.
        models_dir: where the files of the models are.
        predictions: what `predict_all` gave for these models and faces, where someone needs it too; else they are read.

    Returns:
        Ready for JSON; `comparisons` of every two models.
    """
    predictions = predictions or predict_all(classifiers, faces, progress)
    figures: dict[str, ModelFigures] = {}
    for name, classifier in classifiers.items():
        said = predictions[name]
        # A dictionary of type Costs might also hold `slices`, so mypy asks for them here.
        figures[name] = {
            **measure(said),
            **costs(classifier.card, models_dir / name),  # type: ignore[typeddict-item]
            "latency_ms": latency_ms(classifier, faces.crops[0]),
            "curves": curves(said),
        }
        if attributes:
            figures[name]["slices"] = slices(said, attributes)
        if with_robustness:
            step = _step(progress, f"{name}, degraded")
            figures[name]["robustness"] = robustness(classifier, faces.crops, faces.labels, progress=step)
    return {
        "split": faces.split,
        "n": len(faces),
        "skipped": [{"file": entry.file, "reason": entry.reason} for entry in faces.skipped],
        "models": figures,
        "comparisons": [comparison.as_record() for comparison in compare_models(predictions)],
        "protocols": {"multiply_adds": MULTIPLY_ADDS_PROTOCOL},
    }


def _step(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(what, done / total)
