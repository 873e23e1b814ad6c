"""Whether an address is one that others can use, and what answers there."""

import http.client
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from fer_core.errors import FerError

ANSWER_S: Final = 5.0
"""How long a server of others may take."""

_LOCAL: Final = ("localhost", "127.0.0.1", "::1")


def is_local(address: str) -> bool:
    """Whether an address is of this machine."""
    return urlsplit(address).hostname in _LOCAL


def unusable(address: str, example: str, in_the_open: str) -> str | None:
    """Why others cannot use an address; None where they can.

    Args:
        address: as they type it.
        example: one of the same kind on this machine.
        in_the_open: what is wrong where nothing on the way is encrypted.
    """
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # such as a port that is no number
        whole = False
    if not whole:
        return f"{address} is no address of a server; write it as https://host or {example}"
    return None if parts.scheme == "https" or is_local(address) else in_the_open


def get(address: str, path: str, headers: Mapping[str, str], what: str) -> tuple[int, bytes]:
    """Status and content of what answers to GET; no content where it changed the protocol.

    Args:
        address: that `unusable` has nothing against.
        path: behind it.
        headers: to send.
        what: is expected there, in a word.

    Raises:
        FerError: nothing answers.
    """
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_S)
    try:
        connection.request("GET", parts.path.rstrip("/") + path, headers=dict(headers))
        answer = connection.getresponse()
        changed = answer.status == http.client.SWITCHING_PROTOCOLS
        return answer.status, b"" if changed else answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise FerError(f"{address} does not answer ({error}); is the {what} started, and the port open?") from error
    finally:
        connection.close()
