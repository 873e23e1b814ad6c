"""The connections of a live session with other programs while they are on: readings go out, markers come in."""

import contextlib
import threading
from collections.abc import Sequence

from fer_core.live.analyser import LiveReading
from fer_core.live.markers import Heard, MarkersIn
from fer_core.live.outputs import Output
from fer_core.live.outputs.message import Message
from fer_core.live.outputs.ways import Way, opened


class Links:
    """The connections of one session, open until they are closed. Safe to use from several threads.

    Args:
        ways: that are opened.
        model: that listeners are told.
        heard: called with markers that come in; see `fer_core.live.markers.Heard`.
        began_s: beginning of the session by `time.monotonic`, from which its messages count.

    Raises:
        FerError: one of them cannot be opened; then none is.
    """

    def __init__(self, ways: Sequence[Way], model: str, heard: Heard, began_s: float) -> None:
        self.ways, self.model = tuple(ways), model
        self._began_s, self._frame = began_s, 0
        self._lock, self._closed = threading.Lock(), False
        self._outputs: list[Output] = []
        self._markers: MarkersIn | None = None
        with contextlib.ExitStack() as held:
            held.callback(self.close)
            for way in self.ways:
                if way.kind == "markers":
                    self._markers = MarkersIn(heard)
                else:
                    self._outputs.append(opened(way, model))
            held.pop_all()
        self.out = tuple(output.name for output in self._outputs)
        """Where readings go, with addresses."""

    @property
    def closed(self) -> bool:
        """Whether nothing goes out or comes in any more."""
        return self._closed

    @property
    def marker_streams(self) -> tuple[str, ...] | None:
        """Names of the streams whose markers come in now; None where none is asked for."""
        return None if self._markers is None else self._markers.streams

    def send(self, reading: LiveReading) -> None:
        """Pass a reading on, whose time is by `time.monotonic`."""
        with self._lock:
            if self._closed:
                return
            message = Message.of(reading, self._frame, self._began_s)
            self._frame += 1
            for output in self._outputs:
                output.send(message)

    def fetch_markers(self) -> None:
        """Pass markers on that have come until now, before this returns."""
        if self._markers is not None:
            self._markers.fetch()

    def close(self) -> None:
        """Disconnect. Markers that have come until now are passed on before."""
        with self._lock:
            was_closed, self._closed = self._closed, True
        if was_closed:
            return
        if self._markers is not None:
            self._markers.close()
        for output in self._outputs:
            output.close()
