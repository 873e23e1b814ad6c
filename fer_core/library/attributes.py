"""A table that describes recordings: CSV with a header and a row a recording.

One column names the recording, by title or file name, with or without its ending: `recording`, `file`, `filename`,
`video` or `name`. `subject` (or `participant`, `participant_id`), `session` and `condition` (or `group`) say where it
stands; every other column is an attribute, such as `age`.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final

import sqlalchemy as sa

from fer_core.cells import cell_text
from fer_core.errors import LibraryError, TimelineError
from fer_core.library import rows
from fer_core.library.values import Matched, Place, checked_name
from fer_core.timeline.events.event import decoded

MAX_ROWS: Final = 20_000
MAX_CELL: Final = 2_000
_RECORDING: Final = ("recording", "file", "filename", "video", "name")
_PLACES: Final = {
    "subject": "subject",
    "participant": "subject",
    "participant_id": "subject",
    "session": "session",
    "condition": "condition",
    "group": "condition",
}


@dataclass(frozen=True)
class Description:
    """One row.

    Attributes:
        recording: name by which the recording is found.
        place: by field of `Place`, what the row says.
        attributes: by name, what the row says.
    """

    recording: str
    place: Mapping[str, str]
    attributes: Mapping[str, str]


def read_table(data: bytes) -> tuple[Description, ...]:
    """The rows of a table.

    Raises:
        LibraryError: it is no such table.
    """
    try:
        text = decoded(data)
        first = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=first.count)
        read = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True) if any(line)]
    except (TimelineError, csv.Error, ValueError) as error:
        raise LibraryError(f"The table of attributes cannot be read ({error}); save it as CSV (UTF-8).") from error
    if not read:
        raise LibraryError("The table of attributes is empty; give one with a header and a row a recording.")
    header, *lines = read
    names = [checked_name(cell_text(name), empty=True) for name in header]
    key = next((name for name in _RECORDING for each in names if each.casefold() == name), None)
    if key is None:
        raise LibraryError('The table of attributes has no column "recording" with the names of the files; add one.')
    if len({name.casefold() for name in names}) < len(names) or "" in names:
        raise LibraryError("A column of the table of attributes has no name, or two have the same; name each once.")
    _check_places(names)
    if len(lines) > MAX_ROWS:
        raise LibraryError(f"The table of attributes has more than {MAX_ROWS} rows, the most that are read; split it.")
    return tuple(_described(number, line, names, key) for number, line in enumerate(lines, 2))


def _check_places(names: list[str]) -> None:
    """Refuse two columns that say the same of a recording: which of them holds, nobody can know."""
    said: dict[str, str] = {}
    for name in names:
        field = _PLACES.get(name.casefold())
        if field in said:
            raise LibraryError(
                f'The columns "{said[field]}" and "{name}" of the table of attributes both say the {field}; leave one '
                "out, or call it something else."
            )
        if field:
            said[field] = name


def _described(number: int, line: list[str], names: list[str], key: str) -> Description:
    if len(line) != len(names):
        raise LibraryError(
            f"Row {number} of the table of attributes has {len(line)} cells and the header {len(names)}; repair it."
        )
    recording, place, attributes = "", dict[str, str](), dict[str, str]()
    for name, cell in zip(names, line, strict=True):
        value = cell_text(cell).strip()
        if len(value) > MAX_CELL:
            raise LibraryError(f"A cell in row {number} is longer than {MAX_CELL} characters; shorten it.")
        if name.casefold() == key:
            recording = value
        elif field := _PLACES.get(name.casefold()):
            place |= {field: value} if value else {}
        else:
            attributes |= {name: value} if value else {}
    if not recording:
        raise LibraryError(f"Row {number} of the table of attributes names no recording; fill the cell in.")
    return Description(recording, place, attributes)


def apply(connection: sa.Connection, table: tuple[Description, ...]) -> Matched:
    """Set what the rows say, in the caller's transaction; a later row of a recording adds to an earlier one."""
    known = {entry.recording_id: entry for entry in rows.entries(connection)}
    named = defaultdict[str, set[str]](set)
    for entry in known.values():
        for name in (entry.title, entry.recording.name):
            named[name.casefold()].add(entry.recording_id)
            named[PurePath(name).stem.casefold()].add(entry.recording_id)
    places = {recording_id: entry.place for recording_id, entry in known.items()}
    met, unknown, ambiguous = set[str](), list[str](), list[str]()
    for row in table:
        found = named.get(row.recording.casefold(), set())
        if len(found) != 1:
            (ambiguous if found else unknown).append(row.recording)
            continue
        [recording_id] = found
        met.add(recording_id)
        if row.place:
            places[recording_id] = _placed(places[recording_id], row.place)
            rows.set_place(connection, recording_id, places[recording_id])
        rows.set_attributes(connection, recording_id, dict(row.attributes))
    rows.prune(connection)
    without = tuple(sorted(entry.title for recording_id, entry in known.items() if recording_id not in met))
    return Matched(len(met), tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(ambiguous)), without)


def _placed(place: Place, said: Mapping[str, str]) -> Place:
    if "subject" in said and said["subject"] != place.subject:
        place = replace(place, session="")
    return replace(place, **said)
