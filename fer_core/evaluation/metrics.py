"""The figures that cards and the `evaluate` command give of one model on one set of faces."""

import time

import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier
from fer_core.emotions import EMOTIONS
from fer_core.evaluation.calibration import expected_calibration_error
from fer_core.evaluation.figures import Figures, FiguresByClass, FiguresOfProbabilities, FiguresWithoutCopies
from fer_core.evaluation.intervals import bootstrap, wilson
from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.raters import agreement, majority_accuracy


def measure(predictions: Predictions) -> Figures:
    """All figures that are one number or a small table, ready for JSON.

    The mean over classes in `macro_f1` and `balanced_accuracy` is over those that occur among the labels. `brier` is
    the sum over the seven classes, 0 to 2 (Brier, 1950).
    """
    right = predictions.right
    return {
        "accuracy": float(right.mean()),
        "accuracy_ci95": wilson(int(right.sum()), len(right)),
        **_without_copies(predictions),
        **_by_class(predictions),
        **_of_probabilities(predictions),
        "ferplus": majority_accuracy(predictions),
        "rater_agreement": agreement(predictions),
    }


def confusion_table(predictions: Predictions, rows: NDArray[np.bool_] | slice = slice(None)) -> NDArray[np.int64]:
    """Counts, int64 (7, 7): rows = labels, columns = readings, both in `EMOTIONS` order.

    Args:
        predictions: of N faces.
        rows: bool (N,), the faces to count; all by default.
    """
    side = len(EMOTIONS)
    cells = predictions.labels[rows] * side + predictions.predicted[rows]
    return np.bincount(cells, minlength=side**2).reshape(side, side)


def latency_ms(classifier: EmotionClassifier, image: NDArray[np.uint8], repeats: int = 30) -> float:
    """Median time to classify one face on this machine, in milliseconds."""
    classifier.classify([image])
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        classifier.classify([image])
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1000)


def _without_copies(predictions: Predictions) -> FiguresWithoutCopies:
    copies = predictions.copies
    if copies is None or copies.all():
        return {
            "accuracy_deduplicated": None,
            "accuracy_deduplicated_ci95": None,
            "ece_deduplicated": None,
            "n_deduplicated": None if copies is None else 0,
        }
    right = predictions.right[~copies]
    return {
        "accuracy_deduplicated": float(right.mean()),
        "accuracy_deduplicated_ci95": wilson(int(right.sum()), len(right)),
        "ece_deduplicated": expected_calibration_error(predictions.probabilities[~copies], predictions.labels[~copies]),
        "n_deduplicated": len(right),
    }


def _by_class(predictions: Predictions) -> FiguresByClass:
    from sklearn.metrics import precision_recall_fscore_support  # here, because it takes seconds to import

    labels, confusion = predictions.labels, confusion_table(predictions)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predictions.predicted, labels=np.arange(len(EMOTIONS)), zero_division=0
    )
    present = support > 0
    return {
        "macro_f1": float(f1[present].mean()),
        "macro_f1_ci95": bootstrap(confusion)["macro_f1"],
        "balanced_accuracy": float(recall[present].mean()),
        "per_class": {
            emotion: {
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "support": int(support[i]),
                "auc": _auc(predictions.probabilities[:, i], labels == i),
            }
            for i, emotion in enumerate(EMOTIONS)
        },
        "confusion": confusion.tolist(),
    }


def _of_probabilities(predictions: Predictions) -> FiguresOfProbabilities:
    labels, probabilities = predictions.labels, predictions.probabilities.astype(np.float64)
    likelihood = np.clip(probabilities[np.arange(len(labels)), labels], 1e-12, 1)
    squares = (probabilities - np.eye(len(EMOTIONS))[labels]) ** 2
    return {
        "ece": expected_calibration_error(predictions.probabilities, labels),
        "nll": float(-np.log(likelihood).mean()),
        "brier": float(squares.sum(axis=1).mean()),
    }


def _auc(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve of one class against the rest; None where only one side is there."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(positive, scores)) if 0 < positive.sum() < len(positive) else None
