"""The sign test, exact, from the standard library alone: SciPy's takes a second to import."""

import math


def p_at_least(successes: int, tries: int) -> float:
    """The chance that a fair coin, tossed `tries` times, shows heads at least `successes` times."""
    as_many = sum(math.comb(tries, heads) for heads in range(successes, tries + 1))
    return as_many / (1 << tries)


def p_as_uneven(first: int, second: int) -> float:
    """The chance that tosses of a fair coin divide at least as unevenly as into `first` and `second` (two-sided)."""
    return min(1.0, 2 * p_at_least(max(first, second), first + second))
