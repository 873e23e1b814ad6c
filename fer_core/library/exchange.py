"""A library as one zip that needs no software of ours to be read, and such a zip taken in again."""

import io
import json
import math
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa

from fer_core.cells import csv_of, csv_of_rows, for_spreadsheets
from fer_core.errors import LibraryError, NotKeptError, ReadingsError, StaysDeletedError
from fer_core.jobs import Monitor
from fer_core.library import rows
from fer_core.library import tables as t
from fer_core.library.dictionary import ANALYSES, CORRECTED, EVENTS, READINGS, columns_text
from fer_core.library.library import Library
from fer_core.library.readings import study_of
from fer_core.library.store import name_of
from fer_core.library.values import Consent, Entry, Imported, Place, checked_name
from fer_core.media.files import harmless
from fer_core.plain import as_plain, from_plain
from fer_core.reports.tables import csv_text
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event
from fer_core.timeline.files import MAX_BYTES
from fer_core.whole_file import whole_file
from fer_core.zips import DAMAGED

FORMAT: Final = 1
MAX_CATALOGUE: Final = 500_000_000
MAX_FILES: Final = 400_000

_JSON: Final = frozenset({"about", "request", "provenance", "figures", "edit", "event", "consent"})
_OF_EVENTS: Final = ("recording", "recording_id", "start_s", "end_s", "text", "kind", "subject")
_ANALYSIS: Final = re.compile(r"[0-9a-f]{64}")
_RECORDING: Final = re.compile(r"[0-9a-f]{32,64}")

README: Final = """Kept analyses of facial expressions, exported {today}.

Nothing here needs the program that wrote it. All text is UTF-8, times are seconds from the start of the recording.
analyses.csv, events.csv and columns.csv begin with a byte order mark, as spreadsheet programs want it.

analyses.csv    one row an analysis: recording, subject, session, condition, attributes, quality. `analysis` names the
                files below. Shares are 0 to 1; an empty cell is a value that is not known.
events.csv      one row an event of a recording, where there are any. `recording_id` is that of analyses.csv; two
                recordings may have one title.
corrected/      one CSV an analysis: the readings with every correction made, one row a face and sampled frame.
columns.csv     what the columns of all these files mean.
readings/       one Parquet file an analysis: the readings as the analysis gave them, before any correction, with
                request and provenance as JSON in the metadata. The file's name is its SHA-256.
catalogue.json  everything else, complete: recordings, request and provenance of each analysis, the corrections in
                their order, tags, subjects, sessions, conditions, attributes, events, records of consent.

In Python:  pandas.read_csv("analyses.csv", dtype={{"subject": str, "condition": str}}, keep_default_na=False,
                            na_values=[""])
            pandas.read_parquet("readings/NAME.parquet")
In R:       read.csv("analyses.csv", fileEncoding = "UTF-8-BOM", na.strings = "",
                     colClasses = c(subject = "character", condition = "character"))
            arrow::read_parquet("readings/NAME.parquet")

A probability is how a model reads a face, not what somebody feels. A row that is `uncertain` should count as such.
A text that a spreadsheet would run as a formula has an apostrophe in front. There are no pictures in here.
readings/ holds the outline of every face as text (`outline`), which is personal data, too.
"""


