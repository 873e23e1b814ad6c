"""The ways by which a live session is connected with other programs, how people name them, and how they are opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from fer_core.errors import DependencyError, RequestError, with_extra
from fer_core.live.outputs import Output
from fer_core.settings import OSC_HOST, OSC_PORT, WEBSOCKET_PORT

Kind = Literal["websocket", "osc", "lsl", "markers"]
"""Three ways out, and `markers`: in from Lab Streaming Layer."""

NONE: Final = "none"
_PORTS: Final = 65_536
_USUAL_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Way:
    """One way.

    Attributes:
        kind: what it is.
        host: that OSC is sent to.
        port: of WebSocket and OSC; 0 elsewhere.
    """

    kind: Kind
    host: str = ""
    port: int = 0

    @property
    def title(self) -> str:
        """For people, before it is opened."""
        titles = {
            "websocket": f"WebSocket, port {self.port}",
            "osc": f"OSC to {self.host}:{self.port}",
            "lsl": "Lab Streaming Layer",
            "markers": "Markers in from Lab Streaming Layer",
        }
        return titles[self.kind]


USUAL: Final = (
    Way("websocket", port=WEBSOCKET_PORT),
    Way("osc", OSC_HOST, OSC_PORT),
    Way("lsl"),
    Way("markers"),
)
"""All ways, with the usual addresses."""


def ways_of(text: str) -> tuple[Way, ...]:
    """The ways that a setting names: `websocket=PORT`, `osc=HOST:PORT`, `lsl` and `markers`, with commas; or `none`.

    Raises:
        RequestError: it is not understood.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return () if parts == [NONE] else tuple(map(_way, parts))


def host_and_port(text: str) -> tuple[str, int]:
    """The parts of an address such as `127.0.0.1:9000`.

    Raises:
        ValueError: it is none.
    """
    host, _, port = text.rpartition(":")
    if not host or not _is_port(port):
        raise ValueError(f"a host and a port, such as {OSC_HOST}:{OSC_PORT}")
    return host.strip("[]"), int(port)


def origin_of(text: str) -> str:
    """The origin that a browser names for the page at an address; "null" as it is, which a page from a file has.

    Raises:
        ValueError: it is no address.
    """
    if text == "null":
        return text
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        host, port = "", None
    if not host or not parts.scheme:
        raise ValueError("an address of a page, such as http://localhost:3000")
    shown = "" if port in (None, _USUAL_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://[{host}]{shown}" if ":" in host else f"{parts.scheme}://{host}{shown}"


def opened(way: Way, model: str, origins: Sequence[str] = ()) -> Output:
    """A way out, open.

    Args:
        way: not `markers`.
        model: that listeners are told.
        origins: web pages that may listen to a WebSocket.

    Raises:
        RequestError: its address cannot be used.
        DependencyError: the extra `live` is not installed.
    """
    try:
        return _opened(way, model, origins)
    except (ImportError, RuntimeError) as error:  # pylsl raises the latter where its library is missing
        raise missing(error) from error


def missing(error: Exception) -> DependencyError:
    """What is told where a package cannot be imported."""
    return DependencyError(f"Connections with other programs need another package ({error}); {with_extra('live')}.")


def _opened(way: Way, model: str, origins: Sequence[str]) -> Output:
    if way.kind == "websocket":
        from fer_core.live.outputs.message import greeting
        from fer_core.live.outputs.websocket import WebSocketOutput

        return WebSocketOutput(way.port, greeting(model), origins)
    if way.kind == "osc":
        from fer_core.live.outputs.osc import OscOutput

        return OscOutput(way.host, way.port)
    from fer_core.live.outputs.lsl import LslOutput

    return LslOutput(model)


def _way(text: str) -> Way:
    kind, _, address = text.partition("=")
    try:
        if kind == "websocket":
            return Way("websocket", port=_port(address or str(WEBSOCKET_PORT)))
        if kind == "osc":
            return Way("osc", *(host_and_port(address) if address else (OSC_HOST, OSC_PORT)))
    except ValueError as error:
        raise RequestError(f"{text} names no address: {kind} takes {error}.") from error
    if kind in ("lsl", "markers") and not address:
        return Way("lsl" if kind == "lsl" else "markers")
    raise RequestError(
        f"{text} is no way to connect: there are websocket=PORT, osc=HOST:PORT, lsl, markers, and {NONE}."
    )


def _port(text: str) -> int:
    if not _is_port(text):
        raise ValueError("a port from 1 to 65535")
    return int(text)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) < _PORTS
