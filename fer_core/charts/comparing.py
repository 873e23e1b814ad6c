"""Readings held against something: other models, or the same face at rest."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fer_core.charts.looks import LOOKS, caption_of, clock, hatch, lay_out, nothing, safe
from fer_core.charts.over_time import NOT_SEEN
from fer_core.emotions import EMOTIONS
from fer_core.palette import QUIET
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.rows import is_person
from fer_core.timeline.sampling import HELD_STEPS
from fer_core.timeline.statistics.series import thinned, with_breaks
from fer_core.timeline.statistics.summaries import ALL_EXCLUDED

CONTESTED = "#c2410c"


def deviation_lines(rows: pd.DataFrame, person: int, usual_s: float) -> go.Figure:
    """Seven lines over time: how far each probability is from the same person's mean at rest, -1 to 1.

    Args:
        rows: as `fer_core.timeline.editing.corrections.deviations` gives them.
        person: whose.
        usual_s: seconds between two samples of the recording; where the person was away for longer, lines break.
    """
    own = rows[is_person(rows, person)]
    points, step_s = thinned(own, usual_s)
    drawn = with_breaks(points, step_s)
    figure = go.Figure()
    for name in EMOTIONS:
        figure.add_scatter(
            x=clock(drawn["time_s"]),
            y=drawn[name].to_numpy(float),
            name=caption_of(name),
            mode="lines+markers",
            line={"color": LOOKS[name].colour, "dash": LOOKS[name].dash, "width": 2},
            marker={"symbol": LOOKS[name].symbol, "size": 6, "maxdisplayed": 40},
            customdata=drawn[["time_s"]].to_numpy(float),
            hovertemplate="%{y:+.0%}",
        )
    lay_out(figure, 320, _within(own, usual_s), hovermode="x unified")
    figure.update_yaxes(title="difference from rest", tickformat="+.0%", range=[-1.05, 1.05])
    figure.add_hline(y=0, line={"width": 1, "color": QUIET})
    return figure if len(points) else nothing(figure, NOT_SEEN)


def describe_deviations(rows: pd.DataFrame, person: int) -> str:
    """Of `deviation_lines`, in words: mean, lowest and highest difference of each emotion.

    Args:
        rows: as for `deviation_lines`, without excluded ones, and with `held_s`.
        person: whose.
    """
    own = rows[rows["person"].eq(person)]
    if not len(own):
        return ALL_EXCLUDED
    times, parts = own["time_s"].to_numpy(float), []
    for name in EMOTIONS:
        values = own[name].to_numpy(float)
        mean = np.average(values, weights=own["held_s"])
        low, high = as_clock(times[values.argmin()]), as_clock(times[values.argmax()])
        parts.append(
            f"{name} {mean:+.0%} on average, lowest {values.min():+.0%} at {low}, highest {values.max():+.0%} at {high}"
        )
    return f"{'; '.join(parts)}."


def agreement_lane(rows: pd.DataFrame, models: Sequence[str], usual_s: float) -> go.Figure:
    """One lane a model with its label over time, and below how far they are apart; contested stretches are shaded.

    Args:
        rows: one person's part of what `fer_core.timeline.statistics.agreement.agreement` gives.
        models: names of the columns with the labels.
        usual_s: seconds between two samples of the recording; where the person was away for longer, nothing is drawn.
    """
    figure = go.Figure()
    lay_out(figure, 150 + 50 * len(models), _within(rows, usual_s), barmode="overlay")
    if not len(rows):
        return nothing(figure, "There is no face that all of the models have read here.")
    times = rows["time_s"].to_numpy(float)
    ends = _ends(times, usual_s)
    gaps = np.flatnonzero(times[1:] > ends[:-1] + 1e-6) + 1
    drawn_s, apart = np.insert(times, gaps, times[gaps - 1]), np.insert(rows["distance"].to_numpy(float), gaps, np.nan)
    for name in EMOTIONS:
        runs = [
            (lane, *run)
            for lane, model in enumerate(models)
            for run in _runs(times, ends, rows[model].eq(name).to_numpy())
        ]
        figure.add_bar(
            orientation="h",
            base=clock([start for _, start, _ in runs]).astype(str),
            x=[(end - start) * 1000 for _, start, end in runs],
            y=[lane for lane, _, _ in runs],
            width=0.7,
            name=caption_of(name),
            marker={"color": LOOKS[name].colour, "pattern": hatch(LOOKS[name]), "line": {"width": 0}},
            customdata=[[start, end - start] for _, start, end in runs],
            hovertemplate=(
                f"{caption_of(name)}<br>%{{customdata[1]:.2f}} s from %{{customdata[0]:.2f}} s<extra></extra>"
            ),
            showlegend=len(runs) > 0,
        )
    figure.add_scatter(
        x=clock(drawn_s),
        y=len(models) + 0.4 - 0.8 * apart,
        mode="lines+markers",
        marker={"size": 5},
        line={"color": CONTESTED, "width": 1.5},
        customdata=np.stack([drawn_s, apart], axis=1),
        hovertemplate="apart by %{customdata[1]:.0%}<extra></extra>",
        showlegend=False,
    )
    for start_s, end_s in _runs(times, ends, ~rows["agree"].to_numpy(bool)):
        start, end = clock([start_s, end_s]).astype(str)
        figure.add_vrect(x0=start, x1=end, fillcolor=CONTESTED, opacity=0.16, line_width=0, layer="below")
    labels = [*(safe(model) for model in models), "distance, 0 to 1"]
    figure.update_yaxes(
        tickvals=list(range(len(labels))), ticktext=labels, range=[len(labels) - 0.5, -0.5], showgrid=False
    )
    return figure


def _within(rows: pd.DataFrame, usual_s: float) -> tuple[float, float]:
    times = rows["time_s"].to_numpy(float)
    return (float(times.min()), float(times.max()) + usual_s) if len(times) else (0.0, 1.0)


def _ends(times: np.ndarray, usual_s: float) -> np.ndarray:
    """Until when each sample stands."""
    return np.asarray(np.minimum(np.append(times[1:], np.inf), times + HELD_STEPS * usual_s))


def _runs(times: np.ndarray, ends: np.ndarray, chosen: np.ndarray) -> list[tuple[float, float]]:
    """Spans of samples that are chosen and follow each other."""
    places = np.flatnonzero(chosen)
    if not len(places):
        return []
    apart = (np.diff(places) > 1) | (times[places[1:]] > ends[places[:-1]] + 1e-6)
    cuts = [0, *(np.flatnonzero(apart) + 1), len(places)]
    return [(float(times[places[a]]), float(ends[places[b - 1]])) for a, b in pairwise(cuts)]
