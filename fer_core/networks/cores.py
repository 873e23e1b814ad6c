"""CPU cores and the share of them that the networks of this process compute on."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")

_share: int | None = None
_beside = 0
_lock = threading.Lock()


def available_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_threads(most: int) -> None:
    """Let each network of this process compute with at most that many threads; those loaded before may keep theirs.

    For one of several processes that compute at the same time. The numbers do not depend on the threads.

    Args:
        most: 1 or more.
    """
    global _share
    if most < 1:
        raise ValueError(f"a network needs at least one thread, not {most}")
    _share = most


@contextlib.contextmanager
def computing_beside() -> Iterator[None]:
    """Tell, as long as this lasts, that what is computed here is one of two steps that are computed at the same time.

    Both then share the cores: two networks on a core each are done sooner than one after the other on both, because the
    threads of one wait for each other after every layer.
    """
    global _beside
    with _lock:
        _beside += 1
    try:
        yield
    finally:
        with _lock:
            _beside -= 1


def at_once(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """The results of two steps that need nothing of each other, computed at the same time, on a part of the cores each.

    With one core, or one thread for this process, they are computed one after the other. What one of them raises is
    raised when both have ended.
    """
    if most_threads() == 1:
        return first(), second()
    later: Future[Second] = Future()
    with computing_beside():
        # No executor: its threads keep a program that ends from ending, and those who use it then get an error.
        beside = threading.Thread(target=_fulfil, args=(later, second), daemon=True)
        beside.start()
        try:
            return first(), later.result()
        finally:
            beside.join()


def _fulfil(later: "Future[Second]", step: Callable[[], Second]) -> None:
    try:
        later.set_result(step())
    except BaseException as error:
        later.set_exception(error)


def most_threads() -> int:
    """Threads of a network that is loaded without a number of its own: one a core, or the limit of this process."""
    return min(available_cores(), _share or available_cores())


def computing_threads() -> int:
    """`most_threads`, or a part of them while several steps are computed at the same time."""
    return max(1, most_threads() // (1 + _beside))


def _forget() -> None:
    """In a fork nothing is computed yet."""
    global _beside, _lock
    _beside, _lock = 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
