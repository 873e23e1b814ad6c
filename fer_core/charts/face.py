"""The probabilities of one face."""

import plotly.graph_objects as go

from fer_core.emotions import EMOTIONS, STYLES
from fer_core.palette import QUIET
from fer_core.readings import FaceReading


def probability_bars(reading: FaceReading, uncertain_below: float | None = None) -> go.Figure:
    """The seven probabilities of one face as horizontal bars in `EMOTIONS` order, the label's bar solid.

    Args:
        reading: the face.
        uncertain_below: draws the threshold under which a reading counts as uncertain.
    """
    values = [float(p) for p in reading.probabilities]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[f"{STYLES[name].symbol} {name}" for name in EMOTIONS],
            orientation="h",
            marker={
                "color": [STYLES[name].colour for name in EMOTIONS],
                "opacity": [1.0 if name == reading.label else 0.55 for name in EMOTIONS],
            },
            text=[f"{value:.0%}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    figure.update_layout(
        xaxis={"title": "probability", "range": [0, 1.12], "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "ticks": ""},
        height=280,
        margin={"l": 0, "r": 8, "t": 22, "b": 0},
        bargap=0.25,
        showlegend=False,
    )
    if uncertain_below:
        figure.add_vline(
            x=uncertain_below,
            line={"dash": "dot", "width": 1, "color": QUIET},
            annotation={"text": "uncertain below", "font": {"size": 11}, "yshift": 14, "showarrow": False},
        )
    return figure


def describe(reading: FaceReading) -> str:
    """The same seven numbers in words, for those who do not see the chart."""
    return ", ".join(f"{name} {value:.0%}" for name, value in reading.by_emotion.items())
