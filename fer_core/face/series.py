"""Spans of a sequence of samples; shared by blinks and talking."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Span:
    """A stretch of time, in seconds from the start of the recording."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


def rate_hz(times_s: NDArray[np.floating]) -> float:
    """Samples per second, by the median distance of neighbours; 0 for fewer than two samples."""
    steps = np.diff(times_s)
    return 1 / float(np.median(steps)) if len(steps) and np.median(steps) > 0 else 0.0


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last row of each run of true values.

    >>> runs(np.array([False, True, True, False, True]))
    [(1, 2), (4, 4)]
    """
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
