"""From kept analyses to one table for `fer_core.timeline.groups`: a row a recording, or a row an event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.jobs import Monitor
from fer_core.library.alike import Behind
from fer_core.library.library import Library
from fer_core.library.values import Entry
from fer_core.timeline.events.event import Event
from fer_core.timeline.groups.cells import PeopleValues
from fer_core.timeline.groups.outcome import Outcome, outcome
from fer_core.timeline.statistics.per_event import MOMENT_S, BeforeEvent, per_event, wide
from fer_core.timeline.statistics.person_samples import Counting
from fer_core.timeline.statistics.summaries import CATEGORIES

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
"""The same where there is a row an event; see `fer_core.timeline.statistics.per_event.MEANINGS`."""

_TITLES: Final = {
    "share": "share of the time",
    "shown_share": "share of the event",
    "mean": "mean probability",
    "change": "change against the second before",
    "peak": "highest probability",
}


def outcome_of(table: pd.DataFrame, value: str) -> Outcome:
    """The outcome of a value, which is called by its title in every sentence.

    Args:
        table: of `Observations`.
        value: one of its columns.

    Raises:
        TimelineError: nobody has a value, or the table lacks a column.
    """
    found, title = outcome(table, value), value_title(value)
    comparisons = tuple(replace(each, value=title) for each in found.comparisons)
    return replace(found, values=PeopleValues(title, found.values.table), comparisons=comparisons)


def value_title(value: str) -> str:
    """A column of `VALUES` or `EVENT_VALUES` for people.

    Example:
        >>> value_title("mean_happy")
        'happy: mean probability'
    """
    kind, _, emotion = value.rpartition("_")
    return f"{emotion}: {_TITLES[kind]}"


@dataclass(frozen=True, eq=False)
class Observations:
    """A table to compare, and what is not in it.

    Attributes:
        table: a row a recording or a row an event.
        missing: a sentence for each recording that is left out, or of which something is.
    """

    table: pd.DataFrame
    missing: tuple[str, ...]

    def behind(self, values: Sequence[str] = ()) -> Behind:
        """By condition, the analyses whose rows have one of these values; those of all rows where none is named."""
        rows = self.table[self.table[list(values)].notna().any(axis=1)] if values else self.table
        found: dict[str, set[str]] = {}
        if not rows.empty:
            for condition, analysis in zip(rows["condition"], rows["analysis"], strict=True):
                found.setdefault(str(condition), set()).add(analysis)
        return dict(sorted(found.items()))


def of_recordings(entries: Sequence[Entry]) -> Observations:
    """A row a recording of a subject under a condition: columns of `MEANINGS`. Reads no file."""
    records, missing = [], list[str]()
    for entry in usable(entries, missing, needs_condition=True):
        person = entry.figures.longest
        if person is None:
            missing.append(f"{entry.title}: nobody is seen in what counts.")
            continue
        others = entry.figures.people - 1
        if others:
            missing.append(f"{entry.title}: {others} further {'person is' if others == 1 else 'people are'} left out.")
        record = {
            **_about(entry, person.person),
            "others": others,
            "seconds": person.seconds,
            "uncertain_s": person.uncertain_s,
            "excluded_s": person.excluded_s,
            **{f"share_{name}": person.shares[name] for name in CATEGORIES},
            **{f"mean_{name}": person.means[name] for name in EMOTIONS},
        }
        records.append(record | _attributes(entry))
    return Observations(pd.DataFrame(records or None, columns=None if records else list(MEANINGS)), tuple(missing))


def of_events(library: Library, entries: Sequence[Entry], monitor: Monitor | None = None) -> Observations:
    """A row an event of a subject's recording: columns of `per_event.wide`; the event's text is the condition.

    Raises:
        LibraryError: readings are gone or damaged.
    """
    tables, missing, monitor = [], list[str](), monitor or Monitor()
    wanted = list(usable(entries, missing, needs_condition=False))
    for done, entry in enumerate(wanted, 1):
        events, person = usable_events(entry, library.events(entry.recording_id), missing), entry.figures.longest
        if not events:
            continue
        if person is None:
            missing.append(f"{entry.title}: nobody is seen.")
            continue
        study = library.open_study(entry.analysis)
        found = per_event(study.timeline, events, Counting(study.notes.excluded), BeforeEvent(BEFORE_S))
        found = found[found["person"] == person.person]
        missing += _without_values(entry, found.drop_duplicates("event"))
        table = wide(found)
        tables.append(table.assign(**_about(entry, person.person) | {"condition": table["text"]} | _attributes(entry)))
        monitor.step(done, len(wanted), "reading")
    first = ["subject", "condition"]
    whole = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*first, *EVENT_VALUES])
    return Observations(whole[[*first, *(name for name in whole.columns if name not in first)]], tuple(missing))


def usable(entries: Sequence[Entry], missing: list[str], *, needs_condition: bool) -> Iterator[Entry]:
    """Entries of a subject; the newest analysis of each recording alone. Sentences about the others go to `missing`."""
    seen = set[str]()
    for entry in entries:
        if entry.recording_id in seen:
            missing.append(f"{entry.title}: an older analysis of the same recording is left out.")
        elif not entry.place.subject:
            missing.append(f"{entry.title}: no subject is named, so it stands for nobody.")
        elif needs_condition and not entry.place.condition:
            missing.append(f"{entry.title}: no condition is named.")
        else:
            yield entry
        seen.add(entry.recording_id)


def usable_events(entry: Entry, events: Sequence[Event], missing: list[str]) -> list[Event]:
    """Events with a text that touch the recording. Sentences about the others go to `missing`."""
    if not events:
        missing.append(f"{entry.title}: no event is kept with it.")
    named = [event for event in events if event.text.strip()]
    if nameless := len(events) - len(named):
        missing.append(f"{entry.title}: {_counted(nameless)} without a text, which would be the condition.")
    duration_s = entry.recording.duration_s
    inside = [event for event in named if touches(event, duration_s)]
    if outside := len(named) - len(inside):
        missing.append(
            f"{entry.title}: {_counted(outside)} outside the {duration_s:.1f} s of the recording; their clock may be "
            "another."
        )
    return inside


def touches(event: Event, duration_s: float) -> bool:
    """Whether an event, or what is looked at of one without an end, touches a recording of this length."""
    end_s = event.start_s + MOMENT_S if event.end_s is None else event.end_s
    return event.start_s < duration_s and end_s > 0


def _without_values(entry: Entry, windows: pd.DataFrame) -> Iterator[str]:
    """Sentences about the events of a person that have no values; `windows` has a row an event."""
    seen = windows["samples"] > 0
    if unseen := int((~seen).sum()):
        yield f"{entry.title}: {_counted(unseen)} during which the person has no sample that counts."
    if alone := int((seen & windows["baseline"].isna()).sum()):
        yield (
            f"{entry.title}: {_counted(alone)} without a sample in the {BEFORE_S:g} s before, so without a change "
            "against them."
        )


def _counted(events: int) -> str:
    return f"{events} {'event' if events == 1 else 'events'}"


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
