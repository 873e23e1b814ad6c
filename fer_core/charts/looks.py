"""Parts that all figures of a timeline share: line styles, patterns, the time axis, notes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import cycle, islice
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS, STYLES
from fer_core.palette import QUIET, SERIES, UNCERTAIN_COLOUR
from fer_core.timeline.notes import Notes
from fer_core.timeline.statistics.summaries import UNCERTAIN

"""Lines that only help to read; seen on white and on dark paper."""

GRID: Final = "rgba(136,146,166,0.25)"
"""Lines of the grid, likewise."""

_LONGEST_LABEL: Final = 28
_ROUNDED_S: Final = 0.001
"""A time axis is given in milliseconds."""

_LETTER: Final = 0.013
"""Width of a letter of a label, as a part of a narrow figure, such as one beside long names."""

_ROW_PX: Final = 14
"""Height of a row of labels."""


@dataclass(frozen=True)
class Look:
    """Colour, dash, symbol and pattern of one category, so that it is told apart without colour, too.

    Attributes:
        colour: `#rrggbb`.
        dash: of a line.
        symbol: of its points.
        pattern: of a filled area.
    """

    colour: str
    dash: str
    symbol: str
    pattern: str


_DASHES: Final = ("solid", "10px 3px 2px 3px", "dot", "solid", "dash", "dashdot", "longdash")
_SYMBOLS: Final = ("triangle-up", "x", "diamond", "circle", "triangle-down", "star", "square")
_PATTERNS: Final = ("/", "x", ".", "", "\\", "+", "-")

# "overlay": in the other mode the area under the lines is transparent.
_HATCH: Final = {"fillmode": "overlay", "size": 6, "solidity": 0.18, "fgcolor": "rgba(255,255,255,0.75)"}

LOOKS: Final = {
    **{
        name: Look(STYLES[name].colour, dash, symbol, pattern)
        for name, dash, symbol, pattern in zip(EMOTIONS, _DASHES, _SYMBOLS, _PATTERNS, strict=True)
    },
    UNCERTAIN: Look(UNCERTAIN_COLOUR, "dot", "cross", "|"),
}

_PEOPLE: Final = tuple(
    Look(colour, *rest)
    for colour, rest in zip(
        SERIES,
        (
            ("solid", "circle", ""),
            ("dash", "square", "/"),
            ("dot", "diamond", "x"),
            ("dashdot", "triangle-up", "\\"),
            ("longdash", "star", "-"),
            ("longdashdot", "cross", "."),
            ("4px,2px", "hexagon", "+"),
            ("8px,2px,2px,2px", "x", "|"),
        ),
        strict=True,
    )
)


def looks_of_people(people: Iterable[int]) -> dict[int, Look]:
    """A look for each person; after eight they begin again, so names stand beside them."""
    numbers = list(people)
    return dict(zip(numbers, islice(cycle(_PEOPLE), len(numbers)), strict=True))


def looks_of_models(names: Iterable[str]) -> dict[str, Look]:
    """A look for each model, in the order given; after eight they begin again."""
    wanted = list(names)
    return dict(zip(wanted, islice(cycle(_PEOPLE), len(wanted)), strict=True))


def caption_of(category: str) -> str:
    """A category with its symbol, where it has one."""
    return f"{STYLES[category].symbol} {category}" if category in STYLES else f"❔ {category}"


def safe(text: str) -> str:
    """A person's own text for Plotly, which would otherwise read tags in it and fill in `%{...}`."""
    return escape(text, quote=False).replace("{", "&#123;")


def hatch(look: Look) -> dict[str, Any]:
    """The `pattern` of bars, in white over their colour."""
    return {"shape": look.pattern, **_HATCH}


def filling(look: Look) -> dict[str, Any]:
    """The `fillpattern` of an area, in white over the look's colour."""
    return {**hatch(look), "bgcolor": look.colour}


def clock(times_s: Iterable[float] | NDArray[np.float64] | pd.Series) -> NDArray[np.datetime64]:
    """Seconds from the start as Plotly draws times: datetime64 in milliseconds from 1970-01-01."""
    return np.round(np.asarray(times_s, float) * 1000).astype("int64").astype("datetime64[ms]")


def seconds_of(x: str | float | datetime | np.datetime64) -> float:
    """Seconds from the start for a place on the time axis, as a click or a selection reports it.

    Example:
        >>> seconds_of("1970-01-01 00:01:30.25")
        90.25
    """
    return pd.Timestamp(x, unit="ms" if isinstance(x, int | float) else None).timestamp()


