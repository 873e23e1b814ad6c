"""Curves of people on one axis of time: aligned at the start or at events, averaged with a band over people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.errors import TimelineError
from fer_core.timeline.groups.cells import MIN_PEOPLE, Cell, check_people
from fer_core.timeline.statistics.person_samples import PersonSamples

STEP_S: Final = 0.25
RESAMPLES: Final = 2_000
_COVERED: Final = 0.5
"""Smallest share of a step that samples must cover; below it the step is empty."""

_MOST_STEPS: Final = 20_000


@dataclass(frozen=True, eq=False)
class Curves:
    """A curve for each person.

    Attributes:
        name: of the value, such as an emotion.
        time_s: middle of each step, seconds from the moment of alignment: float64 (T,).
        values: float64 (people, T); NaN where a person has no samples that count.
        subjects: names of the people.
        moments: number of moments that each curve is the mean of.
        coverage: of each person the counted, uncertain and excluded seconds behind the curve, float64 (people, 3).
        counts: number of moments with a value at each step, int64 (people, T).
    """

    name: str
    time_s: NDArray[np.float64]
    values: NDArray[np.float64]
    subjects: tuple[str, ...]
    moments: tuple[int, ...]
    coverage: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def cell(self) -> Cell:
        """Data behind the curves."""
        return self.cell_of(self.subjects)

    def cell_of(self, subjects: Collection[str]) -> Cell:
        """Data behind the curves of some people."""
        rows = [subject in subjects for subject in self.subjects]
        seconds, uncertain_s, excluded_s = map(float, self.coverage[rows].sum(axis=0))
        return Cell(
            sum(rows),
            seconds,
            uncertain_s / seconds if seconds else float("nan"),
            excluded_s / (seconds + excluded_s) if seconds + excluded_s else float("nan"),
        )


@dataclass(frozen=True, eq=False)
class MeanCurve:
    """Mean curve over people.

    Attributes:
        name: of the value.
        time_s: float64 (T,).
        mean: float64 (T,); NaN where fewer than `MIN_PEOPLE` have a value.
        low: lower edge of the band, float64 (T,).
        high: upper edge, float64 (T,).
        n: number of people with a value, int64 (T,).
        cell: data behind it.
    """

    name: str
    time_s: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n: NDArray[np.int64]
    cell: Cell

    @property
    def people(self) -> str:
        """How many people have a value where there is a mean: "n = 9", or "n = 5 to 9" where that changes."""
        shown = self.n[np.isfinite(self.mean)]
        if not len(shown) or shown.min() == shown.max():
            return f"n = {shown.max() if len(shown) else self.cell.n}"
        return f"n = {shown.min()} to {shown.max()}"

    @property
    def about(self) -> str:
        """The data behind it for people; also how many they are over time, where that changes."""
        changing = f"; {self.people} over time" if " to " in self.people else ""
        return f"{self.cell.sentence()}{changing}"

    def sentence(self) -> str:
        """Description of the curve in a sentence or two."""
        changing = (
            f" The number of people with a value changes over time ({self.people}), and with it the mean can change."
            if " to " in self.people
            else ""
        )
        return (
            f"Mean over people with the 95 % bootstrap band of each moment by itself; {self.cell.sentence()}. Bands "
            f"that part at one moment are no test: see the cluster test.{changing}"
        )


def aligned(
    people: Mapping[str, PersonSamples],
    moments_s: Mapping[str, Sequence[float]],
    emotion: str,
    window_s: tuple[float, float],
    step_s: float = STEP_S,
    baseline_s: float = 0.0,
) -> Curves:
    """Each person's mean curve around moments; the start of the recording is the moment 0 with a window from 0.

    Samples last until the next one, so that recordings with different rates can be compared.

    Args:
        people: samples by subject.
        moments_s: seconds of the recording by subject; people without moments are left out.
        emotion: one of the seven.
        window_s: start and end in seconds relative to the moment.
        step_s: resolution in seconds.
        baseline_s: seconds before each moment whose mean is subtracted from its curve; 0 for none.

    Raises:
        TimelineError: no such emotion, an empty window, or nobody has a sample around a moment.
    """
    if emotion not in EMOTIONS:
        raise TimelineError(f'There is no emotion "{emotion}"; choose one of: {", ".join(EMOTIONS)}.')
    steps = round((window_s[1] - window_s[0]) / step_s) if step_s > 0 else 0
    if not 1 <= steps <= _MOST_STEPS:
        raise TimelineError(
            f"The window has {steps} steps; it needs 1 to {_MOST_STEPS}: choose another window or step."
        )
    edges_s: NDArray[np.float64] = window_s[0] + step_s * np.arange(steps + 1, dtype=np.float64)
    column = EMOTIONS.index(emotion)
    curves: dict[str, NDArray[np.float64]] = {}
    counts: dict[str, NDArray[np.int64]] = {}
    moments: dict[str, int] = {}
    coverage: dict[str, NDArray[np.float64]] = {}
    for subject, person in people.items():
        at_s = list(moments_s.get(subject, ()))
        all_parts = [_around(person, column, moment_s, edges_s, baseline_s) for moment_s in at_s]
        seen = [bool(np.isfinite(part).any()) for part in all_parts]
        parts = list(compress(all_parts, seen))
        if parts:
            curves[subject], moments[subject] = _mean(np.array(parts)), len(parts)
            counts[subject] = np.isfinite(parts).sum(axis=0)
            behind = np.array([_coverage(person, moment_s, window_s) for moment_s in at_s])
            behind[~np.array(seen), :2] = 0  # no curve rests on these seconds; what is excluded is told of all
            coverage[subject] = behind.sum(axis=0)
    if not curves:
        raise TimelineError("Nobody has a sample that counts around a moment; check the events and their clock.")
    return Curves(
        emotion,
        (edges_s[:-1] + edges_s[1:]) / 2,
        np.array(list(curves.values())),
        tuple(curves),
        tuple(moments.values()),
        np.array(list(coverage.values())),
        np.array(list(counts.values())),
    )


def of_subjects(curves: Curves, subjects: Mapping[str, str]) -> Curves:
    """One curve for each person, where a person has several: their mean, in which each moment counts alike.

    Args:
        curves: with the names of recordings in place of people.
        subjects: person by name of the recording.
    """
    people = sorted({subjects[name] for name in curves.subjects})
    rows = {person: [i for i, name in enumerate(curves.subjects) if subjects[name] == person] for person in people}
    moments = np.array(curves.moments)
    return replace(
        curves,
        values=np.array([_mean(curves.values[rows[person]], curves.counts[rows[person]]) for person in people]),
        subjects=tuple(people),
        moments=tuple(int(moments[rows[person]].sum()) for person in people),
        coverage=np.array([curves.coverage[rows[person]].sum(axis=0) for person in people]),
        counts=np.array([curves.counts[rows[person]].sum(axis=0) for person in people]),
    )


def mean_curve(curves: Curves, seed: int = 0) -> MeanCurve:
    """Mean over people with a pointwise 95 % band from drawing people with replacement (Efron 1979).

    Efron (1979), Bootstrap methods: another look at the jackknife. Annals of Statistics 7, 1-26.

    Raises:
        TimelineError: fewer than `MIN_PEOPLE`.
    """
    check_people(len(curves.values), f"The average of {curves.name}")
    n = len(curves.values)
    there = np.isfinite(curves.values)
    filled = np.where(there, curves.values, 0.0)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (drawn @ filled) / (drawn @ there)
    counted = there.sum(axis=0)
    enough = counted >= MIN_PEOPLE
    mean, low, high = (np.full(len(curves.time_s), np.nan) for _ in range(3))
    mean[enough] = filled[:, enough].sum(axis=0) / counted[enough]
    if enough.any():
        low[enough], high[enough] = np.nanquantile(means[:, enough], (0.025, 0.975), axis=0)
    return MeanCurve(curves.name, curves.time_s, mean, low, high, counted, curves.cell)


def _around(
    person: PersonSamples, column: int, at_s: float, edges_s: NDArray[np.float64], baseline_s: float
) -> NDArray[np.float64]:
    values = _means(person, column, at_s + edges_s)
    if baseline_s > 0:
        values = values - _means(person, column, np.array([at_s - baseline_s, at_s]))[0]
    return values


def _means(person: PersonSamples, column: int, edges_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of a person's held samples between every two edges: float64 (len(edges_s) - 1,)."""
    times_s, held_s = person.times_s[person.counts], person.held_s[person.counts]
    if not len(times_s):
        return np.full(len(edges_s) - 1, np.nan)
    ends_s = np.minimum(times_s + held_s, np.append(times_s[1:], np.inf))
    breaks_s = np.stack([times_s, ends_s], axis=1).ravel()
    weights_s = ends_s - times_s
    covered = _integrals(breaks_s, weights_s, edges_s)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = _integrals(breaks_s, weights_s * person.values[person.counts, column], edges_s) / covered
    return np.where(covered >= _COVERED * np.diff(edges_s), means, np.nan)


def _integrals(
    breaks_s: NDArray[np.float64], parts: NDArray[np.float64], edges_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Integral between every two edges of a function that is constant over each sample and 0 between samples."""
    total = np.cumsum(parts)
    levels = np.stack([total - parts, total], axis=1).ravel()
    return np.diff(np.interp(edges_s, breaks_s, levels))


def _coverage(person: PersonSamples, at_s: float, window_s: tuple[float, float]) -> NDArray[np.float64]:
    """Counted, uncertain and excluded seconds around a moment: float64 (3,)."""
    part, held_s = person.within(at_s + window_s[0], at_s + window_s[1])
    counts, uncertain = person.counts[part], person.uncertain[part]
    return np.array([held_s[counts].sum(), held_s[counts & uncertain].sum(), held_s[~counts].sum()])


def _mean(parts: NDArray[np.float64], weights: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Mean over parts with their weights (parts, T), missing values left out: (parts, T) -> (T,)."""
    there = np.isfinite(parts) * (np.ones_like(parts) if weights is None else weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((np.where(there > 0, parts, 0.0) * there).sum(axis=0) / there.sum(axis=0))
