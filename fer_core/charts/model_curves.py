"""Curves of several models: ROC, precision and recall, reliability, coverage, training, robustness."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer_core.charts.looks import Look, lay_out, nothing, safe
from fer_core.emotions import EMOTIONS
from fer_core.evaluation.calibration import error_if_calibrated
from fer_core.evaluation.figures import Curves, Robustness
from fer_core.evaluation.recipes import Earlier
from fer_core.palette import QUIET

MEAN: Final = "mean of all"
"""Choice in the place of one emotion: the mean curve of the emotions that occur."""

_GRID: Final[NDArray[np.float64]] = np.linspace(0, 1, 101)
_PERCENT: Final = {"tickformat": ".0%"}
_HEIGHT_PX: Final = 360
_LEGEND_LINE_PX: Final = 19
_NOTHING: Final = Earlier(epochs=0, minutes=0)
_FROM_SCRATCH: Final[Mapping[str, Earlier]] = MappingProxyType({})

Line = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Horizontal and vertical values of a curve, float64 (N,) each."""

CurvesByModel = Mapping[str, Curves]
"""The curves of each model, by its title."""

Looks = Mapping[str, Look]
"""The look of each model in every chart, by its title."""


def roc(
    curves: CurvesByModel, looks: Looks, areas: Mapping[str, Mapping[str, float | None]], emotion: str = MEAN
) -> go.Figure:
    """True against false positives of one emotion against the rest.

    Args:
        curves: by model.
        looks: by model.
        areas: by model and emotion, the area under each curve.
        emotion: one of `EMOTIONS`, or `MEAN`.
    """
    lines = {title: _curve(entry["roc"], "fpr", "tpr", emotion) for title, entry in curves.items()}
    figure = _lines(lines, looks, {title: mean_of(areas[title], emotion) for title in curves}, "AUC", emotion)
    _diagonal(figure, "guessing")
    return lay_out(
        figure,
        _height(figure),
        xaxis={"title": f"false alarms: other faces read as {_words(emotion)}", **_PERCENT},
        yaxis={"title": "found", "range": [0, 1.02], **_PERCENT},
    )


def precision_recall(curves: CurvesByModel, looks: Looks, emotion: str = MEAN) -> go.Figure:
    """Precision against recall of one emotion; see `roc`."""
    lines = {
        title: _curve(entry["precision_recall"], "recall", "precision", emotion) for title, entry in curves.items()
    }
    areas = {title: mean_of(average_precisions(entry), emotion) for title, entry in curves.items()}
    figure = _lines(lines, looks, areas, "AP", emotion)
    return lay_out(
        figure,
        _height(figure),
        xaxis={"title": "recall: share found", **_PERCENT},
        yaxis={"title": "precision: share right", "range": [0, 1.02], **_PERCENT},
    )


def average_precisions(curves: Curves) -> dict[str, float | None]:
    """Average precision of one model by emotion; None for an emotion that does not occur."""
    return {
        name: None if line is None else line["average_precision"] for name, line in curves["precision_recall"].items()
    }


def mean_of(values: Mapping[str, float | None], emotion: str) -> float | None:
    """The value of one emotion, or the mean of all that are not None."""
    if emotion != MEAN:
        return values[emotion]
    there = [value for value in values.values() if value is not None]
    return float(np.mean(there)) if there else None


def reliability(curves: CurvesByModel, looks: Looks, errors: Mapping[str, float]) -> go.Figure:
    """Accuracy against stated confidence in groups of equal size, with 95 % intervals.

    Args:
        curves: by model.
        looks: by model.
        errors: by model, its expected calibration error.
    """
    figure = go.Figure()
    for title, entry in curves.items():
        bars = entry["reliability"]
        accuracy = np.array([bar["accuracy"] for bar in bars])
        bounds = np.array([bar["accuracy_ci95"] for bar in bars])
        figure.add_scatter(
            x=[bar["confidence"] for bar in bars],
            y=accuracy,
            error_y=_interval(accuracy, bounds),
            name=f"{safe(title)} · ECE {errors[title]:.3f} (if perfect {error_if_calibrated(bars):.3f})",
            customdata=[[bar["n"]] for bar in bars],
            hovertemplate=(
                f"{safe(title)}<br>said %{{x:.0%}}, right %{{y:.0%}} of %{{customdata[0]}} faces<extra></extra>"
            ),
            **_look(looks[title], markers=True),
        )
    _diagonal(figure, "perfect")
    return lay_out(
        figure,
        _height(figure),
        xaxis={"title": "stated confidence", "range": [0.1, 1.02], **_PERCENT},
        yaxis={"title": "right", "range": [0, 1.04], **_PERCENT},
    )


