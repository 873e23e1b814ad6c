"""Who is who from frame to frame: faces in, numbers of persons out.

Where a face is and what it looks like decide together; the best assignment of all faces at once is taken (Kuhn, 1955,
https://doi.org/10.1002/nav.3800020109, as in SORT, Bewley et al., 2016, https://arxiv.org/abs/1602.00763). What a face
looks like is 144 grey values that last as long as the tracker: enough to tell apart those who are in one recording, far
too little to recognise anybody elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.imaging.crops import grey
from fer_core.readings import Box, Face

Look = NDArray[np.float32]
"""float32 (144,), mean 0, length 1. The scalar product of two is their correlation."""

LOOK_PX: Final = 12

SAME_LOOK: Final = 0.88
"""Correlation from which two looks are one person wherever the faces are. Of 18 million pairs of FER2013 faces, some of
them of one person, 0.006 % reach it; faces of one person a quarter of a second apart had 0.91 and more nine times in
ten, in the most lively of three recordings."""

UNLIKE: Final = 0.5
"""A face that is just within reach must look at least this much like the one before; less, the closer it is."""

LOOKS_COUNT: Final = 2.0
"""How much more a likeness counts than a place, so that people who cross keep their numbers."""

REACH, SPEED_PER_S = 0.5, 1.5
"""Search radius in face widths, plus growth per second since the person was last seen, for `FORGET_S` at most."""

FORGET_S: Final = 1.5
"""For how long somebody who is not seen can be known again by where they were, in seconds. Of samples that are further
apart, the search radius stays what it is after this time, and closeness makes up for less and less of a likeness."""

MOST_KNOWN: Final = 200
"""Of more people, those who were seen last are remembered."""

MAX_LOOKS: Final = 6
_NEW_LOOK: Final = 0.9


@dataclass
class _Person:
    """Memory of one person.

    Attributes:
        box: of the last reading; None after a cut, where positions mean nothing any more.
        seen_s: when.
        last: how they looked then; None where no crop was given.
        looks: at most `MAX_LOOKS` that differ, the latest at the end.
    """

    number: int
    box: Box | None
    seen_s: float
    last: Look | None = None
    looks: list[Look] = field(default_factory=list)


@dataclass(frozen=True)
class PersonState:
    """The memory of one person as plain numbers; see `Tracker.state`.

    Attributes:
        number: of the person.
        box: of the last reading; None after a cut.
        seen_s: time of the last reading, in seconds.
        last: the `Look` of the last reading, 144 numbers; None where no crop was given.
        looks: the looks that are kept.
    """

    number: int
    box: Box | None
    seen_s: float
    last: tuple[float, ...] | None
    looks: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class TrackerState:
    """The memory of a tracker: the next new number, and the persons that it knows."""

    next: int
    persons: tuple[PersonState, ...]


class Tracker:
    """Gives every person of one recording or stream a number, from 1. Numbers are never used again.

    Args:
        forget_s: for how long somebody who is not seen can be known again by where they were.
        recall_s: for how long they can be known again by their looks alone, which takes a strong likeness; `forget_s`
            where that is longer, and infinite for as long as the tracker lasts.

    Example:
        >>> tracker = Tracker()
        >>> tracker.update([Face(Box(10, 10, 50, 50), 0.99)], 0.0)
        [1]
        >>> tracker.update([Face(Box(200, 10, 50, 50), 0.99), Face(Box(12, 11, 50, 50), 0.99)], 0.1)
        [2, 1]
    """

    def __init__(self, *, forget_s: float = FORGET_S, recall_s: float = 60.0) -> None:
        self.forget_s, self.recall_s = forget_s, recall_s
        self._persons: list[_Person] = []
        self._next = 1

    @property
    def remembered(self) -> frozenset[int]:
        """Persons who can still be known again."""
        return frozenset(person.number for person in self._persons)

    def update(
        self, faces: Sequence[Face], time_s: float, crops: Sequence[NDArray[np.uint8]] | None = None
    ) -> list[int]:
        """Take in the faces of the next frame.

        Args:
            faces: in any order.
            time_s: of the frame, in seconds; not before the frame before.
            crops: the pictures of the faces, uint8 (H, W, 3) BGR or (H, W) grey; None where only places shall count.

        Returns:
            The number of each face's person.
        """
        looks = [None] * len(faces) if crops is None else [look_of(crop) for crop in crops]
        longest_s = max(self.forget_s, self.recall_s)
        self._persons = [person for person in self._persons if time_s - person.seen_s <= longest_s]
        chosen = self._assign(faces, looks, time_s)
        for person in chosen.values():
            person.seen_s = time_s  # or a new face of the same frame could take the place of one that is back
        return [self._seen(chosen.get(i), face, looks[i], time_s) for i, face in enumerate(faces)]

    def cut(self) -> None:
        """The scene changed: from here on positions mean nothing, and only who looks the same keeps the number."""
        for person in self._persons:
            person.box = None

    def reset(self) -> None:
        """Forget everyone; the next faces get new numbers."""
        self._persons = []

    def state(self) -> TrackerState:
        """The memory of all persons; see `restore`."""
        return TrackerState(self._next, tuple(map(_record, self._persons)))

    def restore(self, state: TrackerState) -> None:
        """Go on where `state` was taken."""
        self._next = state.next
        self._persons = [_person(record) for record in state.persons]

    def _assign(self, faces: Sequence[Face], looks: Sequence[Look | None], time_s: float) -> dict[int, _Person]:
        """The person of each face that is known, by the face's place in the list."""
        if not faces or not self._persons:
            return {}
        pairs = zip(faces, looks, strict=True)
        scores = np.array([self._scores(face, look, time_s) for face, look in pairs])
        return {row: self._persons[column] for row, column in _best_pairs(scores) if scores[row, column]}

    def _scores(self, face: Face, look: Look | None, time_s: float) -> list[float]:
        """Match of the face with each person, higher for a better one; 0 for none."""
        likest = [_likest(person, look) for person in self._persons]
        same = {place for place, likeness in enumerate(likest) if likeness >= SAME_LOOK}
        return [
            self._score(person, face, look, time_s, likest=likest[place], is_like_another=bool(same - {place}))
            for place, person in enumerate(self._persons)
        ]

    def _score(
        self, person: _Person, face: Face, look: Look | None, time_s: float, *, likest: float, is_like_another: bool
    ) -> float:
        """Match of the face with one person; likeness weighs the same with a place and without."""
        away_s = time_s - person.seen_s
        close = 0.0 if person.box is None or away_s > self.forget_s else closeness(person.box, face.box, away_s)
        if look is None or person.last is None:
            return close
        latest = float(look @ person.last)
        fresh = min(1.0, FORGET_S / away_s) if away_s > 0 else 1.0
        is_there = close > 0 and latest >= UNLIKE * (1 - close * fresh)
        if is_there and (latest >= UNLIKE or not is_like_another):
            return close + LOOKS_COUNT * max(latest, 0.0) + 0.01
        if likest >= SAME_LOOK:
            return LOOKS_COUNT * likest
        # Unlike who was here and like somebody else: it counts that nobody else may be free, not how close it is.
        return LOOKS_COUNT * max(latest, 0.0) + 0.01 if is_there else 0.0

    def _latest(self, count: int) -> list[_Person]:
        """The persons who were seen last, in the order of their numbers."""
        if len(self._persons) <= count:
            return self._persons
        latest = sorted(self._persons, key=lambda person: person.seen_s)[-count:]
        return sorted(latest, key=lambda person: person.number)

    def _seen(self, person: _Person | None, face: Face, look: Look | None, time_s: float) -> int:
        if person is None:
            person = _Person(self._next, face.box, time_s)
            self._next += 1
            self._persons = [*self._latest(MOST_KNOWN - 1), person]
        person.box, person.seen_s = face.box, time_s
        if look is not None:
            person.last = look
            if all(float(look @ known) < _NEW_LOOK for known in person.looks):
                person.looks = [*person.looks, look][-MAX_LOOKS:]
        return person.number


