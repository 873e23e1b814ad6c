"""Expressions of persons as events, for ELAN as tiers and for BORIS as behaviours."""

from typing import Final

import pandas as pd

from fer_core.timeline.events.event import Event
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import people
from fer_core.timeline.statistics.summaries import stretches
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import counted

EXPRESSION: Final = "expression"
"""Kind of these events: the name of the tier, or of the behavioural category."""


def expression_events(source: Timeline | pd.DataFrame, notes: Notes) -> tuple[Event, ...]:
    """An event for each stretch of one label: `text` is the label or "uncertain", `subject` the person's name.

    Args:
        source: the timeline, or its rows; without the timeline an event of the last sample may end after the recording.
        notes: names of persons, and excluded spans, which are left out.

    Returns:
        Events in the order of time, with the mean probability of the label as `confidence` and the number of samples.
    """
    used = counted(source, notes.excluded)
    found = [
        Event(
            start_s=run.start_s,
            end_s=run.end_s,
            text=run.category,
            kind=EXPRESSION,
            subject=notes.name(person),
            columns={"label": run.label, "confidence": f"{run.confidence:.3f}", "samples": str(run.samples)},
        )
        for person in people(used)
        for run in stretches(used, person)
    ]
    return tuple(sorted(found, key=lambda event: (event.start_s, event.subject)))