def export_library(library: Library, path: Path, monitor: Monitor | None = None) -> int:
    """Write everything that is kept as one zip; the number of analyses.

    Raises:
        LibraryError: the zip cannot be written, or an analysis was deleted meanwhile; no file is left.
        ReadingsError: readings are gone or damaged; no file is left, as it would be a copy that lacks something.
        StoppedError: the monitor was stopped; no file is left.
    """
    monitor = monitor or Monitor()
    try:
        with whole_file(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            return _write(library, archive, monitor)
    except OSError as error:
        raise LibraryError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def import_library(library: Library, path: Path, monitor: Monitor | None = None) -> Imported:
    """Take in what `export_library` wrote. What is here already stays as it is here; importing again changes nothing.

    What the export says of a recording comes with analyses of it that are new here, and is added where nothing is said
    of it here. Records of consent, of which none is ever taken away, come to every recording that is here.
    Readings that were deleted here while their recording stayed, such as those of before somebody was removed, are left
    out and counted. Each analysis is taken in whole or not at all, so that what an interrupted import brought can stay.

    Raises:
        LibraryError: the zip is damaged, or no such export.
        StoppedError: the monitor was stopped.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _taken(library, archive, monitor or Monitor())
    except DAMAGED as error:
        raise LibraryError(f"{path.name} is no export of a library, or it is damaged; export it again.") from error


def flat(entries: list[Entry]) -> pd.DataFrame:
    """One row an analysis, with every attribute as a column."""
    attributes = sorted({name for entry in entries for name in entry.attributes})
    records = [
        {
            "analysis": entry.analysis,
            "recording": entry.title,
            "recording_id": entry.recording_id,
            "file": entry.recording.name,
            "recording_sha256": entry.recording.sha256,
            "duration_s": entry.recording.duration_s,
            **as_plain(entry.place),
            "tags": ", ".join(entry.tags),
            "model": entry.request.model or "",
            "samples_a_second": entry.request.fps,
            "smoothing": entry.effective.smoothing,
            "time_constant_s": entry.effective.time_constant_s,
            "uncertain_below": entry.effective.uncertain_below,
            **{name: value for name, value in as_plain(entry.figures).items() if name != "longest"},
            "corrections": entry.edits,
            "kept_at": entry.kept_at,
            **{f"attribute_{name}": entry.attributes.get(name) for name in attributes},
        }
        for entry in entries
    ]
    return pd.DataFrame(records)


def _write(library: Library, archive: zipfile.ZipFile, monitor: Monitor) -> int:
    with library.database.reads() as connection:
        entries = rows.entries(connection)
        catalogue = {table.name: _plain_rows(connection, table) for table in t.TAKEN_ALONG}
    logs: dict[str, list[Any]] = {entry.analysis: [] for entry in entries}
    for row in sorted(catalogue[t.EDITS.name], key=lambda row: row["place"]):
        logs[row["analysis"]].append(row["edit"])
    columns = {name: dict[str, None]() for name in (ANALYSES, EVENTS, CORRECTED, READINGS)}
    for done, entry in enumerate(entries, 1):
        data = _readings(library, entry)
        study = study_of(data, logs[entry.analysis])
        archive.writestr(f"{READINGS}{entry.analysis}.parquet", data, zipfile.ZIP_STORED)
        archive.writestr(f"{CORRECTED}{entry.analysis}.csv", csv_text(study.timeline))
        columns[CORRECTED] |= dict.fromkeys(study.timeline.frame.columns)
        columns[READINGS] |= dict.fromkeys([*study.read.frame.columns, *study.read.measures.columns])
        monitor.step(done, len(entries), "exporting")
    table = flat(entries)
    columns[ANALYSES] |= dict.fromkeys(table.columns)
    archive.writestr(ANALYSES, for_spreadsheets(csv_of(table)))
    if catalogue[t.EVENTS.name]:
        columns[EVENTS] |= dict.fromkeys(_OF_EVENTS)
        archive.writestr(EVENTS, for_spreadsheets(_events_text(catalogue, entries)))
    archive.writestr("columns.csv", for_spreadsheets(columns_text(columns)))
    document = {"format": FORMAT, "tables": catalogue}
    archive.writestr("catalogue.json", json.dumps(document, ensure_ascii=False, indent=1))
    archive.writestr("README.txt", README.format(today=rows.now()[:10]))
    return len(entries)


def _readings(library: Library, entry: Entry) -> bytes:
    """The file of an analysis; an error names the recording, as it may be one of many."""
    try:
        return library.store.get(entry.analysis)
    except ReadingsError as error:
        try:
            with library.database.reads() as connection:
                rows.recording_of(connection, entry.analysis)
        except NotKeptError:  # and nobody is told to restore what somebody wanted gone
            raise LibraryError(
                f"{harmless(entry.title)} was deleted, or somebody was removed from it, while the library was "
                "exported; export it again."
            ) from error
        raise ReadingsError(f"{harmless(entry.title)} cannot be exported: {error}") from error


def _plain_rows(connection: sa.Connection, table: sa.Table) -> list[dict[str, Any]]:
    found = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
    return [
        {name: json.loads(value) if name in _JSON and value else value for name, value in row.items()} for row in found
    ]


def _events_text(catalogue: Mapping[str, list[dict[str, Any]]], entries: list[Entry]) -> str:
    titles = {entry.recording_id: entry.title for entry in entries}
    cells = [
        (titles.get(row["recording"], ""), row["recording"], *(row["event"].get(name) for name in _OF_EVENTS[2:]))
        for row in catalogue[t.EVENTS.name]
    ]
    return csv_of_rows(_OF_EVENTS, [["" if cell is None else cell for cell in row] for row in cells])


def _taken(library: Library, archive: zipfile.ZipFile, monitor: Monitor) -> Imported:
    tables = _catalogue(archive)
    try:
        recordings = {_checked(_RECORDING, row["id"]): row for row in tables[t.RECORDINGS.name]}
        logs: dict[str, list[Any]] = {}
        for row in sorted(tables[t.EDITS.name], key=lambda row: int(row["place"])):
            logs.setdefault(row["analysis"], []).append(row["edit"])
        analyses = [
            (_checked(_ANALYSIS, row["id"]), recordings[row["recording"]], _moment(row["kept_at"]))
            for row in tables[t.ANALYSES.name]
        ]
        given, new, deleted = _by_recording(tables), 0, 0
        for done, (name, recording, kept_at) in enumerate(analyses, 1):
            try:
                mine = given.get(recording["id"], {})
                new += _take_analysis(library, archive, name, recording, kept_at, logs.get(name, []), mine)
            except StaysDeletedError:
                deleted += 1
            monitor.step(done, len(analyses), "importing")
        with library.database.writes() as connection:
            for recording in recordings.values():
                _add_consents(connection, recording["id"], given.get(recording["id"], {}))
            rows.prune(connection)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise LibraryError("The catalogue in this export is damaged; export the library again.") from error
    return Imported(new, len(analyses) - new - deleted, deleted)


def _catalogue(archive: zipfile.ZipFile) -> dict[str, list[dict[str, Any]]]:
    if len(archive.infolist()) > MAX_FILES:
        raise LibraryError(f"The zip holds more than {MAX_FILES} files; that is no export of a library.")
    try:
        document = json.loads(_member(archive, "catalogue.json", MAX_CATALOGUE))
        if document["format"] != FORMAT:
            raise LibraryError("This export has a format that is not known here; update this software to import it.")
        return {table.name: list(document["tables"].get(table.name, [])) for table in t.TAKEN_ALONG}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LibraryError("This zip holds no catalogue of a library; choose one that an export wrote.") from error


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """The bytes of a file in the zip, of which no more than announced are unpacked."""
    try:
        about = archive.getinfo(name)
    except KeyError as error:
        raise LibraryError(f"The export lacks {name}; export the library again.") from error
    if about.file_size > most:
        raise LibraryError(f"{name} in the export is larger than such a file can be.")
    with archive.open(about) as source:
        return io.BytesIO(source.read(most)).getvalue()


def _moment(text: str) -> str:
    """A moment of another catalogue as `rows.now` gives it; none is later than the present.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} names no zone")
    return min(moment.astimezone(UTC).isoformat(timespec="milliseconds"), rows.now())


