"""A library: analyses that somebody chose to keep, to be found, opened, described, deleted and taken along.

    >>> library = Library.open()                       # doctest: +SKIP
    >>> name = library.keep(study)                     # doctest: +SKIP
    >>> library.open_study(name).edits == study.edits  # doctest: +SKIP
    True

It holds numbers, outlines of faces and settings, never a picture: portraits are left out. Safe to use from several
threads and processes.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

import sqlalchemy as sa

from fer_core.errors import LibraryError, NotKeptError
from fer_core.library import attributes, rows
from fer_core.library import tables as t
from fer_core.library.database import Database
from fer_core.library.readings import file_of, study_of
from fer_core.library.store import Store, name_of
from fer_core.library.values import Consent, Entry, Matched, Place, Receipt, checked_name
from fer_core.plain import as_plain
from fer_core.settings import settings
from fer_core.timeline.editing.edits import Edit
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event

CATALOGUE: Final = "catalogue.sqlite3"
READINGS: Final = "readings"


class Library:
    """See the module. Made by `open`.

    Attributes:
        database: the catalogue.
        store: the files of readings.
        swept: SHA-256 of the leftovers of killed processes that were removed when it was opened.
    """

    def __init__(self, database: Database, store: Store) -> None:
        self.database, self.store = database, store
        self.swept: tuple[str, ...] = ()

    @classmethod
    def open(cls, folder: Path | None = None, database: Path | str | None = None, *, make: bool = True) -> Self:
        """Open a library, or make it: tables brought to the present version, leftovers of killed processes removed.

        Args:
            folder: of the readings; by default as `fer_core.settings` say.
            database: path of an SQLite file or URL; by default as the settings say, else a file in the folder.
            make: False for one that has to be there.

        Raises:
            LibraryError: it cannot be opened, is not there and is not to be made, or was made by a later version.
            DependencyError: the driver of its database is not installed.
        """
        now = settings()
        given = now.library if folder is None else folder
        if given is None:
            raise LibraryError("This user has no home folder; name a folder for the library in FACE_VALUE_LIBRARY.")
        named = database or (now.database if folder is None else "")
        catalogue = Database(named or given / CATALOGUE)
        if not make and not catalogue.has_catalogue():
            place = catalogue.url.set(query={}).render_as_string() if catalogue.path is None else catalogue.path
            raise LibraryError(
                f"There is no library in {place if named else given}; check the place, keep an analysis on the "
                "dashboard, or import an export."
            )
        try:
            given.mkdir(mode=0o700, parents=True, exist_ok=True)  # for this user alone
        except OSError as error:
            raise LibraryError(f"{given} cannot be made ({error.strerror}); choose another place.") from error
        catalogue.migrate()
        with catalogue.writes() as connection:
            known = connection.execute(sa.select(t.LIBRARY.c.id)).scalar()
            if known is None:
                known = uuid.uuid4().hex
                connection.execute(t.LIBRARY.insert().values(id=known, made_at=rows.now()))
        # A folder of its own for each catalogue, so that none takes the files of another for orphans.
        library = cls(catalogue, Store(given / READINGS / str(known)))
        library.swept = library.clean()
        return library

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Keep and open

    def keep(self, study: Study, path: Path | None = None) -> str:
        """Keep an analysis with its corrections, without portraits and without people who were removed.

        The same readings are kept once: kept again, their corrections become those of `study`.

        Args:
            study: to keep.
            path: the recording's file, where its place shall be remembered; the file itself is never copied.

        Returns:
            Name of the analysis, to open it by.

        Raises:
            LibraryError: it cannot be written.
        """
        with self.database.writes() as connection:
            name = self._kept(connection, study, path=path)
        self.store.settle([name])
        return name

    def keep_new(self, study: Study, *, restore: bool = True) -> str:
        """`keep`, where these readings are not kept yet; else their corrections stay as they are.

        Args:
            study: to keep.
            restore: also readings that were deleted here while their recording stayed.

        Returns:
            Name of the analysis.

        Raises:
            StaysDeletedError: they were, and are not to be restored.
            LibraryError: it cannot be written.
        """
        with self.database.writes() as connection:
            data = file_of(study.purged())
            if not restore:
                rows.check_not_deleted(connection, name_of(data), study.read.recording.sha256)
            name = self.store.put(data)
            known = connection.execute(sa.select(t.ANALYSES.c.id).where(t.ANALYSES.c.id == name)).first()
            if not known:
                self._kept(connection, study)
        self.store.settle([name])
        return name

    def save(self, analysis: str, study: Study, *, since: Sequence[Edit] | None = None) -> str:
        """Replace the corrections of a kept analysis.

        Where `study` has other readings than the kept file, as after somebody was removed or is there again, they are
        written anew and the file before is deleted for good.

        Args:
            analysis: name that `keep` gave.
            study: what `open_study` gave, corrected further.
            since: the kept corrections that it was made from, where others are not to be replaced; None for any.

        Returns:
            Name of the analysis from now on.

        Raises:
            ChangedError: somebody else has changed the kept corrections since.
            LibraryError: there is no such analysis, or it cannot be written.
        """
        with self.database.writes() as connection:
            if since is not None:
                rows.check_edits(connection, analysis, since)
            recording_id, kept_at = rows.recording_of(connection, analysis), rows.kept_at(connection, analysis)
            name = self._kept(connection, study, recording_id, kept_at=kept_at)
            if name != analysis:
                rows.forget(connection, [analysis])
        self.store.settle([name])
        if name != analysis:
            self.clean()
        return name

    def open_study(self, analysis: str) -> Study:
        """A kept analysis with every correction in place.

        Raises:
            NotKeptError: there is no such analysis.
            ReadingsError: its file is gone or damaged.
        """
        with self.database.reads() as connection:
            log = rows.edits_of(connection, analysis)
        try:
            data = self.store.get(analysis)
        except LibraryError:
            with self.database.reads() as connection:
                rows.recording_of(connection, analysis)  # which says so where it was deleted meanwhile
            raise
        return study_of(data, log)

    def _kept(
        self,
        connection: sa.Connection,
        study: Study,
        recording_id: str = "",
        path: Path | None = None,
        kept_at: str | None = None,
    ) -> str:
        """Write file, then rows; the caller's commit makes both count, and then settles the file."""
        study = study.purged()
        data = file_of(study)
        name = self.store.put(data)
        known = connection.execute(sa.select(t.ANALYSES.c.recording).where(t.ANALYSES.c.id == name)).scalar()
        recording = study.read.recording
        recording_id = recording_id or known or recording.sha256 or uuid.uuid4().hex
        rows.add_recording(connection, recording_id, recording, None if path is None else str(path.resolve()))
        rows.add_analysis(connection, name, recording_id, study, len(data), kept_at)
        return name

    # Find

    def entries(self) -> list[Entry]:
        """Everything that is kept, the newest first."""
        with self.database.reads() as connection:
            return rows.entries(connection)

    def is_empty(self) -> bool:
        """Whether nothing is kept."""
        with self.database.reads() as connection:
            return connection.execute(sa.select(t.ANALYSES.c.id).limit(1)).first() is None

    def entry(self, analysis: str) -> Entry:
        """One kept analysis.

        Raises:
            NotKeptError: there is no such analysis.
        """
        for entry in self.entries():
            if entry.analysis == analysis:
                return entry
        raise NotKeptError(rows.NOT_HERE.format(what="analysis", name=analysis[:12]))

    def search(
        self, words: str = "", subject: str | None = None, condition: str | None = None, tag: str | None = None
    ) -> list[Entry]:
        """Kept analyses that have every word in their title, file name, tags, place, attributes or model.

        Args:
            words: separated by spaces; capitals do not matter.
            subject: only of this one; of none where the text is empty, as with the next two.
            condition: only under this one.
            tag: only with this one.
        """
        wanted = words.casefold().split()
        return [
            entry
            for entry in self.entries()
            if all(word in entry.words for word in wanted)
            and subject in (None, entry.place.subject)
            and condition in (None, entry.place.condition)
            and (tag is None or (tag in entry.tags if tag else not entry.tags))
        ]

    # Describe

    def rename(self, recording_id: str, title: str) -> None:
        """Call a recording something else; the name of its file stays in its readings."""
        with self.database.writes() as connection:
            rows.check_recording(connection, recording_id)
            wanted = t.RECORDINGS.c.id == recording_id
            connection.execute(t.RECORDINGS.update().where(wanted).values(title=checked_name(title)))

    def set_tags(self, recording_id: str, tags: Iterable[str]) -> None:
        """Make these the tags of a recording."""
        named = sorted({checked_name(tag) for tag in tags})
        with self.database.writes() as connection:
            rows.check_recording(connection, recording_id)
            connection.execute(t.TAGS.delete().where(t.TAGS.c.recording == recording_id))
            if named:
                connection.execute(t.TAGS.insert(), [{"recording": recording_id, "tag": tag} for tag in named])

    def set_place(self, recording_id: str, place: Place) -> None:
        """Say whose recording it is, in which session, under which condition."""
        with self.database.writes() as connection:
            rows.set_place(connection, recording_id, place)
            rows.prune(connection)

    def describe(self, table: bytes) -> Matched:
        """Set subjects, sessions, conditions and attributes from a CSV with a row a recording.

        See `fer_core.library.attributes` for its columns. Cells that are empty change nothing, but that a session
        goes with its subject: where a row names another subject and no session, there is none.

        Raises:
            LibraryError: the table is not understood; nothing is set then.
        """
        described = attributes.read_table(table)
        with self.database.writes() as connection:
            return attributes.apply(connection, described)

    def set_events(self, recording_id: str, events: Sequence[Event]) -> None:
        """Make these the events of a recording, on its clock."""
        with self.database.writes() as connection:
            rows.set_events(connection, recording_id, events)

    def events(self, recording_id: str) -> tuple[Event, ...]:
        """The events of a recording."""
        with self.database.reads() as connection:
            rows.check_recording(connection, recording_id)
            return rows.events_of(connection, recording_id)

    def all_events(self) -> dict[str, tuple[Event, ...]]:
        """The events of every recording that has some, by its id."""
        with self.database.reads() as connection:
            return rows.events_by_recording(connection)

    def all_consents(self) -> dict[str, tuple[Consent, ...]]:
        """The records of consent of every recording that has some, by its id."""
        with self.database.reads() as connection:
            return rows.consents_by_recording(connection)

    def record_consent(self, recording_id: str, consent: Consent) -> None:
        """Write down what was agreed to; records are added and never changed."""
        with self.database.writes() as connection:
            rows.check_recording(connection, recording_id)
            text = rows.as_text(as_plain(consent))
            connection.execute(t.CONSENTS.insert().values(id=uuid.uuid4().hex, recording=recording_id, consent=text))

    def consents(self, recording_id: str) -> tuple[Consent, ...]:
        """What was agreed to for a recording, by date."""
        with self.database.reads() as connection:
            rows.check_recording(connection, recording_id)
            return rows.consents_of(connection, recording_id)

    # Delete

    def delete(self, recording_id: str) -> Receipt:
        """Delete a recording for good: all its analyses with their files, and every name and text about it.

        Raises:
            NotKeptError: there is no such recording.
        """
        with self.database.writes() as connection:
            rows.check_recording(connection, recording_id)
            mine = sa.select(t.ANALYSES.c.id).where(t.ANALYSES.c.recording == recording_id)
            receipt_id = rows.forget(connection, [str(name) for name in connection.execute(mine).scalars()])
            connection.execute(t.RECORDINGS.delete().where(t.RECORDINGS.c.id == recording_id))
            rows.prune(connection)
        return self._receipt(receipt_id, recording_gone=True)

    def delete_analysis(self, analysis: str) -> Receipt:
        """Delete one analysis for good; its recording, too, where it was the last of it.

        Raises:
            NotKeptError: there is no such analysis.
        """
        with self.database.writes() as connection:
            recording_id = rows.recording_of(connection, analysis)
            receipt_id = rows.forget(connection, [analysis])
            left = sa.select(t.ANALYSES.c.id).where(t.ANALYSES.c.recording == recording_id)
            last = connection.execute(left).first() is None
            if last:
                connection.execute(t.RECORDINGS.delete().where(t.RECORDINGS.c.id == recording_id))
                rows.prune(connection)
        return self._receipt(receipt_id, recording_gone=last)

    def deletions(self) -> list[Receipt]:
        """Everything that was deleted, the newest first."""
        with self.database.reads() as connection:
            query = sa.select(t.DELETIONS).order_by(t.DELETIONS.c.deleted_at.desc())
            return [self._as_receipt(row) for row in connection.execute(query)]

    def clean(self) -> tuple[str, ...]:
        """Remove files and traces of what was deleted, and files that were never kept; SHA-256 of the files.

        Whatever a process could not end before it was killed is ended here. Runs when a library is opened.
        """
        with self.database.writes() as connection:
            kept = set(connection.execute(sa.select(t.ANALYSES.c.id)).scalars())
            deleted = connection.execute(sa.select(t.DELETIONS.c.files)).scalars()
            gone = self.store.sweep(kept, {name for names in deleted for name in json.loads(names)})
            waiting = list(
                connection.execute(sa.select(t.DELETIONS.c.id).where(t.DELETIONS.c.cleaned_at.is_(None))).scalars()
            )
        if waiting and self.database.vacuum():
            with self.database.writes() as connection:
                done = t.DELETIONS.c.id.in_(waiting)
                connection.execute(t.DELETIONS.update().where(done).values(cleaned_at=rows.now()))
        return gone

    def _receipt(self, receipt_id: str, *, recording_gone: bool) -> Receipt:
        self.clean()
        with self.database.reads() as connection:
            query = sa.select(t.DELETIONS).where(t.DELETIONS.c.id == receipt_id)
            return replace(self._as_receipt(connection.execute(query).one()), recording_gone=recording_gone)

    def _as_receipt(self, row: Any) -> Receipt:
        files = tuple(json.loads(row.files))
        left = self.store.names() & set(files)
        return Receipt(row.deleted_at, files, not left, row.cleaned_at is not None)
