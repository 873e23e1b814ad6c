"""Rates and runs of samples."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SAME_TIME_S: Final = 1e-6
"""Times that differ by less are the same."""

GAP_STEPS: Final = 2.5
"""Two samples that are further apart than this many usual steps have a gap between them."""

HELD_STEPS: Final = 1.5
"""Usual steps for which a sample counts at most; where none follows within them, a line in a chart breaks."""

AROUND: Final = 9
"""Steps whose median is the usual one where they are."""

_AROUND_S: Final = 1.0
"""Seconds before and after a sample whose rate says whether something can be told there."""

_AS_GOOD_AS: Final = 0.99
"""Share of a rate that is as good as the rate itself."""


def steps_s(times_s: NDArray[np.floating]) -> NDArray[np.float64]:
    """Times in seconds between neighbours that have no pause between them; none for fewer than two samples.

    A pause is longer than `GAP_STEPS` steps that are usual in the whole and around it. A part that is slower than the
    rest is its own usual, so its steps are no pauses, however many there are.
    """
    steps = np.diff(np.asarray(times_s, float))
    if not len(steps):
        return np.asarray(steps)
    long = np.flatnonzero(steps > GAP_STEPS * np.median(steps))
    return np.delete(steps, long[steps[long] > GAP_STEPS * usual_around(steps, long)])


def usual_around(steps: NDArray[np.float64], places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Median of the `AROUND` steps, float64 (N,), around each of these places, (M,): float64 (M,)."""
    width = min(AROUND, len(steps))
    first = np.clip(places - width // 2, 0, len(steps) - width)
    return np.asarray(np.median(steps[first[:, None] + np.arange(width)], axis=1), np.float64)


def rate_hz(times_s: NDArray[np.floating]) -> float:
    """Samples per second, without gaps and parts that are as slow as those; 0 for fewer than two samples.

    By the mean distance of neighbours: of 30 frames a second, 12 samples are two frames apart or three.
    """
    steps = np.diff(np.asarray(times_s, float))
    steps = steps[steps <= GAP_STEPS * np.median(steps)] if len(steps) else steps
    return 1 / float(steps.mean()) if steps.any() else 0.0


def holes(
    times_s: NDArray[np.floating], least_hz: float, sampled_s: NDArray[np.floating] | None = None
) -> NDArray[np.bool_]:
    """Where nobody knows what happened between two neighbours: bool (N - 1,).

    Their distance is a gap, and longer than that of `least_hz` samples a second.

    Args:
        times_s: (N,), increasing.
        least_hz: samples a second from which something can be told.
        sampled_s: times of all samples of the recording, whose usual step tells what a gap is; None for `times_s`.
    """
    steps, usual = np.diff(np.asarray(times_s, float)), np.diff(times_s if sampled_s is None else sampled_s)
    longest = max(GAP_STEPS * float(np.median(usual)), 1 / least_hz) if len(usual) else 0.0
    return np.asarray(steps > longest + SAME_TIME_S)


def can_tell_at(
    times_s: NDArray[np.floating],
    least_hz: float,
    sampled_s: NDArray[np.floating] | None = None,
    values: NDArray[np.floating] | None = None,
) -> NDArray[np.bool_]:
    """Whether a recording has enough samples a second, as a whole and around each of these samples: bool (N,).

    A sample that has a hole or the end on both sides tells nothing.

    Args:
        times_s: as in `holes`.
        least_hz: as there.
        sampled_s: as there.
        values: (N,), NaN where not known; then a sample and a neighbour without a hole between must both be known.
    """
    if not sampled_at(times_s if sampled_s is None else sampled_s, least_hz):
        return np.zeros(len(times_s), bool)
    near = ~holes(times_s, least_hz, sampled_s)
    enough = _rates_around_hz(times_s, near) >= _AS_GOOD_AS * least_hz
    known = np.ones(len(times_s), bool) if values is None else ~np.isnan(values)
    return np.asarray(enough & _beside(near & known[1:] & known[:-1]) & known)


def _beside(steps: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether one of the two steps beside each sample is true: bool (N,) of (N - 1,)."""
    return np.asarray(np.concatenate([[False], steps]) | np.concatenate([steps, [False]]))


def _rates_around_hz(times_s: NDArray[np.floating], near: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Samples a second within `_AROUND_S` of each sample, by the steps that are `near`: float64 (N,).

    Half a step is added: sampled frames are not evenly far apart, and there may be few.
    """
    times_s = np.asarray(times_s, float)
    n_steps = np.concatenate([[0], np.cumsum(near)])
    length_s = np.concatenate([[0.0], np.cumsum(np.where(near, np.diff(times_s), 0.0))])
    first = np.searchsorted(times_s, times_s - _AROUND_S - SAME_TIME_S)
    last = np.searchsorted(times_s, times_s + _AROUND_S + SAME_TIME_S) - 1
    return np.asarray(
        (n_steps[last] - n_steps[first] + 0.5) / np.maximum(length_s[last] - length_s[first], SAME_TIME_S)
    )


def sampled_at(times_s: NDArray[np.floating], least_hz: float) -> bool:
    """Whether there are so many samples a second, or as good as: 3 of 29.97 frames a second are 2.997."""
    return rate_hz(times_s) >= _AS_GOOD_AS * least_hz


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
