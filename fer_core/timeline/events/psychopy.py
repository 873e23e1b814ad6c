"""Events of PsychoPy: the log file, and the table of trials.

Peirce et al. (2019), PsychoPy2: experiments in behavior made easy. Behavior Research Methods 51, 195-203. A line of the
log is time in seconds, level and message, separated by tabs. The table of trials has a row for each trial, and columns
`NAME.started` and `NAME.stopped` in seconds for each component.
"""

import re
from collections.abc import Sequence
from typing import Final

from fer_core.errors import TimelineError
from fer_core.timeline.events.event import Event, quoted, seconds_of
from fer_core.timeline.events.tables import Row, Table

SOURCE: Final = "psychopy"
COMPONENT: Final = "component"
"""Kind of the events of components, which last while a component is shown."""

LEVELS: Final = ("DATA", "EXP")
"""Levels of the log about the experiment; other levels are about the program."""

_STARTED: Final = ".started"
_STOPPED: Final = ".stopped"
_LINE: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*\t\s*([A-Z]+)\s*\t(.*)")
_DRAWN: Final = re.compile(r"(.{1,200}?): autoDraw = (True|False)\s*")


def is_table(table: Table) -> bool:
    """Whether a column is the start of a component."""
    return any(name.endswith(_STARTED) for name in table.names)


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row (cells, lower case) is the header of a table of trials."""
    return any(cell.endswith(_STARTED) for cell in cells)


def is_log(text: str) -> bool:
    """Whether the first line that is not empty is a line of a log."""
    first = next((line for line in text.split("\n", 50) if line.strip()), "")
    return _LINE.fullmatch(first) is not None


def events_of_table(table: Table) -> list[Event]:
    """An event for each component of each trial, named after the component; other columns of the trial are kept.

    Raises:
        TimelineError: a component stops before it starts, or a time is no number.
    """
    components = [name.removesuffix(_STARTED) for name in table.names if name.endswith(_STARTED)]
    timed = {name + end for name in components for end in (_STARTED, _STOPPED)}
    events = []
    for row in table.rows:
        kept = {name: value for name, value in row.cells.items() if name not in timed and value}
        for component in components:
            start_s = _time(row, component + _STARTED)
            if start_s is None:
                continue
            end_s = _time(row, component + _STOPPED)
            if end_s is not None and end_s < start_s:
                raise TimelineError(
                    f"Line {row.line} of the events: {quoted(component)} stops at {end_s:g} s, before it starts; "
                    "correct it."
                )
            events.append(Event(start_s, end_s, component, COMPONENT, "", SOURCE, kept, row.line))
    return events


def events_of_log(text: str) -> list[Event]:
    """Events of a log: components while they are drawn, and messages of `LEVELS`.

    Raises:
        TimelineError: the first line is no line of a log.
    """
    events: list[Event] = []
    shown: dict[str, Event] = {}
    for line, time_s, level, message in _entries(text):
        if drawn := _DRAWN.fullmatch(message):
            name, on = drawn[1], drawn[2] == "True"
            begun = shown.pop(name, None)
            if on:
                shown[name] = begun or Event(time_s, None, name, COMPONENT, "", SOURCE, {}, line)
            elif begun is not None:
                if time_s < begun.start_s:
                    raise TimelineError(f"Line {line} of the log goes back in time; choose a log of one session.")
                events.append(Event(begun.start_s, time_s, name, COMPONENT, "", SOURCE, {}, begun.line))
        elif level in LEVELS:
            events.append(Event(time_s, None, message.strip(), level, "", SOURCE, {}, line))
    return [*events, *shown.values()]


def _entries(text: str) -> list[tuple[int, float, str, str]]:
    """Number of the line, seconds, level and message; continued lines are joined to their message."""
    entries: list[tuple[int, float, str, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _LINE.fullmatch(line):
            entries.append((number, float(match[1]), match[2], match[3].strip()))
        elif line.strip():
            if not entries:
                raise TimelineError(f"Line {number} of the log has no time, level and message; choose PsychoPy's .log.")
            first, time_s, level, message = entries[-1]
            entries[-1] = (first, time_s, level, f"{message}\n{line.strip()}")
    return entries


def _time(row: Row, column: str) -> float | None:
    said = row.first([column.lower()])
    if said.lower() in ("", "none", "nan"):
        return None
    found = seconds_of(said)
    if found is None:
        raise TimelineError(
            f"Line {row.line} of the events has no time in seconds in {quoted(column)} ({quoted(said)})."
        )
    return found
