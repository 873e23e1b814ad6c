"""Kills a process 50 times while it keeps analyses; what it had committed is all there, and nothing is half there.

Run as a program by `test_killed.py`. Prints how many analyses were committed and how often a leftover was found.
"""

import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from fer_core.library.library import Library
from fer_core.timeline.editing.edits import Name
from fer_core.timeline.editing.study import Study
from tests.timelines import of_rows, reading

KILLS = 50


def study(number: int) -> Study:
    """A small study, other than that of any other number."""
    timeline = of_rows([reading(place / 4, 1, "happy", 0.5 + number % 1000 / 1e4) for place in range(4)])
    recording = replace(timeline.recording, sha256=f"{number:064x}")
    return Study(replace(timeline, recording=recording), (Name(1, f"P{number}"),))


def keep(folder: Path, first: int, committed: int) -> None:
    """Keep one after another, and delete some; says each on a pipe once it is done."""
    with Library.open(folder) as library:
        for number in range(first, first + 100_000):
            name = library.keep(study(number))
            os.write(committed, f"+{name} {number}\n".encode())
            if number % 7 == 3:
                os.write(committed, f"?{name} {number}\n".encode())
                library.delete_analysis(name)
                os.write(committed, f"-{name} {number}\n".encode())


def main(folder: Path) -> None:
    """See the module."""
    chance, kept, maybe, leftovers = random.Random(0), dict[str, int](), set[str](), 0
    study(0)
    for turn in range(KILLS):
        reading_end, writing_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading_end)
            keep(folder, 1_000_000 * (turn + 1), writing_end)
            os._exit(1)
        os.close(writing_end)
        with os.fdopen(reading_end) as said:
            first = said.readline() if turn % 2 else ""  # every other time also while it opens the library
            time.sleep(chance.uniform(0, 0.3))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            lines = [line for line in (first, *said) if line.endswith("\n")]
        for line in lines:
            name, number = line[1:].split()
            if line[0] == "+":
                kept[name] = int(number)
            else:
                kept.pop(name, None)
                (maybe.add if line[0] == "?" else maybe.discard)(name)
        leftovers += check(folder, kept, maybe)
    print(len(kept), leftovers)


def check(folder: Path, kept: dict[str, int], maybe: set[str]) -> int:
    """What was committed is there whole; files and rows are the same after opening. Number of leftovers before it."""
    before = {path.name for path in folder.glob("readings/*/*")}
    with Library.open(folder) as library:
        names = {entry.analysis for entry in library.entries()}
        assert not kept.keys() - names, "a committed analysis is lost"
        after = {path.name for path in library.store.folder.iterdir()}
        assert after == {f"{name}.parquet" for name in names}, "rows and files differ"
        for name in names - kept.keys():  # committed, but killed before it could say so
            library.open_study(name)
            kept[name] = -1
        for name, number in list(kept.items())[-20:]:
            opened = library.open_study(name)
            assert number < 0 or opened.edits == study(number).edits
        assert all(receipt.files_gone and receipt.traces_gone for receipt in library.deletions())
    return len(before - after)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
