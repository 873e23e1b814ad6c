"""What the last recording of the Live page came to, and the ways to take it along."""

import streamlit as st

from fer_core.charts import describe_ribbon, emotion_ribbon
from fer_core.reports.tables import dictionary_text
from fer_core.ui.live import session as live_session
from fer_core.ui.shared import handover
from fer_core.ui.shared.charts import show_figure


def session_result() -> None:
    """What the last recording came to, and the ways to take it along."""
    session = handover.recorded_session()
    if session is None:
        return
    timeline = session.timeline
    with st.container(border=True):
        people = timeline.frame["person"].nunique()
        frames = timeline.frame["frame"].nunique()
        st.markdown(
            f"#### :material/timeline: {timeline.recording.name}\n"
            f"{timeline.recording.duration_s:.1f} s · {frames} frames · "
            f"{people} {'person' if people == 1 else 'people'} · {timeline.request.model}"
            + (f" · markers: {len(session.markers)}" if session.markers else "")
        )
        if people:
            name = f"{timeline.recording.name.removesuffix('.mp4')} emotions over time"
            show_figure(emotion_ribbon(timeline), "recorded ribbon", describe_ribbon(timeline), name=name)
        stem = timeline.recording.name.removesuffix(".mp4").replace(" ", "_")
        files = [
            ("Readings (CSV)", f"{stem}.csv", "text/csv", handover.session_csv()),
            ("What the columns mean", f"{stem}_columns.csv", "text/csv", dictionary_text()),
        ]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link("pages/3_Video.py", label="**Open the timeline**", icon=":material/timeline:")
            for label, name, mime, data in files:
                st.download_button(label, data, name, mime, icon=":material/download:", on_click="ignore")
            if session.video:
                st.download_button(
                    "Video (MP4)", session.video, f"{stem}.mp4", "video/mp4", icon=":material/movie:", on_click="ignore"
                )
            _discard_button()
        if live_session.waits_alone(session):
            st.caption("The next recording, or a reload of this page, drops this one unless its timeline is opened.")


def _discard_button() -> None:
    """Show the button that deletes the recorded session, once it is sure: it stands beside those that take it along."""
    with st.popover("Discard", icon=":material/delete:"):
        st.markdown("The recorded session goes, with its corrections, also where the Video page has opened it.")
        st.button("Discard it for good", type="primary", on_click=live_session.discard)
