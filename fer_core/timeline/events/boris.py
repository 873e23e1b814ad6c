"""Events of BORIS: project files and its two tables of events.

Friard and Gamba (2016), BORIS: a free, versatile open-source event-logging software for video/audio coding and live
observations. Methods in Ecology and Evolution 7, 1325-1330.

A project is JSON. `behaviors_conf` tells for each code whether it is a state or a point event. The `events` of an
observation are [time, subject, code, modifiers, comment, ...]; a state has two, its start and its stop. The table
"tabular events" has a row for each of these, "aggregated events" one for each behaviour with start and stop. Times are
times of the observation, so an observation with a time offset needs a clock (see `clock`).
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

from fer_core.cells import csv_of_rows
from fer_core.errors import TimelineError
from fer_core.timeline.events.event import Event, decoded, of_observation, quoted, seconds_of
from fer_core.timeline.events.tables import Row, Table, time_in
from fer_core.timeline.table import Recording

SOURCE: Final = "boris"
OBSERVATION: Final = "Observation id"
"""Column of `Event.columns` that names the observation."""

_TABLE_COLUMNS: Final = (
    OBSERVATION,
    "Subject",
    "Behavior",
    "Behavioral category",
    "Behavior type",
    "Start (s)",
    "Stop (s)",
    "Duration (s)",
    "Comment start",
)
_TIMES: Final = ("time", "start (s)", "stop (s)", "duration (s)")
_TYPES: Final = ("behavior type", "status")
_SPOKEN: Final = ("behavior", "behavioral category", "subject", *_TIMES, *_TYPES)
_POINT, _START, _STOP = "POINT", "START", "STOP"
_KEYS: Final = "abcdefghijklmnopqrstuvwxyz"
_PLAYERS: Final = tuple("12345678")
"""BORIS plays up to eight files side by side and expects every player to be named, also without a file."""

_EMPTY_PROJECT: Final[Mapping[str, Any]] = {
    "time_format": "s",
    "project_date": "2000-01-01 00:00:00",
    "project_name": "",
    "project_description": "Written by Face Value.",
    "project_format_version": "7.0",
    "subjects_conf": {},
    "behaviors_conf": {},
    "behavioral_categories": [],
    "independent_variables": {},
    "coding_map": {},
    "behaviors_coding_map": [],
    "converters": {},
    "observations": {},
}
"""All keys of a project in the order in which they are written."""


@dataclass(frozen=True)
class _Mark:
    """A point event, or one end of a state."""

    time_s: float
    event: Event
    kind: str


@dataclass(frozen=True)
class _Behaviour:
    """What the ethogram of a project says of a code."""

    is_state: bool
    category: str


def is_table(table: Table) -> bool:
    """Whether these are the columns of a BORIS export."""
    return table.has(["behavior"]) and table.has(["time", "start (s)"])


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row (cells, lower case) is the header of a BORIS export; older ones begin with a description."""
    return "behavior" in cells and bool({"time", "start (s)"} & set(cells))


def events_of_table(table: Table, observation: str | None = None) -> list[Event]:
    """Events of a tabular or aggregated export.

    Raises:
        TimelineError: a time is missing, a state never stops, or several observations and none chosen.
    """
    if table.has(["start (s)"]):
        events = [_aggregated(row) for row in table.rows]
        return list(of_observation(events, observation, OBSERVATION))
    return _events_of([_mark(row) for row in table.rows], observation)


def read_project(data: bytes, observation: str | None = None) -> list[Event]:
    """Events of one observation of a project file (`.boris`, JSON).

    Raises:
        TimelineError: it is no such file, a state never stops, or several observations and none chosen.
    """
    project = _json(data)
    observations = _mapping(project, "observations")
    behaviours = {
        str(entry.get("code")): _Behaviour(
            is_state=str(entry.get("type", "")).lower().startswith("state"), category=str(entry.get("category") or "")
        )
        for entry in _mapping(project, "behaviors_conf").values()
        if isinstance(entry, dict)
    }
    names = [name for name, content in observations.items() if isinstance(content, dict) and content.get("events")]
    if not names:
        raise TimelineError("The BORIS project has no observation with events; code some, and save it again.")
    marks = []
    for name in [observation] if observation in names else names:
        for number, row in enumerate(observations[name]["events"], start=1):
            marks.append(_coded(row, name, number, behaviours))
    return _events_of(marks, observation)


def project_text(events: Sequence[Event], observation: str, media: str = "", recording: Recording | None = None) -> str:
    """A BORIS project with the events in one observation. The text is the code, the kind its category.

    It is ASCII, because BORIS reads projects in the encoding of its computer.

    Args:
        events: of one recording.
        observation: name of the observation.
        media: file name of the recording.
        recording: whose length, frame rate and sound are written; None where they are not known.

    Raises:
        TimelineError: two events of one text and subject overlap, or a text is used for moments and for longer events.
    """
    codes = _codes(events)
    _refuse_overlap(events)
    subjects = sorted({event.subject for event in events if event.subject})
    project = {
        **_EMPTY_PROJECT,
        "project_name": observation,
        "subjects_conf": {
            str(place): {"key": "", "name": name, "description": ""} for place, name in enumerate(subjects)
        },
        "behaviors_conf": _ethogram(codes),
        "behavioral_categories": sorted({event.kind for event in codes.values() if event.kind}),
        "observations": {observation: _observation(events, media, recording)},
    }
    return json.dumps(project, ensure_ascii=True, indent=1) + "\n"


