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
    recording, on, calibrating = state.recording_s is not None, camera.playing, state.calibrating is not None
    hidden = choice.settings.view.hidden
    if session.asked_to_record() and on and not recording and not calibrating:
        session.start_recording(live, pipeline, choice.settings, video=st.session_state.get(key, keep_video))
        st.rerun()  # settings are drawn fixed
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if recording:
            stop = session.stop_recording
            st.button("Stop recording", icon=":material/stop_circle:", type="primary", on_click=stop, args=(live,))
        else:
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
        if state.baselines:
            st.button("Forget resting face", icon=":material/restart_alt:", on_click=live.forget_baseline)
        else:
            st.button(
                "Resting face",
                icon=":material/self_improvement:",
                disabled=not on or calibrating or recording,
                help="Look neutral for ten seconds. Until the camera stops, what the model sees in a face at rest is "
                "then discounted.",
                on_click=live.calibrate,
            )
        st.toggle("Keep the video too", keep_video, key=key, disabled=recording)
    if taken := handover.snapshots():
        words = "1 snapshot" if len(taken) == 1 else f"{len(taken)} snapshots"
        st.page_link("pages/1_Image.py", label=f"{words}: read on the Image page", icon=":material/image:")
    return state


def _snapshot(live: LiveStream) -> None:
    if "hidden" in (st.session_state.get("live shown") or ()):  # chosen a moment ago
        return
    picture = live.snapshot()
    if picture is not None:
        handover.keep_snapshot(picture)
