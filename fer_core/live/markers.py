"""Markers in from Lab Streaming Layer, by which PsychoPy, E-Prime or Unity say what happens in a live session."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from fer_core.live.outputs.ways import missing

LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.05
"""Seconds between two looks; no time is lost by it, because markers bring their own."""

FIND_EVERY_S: Final = 0.2
"""Seconds between two looks for new streams."""

OPEN_S: Final = 5.0
"""Seconds within which another machine has to answer when it is asked how its clock goes."""

AGAIN_S: Final = 60.0
"""Seconds after which a stream that did not answer is tried again."""

LONGEST: Final = 200
"""Letters of a marker; further ones are cut off."""

_END_S: Final = 2 * OPEN_S

Heard = Callable[[str, float], None]
"""Called with the text of a marker and when it was set, in seconds of `time.monotonic`."""


class MarkersIn:
    """Hears the streams of type "Markers" in the local network, whenever they come, until it is closed.

    Streams are opened in a thread of their own: one that does not answer must not hold up the markers of the others.

    Args:
        heard: called in a thread of its own or within `fetch`, in the order of each stream.
        name: of the only stream that is listened to; None for all but those of this software.

    Raises:
        DependencyError: the extra `live` is not installed.
    """

    def __init__(self, heard: Heard, name: str | None = None) -> None:
        try:
            import pylsl

            from fer_core.live.outputs.lsl import MARKERS, MARKERS_TYPE
        except (ImportError, RuntimeError) as error:  # the latter where the library of LSL itself is missing
            raise missing(error) from error
        self._pylsl, self._heard, self._wanted, self._ours = pylsl, heard, name, MARKERS
        self._resolver = pylsl.ContinuousResolver("type", MARKERS_TYPE)
        self._inlets: dict[str, _Inlet] = {}
        self._again_s: dict[str, float] = {}
        self._closed, self._taking = threading.Event(), threading.Lock()
        self.name = f"LSL {name or 'of type Markers'}"
        self._threads = [
            threading.Thread(target=run, name="markers", daemon=True) for run in (self._run_taking, self._run_finding)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def streams(self) -> tuple[str, ...]:
        """Names of the streams that are listened to now."""
        return tuple(inlet.name for inlet in list(self._inlets.values()))

    def fetch(self) -> None:
        """Pass on what has come until now, before this returns."""
        if not self._closed.is_set():
            self._take()

    def close(self) -> None:
        """Hear no more; what has come until now is passed on before."""
        self._closed.set()
        for thread in self._threads:
            thread.join(_END_S)

    def _run_taking(self) -> None:
        while not self._closed.wait(LOOK_EVERY_S):
            self._take()
        self._take()
        self._inlets.clear()

    def _run_finding(self) -> None:
        while not self._closed.wait(FIND_EVERY_S):
            self._find()

    def _find(self) -> None:
        """Listen to streams that are new."""
        for info in self._resolver.results():
            uid = info.uid()
            if uid in self._inlets or not self._is_wanted(info.name()) or time.monotonic() < self._again_s.get(uid, 0):
                continue
            if self._closed.is_set():
                return
            source = info.name(), info.source_id()
            if source[1] and any(inlet.source == source for inlet in list(self._inlets.values())):
                continue  # the library itself goes over to the stream of a program that was started again
            try:
                self._inlets[uid] = _Inlet(self._pylsl, info)
            except (TimeoutError, RuntimeError) as error:  # it is gone, or another machine does not answer
                LOGGER.warning("The stream of markers %r cannot be listened to (%s)", info.name(), error)
                self._again_s[uid] = time.monotonic() + AGAIN_S  # the others need not wait for it in every round

    def _is_wanted(self, name: str) -> bool:
        return name != self._ours if self._wanted is None else name == self._wanted

    def _take(self) -> None:
        with self._taking:  # two threads may, and the markers of a stream stay in order
            for uid, inlet in list(self._inlets.items()):
                try:
                    for text, time_s in inlet.new():
                        self._heard(text, time_s)
                except (TimeoutError, RuntimeError) as error:  # the latter is of a stream that is gone for good
                    LOGGER.warning("The stream of markers %r has ended (%s)", inlet.name, error)
                    self._inlets.pop(uid, None)


class _Inlet:
    """One stream. Its times are brought from the clock of the machine that sends to the one of this process."""

    def __init__(self, pylsl: Any, info: Any) -> None:
        self.name = str(info.name())
        self._pylsl, self._texts = pylsl, info.channel_format() == pylsl.cf_string
        self.source = info.name(), info.source_id()
        self._inlet = pylsl.StreamInlet(info)
        self._inlet.open_stream(OPEN_S)
        self._inlet.time_correction(OPEN_S)  # takes some time when it is first asked for, and none from then on

    def new(self) -> list[tuple[str, float]]:
        """The markers that have come: text, and when they were set, by `time.monotonic`."""
        samples, stamps = self._inlet.pull_chunk(timeout=0.0, as_numpy=self._texts)
        if not len(stamps):
            return []
        to_here_s = self._inlet.time_correction(OPEN_S) - self._pylsl.local_clock() + time.monotonic()
        texts = ((_text(values), stamp + to_here_s) for values, stamp in zip(samples, stamps, strict=True))
        return [(text, time_s) for text, time_s in texts if text]


def _word(value: object) -> str:
    if isinstance(value, bytes):  # which need not be UTF-8: the programs of a laboratory are of all ages
        return value.decode(errors="replace")
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _text(values: Sequence[object]) -> str:
    """A marker as text: numbers as short as they are, several channels with a space between."""
    words = (_word(value) for value in values)
    text = " ".join(word.strip() for word in words).strip()
    with contextlib.suppress(UnicodeEncodeError):
        text.encode()
        return text[:LONGEST]
    return text.encode(errors="replace").decode()[:LONGEST]
