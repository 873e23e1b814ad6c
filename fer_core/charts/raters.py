"""The labels of a rater beside the readings of a model."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from fer_core.charts.confusion import by_row, shaded_table
from fer_core.charts.looks import lay_out
from fer_core.emotions import EMOTIONS
from fer_core.palette import QUIET
from fer_core.timeline.statistics.summaries import CATEGORIES, UNCERTAIN

_HEIGHT_PX: Final = 380


def rater_table(table: Sequence[Sequence[int]], ink: str) -> go.Figure:
    """Samples by label of the rater (rows) and reading (columns), the uncertain ones in a column of their own.

    Args:
        table: counts (7, 8), as `RaterAgreement.table`.
        ink: colour of the page's text, for the numbers in pale cells.
    """
    counts, shares = np.asarray(table), by_row(table)
    texts = [[f"{count:,}" if count else "" for count in row] for row in counts]
    columns = [f"read as {name}" for name in CATEGORIES]
    figure = shaded_table(shares, counts, texts, "samples", ink, EMOTIONS, columns)
    figure.add_vline(x=len(EMOTIONS) - 0.5, line={"width": 1, "color": QUIET})
    return lay_out(
        figure,
        _HEIGHT_PX,
        xaxis={
            "title": "the model",
            "side": "top",
            "showgrid": False,
            "tickangle": -40,
            "tickvals": list(range(len(columns))),
            "ticktext": list(CATEGORIES),
        },
        yaxis={"title": "the rater", "autorange": "reversed", "showgrid": False},
    )


def describe_rater_table(table: Sequence[Sequence[int]]) -> str:
    """The table in words."""
    lines = []
    for label, row in zip(EMOTIONS, table, strict=True):
        if not sum(row):
            continue
        read = [f"{name} {count:,}" for name, count in zip(CATEGORIES, row, strict=True) if count]
        lines.append(f"{label}: read as {', '.join(read)}")
    return f"Labels of the rater, and how the model read these samples ({UNCERTAIN} apart). {'; '.join(lines)}."
