"""Who may compute next: first come, first served."""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """A limit to how many threads are at work at once, which serves them in the order in which they came.

    A semaphore is not fair: who gives it back and wants it again at once gets it before a thread that waits has woken.

    Args:
        slots: how many may be at work at once.

    Example:
        >>> turns = Turns(1)
        >>> with turns:
        ...     pass
    """

    def __init__(self, slots: int) -> None:
        self._lock = threading.Lock()
        self._free = slots
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hand the turn to who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
