"""One measured figure: the median of several values, with the least, the most, and the limit beside it."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

REPEATS: Final = 15
RATES: Final = frozenset({"x", "1/s"})
"""Units of which more is faster; of all others less is."""


@dataclass(frozen=True)
class Figure:
    """One line of the table of `bench`.

    Attributes:
        key: stable name, its part first, such as "picture.one_face".
        name: the same in words.
        unit: "ms", "s", "MiB", "1/s", or "x" for times as fast.
        median: of `n` values.
        least: of them.
        most: of them.
        n: number of values.
        limit: median of what the least work would take on this machine, in the same unit; None where none was measured.
        limit_is: that least work in words; empty without a limit.
        times_limit: how many times as long as the least work it takes; 1 is the limit. The median over pairs that were
            measured in turns. None without a limit.
    """

    key: str
    name: str
    unit: str
    median: float
    least: float
    most: float
    n: int
    limit: float | None = None
    limit_is: str = ""
    times_limit: float | None = None

    @classmethod
    def of(
        cls, key: str, name: str, unit: str, values: Sequence[float], limits: Sequence[float] = (), limit_is: str = ""
    ) -> "Figure":
        """The figure of at least one value, and of as many values of its limit where it has one."""
        median, least, most = (rounded(value) for value in (statistics.median(values), min(values), max(values)))
        figure = cls(key, name, unit, median, least, most, len(values))
        if not limits:
            return figure
        pairs = zip(limits, values, strict=True) if unit in RATES else zip(values, limits, strict=True)
        slower = rounded(statistics.median(longer / shorter for longer, shorter in pairs))
        return replace(figure, limit=rounded(statistics.median(limits)), limit_is=limit_is, times_limit=slower)

    @property
    def part(self) -> str:
        """What it belongs to, a name of `fer_core.diagnostics.benchmarks.parts.PARTS`."""
        return self.key.partition(".")[0]


def rounded(value: float) -> float:
    """Three digits that count, and no digit of a whole number lost."""
    if abs(value) >= 100:
        return float(round(value))
    return float(f"{value:.3g}")


def timed(works: Mapping[str, Callable[[], object]], repeats: int = REPEATS) -> dict[str, list[float]]:
    """Seconds that each work takes, by its name.

    The works take turns, so that what else the machine does meets all of them alike. A first run of each does not
    count.
    """
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            began_s = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - began_s)
    return taken


def in_ms(seconds: Iterable[float]) -> list[float]:
    """Seconds as milliseconds."""
    return [1e3 * value for value in seconds]
