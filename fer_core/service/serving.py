"""A service that listens, from its start to an orderly end."""

import contextlib
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

import uvicorn

from fer_core.errors import RequestError
from fer_core.pipeline import LoadPipeline
from fer_core.request import DEFAULT_MODEL, AnalysisRequest
from fer_core.service.access import is_loopback
from fer_core.service.app import create_app
from fer_core.service.state import State
from fer_core.settings import API_KEYS, ServiceSettings

END_S: Final = 20
"""Seconds that answers under way have to be completed when the service ends."""

Told = Callable[[str], None]


def serve(host: str, port: int, settings: ServiceSettings, told: Told, load: LoadPipeline | None = None) -> None:
    """Listen until SIGTERM or SIGINT.

    Args:
        host: name or address to listen at; another than this machine's own only where there are keys.
        port: 0 for any that is free.
        settings: limits and keys.
        told: called with the address once it answers.
        load: see `create_app`.

    Raises:
        RequestError: it may not or cannot listen there.
        MediaError: its folder cannot be used.
        ModelError: the default model cannot be loaded.
    """
    if not is_loopback(host) and not settings.api_keys:
        raise RequestError(
            f"Without keys, the service listens at this machine's own address alone; set {API_KEYS} before others can "
            f"reach it at {host}."
        )
    app = create_app(settings, load)
    state: State = app.state.service
    state.pipelines(AnalysisRequest(DEFAULT_MODEL))  # so that the first request need not wait, and defects show now
    with _listening(host, port) as listener, _quiet_end(state.closing):
        config = uvicorn.Config(
            app,
            access_log=False,  # names of files are nobody's business
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=END_S,
        )
        told(_address(host, listener.getsockname()[1]))
        _Server(config, state.closing).run([listener])


class _Server(uvicorn.Server):
    """Says that it is going to end before it waits for the answers under way."""

    def __init__(self, config: uvicorn.Config, closing: threading.Event) -> None:
        super().__init__(config)
        self._closing = closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See `uvicorn.Server`."""
        self._closing.set()
        super().handle_exit(sig, frame)

    async def main_loop(self) -> None:
        """See `uvicorn.Server`; over at once where the service was asked to end before this class heard of signals."""
        if not self._closing.is_set():
            await super().main_loop()


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address[:2], family=family)
    except (OSError, OverflowError, UnicodeError) as error:  # the last is of a name that no host can have
        reason = getattr(error, "strerror", None) or str(error)
        raise RequestError(f"The service cannot listen at {host}, port {port} ({reason}); choose another.") from error
    with listener:
        yield listener


@contextlib.contextmanager
def _quiet_end(closing: threading.Event) -> Iterator[None]:
    """Let SIGTERM end the service without ending the process by a signal; uvicorn raises it again when it is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: closing.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _address(host: str, port: int) -> str:
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).version == 6:
            host = f"[{host}]"
    return f"http://{host}:{port}"
