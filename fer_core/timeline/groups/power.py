"""Smallest effect that a study with a number of people detects.

Cohen (1988), Statistical Power Analysis for the Behavioral Sciences: power of Student's t test by the noncentral t
distribution. Permutation tests of means have about the same power.
"""

import math
from typing import Final

from fer_core.errors import TimelineError

POWER: Final = 0.8
ALPHA: Final = 0.05
_LARGEST: Final = 100.0


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


def power_line(n: int, m: int | None = None) -> str:
    """A sentence on the smallest effect, to be shown with a comparison."""
    size = detectable(n, m)
    people, name = (f"n = {n}", "dz") if m is None else (f"n = {n} and {m}", "g")
    return (
        f"With {people} one sees an effect of {name} = {size:.2f} or more in four of five studies (two-sided, "
        f"{ALPHA:g}); smaller ones are mostly missed."
    )
