"""Blinks of one person, from how far the eyes are open.

Soukupova and Cech (2016), "Real-time eye blink detection using facial landmarks", 21st Computer Vision Winter Workshop.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.timeline.movements import CLOSED_BELOW
from fer_core.timeline.notes import Span
from fer_core.timeline.sampling import rate_hz, runs

USUAL_QUANTILE: Final = 0.7
"""Quantile of the openness that is taken for the usual one of open eyes."""

USUAL_WINDOW_S: Final = 30.0
"""Length of the stretch about a sample over which the usual openness is taken, so that a change of the pose counts."""

LONGEST_BLINK_S: Final = 0.6
"""Closures that take longer are no blinks. A spontaneous blink takes 0.1 to 0.4 seconds."""

LOWEST_RATE_HZ: Final = 12.0
"""With fewer samples per second many blinks fall between two samples, so that none are counted."""


def blinks(times_s: NDArray[np.floating], open_share: NDArray[np.floating]) -> list[Span]:
    """Blinks of one person.

    Args:
        times_s: (N,), increasing.
        open_share: (N,), mean openness of both eyes; NaN where no face was found.

    Returns:
        Each from the last sample with open eyes before it to the first one after it. Closures next to a gap, at the
        start or at the end are none. Empty for fewer than `LOWEST_RATE_HZ` samples per second; see `can_count`.
    """
    if not can_count(times_s):
        return []
    closed = open_share < CLOSED_BELOW * usual(times_s, open_share)
    found = []
    for first, last in runs(closed):
        if first == 0 or last == len(closed) - 1 or np.isnan(open_share[[first - 1, last + 1]]).any():
            continue
        span = Span(float(times_s[first - 1]), float(times_s[last + 1]))
        if span.end_s - span.start_s <= LONGEST_BLINK_S:
            found.append(span)
    return found


def can_count(times_s: NDArray[np.floating]) -> bool:
    """Whether there are enough samples per second to count blinks."""
    return rate_hz(times_s) >= LOWEST_RATE_HZ


def usual(times_s: NDArray[np.floating], open_share: NDArray[np.floating]) -> NDArray[np.float64]:
    """The openness of the person's open eyes about each sample: float64 (N,), NaN where nothing is known."""
    import pandas as pd  # here, because the reading of a picture need not wait for it

    series = pd.Series(np.asarray(open_share, float), pd.to_timedelta(np.asarray(times_s, float), unit="s"))
    window = series.rolling(f"{USUAL_WINDOW_S:g}s", min_periods=1, center=True, closed="both")
    return window.quantile(USUAL_QUANTILE).to_numpy(float)
