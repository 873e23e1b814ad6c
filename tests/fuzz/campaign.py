"""Runs inputs through doors in processes that may crash, hang or run out of memory, and counts what happened."""

import contextlib
import multiprocessing
import os
import sys
import tempfile
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

from fer_core.errors import FerError
from tests.fuzz import seeds
from tests.fuzz.mutations import mutated
from tests.fuzz.seeds import Seed

LIMIT_S: Final = 30.0
"""Of an input: after so long on a free machine, or after so much processor time on a busy one, it hangs."""

_LOOK_S = 1.0
MEMORY_BYTES: Final = 4 * 1024**3
"""Address space of the process behind a door; it stands for the server. The one that decodes has its own limit."""

TAKEN, REFUSED, TRACEBACK, CRASH, HANG = "taken", "refused", "traceback", "crash", "hang"
FAULTS: Final = (TRACEBACK, CRASH, HANG)
_SENTENCE_CHARACTERS: Final = 1500


@dataclass(frozen=True)
class Outcome:
    """What became of one input.

    Attributes:
        number: of the input in its campaign.
        door: by which it came.
        name: of its file.
        kind: one of the five above.
        words: the refusal, or the end of the traceback.
        seconds: that it took.
        peak_mb: resident memory of the process that stands for the server, at its highest.
        decoding_mb: the same of the processes that it started to decode.
    """

    number: int
    door: str
    name: str
    kind: str
    words: str = ""
    seconds: float = 0.0
    peak_mb: float = 0.0
    decoding_mb: float = 0.0


