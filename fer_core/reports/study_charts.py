"""Charts of the study's PDF as SVG; sizes in millimetres of the page.

Conditions are not named here: the report writes their names, in fonts that have their letters.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from fer_core.palette import QUIET_INK, RULE, SERIES
from fer_core.reports.svg import SMALL, Chart, finished, plain_axes
from fer_core.timeline.groups.clusters import ENTRY_ALPHA, Cluster
from fer_core.timeline.groups.curves import MeanCurve
from fer_core.timeline.groups.outcome import Outcome

LEFT_MM: Final = 14.0
RIGHT_MM: Final = 3.0
"""Margins of the chart; conditions share the width between them in equal parts."""

LINES: Final = (("solid line", "-"), ("dashed line", "--"), ("dotted line", ":"), ("line of dashes and dots", "-."))
"""Lines of curves in words and as matplotlib has them; so many curves are told apart in black and white."""

_SYMBOLS: Final = ("o", "s", "D", "^", "*", "P")
_SPREAD: Final = 0.12
"""Half the width over which people of a condition are spread, so that equal values stay apart."""

_MEAN_AT: Final = 0.24
"""Distance of the mean from the middle of its condition."""


def people_chart(outcome: Outcome, words: str, width_mm: float, height_mm: float) -> Chart:
    """A point a person in each condition, joined where a person is in several; means with 95 % intervals beside.

    Args:
        outcome: points and means.
        words: of the axis of values.
        width_mm: of the chart.
        height_mm: of the chart.
    """
    figure, axes = plain_axes(width_mm, height_mm, left_mm=LEFT_MM, top_mm=3, right_mm=RIGHT_MM, bottom_mm=2)
    conditions = outcome.values.conditions
    places = {condition: float(place) for place, condition in enumerate(conditions)}
    table = outcome.values.table
    subjects = sorted(table["subject"].unique())
    aside = dict(zip(subjects, np.linspace(-_SPREAD, _SPREAD, len(subjects)), strict=True))
    for subject, rows in table.groupby("subject"):
        across = rows["condition"].map(places) + aside[str(subject)]
        axes.plot(across, rows["value"], color=RULE, linewidth=0.6, zorder=1)
    for number, (condition, mean) in enumerate(zip(conditions, outcome.means, strict=True)):
        rows = table[table["condition"] == condition]
        colour, symbol = SERIES[number % len(SERIES)], _SYMBOLS[number % len(_SYMBOLS)]
        across = rows["subject"].map(aside) + places[condition]
        axes.scatter(across, rows["value"], s=9, color=colour, marker=symbol, alpha=0.75, linewidths=0, zorder=2)
        middle, (low, high) = places[condition] + _MEAN_AT, mean.interval
        axes.plot([middle - 0.05, middle + 0.05], [mean.share, mean.share], color=colour, linewidth=2.2, zorder=3)
        if np.isfinite(low):
            axes.plot([middle, middle], [low, high], color=colour, linewidth=0.9, zorder=3)
    axes.set_xlim(-0.5, len(conditions) - 0.5)
    axes.set_xticks([])
    axes.set_ylabel(words, fontsize=SMALL, color=QUIET_INK)
    axes.yaxis.grid(True, color=RULE, linewidth=0.4)
    return finished(figure)


def curves_chart(curves: Sequence[MeanCurve], clusters: Sequence[Cluster], width_mm: float, height_mm: float) -> Chart:
    """Mean curves with their bands, drawn as `LINES` in order; a grey bar below where a cluster is significant.

    Args:
        curves: at most as many as `LINES`.
        clusters: of the comparison of two of them.
        width_mm: of the chart.
        height_mm: of the chart.
    """
    figure, axes = plain_axes(width_mm, height_mm, left_mm=LEFT_MM, top_mm=3, right_mm=RIGHT_MM, bottom_mm=9)
    for (_, line), colour, curve in zip(LINES, SERIES, curves, strict=False):
        axes.fill_between(curve.time_s, curve.low, curve.high, color=colour, alpha=0.18, linewidth=0, zorder=1)
        axes.plot(curve.time_s, curve.mean, color=colour, linestyle=line, linewidth=1.1, zorder=2)
    for cluster in clusters:
        if cluster.p_value < ENTRY_ALPHA:
            axes.axvspan(cluster.start_s, cluster.end_s, ymax=0.02, color=QUIET_INK, linewidth=0)
    axes.set_xlabel("seconds", fontsize=SMALL, color=QUIET_INK)
    axes.set_ylabel("mean probability", fontsize=SMALL, color=QUIET_INK)
    axes.yaxis.grid(True, color=RULE, linewidth=0.4)
    return finished(figure)
