"""Opens many visits on a server of its own; some of them read pictures and recordings at once, some show a camera, and
some are real browsers.
Each is held against what it is shown alone; then all close, and what the server still holds is looked at. Last, one
visit starts and stops its camera again and again. Exit status 1 where anything is wrong."""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.chromium import CHROMIUM, MISSING
from tests.load.browsers import shown_in_browsers
from tests.load.cameras import Cameras, agree
from tests.load.work import Errand, Shown, picture, recording
from tests.serving import started
from tests.visitor import Visitor

PATIENCE_S = 900.0
FORGOTTEN_AFTER_S = 150.0
"""Streamlit keeps a page that was closed for two minutes, and we look every 20 s."""

FIRST_STARTS = 20
"""Of a camera; what is made once for all is there after them."""

RESTS_S = 15.0
"""After the last stop, until threads have ended."""

MORE_FILES = MORE_THREADS = 5
"""That the server may hold at the end beyond what it held before."""


@dataclass(frozen=True)
class Held:
    """What the server's process holds."""

    memory_mb: float
    threads: int
    files: int

    @classmethod
    def by(cls, process: int) -> "Held":
        """Look at a process."""
        status = Path(f"/proc/{process}/status").read_text()
        numbers = {key: int(re.search(rf"{key}:\s+(\d+)", status)[1]) for key in ("VmRSS", "Threads")}  # type: ignore[index]
        return cls(numbers["VmRSS"] / 1024, numbers["Threads"], len(list(Path(f"/proc/{process}/fd").iterdir())))

    def is_more_than(self, before: "Held") -> bool:
        """Whether something was left behind."""
        return (
            self.threads > before.threads + MORE_THREADS
            or self.files > before.files + MORE_FILES
            or self.memory_mb > 1.2 * before.memory_mb + 50
        )


@dataclass
class Course:
    """What came of it so far.

    Attributes:
        server: number of its process.
        rows: when, what was held, what else there is to say.
        wrong: sentences.
    """

    server: int
    rows: list[tuple[str, Held, str]]
    wrong: list[str]

    def look(self, when: str, note: str = "") -> Held:
        """Add a row of now."""
        held = Held.by(self.server)
        self.rows.append((when, held, note))
        print(f"| {when} | {held.memory_mb:.0f} | {held.threads} | {held.files} | {note} |", flush=True)
        return held

    def compare(self, before: Held, after: Held, what: str) -> None:
        """More than before is wrong."""
        if after.is_more_than(before):
            self.wrong.append(f"the server holds more after {what}: {before}, then {after}")


def main() -> int:
    """Run it and print the figures as Markdown."""
    options = _options()
    pictures = [picture(n) for n in range(options.analysing + options.browsers)]
    errands = pictures[: options.analysing] + [recording(n) for n in range(options.recordings)]
    errands += pictures[options.analysing :]  # of the browsers
    with tempfile.TemporaryDirectory() as folder, started(Path(folder, "log")) as (address, process):
        course = Course(process.pid, [], [])
        cameras = Cameras(PATIENCE_S)
        alone = [errand.alone(address, PATIENCE_S) for errand in errands]
        print(
            f"{options.visits} visits; {options.analysing} pictures, {options.recordings} recordings, "
            f"{options.cameras} cameras and {options.browsers} browsers at once; alone {_span(alone)}\n"
        )
        print("| when | memory MB | threads | open files | |\n|---|---:|---:|---:|---|")
        time.sleep(FORGOTTEN_AFTER_S)
        course.look("after the first visits, closed")
        closed = []
        for turn in range(1, options.rounds + 1):
            _round(address, turn, options, errands, alone, course, cameras)
            time.sleep(FORGOTTEN_AFTER_S)
            closed.append(course.look(f"round {turn}, closed"))
        if len(closed) > 1:
            course.compare(closed[0], closed[-1], "the last round than after the first")
        if options.starts:
            _starts(address, options.starts, course, cameras)
        cameras.close()
    print("\n" + ("\n".join(course.wrong) or "Everybody saw their own numbers, the same as alone, and nobody else's."))
    return 1 if course.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--visits", type=int, default=50, metavar="N", help="open at once; default: 50")
    parser.add_argument("--analysing", type=int, default=10, metavar="N", help="of them, read pictures; default: 10")
    parser.add_argument("--recordings", type=int, default=3, metavar="N", help="of them, read recordings; default: 3")
    parser.add_argument("--cameras", type=int, default=2, metavar="N", help="of them, show a camera; default: 2")
    parser.add_argument("--browsers", type=int, default=2, metavar="N", help="Chromium windows beside; default: 2")
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="of opening and closing all; default: 2")
    parser.add_argument("--starts", type=int, default=200, metavar="N", help="and stops of a camera; default: 200")
    options = parser.parse_args()
    if options.analysing + options.recordings + options.cameras > options.visits:
        parser.error("more visits do something than there are")
    if options.browsers and CHROMIUM is None:
        parser.error(f"{MISSING}, or leave them out: --browsers 0")
    return options


