"""Recordings to read: given here, read one after another in the background, kept when they are read."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fer_core.classification import ModelCard
from fer_core.errors import FerError, ModelError
from fer_core.library.library import Library
from fer_core.library.queue import Queue, Waiting
from fer_core.media.video import VIDEO_TYPES
from fer_core.pipeline import EmotionPipeline
from fer_core.request import AnalysisRequest, DetectorChoice
from fer_core.timeline.clock_text import as_clock
from fer_core.ui.shared import loaders, sign_in
from fer_core.ui.shared.library import shown_folder
from fer_core.ui.shared.purpose import purpose
from fer_core.ui.shared.reading_options import RATES
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploaders import held

_EVERY_S: Final = 1.0
_GIVEN: Final = "study uploads"
_NOT_STORED: Final = "study uploads not stored"
_loaded: Final[dict[tuple[str | None, str], EmotionPipeline]] = {}
_problems: Final[dict[tuple[str | None, str], str]] = {}
_ICONS: Final = {"waiting": ":material/schedule:", "reading": ":material/autorenew:", "failed": ":material/error:"}


def adding(library: Library, queue: Queue, cards: Mapping[str, ModelCard]) -> None:
    """Ask for recordings, and show how far those that wait have come."""
    waiting = queue.items()
    with st.expander("Add recordings", icon=":material/add:", expanded=not waiting and library.is_empty()):
        _form(library, queue, cards)
    for words in st.session_state.pop(_NOT_STORED, ()):  # where they are seen when the form is folded up
        st.error(plain(words), icon=":material/error:")
    if waiting:
        _progress(library, queue)


def load(request: AnalysisRequest) -> None:
    """Load what a request needs, because the thread that reads cannot ask Streamlit for it.

    Raises:
        FerError: a model or detector cannot be loaded.
    """
    _loaded[request.model, request.detector.name] = loaders.pipeline(request.model or "", request.detector.name)


def pipeline_for(request: AnalysisRequest) -> EmotionPipeline:
    """What `load` loaded; what another dashboard asked for is loaded now.

    Raises:
        FerError: it cannot be loaded.
    """
    wanted = request.model, request.detector.name
    if wanted in _problems:
        raise ModelError(_problems[wanted])
    if wanted not in _loaded:
        _loaded[wanted] = EmotionPipeline.load_for(request)
    return _loaded[wanted]


def _form(library: Library, queue: Queue, cards: Mapping[str, ModelCard]) -> None:
    number = st.session_state.setdefault(_GIVEN, 0)
    given = held(st.file_uploader(
        "Recordings", type=list(VIDEO_TYPES), accept_multiple_files=True, key=f"{_GIVEN} {number}",
        help="All are read in the same way, so that they can be compared.",
    ))  # fmt: skip
    left, middle, right = st.columns(3)
    titles = loaders.detector_titles()
    model = left.selectbox(
        "Model", list(cards), format_func=loaders.titles(cards).__getitem__, key="study model", persist_state="session"
    )
    detector = middle.selectbox(
        "Face detector", list(titles), format_func=titles.__getitem__, key="study detector", persist_state="session"
    )
    fps = right.select_slider(
        "Samples a second", list(RATES), 4.0, format_func=RATES.__getitem__, key="study rate", persist_state="session"
    )
    if st.button("Read and keep", icon=":material/playlist_add:", type="primary", disabled=not given) and given:
        request = AnalysisRequest(model=model, detector=DetectorChoice(detector), fps=fps)
        try:
            load(request)  # before anything waits for it: what waits may be read at once
        except FerError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        if problems := _added(queue, given, request):
            st.session_state[_NOT_STORED] = problems
        _start(library, queue)
        st.session_state[_GIVEN] = number + 1  # also after a problem: what was stored is not given once more
        st.rerun()
    st.caption(
        f"Each recording waits in {plain(shown_folder())} until it was read, also when this page or the dashboard is "
        "closed, and is deleted then. What is kept are numbers, outlines of faces and settings, "
        "never a picture."
    )


def _added(queue: Queue, given: Iterable[UploadedFile], request: AnalysisRequest) -> list[str]:
    """Put files at the end of the queue; a sentence for each that could not be stored."""
    problems = []
    for file in given:
        try:
            queue.add(file.name, file.getbuffer(), request, purpose())
        except FerError as error:
            problems.append(str(error))
    return problems


def _progress(library: Library, queue: Queue) -> None:
    timed = _is_read(queue)

    @sign_in.fragment(_EVERY_S if timed else None)
    def look() -> None:
        items, work = queue.items(), queue.work
        if not timed and _is_read(queue):  # "Try again" has begun to read: only a run of the whole page starts a timer
            st.rerun(scope="app")
        if not work and st.session_state.pop("study queue ran", False):
            st.rerun(scope="app")
        if work:
            st.session_state["study queue ran"] = True
        if not items:
            return
        with st.container(border=True):
            if work:
                left = work.progress.remaining_s
                words = f"{plain(work.progress.words or 'Opening the recording …')}"
                st.progress(work.progress.share, words + ("" if left is None else f" · {as_clock(max(1, left))} left"))
            for item in items:
                _line(library, queue, item)
            _buttons(library, queue, items)

    look()


def _line(library: Library, queue: Queue, item: Waiting) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        problem = f": {plain(item.problem)}" if item.problem else ""
        st.markdown(f"{_ICONS[item.state]} {plain(item.name)} — {item.state}{problem}")
        if item.state == "failed" and not item.damaged:
            st.button(
                "Try again",
                icon=":material/refresh:",
                key=f"retry {item.id}",
                on_click=_again,
                args=(library, queue, item),
            )
        if item.state != "reading":
            st.button(
                "Remove",
                icon=":material/delete:",
                key=f"remove {item.id}",
                on_click=_attempt,
                args=(queue.remove, item),
            )


def _buttons(library: Library, queue: Queue, items: list[Waiting]) -> None:
    if queue.work:
        st.button("Stop", icon=":material/stop_circle:", on_click=queue.stop, disabled=queue.work.stopping)
    elif _reads_elsewhere(queue, items):
        st.caption("Another dashboard on this library reads these; it can be stopped there.")
    elif any(item.state == "waiting" for item in items) and st.button(
        "Go on reading", icon=":material/play_arrow:", type="primary"
    ):
        _start(library, queue)
        st.rerun()


def _is_read(queue: Queue) -> bool:
    """Whether something of the queue is being read now, by this dashboard or another one."""
    return queue.work is not None or _reads_elsewhere(queue, queue.items())


def _reads_elsewhere(queue: Queue, items: list[Waiting]) -> bool:
    return queue.work is None and any(item.state == "reading" for item in items)


def _start(library: Library, queue: Queue) -> None:
    """Load what everything that waits needs, then read; what cannot be loaded fails alone, when its turn comes."""
    for item in queue.items():
        if item.damaged:
            continue
        wanted = item.request.model, item.request.detector.name
        try:
            load(item.request)
            _problems.pop(wanted, None)
        except FerError as error:
            _problems[wanted] = str(error)
    queue.start(library, pipeline_for)


def _again(library: Library, queue: Queue, item: Waiting) -> None:
    """Read one that failed again: at once, or after what is being read."""
    _attempt(queue.retry, item)
    _start(library, queue)


def _attempt(change: Callable[[str], None], item: Waiting) -> None:
    """Do it, or say why not: what waits can begin to be read between two looks at the page."""
    try:
        change(item.id)
    except FerError as error:
        st.toast(plain(str(error)), icon=":material/error:", duration="infinite")
