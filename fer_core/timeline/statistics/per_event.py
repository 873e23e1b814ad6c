"""Figures of each person at each event: level, peak, latency, onset, area and time of every expression.

A sample belongs to the window that contains its time. Its weight is its duration (`weights.weighted`), at most until
the end of the window. Samples that do not count are left out of every figure and reported as a share.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.cells import csv_of
from fer_core.emotions import EMOTIONS
from fer_core.errors import TimelineError
from fer_core.timeline.events.event import Event
from fer_core.timeline.notes import Span
from fer_core.timeline.sampling import SAME_TIME_S
from fer_core.timeline.statistics.person_samples import Counting, PersonSamples, samples_of_people
from fer_core.timeline.table import Timeline

MOMENT_S: Final = 2.0
"""Window of an event without an end; most expressions rise, peak and fall within this."""

RISE: Final = 0.1
"""Probability above the level at rest from which an expression has begun."""

HOLD_S: Final = 0.2
"""Shortest time above that level for an onset; one sample alone is none, however long it stands for."""

MEANINGS: Final[Mapping[str, str]] = {
    "event": "number of the event in the order given, from 1",
    "text": "what happened",
    "kind": "group of the event, such as a tier or category",
    "start_s": "start of the window, seconds of the recording",
    "end_s": "end of the window, seconds of the recording",
    "person": "number of the person",
    "emotion": "one of the seven",
    "samples": "samples in the window that count",
    "seconds": "seconds that these stand for",
    "uncertain_s": "seconds of these in which the label is uncertain",
    "excluded_s": "seconds seen in the window that do not count",
    "share_uncertain": "uncertain_s as a share of seconds, 0 to 1",
    "share_excluded": "excluded_s as a share of all seconds seen in the window, 0 to 1",
    "mean": "mean probability over time; as all below, of the smoothed probabilities",
    "sd": "standard deviation of the probability over time (divided by the total weight)",
    "peak": "highest probability",
    "latency_s": "seconds from the start until the peak; an exponential average puts it late",
    "baseline": "mean probability at rest; empty without a baseline",
    "change": "mean minus baseline",
    "peak_change": "peak minus baseline",
    "onset_s": f"seconds until the probability is {RISE} above the baseline for {HOLD_S} s and in two samples or more; "
    "empty where it never is",
    "area": "integral over time of probability minus baseline, in seconds",
    "shown_s": "seconds in which this is the label and not uncertain",
    "shown_share": "shown_s as a share of the seconds that count, 0 to 1",
}
"""Columns of `per_event`, in their order, and what they mean."""

_EVENT_COLUMNS: Final = ("event", "text", "kind", "start_s", "end_s", "person")
_WINDOW_COLUMNS: Final = ("samples", "seconds", "uncertain_s", "excluded_s", "share_uncertain", "share_excluded")
_VALUES: Final = tuple(name for name in MEANINGS if name not in (*_EVENT_COLUMNS, *_WINDOW_COLUMNS, "emotion"))


@dataclass(frozen=True)
class RestingFace:
    """The level at rest is the person's mean over a span, by number of the person."""

    spans: Mapping[int, Span]


@dataclass(frozen=True)
class BeforeEvent:
    """The level at rest is the mean over these seconds before each event."""

    seconds: float


Baseline = RestingFace | BeforeEvent


def per_event(
    source: Timeline | pd.DataFrame,
    events: Sequence[Event],
    counting: Counting | None = None,
    baseline: Baseline | None = None,
    moment_s: float = MOMENT_S,
) -> pd.DataFrame:
    """Figures of each event, person and emotion.

    Args:
        source: the timeline, or its rows with all samples; without the timeline the last sample stands for a whole
            interval, also where the recording ends before.
        events: on the clock of the recording; see `events.clock`.
        counting: which samples count; all by default.
        baseline: the level at rest for change, onset and area, which are empty without one.
        moment_s: length of the window of an event without an end.

    Returns:
        Columns of `MEANINGS`. An event at which a person has no sample that counts has a row of empty figures.

    Raises:
        TimelineError: no event, or a length that is not above 0, or a person is not seen at rest.
    """
    if not events:
        raise TimelineError("There is no event; import some, or mark moments first.")
    if not moment_s > 0 or (isinstance(baseline, BeforeEvent) and not baseline.seconds > 0):
        raise TimelineError("Windows at and before an event need more than 0 s.")
    records: list[dict[str, Any]] = []
    for person in samples_of_people(source, counting or Counting()):
        rest = _at_rest(person, baseline)
        for number, event in enumerate(events, start=1):
            end_s = event.start_s + moment_s if event.end_s is None else event.end_s
            level = rest if rest is not None else _before(person, event, baseline)
            about = {
                "event": number,
                "text": event.text,
                "kind": event.kind,
                "start_s": event.start_s,
                "end_s": end_s,
                "person": person.number,
            }
            records += [about | figures for figures in _figures(person, event.start_s, end_s, level)]
    return pd.DataFrame(records, columns=list(MEANINGS)).sort_values(
        ["event", "person"], kind="stable", ignore_index=True
    )


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """The table of `per_event` with a row for each person and event, and columns `mean_happy`, `peak_sad` and so on."""
    keys = [name for name in table.columns if name not in (*_VALUES, "emotion")]
    first = table.drop_duplicates(["event", "person"])[keys].reset_index(drop=True)
    parts = [first]
    for value in _VALUES:
        spread = table.pivot(index=["event", "person"], columns="emotion", values=value)[list(EMOTIONS)]
        spread.columns = [f"{value}_{emotion}" for emotion in EMOTIONS]
        parts.append(spread.loc[pd.MultiIndex.from_frame(first[["event", "person"]])].reset_index(drop=True))
    return pd.concat(parts, axis=1)


