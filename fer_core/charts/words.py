"""The figures of a timeline in words, for those who do not see them. Excluded spans count in none of them."""

from collections.abc import Sequence
from heapq import nlargest

import numpy as np
import pandas as pd

from fer_core.charts.over_time import NOBODY_SEEN, NOT_SEEN
from fer_core.emotions import EMOTIONS
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import people, rows_of_person
from fer_core.timeline.statistics.summaries import (
    ALL_EXCLUDED,
    CATEGORIES,
    VALENCE_FORMULA,
    PersonSummary,
    stretches,
    summarise,
    valence,
)
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import counted, time_range


def describe_probabilities(
    source: Timeline | pd.DataFrame,
    person: int,
    notes: Notes | None = None,
    range_s: tuple[float, float] | None = None,
) -> str:
    """Of the lines, the stacked area and the heat map of one person.

    Args:
        source: with the readings.
        person: whose.
        notes: names and excluded spans.
        range_s: start and end in seconds of what is drawn, where that is a part of the recording.
    """
    notes = notes or Notes()
    rows = rows_of_person(counted(source, notes.excluded), person)
    if not len(rows):
        return ALL_EXCLUDED if person in people(source) else NOT_SEEN
    times = rows["time_s"].to_numpy(float)
    parts = []
    for name in EMOTIONS:
        values = rows[name].to_numpy(float)
        when = as_clock(times[values.argmax()])
        mean = np.average(values, weights=rows["held_s"])
        parts.append(f"{name} {mean:.0%} on average, at most {values.max():.0%} at {when}")
    start_s, end_s = range_s or time_range(source)
    return f"Probabilities of {notes.name(person)} over {as_clock(end_s - start_s)}: {'; '.join(parts)}."


def describe_ribbon(source: Timeline | pd.DataFrame, notes: Notes | None = None) -> str:
    """Of the ribbon: each person's longest stretches."""
    notes = notes or Notes()
    rows, lines = counted(source, notes.excluded), []
    for person in people(rows):
        runs = stretches(rows, person)
        longest = sorted(nlargest(3, runs, key=lambda run: run.length_s), key=lambda run: run.start_s)
        words = ", ".join(f"{run.category} from {as_clock(run.start_s)} to {as_clock(run.end_s)}" for run in longest)
        lines.append(f"{notes.name(person)}: {len(runs)} stretches, the longest are {words}.")
    return " ".join(lines) or _nothing(source)


def describe_shares(summaries: Sequence[PersonSummary], notes: Notes | None = None) -> str:
    """Of the bars, the ring and the radar."""
    notes = notes or Notes()
    return (
        " ".join(
            f"{notes.name(summary.person)}, seen for {as_clock(summary.seen_s)}: "
            + ", ".join(f"{name} {summary.shares[name]:.0%}" for name in CATEGORIES if summary.shares[name] > 0)
            + "."
            for summary in summaries
        )
        or NOBODY_SEEN
    )


def describe_valence(source: Timeline | pd.DataFrame, notes: Notes | None = None) -> str:
    """Of the valence curve."""
    notes = notes or Notes()
    counting, lines = counted(source, notes.excluded), []
    for person in people(counting):
        rows = rows_of_person(counting, person)
        times, values = rows["time_s"].to_numpy(float), valence(rows).to_numpy(float)
        low, high = times[values.argmin()], times[values.argmax()]
        mean = np.average(values, weights=rows["held_s"])
        lines.append(
            f"{notes.name(person)}: {mean:+.2f} on average, lowest {values.min():+.2f} at {as_clock(low)}, "
            f"highest {values.max():+.2f} at {as_clock(high)}."
        )
    return " ".join([f"Valence, derived as {VALENCE_FORMULA}.", *lines]) if lines else _nothing(source)


def describe_quality(source: Timeline | pd.DataFrame, notes: Notes | None = None) -> str:
    """Of the quality lane."""
    notes = notes or Notes()
    rows = counted(source, notes.excluded)
    empty_s = rows.loc[rows["person"].isna(), "held_s"].sum()
    parts = [f"Nobody is in the readings for {as_clock(empty_s)}."] if empty_s else []
    for summary in summarise(rows):
        found = ", ".join(f"{problem} {share:.0%}" for problem, share in summary.problems.items())
        parts.append(f"{notes.name(summary.person)}: {found or 'no quality problem'}.")
    return " ".join(parts) or _nothing(source)


def _nothing(source: Timeline | pd.DataFrame) -> str:
    return ALL_EXCLUDED if people(source) else NOBODY_SEEN
