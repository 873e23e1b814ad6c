"""Whether a probability of 70 % is right seven times in ten, and what refusing uncertain faces buys."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from fer_core.evaluation.intervals import wilson

RELIABILITY_BINS: Final = 15


def reliability_bins(
    probabilities: NDArray, labels: NDArray[np.int64], bins: int = RELIABILITY_BINS
) -> list[dict[str, Any]]:
    """The bars of a reliability diagram: faces in groups of equal size, from the least confident to the most.

    Args:
        probabilities: float (N, 7).
        labels: int64 (N,).
        bins: number of groups; fewer where there are fewer faces.

    Returns:
        For each group `n`, mean `confidence`, `accuracy` and its `accuracy_ci95`.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    groups = np.array_split(np.argsort(confidence, kind="stable"), bins)
    return [
        {
            "n": len(group),
            "confidence": float(confidence[group].mean(dtype=np.float64)),
            "accuracy": float(right[group].mean()),
            "accuracy_ci95": wilson(int(right[group].sum()), len(group)),
        }
        for group in groups
        if len(group)
    ]


def expected_calibration_error(
    probabilities: NDArray, labels: NDArray[np.int64], bins: int = RELIABILITY_BINS
) -> float:
    """Mean distance between confidence and accuracy over bins of equal mass.

    Naeini et al. (2015), equal-mass bins after Nixon et al. (2019), https://arxiv.org/abs/1904.01685.
    """
    gaps = [
        bar["n"] * abs(bar["confidence"] - bar["accuracy"]) for bar in reliability_bins(probabilities, labels, bins)
    ]
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
    """What refusing faces below a confidence buys: rows of (threshold, share kept, accuracy of those kept).

    The first row is that of threshold 0, which keeps all; the last, that of the highest one that keeps any.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    rows = []
    for threshold in (0.0, *np.arange(0.2, 0.96, 0.01).round(2)):
        kept = confidence >= threshold
        if kept.any():
            rows.append((float(threshold), float(kept.mean()), float(right[kept].mean())))
    return rows


def threshold_for(curve: list[tuple[float, float, float]], accuracy: float) -> float:
    """The lowest threshold of a coverage-accuracy curve whose kept faces reach `accuracy`; else the highest."""
    return next((threshold for threshold, _, reached in curve if reached >= accuracy), curve[-1][0])
