"""A progress bar with a stop button for work beside the analysis; when the work ends, the page runs again."""

from typing import Any, Final

import streamlit as st

from fer_core.jobs import Work
from fer_core.timeline.clock_text import as_clock
from fer_core.ui.shared import sign_in

_EVERY_S: Final = 0.5


def show_progress(work: Work[Any], words: str, key: str) -> None:
    """Show the progress of work until it ends.

    Args:
        work: the running work.
        words: name of the work.
        key: of the stop button.
    """

    @sign_in.fragment(_EVERY_S)
    def look() -> None:
        if not work.running:
            st.rerun(scope="app")
        progress = work.progress
        left = "" if progress.remaining_s is None else f", {as_clock(max(1, progress.remaining_s))} left"
        st.progress(progress.share, f"{words}: {progress.share:.0%}{left}")
        st.button("Stop", icon=":material/stop_circle:", key=key, on_click=work.cancel, disabled=work.stopping)

    look()
