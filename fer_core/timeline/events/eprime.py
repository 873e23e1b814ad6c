"""Events of E-Prime: the text log of a session, and the exported table of E-DataAid.

A session's log (`.txt`, UTF-16) holds a frame of "name: value" lines for each trial, between "*** LogFrame Start ***"
and "*** LogFrame End ***". Objects of the experiment leave `NAME.OnsetTime`, in milliseconds since the program started,
and may leave `NAME.OffsetTime`; an onset of 0 means that the object was not shown. The exported table has the same
names as columns and a row for each trial. Where several levels log an attribute, its columns end in the level's name,
such as `NAME.OnsetTime[Block]`; what a higher level logged once stands in every row below it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from fer_core.errors import TimelineError
from fer_core.timeline.events.event import Event, quoted, seconds_of
from fer_core.timeline.events.tables import Table

SOURCE: Final = "e-prime"
_ONSET: Final = ".onsettime"
_OFFSET: Final = ".offsettime"
_TIMES: Final = (_ONSET, _OFFSET, ".onsetdelay", ".durationerror", ".rttime", ".onsettoonsettime", ".finishtime")
_LEVEL: Final = re.compile(r"\[\w+\]$")
_START, _END = "*** LogFrame Start ***", "*** LogFrame End ***"
_HEADER: Final = "*** Header Start ***"


def is_log(text: str) -> bool:
    """Whether a text is a session's log."""
    return _HEADER in text[:2000] or _START in text[:20000]


def is_table(table: Table) -> bool:
    """Whether a column is the onset of an object."""
    return is_header([name.lower() for name in table.names])


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row (cells, lower case) is the header of an exported table, which may have a file name above it."""
    return any(_split(cell)[0].endswith(_ONSET) for cell in cells)


def events_of_log(text: str) -> list[Event]:
    """An event for each object that was shown in a frame, named after the object.

    Raises:
        TimelineError: a time is no number, or a frame does not end.
    """
    events: list[Event] = []
    frame: dict[str, str] = {}
    opened = 0
    for number, line in enumerate(text.split("\n"), start=1):
        said = line.strip()
        if said == _START:
            if opened:
                raise TimelineError(f"Line {opened} of the log begins a frame that does not end; export the log again.")
            frame, opened = {}, number
        elif said == _END:
            events += _shown(frame, opened)
            opened = 0
        elif opened and ":" in said:
            name, value = said.split(":", 1)
            frame[name.strip()] = value.strip()
    if opened:
        raise TimelineError(
            f"Line {opened} of the log begins a frame that does not end; the session was cut off there."
        )
    return events


def events_of_table(table: Table) -> list[Event]:
    """An event for each object that was shown in a row of an exported table, named after the object.

    One that further rows of the session repeat, because it was shown once for all of them, is one event.

    Raises:
        TimelineError: a time is no number.
    """
    found: dict[tuple[object, ...], Event] = {}
    for row in table.rows:
        session = row.first(["session"])
        for event in _shown(row.cells, row.line):
            key = (event.subject, session, event.text.lower(), event.start_s, event.end_s)
            found.setdefault(key, event)
    return list(found.values())


def _shown(frame: Mapping[str, str], line: int) -> list[Event]:
    by_name = {name.lower(): value for name, value in frame.items()}
    kept = {name: value for name, value in frame.items() if value and not _split(name)[0].lower().endswith(_TIMES)}
    events = []
    for name in frame:
        attribute, level = _split(name)
        if not attribute.lower().endswith(_ONSET):
            continue
        thing = attribute[: -len(_ONSET)]
        start_ms, end_ms = (_milliseconds(by_name, thing, end + level, line) for end in (_ONSET, _OFFSET))
        if not start_ms:
            continue
        end_s = end_ms / 1000 if end_ms and end_ms > start_ms else None
        kinds = (f"procedure{level}", "procedure", f"running{level}", "running")
        kind = next((by_name[each] for each in kinds if by_name.get(each)), "")
        events.append(Event(start_ms / 1000, end_s, thing, kind, by_name.get("subject", ""), SOURCE, kept, line))
    return events


def _split(name: str) -> tuple[str, str]:
    """An attribute and the level behind it in lower case, such as "[block]"; empty where there is none."""
    level = _LEVEL.search(name)
    return (name[: level.start()], level.group().lower()) if level else (name, "")


def _milliseconds(frame: Mapping[str, str], thing: str, end: str, line: int) -> float | None:
    said = frame.get(thing.lower() + end, "")
    if said.lower() in ("", "null", "?"):
        return None
    found = seconds_of(said)
    if found is None:
        raise TimelineError(
            f"Line {line}: {quoted(thing + end)} is no time in milliseconds ({quoted(said)}); correct it."
        )
    return found
