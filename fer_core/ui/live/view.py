"""The parts of the Live page."""

import time
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from fer_core.analysis.tracking import LOOK_PX
from fer_core.charts import describe_ribbon, emotion_ribbon
from fer_core.classification import ModelCard
from fer_core.classification.explanation import no_map
from fer_core.live import LiveSettings, LiveState, LiveStream, Situation, View
from fer_core.live.analyser import RECALL_S
from fer_core.live.outputs.ways import Way
from fer_core.live.state import STALLED_S
from fer_core.pipeline import EmotionPipeline
from fer_core.reports.tables import dictionary_text
from fer_core.settings import ICE_SERVERS
from fer_core.ui.live import connections
from fer_core.ui.live import session as live_session
from fer_core.ui.live.panel import live_panel
from fer_core.ui.live.webcam import Camera
from fer_core.ui.shared import handover, loaders, page_memory, sign_in
from fer_core.ui.shared.figures import show_figure
from fer_core.ui.shared.notice import NOT_FEELINGS

EVERY_S: Final = 0.3
"""Between two looks at the stream while it runs."""

NO_ROUTE_S: Final = 12.0
"""After Start, a picture that has not come by then will not come."""

_STARTED, _STALLED, _NO_ROUTE = "live started", "live stalled", "live no route"
_SHOW: Final = {
    "boxes": ":material/crop_free: Boxes",
    "bars": ":material/bar_chart: Bars in the picture",
    "activation": ":material/visibility: What the model looks at",
    "mesh": ":material/grid_on: Mesh",
    "mirrored": ":material/flip: Mirror",
    "hidden": ":material/blur_on: Hide faces",
}

THRESHOLDS: Final = (0.2, 0.95)
"""Between which the one for "uncertain" can be set."""


@dataclass(frozen=True)
class Choice:
    """What was chosen on the page."""

    model: str
    detector: str
    settings: LiveSettings
    connections: tuple[Way, ...] = ()


def ask_consent() -> None:
    """The notice, and the box to tick before there is any camera."""
    with st.container(border=True):
        st.markdown(
            "#### :material/videocam: Before the camera starts\n"
            "- Pictures go from this browser to the machine that serves this page, are read in its memory and are "
            f"forgotten at once. To tell people apart, a few grey images of each face, {LOOK_PX} by {LOOK_PX} pixels, "
            f"stay in memory until it was not seen for {RECALL_S:.0f} seconds or the camera stops. "
            "**Nothing is stored** unless you record; a recording holds numbers and, unless faces are hidden, the "
            "outline of every face, which is personal data; pictures only where you ask for them.\n"
            f"- {NOT_FEELINGS} At work, in hiring and in education this is prohibited in the European Union.\n"
            "- Everybody whom the camera sees has to know and to agree; nobody may be filmed unasked."
        )
        st.checkbox(
            "I have read this, and everybody in view knows and agrees.",
            key="live consent box",
            on_change=live_session.agree,
        )


def choices(cards: dict[str, ModelCard]) -> Choice:
    """Model, detector, smoothing, threshold, and what is drawn. What a recording depends on is fixed while it runs."""
    fixed = live_session.recording()
    models, detectors = list(cards), list(loaders.detector_titles())
    remembered = live_session.remembered
    pills = st.container()  # above the settings, though what it says depends on them
    with st.expander("Settings", icon=":material/tune:"):
        if fixed:
            st.caption("Fixed while you record.")
        left, right = st.columns(2)
        key, first = remembered("model", models[0], models)
        model = left.selectbox(
            "Model",
            models,
            format_func=loaders.titles(cards).__getitem__,
            key=key,
            index=models.index(first),
            disabled=fixed,
        )
        key, first = remembered("detector", detectors[0], detectors)
        detector = right.selectbox(
            "Face detector",
            detectors,
            format_func=loaders.detector_titles().__getitem__,
            key=key,
            index=detectors.index(first),
            disabled=fixed,
        )
        key, first = remembered("smoothing", 0.4)
        smoothing = left.slider(
            "Smoothing (time constant in seconds)",
            0.0,
            2.0,
            first,
            step=0.1,
            key=key,
            disabled=fixed,
            help="How long a change takes to show by about two thirds. 0 shows every reading as it is.",
        )
        key, first = remembered(f"threshold {model}", _first_threshold(cards[model]))
        threshold = right.slider(
            "Uncertain below",
            *THRESHOLDS,
            first,
            step=0.01,
            key=key,
            disabled=fixed,
            help="A label whose probability is lower is shown as uncertain. The model's own value comes first.",
        )
        connected = connections.choose()
    key, first = remembered("shown", ["boxes", "mirrored"])
    with pills:
        shown = st.pills(
            "Show",
            list(_SHOW),
            selection_mode="multi",
            key=key,
            default=first,
            format_func=_SHOW.__getitem__,
            label_visibility="collapsed",
        )
        view = View(**{name: name in shown for name in _SHOW})
        if view.hidden:
            st.caption("Hides the faces that are found; a face that is new, small or turned away may show.")
        if view.activation and (reason := no_map(cards[model])):
            view = replace(view, activation=False)
            st.caption(reason)
    return Choice(model, detector, LiveSettings(smoothing, threshold, view), connected)


