"""Events, and the limits, decoding and parsing of times that all readers of event files share."""

import codecs
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fer_core.errors import TimelineError

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_EVENTS: Final = 20_000
MAX_CELL: Final = 20_000
"""Most characters of a text."""

REPLACED: Final = "\N{REPLACEMENT CHARACTER}"

MAX_S: Final = 1e10
"""Largest time in seconds; some programs count from 1970."""

_CLOCK: Final = re.compile(r"-?(?:(\d{1,7}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{1,9})?)")
_NUMBER: Final = re.compile(r"[-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d{1,3})?")


@dataclass(frozen=True)
class Event:
    """An event at a moment or over a span.

    Attributes:
        start_s: seconds on the clock of the file, or of the recording once corrected; see `clock.Clock`.
        end_s: seconds; None where the event is a moment.
        text: such as a trial type, a behaviour or a subtitle. Plain text, never markup.
        kind: group of the event, such as a tier, a behavioural category or "marker"; may be empty.
        subject: name of the person in the file; may be empty.
        source: format of the file, such as "elan"; empty for events of this program.
        columns: all other values of the event in the file, by column name.
        line: line of the file, from 1; 0 for none. It does not count when events are compared.
    """

    start_s: float
    end_s: float | None
    text: str
    kind: str = ""
    subject: str = ""
    source: str = ""
    columns: Mapping[str, str] = field(default_factory=dict, hash=False)
    line: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if not math.isfinite(self.start_s):
            raise ValueError(f"an event cannot start at {self.start_s}")
        if self.end_s is not None and not (math.isfinite(self.end_s) and self.end_s >= self.start_s):
            raise ValueError(f"an event cannot end ({self.end_s}) before it starts ({self.start_s})")

    @property
    def duration_s(self) -> float:
        """Duration in seconds; 0 for a moment."""
        return 0.0 if self.end_s is None else self.end_s - self.start_s


def decoded(data: bytes) -> str:
    """Text of an event file: UTF-8 with or without a mark, or UTF-16 with one, as E-Prime and spreadsheets write it.

    Raises:
        TimelineError: too large, or no text.
    """
    if len(data) > MAX_BYTES:
        raise TimelineError(f"The events have {len(data) / 2**20:.1f} MB; {MAX_BYTES // 2**20} MB are the most.")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise TimelineError("The events are not text in UTF-8; save the table as CSV (UTF-8).") from error
    if "\0" in text:
        raise TimelineError("The events are not text; save them as CSV, or as the format's own text file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def seconds_of(text: str) -> float | None:
    """Seconds of a number ("1.5", "1,5") or a clock time ("00:01:02.5"); None for any other text."""
    said = text.strip()
    if _NUMBER.fullmatch(said):
        found = float(said.replace(",", "."))
        return found if abs(found) <= MAX_S else None
    if match := _CLOCK.fullmatch(said):
        hours, minutes, seconds = match.groups()
        total = int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
        return -total if said.startswith("-") else total
    return None


def quoted(text: str, most: int = 40) -> str:
    """The beginning of a text on one line in quotation marks, for messages; what cannot be printed is replaced."""
    said = " ".join(text[: 4 * most].split())[:most]
    return f'"{"".join(each if each.isprintable() else REPLACED for each in said)}"'


def checked(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events in the order of time.

    Raises:
        TimelineError: none, too many, or a text that is too long.
    """
    found = []
    for event in events:
        found.append(event)
        if len(found) > MAX_EVENTS:
            raise TimelineError(f"The file has more than {MAX_EVENTS} events, the most that are read; split it.")
        if len(event.text) > MAX_CELL:
            raise TimelineError(f"The text in line {event.line} is longer than {MAX_CELL} characters; shorten it.")
    if not found:
        raise TimelineError("The file names no event; a table needs a header, and a row an event.")
    return tuple(sorted(found, key=lambda event: event.start_s))


def with_text_of(events: Sequence[Event], column: str) -> tuple[Event, ...]:
    """The events with a value of `columns` as text, such as the condition of a trial.

    Raises:
        TimelineError: no event has that column.
    """
    known = sorted({name for event in events for name in event.columns})
    if column not in known:
        raise TimelineError(
            f"The events have no column {quoted(column)}; choose one of: {quoted(', '.join(known) or 'none', 200)}."
        )
    return tuple(replace(event, text=event.columns.get(column, "") or event.text) for event in events)


def of_observation(events: Sequence[Event], observation: str | None, column: str) -> tuple[Event, ...]:
    """The events of one observation; a file can hold several, each on its own clock.

    Args:
        events: of the file.
        observation: name of the observation; None where the file has only one.
        column: key of `Event.columns` that names the observation.

    Raises:
        TimelineError: there are several and none is named, or there is none of that name.
    """
    known = sorted({event.columns.get(column, "") for event in events})
    if observation is None and len(known) > 1:
        names = ", ".join(quoted(name) for name in known[:10])
        raise TimelineError(
            f"The file holds {len(known)} observations, each with its own clock; choose one of: {names}."
        )
    if observation is not None and observation not in known:
        names = ", ".join(quoted(name) for name in known[:10]) or "none"
        raise TimelineError(f"The file holds no observation {quoted(observation)}; choose one of: {names}.")
    return tuple(event for event in events if observation is None or event.columns.get(column, "") == observation)
