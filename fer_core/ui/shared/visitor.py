"""Who sits in front of the page: somebody at this machine, or anyone."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_LOCAL: Final = {"localhost", "127.0.0.1", "::1"}
_PROXIED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
"""Headers that tell of a proxy."""


def sits_here(address: str, headers: Mapping[str, str]) -> bool:
    """Whether the visitor sits at this machine: only then may they name files of it.

    An address that only this machine reaches is not enough: behind a proxy on it, every visitor comes from there.

    Args:
        address: that the server listens at.
        headers: that the visitor's browser sent, and what a proxy has added to them.
    """
    asked = [f"//{headers.get('Host', '')}", *([headers["Origin"]] if "Origin" in headers else [])]
    return address in _LOCAL and all(_host(one) in _LOCAL for one in asked) and not any(map(headers.get, _PROXIED))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
