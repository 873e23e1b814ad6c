"""What has to be right where the HTTP service is deployed: its address, its keys, and the room for what it is given."""

import http.client
import json
import shutil
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from fer_core.diagnostics.checks import Check, guarded, place_of
from fer_core.diagnostics.reaching import get, is_local, unusable
from fer_core.settings import (
    API_KEYS,
    SERVICE,
    SERVICE_BYTES,
    SERVICE_JOBS,
    SERVICE_QUEUE,
    ServiceSettings,
    service_settings,
)

_READY, _GUARDED = "/health/ready", "/v1/notice"


def service_doctor(address: str) -> Iterator[Check]:
    """Look at a service, with the settings that this process finds.

    Args:
        address: as other programs use it, such as "https://api.faces.example.org".

    Yields:
        One result a check, as soon as it is there; one that failed says what to do.
    """
    yield guarded("service settings", _settings)
    yield guarded("service folder", _room)
    reachable = guarded("service address", partial(_address, address))
    yield reachable
    if reachable.passed:
        ready = guarded("service", partial(_ready, address))
        yield ready
        if ready.passed:
            yield guarded("service keys", partial(_keys, address))


def _settings() -> tuple[bool, str]:
    found = service_settings()
    keys = f"{len(found.api_keys)} {'key' if len(found.api_keys) == 1 else 'keys'}"
    library = "with the library" if found.library else "without the library"
    return True, (
        f"{keys}, {library}; at most {found.most_bytes / 1e9:g} GB, {found.most_pixels / 1e6:g} million pixels and "
        f"{found.most_seconds / 60:g} min an upload, {found.jobs} at a time, {found.queue} waiting, kept for "
        f"{found.kept_hours:g} h"
    )


def _room() -> tuple[bool, str]:
    """Whether there can be written, and the disk holds as many of the largest uploads as may wait or be read."""
    found = service_settings()
    folder = found.folder
    if folder is None:
        return False, f"this user has no home folder; name a folder in {SERVICE}"
    there, problem = place_of(folder, SERVICE)
    if problem:
        return False, problem
    free_gb, needed_gb = shutil.disk_usage(there).free / 1e9, _needed_gb(found)
    free, needed = _short(free_gb), _short(needed_gb)
    if free_gb < needed_gb:
        return False, (
            f"{folder} has {free} GB left, and {_most_uploads(found)} uploads of the largest size, waiting or "
            f"being read, take {needed}; free some, or lower {SERVICE_BYTES}, {SERVICE_QUEUE} or {SERVICE_JOBS}"
        )
    return True, f"{folder}, {free} GB free, of which {needed} can be needed"


def _short(gigabytes: float) -> str:
    return f"{gigabytes:.0f}" if gigabytes >= 10 else f"{gigabytes:.2g}"


def _needed_gb(found: ServiceSettings) -> float:
    return found.most_bytes * _most_uploads(found) / 1e9


def _most_uploads(found: ServiceSettings) -> int:
    """Uploads that lie in the folder at the same time: each goes once it is read."""
    return found.queue + found.jobs


def _address(address: str) -> tuple[bool, str]:
    wrong = unusable(
        address,
        "http://localhost:8600",
        "keys and pictures go over the network as anyone can read them; put TLS in front of the service",
    )
    if wrong:
        return False, wrong
    return True, "nobody between can read what is sent" if urlsplit(address).scheme == "https" else "this machine alone"


def _ready(address: str) -> tuple[bool, str]:
    status, said = _get(address, _READY)
    if status == http.client.OK and said.get("status") == "ready":
        return True, "takes work"
    if status == http.client.SERVICE_UNAVAILABLE:
        return False, "is starting or ending; ask again in some seconds"
    return False, f"{_READY} answers {status}, which is none of this service; look at the proxy in front of it"


def _keys(address: str) -> tuple[bool, str]:
    """Whether a key is asked for, and those of the settings are known there."""
    keys = service_settings().api_keys
    without, _ = _get(address, _GUARDED)
    if without == http.client.OK:
        if is_local(address) and not keys:
            return True, f"none; it answers this machine alone. {API_KEYS} sets some"
        return False, f"it answers without a key; start it with {API_KEYS}"
    if without == http.client.FORBIDDEN:
        return False, f"it has no keys and refuses who comes by this address; start it with {API_KEYS}"
    if without != http.client.UNAUTHORIZED:
        return False, f"{_GUARDED} answers {without}; look at its log, and at the proxy in front of it"
    if not keys:
        return True, f"it asks for one; ask again with {API_KEYS} set as it has them to see whether they are known"
    unknown = [number for number, key in enumerate(keys, 1) if _get(address, _GUARDED, key)[0] != http.client.OK]
    if unknown:
        return False, (
            f"it does not know the key number {', '.join(map(str, unknown))} of {API_KEYS}; start it with the same "
            "keys, and let the proxy pass on Authorization"
        )
    return True, f"it asks for one, and knows all {len(keys)}" if len(keys) > 1 else "it asks for one, and knows it"


def _get(address: str, path: str, key: str | None = None) -> tuple[int, dict[str, object]]:
    """Status of an answer, and its content where that is an object in JSON."""
    status, content = get(address, path, {"Authorization": f"Bearer {key}"} if key else {}, "service")
    try:
        said = json.loads(content)
    except ValueError:
        said = None
    return status, said if isinstance(said, dict) else {}
