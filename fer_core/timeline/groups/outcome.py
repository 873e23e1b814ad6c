"""One value of a study as a figure shows it: people, means by condition, comparisons of conditions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import pandas as pd

from fer_core.errors import TimelineError
from fer_core.timeline.groups.cells import MIN_PEOPLE, PeopleValues, values_of_people
from fer_core.timeline.groups.conditions import Comparison, Share, compare, shares_by_condition, together


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of one value.

    Attributes:
        values: a value for each person and condition.
        means: mean over people, one a condition.
        comparisons: of every pair of conditions that can be compared.
        not_compared: why there are none, or why some pairs are not compared, in sentences; else empty.
    """

    values: PeopleValues
    means: tuple[Share, ...]
    comparisons: tuple[Comparison, ...]
    not_compared: str = ""


def outcome(table: pd.DataFrame, value: str) -> Outcome:
    """The outcome of a value.

    Args:
        table: as `cells.values_of_people` takes it.
        value: name of the column.

    Raises:
        TimelineError: nobody has a value, or the table lacks a column.
    """
    values = values_of_people(table, value)
    compared, reason = _compared(values)
    return Outcome(values, shares_by_condition(table, [value]), compared, reason)


def one_family(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The same outcomes, with p-values corrected for the number of all their comparisons."""
    family = together([each for one in outcomes for each in one.comparisons])
    ends = [0]
    for one in outcomes:
        ends.append(ends[-1] + len(one.comparisons))
    parts = [family[first:end] for first, end in pairwise(ends)]
    return tuple(replace(one, comparisons=part) for one, part in zip(outcomes, parts, strict=True))


def _compared(values: PeopleValues) -> tuple[tuple[Comparison, ...], str]:
    """All pairs of conditions with enough people, and why others are missing."""
    enough = [name for name in values.conditions if len(values.of(name)) >= MIN_PEOPLE]
    if len(values.conditions) < 2:
        return (), "All people are in one condition; a comparison needs two."
    if len(enough) < 2:
        return (), f"Conditions under {MIN_PEOPLE} people are shown and not compared; add recordings of more people."
    found, refused = [], []
    for first, second in combinations(enough, 2):
        try:
            found.append(compare(values, first, second))
        except TimelineError as error:  # such as people of whom too few are in both; the other pairs stand
            refused.append(str(error))
    return together(found), " ".join(refused)
