"""Readings by WebSocket, on this machine alone: JSON, a message a frame."""

import contextlib
import json
import queue
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Origin

from fer_core.errors import RequestError
from fer_core.live.outputs.message import Message

HOST: Final = "127.0.0.1"
_WAITING: Final = 4
"""Messages that wait for a listener who is slow; older ones are dropped."""

_TICK_S: Final = 0.5


class WebSocketOutput:
    """Tells every listener that connects. Web pages are turned away, but for those of the origins that are named.

    Args:
        port: 0 for any that is free.
        first: told to a listener before anything else.
        origins: such as "http://localhost:3000".

    Raises:
        RequestError: the port is in use.
    """

    def __init__(self, port: int, first: Mapping[str, Any], origins: Sequence[str] = ()) -> None:
        self._first = json.dumps(first)
        self._listeners: set[queue.Queue[str]] = set()
        self._lock, self._closed = threading.Lock(), threading.Event()
        try:
            self._server: Server = serve(self._listen, HOST, port, origins=[None, *map(Origin, origins)])
        except (OSError, OverflowError) as error:
            raise RequestError(
                f"Port {port} cannot be listened at ({error}); choose another for the WebSocket."
            ) from error
        self.port: int = self._server.socket.getsockname()[1]
        self.name = f"WebSocket ws://{HOST}:{self.port}"
        threading.Thread(target=self._server.serve_forever, name="websocket", daemon=True).start()

    def send(self, message: Message) -> None:
        """See `fer_core.live.outputs.Output`."""
        with self._lock:
            listeners = list(self._listeners)
        if not listeners:
            return
        text = json.dumps(message.to_json())
        for waiting in listeners:
            with contextlib.suppress(queue.Empty):
                while waiting.qsize() >= _WAITING:
                    waiting.get_nowait()
            waiting.put(text)

    def close(self) -> None:
        """See `fer_core.live.outputs.Output`."""
        self._closed.set()
        self._server.shutdown()

    def _listen(self, connection: ServerConnection) -> None:
        waiting: queue.Queue[str] = queue.Queue()
        with self._lock:
            self._listeners.add(waiting)
        try:
            connection.send(self._first)
            while not self._closed.is_set():
                with contextlib.suppress(queue.Empty):
                    connection.send(waiting.get(timeout=_TICK_S))
                _pass_over(connection)
        except ConnectionClosed:
            pass
        finally:
            with self._lock:
                self._listeners.discard(waiting)


def _pass_over(connection: ServerConnection) -> None:
    """Take what a listener has said: where it waits, not even the answers to pings are read, and the listener is lost.

    Raises:
        ConnectionClosed: the listener has left.
    """
    with contextlib.suppress(TimeoutError):
        while True:
            connection.recv(timeout=0)