def csv_text(table: pd.DataFrame) -> str:
    """A table of `per_event` or `wide` as CSV with six decimals; texts that look like formulas get an apostrophe."""
    return csv_of(table.round(6))


def _at_rest(person: PersonSamples, baseline: Baseline | None) -> NDArray[np.float64] | None:
    if not isinstance(baseline, RestingFace):
        return None
    span = baseline.spans.get(person.number)
    level = np.full(len(EMOTIONS), np.nan) if span is None else person.level(span.start_s, span.end_s)
    if span is not None and np.isnan(level).any():
        raise TimelineError(
            f"Person {person.number} has no sample that counts between {span.start_s:.2f} and {span.end_s:.2f} s; "
            "choose another span of rest."
        )
    return level


def _before(person: PersonSamples, event: Event, baseline: Baseline | None) -> NDArray[np.float64]:
    if isinstance(baseline, BeforeEvent):
        return person.level(event.start_s - baseline.seconds, event.start_s)
    return np.full(len(EMOTIONS), np.nan)


def _figures(
    person: PersonSamples, start_s: float, end_s: float, level: NDArray[np.float64]
) -> Iterator[dict[str, Any]]:
    part, seen_s = person.within(start_s, end_s)
    used = person.counts[part]
    weights_s, times_s, values = seen_s[used], person.times_s[part][used], person.values[part][used]
    total_s = float(weights_s.sum())
    uncertain_s, excluded_s = float(weights_s[person.uncertain[part][used]].sum()), float(seen_s[~used].sum())
    window = {
        "samples": len(weights_s),
        "seconds": total_s,
        "uncertain_s": uncertain_s,
        "excluded_s": excluded_s,
        "share_uncertain": _ratio(uncertain_s, total_s),
        "share_excluded": _ratio(excluded_s, total_s + excluded_s),
    }
    if not len(weights_s):
        empty = dict.fromkeys(_VALUES, np.nan) | {"shown_s": 0.0}
        yield from ({"emotion": emotion, **window, **empty, "baseline": rest} for emotion, rest in _by_emotion(level))
        return
    mean = weights_s @ values / total_s
    sd = np.sqrt(weights_s @ (values - mean) ** 2 / total_s)
    places = values.argmax(axis=0)
    peak = values.max(axis=0)
    shown_s = weights_s @ person.shown[part][used]
    area = weights_s @ (values - level)
    for column, emotion in enumerate(EMOTIONS):
        yield {
            "emotion": emotion,
            **window,
            "mean": mean[column],
            "sd": sd[column],
            "peak": peak[column],
            "latency_s": times_s[places[column]] - start_s,
            "baseline": level[column],
            "change": mean[column] - level[column],
            "peak_change": peak[column] - level[column],
            "onset_s": _onset(times_s, weights_s, values[:, column] - level[column]) - start_s,
            "area": area[column],
            "shown_s": shown_s[column],
            "shown_share": shown_s[column] / total_s,
        }


def _onset(times_s: NDArray[np.float64], held_s: NDArray[np.float64], rise: NDArray[np.float64]) -> float:
    """Time of the first run of two samples or more above `RISE` that lasts `HOLD_S`; NaN where there is none."""
    above = rise >= RISE - SAME_TIME_S
    apart = np.diff(times_s) > held_s[:-1] + SAME_TIME_S
    bounds = [0, *(np.flatnonzero(apart | (above[1:] != above[:-1])) + 1), len(times_s)]
    for first, after in pairwise(bounds):
        if above[first] and after - first > 1 and held_s[first:after].sum() >= HOLD_S - SAME_TIME_S:
            return float(times_s[first])
    return float("nan")


def _by_emotion(level: NDArray[np.float64]) -> Iterator[tuple[str, float]]:
    return zip(EMOTIONS, map(float, level), strict=True)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
