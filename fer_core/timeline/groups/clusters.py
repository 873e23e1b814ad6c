"""A test whether two curves differ anywhere, corrected for all moments.

Maris and Oostenveld (2007), Nonparametric statistical testing of EEG- and MEG-data. Journal of Neuroscience Methods
164, 177-190. Neighbouring moments whose t passes a threshold on one side form a cluster; its mass is the sum of t. The
largest mass of each arrangement of people gives the distribution for the p-value of each observed cluster.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import TimelineError
from fer_core.number_text import p_text
from fer_core.timeline.groups.cells import MIN_PEOPLE, Cell, check_people
from fer_core.timeline.groups.curves import Curves
from fer_core.timeline.groups.permutation import paired_t, regroupings, sign_flips, welch_t
from fer_core.timeline.groups.power import least_p

THAT_NOT_WHEN: Final = (
    "A cluster says that the curves differ somewhere in the tested time, not when they begin or cease to differ: its "
    "edges are no estimates (Sassenhagen and Draschkow 2019)."
)
"""Psychophysiology 56, e13335: cluster-based permutation tests do not establish onset or latency."""

ENTRY_ALPHA: Final = 0.05
DRAWN: Final = 2_000
_MOST_EXACT: Final = 4_096
_SAME: Final = 1e-9


@dataclass(frozen=True)
class Cluster:
    """Neighbouring moments at which the curves differ in one direction.

    Attributes:
        start_s: of the first step, seconds.
        end_s: of the last.
        mass: sum of t; its sign is that of first minus second.
        p_value: two-sided, corrected for all moments.
    """

    start_s: float
    end_s: float
    mass: float
    p_value: float


@dataclass(frozen=True, eq=False)
class ClusterTest:
    """Result of a cluster permutation test.

    Attributes:
        design: "within" or "between".
        time_s: middle of each step, float64 (T,).
        t: of first minus second at each step, float64 (T,); 0 where fewer than `MIN_PEOPLE` have a value.
        threshold: of t, from which a step belongs to a cluster, float64 (T,): Student's two-sided limit at
            `ENTRY_ALPHA` for those who have a value there.
        tested: number of steps at which enough people have a value.
        clusters: in the order of time.
        p_value: the smallest of all clusters; 1 where there is none.
        arrangements: number of arrangements, the observed one included.
        exact: whether these are all arrangements.
        cell_first: data behind the first curves; within people, of those who are compared.
        cell_second: data behind the second curves, likewise.
        left_out: subjects in one of the conditions alone, in a comparison within people.
    """

    design: str
    time_s: NDArray[np.float64]
    t: NDArray[np.float64]
    threshold: NDArray[np.float64]
    tested: int
    clusters: tuple[Cluster, ...]
    p_value: float
    arrangements: int
    exact: bool
    cell_first: Cell
    cell_second: Cell
    left_out: tuple[str, ...] = ()

    def sentence(self) -> str:
        """The result for people."""
        missing = f" Left out, because one condition is missing: {', '.join(self.left_out)}." if self.left_out else ""
        if self.tested < len(self.t):
            where = f"at which {MIN_PEOPLE} people have a value"
            missing = f" Tested were {self.tested} of {len(self.t)} moments, {where}.{missing}"
        if self._least_p > ENTRY_ALPHA:
            missing = f" With so few people no cluster, however large, gives a p below {ENTRY_ALPHA:g}.{missing}"
        if not self.clusters:
            apart = "No moment lies so far apart that it would begin a cluster; a difference is not established."
            return f"{apart}{missing}"
        p = p_text(self.p_value, ".3f")
        verdict = "The curves differ" if self.p_value < ENTRY_ALPHA else "A difference of the curves is not established"
        return f"{verdict} (cluster permutation, {p}, {self.arrangements:,} arrangements). {THAT_NOT_WHEN}{missing}"

    @property
    def _least_p(self) -> float:
        return least_p(self.cell_first.n, None if self.design == "within" else self.cell_second.n)


def compare_curves(first: Curves, second: Curves, seed: int = 0) -> ClusterTest:
    """Compare two conditions: within people where some are in both (only those are compared), else between groups.

    Raises:
        TimelineError: the axes of time differ, or there are fewer than `MIN_PEOPLE`, in all or at every moment.
    """
    if first.time_s.shape != second.time_s.shape or not np.allclose(first.time_s, second.time_s):
        raise TimelineError("The curves have other axes of time; align both with one window and step.")
    rng = np.random.default_rng(seed)
    both = [subject for subject in first.subjects if subject in second.subjects]
    if both:
        check_people(len(both), "The comparison of curves within people")
        rows = [[curves.subjects.index(subject) for subject in both] for curves in (first, second)]
        differences = first.values[rows[0]] - second.values[rows[1]]
        arrangements = sign_flips(len(both), rng, _MOST_EXACT, DRAWN - 1)
        statistics = paired_t(differences, arrangements)
        counts = np.isfinite(differences).sum(axis=0)
        enough, freedom = counts >= MIN_PEOPLE, counts - 1
        exact, design = len(arrangements) == 2 ** len(both), "within"
    else:
        n, m = len(first.values), len(second.values)
        for size, what in ((n, "first"), (m, "second")):
            check_people(size, f"The {what} group of curves")
        groups = regroupings(n, m, rng, _MOST_EXACT, DRAWN - 1)
        statistics = welch_t(np.concatenate([first.values, second.values]), groups)
        counts = np.array([np.isfinite(each.values).sum(axis=0) for each in (first, second)])
        enough, freedom = counts.min(axis=0) >= MIN_PEOPLE, counts.sum(axis=0) - 2
        exact, design = len(groups) == math.comb(n + m, n), "between"
    if not enough.any():
        raise TimelineError(f"At no moment do {MIN_PEOPLE} people have a value in both, so nothing can be compared.")
    statistics[:, ~enough] = 0.0
    threshold = _threshold(np.maximum(freedom, 1))
    clusters, p_value = _clusters(statistics, threshold, first.time_s)
    return ClusterTest(
        design=design,
        time_s=first.time_s,
        t=statistics[0],
        threshold=threshold,
        tested=int(enough.sum()),
        clusters=clusters,
        p_value=p_value,
        arrangements=len(statistics),
        exact=exact,
        cell_first=first.cell_of(both or first.subjects),
        cell_second=second.cell_of(both or second.subjects),
        left_out=tuple(sorted(set(first.subjects) ^ set(second.subjects))) if both else (),
    )


def _threshold(freedom: NDArray[np.int64]) -> NDArray[np.float64]:
    """Two-sided limit of Student's t at `ENTRY_ALPHA` for each moment; the same for every arrangement of people."""
    from scipy.special import stdtrit

    return np.asarray(stdtrit(freedom.astype(float), 1 - ENTRY_ALPHA / 2))


