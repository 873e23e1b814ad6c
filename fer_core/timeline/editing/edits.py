"""Edits: corrections as values that are written to JSON, read back and applied to timelines."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fer_core.emotions import EMOTIONS
from fer_core.errors import RequestError, TimelineError
from fer_core.plain import as_plain, from_plain
from fer_core.request import AnalysisRequest, percent
from fer_core.timeline.notes import Marker, Notes, Rating, Span, Stimulus

MOST: Final = 1_000_000
"""Largest number of a person."""

SPLIT_NUMBER: Final = f"Somebody who is split off gets a number that nobody has, from 1 to {MOST:,}, not {{}}."
WITH_THEMSELVES: Final = "A person cannot be merged with themselves; choose two."


@dataclass(frozen=True)
class Merge:
    """Two persons are one.

    Attributes:
        person: number that is kept.
        other: number that is replaced by it.
    """

    person: int
    other: int

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"{notes.name(self.other)} is {notes.name(self.person)}"


@dataclass(frozen=True)
class Split:
    """From a time on, a person is another person.

    Attributes:
        person: number before that time.
        at_s: the time in seconds.
        number: from that time on.
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
    """A person is removed from the recording."""

    person: int

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"{notes.name(self.person)} is removed"


@dataclass(frozen=True)
class Name:
    """A person gets a name; an empty name removes it."""

    person: int
    name: str

    def __post_init__(self) -> None:
        self.name.encode()  # refuses text that files cannot hold

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"Person {self.person} is called {self.name}" if self.name else f"Person {self.person} has no name"


@dataclass(frozen=True)
class Mark:
    """All markers are replaced by these."""

    markers: tuple[Marker, ...]

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return "markers changed"


@dataclass(frozen=True)
class Exclude:
    """All excluded spans are replaced by these."""

    spans: tuple[Span, ...]

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return "excluded spans changed"


@dataclass(frozen=True)
class Rest:
    """The span in which a person's face is at rest; None removes it."""

    person: int
    span: Span | None

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return f"resting face of {notes.name(self.person)}"


@dataclass(frozen=True)
class Smooth:
    """Smoothing and threshold change; see `fer_core.request.AnalysisRequest`."""

    smoothing: str
    time_constant_s: float
    uncertain_below: float

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        return (
            f"smoothing: {self.smoothing}, {self.time_constant_s:g} s; uncertain below {percent(self.uncertain_below)}"
        )


@dataclass(frozen=True)
class Accompany:
    """A stimulus that was shown to the people of the recording, or another offset of it; None removes it."""

    stimulus: Stimulus | None

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        if self.stimulus is None:
            return "no stimulus"
        return f"stimulus {self.stimulus.name} from {self.stimulus.offset_s:.2f} s"


@dataclass(frozen=True)
class Rate:
    """A rater labels a span of one person; see `fer_core.timeline.notes.Rating`.

    Attributes:
        person: number.
        start_s: in seconds.
        end_s: in seconds; the span ends before it.
        label: one of `EMOTIONS`; None takes back what this rater said of the person in the span.
        rater: name or initials; may be empty.
        blind: whether the readings of the model were hidden from the rater.
    """

    person: int
    start_s: float
    end_s: float
    label: str | None
    rater: str = ""
    blind: bool = True

    def __post_init__(self) -> None:
        Rating(self.person, self.start_s, self.end_s, self.label or EMOTIONS[0], self.rater)  # refuses what it refuses

    def words(self, notes: Notes) -> str:
        """What was done, for people."""
        span = f"{notes.name(self.person)}, {self.start_s:.2f} to {self.end_s:.2f} s"
        return f"{span}: {'no label' if self.label is None else f'labelled {self.label}'}"


Edit = Merge | Split | Remove | Name | Mark | Exclude | Rest | Smooth | Accompany | Rate
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
    "accompany": Accompany,
    "rate": Rate,
}
"""Classes of edits by their `kind` in JSON."""

_NAMES: Final = {kind: name for name, kind in KINDS.items()}


def edits_to_json(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """A log as plain JSON."""
    return [{"kind": _NAMES[type(edit)], **as_plain(edit)} for edit in edits]


def edits_from_json(plain: Any) -> tuple[Edit, ...]:
    """The log that `edits_to_json` was given.

    Raises:
        TimelineError: one of them is not an edit, or one that no recording allows; the message says which, and what is
            wrong with it.
    """
    if not isinstance(plain, list):
        raise TimelineError("A log of edits is a list in JSON; check the file.")
    return tuple(_edit_from_json(number, each) for number, each in enumerate(plain, 1))


def _edit_from_json(number: int, plain: Any) -> Edit:
    try:
        fields = dict(plain)
        kind = KINDS[fields.pop("kind")]
    except (KeyError, TypeError, ValueError) as error:
        raise TimelineError(
            f'Edit {number} is not understood; its "kind" is one of {", ".join(KINDS)}, with that kind\'s fields.'
        ) from error
    try:
        edit = from_plain(kind, fields)
        _check_alone(edit)
    except (TypeError, ValueError, RequestError) as error:
        raise TimelineError(f"Edit {number} is not understood; correct {_what_is_wrong(error)}") from error
    return edit


def _check_alone(edit: Edit) -> None:
    """Refuse what can be told to be wrong before any recording is read.

    Raises:
        ValueError: somebody would be merged with themselves, or get a number that nobody can have.
        RequestError: there is no such smoothing.
    """
    if isinstance(edit, Merge) and edit.person == edit.other:
        raise ValueError(WITH_THEMSELVES)
    if isinstance(edit, Split) and not 1 <= edit.number <= MOST:
        raise ValueError(SPLIT_NUMBER.format(edit.number))
    if isinstance(edit, Smooth):
        AnalysisRequest(
            smoothing=edit.smoothing, time_constant_s=edit.time_constant_s, uncertain_below=edit.uncertain_below
        )


def _what_is_wrong(error: Exception) -> str:
    """The field and what is wrong with it, as the end of a sentence; pydantic tells the field of its own errors."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return f"it: {str(error).rstrip('.')}."
    first = errors(include_url=False)[0]
    where = f'its "{first["loc"][0]}"' if first["loc"] else "it"
    words = first["msg"].removeprefix("Value error, ")
    return f"{where}: {words[:1].lower()}{words[1:].rstrip('.')}."
