"""Statistics of each person in a timeline: time seen, and shares of that time by emotion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.timeline.columns import GOOD, problems_in
from fer_core.timeline.rows import people, rows_of, rows_of_person
from fer_core.timeline.sampling import SAME_TIME_S
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import weighted

UNCERTAIN: Final = "uncertain"
CATEGORIES: Final = (*EMOTIONS, UNCERTAIN)
"""Categories of time: a sample counts as its label, or as uncertain."""

VALENCE_SIGNS: Final = {
    "angry": -1,
    "disgust": -1,
    "fear": -1,
    "happy": 1,
    "sad": -1,
    "surprise": 0,
    "neutral": 0,
}
VALENCE_FORMULA: Final = "happy − angry − disgust − fear − sad"
ALL_EXCLUDED: Final = "All readings lie in stretches that are excluded."

WITHHELD: Final = "withheld"
"""What is said of somebody of whom nothing may be said in one word; see `headline`."""

GOOD_SHARE_FOR_HEADLINE: Final = 0.5
"""Share of the time seen without a quality problem from which an expression may stand for all of it."""


@dataclass(frozen=True)
class Stretch:
    """A run of readings of one person with the same category.

    Attributes:
        start_s: time of the first reading, in seconds.
        end_s: end of the last reading, in seconds.
        label: of the readings.
        uncertain: whether they are uncertain.
        confidence: mean probability of `label`.
        samples: number of readings.
        frame: number of the first frame.
        problems: quality problems of the readings, in words; empty where there are none.
        poor: number of readings with a quality problem.
    """

    start_s: float
    end_s: float
    label: str
    uncertain: bool
    confidence: float
    samples: int
    frame: int
    problems: tuple[str, ...] = ()
    poor: int = 0

    @property
    def length_s(self) -> float:
        """In seconds."""
        return self.end_s - self.start_s

    @property
    def category(self) -> str:
        """Its category, one of `CATEGORIES`."""
        return UNCERTAIN if self.uncertain else self.label


@dataclass(frozen=True)
class PersonSummary:
    """Statistics of one person.

    Attributes:
        person: number, from 1.
        samples: number of readings that count.
        seen_s: their duration in seconds.
        first_s: time of the first reading, in seconds.
        last_s: time of the last reading, in seconds.
        shares: of `seen_s`, by `CATEGORIES`; they sum to 1.
        means: mean probability by emotion, over time.
        valence: mean over time of `VALENCE_FORMULA`, -1 to 1.
        problems: share of `seen_s` by quality problem; problems can coincide.
        good_share: of `seen_s` without any problem.
    """

    person: int
    samples: int
    seen_s: float
    first_s: float
    last_s: float
    shares: dict[str, float]
    means: dict[str, float]
    valence: float
    problems: dict[str, float]
    good_share: float

    @property
    def mostly(self) -> str:
        """What may be said in one word, as `headline` says it; `WITHHELD` where nothing may."""
        return headline([self]) or WITHHELD


def valence(rows: pd.DataFrame) -> pd.Series:
    """`VALENCE_FORMULA` of each row: -1 (only unpleasant expressions) to 1 (only happy). Derived, not measured."""
    return sum((sign * rows[name].astype(float) for name, sign in VALENCE_SIGNS.items()), start=0 * rows["time_s"])


def problems_of(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """For each quality problem that occurs, whether each row has it."""
    listed = {quality: problems_in(quality) for quality in rows["quality"].dropna().unique()}
    found = sorted({problem for problems in listed.values() for problem in problems})
    return {name: rows["quality"].isin([quality for quality in listed if name in listed[quality]]) for name in found}


def stretches(source: Timeline | pd.DataFrame, person: int) -> list[Stretch]:
    """Runs of readings of one person without a gap, of one label, all certain or all uncertain, in order of time.

    `held_s` of rows is kept where they have it, as from `counted`: rows that were left out end a run.
    """
    rows = rows_of_person(_with_time(source), person)
    if not len(rows):
        return []
    times, held = rows["time_s"].to_numpy(float), rows["held_s"].to_numpy(float)
    labels, uncertain = rows["label"].to_numpy(str), rows["uncertain"].to_numpy(bool)
    confidence, frames = rows["confidence"].to_numpy(float), rows["frame"].to_numpy(int)
    quality = rows["quality"].fillna(GOOD).to_numpy(str)
    apart = np.diff(times) > held[:-1] + SAME_TIME_S  # a gap, or a sample in between without the person
    cut = apart | (labels[1:] != labels[:-1]) | (uncertain[1:] != uncertain[:-1])
    bounds = [0, *(np.flatnonzero(cut) + 1), len(times)]
    return [
        Stretch(
            start_s=float(times[first]),
            end_s=float(times[after - 1] + held[after - 1]),
            label=str(labels[first]),
            uncertain=bool(uncertain[first]),
            confidence=float(confidence[first:after].mean()),
            samples=int(after - first),
            frame=int(frames[first]),
            problems=_problems(quality[first:after]),
            poor=int(np.isin(quality[first:after], (GOOD, ""), invert=True).sum()),
        )
        for first, after in pairwise(bounds)
    ]


def summarise(source: Timeline | pd.DataFrame) -> list[PersonSummary]:
    """A summary for each person, by number.

    Rows that do not count are left out before, with `held_s` computed:

        summarise(good_only(counted(timeline, notes.excluded)))
    """
    rows = _with_time(source)
    return [_summary(rows_of_person(rows, number), number) for number in people(rows)]


def headline(summaries: Sequence[PersonSummary]) -> str | None:
    """What may be said of everybody in one word: the category of `CATEGORIES` with the longest time together.

    Returns:
        None where nobody is seen, or where less than `GOOD_SHARE_FOR_HEADLINE` of that time is without a quality
        problem, so that a word would say more than the pictures allow.
    """
    good_share = share_of_time(summaries, lambda summary: summary.good_share)
    if good_share is None or good_share < GOOD_SHARE_FOR_HEADLINE:
        return None
    return max(CATEGORIES, key=lambda name: sum(summary.seen_s * summary.shares[name] for summary in summaries))


def share_of_time(summaries: Sequence[PersonSummary], share: Callable[[PersonSummary], float]) -> float | None:
    """The mean of a share over the time that people are seen, all together; None where nobody is seen.

    Example:
        share_of_time(summaries, lambda summary: summary.good_share)
    """
    seen_s = sum(summary.seen_s for summary in summaries)
    return sum(summary.seen_s * share(summary) for summary in summaries) / seen_s if seen_s else None


def percent_of_time(summaries: Sequence[PersonSummary], share: Callable[[PersonSummary], float]) -> str:
    """`share_of_time` in percent, such as "62%"; "–" where nobody is seen."""
    mean = share_of_time(summaries, share)
    return "–" if mean is None else f"{mean:.0%}"


def _with_time(source: Timeline | pd.DataFrame) -> pd.DataFrame:
    """The rows with `held_s`, computed by `weighted` where it is missing."""
    rows = rows_of(source)
    return rows if "held_s" in rows else weighted(source)


def _summary(rows: pd.DataFrame, person: int) -> PersonSummary:
    times, held = rows["time_s"].to_numpy(float), rows["held_s"].to_numpy(float)
    seen_s = float(held.sum())
    part = held / seen_s
    uncertain = rows["uncertain"].to_numpy(bool)
    shares = {name: float(part[rows["label"].eq(name) & ~uncertain].sum()) for name in EMOTIONS}
    return PersonSummary(
        person=person,
        samples=len(rows),
        seen_s=seen_s,
        first_s=float(times[0]),
        last_s=float(times[-1]),
        shares={**shares, UNCERTAIN: float(part[uncertain].sum())},
        means={name: float(part @ rows[name].to_numpy(float)) for name in EMOTIONS},
        valence=float(part @ valence(rows).to_numpy(float)),
        problems={problem: float(part[where].sum()) for problem, where in problems_of(rows).items()},
        good_share=float(part[rows["quality"].eq(GOOD)].sum()),
    )


def _problems(qualities: np.ndarray) -> tuple[str, ...]:
    return tuple(sorted({problem for quality in set(qualities) for problem in problems_in(quality)}))
