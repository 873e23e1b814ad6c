"""Markers and excluded spans as CSV with columns kind, start_s, end_s, text, and back."""

from typing import Final

from fer_core.errors import TimelineError
from fer_core.timeline.events.event import Event
from fer_core.timeline.events.formats import read_events
from fer_core.timeline.events.tables import table_text
from fer_core.timeline.notes import Marker, Notes, Span

EVENTS_NAME: Final = "events.csv"
MARKER: Final = "marker"
EXCLUDED: Final = "excluded"

MOST: Final = 1000
"""Most events that can be shown on a chart."""

_BEYOND_S: Final = 0.001
"""How far outside the recording a time may lie, as event files round times; it moves to the recording's nearer end."""


def events_text(notes: Notes) -> str:
    """CSV with a row for each marker (without an end) and excluded span, in the order of time, in seconds."""
    return table_text(events_of(notes))


def events_of(notes: Notes) -> tuple[Event, ...]:
    """Markers as moments and excluded spans as longer events, with different `kind`."""
    return (
        *(Event(marker.time_s, None, marker.text, MARKER) for marker in notes.markers),
        *(Event(span.start_s, span.end_s, span.reason, EXCLUDED) for span in notes.excluded),
    )


def events_from(
    data: bytes, within_s: tuple[float, float], name: str = EVENTS_NAME
) -> tuple[tuple[Marker, ...], tuple[Span, ...]]:
    """Markers and excluded spans of an event file in any format of `fer_core.timeline.events.formats`.

    Args:
        data: the file; times in seconds from the start of the recording.
        within_s: start and end of the recording, in seconds.
        name: of the file, whose ending tells its format.

    Returns:
        A marker at the start of each event, and a span for each whose `kind` is "excluded".

    Raises:
        TimelineError: the file cannot be read, has too many events, or names a moment outside the recording.
    """
    events = read_events(name, data)
    if len(events) > MOST:
        raise TimelineError(f"The table has {len(events)} events; {MOST} are the most that can be shown.")
    markers, spans = [], []
    for event in events:
        start_s = _inside(event, event.start_s, within_s)
        if event.kind.lower() != EXCLUDED:
            markers.append(Marker(start_s, event.text or "Event"))
            continue
        if event.end_s is None:
            raise TimelineError(f"Line {event.line} of the events has no end in seconds; name the column end_s.")
        spans.append(Span(start_s, _inside(event, event.end_s, within_s), event.text))
    return tuple(markers), tuple(spans)


def _inside(event: Event, time_s: float, within_s: tuple[float, float]) -> float:
    if not within_s[0] - _BEYOND_S <= time_s <= within_s[1] + _BEYOND_S:
        raise TimelineError(
            f"Line {event.line} of the events is at {time_s:g} s, outside the recording ({within_s[0]:g} to "
            f"{within_s[1]:.2f} s); give seconds from its start."
        )
    return min(max(time_s, within_s[0]), within_s[1])
