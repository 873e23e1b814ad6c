"""Two recordings side by side."""

import pandas as pd
import streamlit as st

from fer_core import charts
from fer_core.timeline.summaries import CATEGORIES, as_clock
from fer_core.ui.shared.text import plain
from fer_core.ui.video.memory import memory
from fer_core.ui.video.recording import OpenRecording


def compare(recording: OpenRecording) -> None:
    """Show a recording beside another open one: ribbons, shares, and a table of both."""
    others = {number: other for number, other in memory().recordings.items() if number != recording.number}
    if not others:
        st.info("Open a second recording above; both are kept, and compared here.", icon=":material/compare:")
        return
    chosen = st.selectbox(
        "Compare with",
        list(others),
        format_func=lambda number: others[number].title,
        key=f"compare {recording.number} {memory().opened}",
    )
    pair = (recording, others[chosen])
    for column, each in zip(st.columns(2, gap="large"), pair, strict=True):
        with column:
            _side(each, recording.number)
    table = side_by_side(*pair)
    percent = st.column_config.NumberColumn(format="percent")
    st.dataframe(table, hide_index=True, column_config=dict.fromkeys(CATEGORIES, percent))
    st.caption(
        "Shares of the time seen within each recording's own range, without what is excluded. Differences between two "
        "recordings have many causes, light and angle among them."
    )


def side_by_side(*recordings: OpenRecording) -> pd.DataFrame:
    """A row for each person of each recording: shares of the time seen, mean derived valence, time seen."""
    return pd.DataFrame(
        [
            {
                "Recording": each.title,
                "Person": each.notes.name(summary.person),
                "Seen": as_clock(summary.seen_s),
                "Mostly": summary.dominant,
                **{category: round(summary.shares[category], 3) for category in CATEGORIES},
                "Valence": round(summary.valence, 3),
            }
            for each in recordings
            for summary in each.summaries(good=each.leave_out_poor)
        ]
    )


def _side(each: OpenRecording, beside: int) -> None:
    st.markdown(f"**{plain(each.title)}**")
    shown, summaries = each.shown(), each.summaries(good=each.leave_out_poor)
    figures = {
        "ribbon": (charts.emotion_ribbon(shown, each.notes), charts.describe_ribbon(shown, each.notes)),
        "valence": (charts.valence_curve(shown, each.notes), charts.describe_valence(shown, each.notes)),
        "shares": (charts.share_bars(summaries, each.notes), charts.describe_shares(summaries, each.notes)),
    }
    for name, (figure, words) in figures.items():
        st.plotly_chart(
            figure, key=f"beside {beside} {name} {each.number}", config={"displayModeBar": False}, alt=words
        )
