"""Corrections of persons, smoothing and resting faces. Each function returns a new timeline.

`fer_core.timeline.editing.study` keeps a log of edits and applies them with these functions.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.errors import RequestError, TimelineError
from fer_core.timeline.editing.edits import WITH_THEMSELVES
from fer_core.timeline.face.movements import DISTANCES
from fer_core.timeline.face.of_person import with_movements
from fer_core.timeline.notes import Span
from fer_core.timeline.rows import good_only, inside, is_person, people
from fer_core.timeline.table import Timeline, refreshed, smoothed
from fer_core.timeline.weights import counted

NO_PERSON: Final = "There is no person {person} in this recording; choose one of: {known}."


def merged(timeline: Timeline, person: int, other: int) -> Timeline:
    """The timeline in which `other` has the number of `person`.

    Raises:
        TimelineError: one of them does not exist, or both are seen in one frame.
    """
    _check(timeline, person, other)
    if person == other:
        raise TimelineError(WITH_THEMSELVES)
    frame = timeline.frame
    mine, theirs = is_person(frame, person), is_person(frame, other)
    both = np.intersect1d(frame["frame"][mine], frame["frame"][theirs])
    if len(both):
        time_s = float(frame["time_s"][frame["frame"].eq(both[0])].iloc[0])
        raise TimelineError(
            f"Person {person} and person {other} are both seen at {time_s:.2f} s, so they cannot be one; split one of "
            "them first."
        )
    renumbered = frame.copy()
    renumbered.loc[theirs, "person"] = person
    portraits = dict(timeline.portraits)
    theirs_picture = portraits.pop(other, None)
    if theirs_picture is not None:
        portraits.setdefault(person, theirs_picture)
    return _with_rows(timeline, renumbered, portraits, {person})


def split(timeline: Timeline, person: int, at_s: float, number: int | None = None) -> tuple[Timeline, int]:
    """The timeline in which the person has another number from `at_s` on, by default the next free one.

    Neither has a portrait, as that of before may show either: see `fer_core.analysis.portraits.portrait_from`.

    Raises:
        TimelineError: there is no such person, or they are not seen both before and after that time.
    """
    _check(timeline, person)
    frame = timeline.frame
    later = is_person(frame, person) & (frame["time_s"].to_numpy(float) >= at_s)
    if not later.any() or later.sum() == is_person(frame, person).sum():
        raise TimelineError(
            f"Person {person} is not seen both before and after {at_s:.2f} s; choose a moment in between to split."
        )
    number = int(frame["person"].max()) + 1 if number is None else number
    renumbered = frame.copy()
    renumbered.loc[later, "person"] = number
    portraits = {each: picture for each, picture in timeline.portraits.items() if each not in (person, number)}
    return _with_rows(timeline, renumbered, portraits, {person, number}), number


def without(timeline: Timeline, person: int) -> Timeline:
    """The timeline without a person.

    A frame that shows nobody else becomes a row without a face.

    Raises:
        TimelineError: there is no such person.
    """
    _check(timeline, person)
    portraits = {number: picture for number, picture in timeline.portraits.items() if number != person}
    return replace(_without_rows(timeline, is_person(timeline.frame, person)), portraits=portraits, excerpt=True)


def without_poor(timeline: Timeline) -> Timeline:
    """The timeline without readings that have a quality problem; frames without others become rows without a face."""
    frame = timeline.frame
    return _without_rows(timeline, ~frame.index.isin(good_only(frame).index))


def resmoothed(
    timeline: Timeline,
    method: str | None = None,
    time_constant_s: float | None = None,
    uncertain_below: float | None = None,
) -> Timeline:
    """The timeline, smoothed anew from the raw probabilities; arguments that are None do not change.

    Raises:
        TimelineError: there is no such smoothing.
    """
    old = timeline.request
    try:
        request = replace(
            old,
            smoothing=old.smoothing if method is None else method,
            time_constant_s=old.time_constant_s if time_constant_s is None else time_constant_s,
            uncertain_below=old.uncertain_below if uncertain_below is None else uncertain_below,
        )
    except RequestError as error:
        raise TimelineError(str(error)) from error
    return replace(timeline, frame=smoothed(timeline.frame, request, timeline.cuts), request=request)


def rested(
    timeline: Timeline,
    rests: Mapping[int, Span],
    only: Collection[int] | None = None,
    excluded: Sequence[Span] = (),
) -> Timeline:
    """The timeline with movements measured against the faces in these spans; of persons without one, the usual face.

    The usual face is also used where no landmarks of the person were measured in the span.

    Args:
        timeline: with the movements.
        rests: by person, the span.
        only: the persons whose movements are measured; None for all.
        excluded: spans that count for no resting face.
    """
    frame = with_movements(timeline.frame, timeline.measures, rests, only, excluded)
    # An annotated video, for example, lasts as long as its timeline.
    return timeline if frame.equals(timeline.frame) else replace(timeline, frame=frame)


def exclusions_move(timeline: Timeline) -> bool:
    """Whether movements depend on what is excluded.

    Those of a part stay what they were in the whole, which its own samples could not tell; and where no distances were
    kept, nothing can be measured anew.
    """
    return not timeline.part and set(DISTANCES) <= set(timeline.measures.columns)


def deviations(timeline: Timeline, baselines: Mapping[int, Span], excluded: Sequence[Span] = ()) -> pd.DataFrame:
    """Differences of each reading from the person's mean over the span in which their face is at rest.

    Args:
        timeline: with the readings.
        baselines: by person, the span; its mean is over time, as that of all figures.
        excluded: spans that do not count for it; a person of whose rest nothing counts is left out.

    Returns:
        Columns time_s, frame, person and the differences of the seven emotions, -1 to 1, of persons with a span.

    Raises:
        TimelineError: a person is not seen within their span.
    """
    frame, timed = timeline.frame, counted(timeline, excluded)
    parts = []
    for person, span in sorted(baselines.items()):
        _check(timeline, person)
        rows = frame[is_person(frame, person)]
        if not inside(rows, span.start_s, span.end_s).any():
            raise TimelineError(
                f"Person {person} is not seen between {span.start_s:.2f} and {span.end_s:.2f} s; choose another span."
            )
        calm = timed[is_person(timed, person) & inside(timed, span.start_s, span.end_s)]
        if calm.empty:
            continue
        differences = rows[["time_s", "frame", "person", *EMOTIONS]].copy()
        differences[list(EMOTIONS)] -= np.average(calm[list(EMOTIONS)], axis=0, weights=calm["held_s"])
        parts.append(differences)
    if not parts:
        return frame.loc[[], ["time_s", "frame", "person", *EMOTIONS]]
    return pd.concat(parts).sort_index()


def within(timeline: Timeline, start_s: float, end_s: float) -> Timeline:
    """The part of a timeline from one time until another."""
    frame = timeline.frame[inside(timeline.frame, start_s, end_s)]
    measures = timeline.measures.loc[frame.index] if len(timeline.measures) else timeline.measures
    cuts = tuple(cut_s for cut_s in timeline.cuts if start_s <= cut_s < end_s)
    return replace(timeline, frame=frame, measures=measures, cuts=cuts, excerpt=True, part=True)


def _with_rows(timeline: Timeline, frame: pd.DataFrame, portraits: Mapping[int, bytes], touched: set[int]) -> Timeline:
    """The timeline with other persons in its rows; changed persons are smoothed anew."""
    return refreshed(replace(timeline, frame=frame, portraits=dict(portraits)), touched)


def _without_rows(timeline: Timeline, gone: np.ndarray) -> Timeline:
    """The timeline without some readings; a frame without other readings becomes a row without a face."""
    frame = timeline.frame
    others = set(frame["frame"][~gone])
    first = ~frame["frame"].duplicated().to_numpy(bool)
    alone = gone & first & ~frame["frame"].isin(others).to_numpy(bool)
    kept = frame.copy()
    kept.loc[alone, [name for name in frame.columns if name not in ("time_s", "frame", "label", "quality")]] = pd.NA
    kept.loc[alone, "label"] = None
    kept.loc[alone, "quality"] = ""
    kept = kept[~(gone & ~alone)]
    measures = timeline.measures
    if len(measures):
        measures = measures.loc[kept.index].copy()
        measures.loc[frame.index[alone]] = np.nan
    return replace(timeline, frame=kept, measures=measures)


def _check(timeline: Timeline, *persons: int) -> None:
    known = people(timeline)
    for person in persons:
        if person not in known:
            names = ", ".join(map(str, known)) or "none"
            raise TimelineError(NO_PERSON.format(person=person, known=names))
