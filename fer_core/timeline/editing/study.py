"""A timeline as it was read, with the log of its edits. The present state is the timeline with all edits applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd

from fer_core.errors import MediaError, RequestError, TimelineError
from fer_core.plain import as_plain, from_plain
from fer_core.request import AnalysisRequest
from fer_core.timeline.editing.corrections import (
    NO_PERSON,
    deviations,
    exclusions_move,
    merged,
    resmoothed,
    rested,
    split,
    without,
)
from fer_core.timeline.editing.edits import (
    MOST,
    SPLIT_NUMBER,
    Accompany,
    Edit,
    Exclude,
    Mark,
    Merge,
    Name,
    Rate,
    Remove,
    Rest,
    Smooth,
    Split,
    edits_from_json,
    edits_to_json,
)
from fer_core.timeline.editing.ratings import erased, joined, parted, rated
from fer_core.timeline.editing.unedited import before_edits, unedited
from fer_core.timeline.files import More, json_bytes, parquet_bytes, read_document, write_document
from fer_core.timeline.notes import Notes, Rating, Span
from fer_core.timeline.rows import inside, people
from fer_core.timeline.table import Timeline

AS_READ: Final = "person_read"
"""Column in files of a study: number of the person as the analysis gave it."""

_REQUEST_READ: Final = "request_read"


@dataclass(frozen=True, eq=False)
class State:
    """The timeline and the notes after all edits.

    Attributes:
        timeline: corrected and smoothed.
        notes: names, markers, excluded spans, stimulus, ratings.
        resting: by person, the span in which their face was at rest.
    """

    timeline: Timeline
    notes: Notes = field(default_factory=Notes)
    resting: Mapping[int, Span] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Study:
    """A recording's timeline with its edits. A study does not change: each edit gives a new study.

    Args:
        read: the timeline as the analysis gave it.
        edits: the log, the oldest first.

    Raises:
        TimelineError: an edit cannot be applied.

    Example:
        >>> study = Study(timeline).edited(Merge(1, 3)).edited(Name(1, "Ada"))  # doctest: +SKIP
        >>> study.timeline.frame["person"].nunique(), study.undone().notes.names  # doctest: +SKIP
    """

    read: Timeline
    edits: tuple[Edit, ...] = ()
    state: State = field(init=False, repr=False)

    def __post_init__(self) -> None:
        state = State(self.read)
        for edit in self.edits:
            state = self._after(state, edit)
        object.__setattr__(self, "state", state)

    @property
    def timeline(self) -> Timeline:
        """The timeline after all edits."""
        return self.state.timeline

    @property
    def notes(self) -> Notes:
        """Names, markers, excluded spans, the stimulus and ratings."""
        return self.state.notes

    @property
    def resting(self) -> Mapping[int, Span]:
        """By person, the span in which their face was at rest."""
        return self.state.resting

    @cached_property
    def notes_of_people(self) -> Notes:
        """The notes without names of people who were merged into others or removed."""
        return notes_of_those_in(self.timeline, self.notes)

    @property
    def next_number(self) -> int:
        """A number that no person of this study ever had."""
        return max(self._numbers, default=0) + 1

    @property
    def _numbers(self) -> set[int]:
        """All numbers that people of this study ever had."""
        return {*people(self.read), *(edit.number for edit in self.edits if isinstance(edit, Split))}

    @property
    def whole(self) -> bool:
        """Whether nothing was left out on purpose: a new analysis of the recording gives the same rows."""
        return not self.read.excerpt and not self._removes

    @property
    def _removes(self) -> bool:
        return any(isinstance(edit, Remove) for edit in self.edits)

    def edited(self, edit: Edit) -> "Study":
        """The study with one more edit.

        Raises:
            TimelineError: it cannot be applied.
        """
        return self._of((*self.edits, edit), self._after(self.state, edit))

    def undone(self) -> "Study":
        """The study without its last edit."""
        return Study(self.read, self.edits[:-1])

    def deviations(self) -> pd.DataFrame:
        """Differences from the resting faces; see `corrections.deviations`."""
        return deviations(self.timeline, self.resting, self.notes.excluded)

    def rebased(self, timeline: Timeline) -> tuple["Study", tuple[str, ...]]:
        """The same edits of a longer timeline of the recording.

        Returns:
            The study, and a sentence for each edit that cannot be applied.
        """
        study, problems, renumbered = Study(timeline), [], dict[int, int]()
        for edit in self.edits:
            edit = _renumbered(edit, renumbered)
            if isinstance(edit, Split) and edit.number in study._numbers:
                renumbered[edit.number] = study.next_number
                edit = replace(edit, number=study.next_number)
            try:
                study = study.edited(edit)
            except TimelineError as error:
                problems.append(f"A correction could not be made again ({edit.words(study.notes)}): {error}")
        return study, tuple(problems)

    def purged(self) -> "Study":
        """The study for files, without any trace of removed persons.

        Edits of persons are applied for good, because the log would show removed persons. Names, markers, excluded
        spans, stimulus, ratings, resting faces and smoothing of the other persons stay in the log.
        """
        if not self._removes:
            return self
        request = self.read.request
        read, is_resmoothed = replace(self.timeline, request=request, excerpt=True), self.timeline.request != request
        read = before_edits(read, self.resting, is_resmoothed=is_resmoothed)
        return Study(read, self.settled(request))

    def settled(self, request: AnalysisRequest) -> tuple[Edit, ...]:
        """The edits that lead from the present persons, smoothed by `request`, to the present state."""
        now = self.timeline.request
        edits = list(notes_as_edits(self.notes_of_people))
        edits += [Rest(person, span) for person, span in self.resting.items()]
        if now != request:
            edits.append(Smooth(now.smoothing, now.time_constant_s, now.threshold))
        return tuple(edits)

    def write(self, path: Path | str) -> None:
        """Write timeline and log as `.parquet` or `.json`; the rows are those of the corrected timeline.

        Raises:
            MediaError: another ending, or the file cannot be written.
        """
        study = self.purged()
        write_document(study._for_file(), study._more(), Path(path))

    def to_parquet(self) -> bytes:
        """What `write` writes as Parquet."""
        study = self.purged()
        return parquet_bytes(study._for_file(), study._more())

    def to_json(self) -> bytes:
        """What `write` writes as JSON."""
        study = self.purged()
        return json_bytes(study._for_file(), study._more())

    @staticmethod
    def open(path: Path | str) -> "Study":
        """Read a file of `write` or `Timeline.write`, with every edit in place.

        Raises:
            MediaError: there is no such file, or it does not hold a timeline.
        """
        return Study.of_document(*read_document(Path(path)))

    @staticmethod
    def of_document(timeline: Timeline, more: More) -> "Study":
        """The study of a timeline and the other values of its file; see `files.read_document`.

        Raises:
            MediaError: they contradict each other.
        """
        if AS_READ not in timeline.frame.columns:
            return Study(timeline, _of_notes(more.get("notes")))
        try:
            was = timeline.frame[AS_READ].astype("Int64").rename("person")
            request = AnalysisRequest.from_json(more.get(_REQUEST_READ, {}))
            edits = edits_from_json(more.get("edits", []))
            frame = timeline.frame.drop(columns=AS_READ)
            read = unedited(replace(timeline, frame=frame, request=request), was, edits)
            return Study(read, edits)
        except (TimelineError, RequestError, ValueError, TypeError, OverflowError) as error:
            raise MediaError(f"The corrections in this file do not fit its readings: {error}") from error

    def _after(self, state: State, edit: Edit) -> State:
        """The state after one more edit; after a removal, without portraits that may show the removed person."""
        after = applied(state, edit)
        if not isinstance(edit, Remove):
            return after
        was, now = self.read.frame["person"], after.timeline.frame["person"]
        gone = {int(person) for person in was[was.notna() & now.reindex(was.index).isna()]}
        doubtful = {self.read.portraits.get(person) for person in gone}
        portraits = {person: data for person, data in after.timeline.portraits.items() if data not in doubtful}
        return replace(after, timeline=replace(after.timeline, portraits=portraits))

    def _of(self, edits: tuple[Edit, ...], state: State) -> "Study":
        study = object.__new__(Study)
        for name, value in (("read", self.read), ("edits", edits), ("state", state)):
            object.__setattr__(study, name, value)
        return study

    def _for_file(self) -> Timeline:
        """The corrected timeline with the numbers of persons as they were read, in a further column."""
        if not self.edits:
            return self.read
        now = self.timeline
        was = self.read.frame["person"].reindex(now.frame.index)
        frame = now.frame.assign(**{AS_READ: was.astype("Int64")})
        return replace(now, frame=frame, portraits=self.read.portraits)

    def _more(self) -> More:
        notes = {"notes": as_plain(self.notes_of_people)}
        if not self.edits:
            return notes
        return {**notes, "edits": edits_to_json(self.edits), _REQUEST_READ: self.read.request.to_json()}


def applied(state: State, edit: Edit) -> State:
    """The state after one more edit.

    Raises:
        TimelineError: it cannot be applied.
    """
    timeline, notes = state.timeline, state.notes
    if isinstance(edit, Merge):
        after = _with_rests(state, merged(timeline, edit.person, edit.other), edit.person)
        return _with_ratings(after, joined(notes.ratings, edit.person, edit.other))
    if isinstance(edit, Split):
        if not 1 <= edit.number <= MOST or edit.number in people(timeline):
            raise TimelineError(SPLIT_NUMBER.format(edit.number))
        after = _with_rests(state, split(timeline, edit.person, edit.at_s, edit.number)[0], edit.person, edit.number)
        return _with_ratings(after, parted(notes.ratings, edit.person, edit.at_s, edit.number))
    if isinstance(edit, Remove):
        after = _with_rests(state, without(timeline, edit.person))
        return _with_ratings(after, tuple(each for each in notes.ratings if each.person != edit.person))
    if isinstance(edit, Smooth):
        how = edit.smoothing, edit.time_constant_s, edit.uncertain_below
        return replace(state, timeline=resmoothed(timeline, *how))
    if isinstance(edit, Name):
        names = {**notes.names, edit.person: edit.name.strip()}
        return replace(state, notes=replace(notes, names={person: name for person, name in names.items() if name}))
    if isinstance(edit, Mark):
        markers = tuple(sorted(edit.markers, key=lambda marker: marker.time_s))
        return replace(state, notes=replace(notes, markers=markers))
    if isinstance(edit, Exclude):
        excluded = tuple(sorted(edit.spans, key=lambda span: span.start_s))
        if exclusions_move(timeline):
            timeline = rested(timeline, state.resting, None, excluded)
        return replace(state, timeline=timeline, notes=replace(notes, excluded=excluded))
    if isinstance(edit, Accompany):
        return replace(state, notes=replace(notes, stimulus=edit.stimulus))
    if isinstance(edit, Rate):
        return _with_ratings(state, _after_rating(timeline, notes, edit))
    resting = {person: span for person, span in state.resting.items() if person != edit.person}
    if edit.span is not None:
        deviations(timeline, {edit.person: edit.span})
        resting[edit.person] = edit.span
    return replace(state, resting=resting, timeline=rested(timeline, resting, {edit.person}, notes.excluded))


def _after_rating(timeline: Timeline, notes: Notes, edit: Rate) -> tuple[Rating, ...]:
    known = people(timeline)
    if edit.person not in known:
        raise TimelineError(NO_PERSON.format(person=edit.person, known=", ".join(map(str, known)) or "none"))
    if edit.label is None:
        return erased(notes.ratings, edit.person, edit.start_s, edit.end_s, edit.rater)
    new = Rating(edit.person, edit.start_s, edit.end_s, edit.label, edit.rater, edit.blind)
    return rated(notes.ratings, new)


def _with_ratings(state: State, ratings: tuple[Rating, ...]) -> State:
    return replace(state, notes=replace(state.notes, ratings=ratings))


def _with_rests(state: State, timeline: Timeline, *persons: int) -> State:
    """The state with a timeline in which rows of some persons changed; their movements are measured anew.

    A resting face is dropped where its person is no longer seen in its span.
    """
    frame = timeline.frame
    resting = {
        person: span
        for person, span in state.resting.items()
        if person in people(frame[inside(frame, span.start_s, span.end_s)])
    }
    if persons and (state.resting or state.notes.excluded):
        timeline = rested(timeline, resting, set(persons), state.notes.excluded)
    return replace(state, timeline=timeline, resting=resting)


def _of_notes(plain: Any) -> tuple[Edit, ...]:
    """The edits that make the notes of a file without a log.

    Raises:
        MediaError: they are damaged.
    """
    try:
        notes = from_plain(Notes, plain or {})
    except ValueError as error:
        raise MediaError("The names and markers in this file are damaged; export it again.") from error
    return notes_as_edits(notes)


def notes_of_those_in(timeline: Timeline, notes: Notes) -> Notes:
    """The notes without names and ratings of people who are not in a timeline."""
    there = set(people(timeline))
    return replace(
        notes,
        names={person: name for person, name in notes.names.items() if person in there},
        ratings=tuple(rating for rating in notes.ratings if rating.person in there),
    )


def notes_as_edits(notes: Notes) -> tuple[Edit, ...]:
    """The edits that make these notes."""
    return (
        *(Name(person, name) for person, name in notes.names.items() if name),
        *([Mark(notes.markers)] if notes.markers else []),
        *([Exclude(notes.excluded)] if notes.excluded else []),
        *([Accompany(notes.stimulus)] if notes.stimulus else []),
        *(Rate(**vars(rating)) for rating in notes.ratings),
    )


def replayed(timeline: Timeline, edits: Iterable[Edit]) -> Timeline:
    """A timeline with edits applied.

    Raises:
        TimelineError: one cannot be applied.
    """
    return Study(timeline, tuple(edits)).timeline


def _renumbered(edit: Edit, numbers: Mapping[int, int]) -> Edit:
    """The edit with new numbers of persons."""
    if isinstance(edit, Mark | Exclude | Smooth | Accompany):
        return edit
    edit = replace(edit, person=numbers.get(edit.person, edit.person))
    if isinstance(edit, Merge):
        return replace(edit, other=numbers.get(edit.other, edit.other))
    return edit