def _round(
    address: str,
    turn: int,
    options: argparse.Namespace,
    errands: Sequence[Errand],
    alone: Sequence[Shown],
    course: Course,
    cameras: Cameras,
) -> None:
    plain, seen = errands[: len(errands) - options.browsers], errands[len(errands) - options.browsers :]
    with ExitStack() as stack, ThreadPoolExecutor(options.visits + 1) as people:
        visits = [stack.enter_context(Visitor(address, PATIENCE_S)) for _ in range(options.visits)]
        busy, watched = visits[: len(plain)], visits[len(plain) : len(plain) + options.cameras]
        pages = [errand.page for errand in plain] + ["Image"] * (options.visits - len(plain))
        began_s = time.monotonic()
        list(people.map(Visitor.open, visits, pages))
        opened_s = time.monotonic() - began_s
        shown_by = [stack.enter_context(cameras.started(agree(visit))) for visit in watched]
        before, began_s = [camera.received for camera in shown_by], time.monotonic()
        windows = people.submit(shown_in_browsers, address, seen, PATIENCE_S)
        together = [*people.map(Errand.run, plain, busy), *windows.result()]
        took_s = time.monotonic() - began_s
        rates = [(camera.received - first) / took_s for camera, first in zip(shown_by, before, strict=True)]
        for errand, mine, expected in zip(errands, together, alone, strict=True):
            if mine.numbers != expected.numbers:
                course.wrong.append(f"{errand.name}: other numbers at once with others than alone")
            if Path(errand.name).stem not in mine.text:
                course.wrong.append(f"{errand.name} is not named to the visitor who gave it")
            others = [other.name for other in errands if other is not errand and Path(other.name).stem in mine.text]
            course.wrong += [f"who gave {errand.name} sees {other}" for other in others]
        if any(rate == 0 for rate in rates):
            course.wrong.append("a camera's picture stood still")
        course.look(
            f"round {turn}, {options.visits} open",
            f"all open after {opened_s:.0f} s; {_span(together)}"
            + "".join(f"; camera {rate:.1f} pictures/s" for rate in rates),
        )


def _starts(address: str, number: int, course: Course, cameras: Cameras) -> None:
    waits_s = []
    with Visitor(address, PATIENCE_S) as visit:
        agree(visit)
        before = None
        for start in range(1, number + 1):
            with cameras.started(visit) as camera:
                waits_s.append(camera.connected_s or 0.0)
            if start == min(FIRST_STARTS, number):
                time.sleep(RESTS_S)
                before = course.look(f"camera started and stopped {start} times")
        time.sleep(RESTS_S)
        waits_s.sort()
        note = f"first picture after {waits_s[len(waits_s) // 2]:.1f} s (median), {waits_s[-1]:.1f} s at most"
        after = course.look(f"camera started and stopped {number} times", note)
        if before is not None:
            course.compare(before, after, f"{number} starts of a camera")


def _span(shown: Sequence[Shown]) -> str:
    """After how many seconds pictures and recordings were there, in words."""
    words = []
    for page, kind in (("Image", "pictures"), ("Video", "recordings")):
        found = sorted(each.seconds for each in shown if each.page == page)
        if found:
            words.append(f"{kind} after {found[0]:.1f} to {found[-1]:.1f} s")
    return ", ".join(words)


if __name__ == "__main__":
    sys.exit(main())
