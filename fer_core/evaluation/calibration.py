"""Calibration: whether readings with 70 % probability are right seven times in ten, and the cost of a threshold."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.evaluation.figures import CoverageCurve, ReliabilityBar
from fer_core.evaluation.intervals import wilson
from fer_core.logits import log_softmax

RELIABILITY_BINS: Final = 15
DRAWS: Final = 1000


def reliability_bins(
    probabilities: NDArray[np.floating], labels: NDArray[np.int64], bins: int = RELIABILITY_BINS
) -> list[ReliabilityBar]:
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
    probabilities: NDArray[np.floating], labels: NDArray[np.int64], bins: int = RELIABILITY_BINS
) -> float:
    """Mean distance between confidence and accuracy over bins of equal mass.

    Naeini et al. (2015), equal-mass bins after Nixon et al. (2019), https://arxiv.org/abs/1904.01685.
    """
    gaps = [
        bar["n"] * abs(bar["confidence"] - bar["accuracy"]) for bar in reliability_bins(probabilities, labels, bins)
    ]
    return float(sum(gaps) / len(labels))


def error_if_calibrated(bars: Sequence[ReliabilityBar], seed: int = 0) -> float:
    """The calibration error that a perfectly calibrated model would show, by luck alone, with bars of these sizes.

    It is above 0, since the accuracy of so many faces is never just their confidence: the fewer faces, the further
    above. What is not clearly above it speaks of no error of calibration.

    Args:
        bars: of `reliability_bins`, at least one face.
        seed: of the draw.

    Returns:
        The median of 1,000 draws, in each of which every face is right as often as its bar states.
    """
    sizes = np.array([bar["n"] for bar in bars])
    confidence = np.clip([bar["confidence"] for bar in bars], 0, 1)
    right = np.random.default_rng(seed).binomial(sizes, confidence, size=(DRAWS, len(sizes)))
    return float(np.median(np.abs(right - sizes * confidence).sum(axis=1)) / sizes.sum())


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """The temperature that gives `labels` the highest likelihood (Guo et al., 2017, https://arxiv.org/abs/1706.04599).

    Args:
        logits: float (N, 7).
        labels: int64 (N,).
    """
    from scipy.optimize import minimize_scalar  # a third of a second, which a page need not wait for

    def nll(log_temperature: float) -> float:
        scaled = log_softmax(logits.astype(np.float64) / np.exp(log_temperature), axis=1)
        return -float(scaled[np.arange(len(labels)), labels].mean())

    return float(np.exp(minimize_scalar(nll, bounds=(np.log(0.05), np.log(20)), method="bounded").x))


def coverage_accuracy(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> CoverageCurve:
    """Share of faces kept, and their accuracy, by the confidence that a reading must reach to be kept.

    Returns:
        Rows of (threshold, share kept, accuracy), from threshold 0, which keeps all faces, to the highest threshold
        that keeps any.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    rows = []
    for threshold in (0.0, *np.arange(0.2, 0.96, 0.01).round(2)):
        kept = confidence >= threshold
        if kept.any():
            rows.append((float(threshold), float(kept.mean()), float(right[kept].mean())))
    return rows


def threshold_for(curve: CoverageCurve, accuracy: float) -> float:
    """The lowest threshold of a curve at which the kept faces reach `accuracy`; the highest where none does."""
    return next((threshold for threshold, _, reached in curve if reached >= accuracy), curve[-1][0])
