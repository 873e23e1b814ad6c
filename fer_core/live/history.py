"""The last minute and the speed of a stream: short memories of fixed length."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MINUTE_S: Final = 60.0
STEP_S: Final = 0.25


@dataclass(frozen=True, eq=False)
class Moment:
    """The last readings within one step of the last minute.

    Attributes:
        time_s: start of the step.
        probabilities: by person, float32 (7,).
        uncertain: the persons whose reading is uncertain.
    """

    time_s: float
    probabilities: Mapping[int, NDArray[np.float32]]
    uncertain: frozenset[int] = frozenset()


class LastMinute:
    """The last minute in steps of `STEP_S`; of each step the last reading is kept."""

    def __init__(self) -> None:
        self._moments: deque[Moment] = deque(maxlen=round(MINUTE_S / STEP_S) + 1)

    def add(
        self, time_s: float, probabilities: Mapping[int, NDArray[np.float32]], uncertain: frozenset[int] = frozenset()
    ) -> None:
        """Take note of a reading; times must not run backwards."""
        self._forget_old(time_s)
        start = math.floor(time_s / STEP_S) * STEP_S
        if self._moments and self._moments[-1].time_s >= start:
            self._moments.pop()
        self._moments.append(Moment(start, probabilities, uncertain))

    def moments(self, now_s: float) -> tuple[Moment, ...]:
        """The moments of the last minute, the oldest first; older ones are forgotten."""
        self._forget_old(now_s)
        return tuple(self._moments)

    def clear(self) -> None:
        """Forget all of it."""
        self._moments.clear()

    def _forget_old(self, now_s: float) -> None:
        while self._moments and now_s - self._moments[0].time_s > MINUTE_S:
            self._moments.popleft()


class Rate:
    """Rate of an occurrence over the last `window_s`."""

    def __init__(self, window_s: float = 3.0) -> None:
        self.window_s = window_s
        self._times: deque[float] = deque(maxlen=1000)

    def tick(self, time_s: float) -> None:
        """It happened."""
        self._times.append(time_s)

    def per_second(self, now_s: float) -> float:
        """Events a second; 0 where there were fewer than two."""
        times = [t for t in self._times if now_s - t <= self.window_s]
        return (len(times) - 1) / (now_s - times[0]) if len(times) > 1 and now_s > times[0] else 0.0


class Ages:
    """Ages of the last `size` readings at the moment when they were shown, in seconds."""

    def __init__(self, size: int = 150) -> None:
        self._ages: deque[float] = deque(maxlen=size)

    def add(self, age_s: float) -> None:
        """One was shown."""
        self._ages.append(age_s)

    def percentile(self, q: float) -> float | None:
        """In seconds; None before the first."""
        ages = list(self._ages)
        return float(np.percentile(ages, q)) if ages else None

    def clear(self) -> None:
        """Forget all of them."""
        self._ages.clear()
