"""What one page leaves for another, in the visitor's session alone."""

import hashlib
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer_core.live.recording import RecordedSession
from fer_core.media.images import encode_png
from fer_core.reports.tables import csv_text
from fer_core.ui.shared.seen import readings_are_shown

RECORDED_SESSION: Final = "recorded live session"
"""Key of the last `RecordedSession` that the Live page made; its `timeline` opens like that of a video."""

_SESSION_CSV: Final = "recorded live session as CSV"

LIVE_SNAPSHOTS: Final = "live snapshots"
"""Key of the pictures taken on the Live page: a list of (file name, PNG), the oldest first."""

MOST_SNAPSHOTS: Final = 12


def keep_session(session: RecordedSession) -> None:
    """Leave a recorded session; it replaces the one before."""
    st.session_state[RECORDED_SESSION] = session
    st.session_state[_SESSION_CSV] = csv_text(session.timeline)


def recorded_session() -> RecordedSession | None:
    """The last recorded session."""
    return st.session_state.get(RECORDED_SESSION)


def session_csv() -> str:
    """The last recorded session as CSV, written once.

    Not when it is asked for: Streamlit 1.67 throws a download that is made on a click away with the next run of any
    fragment, and the panel beside the video runs three times a second.
    """
    return str(st.session_state[_SESSION_CSV])


def forget_session() -> None:
    """Drop the recorded session."""
    st.session_state.pop(RECORDED_SESSION, None)
    st.session_state.pop(_SESSION_CSV, None)


def keep_snapshot(bgr: NDArray[np.uint8]) -> None:
    """Leave a picture, uint8 (H, W, 3) BGR, for the Image page; the oldest makes room when there are too many."""
    number = st.session_state.get("live snapshot number", 0) + 1
    st.session_state["live snapshot number"] = number
    png = encode_png(bgr)
    readings_are_shown([hashlib.sha256(png).hexdigest()])  # they stood beside the camera's picture
    kept = [*snapshots(), (f"snapshot_{number}.png", png)]
    st.session_state[LIVE_SNAPSHOTS] = kept[-MOST_SNAPSHOTS:]


def snapshots() -> list[tuple[str, bytes]]:
    """The pictures left for the Image page: file name and PNG."""
    return list(st.session_state.get(LIVE_SNAPSHOTS, ()))


def forget_snapshots() -> None:
    """Drop them."""
    st.session_state.pop(LIVE_SNAPSHOTS, None)
