"""Confusion matrices, the difference of two, and figures by emotion."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer_core.charts.looks import Look, filling, lay_out, safe
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.evaluation.figures import ClassFigures

ClassMeasure = Literal["recall", "precision", "f1", "auc"]
CLASS_MEASURES: Final[dict[ClassMeasure, str]] = {
    "recall": "recall: how many of its faces are found",
    "precision": "precision: how many of those called so are",
    "f1": "F1: harmonic mean of both",
    "auc": "AUC: how well its probability ranks it above the others",
}
_DIGITS: Final[dict[str, str]] = {"% of the row": ".1f", "% of the label's faces": ".1f", "points": "+.1f"}
"""How figures of a unit are written under the pointer; those of others are counts."""

_BLUE, _ORANGE = "59,91,219", "200,69,27"
_DARK_FROM = 0.75
"""Share of the strongest colour from which white letters read better than the page's own."""


def confusion_counts(table: Sequence[Sequence[int]], ink: str) -> go.Figure:
    """Faces by label (rows) and reading (columns), both in `EMOTIONS` order.

    Args:
        table: counts.
        ink: colour of the page's text, for the numbers in pale cells.
    """
    counts = np.asarray(table)
    return _matrix(counts / max(1, counts.max()), counts, [[f"{n:,}" for n in row] for row in counts], "faces", ink)


def confusion_shares(table: Sequence[Sequence[int]], ink: str) -> go.Figure:
    """The same as shares of each row: readings of the faces of one label."""
    shares, none = by_row(table), np.asarray(table).sum(axis=1) == 0
    texts = [["–" if empty else f"{100 * n:.0f}" for n in row] for row, empty in zip(shares, none, strict=True)]
    return _matrix(shares, 100 * shares, texts, "% of the row", ink)


def confusion_difference(first: Sequence[Sequence[int]], second: Sequence[Sequence[int]], ink: str) -> go.Figure:
    """Shares of each row of the first minus those of the second, in points: blue where the first has more."""
    points = 100 * (by_row(first) - by_row(second))
    texts = [[f"{n:+.0f}" if abs(n) >= 0.5 else "0" for n in row] for row in points]
    return _matrix(points / max(1.0, np.abs(points).max()), points, texts, "points", ink)


def class_bars(
    by_model: Mapping[str, Mapping[str, ClassFigures]], looks: Mapping[str, Look], measure: ClassMeasure
) -> go.Figure:
    """One figure of every emotion, a bar a model.

    Args:
        by_model: by title, the `per_class` of its figures.
        looks: by title.
        measure: a key of `CLASS_MEASURES`.
    """
    figure = go.Figure()
    for title, classes in by_model.items():
        values = [classes[name][measure] if classes[name]["support"] else None for name in EMOTIONS]
        figure.add_bar(
            x=[_label(name, classes) for name in EMOTIONS],
            y=values,
            name=safe(title),
            marker={"color": looks[title].colour, "pattern": filling(looks[title])},
            hovertemplate=f"{safe(title)}<br>%{{x}}: %{{y:.2f}}<extra></extra>",
        )
    words = CLASS_MEASURES[measure].partition(":")[0]
    return lay_out(
        figure, 340, barmode="group", bargap=0.25, yaxis={"title": words, "range": [0, 1]}, xaxis={"tickangle": 0}
    )


