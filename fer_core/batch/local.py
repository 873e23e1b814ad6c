"""The engine of one machine: processes that read one recording each at a time, and may die of one.

`concurrent.futures.ProcessPoolExecutor` gives up all that is at work when one process dies, and does not say of which
recording. Here each process has a connection of its own, so only its recording is tried again, and only it is blamed.
"""

import contextlib
import multiprocessing
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator
from multiprocessing import connection, resource_tracker
from typing import Final

from fer_core.batch.manifest import Entry
from fer_core.batch.unit import MOST_DEATHS, MOST_FAILED_STARTS, Identity, ShareOf, Task
from fer_core.batch.worker import BEGUN, READY, serve
from fer_core.errors import RequestError, WorkerError
from fer_core.networks.cores import available_cores
from fer_core.pipeline import EmotionPipeline, LoadPipeline
from fer_core.request import AnalysisRequest

_TICK_S: Final = 0.5
_SPAWN: Final = multiprocessing.get_context("spawn")


class LocalEngine:
    """Reads recordings on several processes of this machine.

    Args:
        request: how recordings are read.
        workers: number of processes, at most one a core; each network computes with an equal share of the cores.
        limit_s: seconds that one recording may take; None for any number.
        load: loads the pipeline in each process; a function of a module.

    Raises:
        RequestError: a number makes no sense.
    """

    def __init__(
        self,
        request: AnalysisRequest,
        workers: int = 1,
        limit_s: float | None = None,
        load: LoadPipeline = EmotionPipeline.load_for,
    ) -> None:
        cores = available_cores()
        if not 1 <= workers <= cores:
            raise RequestError(f"Workers are processes that compute: from 1 to {cores} on this machine, one a core.")
        if limit_s is not None and not limit_s > 0:
            raise RequestError("The limit of a recording is a number of seconds above 0.")
        self.request, self.workers, self.limit_s, self.load = request, workers, limit_s, load
        self.threads = cores // workers

    def identity(self) -> Identity:
        """See `fer_core.batch.unit.Engine`."""
        return Identity.of(self.load(self.request), self.request)

    def read(self, tasks: Iterator[Task], told: ShareOf) -> Generator[Entry, None, None]:
        """See `fer_core.batch.unit.Engine`. Processes are started when there is something for them to do."""
        crew = _Crew(self, tasks, told)
        try:
            while crew.assign():
                yield from crew.entries()
        finally:
            crew.end()


