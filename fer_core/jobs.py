"""Long work: how far it has come, how it is stopped, and a thread of its own for it.

A function that takes long takes a `Monitor`, reports a `Progress` to it now and then, and asks it whether to stop.
Whoever waits for the function makes the monitor, reads its progress and stops it, from any thread:

    >>> def count(monitor):
    ...     for done in range(1, 5):
    ...         monitor.step(done, 4, "counting")
    ...     return "counted"
    >>> work = Work(count)
    >>> work.wait()
    >>> work.result, work.progress.share, work.progress.words
    ('counted', 1.0, 'counting')

A step of larger work gets a part of the larger one's monitor, and needs not know of the rest:

    >>> monitor = Monitor()
    >>> for name, part in zip(["first", "second"], monitor.parts(["first", "second"])):
    ...     part.step(1, 2)
    ...     print(name, monitor.progress.share)
    first 0.25
    second 0.75

Streamlit is not used here: it may not be called from such threads.
"""

import copy
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Self, TypeVar

from fer_core.errors import FerError, StoppedError

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

REPORT_EVERY_S: Final = 0.25
"""Seconds between two calls of a monitor's callback, unless it is made with another interval."""

SETTLED_S: Final = 1.0
"""Seconds of work before the remaining time is estimated."""

UNEXPECTED: Final = "Something unexpected went wrong; the server's log says what. Nothing else of this visit is lost."


@dataclass(frozen=True)
class Progress:
    """How far work has come.

    Attributes:
        share: 0 to 1.
        words: what is being done, for people.
        elapsed_s: seconds since the first report; filled in by the monitor.
        remaining_s: seconds until the work is done at the pace so far; None where that is not known yet.
            Filled in by the monitor.
        done: units that are done, such as pictures; None where there are no units.
        total: units in all; None where there are none.
    """

    share: float = 0.0
    words: str = ""
    elapsed_s: float = 0.0
    remaining_s: float | None = None
    done: int | None = None
    total: int | None = None


Told = Callable[[Any], None]
"""Called with a `Progress`, or with the subclass of it that the work reports."""


class Monitor:
    """Takes in the progress of work, and tells the work to stop. Safe to use from any number of threads.

    Args:
        told: called with the progress, at most every `every_s` seconds and at the end, in the thread that reports; what
            it raises ends the work.
        every_s: seconds; 0 to be told of every report.
    """

    def __init__(self, told: Told | None = None, every_s: float = REPORT_EVERY_S) -> None:
        self._board = _Board(told, every_s)
        self._start, self._width, self._words = 0.0, 1.0, ""

    @classmethod
    def of(cls, progress: "Monitor | Told | None") -> "Monitor":
        """The monitor itself, or one that calls the function, or one that tells nobody."""
        return progress if isinstance(progress, Monitor) else cls(progress)

    @property
    def progress(self) -> Progress:
        """The last report, of this monitor or of any part of the same work, as share of the whole work."""
        return self._board.latest

    @property
    def should_stop(self) -> bool:
        """Whether the work was asked to stop."""
        return self._board.stopped.is_set()

    @property
    def abandoned(self) -> bool:
        """Whether the work was asked to stop and to keep nothing for another time."""
        return self._board.abandoned.is_set()

    def report(self, progress: Progress) -> None:
        """Take in how far the work has come; the share is that of this monitor's part."""
        share = self._start + self._width * min(1.0, max(0.0, progress.share))
        words = " ".join(filter(None, (self._words, progress.words)))
        self._board.report(replace(progress, share=share, words=words))

    def step(self, done: int, total: int, words: str = "") -> None:
        """Report that some of equal units are done, then `check`.

        Raises:
            StoppedError: the work was asked to stop.
        """
        self.report(Progress(done / total if total else 1.0, words, done=done, total=total))
        self.check()

    def check(self) -> None:
        """Go on, unless the work was asked to stop.

        Raises:
            StoppedError: it was.
        """
        if self.should_stop:
            raise StoppedError("The work was stopped before it was complete; start it again if it is wanted.")

    def part(self, start: float, end: float, words: str = "") -> Self:
        """A monitor for a step of the work, from one share of this monitor's work to another; stopped with the whole.

        Args:
            start: 0 to 1.
            end: 0 to 1, not below `start`.
            words: put before the words of each of its reports.
        """
        part = copy.copy(self)
        part._start, part._width = self._start + self._width * start, self._width * (end - start)
        part._words = " ".join(filter(None, (self._words, words)))
        return part

    def parts(self, words: Sequence[str]) -> list[Self]:
        """One monitor for each of equal steps, given what is done in each; the words may be empty."""
        return [self.part(place / len(words), (place + 1) / len(words), each) for place, each in enumerate(words)]

    def stop(self) -> None:
        """Ask the whole work to stop. It ends soon, with what it has or with `StoppedError`."""
        self._board.stopped.set()

    def abandon(self) -> None:
        """Ask the whole work to stop, and to keep nothing for another time."""
        self._board.abandoned.set()
        self._board.stopped.set()