def table_text(events: Sequence[Event], observation: str) -> str:
    """The events as BORIS writes aggregated events: tab-separated, one row each, a moment with equal start and stop."""
    rows = [
        (
            observation,
            event.subject or "No focal subject",
            _code(event),
            event.kind,
            _POINT if event.end_s is None else "STATE",
            f"{event.start_s:.3f}",
            f"{event.start_s + event.duration_s:.3f}",
            "NA" if event.end_s is None else f"{event.duration_s:.3f}",
            _comment(event),
        )
        for event in sorted(events, key=lambda event: event.start_s)
    ]
    return csv_of_rows(_TABLE_COLUMNS, rows, "\t")


def _codes(events: Iterable[Event]) -> Mapping[str, Event]:
    """The first event of each code, in the order of the events.

    Raises:
        TimelineError: a code is a moment at one place and lasts at another.
    """
    codes: dict[str, Event] = {}
    for event in events:
        first = codes.setdefault(_code(event), event)
        if (first.end_s is None) != (event.end_s is None):
            raise TimelineError(
                f"{quoted(_code(event))} is a moment at one place and lasts at another, which BORIS cannot "
                "hold; rename one."
            )
    return codes


def _ethogram(codes: Mapping[str, Event]) -> Mapping[str, Mapping[str, Any]]:
    """The behaviours of a project by their place: of each code, from an event whose kind is its category."""
    return {
        str(place): {
            "type": "Point event" if event.end_s is None else "State event",
            "key": _KEYS[place % len(_KEYS)],
            "code": code,
            "description": "",
            "color": "",
            "category": event.kind,
            "modifiers": {},
            "excluded": "",
            "coding map": "",
        }
        for place, (code, event) in enumerate(codes.items())
    }


def _observation(events: Sequence[Event], media: str, recording: Recording | None) -> Mapping[str, Any]:
    """An observation of one recording; see `project_text`."""
    return {
        "file": {player: [media] if media and player == _PLAYERS[0] else [] for player in _PLAYERS},
        "media_info": _media_info(media, recording),
        "type": "MEDIA",
        "date": "2000-01-01T00:00:00",
        "description": "",
        "time offset": 0.0,
        "events": [[time_s, event.subject, _code(event), "", _comment(event)] for time_s, event in _ends(events)],
        "observation time interval": [0, 0],
        "independent_variables": {},
    }


def _media_info(media: str, recording: Recording | None) -> Mapping[str, Mapping[str, float | bool]]:
    """What BORIS otherwise finds out with FFmpeg when it opens a project: by file, and the offset (s) by player."""
    known: dict[str, float | bool] = {}
    if media and recording is not None:
        known = {
            "length": recording.duration_s,
            "fps": recording.frame_rate,
            "hasVideo": True,
            "hasAudio": recording.has_audio,
        }
    names = ("length", "fps", "hasVideo", "hasAudio")
    info = {name: {media: known[name]} if name in known else {} for name in names}
    return {**info, "offset": dict.fromkeys(_PLAYERS, 0.0)}


def _aggregated(row: Row) -> Event:
    start_s, stop_s = time_in(row, ["start (s)"]), time_in(row, ["stop (s)"])
    moment = row.first(_TYPES).upper() == _POINT
    if stop_s < start_s:
        raise TimelineError(f"Line {row.line} of the events stops before it starts; correct the table.")
    return _of_row(row, start_s, None if moment else stop_s)


def _mark(row: Row) -> _Mark:
    time_s, said = time_in(row, ["time"]), row.first(_TYPES).upper()
    if said not in (_POINT, _START, _STOP):
        raise TimelineError(
            f"Line {row.line} of the events is neither POINT, START nor STOP but {quoted(said)}; export the "
            "table again."
        )
    return _Mark(time_s, _of_row(row, time_s, None), said)


def _of_row(row: Row, start_s: float, end_s: float | None) -> Event:
    subject = row.first(["subject"])
    kept = {name: value for name, value in row.cells.items() if name.lower() not in _SPOKEN and value}
    return Event(
        start_s=start_s,
        end_s=end_s,
        text=row.first(["behavior"]),
        kind=row.first(["behavioral category"]),
        subject="" if subject == "No focal subject" else subject,
        source=SOURCE,
        columns=kept,
        line=row.line,
    )


