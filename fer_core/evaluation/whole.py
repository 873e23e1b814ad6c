"""The whole evaluation of some models on one set of faces: the JSON of `evaluate`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fer_core.classification import EmotionClassifier
from fer_core.evaluation.calibration import error_if_calibrated
from fer_core.evaluation.cost import MULTIPLY_ADDS_PROTOCOL, costs
from fer_core.evaluation.curves import curves
from fer_core.evaluation.figures import EvaluationResult, ModelFigures
from fer_core.evaluation.labelled import LabelledFaces
from fer_core.evaluation.metrics import latency_ms, measure
from fer_core.evaluation.predictions import Predictions, predict
from fer_core.evaluation.robustness import DEGRADATIONS, MAX_FACES, robustness
from fer_core.evaluation.significance import compare_models
from fer_core.evaluation.slices import slices
from fer_core.jobs import Monitor, Progress
from fer_core.networks.files import MODELS_DIR


def predict_all(
    classifiers: Mapping[str, EmotionClassifier], faces: LabelledFaces, monitor: Monitor | None = None
) -> dict[str, Predictions]:
    """The predictions of each model for the same faces; the monitor takes in how many it has read.

    Raises:
        StoppedError: the monitor was asked to stop.
    """
    parts = (monitor or Monitor()).parts(list(classifiers))
    return {
        name: predict(classifier, faces.crops, faces.labels, faces.copies, faces.votes, part)
        for (name, classifier), part in zip(classifiers.items(), parts, strict=True)
    }


def share_of_reading(faces: LabelledFaces, with_robustness: bool) -> float:
    """Share of the whole evaluation's time, 0 to 1, that goes into reading the faces as they are."""
    if not with_robustness:
        return 0.95  # the rest are curves and latency
    passes = 1 + sum(len(kind.levels) for kind in DEGRADATIONS.values())
    return len(faces) / (len(faces) + passes * min(len(faces), MAX_FACES))


def evaluate_models(
    classifiers: Mapping[str, EmotionClassifier],
    faces: LabelledFaces,
    attributes: Mapping[str, Sequence[str]] | None = None,
    with_robustness: bool = False,
    monitor: Monitor | None = None,
    models_dir: Path = MODELS_DIR,
    predictions: Mapping[str, Predictions] | None = None,
) -> EvaluationResult:
    """Measure models on the same faces, each in one pass.

    Args:
        classifiers: by name.
        faces: at least one.
        attributes: what to slice by, N values each; see `fer_core.evaluation.slices`.
        with_robustness: also degrade the faces, which takes forty passes over up to 1,000 of them.
        monitor: takes in how far the evaluation is; can stop it.
        models_dir: where the files of the models are.
        predictions: what `predict_all` gave for these models and faces, where someone needs it too; else they are read.

    Returns:
        Ready for JSON; `comparisons` of every two models.

    Raises:
        StoppedError: the monitor was asked to stop.
    """
    monitor = monitor or Monitor()
    figures: dict[str, ModelFigures] = {}
    if not predictions:
        read = share_of_reading(faces, with_robustness)
        predictions = predict_all(classifiers, faces, monitor.part(0, read))
        monitor = monitor.part(read, 1)
    for (name, classifier), part in zip(classifiers.items(), monitor.parts(list(classifiers)), strict=True):
        part.check()
        model_predictions = predictions[name]
        drawn = curves(model_predictions)
        # A dictionary of type Costs might also hold `slices`, so mypy asks for them here.
        figures[name] = {
            **measure(model_predictions),
            **costs(classifier.card, models_dir / name),  # type: ignore[typeddict-item]
            "latency_ms": latency_ms(classifier, faces.crops[0]),
            "ece_if_calibrated": error_if_calibrated(drawn["reliability"]),
            "curves": drawn,
        }
        if attributes:
            figures[name]["slices"] = slices(model_predictions, attributes)
        if with_robustness:
            figures[name]["robustness"] = robustness(classifier, faces.crops, faces.labels, monitor=part)
        part.report(Progress(1.0, "measured"))
    return {
        "split": faces.split,
        "n": len(faces),
        "skipped": [{"file": entry.file, "reason": entry.reason} for entry in faces.skipped],
        "models": figures,
        "comparisons": [comparison.as_record() for comparison in compare_models(predictions)],
        "protocols": {"multiply_adds": MULTIPLY_ADDS_PROTOCOL},
    }
