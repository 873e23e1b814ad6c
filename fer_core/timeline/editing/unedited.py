"""What a timeline was before its edits, from the rows after them."""

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from fer_core.timeline.editing.corrections import exclusions_move
from fer_core.timeline.editing.edits import Edit, Exclude, Merge, Remove, Rest, Smooth, Split
from fer_core.timeline.table import Timeline, refreshed, smoothed


def unedited(timeline: Timeline, was: pd.Series, edits: Iterable[Edit]) -> Timeline:
    """The timeline before edits that led to it.

    Nothing is computed anew that the edits did not change: of a part of a recording, blinks, talking and movements are
    those of the whole, which its own samples could not tell.

    Args:
        timeline: after the edits, with the request of before.
        was: the persons of before, by the index of its rows.
        edits: the log.
    """
    edits, read = tuple(edits), replace(timeline, frame=timeline.frame.assign(person=was))
    moved = exclusions_move(read) and any(isinstance(edit, Exclude) for edit in edits)
    touched, is_resmoothed = touched_by(edits), any(isinstance(edit, Smooth) for edit in edits)
    if not touched and not is_resmoothed and not moved and was.equals(timeline.frame["person"]):
        return read
    return before_edits(read, touched, is_resmoothed=is_resmoothed)


def before_edits(read: Timeline, touched: Iterable[int], *, is_resmoothed: bool) -> Timeline:
    """The timeline with what edits changed computed anew: all of it, or of a part of a recording no more than that.

    Args:
        read: with the persons and the request of before.
        touched: persons whose rows or resting faces were changed.
        is_resmoothed: whether the smoothing was changed, which is everybody's.
    """
    if not read.part:
        return refreshed(read)
    read = refreshed(read, set(touched))
    return replace(read, frame=smoothed(read.frame, read.request, read.cuts)) if is_resmoothed else read


def touched_by(edits: Iterable[Edit]) -> set[int]:
    """Numbers of all persons whose rows or resting faces edits change."""
    touched: set[int] = set()
    for edit in edits:
        if isinstance(edit, Merge | Split | Remove | Rest):
            touched.add(edit.person)
        if isinstance(edit, Merge):
            touched.add(edit.other)
        if isinstance(edit, Split):
            touched.add(edit.number)
    return touched
