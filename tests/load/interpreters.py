"""Several visitors' pictures through one interpreter a network, whose calls wait for each other, in turns, or through a
pool of interpreters: `python -m tests.load.interpreters`. All read the same pictures one after another, so that a busy
machine slows all; what counts is the ratio. One visitor alone is measured, too."""

import argparse
import queue
import resource
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core import EmotionPipeline
from fer_core.live.turns import Turns
from fer_core.networks import cores
from tests.conftest import PORTRAIT

SIDES_PX = (200, 160, 120)
"""Of the faces in the picture."""


class Readers:
    """Pipelines that threads share.

    Args:
        pipelines: that read at the same time, each for one thread at once; one alone serves all threads together.
        at_once: threads that one alone serves at the same time; None for all of them.
    """

    def __init__(self, pipelines: Sequence[EmotionPipeline], at_once: int | None = None) -> None:
        self._turns = Turns(at_once) if at_once else nullcontext()
        self._shared = pipelines[0] if len(pipelines) == 1 else None
        self._free: queue.SimpleQueue[EmotionPipeline] = queue.SimpleQueue()
        for pipeline in pipelines:
            self._free.put(pipeline)

    def read(self, picture: NDArray[np.uint8]) -> None:
        """Read one picture, when it is one's turn."""
        if self._shared is not None:
            with self._turns:
                self._shared.analyze_image(picture)
            return
        mine = self._free.get()
        try:
            mine.analyze_image(picture)
        finally:
            self._free.put(mine)

    def rate(self, picture: NDArray[np.uint8], visitors: int, for_s: float) -> tuple[float, float]:
        """Pictures a second, read by so many threads, and processor time a picture in milliseconds."""
        end_s = time.monotonic() + for_s
        counts = [0] * visitors

        def work(number: int) -> None:
            while time.monotonic() < end_s:
                self.read(picture)
                counts[number] += 1

        threads = [threading.Thread(target=work, args=(number,)) for number in range(visitors)]
        began_s, computed_s = time.monotonic(), time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = sum(counts) / (time.monotonic() - began_s)
        return rate, 1000 * (time.process_time() - computed_s) / max(1, sum(counts))


def loaded(number: int, threads: int, at_once: int | None = None) -> Readers:
    """So many pipelines, whose networks compute with so many threads each."""
    cores.limit_threads(threads)
    return Readers([EmotionPipeline.load() for _ in range(number)], at_once)


def main() -> int:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.interpreters", description=__doc__)
    parser.add_argument("--pairs", type=int, default=9, metavar="N", help="of measurements; default: 9")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S", help="each; default: 2")
    options = parser.parse_args()
    picture = np.full((480, 640, 3), 90, np.uint8)
    portrait, left = cv2.imread(str(PORTRAIT)), 20
    for side in SIDES_PX:
        picture[100 : 100 + side, left : left + side] = cv2.resize(portrait, (side, side))
        left += side + 20
    available = cores.available_cores()
    ways = {
        f"one interpreter, {available} threads": loaded(1, available),
        f"the same, {available} pictures at once": loaded(1, available, available),
        f"pool of {available}, 1 thread each": loaded(available, 1),
        f"pool of {available}, {available} threads each": loaded(available, available),
    }
    first = next(iter(ways))
    print(f"{available} cores; pictures of {len(SIDES_PX)} faces a second (ratio to one interpreter), processor time")
    print("\n| | " + " | ".join(ways) + " |\n|---|" + "---|" * len(ways))
    for visitors in (1, 2, 4, 10):
        rates: dict[str, list[float]] = {way: [] for way in ways}
        computed: dict[str, list[float]] = {way: [] for way in ways}
        for readers in ways.values():
            readers.rate(picture, visitors, 0.2)
        for _ in range(options.pairs):
            for way, readers in ways.items():
                rate, computed_ms = readers.rate(picture, visitors, options.seconds)
                rates[way].append(rate)
                computed[way].append(computed_ms)
        cells = []
        for way in ways:
            ratios = [mine / other for mine, other in zip(rates[way], rates[first], strict=True)]
            rate, ratio, each_ms = map(statistics.median, (rates[way], ratios, computed[way]))
            cells.append(f"{rate:.1f} ({ratio:.2f}), {each_ms:.0f} ms")
        print(f"| {visitors} at once | " + " | ".join(cells) + " |", flush=True)
    print(f"\nmemory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, all of them loaded")
    return 0


if __name__ == "__main__":
    sys.exit(main())
