"""Who sits in front of the page: somebody at this machine, or anyone, and in which browser."""

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


def browser_of(cookie: str) -> str:
    """The token in a browser's anti-forgery cookie, which stays the same.

    The cookie has the form "2|mask|masked token|time", in hexadecimal, with a new mask each time. A cookie of another
    form is returned unchanged.

    >>> browser_of("2|e07e46db|d63129df|1795915600") == browser_of("2|40620026|762d6f22|1795915600")
    True
    """
    try:
        _, mask, masked, _ = cookie.split("|")
        key, token = bytes.fromhex(mask), bytes.fromhex(masked)
        return bytes(byte ^ key[place % len(key)] for place, byte in enumerate(token)).hex()
    except (ValueError, ZeroDivisionError):
        return cookie


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
