"""Content of the data: emotions by split, and FER2013's labels beside the votes of the raters."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from fer_core.charts.confusion import by_row, shaded_table
from fer_core.charts.explanations import rater_caption
from fer_core.charts.looks import lay_out
from fer_core.emotions import EMOTIONS, RATER_CLASSES, STYLES
from fer_core.palette import SERIES

_SPLIT_PATTERNS: Final = ("", "/", "x", ".")


def class_shares(classes: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """Share of each emotion within each split.

    Args:
        classes: by split, faces by emotion.
    """
    figure = go.Figure()
    for place, (split, counts) in enumerate(classes.items()):
        total, colour = sum(counts.values()), SERIES[place % len(SERIES)]
        pattern = {"shape": _SPLIT_PATTERNS[place % len(_SPLIT_PATTERNS)], "fgcolor": "rgba(255,255,255,0.75)"}
        figure.add_bar(
            x=[f"{STYLES[name].symbol}<br>{name}" for name in EMOTIONS],
            y=[counts[name] / max(1, total) for name in EMOTIONS],
            name=f"{split} ({total:,})",
            marker={"color": colour, "pattern": {**pattern, "bgcolor": colour, "size": 6, "solidity": 0.18}},
            customdata=[[counts[name]] for name in EMOTIONS],
            hovertemplate=f"{split}, %{{x}}: %{{customdata[0]:,}} faces, %{{y:.1%}}<extra></extra>",
        )
    return lay_out(
        figure,
        340,
        barmode="group",
        bargap=0.25,
        yaxis={"title": "share of the split", "tickformat": ".0%"},
        xaxis={"tickangle": 0},
    )


def describe_class_shares(classes: Mapping[str, Mapping[str, int]]) -> str:
    """The same in words."""
    return "; ".join(
        f"{split}: " + ", ".join(f"{name} {counts[name]:,}" for name in EMOTIONS) for split, counts in classes.items()
    )


def labels_and_raters(table: Sequence[Sequence[int]], ink: str) -> go.Figure:
    """What the majority of the raters says of the faces of each label, in percent of the row.

    Args:
        table: counts (7, 8), rows in `EMOTIONS` order, columns in `RATER_CLASSES` order.
        ink: colour of the page's text.
    """
    shares = by_row(table)
    columns = [rater_caption(name) for name in RATER_CLASSES]
    rows = [f"{STYLES[name].symbol} {name}" for name in EMOTIONS]
    texts = [[f"{100 * share:.0f}" for share in row] for row in shares]
    figure = shaded_table(shares, 100 * shares, texts, "% of the label's faces", ink, rows, columns)
    return lay_out(
        figure,
        420,
        xaxis={"title": "majority of ten raters", "side": "top", "showgrid": False, "tickangle": -40},
        yaxis={"title": "FER2013's label", "autorange": "reversed", "showgrid": False},
    )


def describe_labels_and_raters(table: Sequence[Sequence[int]]) -> str:
    """The same in words."""
    shares = by_row(table)
    return "What raters say of each label: " + "; ".join(
        f"{name}: " + ", ".join(f"{RATER_CLASSES[j]} {shares[i, j]:.0%}" for j in np.argsort(-shares[i])[:3])
        for i, name in enumerate(EMOTIONS)
    )
