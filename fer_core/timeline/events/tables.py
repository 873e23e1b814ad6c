"""Events as a table with a header: this program's CSV, BIDS `events.tsv`, and similar spreadsheets.

BIDS: Gorgolewski et al. (2016), https://bids-specification.readthedocs.io, "Events": `onset` and `duration` in seconds,
"n/a" where a value is missing.
"""

import contextlib
import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fer_core.cells import cell_text, csv_of_rows
from fer_core.errors import TimelineError
from fer_core.timeline.events.event import MAX_EVENTS, Event, quoted, seconds_of

COLUMNS: Final = ("kind", "start_s", "end_s", "text")
"""Columns that `table_text` always writes, before subject and kept columns."""

BIDS_COLUMNS: Final = ("onset", "duration", "trial_type")

STARTS: Final = ("start_s", "time_s", "time", "start", "onset", "start (s)")
ENDS: Final = ("end_s", "end", "stop", "stop (s)")
DURATIONS: Final = ("duration_s", "duration", "duration (s)")
TEXTS: Final = ("text", "event", "reason", "label", "trial_type", "behavior", "name")
KINDS: Final = ("kind", "tier", "category")
SUBJECTS: Final = ("subject", "participant")

_MISSING: Final = ("", "n/a")
_NO_TIME: Final = ("na", "nan", "none")
MAX_ROWS: Final = 3 * MAX_EVENTS
"""Most rows of a table; where a state has a row for its start and one for its end, an event has two."""

MAX_COLUMNS: Final = 2_000

_HEADER_WITHIN: Final = 60
"""Most lines above the header."""

_DECIMALS: Final = 6


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        line: of the file, from 1.
        cells: text by column name as written in the header.
    """

    line: int
    cells: Mapping[str, str]

    def first(self, names: Iterable[str]) -> str:
        """The first value of the named columns (lower case) that is not empty; else ""."""
        said = {name.lower(): value for name, value in self.cells.items()}
        return next((said[name] for name in names if said.get(name, "").lower() not in _MISSING), "")


@dataclass(frozen=True)
class Table:
    """A header and its rows."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]

    def has(self, names: Iterable[str]) -> bool:
        """Whether the table has one of the columns (lower case)."""
        return bool({name.lower() for name in self.names} & set(names))


