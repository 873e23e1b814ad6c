"""The camera in the browser: the only module that knows streamlit-webrtc."""

import logging
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st
from streamlit_webrtc import Translations, WebRtcMode, webrtc_streamer
from streamlit_webrtc.component import generate_frontend_component_key
from streamlit_webrtc.process import AsyncVideoProcessTrack

from fer_core.errors import FerError
from fer_core.live import LiveStream
from fer_core.live.view import black
from fer_core.ui.shared.ice import servers_for_visit

LOGGER = logging.getLogger(__name__)

# At INFO these write the network addresses of visitors into the log.
for _name in ("streamlit_webrtc", "aioice", "aiortc"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_CONSTRAINTS: Final[dict[str, Any]] = {
    "video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30}},
    "audio": False,
}
_VIDEO: Final[dict[str, Any]] = {
    "autoPlay": True,
    "controls": False,
    "muted": True,
    "style": {"width": "100%", "borderRadius": "10px"},
}
_WORDS: Final[Translations] = {
    "start": "Start",
    "stop": "Stop",
    "select_device": "Choose camera",
    "select_camera": "Camera",
    "media_api_not_available": "This browser offers no camera to this page; it needs HTTPS or localhost.",
    "device_ask_permission": "Please allow the camera in the browser.",
    "device_not_available": "No camera can be used. Is one connected, and does no other program use it?",
    "device_access_denied": "The browser denies access to the camera. Allow it in the address bar and reload the page.",
}


@dataclass(frozen=True)
class Camera:
    """What the component in the page is doing.

    Attributes:
        playing: pictures are wanted, and the browser says that it is connected.
        connecting: Start was pressed and the connection is being made.
        failed: it could not be made.
    """

    playing: bool
    connecting: bool
    failed: bool = False


def webcam(stream: LiveStream, key: str) -> Camera:
    """Show the camera with its Start and Stop, and let `stream` read and draw every frame.

    Raises:
        FerError: the setting of the servers is not understood, or the connection could not be made.
    """
    forget_last_visit(key)
    send_only_what_was_drawn()
    servers = servers_for_visit()
    try:
        context = webrtc_streamer(
            key=key,
            mode=WebRtcMode.SENDRECV,
            rtc_configuration=None if servers is None else {"iceServers": servers},
            media_stream_constraints=_CONSTRAINTS,
            queued_video_frames_callback=stream.on_frames,
            on_video_ended=stream.rest,
            # False would run the callback on the event loop that serves every visitor.
            async_processing=True,
            sendback_audio=False,
            media_toggle_controls=False,
            video_html_attrs=_VIDEO,
            translations=_WORDS,
        )
    except Exception as error:  # Streamlit's own way of ending a run is no Exception
        LOGGER.exception("the camera could not be connected")
        raise FerError("The camera could not be connected; press Stop, wait a moment, then press Start.") from error
    keep_worker(context)
    return Camera(playing=context.state.playing, connecting=context.state.signalling and not context.state.playing)


def send_only_what_was_drawn() -> None:
    """Let streamlit-webrtc 0.79.0 send black until there is a picture that was drawn.

    Until then it would send the camera's own picture back, with every face that is to be hidden.
    """
    received: Any = AsyncVideoProcessTrack.recv
    if getattr(received, "sends_only_what_was_drawn", False):
        return

    async def recv(self: Any) -> Any:
        frame = await received(self)
        if self._last_out_frame is not None:
            return frame
        nothing = black(frame)
        nothing.pts, nothing.time_base = frame.pts, frame.time_base
        return nothing

    recv.sends_only_what_was_drawn = True  # type: ignore[attr-defined]
    AsyncVideoProcessTrack.recv = recv  # type: ignore[method-assign]


def keep_worker(context: Any) -> None:
    """Keep streamlit-webrtc 0.79.0 from throwing a connection away that was just made.

    It takes a context for one of an earlier visit when script runs finished without showing it. Just after Start, runs
    that were overtaken by the next one look the same, and on a slow or new server the first connection then dies with
    its worker. Without the number of the last run it cannot come to that conclusion; `forget_last_visit` does what
    the check was for.
    """
    if hasattr(context, "_last_rendered_run_count"):
        context._last_rendered_run_count = None


def forget_last_visit(key: str) -> None:
    """Drop what is left of the camera from before the visitor went to another page.

    Streamlit forgets the component's own value when a whole run did not show it, and the browser has a new iframe then,
    which knows nothing of the connection that the context still describes.
    """
    if key not in st.session_state or generate_frontend_component_key(key) in st.session_state:
        return
    context = st.session_state.pop(key)
    worker = context._get_worker() if hasattr(context, "_get_worker") else None
    if worker is not None:
        worker.stop()
