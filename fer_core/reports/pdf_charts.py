"""Charts of a recording's PDF report as SVG.

Sizes are in millimetres of the page. Labels, dashes and symbols say whatever colours say. Names of people are not drawn
here: the report writes them, in fonts that have their letters.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MultipleLocator, PercentFormatter

from fer_core.emotions import EMOTIONS, STYLES
from fer_core.palette import INK, QUIET_INK, RULE, SERIES, UNCERTAIN_COLOUR
from fer_core.reports.svg import SMALL, Chart, finished, plain_axes
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import people, rows_of_person
from fer_core.timeline.statistics.series import longest_of_each_column, spans_of, thinned, with_breaks
from fer_core.timeline.statistics.summaries import (
    CATEGORIES,
    UNCERTAIN,
    PersonSummary,
    Stretch,
    problems_of,
    stretches,
    valence,
)
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import interval_s, time_range, weighted

_COLOURS: Final = {**{name: style.colour for name, style in STYLES.items()}, UNCERTAIN: UNCERTAIN_COLOUR}
_DASHES: Final[dict[str, Any]] = {
    "angry": "-",
    "disgust": (0, (6, 2, 1, 2)),
    "fear": ":",
    "happy": "-",
    "sad": "--",
    "surprise": "-.",
    "neutral": (0, (8, 3)),
}
_SYMBOLS: Final = dict(zip(EMOTIONS, "^xDovPs", strict=True))
_PEOPLE_DASHES: Final[tuple[Any, ...]] = ("-", "--", ":", "-.", (0, (8, 3)), (0, (6, 2, 1, 2)))
_STEPS_S: Final = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_POINTS: Final = 360
_COLUMNS: Final = 600
_CLOSE: Final = 0.02
"""Part of the width within which the numbers of two markers would touch."""
_TINY: Final = 5.5


def probability_lines(timeline: Timeline, person: int, notes: Notes, width_mm: float, height_mm: float) -> Chart:
    """Seven probabilities over time, with markers and excluded spans."""
    figure, axes = _gridded(width_mm, height_mm, top_mm=8)
    usual_s = interval_s(timeline)
    points, step_s = thinned(rows_of_person(timeline, person), usual_s, _POINTS)
    drawn = with_breaks(points, step_s)
    every = max(1, len(points) // 14)
    for place, name in enumerate(EMOTIONS):
        axes.plot(
            drawn["time_s"],
            drawn[name],
            color=_COLOURS[name],
            linestyle=_DASHES[name],
            linewidth=0.9,
            marker=_SYMBOLS[name],
            markersize=2.2,
            markevery=(min(place * every // len(EMOTIONS), max(len(drawn) - 1, 0)), every),
            label=name,
        )
    _time_axis(axes, time_range(timeline))
    _percent_axis(axes.yaxis)
    axes.set_ylim(0, 1.02)
    averaged = f", mean of {step_s:.3g} s" if step_s > usual_s else ""
    axes.set_ylabel(f"probability{averaged}", fontsize=SMALL, color=QUIET_INK)
    axes.axhline(timeline.request.threshold, color=QUIET_INK, linewidth=0.5, linestyle=":")
    _draw_notes(axes, notes)
    _legend(figure, axes)
    return finished(figure)


def ribbon(timeline: Timeline, persons: Sequence[int], notes: Notes, width_mm: float, height_mm: float) -> Chart:
    """One lane a person with their most probable expression; at half height where it is uncertain."""
    figure, axes = _gridded(width_mm, height_mm)
    start_s, end_s = time_range(timeline)
    letter_s = (end_s - start_s) / width_mm * 1.35
    for lane, person in enumerate(persons):
        runs = longest_of_each_column(stretches(timeline, person), _COLUMNS)
        _draw_runs(axes, lane, runs, letter_s)
    _time_axis(axes, (start_s, end_s))
    axes.set_yticks(range(len(persons)), [str(person) for person in persons])
    axes.set_ylim(max(len(persons), 1) - 0.45, -0.55)
    axes.set_ylabel("person", fontsize=SMALL, color=QUIET_INK)
    axes.grid(False, axis="y")
    _draw_notes(axes, notes)
    return finished(figure)


def valence_curve(timeline: Timeline, persons: Sequence[int], notes: Notes, width_mm: float, height_mm: float) -> Chart:
    """Derived valence of some people over time."""
    figure, axes = _gridded(width_mm, height_mm, top_mm=8)
    for place, person in enumerate(persons):
        points, step_s = thinned(rows_of_person(timeline, person), interval_s(timeline), _POINTS)
        drawn = with_breaks(points, step_s)
        axes.plot(
            drawn["time_s"],
            valence(drawn),
            color=SERIES[place % len(SERIES)],
            linestyle=_PEOPLE_DASHES[place % len(_PEOPLE_DASHES)],
            linewidth=0.9,
            marker="." if len(points) == 1 else None,
            label=f"person {person}",
        )
    _time_axis(axes, time_range(timeline))
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "+0.5", "+1"])
    axes.axhline(0, color=QUIET_INK, linewidth=0.5)
    axes.set_ylabel("derived valence", fontsize=SMALL, color=QUIET_INK)
    _draw_notes(axes, notes)
    _legend(figure, axes)
    return finished(figure)


def share_bars(summaries: Sequence[PersonSummary], width_mm: float, height_mm: float) -> Chart:
    """Shares of the time seen by category, one bar a person, numbered where there are several."""
    figure, axes = _gridded(width_mm, height_mm, left_mm=17, top_mm=1)
    thickness = 0.8 / max(1, len(summaries))
    most = max((share for summary in summaries for share in summary.shares.values()), default=1.0) or 1.0
    for place, summary in enumerate(summaries):
        for row, name in enumerate(CATEGORIES):
            share, y = summary.shares[name], row - 0.4 + (place + 0.5) * thickness
            axes.barh(y, share, height=thickness * 0.88, color=_COLOURS[name])
            words = f"{share:.0%}" if len(summaries) == 1 else f"{share:.0%} · {summary.person}"
            axes.text(share + most * 0.012, y, words, va="center", fontsize=_TINY, color=INK)
    axes.set_yticks(range(len(CATEGORIES)), CATEGORIES)
    axes.set_ylim(len(CATEGORIES) - 0.5, -0.5)
    axes.set_xlim(0, most * 1.14)
    _percent_axis(axes.xaxis)
    axes.grid(False, axis="y")
    whose = " · number of the person" if len(summaries) > 1 else ""
    axes.set_xlabel(f"share of the time seen{whose}", fontsize=SMALL, color=QUIET_INK)
    return finished(figure)


def share_ring(summary: PersonSummary, width_mm: float, height_mm: float) -> Chart:
    """The same shares of one person as a ring with names around it."""
    figure, axes = _gridded(width_mm, height_mm, left_mm=14, right_mm=14, top_mm=4, bottom_mm=4)
    shown = [name for name in CATEGORIES if summary.shares[name] > 0]
    axes.pie(
        [summary.shares[name] for name in shown],
        colors=[_COLOURS[name] for name in shown],
        labels=[f"{name} {summary.shares[name]:.0%}" if summary.shares[name] >= 0.03 else "" for name in shown],
        startangle=90,
        counterclock=False,
        labeldistance=1.12,
        wedgeprops={"width": 0.45, "edgecolor": "white", "linewidth": 0.8},
        textprops={"fontsize": SMALL, "color": INK},
    )
    axes.text(0, 0, as_clock(summary.seen_s), ha="center", va="center", fontsize=8, color=INK)
    return finished(figure)


def quality_lane(
    timeline: Timeline, lanes: Sequence[tuple[str, pd.DataFrame]], width_mm: float, height_mm: float
) -> Chart:
    """When nobody is in the data, and when which person's samples had which quality problem; see `quality_rows`."""
    figure, axes = _gridded(width_mm, height_mm, left_mm=26)
    for lane, (_, rows) in enumerate(lanes):
        spans = spans_of(rows, interval_s(timeline))
        _draw_bars(axes, lane, [(start, end - start) for start, end in spans], QUIET_INK)
    _time_axis(axes, time_range(timeline))
    axes.set_yticks(range(len(lanes)), [label for label, _ in lanes])
    axes.set_ylim(max(len(lanes), 1) - 0.45, -0.55)
    axes.grid(False, axis="y")
    return finished(figure)


