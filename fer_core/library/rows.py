"""Rows of the catalogue, written and read on a connection whose transaction somebody else ends."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from fer_core.errors import ChangedError, NotKeptError, StaysDeletedError
from fer_core.library import tables as t
from fer_core.library.study_figures import figures_of
from fer_core.library.values import Consent, Entry, Figures, Place
from fer_core.plain import as_plain, from_plain
from fer_core.provenance import Provenance
from fer_core.request import AnalysisRequest
from fer_core.timeline.editing.edits import Edit, edits_from_json, edits_to_json
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event
from fer_core.timeline.table import Recording

CHANGED = "The corrections of this analysis were changed by somebody else since they were taken; take them again."
NOT_HERE = "The library holds no {what} {name}…; it may have been deleted."


def now() -> str:
    """The present moment in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def as_text(value: Any) -> str:
    """A value as the catalogue's JSON columns hold it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)


def add_recording(connection: sa.Connection, id_: str, recording: Recording, path: str | None) -> None:
    """Add a recording; where it is there already, only a path that was not kept before is."""
    known = connection.execute(sa.select(t.RECORDINGS.c.path).where(t.RECORDINGS.c.id == id_)).first()
    if known is None:
        values = {"id": id_, "title": recording.name, "about": as_text(as_plain(recording)), "path": path}
        connection.execute(t.RECORDINGS.insert().values(**values, added_at=now()))
    elif path is not None:
        connection.execute(t.RECORDINGS.update().where(t.RECORDINGS.c.id == id_).values(path=path))


def add_analysis(
    connection: sa.Connection, id_: str, recording_id: str, study: Study, size: int, kept_at: str | None = None
) -> None:
    """Add an analysis with its corrections; where it is there already, its corrections become these.

    Args:
        connection: in which it is written.
        id_: of the analysis.
        recording_id: of its recording.
        study: what is kept.
        size: of its file in bytes.
        kept_at: when it was kept first, as `now` gives it; by default now. Of two analyses the later one counts.
    """
    known = connection.execute(sa.select(t.ANALYSES.c.id).where(t.ANALYSES.c.id == id_)).first()
    if known is None:
        connection.execute(
            t.ANALYSES.insert().values(
                id=id_,
                recording=recording_id,
                kept_at=kept_at or now(),
                bytes=size,
                request=as_text(study.read.request.to_json()),
                provenance=as_text(as_plain(study.read.provenance)),
                figures="{}",
            )
        )
    set_edits(connection, id_, study)


def kept_at(connection: sa.Connection, analysis: str) -> str:
    """When an analysis that is there was kept, as `now` gives it."""
    return str(connection.execute(sa.select(t.ANALYSES.c.kept_at).where(t.ANALYSES.c.id == analysis)).scalar_one())


def set_edits(connection: sa.Connection, analysis: str, study: Study) -> None:
    """Make these the corrections of an analysis."""
    connection.execute(t.EDITS.delete().where(t.EDITS.c.analysis == analysis))
    log = edits_to_json(study.edits)
    if log:
        rows = [{"analysis": analysis, "place": place, "edit": as_text(edit)} for place, edit in enumerate(log)]
        connection.execute(t.EDITS.insert(), rows)
    figures = as_text(as_plain(figures_of(study)))
    connection.execute(t.ANALYSES.update().where(t.ANALYSES.c.id == analysis).values(figures=figures))


def edits_of(connection: sa.Connection, analysis: str) -> list[Any]:
    """The corrections of an analysis as JSON holds them.

    Raises:
        NotKeptError: there is no such analysis.
    """
    recording_of(connection, analysis)
    found = connection.execute(
        sa.select(t.EDITS.c.edit).where(t.EDITS.c.analysis == analysis).order_by(t.EDITS.c.place)
    )
    return [json.loads(text) for text in found.scalars()]


def check_edits(connection: sa.Connection, analysis: str, since: Sequence[Edit]) -> None:
    """Make sure that the corrections of an analysis are still those that somebody took.

    Raises:
        NotKeptError: there is no such analysis.
        ChangedError: they are others by now.
    """
    if edits_from_json(edits_of(connection, analysis)) != tuple(since):
        raise ChangedError(CHANGED)


def forget(connection: sa.Connection, analyses: Sequence[str]) -> str:
    """Take analyses out and note that they were deleted; id of that note.

    `Library.clean` removes their files once that is committed.
    """
    connection.execute(t.ANALYSES.delete().where(t.ANALYSES.c.id.in_(analyses)))
    receipt_id = uuid.uuid4().hex
    values = {"id": receipt_id, "deleted_at": now(), "files": as_text(sorted(analyses))}
    connection.execute(t.DELETIONS.insert().values(**values))
    return receipt_id


def recording_of(connection: sa.Connection, analysis: str) -> str:
    """Name of the recording that an analysis is of.

    Raises:
        NotKeptError: there is no such analysis.
    """
    found = connection.execute(sa.select(t.ANALYSES.c.recording).where(t.ANALYSES.c.id == analysis)).scalar()
    if found is None:
        raise NotKeptError(NOT_HERE.format(what="analysis", name=analysis[:12]))
    return str(found)


def check_recording(connection: sa.Connection, recording_id: str) -> None:
    """Raise a `NotKeptError` where there is no such recording."""
    if connection.execute(sa.select(t.RECORDINGS.c.id).where(t.RECORDINGS.c.id == recording_id)).first() is None:
        raise NotKeptError(NOT_HERE.format(what="recording", name=recording_id[:12]))


def check_not_deleted(connection: sa.Connection, analysis: str, recording_id: str) -> None:
    """Raise a `StaysDeletedError` for readings that are not kept, and were deleted since their recording is here.

    Somebody was removed from them, or one analysis of several was deleted. What was deleted with its recording may
    come back: with the recording, which is then newer than that.
    """
    if connection.execute(sa.select(t.ANALYSES.c.id).where(t.ANALYSES.c.id == analysis)).first():
        return
    added_at = sa.select(t.RECORDINGS.c.added_at).where(t.RECORDINGS.c.id == recording_id).scalar_subquery()
    gone = t.DELETIONS.c.files.contains(analysis) & (t.DELETIONS.c.deleted_at >= added_at)
    if connection.execute(sa.select(t.DELETIONS.c.id).where(gone).limit(1)).first():
        raise StaysDeletedError(
            f"The readings {analysis[:12]}… were deleted from this library, where their recording is still kept; "
            "delete that recording first, should they come back."
        )


def set_place(connection: sa.Connection, recording_id: str, place: Place) -> None:
    """Say where a recording stands; `prune` afterwards drops what nothing stands for any more."""
    check_recording(connection, recording_id)
    add_missing(connection, t.SUBJECTS, [{"name": place.subject}] if place.subject else [])
    add_missing(connection, t.CONDITIONS, [{"name": place.condition}] if place.condition else [])
    add_missing(connection, t.SESSIONS, [{"subject": place.subject, "name": place.session}] if place.session else [])
    connection.execute(t.PLACES.delete().where(t.PLACES.c.recording == recording_id))
    values = {name: text or None for name, text in as_plain(place).items()}
    connection.execute(t.PLACES.insert().values(recording=recording_id, **values))


def prune(connection: sa.Connection) -> None:
    """Drop subjects, sessions and conditions that no recording has."""
    used = sa.select(t.PLACES.c.subject, t.PLACES.c.session).where(t.PLACES.c.session.is_not(None))
    connection.execute(t.SESSIONS.delete().where(sa.tuple_(t.SESSIONS.c.subject, t.SESSIONS.c.name).not_in(used)))
    for table, column in ((t.SUBJECTS, t.PLACES.c.subject), (t.CONDITIONS, t.PLACES.c.condition)):
        connection.execute(table.delete().where(table.c.name.not_in(sa.select(column).where(column.is_not(None)))))


def add_missing(connection: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    """Add the rows whose primary key is not there. Only for the one writer."""
    keys = list(table.primary_key.columns)
    rows = list(rows)
    if not rows:
        return
    known = {tuple(row) for row in connection.execute(sa.select(*keys))}
    new = [row for row in rows if tuple(row[key.name] for key in keys) not in known]
    if new:
        connection.execute(table.insert(), new)


def set_attributes(connection: sa.Connection, recording_id: str, attributes: dict[str, str]) -> None:
    """Set some attributes of a recording; an empty text takes one away."""
    mine = t.ATTRIBUTES.c.recording == recording_id
    connection.execute(t.ATTRIBUTES.delete().where(mine & t.ATTRIBUTES.c.name.in_(list(attributes))))
    rows = [{"recording": recording_id, "name": name, "value": text} for name, text in attributes.items() if text]
    if rows:
        connection.execute(t.ATTRIBUTES.insert(), rows)


def set_events(connection: sa.Connection, recording_id: str, events: Sequence[Event]) -> None:
    """Make these the events of a recording."""
    check_recording(connection, recording_id)
    connection.execute(t.EVENTS.delete().where(t.EVENTS.c.recording == recording_id))
    rows = [
        {"recording": recording_id, "place": place, "event": as_text(as_plain(event))}
        for place, event in enumerate(events)
    ]
    if rows:
        connection.execute(t.EVENTS.insert(), rows)


def events_of(connection: sa.Connection, recording_id: str) -> tuple[Event, ...]:
    """The events of a recording, in order."""
    found = connection.execute(
        sa.select(t.EVENTS.c.event).where(t.EVENTS.c.recording == recording_id).order_by(t.EVENTS.c.place)
    )
    return tuple(from_plain(Event, json.loads(text)) for text in found.scalars())


def events_by_recording(connection: sa.Connection) -> dict[str, tuple[Event, ...]]:
    """The events of every recording that has some, in order."""
    query = sa.select(t.EVENTS.c.recording, t.EVENTS.c.event).order_by(t.EVENTS.c.recording, t.EVENTS.c.place)
    found = defaultdict[str, list[Event]](list)
    for recording_id, text in connection.execute(query):
        found[recording_id].append(from_plain(Event, json.loads(text)))
    return {recording_id: tuple(events) for recording_id, events in found.items()}


def consents_by_recording(connection: sa.Connection) -> dict[str, tuple[Consent, ...]]:
    """What was agreed to for every recording with a record of it."""
    found = defaultdict[str, list[Consent]](list)
    for recording_id, text in connection.execute(sa.select(t.CONSENTS.c.recording, t.CONSENTS.c.consent)):
        found[recording_id].append(from_plain(Consent, json.loads(text)))
    return {recording_id: tuple(consents) for recording_id, consents in found.items()}


def consents_of(connection: sa.Connection, recording_id: str) -> tuple[Consent, ...]:
    """What was agreed to, by date."""
    found = connection.execute(sa.select(t.CONSENTS.c.consent).where(t.CONSENTS.c.recording == recording_id))
    consents = [from_plain(Consent, json.loads(text)) for text in found.scalars()]
    return tuple(sorted(consents, key=lambda consent: (consent.given_on, consent.purpose)))


def entries(connection: sa.Connection) -> list[Entry]:
    """Everything that is kept, the newest first."""
    tags, attributes = defaultdict[str, list[str]](list), defaultdict[str, dict[str, str]](dict)
    for recording_id, tag in connection.execute(sa.select(t.TAGS.c.recording, t.TAGS.c.tag)):
        tags[recording_id].append(tag)
    for recording_id, name, value in connection.execute(sa.select(t.ATTRIBUTES).order_by(t.ATTRIBUTES.c.name)):
        attributes[recording_id][name] = value
    counted = sa.select(t.EDITS.c.analysis, sa.func.count().label("edits")).group_by(t.EDITS.c.analysis)
    counts = {row.analysis: row.edits for row in connection.execute(counted)}
    smoothed = _smoothings(connection)
    query = (
        sa.select(
            *t.ANALYSES.c["id", "recording", "kept_at", "request", "provenance", "figures"],
            *t.RECORDINGS.c["title", "about", "path"],
            *t.PLACES.c["subject", "session", "condition"],
        )
        .join_from(t.ANALYSES, t.RECORDINGS, t.ANALYSES.c.recording == t.RECORDINGS.c.id)
        .outerjoin(t.PLACES, t.PLACES.c.recording == t.RECORDINGS.c.id)
        .order_by(t.ANALYSES.c.kept_at.desc(), t.ANALYSES.c.id)
    )
    requests: dict[str, AnalysisRequest] = {}  # read once each: a study was read in one way
    effective: dict[tuple[str, str | None], AnalysisRequest] = {}
    provenances: dict[str, Provenance] = {}
    found = connection.execute(query).all()
    for row in found:
        if row.request not in requests:
            requests[row.request] = AnalysisRequest.from_json(json.loads(row.request))
        way = row.request, smoothed.get(row.id)
        if way not in effective:
            effective[way] = _with_smoothing(requests[row.request], way[1])
        if row.provenance not in provenances:
            provenances[row.provenance] = from_plain(Provenance, json.loads(row.provenance))
    return [
        Entry(
            analysis=row.id,
            recording_id=row.recording,
            title=row.title,
            recording=from_plain(Recording, json.loads(row.about)),
            place=Place(row.subject or "", row.session or "", row.condition or ""),
            attributes=attributes[row.recording],
            tags=tuple(sorted(tags[row.recording])),
            request=requests[row.request],
            effective=effective[row.request, smoothed.get(row.id)],
            provenance=provenances[row.provenance],
            figures=from_plain(Figures, json.loads(row.figures)),
            kept_at=row.kept_at,
            path=row.path,
            edits=counts.get(row.id, 0),
        )
        for row in found
    ]


def _smoothings(connection: sa.Connection) -> dict[str, str]:
    """The last correction of smoothing and threshold as JSON, by analysis; of those that have one."""
    edit = t.EDITS.c.edit
    query = sa.select(t.EDITS.c.analysis, edit).where(edit.contains('"kind": "smooth"')).order_by(t.EDITS.c.place)
    return {row.analysis: row.edit for row in connection.execute(query)}


def _with_smoothing(request: AnalysisRequest, edit: str | None) -> AnalysisRequest:
    """The request after a correction that `_smoothings` gave; None for none."""
    if edit is None:
        return request
    how = json.loads(edit)
    return replace(request, **{name: how[name] for name in ("smoothing", "time_constant_s", "uncertain_below")})
