"""Values of persons by condition, and the data behind each figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from fer_core.errors import TimelineError

MIN_PEOPLE: Final = 5
"""Fewest people that are compared: the lowest two-sided p of five paired people is 0.0625."""

SUBJECT: Final = "subject"
CONDITION: Final = "condition"
NAMELESS: Final = "A row of the table has no subject or no condition; give every recording, and every event, both."
COVERAGE: Final = ("seconds", "uncertain_s", "excluded_s")
"""Columns about the data behind a value; see `fer_core.timeline.statistics.per_event.MEANINGS`."""


@dataclass(frozen=True)
class Cell:
    """The data behind a figure.

    Attributes:
        n: number of people.
        seconds: seconds that count, of the rows with a value, over all people.
        share_uncertain: share of these seconds in which the label is uncertain; NaN where there are none.
        share_excluded: share of the seconds seen that do not count, of rows without a value too; NaN where nobody was
            seen.
    """

    n: int
    seconds: float
    share_uncertain: float
    share_excluded: float

    def sentence(self) -> str:
        """The cell for people."""
        return (
            f"n = {self.n}, {self.seconds:.0f} s, {_percent(self.share_uncertain)} uncertain, "
            f"{_percent(self.share_excluded)} excluded"
        )


@dataclass(frozen=True, eq=False)
class PeopleValues:
    """A value of each person in each condition.

    Attributes:
        name: of the value, such as "mean_happy".
        table: columns subject, condition, value and `COVERAGE`; a row for each person and condition, sorted by both.
    """

    name: str
    table: pd.DataFrame

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of all conditions, in order."""
        return tuple(sorted(self.table[CONDITION].unique()))

    def of(self, condition: str) -> pd.Series:
        """The values of a condition by subject.

        Raises:
            TimelineError: there is no such condition.
        """
        if condition not in self.conditions:
            known = ", ".join(self.conditions) or "none"
            raise TimelineError(f'There is no condition "{condition}"; choose one of: {known}.')
        rows = self.table[self.table[CONDITION] == condition]
        return rows.set_index(SUBJECT)["value"]

    def cell(self, condition: str, subjects: Sequence[str] | None = None) -> Cell:
        """The data behind the values of a condition, of all its people or of some."""
        rows = self.table[self.table[CONDITION] == condition]
        return cell_of(rows if subjects is None else rows[rows[SUBJECT].isin(list(subjects))])


def values_of_people(table: pd.DataFrame, value: str) -> PeopleValues:
    """A value for each person and condition: the mean over the person's rows.

    Args:
        table: a row for each observation, such as an event; columns `subject`, `condition`, `value` and, where they are
            known, `COVERAGE`. Rows without a value are left out of the mean, and their seconds with them (see
            `with_own_coverage`); a person who has none is left out.
        value: name of the column.

    Raises:
        TimelineError: a column is missing, a subject or condition is empty, or nobody has a value.
    """
    missing = [name for name in (SUBJECT, CONDITION, value) if name not in table.columns]
    if missing:
        raise TimelineError(f'The table has no column "{missing[0]}"; it needs subject, condition and {value}.')
    rows = table.assign(
        **{name: table[name] if name in table.columns else np.nan for name in COVERAGE},
        value=table[value].astype(float),
    )
    if nameless(rows):
        raise TimelineError(NAMELESS)
    rows = with_own_coverage(rows.astype({SUBJECT: str, CONDITION: str}))
    means = rows.groupby([SUBJECT, CONDITION], as_index=False).agg(
        value=("value", "mean"), **{name: (name, "sum") for name in COVERAGE}
    )
    kept = means[np.isfinite(means["value"])].reset_index(drop=True)
    if kept.empty:
        raise TimelineError(f"Nobody has a value of {value}; check that the events lie in the recordings.")
    return PeopleValues(value, kept)


def nameless(table: pd.DataFrame) -> bool:
    """Whether a row of a table names no subject or no condition: none at all, or letters that cannot be seen."""
    names = table[[SUBJECT, CONDITION]]
    return bool((names.isna() | (names.astype(str).apply(lambda column: column.str.strip()) == "")).any(axis=None))


def cell_of(rows: pd.DataFrame) -> Cell:
    """The data behind rows with `subject` and `COVERAGE` together."""
    seconds, uncertain_s, gone_s = (float(rows[name].sum()) for name in COVERAGE)
    return Cell(
        n=int(rows[SUBJECT].nunique()),
        seconds=seconds,
        share_uncertain=uncertain_s / seconds if seconds else float("nan"),
        share_excluded=gone_s / (seconds + gone_s) if seconds + gone_s else float("nan"),
    )


def with_own_coverage(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with `value` and `COVERAGE`, where only those with a value have seconds, as no figure rests on the others.

    Their excluded seconds stay: what is excluded whole has no value, and must not vanish from what is said of that.
    """
    there = np.isfinite(rows["value"])
    return rows.assign(**{name: rows[name].where(there, 0.0) for name in ("seconds", "uncertain_s")})


def check_people(n: int, what: str) -> None:
    """Refuse a group that is too small for a comparison.

    Raises:
        TimelineError: fewer than `MIN_PEOPLE`.
    """
    if n < MIN_PEOPLE:
        raise TimelineError(
            f"{what} has {n} {'person' if n == 1 else 'people'}; groups under {MIN_PEOPLE} are not compared, because "
            "nothing could be concluded. Add recordings of more people."
        )


def _percent(share: float) -> str:
    return "unknown" if np.isnan(share) else f"{share:.0%}"
