"""Libraries on both databases."""

import pytest

from fer_core.library.library import Library
from tests.unit.library import postgresql


@pytest.fixture(scope="session")
def server():
    with postgresql.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """Place of a catalogue that is not there yet."""
    if request.param == "sqlite":
        return tmp_path / "catalogue.sqlite3"
    return postgresql.emptied(request.getfixturevalue("server"))


@pytest.fixture
def library(database, tmp_path):
    with Library.open(tmp_path / "library", database) as opened:
        yield opened


@pytest.fixture
def on_sqlite(tmp_path):
    with Library.open(tmp_path / "library") as opened:
        yield opened
