"""Opens many visits on a server of its own, lets some of them read pictures at once, and holds what each is shown
against what it is shown alone; then closes all and looks at what the server still holds. Exit status 1 where anything
is wrong."""

import argparse
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2

from tests.conftest import PORTRAIT
from tests.serving import started
from tests.visitor import Visitor

PATIENCE_S = 900.0
FORGOTTEN_AFTER_S = 150.0
"""Streamlit keeps a page that was closed for two minutes, and we look every 20 s."""

READINGS = re.compile(r'"(Probabilities: [^"]+)"')


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


def main() -> int:
    """Run it and print the figures as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--visits", type=int, default=50, metavar="N", help="open at once; default: 50")
    parser.add_argument("--analysing", type=int, default=10, metavar="N", help="of them, read at once; default: 10")
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="of opening and closing all; default: 2")
    options = parser.parse_args()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder, started(Path(folder, "log")) as (address, process):
        pictures = [_picture(number) for number in range(options.analysing)]
        alone, alone_s = [], []
        for number, picture in enumerate(pictures):
            began = time.monotonic()
            alone.append(_read(address, number, picture))
            alone_s.append(time.monotonic() - began)
        time.sleep(FORGOTTEN_AFTER_S)
        rows = [("after the first visits, closed", Held.by(process.pid), "")]
        for turn in range(options.rounds):
            with ExitStack() as open_visits, ThreadPoolExecutor(options.visits) as people:
                visits = [open_visits.enter_context(Visitor(address, PATIENCE_S)) for _ in range(options.visits)]
                began = time.monotonic()
                list(people.map(lambda visit: visit.open("Image"), visits))
                opened_s = time.monotonic() - began
                began = time.monotonic()
                work = [people.submit(_timed, visits[n], n, picture) for n, picture in enumerate(pictures)]
                together = [each.result() for each in work]
                for number, (shown, text, _) in enumerate(together):
                    if shown != alone[number]:
                        wrong.append(f"visitor {number}: {shown} at once with others, {alone[number]} alone")
                    others = [_name(other) for other in range(options.visits) if other != number]
                    wrong += [f"visitor {number} sees {other}" for other in others if other in text]
                waits = sorted(seconds for *_, seconds in together)
                note = f"{opened_s:.0f} s until all were open; pictures after {waits[0]:.1f} to {waits[-1]:.1f} s"
                rows.append((f"round {turn + 1}, {options.visits} open", Held.by(process.pid), note))
            time.sleep(FORGOTTEN_AFTER_S)
            rows.append((f"round {turn + 1}, closed", Held.by(process.pid), ""))
    print(f"{options.visits} visits, {options.analysing} reading at once; alone {max(alone_s):.1f} s at most\n")
    print("| when | memory MB | threads | open files | |\n|---|---:|---:|---:|---|")
    for when, held, note in rows:
        print(f"| {when} | {held.memory_mb:.0f} | {held.threads} | {held.files} | {note} |")
    first, last = rows[0 if options.rounds == 1 else 2][1], rows[-1][1]
    if last.threads > first.threads + 5 or last.files > first.files + 5 or last.memory_mb > 1.2 * first.memory_mb + 50:
        wrong.append(f"the server holds more after the last round than after the first: {first}, {last}")
    print("\n" + ("\n".join(wrong) or "Everybody saw their own numbers, the same as alone, and nobody else's files."))
    return 1 if wrong else 0


def _picture(number: int) -> bytes:
    """The portrait at a size of its own, so that its numbers are its own."""
    side = 300 + 17 * number
    data: bytes = cv2.imencode(".png", cv2.resize(cv2.imread(str(PORTRAIT)), (side, side)))[1].tobytes()
    return data


def _name(number: int) -> str:
    return f"visitor-{number:03d}-picture"


def _read(address: str, number: int, picture: bytes) -> list[str]:
    with Visitor(address, PATIENCE_S) as visit:
        return _timed(visit.open("Image"), number, picture)[0]


def _timed(visit: Visitor, number: int, picture: bytes) -> tuple[list[str], str, float]:
    """What a visitor is shown of their picture, everything that came, and after how many seconds."""
    began = time.monotonic()
    visit.upload(f"{_name(number)}.png", picture, "Pictures")
    shown = READINGS.findall(visit.text)
    if not shown:
        raise AssertionError(f"visitor {number} was shown no reading:\n{visit.text[-2000:]}")
    return shown, visit.text, time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