def _clusters(
    statistics: NDArray[np.float64], threshold: NDArray[np.float64], time_s: NDArray[np.float64]
) -> tuple[tuple[Cluster, ...], float]:
    largest = _largest_mass(statistics, threshold)
    step_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    found = []
    for first, after in _runs(statistics[0], threshold):
        mass = float(statistics[0][first:after].sum())
        p_value = float((largest >= abs(mass) * (1 - _SAME)).mean())
        found.append(Cluster(float(time_s[first]) - step_s / 2, float(time_s[after - 1]) + step_s / 2, mass, p_value))
    return tuple(found), min((cluster.p_value for cluster in found), default=1.0)


def _largest_mass(statistics: NDArray[np.float64], threshold: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest absolute mass of every arrangement: (arrangements, T) -> (arrangements,)."""
    best = np.zeros(len(statistics))
    for side in (1.0, -1.0):
        running = np.zeros(len(statistics))
        for column, limit in zip((side * statistics).T, threshold, strict=True):
            running = np.where(column > limit, running + column, 0.0)
            np.maximum(best, running, out=best)
    return best


def _runs(t: NDArray[np.float64], threshold: NDArray[np.float64]) -> list[tuple[int, int]]:
    """First index and index after the last of every run beyond the threshold on one side."""
    side = np.sign(t) * (np.abs(t) > threshold)
    bounds = [0, *(np.flatnonzero(np.diff(side)) + 1).tolist(), len(t)]
    return [(first, after) for first, after in pairwise(bounds) if side[first]]
