"""Who may be one person under two numbers: a suggestion, never done by itself."""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.analysis.tracking import look_of
from fer_core.timeline.table import Timeline

ALIKE: Final = 0.7
"""Correlation of two portraits from which a merge is suggested. Of six million pairs of faces of FER2013's test sets,
nearly all of them of two people, 0.7 % reach it."""


@dataclass(frozen=True)
class Suggestion:
    """Two numbers that may be one person.

    Attributes:
        into: the lower number.
        other: the higher one.
        likeness: correlation of their portraits, up to 1.
    """

    into: int
    other: int
    likeness: float


def merges_to_consider(timeline: Timeline) -> list[Suggestion]:
    """Pairs of people whose portraits look alike and who are never seen in the same frame, the most alike first.

    Args:
        timeline: with portraits; people without one are in no suggestion.
    """
    seen = timeline.frame.dropna(subset=["person"])
    times = {int(person): set(seen.loc[seen["person"] == person, "time_s"]) for person in seen["person"].unique()}
    decoded = {person: _decoded(jpeg) for person, jpeg in timeline.portraits.items() if person in times}
    looks = {person: look_of(picture) for person, picture in decoded.items() if picture is not None}
    pairs = (
        Suggestion(one, other, float(looks[one] @ looks[other]))
        for one, other in combinations(sorted(looks), 2)
        if times[one].isdisjoint(times[other])
    )
    return sorted((pair for pair in pairs if pair.likeness >= ALIKE), key=lambda pair: -pair.likeness)


def _decoded(jpeg: bytes) -> NDArray[np.uint8] | None:
    """None of bytes that are no picture, as in a file that somebody changed."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE) if jpeg else None
    return None if picture is None else np.asarray(picture, np.uint8)
