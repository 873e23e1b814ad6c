"""The charts of a recording, in which a click leads to its moment."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from fer_core import charts
from fer_core.charts.comparing import agreement_lane, describe_deviations, deviation_lines
from fer_core.charts.face_lanes import describe_face, describe_movements, face_lanes, movement_lines
from fer_core.charts.looks import clock
from fer_core.charts.over_time import NOBODY_SEEN
from fer_core.charts.transitions import describe_transitions, transition_table
from fer_core.classification import ModelCard
from fer_core.errors import FerError
from fer_core.evaluation.ranking import short_titles
from fer_core.face.overlay import head
from fer_core.face.pose import in_words
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.face.of_person import FEWEST_GOOD_SAMPLES, Basis, basis_of
from fer_core.timeline.rows import outside
from fer_core.timeline.statistics.agreement import agreement
from fer_core.timeline.statistics.summaries import CATEGORIES, VALENCE_FORMULA, WITHHELD, PersonSummary, stretches
from fer_core.timeline.statistics.transitions import transitions
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import counted, interval_s
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.theme import ink
from fer_core.ui.video.emptiness import says_why_empty, why_empty
from fer_core.ui.video.player.stage import words_at
from fer_core.ui.video.recording import OpenRecording
from fer_core.ui.video.saving import saved_as
from fer_core.ui.video.selection import selected_time
from fer_core.ui.video.shares import shares

_HERE: Final = "#5c7cfa"
_HEAD_PX: Final = 72
MOST_POINTS: Final = 600


def over_time(recording: OpenRecording) -> None:
    """One tab a view; only the open one is drawn. `here` stands above them."""
    views: dict[str, Callable[[OpenRecording], None]] = {
        "Lines": _lines,
        "Stacked": _stacked,
        "Heat map": _heat_map,
        "Valence": _valence,
        "Quality": _quality,
        "Face": _face,
        "Movements": _movements,
        "Shares": shares,
        "Stretches": _stretches,
        "Changes": _changes,
    }
    if recording.resting:
        views["From rest"] = _from_rest
    key, seen = f"views {recording.number}", f"view seen {recording.number}"
    if key not in st.session_state and st.session_state.get(seen) in views:  # lost while another part was looked at
        st.session_state[key] = st.session_state[seen]
    tabs = st.tabs(list(views), key=key, on_change="rerun")
    for tab, (name, draw) in zip(tabs, views.items(), strict=True):
        if tab.open:
            st.session_state[seen] = name
            with tab:
                draw(recording)


def here(recording: OpenRecording) -> None:
    """What was read at the chosen moment beside the charts, which stand far below the player."""
    with st.container(horizontal=True, vertical_alignment="center"):
        pose = recording.pose(recording.person)
        words = plain(words_at(recording, recording.moment_s))
        if pose is not None:
            st.image(head(pose, _HEAD_PX), width=_HEAD_PX, alt=f"Drawn head: {in_words(pose)}")
            words = f"{words} · {in_words(pose)}"
        st.caption(f"**{recording.moment_s:.2f} s** · {words}")


def interactive(figure: go.Figure, recording: OpenRecording, name: str, words: str, person: int | None = None) -> None:
    """A figure over time, with the notes and the chosen moment drawn in.

    Args:
        figure: with a time axis.
        recording: that it shows.
        name: of the figure, unlike those of all others of the recording; its file is named after it.
        words: the figure, for those who do not see it.
        person: whom it shows; None for everybody.
    """
    start_s, end_s = recording.range_s
    figure.update_xaxes(range=[*clock([start_s, end_s]).astype(str)])
    charts.add_notes(figure, recording.notes)
    if start_s <= recording.moment_s <= end_s:
        [now] = clock([recording.moment_s]).astype(str)
        figure.add_vline(x=now, line={"width": 2, "color": _HERE})
    for trace in figure.select_traces(selector=lambda trace: trace.type in ("bar", "scatter")):
        if trace.unselected.marker.opacity is None:  # else a click fades all other points
            trace.unselected = {"marker": {"opacity": 1}}
    # Streamlit takes selections by drag or by click, not both; fixed axes let a finger scroll the page.
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    key = f"{name} {recording.number}"
    name = saved_as(recording, name, person)
    show_figure(figure, key, words, name=name, on_click=partial(_chosen, recording, key))


def summary_table(recording: OpenRecording) -> pd.DataFrame:
    """Statistics of the range: a row for each person, and a second one without samples that have a quality problem."""
    rows = []
    good = {summary.person: summary for summary in recording.summaries(good=True)}
    for summary in recording.summaries():
        name = recording.notes.name(summary.person)
        rows.append(_row(name, "all", summary, summary.mostly))
        if summary.good_share < 1:
            alone = good.get(summary.person)
            nothing = {"Person": name, "Samples": "good only", "Seen": "0:00", "Number": 0}
            # What is withheld of all samples stays so: a few good ones carry no word either.
            word = WITHHELD if summary.mostly == WITHHELD or not alone else alone.mostly
            rows.append(_row(name, "good only", alone, word) if alone else nothing)
    return pd.DataFrame(rows)


def numbers(recording: OpenRecording) -> None:
    """Show `summary_table` and the range that it covers."""
    start_s, end_s = recording.range_s
    table = summary_table(recording)
    if table.empty:
        st.info(why_empty(recording), icon=":material/search_off:")
        return
    percent = st.column_config.NumberColumn(format="percent")
    config = dict.fromkeys((*CATEGORIES, "Good"), percent)
    st.dataframe(
        table,
        hide_index=True,
        column_config={**config, "Valence": st.column_config.NumberColumn(format="%+.2f")},
        alt=charts.describe_shares(recording.summaries(), recording.notes),
    )
    left_out = recording.notes.excluded_s(start_s, end_s)
    st.caption(
        f"From {start_s:.2f} to {end_s:.2f} s{f', {left_out:.2f} s of it excluded' if left_out else ''}. Shares of the "
        f"time seen; valence is derived ({VALENCE_FORMULA}), from −1 to +1. *Good only*: without the samples that "
        "have a quality problem."
    )


def _words(recording: OpenRecording, shown: Timeline, person: int) -> str:
    return charts.describe_probabilities(shown, person, recording.notes, recording.range_s)


def _lines(recording: OpenRecording) -> None:
    person, shown = _person(recording), recording.shown()
    if person is None or says_why_empty(recording, shown.frame, person):
        return
    figure = charts.probability_lines(shown, person, recording.timeline.request.threshold, recording.notes)
    words = _words(recording, shown, person)
    interactive(figure, recording, "emotions over time", words, person)


def _stacked(recording: OpenRecording) -> None:
    person, shown = _person(recording), recording.shown()
    if person is None or says_why_empty(recording, shown.frame, person):
        return
    words = _words(recording, shown, person)
    figure = _clickable(charts.stacked_area(shown, person, recording.notes))
    interactive(figure, recording, "emotions stacked", words, person)


def _heat_map(recording: OpenRecording) -> None:
    person, shown = _person(recording), recording.shown()
    if person is None or says_why_empty(recording, shown.frame, person):
        return
    words = _words(recording, shown, person)
    # Rows of the range alone: the grid then has no cell for times outside it.
    figure = _clickable(charts.heat_map(shown.frame, person))
    interactive(figure, recording, "emotions heat map", words, person)


def _valence(recording: OpenRecording) -> None:
    shown = recording.shown()
    if says_why_empty(recording, shown.frame):
        return
    figure = charts.valence_curve(shown, recording.notes)
    interactive(figure, recording, "valence over time", charts.describe_valence(shown, recording.notes))
    st.caption(f"Derived from the probabilities: {VALENCE_FORMULA}. Nobody measured it.")


def _quality(recording: OpenRecording) -> None:
    part = recording.part()  # with poor samples: this view shows them
    if says_why_empty(recording, part.frame):
        return
    words = charts.describe_quality(part, recording.notes)
    interactive(charts.quality_lane(part, recording.notes), recording, "quality over time", words)
    st.caption(words)


def _face(recording: OpenRecording) -> None:
    person, shown = _person(recording), recording.part()  # with talking and turned faces: this view shows them
    if person is None or says_why_empty(recording, shown.frame, person):
        return
    words = describe_face(shown, person, recording.notes)
    interactive(face_lanes(shown, person, recording.notes), recording, "face over time", words, person)
    st.caption(
        f"{plain(words)} From the landmarks: how the head is held and the face moves, coarse. No measure of attention."
    )


def _movements(recording: OpenRecording) -> None:
    person, shown = _person(recording), recording.part()
    if person is None or says_why_empty(recording, shown.frame, person):
        return
    words = f"Movements of {recording.notes.name(person)} against {resting_words(recording, person)}."
    told = f"{words} {describe_movements(shown, person, recording.notes)}"
    interactive(movement_lines(shown, person), recording, "movements over time", told, person)
    st.caption(
        f"{plain(words)} Geometry of landmarks, not trained action units; beside each stands the nearest unit of FACS. "
        "Tightening of the lids is a share of their openness at rest, the others of the distance of the eyes."
    )


def resting_words(recording: OpenRecording, person: int) -> str:
    """What movements of a person are measured against, in words."""
    timeline, span, excluded = recording.timeline, recording.resting.get(person), recording.notes.excluded
    if timeline.part and span is None:
        return "their face at rest in the whole recording, of which this is a part"
    basis = basis_of(timeline.frame, timeline.measures, person, span, excluded)
    if span is not None and basis is Basis.CHOSEN:
        return f"their face from {span.start_s:.2f} to {span.end_s:.2f} s"
    samples = {
        Basis.COUNTED: f"all their samples, as fewer than {FEWEST_GOOD_SAMPLES} that count are good",
        Basis.ALL: "all their samples, as all of them are excluded",
    }
    usual = f"the median of {samples.get(basis or Basis.GOOD, 'their good samples')}"
    if span is None:
        return f"{usual}; a resting face chosen under People is a better one"
    return f"{usual}, as nothing counts of the resting face from {span.start_s:.2f} to {span.end_s:.2f} s"


def _changes(recording: OpenRecording) -> None:
    person = _person(recording)
    if person is None:
        return
    counts = transitions(stretches(counted(recording.shown(), recording.notes.excluded), person))
    table = transition_table(counts, ink())
    name = saved_as(recording, "changes of expression", person)
    show_figure(table, f"changes {person} {recording.number}", describe_transitions(counts), name=name)
    st.caption("How often one expression was followed by another without a gap in between; *uncertain* counts as one.")


def _stretches(recording: OpenRecording) -> None:
    person = _person(recording)
    if person is None:
        return
    runs = stretches(counted(recording.shown(), recording.notes.excluded), person)
    table = pd.DataFrame(
        {
            "From (s)": [run.start_s for run in runs],
            "To (s)": [run.end_s for run in runs],
            "Shown": [run.category for run in runs],
            "Most probable": [run.label for run in runs],
            "Mean probability": [round(run.confidence, 2) for run in runs],
            "Samples": [run.samples for run in runs],
        }
    )
    # Streamlit keeps the number of the chosen row, which may be another stretch once range or smoothing change.
    key = f"stretches {person} {recording.number} {hash(tuple((run.start_s, run.end_s) for run in runs))}"

    def go_there() -> None:
        for row in st.session_state[key]["selection"]["rows"]:
            recording.seek(runs[row].start_s)

    st.dataframe(
        table,
        hide_index=True,
        column_config={"Mean probability": st.column_config.NumberColumn(format="percent")},
        key=key,
        on_select=go_there,
        selection_mode="single-row",
    )
    st.caption("Readings that follow each other with one label. Choose a row to go there.")


def _from_rest(recording: OpenRecording) -> None:
    rows = recording.deviations()
    person = _person(recording)
    span = recording.resting.get(person or 0)
    if person is None or span is None or not rows["person"].eq(person).any():
        st.info("This person has no resting face that counts; choose one under *People*.", icon=":material/info:")
        return
    if says_why_empty(recording, recording.shown().frame, person):
        return
    differences = recording.shown_deviations()
    figure = deviation_lines(differences, person, interval_s(recording.timeline))
    name = recording.notes.name(person)
    words = f"Differences of {name} from their mean between {span.start_s:.2f} and {span.end_s:.2f} s."
    held = counted(recording.shown(), recording.notes.excluded)["held_s"]
    told = f"{words} {describe_deviations(differences.join(held, how='inner'), person)}"
    interactive(figure, recording, "difference from rest", told, person)
    st.caption(plain(words) + " They are no probabilities any more.")


def models_compared(recording: OpenRecording, cards: Mapping[str, ModelCard]) -> None:
    """One lane a model for the chosen person, and where they disagree."""
    person = _person(recording)
    if person is None:
        return
    try:
        titles = short_titles(cards.values())  # beside the lanes there is little room
        titled = {
            titles.get(model, model): recording.shown(timeline) for model, timeline in recording.timelines.items()
        }
        rows = agreement(titled)
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    rows = rows[rows["person"].eq(person)]
    figure = agreement_lane(rows, list(titled), interval_s(recording.timeline))
    counting = outside(rows, recording.notes.excluded)
    share = float(counting["agree"].mean()) if len(counting) else 0.0
    words = f"All models give one label in {share:.0%} of {len(counting)} readings of {recording.notes.name(person)}."
    interactive(figure, recording, "models compared", words, person)
    st.caption(
        f"{plain(words)} Contested stretches are shaded: there one of the models is wrong, or all are. A label is the "
        "most probable expression, also where the player says *uncertain*."
    )


def _person(recording: OpenRecording) -> int | None:
    """The person whose curves are shown, with a choice where there are several; None where nobody is seen."""
    everyone = recording.people
    if not everyone:
        st.info(NOBODY_SEEN, icon=":material/search_off:")
        return None
    if len(everyone) > 1:
        key = f"person {recording.number}"
        st.session_state[key] = recording.person
        st.segmented_control(
            "Person",
            everyone,
            format_func=lambda person: plain(recording.notes.name(person)),
            key=key,
            on_change=lambda: setattr(recording, "person", st.session_state[key] or recording.person),
            label_visibility="collapsed",
        )
    return recording.person


def _chosen(recording: OpenRecording, key: str) -> None:
    time_s = selected_time(st.session_state.get(key))
    if time_s is not None:
        recording.seek(time_s)


def _clickable(figure: go.Figure) -> go.Figure:
    """Add invisible points to areas and cells: Plotly selects only points and bars."""
    unseen = {"marker": {"opacity": 0}}
    figure.update_traces(
        mode="lines+markers", marker={"opacity": 0}, selected=unseen, unselected=unseen, selector={"type": "scatter"}
    )
    for cells in figure.select_traces(selector={"type": "heatmap"}):
        x = cells.x[:: 1 + len(cells.x) // MOST_POINTS]
        figure.add_scatter(
            x=x,
            y=[cells.y[len(cells.y) // 2]] * len(x),
            mode="markers",
            marker={"size": 6, "opacity": 0},
            selected=unseen,
            unselected=unseen,
            hoverinfo="none",
            showlegend=False,
        )
        figure.update_layout(hovermode="x")
    return figure


def _row(name: str, which: str, summary: PersonSummary, mostly: str) -> dict[str, Any]:
    return {
        "Person": name,
        "Samples": which,
        "Seen": as_clock(summary.seen_s),
        "Number": summary.samples,
        "Mostly": mostly,
        **{category: round(summary.shares[category], 3) for category in CATEGORIES},
        "Valence": summary.valence,
        "Good": round(summary.good_share, 3),
    }