def coverage(curves: CurvesByModel, looks: Looks, thresholds: Mapping[str, float]) -> go.Figure:
    """Accuracy against the share of faces that are kept as the demanded confidence rises.

    Args:
        curves: by model.
        looks: by model.
        thresholds: by model, the confidence under which it counts as uncertain; a star marks it.
    """
    figure, lowest = go.Figure(), 1.0
    for title, entry in curves.items():
        rows = np.array(entry["coverage_accuracy"])
        lowest = min(lowest, float(rows[:, 2].min()))
        figure.add_scatter(
            x=rows[:, 1],
            y=rows[:, 2],
            name=safe(title),
            customdata=rows[:, :1],
            hovertemplate=(
                f"{safe(title)}<br>confidence from %{{customdata[0]:.0%}}: %{{x:.0%}} of faces kept, %{{y:.1%}} right"
                "<extra></extra>"
            ),
            **_look(looks[title], markers=len(np.unique(rows[:, 1:], axis=0)) == 1),  # a line to itself is not seen
        )
        demanded = rows[rows[:, 0] >= thresholds.get(title, np.inf)]
        if len(demanded):  # some faces are read with so much confidence
            figure.add_scatter(
                x=[demanded[0, 1]],
                y=[demanded[0, 2]],
                mode="markers",
                marker={"symbol": "star", "size": 13, "color": looks[title].colour},
                showlegend=False,
                hovertemplate=(
                    f"{safe(title)}<br>uncertain below {thresholds[title]:.0%}: %{{x:.0%}} kept, %{{y:.1%}} right"
                    "<extra></extra>"
                ),
            )
    return lay_out(
        figure,
        _height(figure),
        xaxis={"title": "share of faces kept", "range": [1.02, 0], **_PERCENT},
        yaxis={"title": "right of those kept", "range": [max(0.0, lowest - 0.05), 1.01], **_PERCENT},
    )


def training(
    histories: Mapping[str, pd.DataFrame],
    looks: Looks,
    measure: str,
    over: str = "epoch",
    before: Mapping[str, Earlier] = _FROM_SCRATCH,
) -> go.Figure:
    """The course of training: dotted on the training faces, solid (and named in the legend) on validation.

    Args:
        histories: by model, a row an epoch.
        looks: by model.
        measure: "loss" or "accuracy".
        over: "epoch" or "minutes".
        before: by model, where its course begins; at 0 where nothing is said.
    """
    figure = go.Figure()
    for title, rows in histories.items():
        start = before.get(title, _NOTHING)
        x = start.epochs + rows["epoch"] + 1 if over == "epoch" else start.minutes + rows["seconds"] / 60
        for column, dash, words in ((measure, "dot", "training"), (f"val_{measure}", "solid", "validation")):
            figure.add_scatter(
                x=x,
                y=rows[column],
                mode="lines+markers",
                line={"color": looks[title].colour, "dash": dash, "width": 2},
                marker={"symbol": looks[title].symbol, "size": 6, "maxdisplayed": 12},
                name=safe(title) if dash == "solid" else f"{safe(title)}, {words}",
                legendgroup=title,
                showlegend=dash == "solid",
                hovertemplate=f"{safe(title)}, {words}<br>{over} %{{x:.4~g}}: %{{y:.3f}}<extra></extra>",
            )
    percent = _PERCENT if measure == "accuracy" else {}
    return lay_out(figure, _height(figure), xaxis={"title": over}, yaxis={"title": measure, **percent})


def robust(records: Mapping[str, Robustness], looks: Looks, kind: str) -> go.Figure:
    """Accuracy as faces get worse in one way, with 95 % intervals.

    Args:
        records: by model, what `fer_core.evaluation.robustness.robustness` gives.
        looks: by model.
        kind: one of its kinds.
    """
    figure, unit = go.Figure(), ""
    for title, record in records.items():
        measured = record["kinds"][kind]
        accuracy, bounds = np.array(measured["accuracy"]), np.array(measured["accuracy_ci95"])
        unit = measured["unit"]
        figure.add_scatter(
            x=list(range(len(accuracy))),
            y=accuracy,
            error_y=_interval(accuracy, bounds),
            name=safe(title),
            customdata=[[level] for level in measured["levels"]],
            hovertemplate=f"{safe(title)}<br>%{{customdata[0]:g}} {unit}: %{{y:.1%}} right<extra></extra>",
            **_look(looks[title], markers=True),
        )
    if not records:
        return nothing(lay_out(figure, _HEIGHT_PX), "No model was tested on degraded faces")
    levels = next(iter(records.values()))["kinds"][kind]["levels"]
    return lay_out(
        figure,
        _height(figure),
        xaxis={
            "title": unit,
            "tickvals": list(range(len(levels))),
            "ticktext": [f"{level:g}" for level in levels],
        },
        yaxis={"title": "accuracy", "rangemode": "tozero", **_PERCENT},
    )