def quality_rows(timeline: Timeline) -> list[tuple[str, pd.DataFrame]]:
    """The lanes of `quality_lane`: label and the rows in it."""
    rows = weighted(timeline)
    empty = rows[rows["person"].isna()]
    lanes = [("nobody" if timeline.excerpt else "no face", empty)] if len(empty) else []
    for person in people(rows):
        own = rows_of_person(rows, person)
        lanes.extend((f"{person}: {problem}", own[where]) for problem, where in problems_of(own).items())
    return lanes


def _gridded(width_mm: float, height_mm: float, **margins_mm: float) -> tuple[Figure, Axes]:
    figure, axes = plain_axes(width_mm, height_mm, **margins_mm)
    axes.grid(True, color=RULE, linewidth=0.4)
    return figure, axes


def _legend(figure: Figure, axes: Axes) -> None:
    """Above the axes, where the numbers of markers leave room."""
    left = axes.get_position().x0
    figure.legend(
        loc="upper left",
        bbox_to_anchor=(left, 1),
        borderaxespad=0.1,
        borderpad=0,
        ncols=8,
        frameon=False,
        fontsize=SMALL,
        handlelength=3.2,
        columnspacing=1.4,
    )


def _time_axis(axes: Axes, within_s: tuple[float, float]) -> None:
    start_s, end_s = within_s[0], max(within_s[1], within_s[0] + 0.001)
    step_s = next((step for step in _STEPS_S if (end_s - start_s) / step <= 9), (end_s - start_s) / 6)
    axes.set_xlim(start_s, end_s)
    axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: as_clock(value) if step_s >= 1 else f"{value:.1f}"))
    unit = "h:min:s" if end_s >= 3600 else "min:s" if step_s >= 1 else "s"
    axes.set_xlabel(f"time ({unit})", fontsize=SMALL, color=QUIET_INK)


