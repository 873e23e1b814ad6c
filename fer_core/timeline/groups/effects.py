"""Effect sizes and bootstrap intervals over people."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

RESAMPLES: Final = 5_000
CONFIDENCE: Final = 0.95
_ROUNDING: Final = 1e-12
"""Of a value, or of 1 where that is more: a smaller spread is what is left when equal numbers are subtracted."""

Values = NDArray[np.float64]
Statistic = Callable[..., Values]
"""Takes one or two samples of shape (..., n); gives a value for each leading index: (...)."""


def dz(differences: Values) -> Values:
    """Mean of paired differences in units of their standard deviation: (..., n) -> (...).

    Lakens (2013), Calculating and reporting effect sizes. Frontiers in Psychology 4, 863. NaN where all are equal.
    """
    return _over(differences.mean(axis=-1), differences.std(axis=-1, ddof=1))


def hedges_g(first: Values, second: Values) -> Values:
    """Difference of two independent means in units of the pooled standard deviation, without bias for few people.

    Hedges (1981), Distribution theory for Glass's estimator of effect size. Journal of Educational Statistics 6,
    107-128; with the exact gamma function. (..., n) and (..., m) -> (...). NaN where nothing varies.
    """
    n, m = first.shape[-1], second.shape[-1]
    freedom = n + m - 2
    squares = (n - 1) * first.var(axis=-1, ddof=1) + (m - 1) * second.var(axis=-1, ddof=1)
    return small_sample_factor(freedom) * _over(first.mean(axis=-1) - second.mean(axis=-1), np.sqrt(squares / freedom))


def small_sample_factor(freedom: int) -> float:
    """Hedges' J: the factor that removes the bias of an effect size with this number of degrees of freedom."""
    return math.exp(math.lgamma(freedom / 2) - math.lgamma((freedom - 1) / 2)) / math.sqrt(freedom / 2)


def mean_difference(first: Values, second: Values) -> Values:
    """Difference of two independent means: (..., n) and (..., m) -> (...)."""
    return np.asarray(first.mean(axis=-1) - second.mean(axis=-1))


def mean_of(values: Values) -> Values:
    """Mean: (..., n) -> (...)."""
    return np.asarray(values.mean(axis=-1))


def bootstrap_interval(statistic: Statistic, *samples: Values, seed: int = 0) -> tuple[float, float]:
    """95 % interval from drawing people with replacement, corrected for bias and skew (BCa).

    Efron (1987), Better bootstrap confidence intervals. Journal of the American Statistical Association 82, 171-185.
    People of each sample are drawn within it. Draws in which the statistic is not defined are left out.

    Args:
        statistic: of the samples.
        samples: one or two of shape (n,), at least two people each.
        seed: of the draw.

    Returns:
        Low and high; both are NaN where nothing varies, of which no interval can be had, and where the statistic is not
        defined.
    """
    from scipy.special import ndtr, ndtri

    rng = np.random.default_rng(seed)
    found = float(statistic(*samples))
    drawn = statistic(*(sample[rng.integers(0, len(sample), (RESAMPLES, len(sample)))] for sample in samples))
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(found) or not len(drawn) or np.ptp(drawn) <= _ROUNDING * max(1, abs(found)):
        return float("nan"), float("nan")
    below = ((drawn < found).mean() + (drawn <= found).mean()) / 2
    bias = float(ndtri(np.clip(below, 1 / (len(drawn) + 1), len(drawn) / (len(drawn) + 1))))
    skew = _acceleration(statistic, samples)
    tail = float(ndtri((1 - CONFIDENCE) / 2))
    levels = [float(ndtr(bias + (bias + z) / (1 - skew * (bias + z)))) for z in (tail, -tail)]
    low, high = np.quantile(drawn, np.clip(levels, 0, 1))
    return float(low), float(high)


def _acceleration(statistic: Statistic, samples: tuple[Values, ...]) -> float:
    """Acceleration of the BCa interval, by leaving out one person at a time."""
    third = second = 0.0
    for place, sample in enumerate(samples):
        n = len(sample)
        left = np.broadcast_to(sample, (n, n))[~np.eye(n, dtype=bool)].reshape(n, n - 1)
        values = statistic(*(left if each == place else other for each, other in enumerate(samples)))
        influence = (n - 1) * (np.nanmean(values) - values) / n
        third += float(np.nansum(influence**3))
        second += float(np.nansum(influence**2))
    return third / (6 * second**1.5) if second else 0.0


def _over(part: Values, spread: Values) -> Values:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > _ROUNDING * np.maximum(1, np.abs(part)), np.asarray(part) / spread, np.nan)
