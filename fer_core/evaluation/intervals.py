"""Confidence intervals of figures. Faces are taken as independent of each other."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

RESAMPLES: Final = 10_000


def wilson(right: int, n: int) -> list[float]:
    """95 % interval [low, high] of a share (Wilson, 1927)."""
    from scipy.stats import binomtest  # half a second, which a page need not wait for

    interval = binomtest(right, n).proportion_ci(0.95, method="wilson")
    return [float(interval.low), float(interval.high)]


def newcombe(first: tuple[int, int], second: tuple[int, int]) -> list[float]:
    """95 % interval [low, high] of the difference of two shares of other cases, each as (right, n).

    Newcombe (1998), Interval estimation for the difference between independent proportions. Statistics in Medicine 17,
    873-890: method 10, from Wilson's intervals of both, which keep a width where a share is 0 or 1.
    """
    (share, (low, high)), (other, (other_low, other_high)) = (
        (right / n, wilson(right, n)) for right, n in (first, second)
    )
    difference = share - other
    return [
        difference - math.hypot(share - low, other_high - other),
        difference + math.hypot(high - share, other - other_low),
    ]


def percentiles(values: NDArray[np.float64]) -> list[float]:
    """The middle 95 % [low, high] of bootstrap values."""
    low, high = np.quantile(values, (0.025, 0.975))
    return [float(low), float(high)]


def macro_f1(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean F1 over the classes that occur among the labels.

    Args:
        confusion: (..., C, C) counts, rows = truth; every leading index is a table of its own.

    Returns:
        float64 (...).
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    support, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    f1 = 2 * hits / np.maximum(support + predicted, 1)
    present = support > 0
    return np.asarray((f1 * present).sum(axis=-1) / np.maximum(present.sum(axis=-1), 1))


def bootstrap(confusion: NDArray[np.int64], seed: int = 0) -> dict[str, list[float]]:
    """Bootstrap 95 % intervals of accuracy and macro F1 (Efron, 1979).

    Drawing faces with replacement and counting them is drawing the confusion table from a multinomial distribution, so
    no face is touched here.

    Args:
        confusion: int (C, C), rows = truth, at least one face.
        seed: of the draw.

    Returns:
        `accuracy` and `macro_f1`, [low, high] each.
    """
    n, side = int(confusion.sum()), len(confusion)
    draws = np.random.default_rng(seed).multinomial(n, confusion.ravel() / n, size=RESAMPLES)
    tables = draws.reshape(-1, side, side)
    accuracy = np.trace(tables, axis1=1, axis2=2) / n
    return {"accuracy": percentiles(accuracy), "macro_f1": percentiles(macro_f1(tables))}
