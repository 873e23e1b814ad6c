"""The catalogue's database: SQLite by default, PostgreSQL by URL. Transactions, one writer at a time, migrations."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from fer_core.errors import DependencyError, LibraryBusyError, LibraryError, with_extra
from fer_core.library.tables import METADATA

BUSY_S: Final = 30.0
"""Seconds that a writer waits for another one."""

VACUUM_S: Final = 2.0
"""Seconds that the clearing of traces waits for whoever reads; it is tried again when the library is next opened."""

_WRITES: Final = "fer_core_writes"
_WRITER_LOCK: Final = 7308332045212
"""Number of PostgreSQL's advisory lock; any constant that no other program uses in the same database."""

_POSTGRESQL: Final = "postgresql"
_NO_ROOM: Final = ("disk is full", "No space left on device", "Disk quota exceeded")
"""What SQLite and PostgreSQL say of a full disk."""


class Database:
    """A connection pool with the catalogue's rules.

    SQLite has foreign keys, a write-ahead log, `BUSY_S` of patience, and overwrites what it deletes. Whoever writes
    holds the one writer's lock from the start, in every process; whoever reads sees one state and waits for nobody.

    Args:
        place: path of an SQLite file, which `migrate` makes where it is missing, or a URL such as
            `postgresql://user@host/name`.

    Raises:
        LibraryError: this is no database that is known here.
        DependencyError: the driver for PostgreSQL is not installed.
    """

    def __init__(self, place: Path | str) -> None:
        self.url = url_of(place)
        self.path = Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None
        try:
            if self.path is not None:
                self._engine = sa.create_engine(self.url, connect_args={"timeout": BUSY_S})
                sa.event.listen(self._engine, "connect", _set_up_sqlite)
            else:
                self._engine = sa.create_engine(self.url, isolation_level="REPEATABLE READ", pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise DependencyError(
                f"The driver for this database is not installed ({error.name}); for PostgreSQL, "
                f"{with_extra('postgresql')}."
            ) from error
        sa.event.listen(self._engine, "begin", _begin)
        self._writing = self._engine.execution_options(**{_WRITES: True})

    @contextmanager
    def reads(self) -> Iterator[sa.Connection]:
        """One state of the catalogue, to read.

        Raises:
            LibraryError: the database cannot be reached or used.
        """
        with _said(self.url), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writes(self) -> Iterator[sa.Connection]:
        """A transaction that no other writer is beside; committed at the end, undone by any error.

        Raises:
            LibraryError: the database cannot be reached or used.
        """
        with _said(self.url), self._writing.begin() as connection:
            yield connection

    def has_catalogue(self) -> bool:
        """Whether there is one of any version; none is made.

        Raises:
            LibraryError: the database cannot be reached or used.
        """
        if self.path is not None and not self.path.is_file():
            return False
        with self.reads() as connection:
            return MigrationContext.configure(connection).get_current_revision() is not None

    def migrate(self, version: str = "head") -> None:
        """Bring the tables to a version, without loss where it is a later one.

        Args:
            version: such as "0001"; "head" for the present one, "base" for no tables.

        Raises:
            LibraryError: the catalogue was made by a later version of this software, or cannot be made.
        """
        try:
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(f"{self.path} cannot be made ({error.strerror}); choose another place.") from error
        with self.writes() as connection:
            now = MigrationContext.configure(connection).get_current_revision()
            config = _config(connection)
            known = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
            if now is not None and now not in known:
                raise LibraryError(
                    f"The catalogue has version {now}, which is not known here; update this software to open it."
                )
            wanted = known[0] if version == "head" else version
            if now == wanted:
                return
            forth = now is None or (wanted in known and known.index(wanted) < known.index(now))
            (command.upgrade if forth else command.downgrade)(config, version)

    def vacuum(self) -> bool:
        """Rewrite the database without any trace of what was deleted.

        Returns:
            Whether no trace is left in its files; False while somebody else reads, and where it has no room.
        """
        try:
            if self.path is None:
                self._vacuum_postgresql()
                return True
            return self._vacuum_sqlite()
        except (DBAPIError, sqlite3.OperationalError):
            return False

    def _vacuum_sqlite(self) -> bool:
        with self._engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute(f"PRAGMA busy_timeout={1000 * VACUUM_S:.0f}")
            try:
                raw.execute("VACUUM")
                busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.execute(f"PRAGMA busy_timeout={1000 * BUSY_S:.0f}")
            return not busy

    def _vacuum_postgresql(self) -> None:
        names = ", ".join(METADATA.tables)
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # Without a limit it would wait for the longest reader, and every other reader and writer for it.
            connection.exec_driver_sql(f"SET lock_timeout = {1000 * VACUUM_S:.0f}")
            try:
                connection.exec_driver_sql(f"SELECT pg_advisory_lock({_WRITER_LOCK})")
                try:
                    connection.exec_driver_sql(f"VACUUM FULL {names}")
                finally:
                    connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_WRITER_LOCK})")
            finally:
                connection.exec_driver_sql("RESET lock_timeout")

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


def url_of(place: Path | str) -> sa.URL:
    """The URL of a database as SQLAlchemy takes it, of a path or a URL as people write it.

    Raises:
        LibraryError: it is of no database that a library can be in.
    """
    text = str(place)
    if "://" not in text:
        return sa.URL.create("sqlite", database=str(Path(text).expanduser()))
    try:
        url = sa.make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise LibraryError("This is no URL of a database; it looks like postgresql://user@host/name.") from error
    if backend == "postgres":
        url, backend = url.set(drivername=_POSTGRESQL), _POSTGRESQL
    if backend == _POSTGRESQL:
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database not in (None, "", ":memory:"):
        return url.set(drivername="sqlite")
    raise LibraryError(
        f'"{backend}" is no database for the library; name the path of an SQLite file or postgresql://user@host/name.'
    )


@contextmanager
def _said(url: sa.URL) -> Iterator[None]:
    """Say in a sentence what went wrong with the database; a password in its URL is not shown."""
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise LibraryBusyError(
            "The library has more visitors at once than it serves; try again in a moment."
        ) from error
    except DBAPIError as error:
        reason = str(error.orig or error).splitlines()[0]
        if "locked" in reason:
            raise LibraryBusyError("The library is being written by another program; try again in a moment.") from error
        if any(words in reason for words in _NO_ROOM):
            raise LibraryBusyError(
                "The disk with the library's database is full; make room there, and try again."
            ) from error
        where = url.set(query={}).render_as_string(hide_password=True)  # a query may hold a password, too
        raise LibraryError(
            f"The library's database {where} cannot be used ({reason}); check that the place exists, has room, and "
            "that you may write there."
        ) from error


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # `_begin` begins, or the driver would do so after the first statement
    for setting in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        # Before the first statement of the transaction's snapshot, so that it sees what the writer before left.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
