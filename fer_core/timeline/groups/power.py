"""Smallest effect that a study with a number of people detects.

Cohen (1988), Statistical Power Analysis for the Behavioral Sciences: power of Student's t test by the noncentral t
distribution. Permutation tests of means have about the same power, but for few people within whom conditions are
compared: they have few arrangements, so that power is lower, and is simulated here.
"""

import math
from functools import lru_cache
from typing import Final

import numpy as np

from fer_core.errors import TimelineError

POWER: Final = 0.8
ALPHA: Final = 0.05
_LARGEST: Final = 100.0
_FEW: Final = 10
"""Fewer people than these have less power within people than by Student's t."""

_STUDIES: Final = 4_000
_SAME: Final = 1e-9


def power_of(effect: float, n: int, m: int | None = None, alpha: float = ALPHA) -> float:
    """Probability that a two-sided t test detects an effect.

    Args:
        effect: standardised: dz of n people measured twice, or g of two groups.
        n: number of people, of the first group where there are two.
        m: number of people of the second group; None where all people are in both conditions.
        alpha: level of the test.
    """
    from scipy.special import nctdtr, stdtrit

    freedom, scale = (n - 1, math.sqrt(n)) if m is None else (n + m - 2, math.sqrt(n * m / (n + m)))
    limit = float(stdtrit(freedom, 1 - alpha / 2))
    shift = abs(effect) * scale
    return float(1 - nctdtr(freedom, shift, limit) + nctdtr(freedom, shift, -limit))


def detectable(n: int, m: int | None = None, power: float = POWER, alpha: float = ALPHA) -> float:
    """The smallest standardised effect that is detected with probability `power`.

    Raises:
        TimelineError: fewer than two people in a group.
    """
    if n < 2 or (m is not None and m < 2):
        raise TimelineError("Power needs at least two people in each group.")
    low, high = 0.0, 1.0
    while power_of(high, n, m, alpha) < power and high < _LARGEST:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if power_of(middle, n, m, alpha) < power else (low, middle)
    return high


def least_p(n: int, m: int | None = None) -> float:
    """The lowest two-sided p-value that a permutation test of so many people can give, whatever the effect.

    Args:
        n: number of people, of the first group where there are two.
        m: number of people of the second group; None where all people are in both conditions.
    """
    arrangements = 2**n if m is None else math.comb(n + m, n)
    mirrored = m is None or n == m  # the arrangement with both conditions swapped is as extreme
    return (2 if mirrored else 1) / arrangements


def power_line(n: int, m: int | None = None, family: int = 1) -> str:
    """A sentence on the smallest effect, to be shown with a comparison.

    Args:
        n: number of people, of the first group where there are two.
        m: number of people of the second group; None where all people are in both conditions.
        family: number of comparisons whose p-values are corrected together.
    """
    people, name = (f"n = {n}", "dz") if m is None else (f"n = {n} and {m}", "g")
    if least_p(n, m) * family > ALPHA:
        corrected = "" if family == 1 else f" after Holm's correction for {family} comparisons"
        return (
            f"With {people} no effect, however large, gives a p below {ALPHA:g} in this test{corrected}: it needs more "
            "people."
        )
    size = _detectable_by_signs(n) if m is None and n < _FEW else detectable(n, m)
    uncorrected = "" if family == 1 else f", without correction for {family} comparisons"
    return (
        f"With {people} one sees an effect of {name} = {size:.2f} or more in four of five studies (two-sided, "
        f"{ALPHA:g}{uncorrected}); smaller ones are mostly missed."
    )


@lru_cache
def _detectable_by_signs(n: int) -> float:
    """The dz that the exact permutation of signs detects with probability `POWER`, by simulated normal differences."""
    signs = np.where((np.arange(2**n)[:, None] >> np.arange(n)) & 1, -1.0, 1.0)
    noise = np.random.default_rng(0).normal(size=(_STUDIES, n))
    low, high = 0.0, 10.0
    while high - low > 0.005:
        middle = (low + high) / 2
        sums = np.abs((noise + middle) @ signs.T)  # the first arrangement is the observed one
        p_values = (sums >= sums[:, :1] * (1 - _SAME)).mean(axis=1)
        low, high = (middle, high) if (p_values <= ALPHA).mean() < POWER else (low, middle)
    return high
