"""Head pose, eyes, mouth and movements of one person over time."""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fer_core.charts.looks import clock, lay_out, looks_of_models, nothing, safe
from fer_core.charts.over_time import NOT_SEEN
from fer_core.palette import QUIET, SERIES
from fer_core.timeline.clock_text import as_clock, as_fine_clock
from fer_core.timeline.columns import GROUP_COLUMNS, GROUPS
from fer_core.timeline.face.movements import MOVEMENTS
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import people, rows_of_person
from fer_core.timeline.sampling import runs
from fer_core.timeline.statistics.series import averaged, spans_of, with_breaks
from fer_core.timeline.statistics.summaries import ALL_EXCLUDED
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import counted, interval_s, time_range, weighted

NOT_MEASURED: Final = "The landmarks of this face were not measured."
_POSE: Final = {
    "yaw_deg": "yaw (above 0: to their left)",
    "pitch_deg": "pitch (above 0: raised)",
    "roll_deg": "roll (above 0: to their left)",
}


def face_lanes(source: Timeline | pd.DataFrame, person: int, notes: Notes | None = None) -> go.Figure:
    """Three lanes: the pose of the head, how far the eyes are open with blinks, the mouth with talking.

    A click on a point reports `customdata`: its time in seconds.

    Args:
        source: the timeline.
        person: whose.
        notes: for the person's name.
    """
    figure = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.06, row_heights=[0.4, 0.3, 0.3])
    rows = rows_of_person(weighted(source), person)
    if not _is_measured(rows):
        return nothing(lay_out(figure, 260, time_range(source)), NOT_MEASURED if len(rows) else NOT_SEEN)
    usual_s = interval_s(source)
    open_share = rows[["eye_open_right", "eye_open_left"]].astype(float).mean(axis=1)
    points, step_s = averaged(rows.assign(eyes_open=open_share), [*_POSE, "eyes_open", "mouth_open"], usual_s)
    drawn = with_breaks(points, step_s)
    for (name, words), look in zip(_POSE.items(), looks_of_models(_POSE).values(), strict=True):
        _line(figure, drawn, name, words, 1, (look.colour, look.dash), "%{y:.0f}°")
    _line(figure, drawn, "eyes_open", "eyes open", 2, (SERIES[0], "solid"), "%{y:.2f} of the width of the eye")
    _line(figure, drawn, "mouth_open", "mouth open", 3, (SERIES[1], "solid"), "%{y:.2f} of the distance of the eyes")
    blinks = _blinks(rows)
    if len(blinks):
        figure.add_scatter(
            x=clock(blinks), y=[0.0] * len(blinks), mode="markers", name="blink", customdata=blinks[:, None],
            marker={"symbol": "triangle-up", "size": 9, "color": SERIES[0]}, hovertemplate="blink<extra></extra>",
            row=2, col=1,
        )  # fmt: skip
    for start_s, end_s in _talking(rows, usual_s):
        start, end = clock([start_s, end_s]).astype(str)
        figure.add_vrect(
            x0=start, x1=end, row=3, col=1, fillcolor=SERIES[1], opacity=0.18, line_width=0,
            annotation={"text": "talking", "font": {"size": 11}},
        )  # fmt: skip
    lay_out(figure, 460, time_range(source), hovermode="x unified", showlegend=True)
    figure.update_xaxes(title=None, row=1).update_xaxes(title=None, row=2)
    figure.update_yaxes(title="head, degrees", row=1).update_yaxes(
        title="eyes open<br>of their width", rangemode="tozero", row=2
    )
    figure.update_yaxes(title="mouth open of<br>the eyes' distance", rangemode="tozero", row=3)
    return figure.add_hline(y=0, line={"width": 1, "color": QUIET}, row=1, col=1)


