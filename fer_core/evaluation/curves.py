"""The curves of one model on one set of faces, thinned to the points that a chart can show."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.evaluation.calibration import coverage_accuracy, reliability_bins
from fer_core.evaluation.figures import Curves, PrecisionRecallCurve, RocCurve
from fer_core.evaluation.predictions import Predictions

MAX_POINTS: Final = 200
DIGITS: Final = 4


def curves(predictions: Predictions) -> Curves:
    """All curves, ready for JSON."""
    one_vs_rest = {
        emotion: (predictions.probabilities[:, i], predictions.labels == i) for i, emotion in enumerate(EMOTIONS)
    }
    return {
        "roc": {emotion: _roc(*scores) for emotion, scores in one_vs_rest.items()},
        "precision_recall": {emotion: _precision_recall(*scores) for emotion, scores in one_vs_rest.items()},
        "reliability": reliability_bins(predictions.probabilities, predictions.labels),
        "coverage_accuracy": coverage_accuracy(predictions.probabilities, predictions.labels),
    }


def _roc(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> RocCurve | None:
    from sklearn.metrics import roc_curve  # here, because it takes seconds to import

    if positive.all() or not positive.any():
        return None
    fpr, tpr, _ = roc_curve(positive, scores)
    kept = spread(fpr + tpr)
    return {"fpr": _rounded(fpr[kept]), "tpr": _rounded(tpr[kept])}


def _precision_recall(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> PrecisionRecallCurve | None:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    if positive.all() or not positive.any():
        return None
    precision, recall, _ = precision_recall_curve(positive, scores)
    precision, recall = precision[::-1], recall[::-1]
    levels = recall[spread(recall, MAX_POINTS // 2)]
    # At one recall, precision falls with every false alarm: a line through its peaks alone would promise too much.
    kept = np.union1d(np.searchsorted(recall, levels), np.searchsorted(recall, levels, side="right") - 1)
    return {
        "recall": _rounded(recall[kept]),
        "precision": _rounded(precision[kept]),
        "average_precision": float(average_precision_score(positive, scores)),
    }


def spread(position: NDArray[np.float64], points: int = MAX_POINTS) -> NDArray[np.int64]:
    """At most `points` rows, evenly spread along `position`, which never falls; the first and the last are among them.

    Returns:
        int64, ascending row numbers.
    """
    if len(position) <= points:
        return np.arange(len(position))
    wanted = np.linspace(position[0], position[-1], points)
    rows = np.searchsorted(position, wanted)
    return np.unique(np.concatenate([[0], rows[1:-1], [len(position) - 1]]))


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [float(value) for value in values.round(DIGITS)]
