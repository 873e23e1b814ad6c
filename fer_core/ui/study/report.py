"""The PDF of the study: asked for with a name and figures, written in the background, taken away."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

import streamlit as st

from fer_core.emotions import EMOTIONS
from fer_core.jobs import Job, Monitor, Work
from fer_core.library.library import Library
from fer_core.library.observations import EVENT_VALUES, VALUES, Observations, value_title
from fer_core.ui.shared import loaders
from fer_core.ui.shared.progress import show_progress
from fer_core.ui.shared.text import plain
from fer_core.ui.study.reading import (
    AROUND_S,
    EVENTS,
    REPORT,
    ROWS,
    WHOLE,
    WINDOW,
    curves_of_all,
    drop,
    observed,
    state_of,
)
from fer_core.ui.study.results import CHOSEN

_MOST_FIGURES: Final = 14
_READING: Final = 0.8
"""Share of the work that reading the files for curves is."""

_ROWS: Final = {
    WHOLE: "a recording of the person who is seen longest in it",
    EVENTS: "an event of a recording; its condition is the text of the event",
}


@dataclass(frozen=True)
class _Made:
    """A report that is written, and everything that it depends on."""

    of: tuple[object, ...]
    work: Work[bytes]


def report(library: Library) -> None:
    """Ask for the report; give it out only while nothing that it says has changed."""
    st.markdown("##### Report (PDF)")
    left, right = st.columns(2)
    given = left.text_input("Name of the study", "Study", max_chars=120, key="study name", persist_state="session")
    name = given.strip() or "Study"
    what = right.segmented_control(
        "A figure compares",
        [WHOLE, EVENTS],
        default=WHOLE,
        required=True,
        key="study report rows",
        persist_state="session",
    )
    what = what or WHOLE
    names = VALUES if what == WHOLE else EVENT_VALUES
    shown = st.session_state.get(CHOSEN)
    figures = st.multiselect(
        "Figures",
        names,
        [shown if shown in names else f"mean_{EMOTIONS[3]}"],
        format_func=value_title,
        max_selections=_MOST_FIGURES,
        key=f"study figures {what}",
        persist_state="session",
        help="P-values are corrected for the number of all comparisons in the report, so choose what was planned.",
    )
    over_time = st.toggle(
        "With curves over time",
        key="study report curves",
        persist_state="session",
        help="Of the expressions of these figures, as *Over time* shows them. All kept files are read for them.",
    )
    window_s = st.session_state.get(WINDOW, AROUND_S) if over_time else None
    of = (name, what, tuple(figures), window_s, date.today(), state_of(library, what))
    made: _Made | None = st.session_state.get(REPORT)
    if made is not None and made.of != of:
        drop(REPORT)  # it may hold somebody who was deleted
    if made is not None and made.of == of:
        _there(made)
    elif (observations := observed(library, what)) is None:
        return
    elif observations.table.empty:
        st.info("No recording has what a row needs; *Compare people* says what is missing.", icon=":material/rule:")
        return
    elif st.button("Write the report", icon=":material/picture_as_pdf:", disabled=not figures):
        job = _job(library, name, what, observations, figures, window_s)
        st.session_state[REPORT] = _Made(of, Work(job, name="study report"))
        st.rerun()
    st.caption(
        "Cover with request and versions, the table of recordings, each figure with what it rests on, power, validity "
        "and the methods paragraph; curves over time where they are asked for."
    )


def _there(made: _Made) -> None:
    work = made.work
    if work.running:
        show_progress(work, "Writing the report", "stop study report")
    elif work.result is None:
        st.error(plain(work.problem or ""), icon=":material/error:")
        st.button("Write it again", icon=":material/refresh:", on_click=partial(st.session_state.pop, REPORT, None))
    else:
        st.download_button(
            "Report (PDF)", work.result, "study.pdf", "application/pdf", icon=":material/download:", on_click="ignore"
        )


def _job(
    library: Library,
    name: str,
    what: str,
    observations: Observations,
    figures: Sequence[str],
    window_s: tuple[float, float] | None,
) -> Job[bytes]:
    """Without curves where there is no window for them."""
    from fer_core.library.report import StudyReport, study_pdf  # here, because its libraries take long to load

    cards = {card.name: card for card in loaders.cards_or_stop()}
    study = StudyReport(name, library.entries(), observations, _ROWS[what], tuple(figures), cards, rows=ROWS[what])
    today = date.today()

    def job(monitor: Monitor) -> bytes:
        if window_s is None:
            return study_pdf(study, today, monitor)
        emotions = dict.fromkeys(value.rpartition("_")[2] for value in figures)
        wanted = [emotion for emotion in emotions if emotion in EMOTIONS]  # not of what is uncertain
        curves = curves_of_all(library, what, wanted, window_s, monitor.part(0, _READING))
        return study_pdf(replace(study, curves=curves), today, monitor.part(_READING, 1))

    return job
