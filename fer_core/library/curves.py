"""Curves over time of the people of kept analyses, by condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fer_core.errors import TimelineError
from fer_core.library.library import Library
from fer_core.library.observations import usable
from fer_core.library.values import Entry
from fer_core.timeline.groups.curves import STEP_S, Curves, aligned, of_subjects
from fer_core.timeline.person_samples import Counting, PersonSamples, samples_of_people

MOST_STEPS: Final = 400
"""Steps of a curve over whole recordings: with longer ones each step is longer."""


@dataclass(frozen=True, eq=False)
class ConditionCurves:
    """Curves to compare, and what is not among them.

    Attributes:
        curves: of the people of each condition, on one axis of time.
        missing: a sentence for each recording or condition that is left out.
    """

    curves: Mapping[str, Curves]
    missing: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Part:
    """The samples of one recording, and the moments at which its curves begin, by condition."""

    entry: Entry
    samples: PersonSamples
    moments_s: Mapping[str, Sequence[float]]


def curves_from_start(library: Library, entries: Sequence[Entry], emotion: str) -> ConditionCurves:
    """Curves of whole recordings from their start, by the condition of the recording.

    Args:
        library: that holds them.
        entries: what is kept; those without a subject or condition are left out.
        emotion: one of the seven.

    Raises:
        LibraryError: readings are gone or damaged.
    """
    missing = list[str]()
    parts = [
        _Part(entry, samples, {entry.place.condition: [0.0]})
        for entry in usable(entries, missing, needs_condition=True)
        if (samples := _samples(library, entry, missing))
    ]
    longest_s = max((part.entry.recording.duration_s for part in parts), default=0.0)
    step_s = max(STEP_S, longest_s / MOST_STEPS)
    return _by_condition(parts, missing, emotion, (0.0, max(step_s, longest_s)), step_s)


def curves_around_events(
    library: Library, entries: Sequence[Entry], emotion: str, window_s: tuple[float, float]
) -> ConditionCurves:
    """Curves around the start of events, by the text of the event.

    Args:
        library: that holds them.
        entries: what is kept; those without a subject or events are left out.
        emotion: one of the seven.
        window_s: start and end in seconds relative to an event.

    Raises:
        LibraryError: readings are gone or damaged.
    """
    missing, parts = list[str](), []
    for entry in usable(entries, missing, needs_condition=False):
        moments_s: dict[str, list[float]] = {}
        for event in library.events(entry.recording_id):
            moments_s.setdefault(event.text, []).append(event.start_s)
        if not moments_s:
            missing.append(f"{entry.title}: no event is kept with it.")
        elif samples := _samples(library, entry, missing):
            parts.append(_Part(entry, samples, moments_s))
    return _by_condition(parts, missing, emotion, window_s, STEP_S)


def _samples(library: Library, entry: Entry, missing: list[str]) -> PersonSamples | None:
    """Samples of the person who is seen longest."""
    person = entry.figures.longest
    if person is None:
        missing.append(f"{entry.title}: nobody is seen in what counts.")
        return None
    study = library.open_study(entry.analysis)
    found = samples_of_people(study.timeline.frame, Counting(study.notes.excluded))
    return next(samples for samples in found if samples.number == person.person)


def _by_condition(
    parts: Sequence[_Part], missing: list[str], emotion: str, window_s: tuple[float, float], step_s: float
) -> ConditionCurves:
    curves: dict[str, Curves] = {}
    subjects = {part.entry.analysis: part.entry.place.subject for part in parts}
    for condition in sorted({condition for part in parts for condition in part.moments_s}):
        mine = [part for part in parts if condition in part.moments_s]
        people = {part.entry.analysis: part.samples for part in mine}
        moments_s = {part.entry.analysis: part.moments_s[condition] for part in mine}
        try:
            curves[condition] = of_subjects(aligned(people, moments_s, emotion, window_s, step_s), subjects)
        except TimelineError as error:
            missing.append(f"{condition}: {error}")
    return ConditionCurves(curves, tuple(missing))
