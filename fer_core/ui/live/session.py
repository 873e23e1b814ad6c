"""The Live page's memory of one visitor: the stream, what it is set to, whether the notice was agreed to."""

import contextlib
import gc
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from fer_core.analysis.run import completed, provenance_of
from fer_core.declaration import agreed as agreed_at
from fer_core.errors import FerError
from fer_core.live import LiveSettings, LiveStream
from fer_core.live.recording import RecordedSession, SessionRecorder
from fer_core.pipeline import EmotionPipeline
from fer_core.request import AnalysisRequest
from fer_core.ui.shared.handover import forget_session, keep_session, recorded_session
from fer_core.ui.shared.purpose import purpose
from fer_core.ui.video.memory import drop_forgotten, memory, take_up

CONSENT: Final = "live consent"
"""Key of the moment at which the notice was agreed to, as ISO 8601 in UTC."""

_STREAM: Final = "live stream"
_ASKED: Final = "live record was clicked"
_CHOSEN, _BEGUN = "live chosen", "live begun with"


def stream(pipeline: EmotionPipeline, settings: LiveSettings) -> LiveStream:
    """The visitor's stream, reading with this pipeline and set as asked for."""
    if _STREAM not in st.session_state:
        _spare_the_garbage_collector()
        st.session_state[_STREAM] = LiveStream(pipeline, settings)
    found: LiveStream = st.session_state[_STREAM]
    found.use(pipeline)
    found.configure(settings)
    return found


@st.cache_resource(show_spinner=False)
def _spare_the_garbage_collector() -> None:
    """Exempt what the server has loaded so far from garbage collection, once.

    Streamlit 1.67 collects all garbage after every run of a fragment, and the panel runs three times a second. To look
    through all modules takes 0.1 s each time, in which every thread stands still, the camera's too; without them it
    takes none.
    """
    gc.collect()
    gc.freeze()


def remembered(name: str, first: Any, among: Collection[Any] | None = None) -> tuple[str, Any]:
    """Key and first value of a widget that shows what this visitor last chose.

    Streamlit forgets widgets while another page is looked at; a recording that goes on in the meantime must not find
    another model or smoothing afterwards than it began with. The value is not put under the key in the session: a page
    that is run twice in a row, as when the camera connects, would then begin with an empty widget in the browser.

    Args:
        name: of what is chosen.
        first: where nothing was chosen yet, or what is no longer `among` what there is.
        among: what can be chosen; None for anything.
    """
    key = f"live {name}"
    chosen, begun = (st.session_state.setdefault(memory, {}) for memory in (_CHOSEN, _BEGUN))
    if key in st.session_state:
        chosen[name] = st.session_state[key]
    else:
        begun[name] = chosen.get(name, first)
    if among is not None and begun[name] not in among:
        begun[name] = first
    return key, begun[name]


def recording() -> bool:
    """Whether this visitor is recording."""
    found: LiveStream | None = st.session_state.get(_STREAM)
    return found is not None and found.state().recording_s is not None


def agree() -> None:
    """The visitor agreed to the notice."""
    st.session_state[CONSENT] = datetime.now(UTC).isoformat(timespec="seconds")


def agreed() -> bool:
    """Whether the visitor did."""
    return CONSENT in st.session_state


def ask_to_record() -> None:
    """Record was clicked: the run of the page that follows begins, with what is chosen by then."""
    st.session_state[_ASKED] = True


def asked_to_record() -> bool:
    """Whether it was, since this was last asked."""
    return bool(st.session_state.pop(_ASKED, False))


def start_recording(live: LiveStream, pipeline: EmotionPipeline, settings: LiveSettings, *, video: bool) -> None:
    """Begin to keep readings, and frames where `video` is set."""
    smoothing = "exponential" if settings.time_constant_s else "none"
    asked = AnalysisRequest(
        fps=0.0,
        smoothing=smoothing,
        time_constant_s=settings.time_constant_s,
        uncertain_below=settings.uncertain_below,
    )
    request, state = completed(pipeline, asked), live.state()
    recorder = SessionRecorder(
        state.now_s, request, provenance_of(pipeline), datetime.now().astimezone(), with_video=video
    )
    said = purpose()
    recorder.declare(agreed_at(datetime.fromisoformat(st.session_state[CONSENT]), said.purpose if said else ""))
    if state.baselines:
        people = ", ".join(map(str, sorted(state.baselines)))
        recorder.note(
            f"The live view was held against the resting face of person {people}; this timeline is not, but a resting "
            "stretch can be chosen in it."
        )
    live.record(recorder)


def stop_recording(live: LiveStream) -> None:
    """End it and leave the session for the pages that show timelines."""
    session = live.stop_recording()
    if session is None:
        return
    keep_session(session)
    with contextlib.suppress(FerError):  # the disk is full: the Video page tries it, too, and says so
        kept = memory()
        kept.know_live(session)
        if kept.next_to_close is None:  # else it would close another recording, unasked
            kept.take_live()
            memory()  # names the visit in the page's address, so that a reload loses nothing


def after_a_reload() -> None:
    """Find what was recorded before it, for the Video page, and drop what another tab has forgotten."""
    with contextlib.suppress(FerError):
        take_up()
        drop_forgotten()


def waits_alone(session: RecordedSession) -> bool:
    """Whether a recorded session is on the Live page alone, where the next one or a reload drops it."""
    try:
        return not memory().holds_live(session)
    except FerError:
        return True


def discard() -> None:
    """Delete the recorded session, also where the Video page has opened it."""
    if (session := recorded_session()) is not None:
        with contextlib.suppress(FerError):
            memory().close_live(session)
    forget_session()
