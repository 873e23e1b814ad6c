"""Many people beside each other: a small panel each, all on the same axes, so that lengths and heights compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fer_core.charts.lanes import Lane, lanes_figure
from fer_core.charts.looks import LOOKS, caption_of, clock, hatch, lay_out, nothing, safe
from fer_core.charts.over_time import NOBODY_SEEN
from fer_core.palette import ACCENT, QUIET
from fer_core.timeline.rows import rows_of_person
from fer_core.timeline.statistics.series import thinned, with_breaks
from fer_core.timeline.statistics.summaries import CATEGORIES, VALENCE_FORMULA, PersonSummary, stretches, valence
from fer_core.timeline.weights import interval_s

MOST_POINTS: Final = 200
"""Points of one small curve, at most."""

_WIDE: Final = 4
"""Panels in a row, at most."""

_BARS_PX, _CURVE_PX, _TITLE_PX, _AXIS_TITLE_PX = 150, 110, 34, 20


@dataclass(frozen=True, eq=False)
class Subject:
    """One person of one recording.

    Attributes:
        title: unlike that of all others.
        person: number within the recording.
        rows: of the recording, with `held_s`; see `fer_core.timeline.weights.counted`.
        summary: of this person.
        within_s: start and end of what was looked at, in seconds.
    """

    title: str
    person: int
    rows: pd.DataFrame
    summary: PersonSummary
    within_s: tuple[float, float]


def lanes_of(subjects: Sequence[Subject]) -> go.Figure:
    """A lane each with the most probable expression, on one time axis; the legend stands beside it."""
    lanes = [Lane(one.title, one.person, stretches(one.rows, one.person)) for one in subjects]
    figure = lanes_figure(lanes, _axis(subjects))
    beside = {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"}
    return figure.update_layout(legend=beside, height=90 + 34 * max(1, len(lanes)))


def share_multiples(subjects: Sequence[Subject]) -> go.Figure:
    """Shares of the time seen, a panel each, all from 0 to 100 %."""
    figure = _panels(subjects, _BARS_PX)
    for place, one in enumerate(subjects):
        shares = [one.summary.shares[category] for category in CATEGORIES]
        figure.add_bar(
            orientation="h",
            x=shares,
            y=[caption_of(category) for category in CATEGORIES],
            marker={
                "color": [LOOKS[category].colour for category in CATEGORIES],
                "pattern": {**hatch(LOOKS[CATEGORIES[0]]), "shape": [LOOKS[name].pattern for name in CATEGORIES]},
            },
            text=[f"{share:.0%}" if share >= 0.005 else "" for share in shares],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"{safe(one.title)}: %{{y}} %{{x:.1%}}<extra></extra>",
            **_cell(place, subjects),
        )
    figure.update_xaxes(range=[0, 1.18], tickformat=".0%", tickvals=[0, 0.5, 1])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    _title_lowest(figure, subjects, "share of the time seen")
    return figure.update_layout(bargap=0.2)


def valence_multiples(subjects: Sequence[Subject]) -> go.Figure:
    """Derived valence over time, a panel each, all on one time axis and from -1 to 1."""
    figure = _panels(subjects, _CURVE_PX, _axis(subjects))
    for place, one in enumerate(subjects):
        own = rows_of_person(one.rows, one.person)
        points, step_s = thinned(own, interval_s(one.rows), MOST_POINTS)
        drawn = with_breaks(points, step_s)
        figure.add_scatter(
            x=clock(drawn["time_s"]),
            y=valence(drawn).to_numpy(float),
            mode="lines",
            line={"width": 1.8, "color": ACCENT},
            hovertemplate=f"{safe(one.title)}: %{{y:+.2f}}<extra></extra>",
            **_cell(place, subjects),
        )
    figure.update_yaxes(range=[-1.05, 1.05], tickvals=[-1, 0, 1], zeroline=True, zerolinecolor=QUIET)
    words = figure.layout.xaxis.title.text
    figure.update_xaxes(title=None, nticks=4)
    _title_lowest(figure, subjects, words)
    if subjects:
        figure.update_yaxes(title="derived valence", col=1)
    return figure


def describe_subjects(subjects: Sequence[Subject]) -> str:
    """The figures in words: who showed what for how long."""
    parts = []
    for one in subjects:
        strongest = sorted(one.summary.shares.items(), key=lambda pair: -pair[1])[:2]
        parts.append(f"{one.title}: " + ", ".join(f"{name} {share:.0%}" for name, share in strongest if share > 0))
    return ". ".join(parts) or NOBODY_SEEN


def describe_valences(subjects: Sequence[Subject]) -> str:
    """The curves in words: the mean of each; see `VALENCE_FORMULA`."""
    means = (f"{one.title} {one.summary.valence:+.2f}" for one in subjects)
    return f"Mean derived valence ({VALENCE_FORMULA}): {', '.join(means)}" if subjects else NOBODY_SEEN


def _panels(subjects: Sequence[Subject], panel_px: int, within_s: tuple[float, float] | None = None) -> go.Figure:
    """Empty panels in rows, with their titles and equal axes."""
    if not subjects:
        return nothing(lay_out(go.Figure(), 120), NOBODY_SEEN)
    across, down = _grid(len(subjects))
    height = 60 + down * (panel_px + _TITLE_PX)
    figure = make_subplots(
        rows=down,
        cols=across,
        shared_xaxes="all",
        shared_yaxes="all",
        subplot_titles=[safe(one.title) for one in subjects],
        horizontal_spacing=0.03,
        vertical_spacing=_TITLE_PX / height if down > 1 else 0.0,
    )
    lay_out(figure, height, within_s, showlegend=False)
    return figure.update_annotations(font={"size": 13})


def _title_lowest(figure: go.Figure, subjects: Sequence[Subject], words: str) -> None:
    """Say under the lowest row what its axes show; they are those of all rows."""
    if subjects:
        figure.update_xaxes(title=words, row=_grid(len(subjects))[1])
        figure.update_layout(height=figure.layout.height + _AXIS_TITLE_PX)


def _axis(subjects: Sequence[Subject]) -> tuple[float, float]:
    """Start and end of the time axis that all share."""
    spans = [one.within_s for one in subjects] or [(0.0, 1.0)]
    return min(start for start, _ in spans), max(end for _, end in spans)


def _grid(panels: int) -> tuple[int, int]:
    """Panels across and down."""
    across = min(_WIDE, panels)
    return across, -(-panels // across)


def _cell(place: int, subjects: Sequence[Subject]) -> dict[str, int]:
    across, _ = _grid(len(subjects))
    return {"row": place // across + 1, "col": place % across + 1}
