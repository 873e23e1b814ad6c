"""Comparison of conditions: difference, effect size with interval, permutation p, correction for their number."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pandas as pd

from fer_core.errors import TimelineError
from fer_core.number_text import p_text
from fer_core.timeline.groups import effects, permutation
from fer_core.timeline.groups.cells import (
    CONDITION,
    MIN_PEOPLE,
    SUBJECT,
    Cell,
    PeopleValues,
    cell_of,
    check_people,
    values_of_people,
)
from fer_core.timeline.groups.corrections import benjamini_hochberg, holm
from fer_core.timeline.groups.power import power_line

Interval = tuple[float, float]
Design = Literal["within", "between"]


@dataclass(frozen=True)
class Comparison:
    """A comparison of two conditions over people.

    Attributes:
        value: name of the compared value, such as "mean_happy".
        first: name of the one condition.
        second: name of the other.
        design: "within" where everybody is in both, "between" where nobody is.
        mean_first: mean over people.
        mean_second: mean over people.
        difference: first minus second.
        difference_interval: 95 %, bootstrap over people; NaN where nothing varies.
        effect: dz (within) or Hedges' g (between); NaN where nothing varies.
        effect_interval: 95 %, bootstrap over people; NaN where nothing varies.
        p_value: of the permutation test, two-sided.
        arrangements: number of arrangements that the test compared.
        exact: whether these are all arrangements.
        cell_first: data of the first condition.
        cell_second: data of the second condition.
        left_out: subjects without one of the conditions, in a comparison within people.
        p_holm: corrected by Holm for all comparisons made together; `p_value` where there is one.
        p_benjamini_hochberg: corrected by Benjamini and Hochberg for all comparisons made together.
        family: number of comparisons made together.
    """

    value: str
    first: str
    second: str
    design: Design
    mean_first: float
    mean_second: float
    difference: float
    difference_interval: Interval
    effect: float
    effect_interval: Interval
    p_value: float
    arrangements: int
    exact: bool
    cell_first: Cell
    cell_second: Cell
    left_out: tuple[str, ...]
    p_holm: float
    p_benjamini_hochberg: float
    family: int = 1

    @property
    def effect_name(self) -> str:
        """Name of the effect size."""
        return "dz" if self.design == "within" else "g"

    def sentence(self) -> str:
        """The result for people."""
        interval, effect = _range(self.difference_interval, "+.3f", "95 % interval "), ""
        if math.isfinite(self.effect):
            effect = f", {self.effect_name} = {self.effect:.2f} ({_range(self.effect_interval, '.2f')})"
        corrected = ""
        if self.family > 1:
            p_holm, p_mild = p_text(self.p_holm, ".3f"), p_text(self.p_benjamini_hochberg, ".3f")
            corrected = f", {p_holm} by Holm and {p_mild} by Benjamini-Hochberg for {self.family} comparisons"
        people = (
            f"n = {self.cell_first.n} in both"
            if self.design == "within"
            else f"n = {self.cell_first.n} and {self.cell_second.n}"
        )
        return (
            f"{self.value}: {self.first} minus {self.second} is {self.difference:+.3f} ({interval}){effect}, {people}, "
            f"{p_text(self.p_value, '.3f')}{corrected}."
        )

    def power_line(self) -> str:
        """The smallest effect that a study with this number of people detects, in a sentence."""
        return power_line(self.cell_first.n, None if self.design == "within" else self.cell_second.n, self.family)


@dataclass(frozen=True)
class Share:
    """Share of time of one category in a condition, over people.

    Attributes:
        condition: name.
        category: an emotion or "uncertain".
        share: mean over people of each person's share of time, 0 to 1.
        interval: 95 %, bootstrap over people; NaN where there are fewer than `MIN_PEOPLE`, or all have one value.
        cell: data behind it.
        note: why there is no interval; empty where there is one.
    """

    condition: str
    category: str
    share: float
    interval: Interval
    cell: Cell
    note: str = ""


def compare(values: PeopleValues, first: str, second: str, seed: int = 0) -> Comparison:
    """Compare two conditions: within people where some are in both (only those are compared), else between groups.

    Args:
        values: a value for each person and condition.
        first: name of the one condition.
        second: name of the other.
        seed: of resampling.

    Raises:
        TimelineError: there is no such condition, both are one, or a group has fewer than `MIN_PEOPLE`.
    """
    if first == second:
        raise TimelineError(f'"{first}" cannot be compared with itself; choose two conditions.')
    one, other = values.of(first), values.of(second)
    both = one.index.intersection(other.index)
    if len(both):
        return _within(values, one.loc[both], other.loc[both], (first, second), seed)
    return _between(values, one, other, (first, second), seed)


def together(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Comparisons as one family, such as the seven emotions: with both corrected p-values."""
    p_values = [each.p_value for each in comparisons]
    return tuple(
        replace(each, p_holm=strict, p_benjamini_hochberg=mild, family=len(comparisons))
        for each, strict, mild in zip(comparisons, holm(p_values), benjamini_hochberg(p_values), strict=True)
    )


