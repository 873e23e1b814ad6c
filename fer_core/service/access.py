"""Who may use the service: holders of a key, or where there is no key, programs of this machine and no web page."""

import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from fer_core.errors import AccessError, KeyNeededError
from fer_core.settings import API_KEYS

Guard = Callable[..., None]
"""A dependency of FastAPI that lets a request pass, and notes in `request.state.owner` whose it is."""

NOBODY: Final = ""
"""Owner of everything where there are no keys."""

_OWN_SITES: Final = ("none", "same-origin")

_bearer = HTTPBearer(auto_error=False, description=f"One of the keys in {API_KEYS}")


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def guard(keys: tuple[str, ...]) -> Guard:
    """The guard of a service with these keys."""
    return _with_key(keys) if keys else _from_this_machine


def _with_key(keys: tuple[str, ...]) -> Guard:
    digests = [hashlib.sha256(key.encode()).digest() for key in keys]

    def check(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        digest = hashlib.sha256((given.credentials if given else "").encode()).digest()
        known = [hmac.compare_digest(digest, each) for each in digests]  # all of them, so that time tells nothing
        if not any(known):
            if given and given.credentials:
                raise KeyNeededError("This service does not know the key that was sent; ask who runs it for one.")
            raise KeyNeededError('This service needs a key; send it as "Authorization: Bearer KEY".')
        request.state.owner = digest.hex()

    return check


def _from_this_machine(request: Request) -> None:
    """A page of the web must reach nothing here: not under a name that it lets point to this machine, nor directly."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    is_foreign = origin is not None and origin.partition("://")[2] != host
    is_embedded = request.headers.get("sec-fetch-site", "none") not in _OWN_SITES  # a picture or script has no origin
    if not is_loopback(_name_in(host)) or is_foreign or is_embedded:
        raise AccessError(
            "Without keys, this service answers programs of this machine alone, at localhost and to no web page; "
            f"set {API_KEYS} to change that."
        )
    request.state.owner = NOBODY


def _name_in(host: str) -> str:
    """The name or address in a header `Host`; empty where it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
