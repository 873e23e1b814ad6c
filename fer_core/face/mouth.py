"""How far the mouth is open, and talking.

A talking mouth distorts expressions, so talking is a reason to rely less on a reading; it is not speech recognition.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face.series import Span, rate_hz, runs
from fer_core.face.topology import LIP_GAPS

WINDOW_S: Final = 2.0
"""Stretch of time about a sample within which the mouth of a talking person opens and closes several times."""

SMALLEST_MOVE: Final = 0.03
"""Smallest opening or closing that counts, in the unit of `openness`."""

TALKING_REVERSALS: Final = 3
"""Changes between opening and closing within `WINDOW_S` from which somebody talks; a yawn or a surprise has one."""

LOWEST_RATE_HZ: Final = 3.0
"""With fewer samples per second the movements of talking cannot be told from others."""


def openness(shape: NDArray[np.floating]) -> float:
    """Mean distance of the inner edges of the lips, over that of the outer corners of the eyes.

    Args:
        shape: (468, 3), as `Fit.shape`, so that the pose of the head does not count.
    """
    return float(np.mean([np.linalg.norm(shape[upper] - shape[lower]) for upper, lower in LIP_GAPS]))


def talking(times_s: NDArray[np.floating], open_share: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether one person seems to talk, sample by sample.

    Args:
        times_s: (N,), increasing.
        open_share: (N,), as `openness`; NaN where no face was found.

    Returns:
        bool (N,); all false for fewer than `LOWEST_RATE_HZ` samples per second, and where no face was found.
    """
    result = np.zeros(len(times_s), bool)
    if rate_hz(times_s) < LOWEST_RATE_HZ:
        return result
    moments = np.array([times_s[row] for row in reversals(open_share)])
    for row, time_s in enumerate(times_s):
        near = np.abs(moments - time_s) <= WINDOW_S / 2
        result[row] = not np.isnan(open_share[row]) and near.sum() >= TALKING_REVERSALS
    return result


def talking_spans(times_s: NDArray[np.floating], open_share: NDArray[np.floating]) -> list[Span]:
    """Stretches in which one person seems to talk."""
    flags = talking(times_s, open_share)
    return [Span(float(times_s[first]), float(times_s[last])) for first, last in runs(flags)]


def reversals(open_share: NDArray[np.floating]) -> list[int]:
    """Rows at which the mouth turns from opening to closing or back, each move at least `SMALLEST_MOVE` large.

    >>> reversals(np.array([0.0, 0.1, 0.2, 0.1, 0.0, 0.01, 0.0]))
    [2]
    """
    found: list[int] = []
    low = high = -1  # rows of the extremes since the last reversal
    rising: bool | None = None
    for row, value in enumerate(open_share):
        if np.isnan(value):
            low, high, rising = -1, -1, None
            continue
        low = row if low < 0 or value < open_share[low] else low
        high = row if high < 0 or value > open_share[high] else high
        if rising is not False and open_share[high] - value >= SMALLEST_MOVE:
            found += [high] if rising else []
            rising, low = False, row
            high = row
        elif rising is not True and value - open_share[low] >= SMALLEST_MOVE:
            found += [low] if rising is False else []
            rising, high = True, row
            low = row
    return found