def _percent_axis(axis: Any) -> None:
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _draw_runs(axes: Axes, lane: int, runs: Sequence[Stretch], letter_s: float) -> None:
    for name in EMOTIONS:
        certain = [(run.start_s, run.length_s) for run in runs if run.label == name and not run.uncertain]
        doubtful = [(run.start_s, run.length_s) for run in runs if run.label == name and run.uncertain]
        _draw_bars(axes, lane, certain, _COLOURS[name], 0.8)
        _draw_bars(axes, lane, doubtful, _COLOURS[name], 0.36)
    for run in runs:
        if not run.uncertain and run.length_s > letter_s * (len(run.label) + 1):
            axes.text(
                run.start_s + run.length_s / 2, lane, run.label, ha="center", va="center", fontsize=_TINY, color="white"
            )


def _draw_bars(
    axes: Axes, lane: int, spans: Iterable[tuple[float, float]], colour: str, thickness: float = 0.6
) -> None:
    spans = list(spans)
    if not spans:
        return
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
    boxes = np.array([[start, lane - thickness / 2] + corners * [length, thickness] for start, length in spans])
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(spans)
    axes.add_patch(PathPatch(Path(boxes.reshape(-1, 2), codes), facecolor=colour, linewidth=0))  # one path is quick


def _draw_notes(axes: Axes, notes: Notes) -> None:
    for span in notes.excluded:
        axes.axvspan(span.start_s, span.end_s, color=QUIET_INK, alpha=0.16, linewidth=0)
    start_s, end_s = axes.get_xlim()
    last_s, raised = -1e9, False
    for number, marker in enumerate(sorted(notes.markers, key=lambda marker: marker.time_s), start=1):
        raised = not raised and marker.time_s - last_s < _CLOSE * (end_s - start_s)
        last_s = marker.time_s
        axes.axvline(marker.time_s, color=INK, linewidth=0.6, linestyle=(0, (2, 2)))
        axes.annotate(
            str(number), (marker.time_s, 1), xycoords=("data", "axes fraction"), xytext=(1.5, 6.5 if raised else 1),
            textcoords="offset points", fontsize=_TINY, color=INK, va="bottom", annotation_clip=False,
        )  # fmt: skip
