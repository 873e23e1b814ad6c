"""Corrections as values: each can be written to JSON, read back, and applied to a timeline again."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fer_core.errors import TimelineError
from fer_core.plain import as_plain, from_plain
from fer_core.timeline.notes import Marker, Notes, Span


@dataclass(frozen=True)
class Merge:
    """Two numbers are one person, who keeps the first.

    Attributes:
        person: number that stays.
        other: number that goes.
    """

    person: int
    other: int

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"{notes.name(self.other)} is {notes.name(self.person)}"


@dataclass(frozen=True)
class Split:
    """From a moment on, somebody is another person.

    Attributes:
        person: number until then.
        at_s: the moment, in seconds.
        number: from then on.
    """

    person: int
    at_s: float
    number: int

    def __post_init__(self) -> None:
        if not math.isfinite(self.at_s):
            raise ValueError("a moment is a finite number of seconds")

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"{notes.name(self.person)} is somebody else from {self.at_s:.2f} s"


@dataclass(frozen=True)
class Remove:
    """Somebody does not belong here, or did not agree to be read."""

    person: int

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"{notes.name(self.person)} is removed"


@dataclass(frozen=True)
class Name:
    """Somebody is called by a name; an empty one takes the name away."""

    person: int
    name: str

    def __post_init__(self) -> None:
        self.name.encode()  # raises for what no file could hold

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"Person {self.person} is called {self.name}" if self.name else f"Person {self.person} has no name"


@dataclass(frozen=True)
class Mark:
    """The markers, all of them, as they are from now on."""

    markers: tuple[Marker, ...]

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return "markers changed"


@dataclass(frozen=True)
class Exclude:
    """The spans that no statistic counts, all of them, as they are from now on."""

    spans: tuple[Span, ...]

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return "excluded spans changed"


@dataclass(frozen=True)
class Rest:
    """Somebody is compared with their face at rest in a span; None for no longer."""

    person: int
    span: Span | None

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"resting face of {notes.name(self.person)}"


@dataclass(frozen=True)
class Smooth:
    """The raw probabilities are smoothed in another way; see `fer_core.request.AnalysisRequest`."""

    smoothing: str
    time_constant_s: float
    uncertain_below: float

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"smoothing: {self.smoothing}, {self.time_constant_s:g} s; uncertain below {self.uncertain_below:.0%}"


Edit = Merge | Split | Remove | Name | Mark | Exclude | Rest | Smooth
"""One correction."""

KINDS: Final[Mapping[str, type[Edit]]] = {
    "merge": Merge,
    "split": Split,
    "remove": Remove,
    "name": Name,
    "mark": Mark,
    "exclude": Exclude,
    "rest": Rest,
    "smooth": Smooth,
}
"""Edits by the name that JSON gives them as `kind`."""

_NAMES: Final = {kind: name for name, kind in KINDS.items()}


def edits_to_json(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """A log as JSON holds it."""
    return [{"kind": _NAMES[type(edit)], **as_plain(edit)} for edit in edits]


def edits_from_json(plain: Any) -> tuple[Edit, ...]:
    """The log that `edits_to_json` was given.

    Raises:
        TimelineError: one of them is not an edit; the message says which.
    """
    if not isinstance(plain, list):
        raise TimelineError("A log of edits is a list in JSON; check the file.")
    found: list[Edit] = []
    for number, each in enumerate(plain, 1):
        try:
            fields = dict(each)
            found.append(from_plain(KINDS[fields.pop("kind")], fields))
        except (KeyError, TypeError, ValueError) as error:
            raise TimelineError(
                f'Edit {number} is not understood; its "kind" is one of {", ".join(KINDS)}, with that kind\'s fields.'
            ) from error
    return tuple(found)