def by_row(table: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Counts as shares of their row; zeros where a row is empty."""
    counts = np.asarray(table, np.float64)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def describe_confusion(title: str, table: Sequence[Sequence[int]], most: int = 5) -> str:
    """A matrix in words: the recall of every emotion and the most frequent confusions."""
    shares = by_row(table)
    there = [i for i, row in enumerate(table) if sum(row)]
    found = ", ".join(f"{EMOTIONS[i]} {shares[i, i]:.0%}" for i in there)
    pairs = sorted(((shares[i, j], i, j) for i in there for j in range(len(EMOTIONS)) if i != j), reverse=True)
    confused = ", ".join(f"{EMOTIONS[i]} for {EMOTIONS[j]} {share:.0%}" for share, i, j in pairs[:most])
    return f"{title}, found of each emotion: {found}. Most often taken for another: {confused}."


def describe_difference(first: str, second: str, tables: Mapping[str, Sequence[Sequence[int]]], most: int = 5) -> str:
    """The difference of two matrices in words: where the two are furthest apart, in points of the row."""
    points = 100 * (by_row(tables[first]) - by_row(tables[second]))
    cells = sorted(np.ndindex(points.shape), key=lambda cell: -abs(points[cell]))[:most]
    furthest = ", ".join(
        f"{EMOTIONS[i]} read as {EMOTIONS[j]} {points[i, j]:+.0f}" for i, j in cells if abs(points[i, j]) >= 0.5
    )
    return f"Points that {first} has more or less than {second}: {furthest or 'none; they do not differ'}."


def describe_classes(by_model: Mapping[str, Mapping[str, ClassFigures]], measure: ClassMeasure) -> str:
    """The bars in words."""
    return "; ".join(
        f"{title}: "
        + ", ".join(
            f"{name} {classes[name][measure]:.2f}"
            for name in EMOTIONS
            if classes[name]["support"] and classes[name][measure] is not None
        )
        for title, classes in by_model.items()
    )


def _label(name: str, classes: Mapping[str, ClassFigures]) -> str:
    return f"{STYLES[name].symbol}<br>{name}<br>{classes[name]['support']:,}"


def shaded_table(
    strength: NDArray[np.float64],
    values: NDArray[np.floating | np.integer],
    texts: list[list[str]],
    unit: str,
    ink: str,
    rows: Sequence[str],
    columns: Sequence[str],
) -> go.Figure:
    """A table of cells coloured by `strength`, -1 (orange) to 1 (blue).

    Colours are transparent where they are weak and letters have the page's colour there, so that it reads on light and
    on dark paper.

    Args:
        strength: float (R, C).
        values: (R, C), for the hover text.
        texts: of the cells.
        unit: of `values`.
        ink: colour of the page's text.
        rows: their names.
        columns: their names.
    """
    figure = go.Figure(
        go.Heatmap(
            z=strength,
            x=list(columns),
            y=list(rows),
            customdata=values,
            zmin=-1,
            zmax=1,
            colorscale=[[0, f"rgba({_ORANGE},1)"], [0.5, f"rgba({_BLUE},0)"], [1, f"rgba({_BLUE},1)"]],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate=f"label %{{y}}, %{{x}}: %{{customdata:{_DIGITS.get(unit, ',d')}}} {unit}<extra></extra>",
        )
    )
    for strong, colour in ((False, ink), (True, "#ffffff")):
        cells = [(i, j) for i, j in np.ndindex(strength.shape) if (abs(strength[i, j]) >= _DARK_FROM) == strong]
        figure.add_scatter(
            x=[columns[j] for _, j in cells],
            y=[rows[i] for i, _ in cells],
            text=[texts[i][j] for i, j in cells],
            mode="text",
            textfont={"size": 12, "color": colour},
            hoverinfo="skip",
            showlegend=False,
        )
    return figure


def _matrix(
    strength: NDArray[np.float64], values: NDArray[np.float64], texts: list[list[str]], unit: str, ink: str
) -> go.Figure:
    return lay_out(
        shaded_table(strength, values, texts, unit, ink, EMOTIONS, [f"read as {name}" for name in EMOTIONS]),
        380,
        xaxis={
            "title": "read as",
            "side": "top",
            "showgrid": False,
            "tickangle": -40,
            "tickvals": list(range(len(EMOTIONS))),
            "ticktext": list(EMOTIONS),
        },
        yaxis={"title": "label", "autorange": "reversed", "showgrid": False},
    )
