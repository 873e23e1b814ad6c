"""What a sample counts: its duration.

The duration of a sample is the time until the next one, at most `HELD_STEPS` usual intervals or `_SHORT_PAUSE_S`,
whichever is longer; that of the last one ends with the recording. Shares are therefore shares of time, also where the
frame rate varies, and time without samples does not count.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.timeline.notes import Span
from fer_core.timeline.rows import outside, rows_of
from fer_core.timeline.sampling import AROUND, GAP_STEPS, HELD_STEPS, SAME_TIME_S, steps_s, usual_around
from fer_core.timeline.table import Timeline

_USUAL_SHARE: Final = 0.95
"""Share of the times between two samples, gaps left out, that are at most the usual interval."""

_SHORT_PAUSE_S: Final = 0.25
"""Shorter pauses are no gap, for example where a camera gave no frame for a moment."""


def time_range(source: Timeline | pd.DataFrame) -> tuple[float, float]:
    """Start and end of a time axis in seconds: of the whole recording, or of the rows where only rows are given."""
    times = _sampled_times(rows_of(source))
    end_s = float(times[-1] + _usual_at(np.diff(times), interval_s(source))[-1]) if len(times) else 0.0
    if not isinstance(source, Timeline):
        return (float(times[0]) if len(times) else 0.0), end_s
    duration_s = source.recording.duration_s
    reaches_all = not len(times) or duration_s > times[-1]  # else the file says too little
    return 0.0, duration_s if reaches_all else end_s


def interval_s(source: Timeline | pd.DataFrame) -> float:
    """Usual time between two samples in seconds; for a single sample, the interval of the request.

    It is a high quantile, so that a dropped frame of a camera is not a gap; pauses do not count, however many, but
    parts that are slower than the rest do; see `steps_s`.
    """
    steps = steps_s(_sampled_times(rows_of(source)))
    if len(steps):
        return float(np.quantile(steps, _USUAL_SHARE, method="lower"))
    if isinstance(source, Timeline):
        return 1 / (source.request.fps or source.recording.frame_rate or 1)
    return 1.0


def bridged_s(source: Timeline | pd.DataFrame) -> float:
    """Time in seconds for which a sample is shown where none follows, and over which two samples are joined at most."""
    return GAP_STEPS * interval_s(source)


def weighted(source: Timeline | pd.DataFrame) -> pd.DataFrame:
    """The rows with a further column `held_s`, their duration in seconds.

    It is the time until the next sample, limited at a gap; for the last sample, the usual interval, or the time until
    the end of the recording where that is shorter. In a part of the recording that is slower than the rest, its own
    interval is the usual one. Rows alone do not know the end: give the `Timeline`.
    """
    frame = rows_of(source)
    times = _sampled_times(frame)
    steps = np.diff(times)
    usual = _usual_at(steps, interval_s(source))
    held = np.minimum(steps, np.maximum(HELD_STEPS * usual[:-1], _SHORT_PAUSE_S))
    lengths = np.append(held, min(usual[-1], _left_s(source, times)))
    return frame.assign(held_s=lengths[np.searchsorted(times, frame["time_s"].to_numpy(float))])


def counted(source: Timeline | pd.DataFrame, spans: Sequence[Span]) -> pd.DataFrame:
    """The rows outside excluded spans, with `held_s`; see `weighted` and `fer_core.timeline.rows.outside`."""
    return outside(weighted(source), spans)


def _left_s(source: Timeline | pd.DataFrame, times: np.ndarray) -> float:
    """Seconds from the last sample to the end of the recording; infinite where that end is not known."""
    if not isinstance(source, Timeline) or not len(times):
        return np.inf
    left_s = source.recording.duration_s - float(times[-1])
    return left_s if left_s > SAME_TIME_S else np.inf  # else the file says too little


def _sampled_times(frame: pd.DataFrame) -> np.ndarray:
    return np.unique(frame["time_s"].to_numpy(float))


def _usual_at(steps: NDArray[np.float64], usual_s: float) -> NDArray[np.float64]:
    """The usual interval at each of N samples, by the N - 1 times between them, in seconds: float64 (N,).

    It is that of the recording, or what is usual around the sample where that is longer, as in a part that is slower.
    """
    usual = np.full(len(steps) + 1, usual_s)
    if len(steps) >= AROUND:  # of fewer, one pause might be the usual
        long = np.flatnonzero(steps > usual_s)
        usual[long] = np.maximum(usual_s, usual_around(steps, long))
        usual[-1] = usual[-2]
    return usual