def read_table(text: str, is_header: Callable[[Sequence[str]], bool]) -> Table:
    """Rows of delimited text, separated by commas, semicolons or tabs; empty rows are left out.

    Args:
        text: of the file, with newlines as line ends.
        is_header: whether a row (cells, lower case) is the header; the first row is where no row says so.

    Raises:
        TimelineError: it is no table.
    """
    delimiter, place = _layout(text, is_header)
    rows = _lines(text, delimiter)
    if place >= len(rows):
        return Table((), ())
    names = [name.strip() for name in rows[place][1]]
    while names and not names[-1]:
        names.pop()
    if len({name.lower() for name in names}) < len(names):
        double = next(name for name in names if [each.lower() for each in names].count(name.lower()) > 1)
        raise TimelineError(f"Line {rows[place][0]} of the events names the column {quoted(double)} twice; rename one.")
    kept = []
    for line, cells in rows[place + 1 :]:
        values = [cell_text(cell.strip()) for cell in cells]
        if any(values):
            kept.append(Row(line, dict(zip(names, [*values, *[""] * len(names)], strict=False))))
    return Table(tuple(names), tuple(kept))


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row names a column of times."""
    return bool(set(cells) & set(STARTS))


def events_of_table(table: Table) -> list[Event]:
    """Events of a table with a column for the start and one for the text.

    Raises:
        TimelineError: a time is missing or no number, or there is no column for the text.
    """
    own = set(COLUMNS) <= {name.lower() for name in table.names}  # of `table_text`, whose kept columns have any names
    known = {*COLUMNS, "subject"} if own else {*STARTS, *ENDS, *DURATIONS, *TEXTS, *KINDS, *SUBJECTS}
    others = [name for name in table.names if name.lower() not in known]
    if table.rows and others and not table.has(TEXTS) and table.has(STARTS):
        raise TimelineError(
            f"None of the columns ({quoted(', '.join(table.names), 200)}) is known to say what happened; name that one "
            '"text".'
        )
    return [_event(row, others) for row in table.rows]


def time_in(row: Row, names: Sequence[str]) -> float:
    """Seconds of the first of the columns that is not empty.

    Raises:
        TimelineError: all are empty, or it is no time.
    """
    said = row.first(names)
    found = seconds_of(said)
    if found is None:
        raise TimelineError(
            f"Line {row.line} of the events has no time in seconds ({quoted(said)}); name the column {names[0]}."
        )
    return found


def table_text(events: Sequence[Event], delimiter: str = ",") -> str:
    """Events as CSV for `events_of_table`: `COLUMNS`, then subject and kept columns where there are any.

    A text that spreadsheets take for a formula gets an apostrophe before it, which reading removes.
    """
    subject = ("subject",) if any(event.subject for event in events) else ()
    reserved = {*COLUMNS, "subject"}
    kept = list(dict.fromkeys(name for event in events for name in event.columns if name.lower() not in reserved))
    rows = [
        (
            event.kind,
            round(event.start_s, _DECIMALS),
            "" if event.end_s is None else round(event.end_s, _DECIMALS),
            event.text,
            *([event.subject] if subject else []),
            *(event.columns.get(name, "") for name in kept),
        )
        for event in sorted(events, key=lambda event: event.start_s)
    ]
    return csv_of_rows((*COLUMNS, *subject, *kept), rows, delimiter)


def bids_text(events: Sequence[Event]) -> str:
    """Events as BIDS `events.tsv`: onset and duration in seconds (0 for a moment), trial_type, and the rest."""
    more = {
        "kind": [event.kind for event in events],
        "subject": [event.subject for event in events],
    }
    kept = list(dict.fromkeys(name for event in events for name in event.columns))
    reserved = {*BIDS_COLUMNS, "kind", "subject"}
    columns = {name: values for name, values in more.items() if any(values)} | {
        name: [event.columns.get(name, "") for event in events] for name in kept if name.lower() not in reserved
    }
    order = sorted(range(len(events)), key=lambda place: events[place].start_s)
    rows = [
        (
            round(events[place].start_s, _DECIMALS),
            round(events[place].duration_s, _DECIMALS),
            events[place].text or "n/a",
            *(values[place] or "n/a" for values in columns.values()),
        )
        for place in order
    ]
    return csv_of_rows((*BIDS_COLUMNS, *columns), rows, "\t")


def _event(row: Row, others: Sequence[str]) -> Event:
    said = Row(row.line, {name: cell for name, cell in row.cells.items() if name not in others})
    start_s = time_in(said, STARTS)
    end_s = None
    if said.first(ENDS).lower() not in ("", *_NO_TIME):
        end_s = time_in(said, ENDS)
        if end_s < start_s:
            raise TimelineError(
                f"Line {row.line} of the events ends at {end_s:g} s, before it starts at {start_s:g} s; correct one of "
                "the two."
            )
        end_s = None if end_s == start_s else end_s
    elif said.first(DURATIONS).lower() not in ("", *_NO_TIME):
        duration_s = time_in(said, DURATIONS)
        if duration_s < 0:
            raise TimelineError(f"Line {row.line} of the events lasts {duration_s:g} s; a duration cannot be negative.")
        end_s = round(start_s + duration_s, 9) if duration_s else None
    return Event(
        start_s=start_s,
        end_s=end_s,
        text=said.first(TEXTS),
        kind=said.first(KINDS),
        subject=said.first(SUBJECTS),
        source="table",
        columns={name: row.first([name.lower()]) for name in others if row.first([name.lower()])},
        line=row.line,
    )


def _layout(text: str, is_header: Callable[[Sequence[str]], bool]) -> tuple[str, int]:
    """The separator, and the index of the header."""
    head = "\n".join(text.split("\n", _HEADER_WITHIN)[:_HEADER_WITHIN])
    found = [layout for delimiter in ",;\t" if (layout := _header_in(head, delimiter, is_header))]
    if found:
        _, delimiter, place = max(found, key=lambda layout: layout[0])
        return delimiter, place
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count), 0


def _header_in(head: str, delimiter: str, is_header: Callable[[Sequence[str]], bool]) -> tuple[int, str, int] | None:
    """Number of columns, separator and index of the header, if this is the separator."""
    with contextlib.suppress(csv.Error):  # wrong separators make cells of many lines; `_lines` tells what is wrong
        for place, cells in enumerate(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)):
            if is_header([cell.strip().lower() for cell in cells]):
                return len(cells), delimiter, place
    return None


def _lines(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Every row with the line in which it starts."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if len(rows) == MAX_ROWS or len(cells) > MAX_COLUMNS:
                raise TimelineError(
                    f"Line {line} of the events is beyond {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns, the most that "
                    "are read; split the table."
                )
            rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise TimelineError(f"Line {line} of the events cannot be read ({error}); save the table as CSV.") from error
    return rows
