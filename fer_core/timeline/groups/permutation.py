"""Permutation tests over people: exact where there are few arrangements, else with random arrangements.

Fisher (1935), The Design of Experiments. The observed arrangement counts among random ones, so that p is never 0
(Phipson and Smyth 2010, Permutation p-values should never be zero. Statistical Applications in Genetics and Molecular
Biology 9, 39).
"""

import itertools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_EXACT: Final = 10_000
"""Number of arrangements up to which all are computed."""

DRAWN: Final = 9_999
_NOTHING: Final = 1e-14
"""Share of the mean square below which a variance is a rounding error."""

_SAME: Final = 1e-9
"""Relative difference below which two statistics are equal: sums in different order differ slightly."""


@dataclass(frozen=True)
class Permutation:
    """Result of a permutation test.

    Attributes:
        p_value: two-sided.
        arrangements: number of arrangements, the observed one included.
        exact: whether these are all arrangements.
    """

    p_value: float
    arrangements: int
    exact: bool


def sign_flips(n: int, rng: np.random.Generator, most: int = MAX_EXACT, drawn: int = DRAWN) -> NDArray[np.float64]:
    """Arrangements that swap the two conditions of people: ±1, float64 (arrangements, n); the first swaps none."""
    if 2**n <= most:
        return np.where((np.arange(2**n)[:, None] >> np.arange(n)) & 1, -1.0, 1.0)
    flips = rng.choice((1.0, -1.0), (drawn + 1, n))
    flips[0] = 1.0
    return flips


def regroupings(
    n: int, m: int, rng: np.random.Generator, most: int = MAX_EXACT, drawn: int = DRAWN
) -> NDArray[np.bool_]:
    """Arrangements of n + m people with n in the first group: bool (arrangements, n + m), the observed one first."""
    total = n + m
    if math.comb(total, n) <= most:
        chosen = np.array(list(itertools.combinations(range(total), n)))
        groups = np.zeros((len(chosen), total), bool)
        np.put_along_axis(groups, chosen, True, axis=1)
        return groups
    groups = np.zeros((drawn + 1, total), bool)
    groups[0, :n] = True
    groups[1:, :n] = True
    groups[1:] = rng.permuted(groups[1:], axis=1)
    return groups


def paired(differences: NDArray[np.float64], seed: int = 0) -> Permutation:
    """Test whether the mean of paired differences (n,) is 0, by swapping conditions of people.

    The hypothesis is that the differences are symmetric around 0.
    """
    n = len(differences)
    flips = sign_flips(n, np.random.default_rng(seed))
    return _counted(np.abs(flips @ differences), len(flips) == 2**n)


def independent(first: NDArray[np.float64], second: NDArray[np.float64], seed: int = 0) -> Permutation:
    """Test whether two groups of people, (n,) and (m,), have the same mean, by regrouping people.

    The statistic is Welch's t, so the test is also valid for large groups of unequal variance (Janssen
    1997, Studentized permutation tests for non-i.i.d. hypotheses. Statistics & Probability Letters 36, 9-21).
    """
    n, m = len(first), len(second)
    groups = regroupings(n, m, np.random.default_rng(seed))
    values = np.concatenate([first, second])
    return _counted(np.abs(welch_t(values[:, None], groups)[:, 0]), len(groups) == math.comb(n + m, n))


def welch_t(values: NDArray[np.float64], groups: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Welch's t of every arrangement and column, with the people who are not NaN there.

    Args:
        values: float64 (people, columns).
        groups: bool (arrangements, people), who is in the first group.

    Returns:
        float64 (arrangements, columns); 0 where a group has under two people or nothing varies.
    """
    there = np.isfinite(values).astype(float)
    filled = np.where(there > 0, values, 0.0)
    filled = np.where(there > 0, filled - filled.sum(axis=0) / np.maximum(there.sum(axis=0), 1), 0.0)
    parts = []
    for members in (groups.astype(float), (~groups).astype(float)):
        n = members @ there
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = members @ filled / n
            variance = np.maximum(members @ filled**2 - n * mean**2, 0) / (n - 1)
            parts.append((mean, variance / n))
    (mean_first, error_first), (mean_second, error_second) = parts
    return _t(mean_first - mean_second, (filled**2).mean(axis=0), np.sqrt(error_first + error_second))


def paired_t(differences: NDArray[np.float64], flips: NDArray[np.float64]) -> NDArray[np.float64]:
    """Student's t of the mean of every arrangement and column, with the people who are not NaN there.

    Args:
        differences: float64 (people, columns).
        flips: ±1, float64 (arrangements, people).

    Returns:
        float64 (arrangements, columns); 0 where there are under two people or nothing varies.
    """
    there = np.isfinite(differences)
    filled = np.where(there, differences, 0.0)
    n = there.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = flips @ filled / n
        variance = np.maximum((filled**2).sum(axis=0) - n * mean**2, 0) / (n - 1)
    return _t(mean, (filled**2).mean(axis=0), np.sqrt(variance / n))


def _t(mean: NDArray[np.float64], squares: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over its error. Without variance: infinite where the mean is not 0, else 0; 0 where it is not defined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = error**2 <= _NOTHING * squares
        t = np.where(exact, np.where(mean**2 > _NOTHING * squares, np.sign(mean) * np.inf, 0.0), mean / error)
    return np.nan_to_num(t, nan=0.0, posinf=np.inf, neginf=-np.inf)


def _counted(statistics: NDArray[np.float64], exact: bool) -> Permutation:
    """P-value of the first statistic among all; ties count as larger."""
    threshold = statistics[0] * (1 - _SAME) - 1e-300
    return Permutation(float((statistics >= threshold).mean()), len(statistics), exact)
