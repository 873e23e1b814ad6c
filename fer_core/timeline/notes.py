"""Notes of people on a timeline: names, markers, excluded spans, the stimulus that was shown, and what raters saw."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fer_core.emotions import EMOTIONS

_UNNAMED: Final = re.compile(r"Person \d+")
"""What people are called who have no name, and so nobody else."""


@dataclass(frozen=True)
class Marker:
    """A marker: a time in seconds from the start, with a few words."""

    time_s: float
    text: str

    def __post_init__(self) -> None:
        _check(self.text, self.time_s)


@dataclass(frozen=True)
class Span:
    """A span from `start_s` to before `end_s`, in seconds from the start, with a reason."""

    start_s: float
    end_s: float
    reason: str = ""

    def __post_init__(self) -> None:
        _check(self.reason, self.start_s, self.end_s)
        if not self.start_s <= self.end_s:
            raise ValueError(f"a span cannot end ({self.end_s}) before it starts ({self.start_s})")


@dataclass(frozen=True)
class Stimulus:
    """A recording that the people of a recording were shown; it is never read for expressions.

    Attributes:
        name: of its file.
        offset_s: moment of the recording, in seconds from its start, at which the stimulus begins; negative where the
            recording begins while the stimulus runs.
    """

    name: str
    offset_s: float = 0.0

    def __post_init__(self) -> None:
        _check(self.name, self.offset_s)
        if not self.name:
            raise ValueError("a stimulus has the name of its file")


@dataclass(frozen=True)
class Rating:
    """The expression that a rater saw in one person's face from `start_s` to before `end_s`.

    Attributes:
        person: number.
        start_s: in seconds from the start.
        end_s: in seconds from the start.
        label: one of `EMOTIONS`.
        rater: name or initials; may be empty.
        blind: whether the readings of the model were hidden from the rater.
    """

    person: int
    start_s: float
    end_s: float
    label: str
    rater: str = ""
    blind: bool = True

    def __post_init__(self) -> None:
        _check(self.rater, self.start_s, self.end_s)
        if not self.start_s < self.end_s:
            raise ValueError(f"a rated span has to end ({self.end_s}) after it starts ({self.start_s})")
        if self.label not in EMOTIONS:
            raise ValueError(f'a rating is one of {", ".join(EMOTIONS)}, not "{self.label}"')


@dataclass(frozen=True)
class Notes:
    """Names, markers, excluded spans, the stimulus and the ratings of one recording.

    Attributes:
        names: by number of the person, where they have one.
        markers: in any order.
        excluded: spans that no statistic counts.
        stimulus: what the people were shown; None where that is not known.
        ratings: ratings of one rater and person do not overlap.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    markers: tuple[Marker, ...] = ()
    excluded: tuple[Span, ...] = ()
    stimulus: Stimulus | None = None
    ratings: tuple[Rating, ...] = ()

    def name(self, person: int) -> str:
        """The name of a person, unlike that of every other; "Person 1" and so on where none was given.

        Example:
            >>> notes = Notes({1: "Ana", 3: "Ana"})
            >>> [notes.name(person) for person in (1, 2, 3)]
            ['Ana (1)', 'Person 2', 'Ana (3)']
        """
        unnamed = f"Person {person}"
        name = self.names.get(person, "").strip() or unnamed
        others = {their.strip() for number, their in self.names.items() if number != person}
        while name in others or (name != unnamed and _UNNAMED.fullmatch(name)):
            name = f"{name} ({person})"
        return name

    def within(self, start_s: float, end_s: float) -> "Notes":
        """The notes with all names and the stimulus, and what else is at least partly in a stretch of time."""
        return replace(
            self,
            markers=tuple(marker for marker in self.markers if start_s <= marker.time_s <= end_s),
            excluded=tuple(span for span in self.excluded if span.start_s < end_s and span.end_s > start_s),
            ratings=tuple(rating for rating in self.ratings if rating.start_s < end_s and rating.end_s > start_s),
        )

    def excluded_s(self, start_s: float, end_s: float) -> float:
        """Excluded seconds in a stretch of time; overlapping spans count once."""
        total, reached = 0.0, start_s
        for span in sorted(self.excluded, key=lambda span: span.start_s):
            total += max(0.0, min(span.end_s, end_s) - max(span.start_s, reached))
            reached = max(reached, span.end_s)
        return total


def _check(text: str, *times_s: float) -> None:
    """Refuse values that files cannot hold.

    Raises:
        ValueError: a time is no finite number, or the text cannot be written.
    """
    text.encode()
    if not all(map(math.isfinite, times_s)):
        raise ValueError("a time is a finite number of seconds")
