"""What has to be right where the dashboard is deployed, and what to do where it is not.

The self-test asks whether readings are right; this asks about the machine around them: libraries, files, folders, disk,
limits, how the camera's pictures find their way, and the address that visitors use.
"""

import base64
import http.client
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from fer_core.classification import default_model
from fer_core.diagnostics import self_test
from fer_core.diagnostics.checks import Check, guarded, place_of
from fer_core.diagnostics.reaching import get, unusable
from fer_core.diagnostics.sign_in import sign_in
from fer_core.diagnostics.ways import ways
from fer_core.errors import LibraryError, with_extra
from fer_core.media import libraries
from fer_core.networks.files import MODELS_DIR
from fer_core.pipeline import EmotionPipeline
from fer_core.settings import DATABASE, LIBRARY, UNFINISHED, settings, temporary_place

PYTHONS: Final = ((3, 11), (3, 13))
"""First and last Python that is tested."""

LEAST_FREE_GB: Final = 2.0
"""Disk that an upload, its browser copy and the annotated recording need together, with room to spare."""

LEAST_FILES: Final = 1024
"""Open files that some ten visitors with cameras need."""


def doctor(address: str | None = None, models_dir: Path = MODELS_DIR) -> Iterator[Check]:
    """Look at everything.

    Args:
        address: of the dashboard as visitors type it, such as "https://faces.example.org"; None where it does not run.
        models_dir: where the models are.

    Yields:
        One result a check, as soon as it is there; one that failed says what to do.
    """
    yield guarded("Python", _python)
    yield guarded("libraries", _libraries)
    yield guarded("models", lambda: self_test.files(models_dir))
    yield guarded("speed", lambda: _speed(models_dir))
    now = settings()
    yield guarded("temporary folder", _temporary_folder)
    yield guarded("unfinished analyses", partial(_folder, now.unfinished, UNFINISHED))
    yield guarded("library", partial(_folder, now.library, LIBRARY))
    yield guarded("database", lambda: _database(now.database))
    yield guarded("sign-in", lambda: sign_in(now, address))
    yield guarded("open files", _open_files)
    yield guarded("network for the camera", _interfaces)
    yield guarded("ways for the camera", lambda: ways(now))
    if address is not None:
        reachable = guarded("address", lambda: _address(address))
        yield reachable
        if reachable.passed:
            yield guarded("pages", lambda: _pages(address))
            yield guarded("WebSocket", lambda: _websocket(address))


def _python() -> tuple[bool, str]:
    here, (first, last) = sys.version_info[:2], PYTHONS
    words = f"{here[0]}.{here[1]}"
    if first <= here <= last:
        return True, words
    return False, f"{words} is not tested; use {first[0]}.{first[1]} to {last[0]}.{last[1]}"


def _libraries() -> tuple[bool, str]:
    found, old = libraries.look(date.today())
    problems = [finding.problem for finding in found if finding.problem] + ([old] if old else [])
    return not problems, " ".join(problems) or ", ".join(f"{finding.name} {finding.version}" for finding in found)


def _speed(models_dir: Path) -> tuple[bool, str]:
    return self_test.speed(EmotionPipeline.load(default_model(models_dir), models_dir=models_dir))


def _temporary_folder() -> tuple[bool | None, str]:
    """That of the environment, which Python passes over in silence where it cannot be used."""
    variable, said = temporary_place() or ("TMPDIR", "")
    try:
        used = tempfile.gettempdir()
    except OSError:
        return (
            False,
            f"there is none that can be written to; make room, or name another folder in {variable}",
        )
    if said and (named := os.path.abspath(said)) != used:  # noqa: PTH100  as Python does it
        return False, (
            f"{named} cannot be used, so files lie in {used}; make it, with room and the right to write there, or name "
            f"another folder in {variable}"
        )
    return _folder(Path(used), variable)


def _folder(folder: Path | None, variable: str) -> tuple[bool | None, str]:
    """Whether there can be written, with room on its disk. It is not made for that."""
    if folder is None:
        return None, f"none is used; {variable} names one"
    there, problem = place_of(folder, variable)
    if problem:
        return False, problem
    free_gb = shutil.disk_usage(there).free / 1e9
    if free_gb < LEAST_FREE_GB:
        return False, f"{folder} has {free_gb:.1f} GB left; free some, or name a folder on another disk in {variable}"
    return True, f"{folder}, {free_gb:.0f} GB free"


def _database(named: str) -> tuple[bool | None, str]:
    """Whether the server of the library's catalogue answers; a file is in the library's folder, or made when needed."""
    if "://" not in named:
        return None, "a file" if named else "the library's own file"
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError

        from fer_core.library.database import url_of
    except ImportError:
        return False, f"SQLAlchemy is not installed; {with_extra('library')}"
    try:
        url = url_of(named)
        if url.get_backend_name() == "sqlite":
            return None, "a file"
        create_engine(url).connect().close()
    except LibraryError as error:
        return False, str(error)
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).splitlines()[0]
        return False, f"{DATABASE} cannot be opened ({reason}); check its address, user and password, and its driver"
    return True, "answers"


def _open_files() -> tuple[bool | None, str]:
    try:
        import resource
    except ImportError:  # Windows
        return None, "this system has no such limit"
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit < LEAST_FILES:
        return False, f"{limit} at once are too few for several visitors; raise that with `ulimit -n {LEAST_FILES}`"
    return True, f"{limit} at once"


def _interfaces() -> tuple[bool | None, str]:
    try:
        from aioice.ice import get_host_addresses
    except ImportError:
        return None, "the dashboard is not installed here"

    addresses = get_host_addresses(use_ipv4=True, use_ipv6=True)
    if addresses:
        return True, ", ".join(addresses)
    return False, "only the loopback interface, which WebRTC does not use; connect the machine, or add a veth pair"


def _address(address: str) -> tuple[bool, str]:
    wrong = unusable(
        address,
        "http://localhost:8501",
        "browsers offer the camera over HTTPS and on localhost only; put TLS in front of the dashboard",
    )
    return wrong is None, wrong or "browsers offer the camera here"


def _pages(address: str) -> tuple[bool, str]:
    status, _ = get(address, "/_stcore/health", {}, "dashboard")
    if status != http.client.OK:
        return False, f"the dashboard's health answers {status}; look at its log, and at the proxy in front of it"
    return True, "the dashboard answers"


def _websocket(address: str) -> tuple[bool, str]:
    """Every page needs one; proxies that were not told of it refuse the change of protocol."""
    key = base64.b64encode(os.urandom(16)).decode()
    change = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
        "Origin": address.rstrip("/"),
    }
    status, _ = get(address, "/_stcore/stream", change, "dashboard")
    if status == http.client.SWITCHING_PROTOCOLS:
        return True, "is let through"
    return (
        False,
        f"is refused with {status}; let the proxy pass on Upgrade and Connection; check server.allowedHosts",
    )
