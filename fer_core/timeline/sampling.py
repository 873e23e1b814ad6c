"""Rates and runs of samples."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SAME_TIME_S: Final = 1e-6
"""Times that differ by less are the same."""


GAP_STEPS: Final = 2.5
"""Two samples that are further apart than this many usual steps have a gap between them."""


def steps_s(times_s: NDArray[np.floating]) -> NDArray[np.float64]:
    """Times in seconds between neighbours that have no gap between them; none for fewer than two samples."""
    steps = np.diff(np.asarray(times_s, float))
    return np.asarray(steps[steps <= GAP_STEPS * np.median(steps)] if len(steps) else steps)


def rate_hz(times_s: NDArray[np.floating]) -> float:
    """Samples per second where there is no gap; 0 for fewer than two samples.

    By the mean distance of neighbours: of 30 frames a second, 12 samples are two frames apart or three.
    """
    steps = steps_s(times_s)
    return 1 / float(steps.mean()) if steps.any() else 0.0


def holes(times_s: NDArray[np.floating], least_hz: float) -> NDArray[np.bool_]:
    """Where nobody knows what happened between two neighbours: bool (N - 1,).

    Their distance is a gap, and longer than that of `least_hz` samples a second.
    """
    steps = np.diff(np.asarray(times_s, float))
    longest = max(GAP_STEPS * float(np.median(steps)), 1 / least_hz) if len(steps) else 0.0
    return np.asarray(steps > longest + SAME_TIME_S)


def sampled_at(times_s: NDArray[np.floating], least_hz: float) -> bool:
    """Whether there are so many samples a second, or as good as: 3 of 29.97 frames a second are 2.997."""
    return rate_hz(times_s) >= 0.99 * least_hz


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last row of each run of true values.

    >>> runs(np.array([False, True, True, False, True]))
    [(1, 2), (4, 4)]
    """
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def between(times_s: NDArray[np.floating], start_s: float, end_s: float) -> NDArray[np.bool_]:
    """Whether times are within a stretch, its start included and its end not: bool (N,)."""
    return np.asarray((times_s >= start_s - SAME_TIME_S) & (times_s < end_s - SAME_TIME_S))