def describe_areas(name: str, areas: Mapping[str, float | None]) -> str:
    """Curves in words: the area under each model's."""
    return f"{name}: " + ", ".join(f"{title} {area:.3f}" for title, area in areas.items() if area is not None)


def describe_reliability(curves: CurvesByModel, errors: Mapping[str, float]) -> str:
    """The diagram in words, each error with that of a perfectly calibrated model."""
    return "Calibration error: " + ", ".join(
        f"{title} {error:.3f} (if perfect {error_if_calibrated(curves[title]['reliability']):.3f})"
        for title, error in errors.items()
    )


def describe_coverage(curves: CurvesByModel, accuracies: tuple[float, ...] = (0.75, 0.85, 0.95)) -> str:
    """The curves in words: how many faces can be kept for a wanted accuracy."""
    parts = []
    for title, entry in curves.items():
        rows = entry["coverage_accuracy"]
        kept = {wanted: max((row[1] for row in rows if row[2] >= wanted), default=None) for wanted in accuracies}
        words = ", ".join(f"{wanted:.0%} right with {share:.0%} kept" for wanted, share in kept.items() if share)
        parts.append(f"{title}: {words}")
    return "; ".join(parts)


def describe_training(histories: Mapping[str, pd.DataFrame], before: Mapping[str, Earlier] = _FROM_SCRATCH) -> str:
    """The course in words; see `training`."""
    parts = []
    for title, rows in histories.items():
        earlier, accuracy = before.get(title, _NOTHING).epochs, rows["val_accuracy"]
        went_on = f" after {earlier} earlier ones" if earlier else ""
        parts.append(
            f"{title}: {len(rows)} epochs{went_on}, validation accuracy {accuracy.iloc[-1]:.1%} at the end, at most "
            f"{accuracy.max():.1%}"
        )
    return "; ".join(parts)


def describe_robust(records: Mapping[str, Robustness], kind: str) -> str:
    """The curves in words."""
    return "; ".join(
        f"{title}: " + ", ".join(f"{value:.0%}" for value in record["kinds"][kind]["accuracy"])
        for title, record in records.items()
    )


def _curve(lines: Mapping[str, Any], x: str, y: str, emotion: str) -> Line | None:
    """One emotion's curve, or the mean of all, brought to a common grid."""
    if emotion != MEAN:
        line = lines[emotion]
        return None if line is None else (np.array(line[x]), np.array(line[y]))
    there = [lines[name] for name in EMOTIONS if lines[name] is not None]
    if not there:
        return None
    return _GRID, np.mean([np.interp(_GRID, line[x], line[y]) for line in there], axis=0)


def _lines(
    lines: Mapping[str, Line | None],
    looks: Looks,
    areas: Mapping[str, float | None],
    name: str,
    emotion: str,
) -> go.Figure:
    figure = go.Figure()
    for title, line in lines.items():
        if line is None:
            continue
        area = areas[title]
        figure.add_scatter(
            x=line[0],
            y=line[1],
            name=safe(title) if area is None else f"{safe(title)} · {name} {area:.3f}",
            hovertemplate=f"{safe(title)}<br>%{{x:.1%}}, %{{y:.1%}}<extra></extra>",
            **_look(looks[title]),
        )
    needs = "Needs faces of two labels or more" if emotion == MEAN else "Needs faces with and without this label"
    return figure if figure.data else nothing(figure, needs)


def _height(figure: go.Figure) -> int:
    """Room for the plot whatever the legend takes: beside another chart, each of its entries has a line of its own."""
    lines = sum(trace.showlegend is not False for trace in figure.data)
    return _HEIGHT_PX + _LEGEND_LINE_PX * max(0, lines - 2)


def _interval(values: NDArray[np.float64], bounds: NDArray[np.float64]) -> dict[str, Any]:
    """Error bars from `values` (N,) to `bounds` (N, 2)."""
    return {
        "type": "data",
        "symmetric": False,
        "array": bounds[:, 1] - values,
        "arrayminus": values - bounds[:, 0],
        "thickness": 1,
        "width": 2,
    }


def _diagonal(figure: go.Figure, words: str) -> None:
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": QUIET, "dash": "dot", "width": 1},
        name=words,
        hoverinfo="skip",
    )


def _look(look: Look, markers: bool = False) -> dict[str, Any]:
    line = {"color": look.colour, "dash": look.dash, "width": 2.2}
    if not markers:
        return {"mode": "lines", "line": line}
    return {"mode": "lines+markers", "line": line, "marker": {"symbol": look.symbol, "size": 7}}


def _words(emotion: str) -> str:
    return "this emotion" if emotion == MEAN else emotion
