"""How good a model is: metrics, calibration, and the figures that cards and the `evaluate` command give."""

import time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from fer_core.classification import Classification, EmotionClassifier
from fer_core.emotions import EMOTIONS, RATER_CLASSES

FERPLUS_PROTOCOL: Final = (
    "FER+ majority, 8 classes: single votes dropped, then more than half of the remaining votes for one emotion; other "
    "pictures left out (Barsoum et al., 2016)"
)
ECE_BINS: Final = 15


def evaluate(
    classifier: EmotionClassifier,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    copies: NDArray[np.bool_] | None,
    votes: NDArray[np.float32],
) -> dict[str, Any]:
    """Everything that `evaluate --json` says of one model.

    Args:
        classifier: the model.
        images: uint8 (N, H, W), grey faces.
        labels: int64 (N,), indices into `EMOTIONS`.
        copies: bool (N,), which pictures are also among the training pictures; None where that is not known.
        votes: float32 (N, 10), FER+ votes, the eight `RATER_CLASSES`, then unknown and not a face.

    Returns:
        Plain numbers, ready for JSON.
    """
    result = classifier.classify(list(images))
    right = result.probabilities.argmax(axis=1) == labels
    return {
        "accuracy": float(right.mean()),
        "accuracy_ci95": _interval(right),
        **_without_copies(right, copies),
        **_metrics(result.probabilities, labels),
        "ferplus": _ferplus(result, votes),
        "parameters": classifier.card.parameters,
        "latency_ms": latency_ms(classifier, images[0]),
    }


def expected_calibration_error(probabilities: NDArray, labels: NDArray[np.int64], bins: int = ECE_BINS) -> float:
    """Mean distance between confidence and accuracy over bins of equal mass.

    Naeini et al. (2015), equal-mass bins after Nixon et al. (2019), https://arxiv.org/abs/1904.01685.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    groups = np.array_split(np.argsort(confidence, kind="stable"), bins)
    gaps = [len(g) * abs(confidence[g].mean() - right[g].mean()) for g in groups if len(g)]
    return float(sum(gaps) / len(labels))


def fit_temperature(logits: NDArray, labels: NDArray[np.int64]) -> float:
    """The temperature that gives `labels` the highest likelihood (Guo et al., 2017, https://arxiv.org/abs/1706.04599).

    Args:
        logits: float (N, 7).
        labels: int64 (N,).
    """

    def nll(log_temperature: float) -> float:
        scaled = log_softmax(logits.astype(np.float64) / np.exp(log_temperature), axis=1)
        return -float(scaled[np.arange(len(labels)), labels].mean())

    return float(np.exp(minimize_scalar(nll, bounds=(np.log(0.05), np.log(20)), method="bounded").x))


def coverage_accuracy(probabilities: NDArray, labels: NDArray[np.int64]) -> list[tuple[float, float, float]]:
    """What refusing faces below a confidence buys: rows of (threshold, share kept, accuracy of those kept)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    rows = []
    for threshold in np.arange(0.2, 0.96, 0.01).round(2):
        kept = confidence >= threshold
        if kept.any():
            rows.append((float(threshold), float(kept.mean()), float(right[kept].mean())))
    return rows


def threshold_for(curve: list[tuple[float, float, float]], accuracy: float) -> float:
    """The lowest threshold of a coverage-accuracy curve whose kept faces reach `accuracy`; else the highest."""
    return next((threshold for threshold, _, reached in curve if reached >= accuracy), curve[-1][0])


def latency_ms(classifier: EmotionClassifier, image: NDArray[np.uint8], repeats: int = 30) -> float:
    """Median time to classify one face on this machine, in milliseconds."""
    classifier.classify([image])
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        classifier.classify([image])
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1000)


def _without_copies(right: NDArray[np.bool_], copies: NDArray[np.bool_] | None) -> dict[str, Any]:
    if copies is None or copies.all():
        return {"accuracy_deduplicated": None, "n_deduplicated": None if copies is None else 0}
    return {"accuracy_deduplicated": float(right[~copies].mean()), "n_deduplicated": int((~copies).sum())}


def _interval(right: NDArray[np.bool_]) -> list[float]:
    interval = binomtest(int(right.sum()), len(right)).proportion_ci(0.95, method="wilson")
    return [float(interval.low), float(interval.high)]


def _metrics(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, Any]:
    classes = np.arange(len(EMOTIONS))
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted, labels=classes, zero_division=0)
    likelihood = np.clip(probabilities[np.arange(len(labels)), labels].astype(np.float64), 1e-12, 1)
    squares = (probabilities.astype(np.float64) - np.eye(len(EMOTIONS))[labels]) ** 2
    present = support > 0
    return {
        "macro_f1": float(f1[present].mean()),
        "balanced_accuracy": float(recall[present].mean()),
        "ece": expected_calibration_error(probabilities, labels),
        "nll": float(-np.log(likelihood).mean()),
        "brier": float(squares.sum(axis=1).mean()),
        "per_class": {
            emotion: {
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "support": int(support[i]),
                "auc": _auc(probabilities[:, i], labels == i),
            }
            for i, emotion in enumerate(EMOTIONS)
        },
        "confusion": confusion_matrix(labels, predicted, labels=classes).tolist(),
    }


def _auc(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve of one class against the rest; None where only one side is there."""
    return float(roc_auc_score(positive, scores)) if 0 < positive.sum() < len(positive) else None


def _ferplus(result: Classification, votes: NDArray[np.float32]) -> dict[str, Any] | None:
    counted = np.where(votes > 1, votes, 0)
    majority = counted.argmax(axis=1)
    agreed = (counted.max(axis=1) > counted.sum(axis=1) / 2) & (majority < len(RATER_CLASSES))
    if not agreed.any():
        return None
    right = result.rater_logits[agreed].argmax(axis=1) == majority[agreed]
    return {"protocol": FERPLUS_PROTOCOL, "n": int(agreed.sum()), "accuracy": float(right.mean())}
