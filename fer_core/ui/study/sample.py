"""The sample study: made on one click where nothing is kept, deleted after a question."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from fer_core.errors import FerError
from fer_core.jobs import Monitor, Work
from fer_core.library.library import Library
from fer_core.library.sample import CREDIT, delete_sample, make_sample, sample_entries
from fer_core.library.sample_marks import PEOPLE
from fer_core.library.values import Receipt
from fer_core.request import DEFAULT_DETECTOR, AnalysisRequest
from fer_core.ui.shared import loaders
from fer_core.ui.shared.progress import show_progress
from fer_core.ui.shared.text import plain
from fer_core.ui.study.results import MESSAGE, forget_results, receipt_words

_WORK: Final = "study sample"


def is_made() -> bool:
    """Whether a sample study is in the making."""
    work: Work[None] | None = st.session_state.get(_WORK)
    return work is not None and work.running


def making_sample() -> None:
    """Show how far a sample study in the making has come; the page runs again when it is there."""
    if is_made():
        show_progress(st.session_state[_WORK], "Reading the sample study", "stop sample")


def sample(library: Library) -> None:
    """A button to make a sample study where nothing is kept, or to delete it where it is there."""
    work: Work[None] | None = st.session_state.get(_WORK)
    if work is not None and work.running:
        return
    if work is not None and work.problem:
        st.error(plain(work.problem), icon=":material/error:")
    if library.is_empty():
        st.button(
            "Make a sample study",
            icon=":material/science:",
            on_click=_begin,
            args=(library,),
            help=f"{2 * PEOPLE} short recordings of {PEOPLE} generated subjects under two conditions. {CREDIT}",
        )
    elif entries := sample_entries(library):
        count = len(entries)
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.popover(f"Delete the sample ({count})", icon=":material/delete_forever:"):
                st.markdown("Its readings, corrections and descriptions go; nothing brings them back.")
                st.button(
                    f"Delete {count} for good", type="primary", key="sample delete", on_click=_delete, args=(library,)
                )
            st.caption(CREDIT)


def _begin(library: Library) -> None:
    try:
        model = loaders.cards()[0].name  # the default, where it is installed
        pipeline = loaders.pipeline(model, DEFAULT_DETECTOR)
    except FerError as error:
        st.toast(plain(str(error)), icon=":material/error:", duration="infinite")
        return
    request = AnalysisRequest(model=model)

    def job(monitor: Monitor) -> None:
        make_sample(library, pipeline, request, monitor)

    st.session_state[_WORK] = Work(job, name="sample study")


def _delete(library: Library) -> None:
    receipts = delete_sample(library)
    forget_results()
    st.session_state.pop(_WORK, None)
    st.session_state[MESSAGE] = f"The sample was deleted. {receipt_words(_together(receipts))}" if receipts else ""


def _together(receipts: Sequence[Receipt]) -> Receipt:
    """One receipt for several: the last rewriting of the catalogue took out whatever went before it, too."""
    return replace(
        receipts[-1],
        files=tuple(file for receipt in receipts for file in receipt.files),
        files_gone=all(receipt.files_gone for receipt in receipts),
    )
