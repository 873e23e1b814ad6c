"""The catalogue goes up and down between its versions with its data, on both databases."""

import pytest
import sqlalchemy as sa

from fer_core.errors import LibraryError
from fer_core.library import tables as t
from fer_core.library.library import Library
from fer_core.library.values import Place
from tests.unit.library.test_library import corrected, named, same


def names_of(database):
    with database.reads() as connection:
        return {name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"}


def test_recordings_and_corrections_survive_the_way_down_and_up(library):
    name = library.keep(corrected())
    [entry] = library.entries()
    library.set_tags(entry.recording_id, ["pilot"])
    library.set_place(entry.recording_id, Place("S1", "day 1", "joke"))
    library.database.migrate("0001")
    assert "places" not in names_of(library.database)
    with library.database.reads() as connection:
        assert connection.execute(sa.select(t.TAGS.c.tag)).scalars().all() == ["pilot"]
        assert connection.execute(sa.select(sa.func.count()).select_from(t.EDITS)).scalar() == entry.edits
    library.database.migrate()
    [after] = library.entries()
    assert (after.analysis, after.tags, after.place) == (name, ("pilot",), Place())
    assert same(library.open_study(name), corrected())
    library.set_place(entry.recording_id, Place("S1", "day 1", "joke"))


def test_opening_brings_an_older_catalogue_up(database, tmp_path):
    with Library.open(tmp_path / "library", database) as before:
        name = before.keep(named("a.mp4"))
        before.database.migrate("0001")
    with Library.open(tmp_path / "library", database) as after:
        assert [entry.analysis for entry in after.entries()] == [name]
        after.set_place(after.entries()[0].recording_id, Place("S1"))


def test_all_the_way_down_leaves_no_table(library):
    library.keep(named("a.mp4"))
    library.database.migrate("base")
    assert names_of(library.database) == set()


def test_the_steps_lead_to_the_tables_that_the_code_uses(library):
    with library.database.reads() as connection:
        inspector = sa.inspect(connection)
        for table in t.METADATA.sorted_tables:
            found = {column["name"]: column for column in inspector.get_columns(table.name)}
            assert list(found) == [column.name for column in table.columns], table.name
            for column in table.columns:
                assert found[column.name]["nullable"] == column.nullable, (table.name, column.name)
                kind = found[column.name]["type"].compile(connection.dialect)
                assert kind == column.type.compile(connection.dialect), (table.name, column.name)
            keys = inspector.get_pk_constraint(table.name)["constrained_columns"]
            assert keys == [column.name for column in table.primary_key.columns], table.name
            referred = {key["referred_table"] for key in inspector.get_foreign_keys(table.name)}
            assert referred == {key.column.table.name for key in table.foreign_keys}, table.name
    assert names_of(library.database) == set(t.METADATA.tables)


def test_a_catalogue_of_a_later_version_is_not_touched(library, database, tmp_path):
    with library.database.writes() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LibraryError, match="9999"):
        Library.open(tmp_path / "library", database)
