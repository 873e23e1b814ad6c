"""Curves over time of the people of kept analyses, by condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fer_core.errors import TimelineError
from fer_core.library.alike import Behind
from fer_core.library.library import Library
from fer_core.library.observations import usable, usable_events
from fer_core.library.values import Entry
from fer_core.timeline.events.event import Event
from fer_core.timeline.groups.curves import STEP_S, Curves, aligned, of_subjects
from fer_core.timeline.statistics.person_samples import Counting, PersonSamples, samples_of_people

MOST_STEPS: Final = 400
"""Steps of a curve over whole recordings: with longer ones each step is longer."""

_NOBODY: Final = "{}: nobody is seen in what counts."


@dataclass(frozen=True, eq=False)
class ConditionCurves:
    """Curves to compare, and what is not among them.

    Attributes:
        curves: of the people of each condition, on one axis of time.
        missing: a sentence for each recording or condition that is left out.
        analyses: that the curves of each condition are of.
    """

    curves: Mapping[str, Curves]
    missing: tuple[str, ...]
    analyses: Behind = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Part:
    """The samples of one recording, and the moments at which its curves begin, by condition."""

    entry: Entry
    samples: PersonSamples
    moments_s: Mapping[str, Sequence[float]]


def samples_of(library: Library, entries: Sequence[Entry]) -> dict[str, PersonSamples]:
    """Samples of the person who is seen longest, by analysis; of subjects' recordings in which somebody is seen.

    An analysis in which that person is no more, as somebody has corrected it since `entries` were read, is left out.

    Raises:
        LibraryError: readings are gone or damaged.
    """
    found = {}
    for entry in usable(entries, [], needs_condition=False):
        person = entry.figures.longest
        if person is not None:
            study = library.open_study(entry.analysis)
            everybody = samples_of_people(study.timeline, Counting(study.notes.excluded))
            mine = next((samples for samples in everybody if samples.number == person.person), None)
            if mine is not None:
                found[entry.analysis] = mine
    return found


def curves_from_start(entries: Sequence[Entry], samples: Mapping[str, PersonSamples], emotion: str) -> ConditionCurves:
    """Curves of whole recordings from their start, by the condition of the recording.

    Args:
        entries: what is kept; those without a subject or condition are left out.
        samples: as `samples_of` gives them.
        emotion: one of the seven.
    """
    missing, parts = list[str](), []
    for entry in usable(entries, missing, needs_condition=True):
        if entry.analysis in samples:
            parts.append(_Part(entry, samples[entry.analysis], {entry.place.condition: [0.0]}))
        else:
            missing.append(_NOBODY.format(entry.title))
    longest_s = max((part.entry.recording.duration_s for part in parts), default=0.0)
    step_s = max(STEP_S, longest_s / MOST_STEPS)
    return _by_condition(parts, missing, emotion, (0.0, max(step_s, longest_s)), step_s)


def curves_around_events(
    entries: Sequence[Entry],
    samples: Mapping[str, PersonSamples],
    events: Mapping[str, Sequence[Event]],
    emotion: str,
    window_s: tuple[float, float],
) -> ConditionCurves:
    """Curves around the start of events, by the text of the event.

    Args:
        entries: what is kept; those without a subject or events are left out.
        samples: as `samples_of` gives them.
        events: by recording.
        emotion: one of the seven.
        window_s: start and end in seconds relative to an event.
    """
    missing, parts = list[str](), []
    for entry in usable(entries, missing, needs_condition=False):
        moments_s: dict[str, list[float]] = {}
        for event in usable_events(entry, events.get(entry.recording_id, ()), missing):
            moments_s.setdefault(event.text, []).append(event.start_s)
        if not moments_s:
            continue
        if entry.analysis not in samples:
            missing.append(_NOBODY.format(entry.title))
        else:
            parts.append(_Part(entry, samples[entry.analysis], moments_s))
    return _by_condition(parts, missing, emotion, window_s, STEP_S)


def _by_condition(
    parts: Sequence[_Part], missing: list[str], emotion: str, window_s: tuple[float, float], step_s: float
) -> ConditionCurves:
    curves: dict[str, Curves] = {}
    analyses: dict[str, set[str]] = {}
    subjects = {part.entry.analysis: part.entry.place.subject for part in parts}
    for condition in sorted({condition for part in parts for condition in part.moments_s}):
        mine = [part for part in parts if condition in part.moments_s]
        people = {part.entry.analysis: part.samples for part in mine}
        moments_s = {part.entry.analysis: part.moments_s[condition] for part in mine}
        try:
            found = aligned(people, moments_s, emotion, window_s, step_s)
        except TimelineError as error:
            missing.append(f"{condition}: {error}")
        else:
            curves[condition] = of_subjects(found, subjects)
            analyses[condition] = set(found.subjects)  # still those of the analyses; who has no sample there is in none
    return ConditionCurves(curves, tuple(missing), analyses)
