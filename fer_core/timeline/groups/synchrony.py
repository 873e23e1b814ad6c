"""Inter-subject correlation of people with a common stimulus, leaving one person out at a time.

Hasson et al. (2004), Intersubject synchronization of cortical activity during natural vision. Science 303, 1634-1640;
Nastase et al. (2019), Measuring shared responses across subjects using intersubject correlation. Social Cognitive and
Affective Neuroscience 14, 667-685.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import TimelineError
from fer_core.number_text import p_text
from fer_core.timeline.groups.cells import Cell, check_people
from fer_core.timeline.groups.curves import Curves

SHIFTS: Final = 999
RESAMPLES: Final = 5_000
MIN_STEPS: Final = 20
_AT_ONCE: Final = 1_000_000
"""Most values that are shifted at once, to limit memory."""

_HIGHEST: Final = 1 - 1e-12


@dataclass(frozen=True, eq=False)
class Synchrony:
    """Inter-subject correlation of people with a common stimulus.

    Attributes:
        name: of the correlated value, such as an emotion.
        stimulus: name of the common stimulus.
        by_person: correlation of each person with the mean of the others, by subject.
        mean: mean of these, by Fisher's z.
        interval: 95 %, from drawing people with replacement. Leave-one-out values share data, so the interval is
            slightly too narrow (Chen et al. 2016, NeuroImage 142, 248-259); the p-value does not depend on it.
        p_value: share of circular shifts with a mean at least as high; one-sided.
        shifts: number of arrangements, the observed one included.
        null_mean: mean of the shifted arrangements, around 0.
        cell: data behind it.
    """

    name: str
    stimulus: str
    by_person: dict[str, float]
    mean: float
    interval: tuple[float, float]
    p_value: float
    shifts: int
    null_mean: float
    cell: Cell

    def sentence(self) -> str:
        """The result for people."""
        low, high = self.interval
        p = p_text(self.p_value, ".3f")
        return (
            f"{self.name} during {self.stimulus}: mean correlation of a person with the others {self.mean:.2f} (95 % "
            f"interval {low:.2f} to {high:.2f}), {p} by {self.shifts:,} circular shifts; {self.cell.sentence()}."
        )


def synchrony(curves: Curves, stimuli: Sequence[str], seed: int = 0) -> Synchrony:
    """Inter-subject correlation with a subject bootstrap and a null of circular shifts.

    For the null, every person's curve is shifted circularly by a random time: this keeps its autocorrelation and breaks
    its relation to the stimulus (Kauppi et al. 2010, Frontiers in Neuroinformatics 4, 5). Moments at which a person is
    missing are left out for all, and the rest is joined.

    Args:
        curves: on the clock of the stimulus.
        stimuli: stimulus of each person, such as a name or a SHA-256, in the order of `curves`.
        seed: of resampling.

    Raises:
        TimelineError: no common stimulus, too few people or moments, or a curve that does not vary.
    """
    if len(stimuli) != len(curves.values) or len(set(stimuli)) != 1 or not stimuli[0].strip():
        raise TimelineError(
            "Synchrony needs one stimulus that everybody saw; correlations of people who saw different things would "
            "mean nothing. Choose recordings of one stimulus."
        )
    check_people(len(curves.values), "The synchrony")
    whole = np.isfinite(curves.values).all(axis=0)
    values = curves.values[:, whole]
    if values.shape[1] < MIN_STEPS:
        raise TimelineError(
            f"Only {values.shape[1]} moments have samples of everybody; synchrony needs {MIN_STEPS}: leave out whoever "
            "is missing for long, or choose another stretch."
        )
    flat = [subject for subject, curve in zip(curves.subjects, values, strict=True) if np.ptp(curve) < 1e-9]
    if flat:
        raise TimelineError(f'The curve of "{flat[0]}" does not vary, so nothing can be correlated; leave it out.')
    rng = np.random.default_rng(seed)
    found = leave_one_out(values)
    mean = float(_mean_of(found))
    null = _null(values, rng)
    drawn = found[rng.integers(0, len(found), (RESAMPLES, len(found)))]
    low, high = np.quantile(_mean_of(drawn), (0.025, 0.975))
    return Synchrony(
        name=curves.name,
        stimulus=stimuli[0],
        by_person=dict(zip(curves.subjects, map(float, found), strict=True)),
        mean=mean,
        interval=(float(low), float(high)),
        p_value=float((1 + (null >= mean).sum()) / (1 + SHIFTS)),
        shifts=1 + SHIFTS,
        null_mean=float(null.mean()),
        cell=curves.cell,
    )


def leave_one_out(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of each person with the mean of all others: float64 (..., people, T) -> (..., people)."""
    others = (values.sum(axis=-2, keepdims=True) - values) / (values.shape[-2] - 1)
    mine = values - values.mean(axis=-1, keepdims=True)
    others -= others.mean(axis=-1, keepdims=True)
    scale = np.sqrt((mine**2).sum(axis=-1) * (others**2).sum(axis=-1))
    return np.asarray((mine * others).sum(axis=-1) / np.maximum(scale, 1e-300))


def _null(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean correlation of `SHIFTS` arrangements in which each curve is shifted separately: float64 (SHIFTS,)."""
    people, steps = values.shape
    shifts = rng.integers(0, steps, (SHIFTS, people, 1))
    size = max(1, _AT_ONCE // values.size)
    parts = []
    for first in range(0, SHIFTS, size):
        places = (np.arange(steps) + shifts[first : first + size]) % steps
        parts.append(_mean_of(leave_one_out(np.take_along_axis(values[None], places, axis=2))))
    return np.concatenate(parts)


def _mean_of(correlations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the last axis by Fisher's z (Fisher 1921)."""
    return np.asarray(np.tanh(np.arctanh(np.clip(correlations, -_HIGHEST, _HIGHEST)).mean(axis=-1)))