def _take_analysis(
    library: Library,
    archive: zipfile.ZipFile,
    name: str,
    recording: Mapping[str, Any],
    kept_at: str,
    log: list[Any],
    mine: Mapping[str, list[dict[str, Any]]],
) -> bool:
    """Whether it was new; with it comes what the export says of its recording, `mine`.

    What the catalogue says of the readings is taken from the readings themselves.

    Raises:
        StaysDeletedError: it was deleted here, and its recording was not.
        LibraryError: its readings are damaged, or of another recording.
    """
    with library.database.reads() as connection:
        if connection.execute(sa.select(t.ANALYSES.c.id).where(t.ANALYSES.c.id == name)).first():
            return False
        rows.check_not_deleted(connection, name, recording["id"])
    data = _member(archive, f"readings/{name}.parquet", MAX_BYTES)
    if name_of(data) != name:
        raise LibraryError(f"The readings {name[:12]}… in the export are damaged; export the library again.")
    study = study_of(data, log)
    if study.read.recording.sha256 not in ("", recording["id"]):
        raise LibraryError(f"The readings {name[:12]}… in the export are of another recording; export it again.")
    with library.database.writes() as connection:
        rows.check_not_deleted(connection, name, recording["id"])  # again: somebody may have been removed meanwhile
        library.store.put(data)
        _add(connection, name, recording, study, len(data), kept_at)
        _describe(connection, recording["id"], mine)
    library.store.settle([name])
    return True