def lay_out(figure: go.Figure, height: int, within_s: tuple[float, float] | None = None, **more: Any) -> go.Figure:
    """The common layout; with a time axis where a start and an end in seconds are given."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 30, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "title": None},
        **more,
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, automargin=True)
    if within_s is not None:
        start_s, end_s = within_s
        long = end_s >= 3600
        whole = "%-H:%M:%S" if long else "%M:%S"
        figure.update_xaxes(
            type="date",
            title=f"time ({'h:min:s' if long else 'min:s'})",
            range=[*clock([start_s, max(end_s, start_s + 0.001)]).astype(str)],
            hoverformat=f"{whole}.%L",
            tickformatstops=[
                {"dtickrange": [None, 999], "value": f"{whole}.%L"},
                {"dtickrange": [1000, None], "value": whole},
            ],
        )
    return figure


def nothing(figure: go.Figure, words: str) -> go.Figure:
    """Say on an empty figure why it is empty."""
    figure.add_annotation(text=safe(words), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure


def add_notes(figure: go.Figure, notes: Notes) -> go.Figure:
    """Draw markers as dotted lines and excluded stretches as grey bands into a figure over time, with their words.

    Words of stretches stand in a row above those of markers. Where the words of a row would run into each other,
    markers bear their number in the order of time instead, counted from the first of the recording: the player's lanes
    give them the same; stretches lose their reasons. What lies outside the time axis is left out.
    """
    start_s, end_s = (seconds_of(x) for x in figure.layout.xaxis.range)
    ordered = sorted(notes.markers, key=lambda marker: marker.time_s)
    markers = {
        number: marker
        for number, marker in enumerate(ordered, start=1)
        if start_s - _ROUNDED_S <= marker.time_s <= end_s + _ROUNDED_S
    }
    spans = sorted(notes.within(start_s, end_s).excluded, key=lambda span: span.start_s)
    for span in spans:
        start, end = clock([span.start_s, span.end_s]).astype(str)
        figure.add_vrect(x0=start, x1=end, fillcolor=QUIET, opacity=0.22, line_width=0, layer="below")
    for marker in markers.values():
        [at] = clock([marker.time_s]).astype(str)
        figure.add_vline(x=at, line={"dash": "dot", "width": 1.5, "color": QUIET})
    within_s = start_s, end_s
    full = [(marker.time_s, _short(marker.text)) for marker in markers.values()]
    _label(figure, full, [(marker.time_s, str(number)) for number, marker in markers.items()], within_s)
    starts = [max(span.start_s, start_s) for span in spans]
    reasons = [_short(f"excluded: {span.reason}" if span.reason else "excluded") for span in spans]
    above = _ROW_PX if markers and spans else 0
    brief = _apart([(start, "excluded") for start in starts], within_s)
    _label(figure, list(zip(starts, reasons, strict=True)), brief, within_s, above)
    if markers or spans:  # their words stand between the figure and its legend
        figure.update_layout(margin={"t": figure.layout.margin.t + 18 + above})
        figure.update_layout(legend={"y": 1 + (22 + above) / max(60, figure.layout.height - 90)})
    return figure


_Labels = Sequence[tuple[float, str]]
"""Where each begins, in seconds, and its words."""


def _label(figure: go.Figure, full: _Labels, brief: _Labels, within_s: tuple[float, float], above_px: int = 0) -> None:
    """Write a row of labels over a figure: in full, or where they would not fit, briefly."""
    for at_s, words in full if len(_apart(full, within_s)) == len(full) else brief:
        begins_s, _ = _extent(at_s, words, within_s)
        figure.add_annotation(
            x=clock([at_s]).astype(str)[0],
            y=1,
            yref="paper",
            yanchor="bottom",
            xanchor="left" if begins_s == at_s else "right",
            yshift=above_px,
            text=safe(words),
            showarrow=False,
            font={"size": 11},
        )


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST_LABEL else f"{words[: _LONGEST_LABEL - 1]}…"


def _extent(at_s: float, words: str, within_s: tuple[float, float]) -> tuple[float, float]:
    """From when to when a label reaches; one that would be cut off at the right edge stands before its moment."""
    start_s, end_s = within_s
    width_s = _LETTER * len(words) * (end_s - start_s)
    if at_s + width_s > end_s and at_s - width_s >= start_s:
        return at_s - width_s, at_s
    return at_s, at_s + width_s


def _apart(labels: _Labels, within_s: tuple[float, float]) -> list[tuple[float, str]]:
    """Those labels that do not run into one before them."""
    found: list[tuple[float, str]] = []
    free_s = -np.inf
    for begins_s, ends_s, label in sorted((*_extent(*label, within_s), label) for label in labels):
        if begins_s > free_s:
            found.append(label)
            free_s = ends_s
    return found
