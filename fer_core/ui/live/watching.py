"""The stream while it runs: the panel beside the video, and what is wrong."""

import time
from typing import Final

import streamlit as st

from fer_core.live import LiveState, LiveStream, Situation
from fer_core.live.state import STALLED_S
from fer_core.settings import ICE_SERVERS
from fer_core.ui.live.panel import live_panel
from fer_core.ui.live.webcam import Camera
from fer_core.ui.shared import page_memory, sign_in

EVERY_S: Final = 0.3
"""Between two looks at the stream while it runs."""

NO_ROUTE_S: Final = 12.0
"""After Start, a picture that has not come by then will not come."""

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

_STARTED, _STALLED, _NO_ROUTE = "live started", "live stalled", "live no route"


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


def no_route_was_found() -> bool:
    """Whether pictures found no way here when the camera was last started."""
    return bool(st.session_state.get(_NO_ROUTE, False))


def _started(camera: Camera, live: LiveStream) -> float | None:
    """When Start was pressed, by the monotonic clock; None while the camera is off."""
    if not (camera.playing or camera.connecting):
        st.session_state.pop(_STARTED, None)
        return None
    if _STARTED not in st.session_state:
        st.session_state[_STARTED] = time.monotonic()
        live.expect()
    return float(st.session_state[_STARTED])


def _note_route(state: LiveState, message: tuple[str, str] | None) -> bool:
    """Remember whether pictures find no way here; whether that has changed."""
    if message != NO_ROUTE and state.situation is not Situation.RUNNING:
        return False
    none, before = message == NO_ROUTE, no_route_was_found()
    st.session_state[_NO_ROUTE] = none
    return none != before
