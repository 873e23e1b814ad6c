"""Changes from one expression to another as a table of cells."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer_core.charts.confusion import shaded_table
from fer_core.charts.looks import lay_out
from fer_core.timeline.statistics.summaries import CATEGORIES


def transition_table(counts: NDArray[np.int64], ink: str) -> go.Figure:
    """How often each expression was followed by each other one.

    Args:
        counts: int (8, 8), as `fer_core.timeline.statistics.transitions.transitions` gives them.
        ink: colour of the page's text, for the numbers in pale cells.
    """
    texts = [[str(count) if count else "" for count in row] for row in counts]
    names = list(CATEGORIES)
    figure = shaded_table(counts / max(1, counts.max()), counts, texts, "changes", ink, names, names)
    figure.data[0].hovertemplate = "%{y} to %{x}: %{customdata} changes<extra></extra>"
    return lay_out(
        figure,
        420,
        xaxis={"title": "to", "side": "top", "showgrid": False, "tickangle": -40},
        yaxis={"title": "from", "autorange": "reversed", "showgrid": False},
    )


def describe_transitions(counts: NDArray[np.int64]) -> str:
    """The table in words, the most frequent changes first."""
    order = np.argsort(-counts, axis=None, kind="stable")[:5]
    found = [(int(row), int(column)) for row, column in zip(*np.unravel_index(order, counts.shape), strict=True)]
    parts = [
        f"{CATEGORIES[row]} to {CATEGORIES[column]} {counts[row, column]}"
        for row, column in found
        if counts[row, column]
    ]
    return f"Changes: {', '.join(parts)}" if parts else "No change."
