"""Loaded by every Python process of the run: writes down each address that is not this machine's."""

import os
import sys

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0", "::")


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # a path is a socket of this machine
    elif event in ("socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    else:
        return
    said = host.decode(errors="replace") if isinstance(host, bytes) else str(host or "")
    if said and not said.startswith(_LOCAL):
        with open(os.environ["ATTEMPTS"], "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(f"{event} {said} by {sys.argv[:3]}\n")


if "ATTEMPTS" in os.environ:
    sys.addaudithook(_watch)
