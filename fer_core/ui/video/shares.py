"""Shares of the time that people were seen: bars, rings, a radar, and the same as a table."""

from typing import Final

import pandas as pd
import streamlit as st

from fer_core import charts
from fer_core.timeline.statistics.summaries import CATEGORIES
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.video.emptiness import says_why_empty
from fer_core.ui.video.recording import OpenRecording
from fer_core.ui.video.saving import saved_as

MOST_RINGS: Final = 3
"""People who have a ring, and a line in the radar."""


def shares(recording: OpenRecording) -> None:
    """Show the shares of everybody in the range."""
    if says_why_empty(recording, recording.rows(good=recording.leave_out_poor)):
        return
    summaries = recording.summaries(good=recording.leave_out_poor)
    notes, number = recording.notes, recording.number
    words = charts.describe_shares(summaries, notes)
    bars = charts.share_bars(summaries, notes)
    show_figure(bars, f"share bars {number}", words, name=saved_as(recording, "shares"))
    if not summaries:
        return
    shown = summaries[:MOST_RINGS]
    for column, summary in zip(st.columns(len(shown)), shown, strict=True):
        ring, own = charts.share_pie(summary, notes), charts.describe_shares([summary], notes)
        name = saved_as(recording, "shares as a ring", summary.person)
        show_figure(ring, f"share ring {summary.person} {number}", own, name=name, place=column)
    radar = charts.share_radar(shown, notes)
    saved = saved_as(recording, "shares as a radar")
    show_figure(radar, f"share radar {number}", charts.describe_shares(shown, notes), name=saved)
    st.caption(
        "Read the corners, not the area: the order of the axes is a convention, and with another order the same shares "
        "draw another shape."
    )
    table = pd.DataFrame(
        [{"Person": notes.name(each.person), **{name: each.shares[name] for name in CATEGORIES}} for each in summaries]
    )
    percent = st.column_config.NumberColumn(format="percent")
    st.dataframe(table, hide_index=True, column_config=dict.fromkeys(CATEGORIES, percent), alt=words)
    if len(summaries) > MOST_RINGS:
        st.caption(f"Rings and radar show the first {MOST_RINGS} people only; bars and table show everybody.")
