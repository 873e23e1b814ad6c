"""How far work beside the analysis is, shown anew by itself, with a way to stop it; then the page starts again."""

from typing import Any, Final

import streamlit as st

from fer_core.timeline.summaries import as_clock
from fer_core.ui.video.work import Work

_EVERY_S: Final = 0.5
_SAYS_NOTHING: Final = 0.02
"""Up to this share, the time left is not worth telling."""


def wait_for(work: Work[Any], words: str, key: str) -> None:
    """Show it until it ends.

    Args:
        work: that is under way.
        words: what is being done.
        key: of its button.
    """

    @st.fragment(run_every=_EVERY_S)
    def look() -> None:
        if not work.running:
            st.rerun(scope="app")
        share = work.advance.share
        left_s = work.elapsed_s / share - work.elapsed_s if share > _SAYS_NOTHING else None
        left = "" if left_s is None else f", {as_clock(max(1, left_s))} left"
        st.progress(share, f"{words}: {share:.0%}{left}")
        st.button("Stop", icon=":material/stop_circle:", key=key, on_click=work.cancel, disabled=work.stopping)

    look()
