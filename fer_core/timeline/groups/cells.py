"""Values of people by condition, and what every figure has to say of the data behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from fer_core.errors import TimelineError

MIN_PEOPLE: Final = 5
"""Fewer people than these are not compared: five can at best give a two-sided p of 0.0625 when paired."""

SUBJECT: Final = "subject"
CONDITION: Final = "condition"
COVERAGE: Final = ("seconds", "uncertain_s", "excluded_s")
"""Columns that tell what a value rests on; see `fer_core.timeline.per_event.MEANINGS`."""


@dataclass(frozen=True)
class Cell:
    """What a figure rests on.

    Attributes:
        n: people.
        seconds: seconds that count, over all of them.
        share_uncertain: share of these seconds in which the label is uncertain; NaN where there are none.
        share_excluded: share of the seconds seen that do not count; NaN where nobody was seen.
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
    """One value a person in each condition.

    Attributes:
        name: what the value is, such as "mean_happy".
        table: subject, condition, value and `COVERAGE`; one row a person and condition, sorted by both.
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
        """What the values of a condition rest on, of all its people or of some."""
        rows = self.table[self.table[CONDITION] == condition]
        return cell_of(rows if subjects is None else rows[rows[SUBJECT].isin(list(subjects))])


def values_of_people(table: pd.DataFrame, value: str) -> PeopleValues:
    """One value a person and condition: the mean over the person's rows, each row counting the same.

    Args:
        table: a row an observation, such as an event; columns `subject`, `condition`, `value` and, where they are
            known, `COVERAGE`. Rows without a value are left
            out of the mean; a person who has none is left out.
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
    if rows[[SUBJECT, CONDITION]].isna().any(axis=None):
        raise TimelineError("A row of the table has no subject or no condition; give every recording both.")
    rows = rows.astype({SUBJECT: str, CONDITION: str})
    means = rows.groupby([SUBJECT, CONDITION], as_index=False).agg(
        value=("value", "mean"), **{name: (name, "sum") for name in COVERAGE}
    )
    kept = means[np.isfinite(means["value"])].reset_index(drop=True)
    if kept.empty:
        raise TimelineError(f"Nobody has a value of {value}; check that the events lie in the recordings.")
    return PeopleValues(value, kept)


def cell_of(rows: pd.DataFrame) -> Cell:
    """What rows with `subject` and `COVERAGE` rest on together."""
    seconds, uncertain_s, gone_s = (float(rows[name].sum()) for name in COVERAGE)
    return Cell(
        n=int(rows[SUBJECT].nunique()),
        seconds=seconds,
        share_uncertain=uncertain_s / seconds if seconds else float("nan"),
        share_excluded=gone_s / (seconds + gone_s) if seconds + gone_s else float("nan"),
    )


def check_people(n: int, what: str) -> None:
    """Refuse a group that is too small for any statement about people.

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
