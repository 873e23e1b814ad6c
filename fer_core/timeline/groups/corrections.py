"""Correction of p-values for their number."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for the chance of any false finding, in the given order.

    Holm (1979), A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 65-70.
    """
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(
        [min(1.0, (len(p_values) - rank) * p_values[row]) for rank, row in enumerate(order)] or [0.0]
    )[: len(p_values)]
    return adjusted.tolist()


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for the expected share of false findings among all findings, in the given order.

    Benjamini and Hochberg (1995), Controlling the false discovery rate. Journal of the Royal Statistical Society B 57,
    289-300. Valid for tests that are independent or positively dependent.
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")[::-1]
    adjusted = np.empty(count)
    ranks = np.arange(count, 0, -1)
    adjusted[order] = np.minimum.accumulate(np.minimum(1.0, np.asarray(p_values, float)[order] * count / ranks))
    return adjusted.tolist()