def _coded(row: Any, observation: str, number: int, behaviours: Mapping[str, _Behaviour]) -> _Mark:
    where = f"Event {number} of the observation {quoted(observation)}"
    if not isinstance(row, list) or len(row) < 3:
        raise TimelineError(f"{where} is not a list of time, subject and behaviour; save the project again in BORIS.")
    time_s = seconds_of(str(row[0]))
    if time_s is None:
        raise TimelineError(f"{where} has no time in seconds; observations of pictures have none and cannot be read.")
    code = str(row[2])
    if code not in behaviours:
        raise TimelineError(f"{where} is {quoted(code)}, which the ethogram does not know; add it there in BORIS.")
    kept = {OBSERVATION: observation}
    for place, name in ((3, "Modifiers"), (4, "Comment")):
        if len(row) > place and row[place]:
            kept[name] = str(row[place])
    event = Event(time_s, None, code, behaviours[code].category, str(row[1] or ""), SOURCE, kept)
    return _Mark(time_s, event, _START if behaviours[code].is_state else _POINT)


def _events_of(marks: Sequence[_Mark], observation: str | None) -> list[Event]:
    """Events of the marks of one observation, which needs no name where there is no other."""
    chosen = {id(event) for event in of_observation([mark.event for mark in marks], observation, OBSERVATION)}
    return _paired(mark for mark in marks if id(mark.event) in chosen)


def _paired(marks: Iterable[_Mark]) -> list[Event]:
    """Events of marks. The marks of a state alternate between start and stop for each subject, behaviour, modifiers."""
    events: list[Event] = []
    open_states: dict[tuple[str, str, tuple[tuple[str, str], ...]], _Mark] = {}
    for mark in sorted(marks, key=lambda mark: mark.time_s):
        if mark.kind == _POINT:
            events.append(mark.event)
            continue
        key = (mark.event.subject, mark.event.text, _modifiers(mark.event))
        begun = open_states.pop(key, None)
        if begun is None:
            if mark.kind == _STOP:
                _unpaired(mark, "stops without having started")
            open_states[key] = mark
        elif mark.kind == _START and begun.event.line:
            _unpaired(begun, "starts twice without a stop")
        else:
            events.append(replace(begun.event, end_s=mark.time_s))
    for mark in open_states.values():
        _unpaired(mark, "never stops")
    return events


def _modifiers(event: Event) -> tuple[tuple[str, str], ...]:
    """The modifiers of a mark: one column in a project, a column each ("Modifier #1") in a table."""
    return tuple(sorted(item for item in event.columns.items() if item[0].lower().startswith("modifier")))


def _unpaired(mark: _Mark, problem: str) -> NoReturn:
    where = f"Line {mark.event.line}: " if mark.event.line else ""
    raise TimelineError(
        f"{where}the behaviour {quoted(mark.event.text)} at {mark.time_s:g} s {problem}; correct it in BORIS "
        "(Observations, Check state events)."
    )


def _json(data: bytes) -> Mapping[str, Any]:
    def refuse(name: str) -> NoReturn:
        raise ValueError(f"{name} is no number")

    try:
        project = json.loads(decoded(data), parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise TimelineError(
            f"Line {error.lineno} of the BORIS project is not JSON ({error.msg}); save it again in BORIS."
        ) from error
    except (ValueError, RecursionError) as error:
        raise TimelineError("The BORIS project is not JSON that can be read; save it again in BORIS.") from error
    if not isinstance(project, dict):
        raise TimelineError("The file is no BORIS project: line 1 should begin an object with observations.")
    return project


def _mapping(project: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = project.get(name)
    if not isinstance(found, dict):
        raise TimelineError(f'The file is no BORIS project: "{name}" is missing; save it again in BORIS.')
    return found


def _code(event: Event) -> str:
    return " ".join(event.text.split()) or "event"


def _comment(event: Event) -> str:
    return event.columns.get("Comment", "") or event.columns.get("Comment start", "")


def _ends(events: Sequence[Event]) -> list[tuple[float, Event]]:
    """All moments, starts and stops in the order of time; at the same time, stops come first."""
    marks = []
    for event in events:
        start_s, end_s = _span(event)
        marks.append((start_s, 1, event))
        if event.end_s is not None:
            marks.append((end_s, 0, event))
    return [(time_s, event) for time_s, _, event in sorted(marks, key=lambda mark: mark[:2])]


def _refuse_overlap(events: Sequence[Event]) -> None:
    last: dict[tuple[str, str], float] = {}
    for event in sorted(events, key=lambda event: event.start_s):
        if event.end_s is None:
            continue
        key = (event.subject, _code(event))
        start_s, end_s = _span(event)
        if start_s < last.get(key, -math.inf):
            raise TimelineError(
                f"Two events {quoted(_code(event))} of one subject overlap at {start_s:g} s, which BORIS cannot hold; "
                "rename one."
            )
        last[key] = end_s


def _span(event: Event) -> tuple[float, float]:
    """Start and end in whole milliseconds, at least one millisecond apart."""
    start_s = round(event.start_s, 3)
    return start_s, max(round(event.start_s + event.duration_s, 3), round(start_s + 0.001, 3))
