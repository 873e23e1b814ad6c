"""Evaluation of models on one set of faces: the JSON of `evaluate`, and the predictions that it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class ModelsEvaluation:
    """What an evaluation gives.

    Attributes:
        result: ready for JSON; `comparisons` of every two models.
        predictions: of the same faces, by model.
    """

    result: EvaluationResult
    predictions: Mapping[str, Predictions]


def evaluate_models(
    classifiers: Mapping[str, EmotionClassifier],
    faces: LabelledFaces,
    attributes: Mapping[str, Sequence[str]] | None = None,
    with_robustness: bool = False,
    monitor: Monitor | None = None,
    models_dir: Path = MODELS_DIR,
) -> ModelsEvaluation:
    """Measure models on the same faces, each in one pass.

    Args:
        classifiers: by name.
        faces: at least one.
        attributes: what to slice by, N values each; see `fer_core.evaluation.slices`.
        with_robustness: also degrade the faces, which takes forty passes over up to 1,000 of them.
        monitor: takes in how far the evaluation is; can stop it.
        models_dir: where the files of the models are.

    Raises:
        StoppedError: the monitor was asked to stop.
    """
    monitor, read = monitor or Monitor(), _share_of_reading(faces, with_robustness)
    predictions = _predict_all(classifiers, faces, monitor.part(0, read))
    figures: dict[str, ModelFigures] = {}
    parts = monitor.part(read, 1).parts(list(classifiers))
    for (name, classifier), part in zip(classifiers.items(), parts, strict=True):
        part.check()
        figures[name] = _figures_of(classifier, predictions[name], faces, attributes, models_dir / name)
        if with_robustness:
            figures[name]["robustness"] = robustness(classifier, faces.crops, faces.labels, monitor=part)
        part.report(Progress(1.0, "measured"))
    result: EvaluationResult = {
        "split": faces.split,
        "n": len(faces),
        "skipped": [{"file": entry.file, "reason": entry.reason} for entry in faces.skipped],
        "models": figures,
        "comparisons": [comparison.as_record() for comparison in compare_models(predictions)],
        "protocols": {"multiply_adds": MULTIPLY_ADDS_PROTOCOL},
    }
    return ModelsEvaluation(result, predictions)


def _share_of_reading(faces: LabelledFaces, with_robustness: bool) -> float:
    """Share of the whole evaluation's time, 0 to 1, that goes into reading the faces as they are."""
    if not with_robustness:
        return 0.95  # the rest are curves and latency
    passes = 1 + sum(len(kind.levels) for kind in DEGRADATIONS.values())
    return len(faces) / (len(faces) + passes * min(len(faces), MAX_FACES))


def _predict_all(
    classifiers: Mapping[str, EmotionClassifier], faces: LabelledFaces, monitor: Monitor
) -> dict[str, Predictions]:
    return {
        name: predict(classifier, faces.crops, faces.labels, faces.copies, faces.votes, part)
        for (name, classifier), part in zip(classifiers.items(), monitor.parts(list(classifiers)), strict=True)
    }


def _figures_of(
    classifier: EmotionClassifier,
    predictions: Predictions,
    faces: LabelledFaces,
    attributes: Mapping[str, Sequence[str]] | None,
    folder: Path,
) -> ModelFigures:
    """The figures of one model, whose files are in `folder`; those under degradations come to them."""
    drawn = curves(predictions)
    # A dictionary of type Costs might also hold `slices`, so mypy asks for them here.
    figures: ModelFigures = {
        **measure(predictions),
        **costs(classifier.card, folder),  # type: ignore[typeddict-item]
        "latency_ms": latency_ms(classifier, faces.crops[0]),
        "ece_if_calibrated": error_if_calibrated(drawn["reliability"]),
        "curves": drawn,
    }
    if attributes:
        figures["slices"] = slices(predictions, attributes)
    return figures
