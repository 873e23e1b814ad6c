"""False positive rates of the tests of groups, from simulated studies without any effect.

Everybody has a level and a slow rhythm of their own; probabilities are bounded and skewed, as those of faces are. A
test at 5 % should be wrong in about 5 % of such studies. The last row tests samples as if they were people, which
nothing in this package does, to show why.
"""

import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.evaluation.intervals import wilson
from fer_core.timeline.groups import permutation
from fer_core.timeline.groups.clusters import compare_curves
from fer_core.timeline.groups.corrections import benjamini_hochberg, holm
from fer_core.timeline.groups.curves import Curves
from fer_core.timeline.groups.mixed import mixed_model
from fer_core.timeline.groups.synchrony import synchrony

LEVEL: Final = 0.05
STUDIES: Final = 1_000
PEOPLE: Final = 12

_STEPS: Final = 80
_STEP_S: Final = 0.25
_EVENTS: Final = 6
_RHYTHM: Final = 0.85
"""Correlation of a sample with the one before, a quarter of a second earlier."""

Generator = np.random.Generator
Test = Callable[[Generator, int], float]


@dataclass(frozen=True)
class NullRate:
    """False positives of one test.

    Attributes:
        name: of the test.
        studies: simulated ones.
        rejected: in how many p was at or below `LEVEL`.
        rate: share of these.
        interval: 95 % by Wilson.
        seconds: that it took.
    """

    name: str
    studies: int
    rejected: int
    rate: float
    interval: tuple[float, float]
    seconds: float

    def __str__(self) -> str:
        """One line."""
        low, high = self.interval
        return (
            f"{self.name}: {self.rejected} of {self.studies:,} studies without an effect have p <= {LEVEL:g}: "
            f"{self.rate:.1%} ({low:.1%} to {high:.1%})"
        )

    def as_record(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return asdict(self)


def null_study(studies: int = STUDIES, people: int = PEOPLE, seed: int = 0) -> Iterator[NullRate]:
    """Run every test on simulated studies without an effect.

    Args:
        studies: how many.
        people: in each study, or in each of its groups; at least five.
        seed: of the simulation.

    Yields:
        One rate a test, as soon as it is there. Mixed models are left out where statsmodels is not installed.
    """
    for name, test in TESTS.items():
        if test is _mixed and importlib.util.find_spec("statsmodels") is None:
            continue
        began = time.perf_counter()
        p_values = [test(np.random.default_rng((seed, number)), people) for number in range(studies)]
        rejected = int((np.array(p_values) <= LEVEL).sum())
        low, high = wilson(rejected, studies)
        yield NullRate(name, studies, rejected, rejected / studies, (low, high), time.perf_counter() - began)


def simulated(rng: Generator, people: int, steps: int = _STEPS) -> NDArray[np.float64]:
    """Probabilities of one expression over time: float64 (people, steps), each with a level and rhythm of their own."""
    values = np.empty((people, steps))
    values[:, 0] = rng.normal(size=people)
    pushes = rng.normal(size=(people, steps)) * np.sqrt(1 - _RHYTHM**2)
    for step in range(1, steps):
        values[:, step] = _RHYTHM * values[:, step - 1] + pushes[:, step]
    return np.asarray(1 / (1 + np.exp(1.5 - rng.normal(size=(people, 1)) - values)))


def _within(rng: Generator, people: int) -> float:
    levels = simulated(rng, people, 2 * _STEPS)
    differences = levels[:, :_STEPS].mean(axis=1) - levels[:, _STEPS:].mean(axis=1)
    return permutation.paired(differences, int(rng.integers(2**31))).p_value


def _between(rng: Generator, people: int) -> float:
    first, second = (simulated(rng, size).mean(axis=1) for size in (people, people + 3))
    return permutation.independent(first, second, int(rng.integers(2**31))).p_value


def _unequal(rng: Generator, people: int) -> float:
    """Two groups of equal mean, of which the smaller spreads three times as much."""
    first, second = rng.normal(0, 0.3, people), rng.normal(0, 0.1, 2 * people)
    return permutation.independent(first, second, int(rng.integers(2**31))).p_value


def _emotions(rng: Generator, people: int) -> list[float]:
    return [_within(rng, people) for _ in range(7)]


def _holm(rng: Generator, people: int) -> float:
    return min(holm(_emotions(rng, people)))


def _benjamini_hochberg(rng: Generator, people: int) -> float:
    return min(benjamini_hochberg(_emotions(rng, people)))


def _curves_within(rng: Generator, people: int) -> float:
    first, second = (_curves(simulated(rng, people), "S") for _ in range(2))
    return compare_curves(first, second, int(rng.integers(2**31))).p_value


def _curves_between(rng: Generator, people: int) -> float:
    first, second = (_curves(simulated(rng, people), name) for name in "ST")
    return compare_curves(first, second, int(rng.integers(2**31))).p_value


def _synchrony(rng: Generator, people: int) -> float:
    return synchrony(_curves(simulated(rng, people), "S"), ["one"] * people, int(rng.integers(2**31))).p_value


def _mixed(rng: Generator, people: int) -> float:
    levels = np.repeat(rng.normal(0.3, 0.1, people), 2 * _EVENTS)
    table = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(people), 2 * _EVENTS),
            "condition": np.tile(np.repeat(["a", "b"], _EVENTS), people),
            "value": levels + rng.normal(0, 0.1, len(levels)),
        }
    )
    return mixed_model(table, "value").p_condition


def _samples_as_people(rng: Generator, people: int) -> float:
    """Student's t of all samples of two groups, as if each were a person's."""
    from scipy.special import stdtr

    first, second = (simulated(rng, people).ravel() for _ in range(2))
    error = np.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    t = abs(first.mean() - second.mean()) / error
    return float(2 * stdtr(len(first) + len(second) - 2, -t))


def _curves(values: NDArray[np.float64], prefix: str) -> Curves:
    subjects = tuple(f"{prefix}{number}" for number in range(len(values)))
    time_s = _STEP_S * np.arange(values.shape[1], dtype=np.float64)
    seconds = np.zeros((len(values), 3))
    counts = np.ones(values.shape, np.int64)
    return Curves("simulated", np.asarray(time_s, np.float64), values, subjects, (1,) * len(values), seconds, counts)


TESTS: Final[dict[str, Test]] = {
    "two conditions within people": _within,
    "two groups": _between,
    "two groups of unequal spread and size": _unequal,
    "seven emotions, any by Holm": _holm,
    "seven emotions, any by Benjamini-Hochberg": _benjamini_hochberg,
    "time courses within people": _curves_within,
    "time courses of two groups": _curves_between,
    "synchrony": _synchrony,
    "mixed model": _mixed,
    "samples as if they were people (never done here)": _samples_as_people,
}
