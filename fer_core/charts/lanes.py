"""One lane a person: the most probable emotion, and the samples that are uncertain or poor."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from fer_core.charts.looks import LOOKS, Look, caption_of, clock, hatch, lay_out, nothing, safe
from fer_core.charts.over_time import NOBODY_SEEN
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.palette import QUIET
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import people, rows_of_person
from fer_core.timeline.statistics.series import longest_of_each_column, spans_of
from fer_core.timeline.statistics.summaries import Stretch, problems_of, stretches
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import interval_s, time_range, weighted

NO_PROBLEM = "Every sample shows a face without a quality problem."
_NO_FACE = Look(QUIET, "solid", "circle", "/")
_PROBLEM_LOOKS = tuple(
    Look(colour, "solid", "circle", shape)
    for colour, shape in zip(
        ("#b45309", "#4c6ef5", "#0f766e", "#a21caf", "#64748b", "#9a3412"), ("\\", "x", ".", "-", "+", "|"), strict=True
    )
)


@dataclass(frozen=True)
class Lane:
    """What one person showed: title, number, and runs of readings that agree."""

    title: str
    person: int
    runs: Sequence[Stretch]


def emotion_ribbon(source: Timeline | pd.DataFrame, notes: Notes | None = None) -> go.Figure:
    """Each person's most probable expression over time; see `lanes_figure`."""
    notes = notes or Notes()
    lanes = [Lane(notes.name(person), person, stretches(source, person)) for person in people(source)]
    return lanes_figure(lanes, time_range(source))


def lanes_figure(lanes: Sequence[Lane], within_s: tuple[float, float]) -> go.Figure:
    """A lane each with the most probable expression over time; at half height where the reading is uncertain.

    A click on a bar reports `customdata`: its start in seconds, its frame and the person.

    Args:
        lanes: from top to bottom.
        within_s: start and end of the time axis, in seconds.
    """
    runs = [(place, lane, run) for place, lane in enumerate(lanes) for run in longest_of_each_column(lane.runs)]
    figure = go.Figure()
    for name in EMOTIONS:
        part = [(place, lane, run) for place, lane, run in runs if run.label == name]
        figure.add_bar(
            orientation="h",
            base=clock([run.start_s for _, _, run in part]).astype(str),
            x=[run.length_s * 1000 for _, _, run in part],
            y=[place for place, _, _ in part],
            width=[0.4 if run.uncertain else 0.8 for _, _, run in part],
            name=caption_of(name),
            marker={"color": LOOKS[name].colour, "pattern": hatch(LOOKS[name]), "line": {"width": 0}},
            text=["?" if run.uncertain else STYLES[name].symbol for _, _, run in part],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            customdata=[[run.start_s, run.frame, lane.person] for _, lane, run in part],
            hovertext=[_hover(lane.title, run) for _, lane, run in part],
            hovertemplate="%{hovertext}<extra></extra>",
            showlegend=len(part) > 0,
        )
    lay_out(figure, 110 + 46 * max(1, len(lanes)), within_s, barmode="overlay")
    figure.update_layout(uniformtext={"minsize": 11, "mode": "hide"})
    _lanes(figure, [lane.title for lane in lanes], "person")
    return figure if lanes else nothing(figure, NOBODY_SEEN)


def quality_lane(source: Timeline | pd.DataFrame, notes: Notes | None = None) -> go.Figure:
    """Where nobody is in the readings, and where a crop is unlike what the model learnt from, one lane a reason."""
    notes = notes or Notes()
    lanes: list[tuple[str, Look, pd.DataFrame]] = []
    rows = weighted(source)
    empty = rows[rows["person"].isna()]
    if len(empty):
        lanes.append(("nobody", _NO_FACE, empty))
    everyone = people(source)
    looks: dict[str, Look] = {}
    for person in everyone:
        own = rows_of_person(rows, person)
        for problem, where in problems_of(own).items():
            look = looks.setdefault(problem, _PROBLEM_LOOKS[len(looks) % len(_PROBLEM_LOOKS)])
            label = f"{notes.name(person)}: {problem}" if len(everyone) > 1 else problem
            lanes.append((label, look, own[where]))
    figure = go.Figure()
    for lane, (label, look, part) in enumerate(lanes):
        spans = spans_of(part, interval_s(source))
        figure.add_bar(
            orientation="h",
            base=clock([start for start, _ in spans]).astype(str),
            x=[(end - start) * 1000 for start, end in spans],
            y=[lane] * len(spans),
            width=0.7,
            name=safe(label),
            marker={"color": look.colour, "pattern": hatch(look), "line": {"width": 0}},
            customdata=[[start, end - start] for start, end in spans],
            hovertemplate=f"{safe(label)}<br>%{{customdata[1]:.2f}} s from %{{customdata[0]:.2f}} s<extra></extra>",
        )
    lay_out(figure, 90 + 30 * max(2, len(lanes)), time_range(source), barmode="overlay", showlegend=False)
    _lanes(figure, [label for label, _, _ in lanes], "problem")
    if lanes:
        return figure
    return nothing(figure, NO_PROBLEM if len(rows) else NOBODY_SEEN)


def _hover(name: str, run: Stretch) -> str:
    doubt = "uncertain, most probable: " if run.uncertain else ""
    samples = "1 sample" if run.samples == 1 else f"{run.samples} samples"
    quality = f"{', '.join(run.problems)} ({run.poor} of {samples})" if run.poor else f"good ({samples})"
    return (
        f"{safe(name)}<br>{doubt}{caption_of(run.label)}, {run.confidence:.0%} on average"
        f"<br>{run.length_s:.2f} s from {run.start_s:.2f} s, frame {run.frame}<br>quality: {safe(quality)}"
    )


def _lanes(figure: go.Figure, labels: list[str], title: str) -> None:
    figure.update_yaxes(
        title=title,
        tickvals=list(range(len(labels))),
        ticktext=[safe(label) for label in labels],
        range=[max(len(labels), 1) - 0.5, -0.5],
        showgrid=False,
    )
