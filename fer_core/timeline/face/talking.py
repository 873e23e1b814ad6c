"""Detection of talking, from the openness of the mouth.

Talking distorts expressions, so it is a quality problem. It is not speech recognition.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.timeline.sampling import can_tell_at, holes

WINDOW_S: Final = 2.0
"""Window around a sample in which the mouth of a talking person opens and closes several times."""

SMALLEST_MOVE: Final = 0.03
"""Smallest opening or closing that counts, in distances of the outer corners of the eyes."""

TALKING_REVERSALS: Final = 3
"""Fewest changes between opening and closing within `WINDOW_S` that are talking; a yawn or a surprise has one."""

LOWEST_RATE_HZ: Final = 3.0
"""Talking is not detected with fewer samples per second."""


def talking(
    times_s: NDArray[np.floating], open_share: NDArray[np.floating], sampled_s: NDArray[np.floating] | None = None
) -> NDArray[np.bool_]:
    """Whether one person seems to talk, sample by sample; nothing is counted beyond a hole (see `sampling.holes`).

    Args:
        times_s: (N,), increasing.
        open_share: (N,), see `fer_core.face.mouth.openness`; NaN where no face was found.
        sampled_s: times of all samples of the recording, by whose rate is judged; None for `times_s`.

    Returns:
        bool (N,); false with fewer than `LOWEST_RATE_HZ` samples per second, and where no face was found.
    """
    known = can_tell_at(times_s, LOWEST_RATE_HZ, sampled_s)
    if not known.any():
        return known
    unseen = holes(times_s, LOWEST_RATE_HZ, sampled_s)
    found = np.array(reversals(open_share, unseen), int)
    moments = np.asarray(times_s, float)[found]
    part = np.concatenate([[0], np.cumsum(unseen)])  # number of the part between two holes
    first = np.maximum(np.searchsorted(moments, times_s - WINDOW_S / 2, "left"), np.searchsorted(part[found], part))
    after = np.minimum(
        np.searchsorted(moments, times_s + WINDOW_S / 2, "right"), np.searchsorted(part[found], part, "right")
    )
    return np.asarray((after - first >= TALKING_REVERSALS) & known & ~np.isnan(open_share), bool)


def reversals(open_share: NDArray[np.floating], unseen: NDArray[np.bool_] | None = None) -> list[int]:
    """Rows at which the mouth changes from opening to closing or back, with moves of at least `SMALLEST_MOVE`.

    Args:
        open_share: (N,); NaN where no face was found, over which no move goes on.
        unseen: (N - 1,), see `sampling.holes`: no move goes on over these either; None for nowhere.

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
        if unseen is not None and row and unseen[row - 1]:
            low, high, rising = -1, -1, None
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
