"""Probabilities of one person over time, and the valence curve derived from them."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fer_core.charts.looks import LOOKS, caption_of, clock, filling, lay_out, looks_of_people, nothing, safe
from fer_core.emotions import EMOTIONS
from fer_core.palette import QUIET
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import people, rows_of_person
from fer_core.timeline.statistics.series import on_grid, thinned, with_breaks, with_zeros
from fer_core.timeline.statistics.summaries import VALENCE_FORMULA, valence
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import interval_s, time_range

NOT_SEEN = "This person was not seen."
NOBODY_SEEN = "Nobody is in the readings of this recording."
"""Also true of a recording whose people were all removed."""
_PERCENT: dict[str, Any] = {"tickformat": ".0%", "range": [0, 1]}
_MANY = 150


def probability_lines(
    source: Timeline | pd.DataFrame, person: int, uncertain_below: float | None = None, notes: Notes | None = None
) -> go.Figure:
    """Seven lines over time, told apart by dash and symbol as well; broken where the person was not seen.

    A click on a point reports `customdata`: its time in seconds and its frame.

    Args:
        source: the timeline.
        person: whose.
        uncertain_below: draws the threshold under which a reading counts as uncertain.
        notes: for the person's name, which the hover says beside frame and quality.
    """
    figure = go.Figure()
    usual_s = interval_s(source)
    points, step_s = thinned(rows_of_person(source, person), usual_s)
    drawn = with_breaks(points, step_s)
    for name in EMOTIONS:
        figure.add_scatter(
            x=clock(drawn["time_s"]),
            y=drawn[name].to_numpy(float),
            name=caption_of(name),
            line={"color": LOOKS[name].colour, "dash": LOOKS[name].dash, "width": 2},
            **_marks(name, len(points)),
            customdata=_places(drawn),
            hovertemplate="%{y:.0%}",
        )
    _say(figure, points, notes, person)
    lay_out(figure, 340, time_range(source), hovermode="x unified")
    figure.update_yaxes(title=f"probability{_averaged(step_s, usual_s)}", **_PERCENT)
    if not len(points):
        return nothing(figure, NOT_SEEN)
    if uncertain_below:
        figure.add_hline(
            y=uncertain_below,
            line={"dash": "dot", "width": 1, "color": QUIET},
            annotation={"text": "uncertain below", "font": {"size": 11}},
        )
    return figure


def stacked_area(source: Timeline | pd.DataFrame, person: int, notes: Notes | None = None) -> go.Figure:
    """The same probabilities stacked to 100 %, each with its own pattern; nothing where the person was not seen."""
    figure = go.Figure()
    usual_s = interval_s(source)
    points, step_s = thinned(rows_of_person(source, person), usual_s)
    drawn = with_zeros(_widened(points, step_s), step_s)
    for name in EMOTIONS:
        figure.add_scatter(
            x=clock(drawn["time_s"]),
            y=drawn[name].to_numpy(float),
            name=caption_of(name),
            mode="lines",
            stackgroup="probabilities",
            line={"color": LOOKS[name].colour, "width": 0.5},
            fillcolor=LOOKS[name].colour,
            fillpattern=filling(LOOKS[name]),
            customdata=_places(drawn),
            hovertemplate="%{y:.0%}",
        )
    _say(figure, points, notes, person)
    lay_out(figure, 300, time_range(source), hovermode="x unified")
    figure.update_yaxes(title=f"probability, stacked{_averaged(step_s, usual_s)}", **_PERCENT)
    return figure if len(points) else nothing(figure, NOT_SEEN)


def heat_map(source: Timeline | pd.DataFrame, person: int) -> go.Figure:
    """One row an emotion, the brighter the more probable; blank where the person was not seen."""
    rows = rows_of_person(source, person)
    grid = on_grid(rows, interval_s(source), time_range(source))
    figure = go.Figure(
        go.Heatmap(
            x=clock(grid["time_s"]),
            y=[caption_of(name) for name in EMOTIONS],
            z=grid[[*EMOTIONS]].to_numpy(float).T,
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            colorbar={"title": {"text": "probability", "side": "right"}, "tickformat": ".0%", "thickness": 14},
            hoverongaps=False,
            hovertemplate="%{y} %{z:.0%}<br>%{x}<extra></extra>",
        )
    )
    lay_out(figure, 280, time_range(source))
    figure.update_yaxes(autorange="reversed", showgrid=False, title="expression")
    figure.update_xaxes(showgrid=False)
    return figure if len(rows) else nothing(figure, NOT_SEEN)


def valence_curve(source: Timeline | pd.DataFrame, notes: Notes | None = None) -> go.Figure:
    """Valence of every person over time, by `VALENCE_FORMULA`: derived from the probabilities, not a measurement."""
    notes = notes or Notes()
    figure = go.Figure()
    usual_s = interval_s(source)
    everyone = people(source)
    for person, look in looks_of_people(everyone).items():
        points, step_s = thinned(rows_of_person(source, person), usual_s)
        drawn = with_breaks(points, step_s)
        few = len(points) <= _MANY
        figure.add_scatter(
            x=clock(drawn["time_s"]),
            y=valence(drawn).to_numpy(float),
            name=safe(notes.name(person)),
            mode="lines+markers",
            line={"color": look.colour, "dash": look.dash, "width": 2},
            marker={"symbol": look.symbol, "size": 6, "maxdisplayed": 0 if few else 40},
            customdata=_places(drawn),
            text=_about(drawn),
            hovertemplate="%{y:+.2f} · %{text}",
        )
    lay_out(figure, 260, time_range(source), hovermode="x unified", showlegend=True)
    figure.update_yaxes(
        title=f"derived valence<br><sup>{VALENCE_FORMULA}</sup>", range=[-1.05, 1.05], tickformat="+.1f"
    )
    if not everyone:
        return nothing(figure, NOBODY_SEEN)
    return figure.add_hline(y=0, line={"width": 1, "color": QUIET})


def _say(figure: go.Figure, points: pd.DataFrame, notes: Notes | None, person: int) -> None:
    """Add person, frame and quality to the hover text of every point."""
    if not len(points):
        return
    figure.add_scatter(
        x=clock(points["time_s"]),
        y=points[[*EMOTIONS]].to_numpy(float).max(axis=1),
        name="",
        mode="markers",
        marker={"opacity": 0, "size": 6},
        line={"width": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        text=_about(points),
        customdata=_places(points),
        hovertemplate=f"{safe((notes or Notes()).name(person))} · %{{text}}<extra></extra>",
        showlegend=False,
    )


def _about(points: pd.DataFrame) -> list[str]:
    """Hover text of each point: its frame and quality, or the number of samples that it is the mean of."""
    return [
        ""
        if pd.isna(samples)
        else f"frame {int(frame)}, {quality or 'quality not kept'}"
        if samples == 1
        else f"mean of {int(samples)} samples, {f'{int(poor)} of them poor: {quality}' if poor else quality}"
        for frame, samples, poor, quality in zip(
            points["frame"].astype("Float64"), points["samples"], points["poor"], points["quality"], strict=True
        )
    ]


def _averaged(step_s: float, usual_s: float) -> str:
    """Addition to an axis title where samples were averaged."""
    return f" (mean of {step_s:.3g} s)" if step_s > usual_s else ""


def _marks(name: str, points: int) -> dict[str, Any]:
    """Symbols on every point where there are few, on some where they would run into each other."""
    return {
        "mode": "lines+markers",
        "marker": {"symbol": LOOKS[name].symbol, "size": 6, "maxdisplayed": 0 if points <= _MANY else 40},
    }


def _places(drawn: pd.DataFrame) -> np.ndarray:
    return np.stack([drawn["time_s"].to_numpy(float), drawn["frame"].to_numpy(float, na_value=np.nan)], axis=1)


def _widened(points: pd.DataFrame, step_s: float) -> pd.DataFrame:
    """A single point stretched over its interval: an area needs two."""
    if len(points) != 1:
        return points
    return pd.concat([points, points.assign(time_s=points["time_s"] + step_s * 0.99)], ignore_index=True)