class _Board:
    """What the monitors of one piece of work share."""

    def __init__(self, told: Told | None, every_s: float) -> None:
        self.latest = Progress()
        self.stopped, self.abandoned = threading.Event(), threading.Event()
        self._told, self._every_s, self._told_s = told, every_s, float("-inf")
        self._first: tuple[float, float] | None = None
        self._lock = threading.RLock()

    def report(self, progress: Progress) -> None:
        with self._lock:
            now_s = time.monotonic()
            self.latest = self._timed(progress, now_s)
            if self._told is None or (progress.share < 1 and now_s - self._told_s < self._every_s):
                return
            self._told_s = now_s
            self._told(self.latest)

    def _timed(self, progress: Progress, now_s: float) -> Progress:
        if self._first is None:  # the share that earlier work had reached says nothing about the pace
            self._first = now_s, progress.share
        elapsed_s, gained = now_s - self._first[0], progress.share - self._first[1]
        remaining_s = None
        if progress.share >= 1:
            remaining_s = 0.0
        elif gained > 0 and elapsed_s >= SETTLED_S:
            remaining_s = elapsed_s / gained * (1 - progress.share)
        return replace(progress, elapsed_s=elapsed_s, remaining_s=remaining_s)


Job = Callable[[Monitor], Result]
"""Work that is done in a thread: it reports to the monitor, and ends soon after it was asked to stop."""


def anything_runs() -> bool:
    """Whether any `Work` of this process runs, so that a speed measured now would not be that of a quiet machine.

    Cameras and single pictures are read without one, and so are not noticed.
    """
    return any(isinstance(thread, _OfWork) for thread in threading.enumerate())


class _OfWork(threading.Thread):
    """The thread of a `Work`."""


class Work(Generic[Result]):
    """One job in a thread of its own, started at once.

    Args:
        job: see `Job`. It may not hold on to anything of a page.
        monitor: the job's; a new one by default.
        name: of the thread.

    Attributes:
        result: what the job gave; None until then, and where it failed.
        problem: why it failed, in a sentence for the visitor; None where it did not.
    """

    def __init__(self, job: Job[Result], monitor: Monitor | None = None, name: str = "work") -> None:
        self.result: Result | None = None
        self.problem: str | None = None
        self._monitor = monitor or Monitor()
        self._thread = _OfWork(target=self._run, args=(job,), name=name, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the job still runs."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether the job was asked to stop."""
        return self._monitor.should_stop

    @property
    def progress(self) -> Progress:
        """The last that was reported."""
        return self._monitor.progress

    def cancel(self) -> None:
        """Ask the job to stop; it ends soon, with what it has."""
        self._monitor.stop()

    def abandon(self) -> None:
        """Ask the job to stop, and to keep nothing for another time."""
        self._monitor.abandon()

    def wait(self, timeout_s: float | None = None) -> None:
        """Until the job has ended, or that many seconds are over."""
        self._thread.join(timeout_s)

    def _run(self, job: Job[Result]) -> None:
        try:
            self.result = job(self._monitor)
        except FerError as error:
            self.problem = str(error)
        except Exception:
            _log.exception("work in the background failed")
            self.problem = UNEXPECTED