def _first_threshold(card: ModelCard) -> float:
    return min(max(round(card.uncertain_below, 2), THRESHOLDS[0]), THRESHOLDS[1])


def controls(live: LiveStream, camera: Camera, pipeline: EmotionPipeline, choice: Choice) -> LiveState:
    """Record, snapshot, resting face.

    Returns:
        What the buttons were chosen by.
    """
    state = live.state()
    key, keep_video = live_session.remembered("keep video", False)
    recording, on, calibrating = state.recording_s is not None, camera.playing, state.calibrating is not None
    hidden = choice.settings.view.hidden
    if live_session.asked_to_record() and on and not recording and not calibrating:
        live_session.start_recording(live, pipeline, choice.settings, video=st.session_state.get(key, keep_video))
        st.rerun()  # settings are drawn fixed
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if recording:
            stop = live_session.stop_recording
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
                on_click=live_session.ask_to_record,
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


def panel(live: LiveStream, camera: Camera, threshold: float, shown: LiveState) -> None:
    """The panel beside the video, shown anew while the camera is on.

    Args:
        live: the stream.
        camera: what the component does.
        threshold: under which a reading is uncertain.
        shown: what the buttons were chosen by; when that is over, the whole page is shown anew.
    """
    started = _started(camera, live)
    every = EVERY_S if camera.playing or camera.connecting else None

    @sign_in.fragment(every)
    def look() -> None:
        state = live.state()
        if every:
            message = trouble(state, time.monotonic() - started if started else None)
            # A camera that is stopped is quiet, too, but not for long before the page knows of it.
            page_memory.keep("Live", _STALLED, state.quiet_s is not None and state.quiet_s > STALLED_S)
        else:
            message = BROKE_OFF if page_memory.kept("Live", _STALLED) else None
        if _note_route(state, message) or _buttons(state) != _buttons(shown):
            st.rerun(scope="app")
        live_panel(state, playing=every is not None, threshold=threshold, message=message)

    look()


def _buttons(state: LiveState) -> tuple[bool, ...]:
    """What decides which buttons there are, and which can be pressed."""
    return state.recording_s is not None, bool(state.baselines), state.calibrating is not None


ON: Final = "Expression recognition is on"
"""Whoever is before the camera has to be told (AI Act, Article 50(3))."""

BROKE_OFF: Final = (
    "warning",
    "The pictures had stopped before the camera went off. If nobody pressed Stop, the connection broke off: press "
    "Start again. Where that happens often, this computer has too much to do.",
)
NO_ROUTE: Final = (
    "error",
    "No picture has come: browser and server find no way to each other. A firewall or VPN may stand between them; over "
    f"the internet a TURN server is needed ({ICE_SERVERS}).",
)


def trouble(state: LiveState, since_start_s: float | None) -> tuple[str, str] | None:
    """What is wrong, if anything: kind and sentence."""
    if state.problem:
        return "error", state.problem
    if state.recording_over:
        return "warning", "The recording is as long as it may be. Press Stop recording to keep it."
    if state.situation is Situation.WAITING:
        return NO_ROUTE if since_start_s is not None and since_start_s > NO_ROUTE_S else None
    if state.situation is Situation.STALLED:
        return "warning", "No new pictures. Is the camera unplugged, or does another program use it?"
    if state.reading and state.reading.black:
        return "warning", "The picture is black. Is the lens covered, or the room dark?"
    if state.reading and state.reading.unread:
        return "info", f"{len(state.reading.unread)} more faces are in view than are read at once."
    if state.notes:
        return "warning", " ".join(state.notes)
    return None


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
            live_session.discard_button()
        if live_session.waits_alone(session):
            st.caption("The next recording, or a reload of this page, drops this one unless its timeline is opened.")


def _snapshot(live: LiveStream) -> None:
    if "hidden" in (st.session_state.get("live shown") or ()):  # chosen a moment ago
        return
    picture = live.snapshot()
    if picture is not None:
        handover.keep_snapshot(picture)


def _started(camera: Camera, live: LiveStream) -> float | None:
    """When Start was pressed, by the monotonic clock; None while the camera is off."""
    if not (camera.playing or camera.connecting):
        st.session_state.pop(_STARTED, None)
        return None
    if _STARTED not in st.session_state:
        st.session_state[_STARTED] = time.monotonic()
        live.expect()
    return float(st.session_state[_STARTED])


def no_route_was_found() -> bool:
    """Whether pictures found no way here when the camera was last started."""
    return bool(st.session_state.get(_NO_ROUTE, False))


def _note_route(state: LiveState, message: tuple[str, str] | None) -> bool:
    """Remember whether pictures find no way here; whether that has changed."""
    if message != NO_ROUTE and state.situation is not Situation.RUNNING:
        return False
    none, before = message == NO_ROUTE, no_route_was_found()
    st.session_state[_NO_ROUTE] = none
    return none != before
