"""Significance of the difference between two models on the same faces."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import ModelError
from fer_core.evaluation.figures import ComparisonRecord
from fer_core.evaluation.intervals import wilson
from fer_core.evaluation.predictions import Predictions
from fer_core.number_text import p_text
from fer_core.sign_test import p_as_uneven
from fer_core.timeline.groups.corrections import holm

SIGNIFICANT: Final = 0.05
_ONE_DIGIT_FROM: Final = 0.05
"""Points that one digit after the point can say; fewer would read as none."""


@dataclass(frozen=True)
class Comparison:
    """Two models on the same faces.

    Attributes:
        first: name of the one.
        second: name of the other.
        n: faces that both read.
        accuracy_first: of the first on these.
        accuracy_second: of the second on these.
        only_first: faces that only the first gets right.
        only_second: faces that only the second gets right.
        difference: accuracy of the first minus that of the second.
        difference_ci95: 95 % interval [low, high] of it, of this pair alone; see `paired_interval`.
        p_value: of McNemar's exact test.
        p_adjusted: the same after Holm's correction for the number of pairs that were compared at once.
    """

    first: str
    second: str
    n: int
    accuracy_first: float
    accuracy_second: float
    only_first: int
    only_second: int
    difference: float
    difference_ci95: list[float]
    p_value: float
    p_adjusted: float

    @property
    def established(self) -> bool:
        """The corrected p-value is below 0.05."""
        return self.p_adjusted < SIGNIFICANT

    def sentence(self) -> str:
        """The result for people."""
        better, worse = (self.first, self.second) if self.difference >= 0 else (self.second, self.first)
        wins, losses = max(self.only_first, self.only_second), min(self.only_first, self.only_second)
        if not wins:
            return f"{self.first} and {self.second} are right and wrong on the same {self.n:,} faces."
        low, high = sorted(100 * (bound if better == self.first else -bound) for bound in self.difference_ci95)
        # The verdict is corrected for the number of pairs and the interval is not: one may say what the other does not.
        by_itself = ", of this pair by itself" if self.p_adjusted > self.p_value else ""
        interval = f"{low:+.1f} to {high:+.1f}{by_itself}"
        alone = (
            f"of {self.n:,} faces, {wins:,} are read right by {better} alone and {losses:,} by {worse} alone "
            f"({p_text(self.p_adjusted, '.2g')})."
        )
        if wins == losses:
            return f"{better} and {worse} are right equally often (95 % interval of the difference {interval}); {alone}"
        points = 100 * abs(self.difference)
        words = f"{points:.1f}" if points >= _ONE_DIGIT_FROM else f"{points:.2g}"
        verdict = "which is more than luck" if self.established else "which is not established: it can be luck"
        return f"{better} is {words} points above {worse} (95 % interval {interval}), {verdict}; {alone}"

    def as_record(self) -> ComparisonRecord:
        """All fields, the verdict and the sentence, ready for JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "n": self.n,
            "accuracy_first": self.accuracy_first,
            "accuracy_second": self.accuracy_second,
            "only_first": self.only_first,
            "only_second": self.only_second,
            "difference": self.difference,
            "difference_ci95": self.difference_ci95,
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "established": self.established,
            "sentence": self.sentence(),
        }


def compare_models(predictions: Mapping[str, Predictions]) -> list[Comparison]:
    """Every pair of models, with Holm's correction for their number.

    Args:
        predictions: by model; of two models those faces are compared that both read.

    Raises:
        ModelError: two models have no face in common.
    """
    pairs = list(itertools.combinations(predictions, 2))
    counts = [_counts(first, second, predictions) for first, second in pairs]
    p_values = [mcnemar(only_first, only_second) for _, _, only_first, only_second in counts]
    adjusted = holm(p_values)
    return [
        Comparison(
            first,
            second,
            n,
            (both + only_first) / n,
            (both + only_second) / n,
            only_first,
            only_second,
            (only_first - only_second) / n,
            paired_interval(only_first, only_second, n),
            p_value,
            p_adjusted,
        )
        for (first, second), (n, both, only_first, only_second), p_value, p_adjusted in zip(
            pairs, counts, p_values, adjusted, strict=True
        )
    ]


def mcnemar(only_first: int, only_second: int) -> float:
    """P-value that models of equal accuracy would disagree so unevenly (McNemar, 1947).

    The exact binomial test, two-sided: right for few faces that only one of them gets right, and quick for many.
    """
    return p_as_uneven(only_first, only_second)


def paired_interval(only_first: int, only_second: int, n: int) -> list[float]:
    """95 % interval [low, high] of the difference in accuracy of two models on the same n faces.

    The difference is the share of faces on which only one is right, times how much oftener that is the first. Its
    bounds are products of the bounds of both: Wilson's of the share; of the other the exact ones of Clopper and Pearson
    (1934), which hold "equally often" just where McNemar's test does. So the interval reaches 0 where the uncorrected
    p-value is at least 0.05 and nowhere else, keeps a width for few faces, and is rather too wide than too narrow.
    """
    from scipy.stats import binomtest  # half a second, which a page need not wait for

    differing = only_first + only_second
    shares = wilson(differing, n)
    if not differing:
        return [-shares[1], shares[1]]
    of_first = binomtest(only_first, differing).proportion_ci(0.95, method="exact")
    low, high = 2 * float(of_first.low) - 1, 2 * float(of_first.high) - 1
    return [min(share * low for share in shares), max(share * high for share in shares)]


def common_rows(a: Predictions, b: Predictions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The faces that both read: int64 row numbers into each, in the same order.

    Where the two were not given the same faces in the same order, pictures are found again by content and label, each
    once.
    """
    if np.array_equal(a.ids, b.ids) and np.array_equal(a.labels, b.labels):
        return np.arange(len(a)), np.arange(len(b))
    of_a, of_b = (np.char.add(np.char.add(each.ids, ":"), each.labels.astype(str)) for each in (a, b))
    _, rows_a, rows_b = np.intersect1d(of_a, of_b, return_indices=True)
    return rows_a, rows_b


def _counts(first: str, second: str, predictions: Mapping[str, Predictions]) -> tuple[int, int, int, int]:
    """Number of faces in common, read right by both, by only the first, and by only the second model."""
    a, b = predictions[first], predictions[second]
    rows_a, rows_b = common_rows(a, b)
    if not len(rows_a):
        raise ModelError(f"{first} and {second} were not measured on the same faces; measure both on one set.")
    right_a, right_b = a.right[rows_a], b.right[rows_b]
    counted = (right_a & right_b, right_a & ~right_b, ~right_a & right_b)
    both, only_first, only_second = (int(faces.sum()) for faces in counted)
    return len(rows_a), both, only_first, only_second
