"""The library: analyses that somebody chose to keep, in a catalogue (a database) and a store of Parquet files.

Raises, where it is imported:
    DependencyError: the extra `library` is not installed.
"""

from fer_core.errors import DependencyError, with_extra

try:
    import alembic
    import sqlalchemy
except ModuleNotFoundError as error:
    raise DependencyError(
        f"The library of kept analyses needs SQLAlchemy and Alembic; {with_extra('library')}."
    ) from error

del alembic, sqlalchemy