class _Crew:
    """The processes of one call, and what they are at."""

    def __init__(self, engine: LocalEngine, tasks: Iterator[Task], told: ShareOf) -> None:
        self.engine, self.tasks, self.told = engine, tasks, told
        self.again: deque[Task] = deque()
        self.workers: list[_Worker] = []
        self.deaths: Counter[Task] = Counter()
        self.failed_starts = 0

    def assign(self) -> bool:
        """Give everybody a task, as long as there are any; whether anybody has one."""
        while len(self._busy()) < self.engine.workers:
            task = next(self.tasks, None) or (self.again.popleft() if self.again else None)
            if task is None:
                break
            self._idle().give(task)
        return bool(self._busy())

    def entries(self) -> Iterator[Entry]:
        """Wait a moment for answers; the rows of the tasks that were done, or given up."""
        for worker in connection.wait([worker.connection for worker in self._busy()], _TICK_S):
            speaks = next(each for each in self.workers if each.connection is worker)
            # All that it has said: what it has done in time is not too late because nobody listened.
            while speaks.task is not None and speaks in self.workers and speaks.says_more():
                entry = self._heard(speaks)
                if entry is not None:
                    yield entry
        for late in [worker for worker in self._busy() if worker.takes_longer_than(self.engine.limit_s)]:
            self.workers.remove(late)
            yield late.too_slow()

    def end(self) -> None:
        """End all processes, whatever they are at."""
        for worker in self.workers:
            worker.kill()

    def _busy(self) -> list["_Worker"]:
        return [worker for worker in self.workers if worker.task is not None]

    def _idle(self) -> "_Worker":
        """A process that waits for a task, which is started if there is none."""
        for worker in [worker for worker in self.workers if worker.task is None]:
            if worker.process.is_alive():
                return worker
            self.workers.remove(worker)
        self.workers.append(_Worker(self.engine))
        return self.workers[-1]

    def _heard(self, worker: "_Worker") -> Entry | None:
        """Take in the next answer of a process; the row of its task, if that is done or given up."""
        assert worker.task is not None
        answer = worker.answer()
        if isinstance(answer, Entry):
            worker.task = None
            return answer
        if isinstance(answer, float):
            self.told(worker.task, answer)
        elif answer == READY:
            self.failed_starts = 0
        elif answer is None:
            return self._died(worker, worker.task)
        return None

    def _died(self, worker: "_Worker", task: Task) -> Entry | None:
        """Let somebody else do what a process ended at; the row of the task, if it is given up."""
        self.workers.remove(worker)
        if not worker.ready:
            self.failed_starts += 1
            if self.failed_starts == MOST_FAILED_STARTS:
                raise WorkerError(
                    f"Processes end before they have loaded the model ({worker.ending()}); see the lines above, and "
                    "use fewer workers where memory ran out."
                )
        self.deaths[task] += worker.begun_s is not None
        if self.deaths[task] == MOST_DEATHS:
            return worker.deadly()
        self.again.append(task)
        return None


class _Worker:
    """One process.

    Attributes:
        task: what it is at; None where it waits.
        ready: whether its pipeline is loaded.
        begun_s: when it began with the task, by the monotonic clock; None before.
    """

    def __init__(self, engine: LocalEngine) -> None:
        self.task: Task | None = None
        self.ready = False
        self.begun_s: float | None = None
        self.connection, theirs = _SPAWN.Pipe()
        given = theirs, engine.load, engine.request, engine.threads
        self.process = _SPAWN.Process(target=serve, args=given, name="batch worker", daemon=True)
        with _deaf_to_interrupts():
            self.process.start()
        theirs.close()

    def give(self, task: Task) -> None:
        """Hand over a task."""
        self.task, self.begun_s = task, None
        with contextlib.suppress(OSError):  # it has just died: its connection says so next
            self.connection.send(task)

    def answer(self) -> Entry | float | str | None:
        """The next answer; None where the process has died."""
        try:
            answer: Entry | float | str = self.connection.recv()
        except (EOFError, OSError):
            self.process.join(_TICK_S)  # it ends by itself, and says how
            self.kill()
            return None
        if answer == READY:
            self.ready = True
        elif answer == BEGUN:
            self.begun_s = time.monotonic()
        return answer

    def says_more(self) -> bool:
        """Whether an answer waits; the end of the process is one, too."""
        try:
            return bool(self.connection.poll())
        except OSError:  # on Windows, of a process that has ended
            return True

    def takes_longer_than(self, limit_s: float | None) -> bool:
        return limit_s is not None and self._seconds > limit_s

    @property
    def _seconds(self) -> float:
        return 0.0 if self.begun_s is None else time.monotonic() - self.begun_s

    def too_slow(self) -> Entry:
        """End the process; the row of its task."""
        self.kill()
        assert self.task is not None
        return self.task.too_slow(self._seconds)

    def deadly(self) -> Entry:
        """The row of its task, at which the process has died."""
        assert self.task is not None
        return self.task.deadly(self.ending(), self._seconds)

    def ending(self) -> str:
        """How the process ended."""
        code = self.process.exitcode
        return f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started meanwhile do not get the terminal's Ctrl-C, which the one that starts them handles."""
    if sys.platform == "win32":  # the worker sees to it itself, once it runs
        yield
        return
    resource_tracker.ensure_running()  # it would undo the following
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
