"""Agreement of a rater with a model: share, Cohen's kappa with intervals, and the table of both.

Cohen (1960), A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20, 37-46: the
unweighted kappa. Samples within one rated span resemble each other, so whole spans are drawn with replacement for the
intervals (cluster bootstrap): Field and Welsh (2007), Bootstrapping clustered data. Journal of the Royal Statistical
Society B 69, 369-390. A model that is uncertain says nothing; its uncertain readings are counted, not taken for errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.number_text import quantity
from fer_core.timeline.notes import Notes, Rating
from fer_core.timeline.rows import inside, rows_of_person
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import counted

FEWEST_UNITS: Final = 5
"""Rated spans or pictures from which an interval is given."""

_RESAMPLES: Final = 10_000
_LEAST_DEFINED: Final = 0.95
"""Share of the resamples in which kappa has to exist for its interval."""

_N: Final = len(EMOTIONS)

Interval = tuple[float, float]


@dataclass(frozen=True)
class RaterAgreement:
    """A rater beside a model.

    Attributes:
        rated: samples that the rater labelled and in which the face was read.
        compared: samples of them in which the reading is not uncertain; everything but `table` is of these.
        units: independent units among them: rated spans of a recording, or pictures.
        agreement: share of samples with the same label; NaN where none is compared.
        agreement_interval: 95 %; NaN for fewer than `FEWEST_UNITS` units, or where all resamples are alike, which says
            nothing of how sure the figure is.
        kappa: Cohen's kappa, -1 to 1; NaN where rater and model both know only one expression.
        kappa_interval: 95 %; NaN as for `agreement_interval`, or where kappa does not exist in too many resamples.
        table: samples by label of the rater (row, in `EMOTIONS` order) and reading (column, in `EMOTIONS` order, then
            uncertain).
        sighted: rated samples whose rater saw the readings of the model.
    """

    rated: int
    compared: int
    units: int
    agreement: float
    agreement_interval: Interval
    kappa: float
    kappa_interval: Interval
    table: tuple[tuple[int, ...], ...]
    sighted: int = 0

    @property
    def uncertain(self) -> int:
        """Rated samples with an uncertain reading."""
        return self.rated - self.compared

    def sentence(self, unit: str = "span", sample: str = "sample") -> str:
        """The result for people.

        Args:
            unit: what `units` counts, in the singular.
            sample: what `rated` and `compared` count, in the singular.
        """
        if not self.compared:
            return f"Nothing to compare: {self.uncertain:,} of {quantity(self.rated, f'rated {sample}')} uncertain."
        parts = [
            f"The same label in {self.agreement:.0%}{_in_words(self.agreement_interval, '.0%')} of "
            f"{quantity(self.compared, sample)} in {quantity(self.units, f'rated {unit}')}",
            "kappa does not exist, because both know only one expression"
            if np.isnan(self.kappa)
            else f"Cohen's kappa {self.kappa:.2f}{_in_words(self.kappa_interval, '.2f')}",
        ]
        if self.uncertain:
            parts.append(f"{quantity(self.uncertain, f'further {sample}')} uncertain, which count neither way")
        if self.units < FEWEST_UNITS:
            parts.append(f"no interval for fewer than {FEWEST_UNITS} {unit}s")
        elif np.isnan(self.agreement_interval[0]):
            parts.append(f"no interval, because all {unit}s say the same and tell nothing of how others would differ")
        if self.sighted:
            parts.append(
                f"{quantity(self.sighted, sample)} labelled with the readings in sight, which raises agreement"
            )
        return "; ".join(parts) + "."


def rated_samples(timeline: Timeline, notes: Notes, rater: str) -> pd.DataFrame:
    """The samples that a rater labelled, excluded spans left out.

    Returns:
        Rows of `Timeline.frame` with `rated` (label of the rater), `span` (number of the rated span) and `blind`.
    """
    rows = counted(timeline, notes.excluded)
    own = [rating for rating in notes.ratings if rating.rater == rater]
    parts = [_of_rating(rows, number, rating) for number, rating in enumerate(own)]
    return pd.concat(parts) if parts else rows.iloc[:0].assign(rated="", span=0, blind=True)


def agreement_with_rater(timeline: Timeline, notes: Notes, rater: str) -> RaterAgreement:
    """The rater beside the model of a timeline, over all people whom they labelled."""
    rows = rated_samples(timeline, notes, rater)
    return agreement_of(
        rows["rated"].tolist(),
        rows["label"].tolist(),
        rows["uncertain"].to_numpy(bool),
        rows["span"].to_numpy(int),
        sighted=int((~rows["blind"].to_numpy(bool)).sum()),
    )


def agreement_of(
    rated: Sequence[str],
    read: Sequence[str],
    uncertain: NDArray[np.bool_],
    units: NDArray[np.int64],
    sighted: int = 0,
    seed: int = 0,
) -> RaterAgreement:
    """Agreement of N labels of a rater with N readings.

    Args:
        rated: labels of the rater.
        read: labels of the readings.
        uncertain: bool (N,).
        units: int (N,), equal for samples that are not independent of each other.
        sighted: how many of them were labelled with the readings in sight.
        seed: of the bootstrap.
    """
    rows = np.array([EMOTIONS.index(label) for label in rated], np.int64)
    columns = np.array([EMOTIONS.index(label) for label in read], np.int64)
    table = np.zeros((_N, _N + 1), np.int64)
    np.add.at(table, (rows, np.where(uncertain, _N, columns)), 1)
    certain = ~np.asarray(uncertain, bool)
    tables = _tables_by_unit(rows[certain], columns[certain], np.asarray(units)[certain])
    compared = int(certain.sum())
    whole = tables.sum(axis=0)
    drawn = _resampled(tables, seed)
    return RaterAgreement(
        rated=len(rows),
        compared=compared,
        units=len(tables),
        agreement=float(_share(whole)) if compared else float("nan"),
        agreement_interval=_middle(_share(drawn)),
        kappa=float(cohens_kappa(whole)) if compared else float("nan"),
        kappa_interval=_middle(cohens_kappa(drawn)),
        table=tuple(tuple(map(int, row)) for row in table),
        sighted=sighted,
    )


def cohens_kappa(tables: NDArray[np.integer | np.floating]) -> NDArray[np.float64]:
    """Cohen's kappa of square tables of counts (..., C, C); NaN where chance alone gives full agreement.

    >>> float(cohens_kappa(np.array([[20, 5], [10, 15]])))
    0.4
    """
    counts = np.asarray(tables, np.float64)
    total = counts.sum(axis=(-2, -1))
    by_chance = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed, expected = np.trace(counts, axis1=-2, axis2=-1) / total, by_chance / total**2
        return np.asarray(np.where(by_chance < total**2, (observed - expected) / (1 - expected), np.nan)).round(12)


def _of_rating(rows: pd.DataFrame, number: int, rating: Rating) -> pd.DataFrame:
    own = rows_of_person(rows, rating.person)
    own = own[inside(own, rating.start_s, rating.end_s)]
    return own.assign(rated=rating.label, span=number, blind=rating.blind)


def _tables_by_unit(rows: NDArray[np.int64], columns: NDArray[np.int64], units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts of each unit: int64 (U, 7, 7)."""
    names, places = np.unique(units, return_inverse=True)
    tables = np.zeros((len(names), _N, _N), np.int64)
    np.add.at(tables, (places, rows, columns), 1)
    return tables


def _resampled(tables: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Tables of resamples of whole units: float64 (B, 7, 7); none for fewer than `FEWEST_UNITS` units."""
    units = len(tables)
    if units < FEWEST_UNITS:
        return np.zeros((0, _N, _N))
    drawn = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), size=_RESAMPLES)
    flat: NDArray[np.float64] = drawn.astype(np.float64) @ tables.reshape(units, -1).astype(np.float64)
    return flat.reshape(-1, _N, _N)


def _share(tables: NDArray[np.integer | np.floating]) -> NDArray[np.float64]:
    counts = np.asarray(tables, np.float64)
    return np.asarray(np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1)))


def _middle(values: NDArray[np.float64]) -> Interval:
    """The middle 95 %; NaN where too few of the values exist, or all are the same."""
    there = values[~np.isnan(values)]
    if not len(there) or len(there) < _LEAST_DEFINED * len(values) or np.allclose(there, there[0]):
        return float("nan"), float("nan")
    low, high = np.quantile(there, (0.025, 0.975))
    return float(low), float(high)


def _in_words(interval: Interval, form: str) -> str:
    low, high = interval
    return "" if np.isnan(low) else f" (95 % interval {low:{form}} to {high:{form}})"
