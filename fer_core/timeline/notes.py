"""What people add to a timeline: names, marked moments, and stretches that shall not count."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Marker:
    """A moment worth pointing at, in seconds from the start, with a few words."""

    time_s: float
    text: str

    def __post_init__(self) -> None:
        _check(self.text, self.time_s)


@dataclass(frozen=True)
class Span:
    """A stretch of time, start and end in seconds from the start (the end is no part of it), with the reason for it."""

    start_s: float
    end_s: float
    reason: str = ""

    def __post_init__(self) -> None:
        _check(self.reason, self.start_s, self.end_s)
        if not self.start_s <= self.end_s:
            raise ValueError(f"a span cannot end ({self.end_s}) before it starts ({self.start_s})")


@dataclass(frozen=True)
class Notes:
    """All of it, for one recording.

    Attributes:
        names: of people, by number, where they were given one.
        markers: moments, in any order.
        excluded: stretches that no statistic counts.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    markers: tuple[Marker, ...] = ()
    excluded: tuple[Span, ...] = ()

    def name(self, person: int) -> str:
        """What the person is called: the given name, else "Person 1" and so on."""
        return self.names.get(person, "").strip() or f"Person {person}"

    def within(self, start_s: float, end_s: float) -> "Notes":
        """All names, and of markers and spans those in a stretch of time, also where they are only partly in it."""
        return replace(
            self,
            markers=tuple(marker for marker in self.markers if start_s <= marker.time_s <= end_s),
            excluded=tuple(span for span in self.excluded if span.start_s < end_s and span.end_s > start_s),
        )

    def excluded_s(self, start_s: float, end_s: float) -> float:
        """How many seconds of a stretch of time are excluded; what several spans exclude counts once."""
        total, reached = 0.0, start_s
        for span in sorted(self.excluded, key=lambda span: span.start_s):
            total += max(0.0, min(span.end_s, end_s) - max(span.start_s, reached))
            reached = max(reached, span.end_s)
        return total


def _check(text: str, *times_s: float) -> None:
    """Refuse what no file could hold.

    Raises:
        ValueError: a time is no finite number, or the text cannot be written.
    """
    text.encode()
    if not all(map(math.isfinite, times_s)):
        raise ValueError("a time is a finite number of seconds")
