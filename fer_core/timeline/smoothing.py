"""Smoothing of the probabilities of one person over time.

All methods work on the logarithms of calibrated probabilities, where evidence adds up. Times may be uneven. Nothing is
smoothed over a gap.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.logits import log_softmax, softmax
from fer_core.timeline.hidden_markov import most_probable_path
from fer_core.timeline.sampling import GAP_STEPS

GAP_S: Final = 1.5
"""Seconds without a reading after which smoothing starts anew; equal to the time for which
`fer_core.analysis.tracking.Tracker` remembers where a face was."""

TIME_CONSTANT_S: Final = 0.4
LEAST: Final = 1e-4
"""Lowest probability before the logarithm: one frame with a probability of 0 would exclude an emotion for seconds."""

MEDIAN_WINDOW: Final = 2.5
"""Width of the median's window, in time constants."""

HELD: Final = 5.0
"""Mean duration of an expression in the hidden Markov model, in time constants."""

_CLASSES: Final = len(EMOTIONS)
_WINDOWS: Final = 4096
"""Most windows of the median in memory at the same time."""


def gap_s(interval_s: float) -> float:
    """Longest time in seconds between two samples that is no gap, by their usual interval; a missed sample is none."""
    return max(GAP_S, GAP_STEPS * interval_s)


def exponential(
    times_s: NDArray[np.floating],
    probabilities: NDArray[np.floating],
    time_constant_s: float = TIME_CONSTANT_S,
    gap_s: float = GAP_S,
) -> NDArray[np.float32]:
    """Exponential moving average of readings up to now, also for live streams.

    Args:
        times_s: (N,), increasing.
        probabilities: (N, 7), rows summing to 1.
        time_constant_s: seconds after which the weight of a reading has fallen to 1/e; 0 for no smoothing.
        gap_s: smoothing starts anew after a longer gap, in seconds.

    Returns:
        float32 (N, 7), rows summing to 1.
    """
    elapsed_s = np.diff(np.asarray(times_s, float))
    return _softmax(_averaged(_logs(_rows(times_s, probabilities)), elapsed_s, time_constant_s, gap_s))