def _add(
    connection: sa.Connection, name: str, recording: Mapping[str, Any], study: Study, size: int, kept_at: str
) -> None:
    id_ = str(recording["id"])
    known = connection.execute(sa.select(t.RECORDINGS.c.id).where(t.RECORDINGS.c.id == id_)).first()
    rows.add_recording(connection, id_, study.read.recording, None)
    if known is None:
        title = " ".join(str(recording["title"]).split()) or study.read.recording.name
        connection.execute(t.RECORDINGS.update().where(t.RECORDINGS.c.id == id_).values(title=title))
    rows.add_analysis(connection, name, id_, study, size, kept_at)


def _by_recording(tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The rows of each table by the recording that they are about."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name, given in tables.items():
        for row in given:
            found.setdefault(str(row.get("recording")), {}).setdefault(name, []).append(row)
    return found


def _describe(connection: sa.Connection, recording_id: str, mine: Mapping[str, list[dict[str, Any]]]) -> None:
    """Add what the export says of a recording, its rows by table, where nothing is said here."""
    mine = {table.name: mine.get(table.name, []) for table in t.TAKEN_ALONG}
    placed = connection.execute(sa.select(t.PLACES.c.recording).where(t.PLACES.c.recording == recording_id)).first()
    for row in mine[t.PLACES.name] if placed is None else []:
        said = {field: row[field] or "" for field in ("subject", "session", "condition")}
        rows.set_place(connection, recording_id, from_plain(Place, said))
    named = [{"recording": recording_id, "tag": checked_name(row["tag"])} for row in mine[t.TAGS.name]]
    rows.add_missing(connection, t.TAGS, named)
    values = [
        {"recording": recording_id, "name": checked_name(row["name"]), "value": str(row["value"])}
        for row in mine[t.ATTRIBUTES.name]
    ]
    rows.add_missing(connection, t.ATTRIBUTES, values)
    if mine[t.EVENTS.name] and not rows.events_of(connection, recording_id):
        given = sorted(mine[t.EVENTS.name], key=lambda row: int(row["place"]))
        rows.set_events(connection, recording_id, [_event(row["event"]) for row in given])
    _add_consents(connection, recording_id, mine)


def _add_consents(connection: sa.Connection, recording_id: str, mine: Mapping[str, list[dict[str, Any]]]) -> None:
    """Add records of consent that are missing, where the recording is here: a withdrawal counts wherever it is from."""
    if connection.execute(sa.select(t.RECORDINGS.c.id).where(t.RECORDINGS.c.id == recording_id)).first() is None:
        return
    consents = [
        {
            "id": _checked(_RECORDING, row["id"]),
            "recording": recording_id,
            "consent": rows.as_text(as_plain(from_plain(Consent, row["consent"]))),
        }
        for row in mine.get(t.CONSENTS.name, [])
    ]
    rows.add_missing(connection, t.CONSENTS, consents)


def _event(plain: Any) -> Event:
    event = from_plain(Event, plain)
    if not math.isfinite(event.duration_s):
        raise ValueError("an event has no finite length")
    return event


def _checked(form: re.Pattern[str], text: Any) -> str:
    if not isinstance(text, str) or not form.fullmatch(text):
        raise ValueError("this is no name of the library")
    return text
