"""Portraits of people whom a split made or changed. No Streamlit in here."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from fer_core.analysis.portraits import portrait_from
from fer_core.errors import MediaError
from fer_core.timeline.editing.edits import Edit, Merge, Split
from fer_core.timeline.editing.study import Study
from fer_core.timeline.rows import is_person, people
from fer_core.timeline.table import Timeline


class SplitPortraits:
    """Takes them from the recording: those that it was read with may show the other one of the two."""

    def __init__(self) -> None:
        self._taken: dict[tuple[int, bytes], bytes] = {}

    def of(self, path: Path, study: Study) -> dict[int, bytes]:
        """By number; without those whose picture cannot be read.

        A portrait is taken anew where other samples belong to its person than when this was last asked.
        """
        timeline, taken = study.timeline, dict[tuple[int, bytes], bytes]()
        for person in _parted(study.edits) & set(people(timeline)) - set(timeline.portraits):
            key = person, _samples_of(timeline, person)
            with contextlib.suppress(MediaError):
                taken[key] = self._taken.get(key) or portrait_from(path, timeline, person)
        self._taken = taken  # none of somebody who was removed or is another one now
        return {person: data for (person, _), data in taken.items()}


def _parted(edits: Iterable[Edit]) -> set[int]:
    """Numbers of both sides of every split, and of whom they were merged with."""
    found = set[int]()
    for edit in edits:
        if isinstance(edit, Split):
            found |= {edit.person, edit.number}
        elif isinstance(edit, Merge) and edit.other in found:
            found.add(edit.person)
    return found


def _samples_of(timeline: Timeline, person: int) -> bytes:
    frame = timeline.frame
    mine: bytes = frame.loc[is_person(frame, person), "time_s"].to_numpy(float).tobytes()
    return mine
