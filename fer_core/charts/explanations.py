"""One face read by several models: probabilities, votes of people, and the effect of hiding parts of the face."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer_core.charts.looks import Look, filling, lay_out, safe
from fer_core.classification.explanation import Deletion
from fer_core.emotions import EMOTION_OF_RATER_CLASS, EMOTIONS, RATER_CLASSES, STYLES
from fer_core.palette import QUIET

_PERCENT = ".0%"


def probabilities_by_model(probabilities: Mapping[str, NDArray[np.float32]], looks: Mapping[str, Look]) -> go.Figure:
    """Seven groups of bars, a bar a model.

    Args:
        probabilities: by model, float32 (7,) in `EMOTIONS` order.
        looks: by model.
    """
    names = [f"{STYLES[name].symbol} {name}" for name in EMOTIONS]
    return _groups(probabilities, looks, names, "probability", _groups_px(len(EMOTIONS), len(probabilities)))


def raters_by_model(shares: Mapping[str, NDArray[np.float64]], looks: Mapping[str, Look]) -> go.Figure:
    """Votes of people on faces that each model reads alike: eight groups of bars.

    Args:
        shares: by model, float64 (8,) in `RATER_CLASSES` order.
        looks: by model.
    """
    names = [rater_caption(name) for name in RATER_CLASSES]
    return _groups(shares, looks, names, "share of the votes", _groups_px(len(RATER_CLASSES), len(shares)))


def rater_caption(name: str) -> str:
    """One of the eight classes of the raters, with the symbol of its emotion."""
    emotion = EMOTION_OF_RATER_CLASS.get(name)
    return f"{STYLES[emotion].symbol if emotion else '😒'} {name}"


def deletion_curve(found: Deletion, look: Look) -> go.Figure:
    """The probability of an emotion while ever more of the face is hidden: by the map's order, and by random ones."""
    low, high = found.at_random.min(axis=0), found.at_random.max(axis=0)
    figure = go.Figure()
    figure.add_scatter(
        x=np.concatenate([found.hidden, found.hidden[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor="rgba(136,146,166,0.22)",
        line={"width": 0},
        name="random orders",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=found.hidden,
        y=found.at_random.mean(axis=0),
        mode="lines",
        line={"color": QUIET, "dash": "dot", "width": 2},
        name="their mean",
        hovertemplate="random %{x:.0%} hidden: %{y:.0%}<extra></extra>",
    )
    figure.add_scatter(
        x=found.hidden,
        y=found.by_map,
        mode="lines",
        line={"color": look.colour, "width": 2.5},
        name="the map's order",
        hovertemplate="most marked %{x:.0%} hidden: %{y:.0%}<extra></extra>",
    )
    return lay_out(
        figure,
        280,
        xaxis={"title": "share of the face hidden", "tickformat": _PERCENT, "range": [0, 1]},
        yaxis={"title": found.emotion, "tickformat": _PERCENT, "range": [0, 1.02]},
    )


def describe_probabilities_by_model(probabilities: Mapping[str, NDArray[np.float32]]) -> str:
    """The same in words."""
    return _in_words(probabilities, EMOTIONS)


def describe_raters_by_model(shares: Mapping[str, NDArray[np.float64]]) -> str:
    """The same in words."""
    return _in_words(shares, RATER_CLASSES)


def _groups_px(groups: int, bars: int) -> int:
    """Height of a chart; bars get thinner where there are many."""
    return 150 + groups * (14 + 13 * min(bars, 2) + 10 * max(0, bars - 2))


def _groups(
    values: Mapping[str, NDArray[np.floating]], looks: Mapping[str, Look], names: Sequence[str], title: str, height: int
) -> go.Figure:
    figure = go.Figure()
    for model, row in values.items():
        figure.add_bar(
            x=row,
            y=names,
            orientation="h",
            name=safe(model),
            marker={"color": looks[model].colour, "pattern": filling(looks[model])},
            text=[f"{value:.0%}" if value >= 0.005 else "" for value in row],
            textposition="outside",
            textfont={"size": 10},
            cliponaxis=False,
            hovertemplate=f"{safe(model)}<br>%{{y}}: %{{x:.1%}}<extra></extra>",
        )
    return lay_out(
        figure,
        height,
        barmode="group",
        bargap=0.25,
        xaxis={"title": title, "tickformat": _PERCENT, "range": [0, 1.12], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        yaxis={"autorange": "reversed", "ticks": ""},
    )


def _in_words(values: Mapping[str, NDArray[np.floating]], names: Sequence[str]) -> str:
    return "; ".join(
        f"{model}: " + ", ".join(f"{name} {value:.0%}" for name, value in zip(names, row, strict=True))
        for model, row in values.items()
    )
