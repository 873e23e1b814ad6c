"""A PostgreSQL server of the test run's own, from Debian's package, reached by a socket in its own folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_USER = "postgres"
"""The server refuses to run as root; Debian's package brings this user."""


def programs() -> Path:
    """Folder of the newest server that is installed; skips the test where there is none or it cannot run."""
    pytest.importorskip("psycopg", reason="psycopg, the driver for PostgreSQL, is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("no PostgreSQL server is installed; on Debian: apt-get install postgresql")
    if os.geteuid() == 0:
        import pwd

        try:
            pwd.getpwnam(_USER)
        except KeyError:
            pytest.skip(f"PostgreSQL does not run as root, and there is no user {_USER}")
    return found[-1].parent


@contextmanager
def server() -> Iterator[str]:
    """A server that runs until the end; gives the URL of its databases, which lacks the database's name."""
    bin_, folder = programs(), Path(tempfile.mkdtemp(prefix="fv-pg-", dir="/tmp"))  # a socket's path may be 107 bytes
    user = _USER if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    quiet = {"user": user, "cwd": folder, "check": True, "stdout": subprocess.DEVNULL}
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    try:
        subprocess.run([bin_ / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C"], **quiet)
        subprocess.run([bin_ / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start"], **quiet)
        try:
            yield f"postgresql://{_USER}@/{{}}?host={folder}"
        finally:
            subprocess.run([bin_ / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def emptied(url: str) -> str:
    """URL of the server's database, in which nothing is left."""
    import psycopg

    with psycopg.connect(url.format("postgres"), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url.format("postgres")