def _likest(person: _Person, look: Look | None) -> float:
    """Highest likeness with what is known of a person; 0 where that is nothing."""
    if look is None or not person.looks:
        return 0.0
    return max(float(look @ known) for known in person.looks)


def _best_pairs(scores: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The assignment of rows to columns with the highest sum."""
    if 1 in scores.shape:  # most recordings show one person, and importing scipy.optimize takes half a second
        row, column = np.unravel_index(int(scores.argmax()), scores.shape)
        return [(int(row), int(column))]
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(scores, maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]


def look_of(crop: NDArray[np.uint8]) -> Look:
    """What a face looks like, uint8 (H, W, 3) BGR or (H, W) grey; see `Look`."""
    small = cv2.resize(grey(crop), (LOOK_PX, LOOK_PX), interpolation=cv2.INTER_AREA).astype(np.float32).reshape(-1)
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)


def closeness(before: Box, now: Box, away_s: float) -> float:
    """1 where two boxes lie on each other, falling to 0 where the face cannot have come so far or grown so much."""
    side, other = max(before.width, before.height), max(now.width, now.height)
    if not 0.5 <= side / max(other, 1) <= 2:
        return 0.0
    across = before.x + before.width / 2 - now.x - now.width / 2
    down = before.y + before.height / 2 - now.y - now.height / 2
    reach = (side + other) / 2 * (REACH + SPEED_PER_S * min(away_s, FORGET_S))
    return max(0.0, 1 - float(np.hypot(across, down)) / reach)


def _record(person: _Person) -> PersonState:
    return PersonState(
        number=person.number,
        box=person.box,
        seen_s=person.seen_s,
        last=None if person.last is None else tuple(person.last.tolist()),
        looks=tuple(tuple(look.tolist()) for look in person.looks),
    )


def _person(record: PersonState) -> _Person:
    return _Person(
        number=record.number,
        box=record.box,
        seen_s=record.seen_s,
        last=None if record.last is None else np.array(record.last, np.float32),
        looks=[np.array(look, np.float32) for look in record.looks],
    )
