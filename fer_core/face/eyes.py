"""How far the eyes are open, and blinks.

Soukupova and Cech (2016), "Real-time eye blink detection using facial landmarks", 21st Computer Vision Winter Workshop:
the openness is the mean distance of the lids over the width of the eye.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face.irises import Eye, Eyes
from fer_core.face.series import Span, rate_hz, runs
from fer_core.face.topology import LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER

CLOSED_BELOW: Final = 0.5
"""Share of the person's usual openness below which the eyes count as closed."""

USUAL_QUANTILE: Final = 0.7
"""Quantile of the openness that is taken for the usual one of open eyes."""

USUAL_WINDOW_S: Final = 30.0
"""Length of the stretch about a sample over which the usual openness is taken, so that a change of the pose counts."""

LONGEST_BLINK_S: Final = 0.6
"""Closures that take longer are no blinks. A spontaneous blink takes 0.1 to 0.4 seconds."""

LOWEST_RATE_HZ: Final = 12.0
"""With fewer samples per second many blinks fall between two samples, so that none are counted."""

_INNER_CORNER, _OUTER_CORNER = 0, 8

_MIDDLE_LIDS: Final = ((3, 11), (4, 12), (5, 13))
"""Pairs of lower and upper lid in the middle of `Eye.lids`."""


def openness(points: NDArray[np.floating], eyes: Eyes) -> tuple[float, float]:
    """How far the right and the left eye of the person are open, as a share of the width of the eye.

    Closed eyes have less than 0.1, open ones 0.2 to 0.4. The lids are those of the iris network; those of the mesh
    hardly move when an eye closes.

    Args:
        points: (468, 3), as `Landmarks.points`.
        eyes: of the same face.
    """
    right = _open(eyes.right, np.linalg.norm(points[RIGHT_EYE_OUTER] - points[RIGHT_EYE_INNER]))
    left = _open(eyes.left, np.linalg.norm(points[LEFT_EYE_OUTER] - points[LEFT_EYE_INNER]))
    return right, left


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
        if span.duration_s <= LONGEST_BLINK_S:
            found.append(span)
    return found


def can_count(times_s: NDArray[np.floating]) -> bool:
    """Whether there are enough samples per second to count blinks."""
    return rate_hz(times_s) >= LOWEST_RATE_HZ


def usual(times_s: NDArray[np.floating], open_share: NDArray[np.floating]) -> NDArray[np.float64]:
    """The openness of the person's open eyes about each sample: float64 (N,), NaN where nothing is known."""
    result = np.full(len(times_s), np.nan)
    for row, time_s in enumerate(times_s):
        near = open_share[np.searchsorted(times_s, time_s - USUAL_WINDOW_S / 2) :]
        near = near[: np.searchsorted(times_s, time_s + USUAL_WINDOW_S / 2, "right") - len(times_s) + len(near)]
        seen = near[~np.isnan(near)]
        if len(seen):
            result[row] = np.quantile(seen, USUAL_QUANTILE)
    return result


def _open(eye: Eye, width: np.floating) -> float:
    along = np.asarray(eye.lids[_OUTER_CORNER] - eye.lids[_INNER_CORNER], np.float64)
    across = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-9)
    gaps = [abs((eye.lids[upper] - eye.lids[lower]) @ across) for lower, upper in _MIDDLE_LIDS]
    return float(np.mean(gaps) / width) if width else 0.0
