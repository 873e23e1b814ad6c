"""Work that takes long, done in a thread of its own while the page stays alive.

No Streamlit in here: it may not be called from such threads.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from fer_core.errors import FerError

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

UNEXPECTED = "Something unexpected went wrong; the server's log says what. Nothing else of this visit is lost."


@dataclass(frozen=True)
class Advance:
    """How far the work has come.

    Attributes:
        share: 0 to 1.
        words: what there is to say about it.
        remaining_s: seconds until it is done, as things go; None where that cannot be said yet.
    """

    share: float = 0.0
    words: str = ""
    remaining_s: float | None = None


Report = Callable[[Advance], None]
Job = Callable[[Report, threading.Event], Result]
"""What is to be done: it reports now and then, and ends soon after the event is set, with what it has."""


class Work(Generic[Result]):
    """One job in a thread of its own, started at once.

    Args:
        job: see `Job`. It may not hold on to anything of a page.
        stop: set by `cancel`, or by whoever made it.
        name: of the thread.

    Attributes:
        result: what the job gave; None until then, and where it failed.
        problem: why it failed, in a sentence for the visitor; None where it did not.
    """

    def __init__(self, job: Job[Result], stop: threading.Event | None = None, name: str = "work") -> None:
        self.result: Result | None = None
        self.problem: str | None = None
        self._stop = stop or threading.Event()
        self._advance = Advance()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, args=(job,), name=name, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it still goes on."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    @property
    def advance(self) -> Advance:
        """The last that was reported."""
        return self._advance

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._began

    def cancel(self) -> None:
        """Ask it to stop; it ends soon, with what it has."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> None:
        """Until it has ended, or that many seconds are over."""
        self._thread.join(timeout_s)

    def _run(self, job: Job[Result]) -> None:
        try:
            self.result = job(self._take, self._stop)
        except FerError as error:
            self.problem = str(error)
        except Exception:
            _log.exception("work in the background failed")
            self.problem = UNEXPECTED

    def _take(self, advance: Advance) -> None:
        self._advance = advance