class ExponentialSmoother:
    """`exponential`, one reading at a time."""

    def __init__(self, time_constant_s: float = TIME_CONSTANT_S, gap_s: float = GAP_S) -> None:
        self.time_constant_s, self.gap_s = time_constant_s, gap_s
        self.reset()

    def reset(self) -> None:
        """Start anew with the next reading, as after a cut."""
        self._last_s: float | None = None
        self._logs = np.zeros(_CLASSES)

    def update(self, time_s: float, probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
        """Add the next reading, (7,), not earlier than the last; gives the smoothed reading, float32 (7,)."""
        logs = _logs(np.asarray(probabilities))
        if self._last_s is None or time_s - self._last_s > self.gap_s or self.time_constant_s <= 0:
            self._logs = logs
        else:
            kept = np.exp(-(time_s - self._last_s) / self.time_constant_s)
            self._logs = kept * self._logs + (1 - kept) * logs
        self._last_s = time_s
        return _softmax(self._logs)


def median(
    times_s: NDArray[np.floating],
    probabilities: NDArray[np.floating],
    time_constant_s: float = TIME_CONSTANT_S,
    gap_s: float = GAP_S,
) -> NDArray[np.float32]:
    """Running median of each class in a window of `MEDIAN_WINDOW` time constants around each reading.

    It removes single outliers and does not move edges; it needs later readings.
    Arguments and result as in `exponential`.
    """
    times_s, rows = np.asarray(times_s, float), _logs(_rows(times_s, probabilities))
    smoothed = np.empty_like(rows)
    half_s = MEDIAN_WINDOW * time_constant_s / 2 + 1e-6
    for part in _runs(times_s, gap_s):
        logs, own = rows[part], times_s[part]
        first, after = np.searchsorted(own, own - half_s), np.searchsorted(own, own + half_s)
        # The same number on both sides, also near the ends: an uneven window would shift edges.
        reach = np.minimum(np.arange(len(own)) - first, after - 1 - np.arange(len(own)))
        smoothed[part] = _medians(logs, reach)
    return _softmax(smoothed)


def viterbi(
    times_s: NDArray[np.floating],
    probabilities: NDArray[np.floating],
    time_constant_s: float = TIME_CONSTANT_S,
    gap_s: float = GAP_S,
) -> NDArray[np.float32]:
    """Hidden Markov model: an expression lasts `HELD` time constants on average, then any other may follow.

    Labels are the most probable sequence (Viterbi, 1967, https://doi.org/10.1109/TIT.1967.1054010). Probabilities are
    those of exponential averages of what came before and of what comes after, in equal parts; where their maximum is
    another label, the label of the sequence gets the highest probability. The model's own posteriors are not used: they
    take the readings of one face for independent evidence, so that doubt that lasts would become certainty. It needs
    later readings, and assumes equally frequent classes and the median time between readings.
    Arguments and result as in `exponential`.
    """
    times_s, logs = np.asarray(times_s, float), _logs(_rows(times_s, probabilities))
    smoothed = np.empty(logs.shape, np.float32)
    for part in _runs(times_s, gap_s):
        own, elapsed_s = logs[part], np.diff(times_s[part])
        path = _decoded(own, float(np.median(elapsed_s)) if len(elapsed_s) else 0.0, HELD * time_constant_s)
        before = _averaged(own.copy(), elapsed_s, time_constant_s, gap_s)
        after = _averaged(own[::-1].copy(), elapsed_s[::-1], time_constant_s, gap_s)[::-1]
        smoothed[part] = _softmax((before + after) / 2)
        rows, best = np.arange(part.start, part.stop), smoothed[part].argmax(axis=1)
        smoothed[rows, path], smoothed[rows, best] = smoothed[rows, best], smoothed[rows, path]
    return smoothed


def none(
    times_s: NDArray[np.floating],
    probabilities: NDArray[np.floating],
    time_constant_s: float = TIME_CONSTANT_S,
    gap_s: float = GAP_S,
) -> NDArray[np.float32]:
    """The readings without smoothing."""
    return _rows(times_s, probabilities).astype(np.float32)


Method = Callable[..., NDArray[np.float32]]
METHODS: Final[dict[str, Method]] = {"exponential": exponential, "median": median, "hmm": viterbi, "none": none}
"""Methods by their name in a request."""


def _averaged(
    logs: NDArray[np.float64], elapsed_s: NDArray[np.float64], time_constant_s: float, gap_s: float
) -> NDArray[np.float64]:
    """Exponential average of each row and those before it, in place."""
    if time_constant_s > 0:
        kept = np.exp(-elapsed_s / time_constant_s)
        kept[elapsed_s > gap_s] = 0.0
        logs[1:] *= (1 - kept)[:, None]
        for i, share in enumerate(kept, start=1):
            logs[i] += share * logs[i - 1]
    return logs


def _decoded(logs: NDArray[np.float64], step_s: float, held_s: float) -> NDArray[np.intp]:
    """The most probable sequence of labels."""
    states = logs.shape[1]
    changes = 1 - np.exp(-step_s / held_s) if held_s > 0 else 1 - 1 / states
    transition = np.full((states, states), changes / (states - 1))
    np.fill_diagonal(transition, 1 - changes)
    with np.errstate(divide="ignore"):  # without time between readings no change is possible: log 0
        return most_probable_path(np.log(np.full(states, 1 / states)), np.log(transition), logs)


def _medians(logs: NDArray[np.float64], reach: NDArray[np.intp]) -> NDArray[np.float64]:
    """Median of each row and the rows within its reach on both sides; windows of one width are computed together."""
    medians = np.empty_like(logs)
    for width in np.unique(reach):
        places = np.flatnonzero(reach == width)
        for some in np.array_split(places, len(places) // _WINDOWS + 1):
            windows = logs[some[:, None] + np.arange(-width, width + 1)]
            medians[some] = np.partition(windows, width, axis=1)[:, width]  # of an odd number of rows, the middle one
    return medians


def _rows(times_s: NDArray[np.floating], probabilities: NDArray[np.floating]) -> NDArray[np.floating]:
    rows = np.asarray(probabilities).reshape(-1, _CLASSES)
    if len(rows) != len(times_s):
        raise ValueError(f"{len(times_s)} times do not fit {len(rows)} rows of probabilities.")
    return rows


def _logs(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = log_softmax(np.log(np.maximum(probabilities.astype(np.float64), LEAST)), axis=-1)
    return logs


def _softmax(logs: NDArray[np.float64]) -> NDArray[np.float32]:
    probabilities: NDArray[np.float64] = softmax(logs, axis=-1)
    return probabilities.astype(np.float32)


def _runs(times_s: NDArray[np.floating], gap_s: float) -> list[slice]:
    """Stretches without a gap."""
    if not len(times_s):
        return []
    bounds = [0, *(np.flatnonzero(np.diff(times_s) > gap_s) + 1), len(times_s)]
    return [slice(int(start), int(end)) for start, end in pairwise(bounds)]
