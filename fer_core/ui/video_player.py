"""The chosen moment of a recording: the player, and the frame with what was read in it."""

from typing import Final

import streamlit as st

from fer_core.emotions import STYLES
from fer_core.errors import FerError
from fer_core.reports.annotated import Tracks
from fer_core.summaries import problems_of
from fer_core.ui.text import plain
from fer_core.ui.video_memory import memory
from fer_core.ui.video_recording import OpenRecording

LARGE_MB: Final = 300
"""Beyond, the player is loaded only when asked for: the server hands the whole file to the browser from memory."""


def moment(recording: OpenRecording) -> None:
    """The player beside the frame."""
    left, right = st.columns(2, gap="medium")
    with left:
        _player(recording)
    with right:
        _frame(recording)
        _steps(recording)


def words_at(recording: OpenRecording, time_s: float) -> str:
    """What was read in the sampled frame of a moment, in words."""
    frame = recording.timeline.frame
    rows = frame[(frame["time_s"] - time_s).abs().lt(1e-6) & frame["person"].notna()].sort_values("person")
    parts = []
    for _, row in rows.iterrows():
        doubt = "uncertain, perhaps " if row["uncertain"] else ""
        problems = ", ".join(problems_of(rows.loc[[row.name]]))
        parts.append(
            f"{recording.notes.name(int(row['person']))}: {doubt}{STYLES[row['label']].symbol} {row['label']} "
            f"{row['confidence']:.0%}{f' ({problems})' if problems else ''}"
        )
    return " · ".join(parts) or "no face found"


def _player(recording: OpenRecording) -> None:
    if recording.path is None:
        st.info("Only the numbers of this session were kept, no pictures.", icon=":material/videocam_off:")
        return
    drawn = memory().exports.get(recording.number)
    if not recording.plays and drawn is not None and drawn.result:
        st.video(drawn.result, start_time=int(recording.moment_s), alt=f"The annotated recording {recording.name}")
        return
    if not recording.plays:
        st.info(
            f"Browsers do not play {plain(recording.path.suffix or 'such')} files. Single frames are shown all the "
            "same, and the annotated video of the *Export* tab plays everywhere.",
            icon=":material/play_disabled:",
        )
        return
    size_mb = recording.path.stat().st_size / 1e6
    if size_mb > LARGE_MB and not st.toggle(f"Load the player ({size_mb:.0f} MB)", key=f"load {recording.number}"):
        return
    st.video(recording.path, start_time=int(recording.moment_s), alt=f"The recording {recording.name}")


def _frame(recording: OpenRecording) -> None:
    words = words_at(recording, recording.moment_s)
    if recording.path is not None:
        try:
            image = Tracks(recording.timeline).drawn(recording.picture(recording.moment_s), recording.moment_s)
            st.image(image, channels="BGR", width="stretch", alt=f"Frame at {recording.moment_s:.2f} s. {words}")
        except FerError as error:
            problem = str(error).replace(f"{recording.path.parent}/", "")
            st.warning(plain(problem), icon=":material/broken_image:")
    st.markdown(f"**{recording.moment_s:.2f} s** · {plain(words)}")


def _steps(recording: OpenRecording) -> None:
    """From sample to sample; the charts lead to any of them."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, icon, samples in (("Previous", "chevron_left", -1), ("Next", "chevron_right", 1)):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"{label} {recording.number}",
                on_click=recording.step_by,
                args=(samples,),
            )
        st.caption("or click into a chart")
