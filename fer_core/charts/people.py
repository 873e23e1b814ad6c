"""People by condition: one value a person as points, or mean curves over time with their bands."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer_core.charts.looks import lay_out, looks_of_models, safe
from fer_core.palette import QUIET
from fer_core.timeline.groups.cells import PeopleValues
from fer_core.timeline.groups.clusters import ENTRY_ALPHA, Cluster
from fer_core.timeline.groups.conditions import Share
from fer_core.timeline.groups.curves import MeanCurve


def people_by_condition(values: PeopleValues, means: Sequence[Share], title: str) -> go.Figure:
    """Every person as a point, joined where the same person is in several conditions; the mean with its interval.

    Args:
        values: the points.
        means: mean over people with its 95 % interval, one a condition.
        title: of the axis of values.
    """
    figure, conditions = go.Figure(), values.conditions
    places = {condition: place for place, condition in enumerate(conditions)}
    table = values.table
    looks = looks_of_models(conditions)
    across, values_of_people = _lines(table, places)
    figure.add_scatter(
        x=across, y=values_of_people, mode="lines", showlegend=False, hoverinfo="skip", connectgaps=False,
        line={"color": "rgba(136,146,166,0.5)", "width": 1}, name="the same person",
    )  # fmt: skip
    for condition, place in places.items():
        rows = table[table["condition"] == condition]
        figure.add_scatter(
            x=np.full(len(rows), place), y=rows["value"], mode="markers", name=safe(condition), showlegend=False,
            marker={"color": looks[condition].colour, "symbol": looks[condition].symbol, "size": 9, "opacity": 0.75},
            text=[safe(str(subject)) for subject in rows["subject"]],
            customdata=rows["seconds"],
            hovertemplate="%{text}: %{y:.3f}, %{customdata:.0f} s<extra></extra>",
        )  # fmt: skip
    for mean in means:
        low, high = mean.interval
        known = np.isfinite(low)
        figure.add_scatter(
            x=[places[mean.condition] + 0.18], y=[mean.share], mode="markers", showlegend=False,
            marker={"color": looks[mean.condition].colour, "symbol": "line-ew-open", "size": 22, "line": {"width": 3}},
            error_y={
                "array": [high - mean.share if known else 0], "arrayminus": [mean.share - low if known else 0],
                "thickness": 2,
            },
            hovertemplate=f"mean {mean.share:.3f}{f', {low:.3f} to {high:.3f}' if known else ''}<extra></extra>",
        )  # fmt: skip
    lay_out(figure, 360)
    ticks = [safe(condition) for condition in conditions]
    figure.update_xaxes(tickvals=list(places.values()), ticktext=ticks, range=[-0.5, len(ticks) - 0.5])
    figure.update_yaxes(title=title)
    return figure


def _lines(table: pd.DataFrame, places: Mapping[str, int]) -> tuple[list[float], list[float]]:
    """Places and values of the people who are in several conditions, as one line with a gap after each person.

    One trace for all of them: a figure with a trace a person takes seconds to make for hundreds of people.
    """
    across, values = list[float](), list[float]()
    for _, rows in table.groupby("subject"):
        if len(rows) > 1:
            across += [*(float(places[condition]) for condition in rows["condition"]), float("nan")]
            values += [*rows["value"].tolist(), float("nan")]
    return across, values


def describe_people(values: PeopleValues, means: Sequence[Share], title: str) -> str:
    """The figure in words."""
    parts = [f"{mean.condition}: mean {mean.share:.3f} over {mean.cell.n} people" for mean in means]
    return f"{title}, a point a person. " + "; ".join(parts) + "."


def _band(curve: MeanCurve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The outline of the band, a closed part for each stretch in which there is a mean, with NaN between two parts."""
    there = np.flatnonzero(np.isfinite(curve.mean))
    across, edge = list[NDArray[np.float64]](), list[NDArray[np.float64]]()
    for part in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1):
        around = np.concatenate([part, part[::-1]])
        across += [curve.time_s[around], np.array([np.nan])]
        edge += [curve.high[part], curve.low[part[::-1]], np.array([np.nan])]
    return np.concatenate(across)[:-1], np.concatenate(edge)[:-1]


def mean_curves(curves: Mapping[str, MeanCurve], clusters: Sequence[Cluster], title: str) -> go.Figure:
    """Mean over people in each condition, with its band; a grey bar below where a cluster is significant.

    Args:
        curves: by condition.
        clusters: of the comparison of two of them.
        title: of the axis of values.
    """
    figure, looks = go.Figure(), looks_of_models(curves)
    for condition, curve in curves.items():
        look = looks[condition]
        across, edge = _band(curve)
        figure.add_scatter(
            x=across, y=edge,
            mode="lines", fill="toself", line={"width": 0, "color": look.colour}, opacity=0.25, showlegend=False,
            hoverinfo="skip", name=safe(condition),
        )  # fmt: skip
        figure.add_scatter(
            x=curve.time_s, y=curve.mean, mode="lines", name=safe(f"{condition} ({curve.people})"),
            line={"color": look.colour, "dash": look.dash, "width": 2},
            customdata=curve.n,
            hovertemplate="%{x:.2f} s: %{y:.3f}, n = %{customdata}<extra></extra>",
        )  # fmt: skip
    for cluster in clusters:
        if cluster.p_value < ENTRY_ALPHA:
            figure.add_shape(
                type="rect", xref="x", yref="paper", x0=cluster.start_s, x1=cluster.end_s, y0=0, y1=0.02,
                fillcolor=QUIET, line={"width": 0},
            )  # fmt: skip
    lay_out(figure, 340)
    figure.update_xaxes(title="seconds")
    figure.update_yaxes(title=title)
    return figure


def describe_curves(curves: Mapping[str, MeanCurve], title: str) -> str:
    """The figure in words."""
    parts = [
        f"{condition}: from {np.nanmin(curve.mean):.2f} to {np.nanmax(curve.mean):.2f}, {curve.people}"
        for condition, curve in curves.items()
        if np.isfinite(curve.mean).any()
    ]
    return f"{title}, mean over people with 95 % bands. {'; '.join(parts)}."