@dataclass
class Campaign:
    """A number of inputs, always the same for the same seed.

    Attributes:
        inputs: how many; the first are the seeds themselves.
        seed: of the generator.
        processes: that work at the same time.
        only: numbers of the inputs that are run; empty for all.
        bombs: whether files that are built to exhaust are among them.
        given: seeds to be used instead of those of `seeds.made`.
        limit_s: see `LIMIT_S`.
        tell: called with each outcome as it comes.
    """

    inputs: int
    seed: int = 0
    processes: int = 2
    only: tuple[int, ...] = ()
    bombs: bool = True
    given: tuple[Seed, ...] = ()
    limit_s: float = LIMIT_S
    tell: Callable[[Outcome], None] = lambda outcome: None
    outcomes: list[Outcome] = field(default_factory=list)

    def run(self) -> list[Outcome]:
        """Run it; the outcomes in the order of the inputs."""
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            given = list(self.given) or seeds.made(Path(folder), bombs=self.bombs)
            numbers = iter(self.only or range(self.inputs))
            lock = threading.Lock()

            def work() -> None:
                with _Worker(self.limit_s) as worker:
                    while True:
                        with lock:
                            number = next(numbers, None)
                        if number is None:
                            return
                        outcome = worker.tried(number, mutated(given, number, self.seed))
                        with lock:
                            self.outcomes.append(outcome)
                            self.tell(outcome)

            threads = [threading.Thread(target=work) for _ in range(self.processes)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return sorted(self.outcomes, key=lambda outcome: outcome.number)


def table(outcomes: list[Outcome]) -> str:
    """The figures as Markdown, a row a door."""
    by_door: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_door[outcome.door].append(outcome)
    head = "| door | inputs | taken | refused | tracebacks | crashes | hangs | slowest s | peak MB | decoding MB |"
    rows = [_row(door, mine) for door, mine in by_door.items()]
    return "\n".join([head, "|---" + "|---:" * 9 + "|", *rows, _row("**all**", outcomes)])


def _row(door: str, mine: list[Outcome]) -> str:
    counts = [sum(outcome.kind == kind for outcome in mine) for kind in (TAKEN, REFUSED, *FAULTS)]
    slowest = max(outcome.seconds for outcome in mine)
    peak, decoding = max(outcome.peak_mb for outcome in mine), max(outcome.decoding_mb for outcome in mine)
    cells = [door, len(mine), *counts, f"{slowest:.1f}", f"{peak:.0f}", f"{decoding:.0f}"]
    return f"| {' | '.join(map(str, cells))} |"


class _Worker:
    """A process behind the doors, started with the first input and anew with the next after a crash or hang."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s, self._used_s = limit_s, 0.0
        self._context = multiprocessing.get_context("spawn")
        self._process: SpawnProcess | None = None

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        with contextlib.suppress(OSError):
            self._pipe.send(None)
        self._process.join(5)
        self._process.kill()

    def _running(self) -> SpawnProcess:
        if self._process is None:
            self._pipe, theirs = self._context.Pipe()
            self._process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
            self._pipe.recv()
        return self._process

    def tried(self, number: int, given: Seed) -> Outcome:
        """Let it take one input in."""
        process = self._running()
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            path = Path(folder, given.name.replace("/", "_"))
            path.write_bytes(given.data)
            self._used_s = _processor_s(process.pid or 0)
            self._pipe.send((given.door, str(path)))
            if not self._answers(process.pid or 0):
                process.kill()
                process.join()
                self._process = None
                return Outcome(number, given.door, given.name, HANG, seconds=self._limit_s)
            try:
                kind, words, peak_mb, decoding_mb = self._pipe.recv()
            except EOFError:
                process.join()
                self._process = None
                return Outcome(number, given.door, given.name, CRASH, f"exit status {process.exitcode}")
        return Outcome(number, given.door, given.name, kind, words, time.monotonic() - began, peak_mb, decoding_mb)

    def _answers(self, process: int) -> bool:
        """Whether the process answers in time: beyond the limit it may go on as long as others keep it waiting."""
        began = time.monotonic()
        while not self._pipe.poll(min(_LOOK_S, self._limit_s)):
            waited_s, used_s = time.monotonic() - began, _processor_s(process) - self._used_s
            if used_s >= self._limit_s or waited_s >= self._limit_s * _share_of_machine():
                return False
        return True


def _share_of_machine() -> float:
    """How many times as long work takes because of other work, by the load of the last minute; at least 1."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1.0, 2 * load / (os.cpu_count() or 1))


def _processor_s(process: int) -> float:
    """Seconds of processor that a process and those it started have used; 0 where the system does not tell."""
    with contextlib.suppress(OSError, ValueError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks = sum(map(int, fields[11:15]))  # its own and those of its children that ended
        listed = Path(f"/proc/{process}/task").glob("*/children")
        children = [int(child) for each in listed for child in each.read_text().split()]
        return ticks / os.sysconf("SC_CLK_TCK") + sum(map(_processor_s, children))
    return 0.0


def _serve(pipe: Connection) -> None:
    """What the process does: takes paths, says what became of the files."""
    import resource  # Windows has none

    from tests.fuzz.doors import DOORS

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    children = _Children()
    pipe.send(None)
    while (wanted := pipe.recv()) is not None:
        door, path = wanted
        _forget_peak()
        kind, words = TAKEN, ""
        try:
            DOORS[door](Path(path))
        except FerError as error:
            kind, words = _judged(str(error))
        except BaseException:
            kind, words = TRACEBACK, traceback.format_exc()[-4000:]
        pipe.send((kind, words, _peak_mb("self"), children.taken_mb()))


def _judged(words: str) -> tuple[str, str]:
    """A refusal is one sentence or two that a terminal can show."""
    if not words.strip() or not words.isprintable() or len(words) > _SENTENCE_CHARACTERS or "Traceback" in words:
        return TRACEBACK, f"not a sentence: {words[:300]!r}"
    return REFUSED, words


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb(process: str) -> float:
    """Highest resident memory of a process; 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in Path("/proc", process, "status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return float(line.split()[1]) / 1024
    return 0.0


class _Children:
    """Watches the memory of the processes that this one starts to decode."""

    def __init__(self) -> None:
        self._most_mb = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def taken_mb(self) -> float:
        """The most that one of them held since the last call."""
        most, self._most_mb = self._most_mb, 0.0
        return most

    def _watch(self) -> None:
        while True:
            for child in _children_of("self"):
                with contextlib.suppress(OSError):
                    command = Path("/proc", child, "cmdline").read_bytes()
                    if b"fer_core.media.forking" in command:
                        decoding = _children_of(child)
                    else:
                        decoding = [child] if b"fer_core.media" in command else []  # no copy of this one
                    self._most_mb = max([self._most_mb, *map(_peak_mb, decoding)])
            time.sleep(0.02)


def _children_of(process: str) -> list[str]:
    children: list[str] = []
    for listed in Path("/proc", process, "task").glob("*/children"):
        with contextlib.suppress(OSError):
            children += listed.read_text().split()
    return children
