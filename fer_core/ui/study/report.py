"""The PDF of the study: asked for with a name and figures, written in the background, taken away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

import streamlit as st

from fer_core.emotions import EMOTIONS
from fer_core.jobs import Job, Monitor, Work
from fer_core.library.library import Library
from fer_core.library.observations import EVENT_VALUES, VALUES, value_title
from fer_core.library.report import StudyReport, study_pdf
from fer_core.ui.shared import loaders
from fer_core.ui.shared.text import plain
from fer_core.ui.study.results import EVENTS, WHOLE, observed, state_of
from fer_core.ui.video.waiting import wait_for

_MADE: Final = "study report"
_MOST_FIGURES: Final = 14
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
    name = left.text_input("Name of the study", "Study", max_chars=120, key="study name").strip() or "Study"
    what = right.segmented_control(
        "A figure compares", [WHOLE, EVENTS], default=WHOLE, required=True, key="study report rows"
    )
    what = what or WHOLE
    names = VALUES if what == WHOLE else EVENT_VALUES
    shown = st.session_state.get("study value")
    figures = st.multiselect(
        "Figures",
        names,
        [shown if shown in names else f"mean_{EMOTIONS[3]}"],
        format_func=value_title,
        max_selections=_MOST_FIGURES,
        key=f"study figures {what}",
        help="P-values are corrected for the number of all comparisons in the report, so choose what was planned.",
    )
    of = (name, what, tuple(figures), date.today(), state_of(library, what))
    made: _Made | None = st.session_state.get(_MADE)
    if made is not None and made.of == of:
        _there(made)
    elif observed(library, what).table.empty:
        st.info("No recording has what a row needs; *Compare people* says what is missing.", icon=":material/rule:")
        return
    elif st.button("Write the report", icon=":material/picture_as_pdf:", disabled=not figures):
        if made is not None:
            made.work.abandon()
        st.session_state[_MADE] = _Made(of, Work(_job(library, name, what, figures), name="study report"))
        st.rerun()
    st.caption(
        "Cover with request and versions, the table of recordings, each figure with what it rests on, power, validity "
        "and the methods paragraph."
    )


def _there(made: _Made) -> None:
    work = made.work
    if work.running:
        wait_for(work, "Writing the report", "stop study report")
    elif work.result is None:
        st.error(plain(work.problem or ""), icon=":material/error:")
        st.button("Write it again", icon=":material/refresh:", on_click=partial(st.session_state.pop, _MADE, None))
    else:
        st.download_button(
            "Report (PDF)", work.result, "study.pdf", "application/pdf", icon=":material/download:", on_click="ignore"
        )


def _job(library: Library, name: str, what: str, figures: Sequence[str]) -> Job[bytes]:
    cards = {card.name: card for card in loaders.cards_or_stop()}
    study = StudyReport(name, library.entries(), observed(library, what), _ROWS[what], tuple(figures), cards)
    today = date.today()

    def job(monitor: Monitor) -> bytes:
        return study_pdf(study, today, monitor)

    return job
