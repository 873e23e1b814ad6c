"""From kept analyses to one table for `fer_core.timeline.groups`: a row a recording, or a row an event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.jobs import Monitor
from fer_core.library.library import Library
from fer_core.library.values import Entry
from fer_core.timeline.per_event import BeforeEvent, per_event, wide
from fer_core.timeline.person_samples import Counting
from fer_core.timeline.study import Study
from fer_core.timeline.summaries import CATEGORIES, UNCERTAIN, counted, outside, summarise, weighted

BEFORE_S: Final = 1.0
"""Seconds before an event against which a change is held."""

MEANINGS: Final = {
    "subject": "participant, by the name in the library",
    "condition": "condition of the recording; of the event where there is a row an event",
    "session": "session of the subject",
    "recording": "title of the recording",
    "analysis": "SHA-256 of the file of readings",
    "person": "number of the person in the recording: the one who is seen longest",
    "others": "number of further people in the recording, who are left out",
    "seconds": "seconds that count",
    "uncertain_s": "seconds of these in which the label is uncertain",
    "excluded_s": "seconds in which the person is seen and that do not count",
    **{f"share_{name}": f"share of the seconds that count with the label {name}, 0 to 1" for name in EMOTIONS},
    "share_uncertain": "uncertain_s as a share of seconds, 0 to 1",
    **{f"mean_{name}": f"mean probability of {name} over time, 0 to 1" for name in EMOTIONS},
}
"""Columns of a table with a row a recording; attributes follow as `attribute_NAME`."""

VALUES: Final = tuple(name for name in MEANINGS if name.startswith(("share_", "mean_")))
"""Columns that can be compared."""

EVENT_VALUES: Final = tuple(f"{what}_{name}" for what in ("mean", "change", "peak", "shown_share") for name in EMOTIONS)
"""The same where there is a row an event; see `fer_core.timeline.per_event.MEANINGS`."""


@dataclass(frozen=True, eq=False)
class Observations:
    """A table to compare, and what is not in it.

    Attributes:
        table: a row a recording or a row an event.
        missing: a sentence for each recording that is left out, or of which something is.
    """

    table: pd.DataFrame
    missing: tuple[str, ...]


def of_recordings(library: Library, entries: Sequence[Entry], monitor: Monitor | None = None) -> Observations:
    """A row a recording of a subject under a condition: columns of `MEANINGS`.

    Raises:
        LibraryError: readings are gone or damaged.
    """
    records, missing = [], list[str]()
    for entry, study in _usable(library, entries, missing, monitor, needs_condition=True):
        rows = counted(study.timeline, study.notes.excluded)
        summary = max(summarise(rows[rows["person"].notna()]), key=lambda each: each.seen_s, default=None)
        if summary is None:
            missing.append(f"{entry.title}: nobody is seen in what counts.")
            continue
        others = entry.figures.people - 1
        if others:
            missing.append(f"{entry.title}: {others} further {'person is' if others == 1 else 'people are'} left out.")
        seen = weighted(study.timeline)
        mine = seen[seen["person"].eq(summary.person).fillna(False).astype(bool)]
        excluded_s = float(mine["held_s"].sum() - outside(mine, study.notes.excluded)["held_s"].sum())
        record = {
            **_about(entry, summary.person),
            "others": others,
            "seconds": summary.seen_s,
            "uncertain_s": summary.seen_s * summary.shares[UNCERTAIN],
            "excluded_s": excluded_s,
            **{f"share_{name}": summary.shares[name] for name in CATEGORIES},
            **{f"mean_{name}": summary.means[name] for name in EMOTIONS},
        }
        records.append(record | _attributes(entry))
    return Observations(pd.DataFrame(records or None, columns=None if records else list(MEANINGS)), tuple(missing))


def of_events(library: Library, entries: Sequence[Entry], monitor: Monitor | None = None) -> Observations:
    """A row an event of a subject's recording: columns of `per_event.wide`; the event's text is the condition.

    Raises:
        LibraryError: readings are gone or damaged.
    """
    tables, missing = [], list[str]()
    for entry, study in _usable(library, entries, missing, monitor, needs_condition=False):
        events = library.events(entry.recording_id)
        summary = max(summarise(study.timeline), key=lambda each: each.seen_s, default=None)
        if not events or summary is None:
            missing.append(f"{entry.title}: {'no event is kept with it' if not events else 'nobody is seen'}.")
            continue
        rows = study.timeline.frame
        rows = rows[rows["person"].isna() | rows["person"].eq(summary.person).fillna(False).astype(bool)]
        table = wide(per_event(rows, events, Counting(study.notes.excluded), BeforeEvent(BEFORE_S)))
        about = _about(entry, summary.person) | {"condition": table["text"]} | _attributes(entry)
        tables.append(table.assign(**about))
    first = ["subject", "condition"]
    whole = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*first, *EVENT_VALUES])
    return Observations(whole[[*first, *(name for name in whole.columns if name not in first)]], tuple(missing))


def _usable(
    library: Library, entries: Sequence[Entry], missing: list[str], monitor: Monitor | None, *, needs_condition: bool
) -> Iterator[tuple[Entry, Study]]:
    """Entries of a subject with their studies; the newest analysis of each recording alone."""
    seen = set[str]()
    for done, entry in enumerate(entries, 1):
        if entry.recording_id in seen:
            missing.append(f"{entry.title}: an older analysis of the same recording is left out.")
        elif not entry.place.subject:
            missing.append(f"{entry.title}: no subject is named, so it stands for nobody.")
        elif needs_condition and not entry.place.condition:
            missing.append(f"{entry.title}: no condition is named.")
        else:
            yield entry, library.open_study(entry.analysis)
        seen.add(entry.recording_id)
        Monitor.of(monitor).step(done, len(entries), "reading")


def _about(entry: Entry, person: int) -> dict[str, Any]:
    place = entry.place
    return {
        "subject": place.subject,
        "condition": place.condition,
        "session": place.session,
        "recording": entry.title,
        "analysis": entry.analysis,
        "person": person,
    }


def _attributes(entry: Entry) -> dict[str, str]:
    return {f"attribute_{name}": value for name, value in entry.attributes.items()}
