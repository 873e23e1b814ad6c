"""The buttons below the video: record, snapshot, resting face."""

import streamlit as st

from fer_core.live import LiveState, LiveStream
from fer_core.pipeline import EmotionPipeline
from fer_core.ui.live import session
from fer_core.ui.live.settings import Choice
from fer_core.ui.live.webcam import Camera
from fer_core.ui.shared import handover


def controls(live: LiveStream, camera: Camera, pipeline: EmotionPipeline, choice: Choice) -> LiveState:
    """Record, snapshot, resting face.

    Returns:
        What the buttons were chosen by.
    """
    state = live.state()
    key, keep_video = session.remembered("keep video", False)
    recording, on = state.recording_s is not None, camera.playing
    if session.asked_to_record() and on and not recording and state.calibrating is None:
        session.start_recording(live, pipeline, choice.settings, video=st.session_state.get(key, keep_video))
        st.rerun()  # settings are drawn fixed
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _record_button(live, state, on=on)
        _snapshot_button(live, on=on, hidden=choice.settings.view.hidden)
        _resting_face_button(live, state, on=on)
        st.toggle("Keep the video too", keep_video, key=key, disabled=recording)
    if taken := handover.snapshots():
        words = "1 snapshot" if len(taken) == 1 else f"{len(taken)} snapshots"
        st.page_link("pages/1_Image.py", label=f"{words}: read on the Image page", icon=":material/image:")
    return state


def _record_button(live: LiveStream, state: LiveState, *, on: bool) -> None:
    if state.recording_s is not None:
        stop = session.stop_recording
        st.button("Stop recording", icon=":material/stop_circle:", type="primary", on_click=stop, args=(live,))
        return
    calibrating = state.calibrating is not None
    st.button(
        "Record",
        icon=":material/fiber_manual_record:",
        disabled=not on or calibrating,
        help="Wait until the resting face is taken."
        if calibrating
        else "Keeps the readings of every frame as a timeline: numbers, and outlines of faces unless you hide "
        "them; pictures only with the video.",
        on_click=session.ask_to_record,
    )


def _snapshot_button(live: LiveStream, *, on: bool, hidden: bool) -> None:
    st.button(
        "Snapshot",
        icon=":material/photo_camera:",
        disabled=not on or hidden,
        help="Not while faces are hidden: a snapshot shows them."
        if hidden
        else "Takes the present picture to the Image page.",
        on_click=_snapshot,
        args=(live,),
    )


def _resting_face_button(live: LiveStream, state: LiveState, *, on: bool) -> None:
    if state.baselines:
        st.button("Forget resting face", icon=":material/restart_alt:", on_click=live.forget_baseline)
        return
    st.button(
        "Resting face",
        icon=":material/self_improvement:",
        disabled=not on or state.calibrating is not None or state.recording_s is not None,
        help="Look neutral for ten seconds. Until the camera stops, what the model sees in a face at rest is "
        "then discounted.",
        on_click=live.calibrate,
    )


def _snapshot(live: LiveStream) -> None:
    if "hidden" in (st.session_state.get("live shown") or ()):  # chosen a moment ago
        return
    picture = live.snapshot()
    if picture is not None:
        handover.keep_snapshot(picture)
