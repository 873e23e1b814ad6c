"""Markers and excluded stretches as CSV, there and back: kind, start_s, end_s, text."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

from fer_core.errors import TimelineError
from fer_core.timeline.notes import Marker, Notes, Span

EVENTS_NAME: Final = "events.csv"
COLUMNS: Final = ("kind", "start_s", "end_s", "text")
MARKER: Final = "marker"
EXCLUDED: Final = "excluded"

MOST: Final = 1000
_STARTS: Final = ("start_s", "time_s", "time", "start", "onset")
_ENDS: Final = ("end_s", "end")
_TEXTS: Final = ("text", "event", "reason", "label", "trial_type")


def events_text(notes: Notes) -> str:
    """One row a marker (its end is empty) or excluded stretch, in the order of time, in seconds."""
    rows = [
        *((MARKER, marker.time_s, "", marker.text) for marker in notes.markers),
        *((EXCLUDED, span.start_s, round(span.end_s, 6), span.reason) for span in notes.excluded),
    ]
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((kind, round(start_s, 6), *rest) for kind, start_s, *rest in sorted(rows, key=lambda row: row[1]))
    return target.getvalue()


def events_from(data: bytes, within_s: tuple[float, float]) -> tuple[tuple[Marker, ...], tuple[Span, ...]]:
    """Markers and excluded stretches of a table, such as `events_text` writes or a stimulus program.

    Args:
        data: CSV in UTF-8 with a header, separated by commas, semicolons or tabs. Needed is `start_s` (or time_s, time,
            start, onset) in seconds; there can be `text` (or event, reason, label, trial_type), `kind` and `end_s`.
        within_s: start and end of the recording, in seconds.

    Raises:
        TimelineError: it is no such table, or names a moment outside the recording.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TimelineError("The events are not text in UTF-8; save the table as CSV (UTF-8).") from error
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise TimelineError(f"The events are not a table that can be read ({error}); save it as CSV.") from error
    if len(rows) > MOST:
        raise TimelineError(f"The table has {len(rows)} events; {MOST} are the most that can be shown.")
    markers, spans = [], []
    for number, raw in enumerate(rows, start=2):
        row = {str(name).strip().lower(): value.strip() for name, value in raw.items() if isinstance(value, str)}
        if not any(row.values()):
            continue
        start_s = _seconds(row, _STARTS, number, within_s, delimiter)
        words = _first(row, _TEXTS)
        if row.get("kind", MARKER).lower() == EXCLUDED:
            end_s = _seconds(row, _ENDS, number, within_s, delimiter)
            spans.append(Span(min(start_s, end_s), max(start_s, end_s), words))
        else:
            markers.append(Marker(start_s, words or "Event"))
    if not markers and not spans:
        raise TimelineError("The table names no event; it needs a header, and a row an event.")
    return tuple(markers), tuple(spans)


def _seconds(
    row: Mapping[str, str], names: Iterable[str], number: int, within_s: tuple[float, float], delimiter: str
) -> float:
    said = _first(row, names)
    try:
        found = float(said if delimiter == "," else said.replace(",", "."))
    except ValueError as error:
        raise TimelineError(
            f'Line {number} of the events has no time in seconds ("{said[:40]}"); name the column {next(iter(names))}.'
        ) from error
    if not within_s[0] <= found <= within_s[1]:
        raise TimelineError(
            f"Line {number} of the events is at {found:g} s, outside the recording ({within_s[0]:g} to "
            f"{within_s[1]:.2f} s); give seconds from its start."
        )
    return found


def _first(row: Mapping[str, str], names: Iterable[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")