def shares_by_condition(table: pd.DataFrame, categories: Sequence[str], seed: int = 0) -> tuple[Share, ...]:
    """Mean share of time of each category in each condition, over people.

    Args:
        table: a row for each observation: subject, condition, `cells.COVERAGE`, and a column of shares by category.
        categories: names of these columns, such as `summaries.CATEGORIES`.
        seed: of resampling.
    """
    found = []
    for category in categories:
        values = values_of_people(table, category)
        for condition in values.conditions:
            people = values.of(condition).to_numpy(float)
            enough = len(people) >= MIN_PEOPLE
            interval = effects.bootstrap_interval(effects.mean_of, people, seed=seed) if enough else _NO_INTERVAL
            note = "all have the same value, so no interval" if np.isnan(interval[0]) else ""
            note = note if enough else f"fewer than {MIN_PEOPLE} people, so no interval"
            found.append(Share(condition, category, float(people.mean()), interval, values.cell(condition), note))
    return tuple(found)


_NO_INTERVAL: Final = (float("nan"), float("nan"))


def _within(values: PeopleValues, one: pd.Series, other: pd.Series, names: tuple[str, str], seed: int) -> Comparison:
    check_people(len(one), f'The comparison of "{names[0]}" and "{names[1]}" within people')
    differences = (one - other).to_numpy(float)
    test = permutation.paired(differences, seed)
    table = values.table[values.table[CONDITION].isin(names)]
    cells = [cell_of(table[(table[CONDITION] == name) & table[SUBJECT].isin(one.index)]) for name in names]
    return Comparison(
        value=values.name,
        first=names[0],
        second=names[1],
        design="within",
        mean_first=float(one.mean()),
        mean_second=float(other.mean()),
        difference=float(differences.mean()),
        difference_interval=effects.bootstrap_interval(effects.mean_of, differences, seed=seed),
        effect=float(effects.dz(differences)),
        effect_interval=effects.bootstrap_interval(effects.dz, differences, seed=seed),
        p_value=test.p_value,
        arrangements=test.arrangements,
        exact=test.exact,
        cell_first=cells[0],
        cell_second=cells[1],
        left_out=tuple(sorted(set(table[SUBJECT]) - set(one.index))),
        p_holm=test.p_value,
        p_benjamini_hochberg=test.p_value,
    )


def _between(values: PeopleValues, one: pd.Series, other: pd.Series, names: tuple[str, str], seed: int) -> Comparison:
    for name, group in zip(names, (one, other), strict=True):
        check_people(len(group), f'The condition "{name}"')
    first, second = one.to_numpy(float), other.to_numpy(float)
    test = permutation.independent(first, second, seed)
    return Comparison(
        value=values.name,
        first=names[0],
        second=names[1],
        design="between",
        mean_first=float(first.mean()),
        mean_second=float(second.mean()),
        difference=float(first.mean() - second.mean()),
        difference_interval=effects.bootstrap_interval(effects.mean_difference, first, second, seed=seed),
        effect=float(effects.hedges_g(first, second)),
        effect_interval=effects.bootstrap_interval(effects.hedges_g, first, second, seed=seed),
        p_value=test.p_value,
        arrangements=test.arrangements,
        exact=test.exact,
        cell_first=values.cell(names[0]),
        cell_second=values.cell(names[1]),
        left_out=(),
        p_holm=test.p_value,
        p_benjamini_hochberg=test.p_value,
    )


def _range(interval: Interval, form: str, name: str = "") -> str:
    low, high = interval
    return f"{name}{low:{form}} to {high:{form}}" if math.isfinite(low) else "no interval, as nothing varies"
