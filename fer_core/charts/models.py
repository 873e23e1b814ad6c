"""The installed models at a glance: accuracy against speed, and measured figures beside claims of others."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from fer_core.charts.looks import Look, lay_out, nothing, safe
from fer_core.evaluation.claims import Claims, Verdict
from fer_core.evaluation.ranking import Standing
from fer_core.palette import ACCENT, AGAINST, QUIET

_SMALLEST_PX, _LARGEST_PX = 22.0, 44.0
"""Diameters of bubbles; the smallest one has room for its rank."""

_ROOM: Final = 2.3
"""Factor by which the axis of times goes on beyond the quickest and the slowest model: two ticks are always on it."""

_TICKS_MS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_VERDICT_SYMBOLS: Final[dict[Verdict, str]] = {
    "yes": "circle",
    "partly": "diamond",
    "no": "x-thin",
    "unknown": "triangle-up-open",
}
VERDICT_WORDS: Final[dict[Verdict, str]] = {
    "yes": "reproducible",
    "partly": "partly",
    "no": "not reproducible",
    "unknown": "not known",
}


def accuracy_against_speed(rows: Sequence[Standing], looks: Mapping[str, Look]) -> go.Figure:
    """Accuracy with its interval over milliseconds a face, a bubble a model, its area by the number of weights.

    Every bubble bears the model's rank among `rows` and the legend its name: names beside bubbles run into each other
    as soon as two models are equally quick, or the screen is narrow.

    Args:
        rows: the models, the most accurate first; those without figures or time are left out.
        looks: by short title.
    """
    shown = [(rank, row) for rank, row in enumerate(rows, start=1) if row.accuracy is not None and row.latency_ms]
    figure = go.Figure()
    if not shown:
        return nothing(lay_out(figure, 340), "No model has both figures and a time")
    most = max(row.parameters for _, row in shown)
    for rank, row in sorted(shown, key=lambda entry: -entry[1].parameters):  # small ones stand before large ones
        _add_bubble(figure, rank, row, looks[row.short].colour, most)
    for rank, row in shown:
        figure.add_scatter(
            x=[row.latency_ms],
            y=[row.accuracy],
            mode="text",
            text=[f"<b>{rank}</b>"],
            textfont={"color": "#ffffff", "size": 13},
            cliponaxis=False,
            hoverinfo="skip",
            showlegend=False,
        )
    times = [row.latency_ms for _, row in shown if row.latency_ms]
    figure = lay_out(
        figure,
        380,
        xaxis={
            "title": "milliseconds a face on this machine (left is faster)",
            "type": "log",
            "range": [*np.log10([min(times) / _ROOM, max(times) * _ROOM])],
            "tickvals": list(_TICKS_MS),
        },
        yaxis={"title": "accuracy", "tickformat": ".1%", "nticks": 7},
    )
    return figure.update_layout(legend={"itemsizing": "constant"})


def _add_bubble(figure: go.Figure, rank: int, row: Standing, colour: str, most_parameters: int) -> None:
    assert row.accuracy is not None
    low, high = row.accuracy_ci95 or (row.accuracy, row.accuracy)
    figure.add_scatter(
        x=[row.latency_ms],
        y=[row.accuracy],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - row.accuracy],
            "arrayminus": [row.accuracy - low],
            "thickness": 1.5,
        },
        mode="markers",
        marker={
            "size": max(_SMALLEST_PX, _LARGEST_PX * (row.parameters / most_parameters) ** 0.5),
            "color": colour,
            "opacity": 0.9,
            "symbol": "circle",
            "line": {"color": "#ffffff", "width": 1},
        },
        cliponaxis=False,
        name=f"{rank} {safe(row.short)}",
        legendrank=rank,
        hovertemplate=(
            f"<b>{safe(row.short)}</b><br>%{{y:.1%}} right ({low:.1%} to {high:.1%})<br>%{{x:.1f}} ms a face<br>"
            f"{row.parameters / 1e6:.1f} M weights, {row.size_bytes / 1e6:.1f} MB<extra></extra>"
        ),
    )


def describe_accuracy_against_speed(rows: Sequence[Standing]) -> str:
    """The same in words."""
    return "; ".join(
        f"{row.short}: {row.accuracy:.1%} in {row.latency_ms:.1f} ms with {row.parameters / 1e6:.1f} million weights"
        for row in rows
        if row.accuracy is not None and row.latency_ms is not None
    )


def claims_and_measurements(claims: Claims, rows: Sequence[Standing]) -> go.Figure:
    """Claims as open or crossed signs, measurements as filled bars with their intervals, on one scale.

    Args:
        claims: of others.
        rows: the installed models.
    """
    measured = [(row.short, row.accuracy, row.accuracy_ci95) for row in rows if row.accuracy is not None]
    measured += [(other.work, other.accuracy, other.accuracy_ci95) for other in claims.measured_here]
    measured.sort(key=lambda entry: -(entry[1] or 0))
    figure = go.Figure()
    values = [value for _, value, _ in measured]
    bounds = [interval or (value, value) for _, value, interval in measured]
    figure.add_scatter(
        x=values,
        y=[safe(name) for name, _, _ in measured],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [bound[1] - (value or 0) for bound, value in zip(bounds, values, strict=True)],
            "arrayminus": [(value or 0) - bound[0] for bound, value in zip(bounds, values, strict=True)],
        },
        mode="markers",
        marker={"size": 12, "color": ACCENT, "symbol": "square"},
        name="measured here",
        hovertemplate="%{y}: %{x:.1%}, measured here<extra></extra>",
    )
    for verdict, symbol in _VERDICT_SYMBOLS.items():
        some = [claim for claim in claims.claims if claim.reproducible == verdict]
        if some:
            figure.add_scatter(
                x=[claim.accuracy for claim in some],
                y=[safe(claim.work) for claim in some],
                mode="markers",
                marker={"size": 11, "color": AGAINST, "symbol": symbol, "line": {"width": 2.5, "color": AGAINST}},
                name=f"claimed, {VERDICT_WORDS[verdict]}",
                customdata=[[safe(claim.measured_on)] for claim in some],
                hovertemplate="%{y}: %{x:.1%} claimed<br>on %{customdata[0]}<extra></extra>",
            )
    order = [safe(name) for name, _, _ in measured] + [safe(claim.work) for claim in claims.claims]
    for name in order:  # over its line and not beside it, so that a phone has room for both
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=name, yshift=16, text=name, font={"size": 11}, showarrow=False
        )
    figure.add_hline(y=len(measured) - 0.62, line={"color": QUIET, "width": 1, "dash": "dot"})
    return lay_out(
        figure,
        130 + 38 * len(order),
        xaxis={"title": "accuracy", "tickformat": ".0%"},
        yaxis={
            "categoryorder": "array",
            "categoryarray": order,
            "range": [len(order) - 0.5, -0.9],
            "showticklabels": False,
            "ticks": "",
        },
    )


def describe_claims_and_measurements(claims: Claims, rows: Sequence[Standing]) -> str:
    """The same in words."""
    own = ", ".join(f"{row.short} {row.accuracy:.1%}" for row in rows if row.accuracy is not None)
    others = ", ".join(f"{other.work} {other.accuracy:.1%}" for other in claims.measured_here)
    claimed = ", ".join(
        f"{claim.work} {claim.accuracy:.1%} ({VERDICT_WORDS[claim.reproducible]})" for claim in claims.claims
    )
    return f"Measured here: {own}, {others}. Claimed: {claimed}."
