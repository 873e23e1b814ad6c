"""How a command ends before it is done: by Ctrl-C, by a signal, or because nobody can be told what it found."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NoReturn, TextIO

_BY_NUMBER: Final = 128
_ORDERLY: Final = ("SIGTERM", "SIGHUP")  # the second does not exist on Windows


class Ended(KeyboardInterrupt):
    """A signal asked this process to end; what Ctrl-C ends in order, ends in order.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Within it, SIGTERM and SIGHUP raise `Ended` in the main thread, once; one that is ignored stays so (nohup)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _ORDERLY if hasattr(signal, name)]
    changed = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]

    def end(number: int, _: object) -> NoReturn:
        for each in changed:  # what is cleared away now is cleared away whole
            signal.signal(each, signal.SIG_IGN)
        raise Ended(number)

    for number in changed:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def unhurried() -> Iterator[None]:
    """Within it, Ctrl-C, SIGTERM and SIGHUP do nothing: what cannot be had again is written to its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGINT", *_ORDERLY) if hasattr(signal, name)]
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def status_of(end: KeyboardInterrupt) -> int:
    """The exit status after Ctrl-C or a signal, as shells give it."""
    return _BY_NUMBER + (end.number if isinstance(end, Ended) else signal.SIGINT)


def status_of_process(code: int) -> int:
    """The exit status, as shells give it, of a process that ended with a code of `subprocess`: -N for signal N."""
    return _BY_NUMBER - code if code < 0 else code


def silence(*streams: TextIO | None) -> None:
    """Let what is still written to these go nowhere, after they were closed or have no room."""
    for stream in streams:
        with suppress(OSError, ValueError):
            if stream is not None:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
