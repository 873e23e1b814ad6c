"""Samples of one person as arrays, with the duration of each and whether it counts."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.timeline.columns import GOOD
from fer_core.timeline.notes import Span
from fer_core.timeline.rows import outside, people, rows_of_person
from fer_core.timeline.sampling import SAME_TIME_S
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import weighted


@dataclass(frozen=True)
class Counting:
    """Rules by which samples count.

    Attributes:
        excluded: excluded spans.
        good_only: whether samples with a quality problem are left out too.
    """

    excluded: tuple[Span, ...] = ()
    good_only: bool = False

    def mask(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        """Whether each row counts: bool (N,)."""
        counts = rows.index.isin(outside(rows, self.excluded).index)
        return np.asarray(counts & rows["quality"].eq(GOOD).to_numpy(bool) if self.good_only else counts)


@dataclass(frozen=True)
class PersonSamples:
    """Samples of one person in the order of time.

    Attributes:
        number: of the person.
        times_s: seconds of the recording, float64 (N,).
        held_s: duration of each in seconds, float64 (N,).
        values: probabilities, float64 (N, 7).
        shown: whether an emotion is the label and certain, bool (N, 7).
        uncertain: bool (N,).
        counts: bool (N,).
    """

    number: int
    times_s: NDArray[np.float64]
    held_s: NDArray[np.float64]
    values: NDArray[np.float64]
    shown: NDArray[np.bool_]
    uncertain: NDArray[np.bool_]
    counts: NDArray[np.bool_]

    def within(self, start_s: float, end_s: float) -> tuple[slice, NDArray[np.float64]]:
        """Samples of a window, with the duration of each within it in seconds."""
        first, after = np.searchsorted(self.times_s, (start_s - SAME_TIME_S, end_s - SAME_TIME_S))
        part = slice(int(first), int(after))
        return part, np.minimum(self.held_s[part], end_s - self.times_s[part])

    def level(self, start_s: float, end_s: float) -> NDArray[np.float64]:
        """Mean probabilities over a window: float64 (7,); NaN where no sample counts."""
        part, weights_s = self.within(start_s, end_s)
        weights_s = weights_s * self.counts[part]
        return weights_s @ self.values[part] / weights_s.sum() if weights_s.sum() else np.full(len(EMOTIONS), np.nan)


def samples_of_people(source: Timeline | pd.DataFrame, counting: Counting) -> Iterator[PersonSamples]:
    """Samples of every person of a timeline, or of its rows, by number, including samples that do not count."""
    timed = weighted(source)
    timed = timed.assign(counts=counting.mask(timed))
    for number in people(timed):
        part = rows_of_person(timed, number)
        labels, uncertain = part["label"].to_numpy(object), part["uncertain"].to_numpy(bool)
        yield PersonSamples(
            number,
            part["time_s"].to_numpy(float),
            part["held_s"].to_numpy(float),
            part[list(EMOTIONS)].to_numpy(float),
            (labels[:, None] == np.array(EMOTIONS, object)) & ~uncertain[:, None],
            uncertain,
            part["counts"].to_numpy(bool),
        )