def movement_lines(source: Timeline | pd.DataFrame, person: int) -> go.Figure:
    """The six movements against the person's resting face; a click reports the time in seconds.

    Five are percent of the distance of the outer corners of the eyes. The tightening of the lids is percent of their
    openness at rest, of which an ordinary one takes many more: it has a lane of its own, so that it hides no other.
    """
    rows = rows_of_person(source, person)
    if not _is_measured(rows):
        return nothing(lay_out(go.Figure(), 260, time_range(source)), NOT_MEASURED if len(rows) else NOT_SEEN)
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.08, row_heights=[0.62, 0.38])
    points, step_s = averaged(rows, list(GROUPS["movements"]), interval_s(source))
    drawn = with_breaks(points, step_s)
    looks = looks_of_models([movement.name for movement in MOVEMENTS])
    for movement in MOVEMENTS:
        look, lane = looks[movement.name], 2 if movement.name == "lid_tightening" else 1
        words = f"{movement.title} ({movement.unit.partition(',')[0]})"
        whole = GROUPS["movements"][movement.name].unit.removeprefix("percent ")
        _line(figure, drawn, movement.name, words, lane, (look.colour, look.dash), f"%{{y:.1f}} % {whole}")
    lay_out(figure, 440, time_range(source), hovermode="x unified", showlegend=True)
    figure.update_xaxes(title=None, row=1)
    figure.update_yaxes(title="percent of the distance<br>of the eyes' outer corners", rangemode="tozero", row=1)
    return figure.update_yaxes(title="percent of the<br>openness at rest", rangemode="tozero", row=2)


def describe_face(source: Timeline | pd.DataFrame, person: int, notes: Notes | None = None) -> str:
    """Of `face_lanes`, in words."""
    notes = notes or Notes()
    name, rows = notes.name(person), rows_of_person(counted(source, notes.excluded), person)
    if not len(rows):
        return ALL_EXCLUDED if person in people(source) else NOT_SEEN
    if not _is_measured(rows):
        return NOT_MEASURED
    degrees = ", ".join(
        f"{axis.removesuffix('_deg')} {rows[axis].min():+.0f} to {rows[axis].max():+.0f}°" for axis in _POSE
    )
    eyes, mouth = rows[rows["blink"].notna()], rows[rows["talking"].notna()]
    blinked = "blinks cannot be counted at so few samples a second"
    if len(eyes):
        blinked = f"{len(_blinks(rows))} blinks in the {as_fine_clock(float(eyes['held_s'].sum()))} with eyes in view"
    talked = "talking cannot be told at so few samples a second"
    if len(mouth):
        share = float(np.average(mouth["talking"].astype(float), weights=mouth["held_s"]))
        talked = f"the mouth moves as in talking for {share:.0%} of the time in which it is in view"
    return f"{name}: head {degrees}; {blinked}; {talked}."


def describe_movements(source: Timeline | pd.DataFrame, person: int, notes: Notes | None = None) -> str:
    """Of `movement_lines`, in words: mean and most of each movement, each in percent of its own whole."""
    rows = rows_of_person(counted(source, (notes or Notes()).excluded), person)
    if not len(rows):
        return ALL_EXCLUDED if person in people(source) else NOT_SEEN
    if not _is_measured(rows):
        return NOT_MEASURED
    parts = []
    for movement in MOVEMENTS:
        known = rows[rows[movement.name].notna()]
        if len(known):
            values = known[movement.name].to_numpy(float)
            mean, when = np.average(values, weights=known["held_s"]), known["time_s"].to_numpy(float)[values.argmax()]
            parts.append(f"{movement.title} {mean:.1f} % on average, at most {values.max():.1f} % at {as_clock(when)}")
    return f"{'; '.join(parts)}." if parts else NOT_MEASURED


def _is_measured(rows: pd.DataFrame) -> bool:
    return set(GROUP_COLUMNS) <= set(rows.columns) and bool(rows["yaw_deg"].notna().any())


def _line(
    figure: go.Figure, drawn: pd.DataFrame, name: str, words: str, row: int, look: tuple[str, str], value: str
) -> None:
    figure.add_scatter(
        x=clock(drawn["time_s"]),
        y=drawn[name].to_numpy(float),
        name=safe(words),
        mode="lines+markers",
        line={"color": look[0], "dash": look[1], "width": 2},
        marker={"size": 4},
        customdata=drawn[["time_s"]].to_numpy(float),
        hovertemplate=value,
        row=row,
        col=1,
    )


def _blinks(rows: pd.DataFrame) -> np.ndarray:
    """Middle of each blink, in seconds."""
    times_s = rows["time_s"].to_numpy(float)
    found = runs(rows["blink"].fillna(False).to_numpy(bool))
    return np.array([(times_s[first] + times_s[last]) / 2 for first, last in found])


def _talking(rows: pd.DataFrame, usual_s: float) -> list[tuple[float, float]]:
    return spans_of(rows[rows["talking"].fillna(False).astype(bool)], usual_s)
