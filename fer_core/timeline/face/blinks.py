"""Blinks of one person, from the openness of the eyes.

Soukupova and Cech (2016), "Real-time eye blink detection using facial landmarks", 21st Computer Vision Winter Workshop.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.timeline.face.movements import CLOSED_BELOW
from fer_core.timeline.notes import Span
from fer_core.timeline.sampling import SAME_TIME_S, can_tell_at, holes, rate_hz, runs

USUAL_QUANTILE: Final = 0.7
"""Quantile of the openness that counts as the usual openness of open eyes."""

USUAL_WINDOW_S: Final = 30.0
"""Length of the window around a sample for the usual openness, which changes with the pose."""

LONGEST_BLINK_S: Final = 0.6
"""Longer closures are not blinks. A spontaneous blink takes 0.1 to 0.4 seconds.

A closure lasts from its first sample with closed eyes to its last one and, as the eyes closed and opened between two
samples, one usual step longer.
"""

LOWEST_RATE_HZ: Final = 12.0
"""Blinks are not counted with fewer samples per second, as many of them fall between two samples."""


def blinks(
    times_s: NDArray[np.floating], open_share: NDArray[np.floating], sampled_s: NDArray[np.floating] | None = None
) -> list[Span]:
    """Blinks of one person.

    Args:
        times_s: (N,), increasing.
        open_share: (N,), mean openness of both eyes; NaN where no face was found.
        sampled_s: times of all samples of the recording, by whose rate is judged; None for `times_s`.

    Returns:
        A span for each blink, from the last sample with open eyes before it to the first one after it. Closures next to
        a gap, also one between samples, at the start or at the end are left out. Empty below `LOWEST_RATE_HZ`; see
        `can_tell_at`.
    """
    if not can_tell_at(times_s, LOWEST_RATE_HZ, sampled_s).any():
        return []
    closed = open_share < CLOSED_BELOW * usual(times_s, open_share)
    sampled_s = times_s if sampled_s is None else sampled_s
    found, step_s, unseen = [], 1 / rate_hz(sampled_s), holes(times_s, LOWEST_RATE_HZ, sampled_s)
    for first, last in runs(closed):
        if first == 0 or last == len(closed) - 1 or np.isnan(open_share[[first - 1, last + 1]]).any():
            continue
        if unseen[first - 1 : last + 1].any():
            continue
        if times_s[last] - times_s[first] + step_s <= LONGEST_BLINK_S + SAME_TIME_S:
            found.append(Span(float(times_s[first - 1]), float(times_s[last + 1])))
    return found


def usual(times_s: NDArray[np.floating], open_share: NDArray[np.floating]) -> NDArray[np.float64]:
    """Usual openness of the person's open eyes around each sample: float64 (N,), NaN where it is not known."""
    import pandas as pd  # slow to import, and not needed for pictures

    series = pd.Series(np.asarray(open_share, float), pd.to_timedelta(np.asarray(times_s, float), unit="s"))
    window = series.rolling(f"{USUAL_WINDOW_S:g}s", min_periods=1, center=True, closed="both")
    return window.quantile(USUAL_QUANTILE).to_numpy(float)
