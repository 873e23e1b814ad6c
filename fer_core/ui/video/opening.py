"""First part of the Video page: choice of a recording, settings of the analysis, its progress."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fer_core.classification import ModelCard
from fer_core.errors import FerError, MediaError
from fer_core.evidence.bundle import open_bundle
from fer_core.jobs import Progress, Work
from fer_core.media.samples import SAMPLE_VIDEO, SAMPLE_VIDEO_CREDIT
from fer_core.media.video import VIDEO_TYPES
from fer_core.pipeline import EmotionPipeline
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.editing.study import Study
from fer_core.timeline.table import Timeline
from fer_core.ui.shared import loaders, sign_in
from fer_core.ui.shared.purpose import purpose
from fer_core.ui.shared.reading_options import RATES
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploaders import held, taking_uploader, was_refused
from fer_core.ui.video import unfinished
from fer_core.ui.video.memory import MOST_OPEN, forget, memory
from fer_core.ui.video.reading import analysis
from fer_core.ui.video.recording import OpenRecording
from fer_core.ui.video.settings import MOST_COMPARED, Requests, choose_settings, region_words

KEPT_TYPES: Final = ("zip", "parquet", "json")
"""Endings of exported files that can be opened again."""

KEPT: Final = (
    "The file is kept in a temporary folder of this machine while it is open here. It is deleted with *Forget*, and a "
    "quarter of an hour after this page was closed, so that a reload loses nothing."
)
WAITS: Final = (
    "Numbers, outlines of faces and portraits of an analysis that was stopped or cut off are kept in {}, so that it "
    "can go on. *Forget* deletes them too, and what is older than a day is deleted when this page is opened."
)
_EVERY_S: Final = 0.5

_KNOWN: Final = "recording looked up"


def choose(cards: Mapping[str, ModelCard]) -> None:
    """Show the choice of a recording and the settings of its analysis."""
    kept = memory()
    if kept.problem:
        st.error(plain(kept.problem), icon=":material/broken_image:")
    if closed := kept.next_to_close:
        st.caption(
            f":material/info: {MOST_OPEN} recordings are open. The next one closes {plain(closed.title)}, with every "
            "correction that is not exported or kept."
        )
    given = held(
        st.file_uploader(
            "Recording",
            type=list(VIDEO_TYPES),
            key=f"recording {kept.opened}",
            help="MP4, MOV, MKV, WebM, AVI and others.",
        )
    )
    requests = choose_settings(cards)
    if unfinished.waiting() and given is not None:  # the first removes what is too old
        _unfinished(given, requests, cards)
    with st.container(horizontal=True, vertical_alignment="center"):
        analyse = st.button("Analyse", icon=":material/play_arrow:", type="primary", disabled=given is None)
        sample = st.button("Try the sample", icon=":material/movie:", help=SAMPLE_VIDEO_CREDIT)
        st.page_link("pages/2_Live.py", label="Record with the camera", icon=":material/videocam:")
    try:
        if analyse and given:
            begin(given.name, given.getbuffer(), requests)
        if sample:
            begin(SAMPLE_VIDEO.name, SAMPLE_VIDEO.read_bytes(), requests)
    except FerError as error:  # what is open stays in sight
        st.error(plain(str(error)), icon=":material/error:")
    _kept_analysis()
    where = unfinished.shown_folder()
    st.caption(f"{KEPT} {WAITS.format(plain(where))}" if where else KEPT)


def _kept_analysis() -> None:
    """Show the choice of an exported file: a bundle, or the readings as Parquet or JSON."""
    kept = memory()
    key = f"kept {kept.opened}"

    def take(given: UploadedFile) -> None:
        path = kept.workspace.store(given.name, given.getbuffer())
        try:
            study = open_study(path)
            kept.open_studies({study.read.request.model or "": study}, None)
        except FerError as error:
            raise MediaError(str(error).replace(f"{path.parent}/", "")) from error
        finally:
            shutil.rmtree(path.parent, ignore_errors=True)

    with st.expander("Open a kept analysis", icon=":material/history:", expanded=was_refused(key)):
        taking_uploader("Evidence bundle, or readings as Parquet or JSON", key, take, type=list(KEPT_TYPES))
        st.caption("Files of *Export*: every correction, name and marker is in place again.")


def open_study(path: Path) -> Study:
    """The study in a bundle, a Parquet or a JSON file.

    Raises:
        MediaError: the file does not hold one.
    """
    return open_bundle(path) if path.suffix.lower() == ".zip" else Study.open(path)


def attach(recording: OpenRecording) -> None:
    """Ask for the recording file where only its numbers were opened, to show pictures too."""
    wanted = recording.timeline.recording
    if recording.path is not None or not wanted.sha256:
        return

    def take(given: UploadedFile) -> None:
        if _sha256_of(given) != wanted.sha256:
            raise MediaError(
                "This is another file than the one that was analysed (its SHA-256 differs); choose that one."
            )
        recording.attach(memory().workspace.store(given.name, given.getbuffer()))

    label = f"Give {plain(wanted.name)} too, to see its pictures"
    taking_uploader(label, f"attach {recording.number}", take, type=list(VIDEO_TYPES))


def begin(name: str, data: bytes | memoryview, requests: Requests) -> None:
    """Store a recording and start its analysis; the page then shows the progress.

    Raises:
        FerError: a model or detector cannot be loaded, or another recording is being read.
    """
    kept = memory()
    pipelines = _pipelines(requests)
    path = kept.workspace.store(name, data)
    try:
        reading = analysis(path, requests, pipelines, purpose(), kept.owner)
        kept.start(path, requests, reading)
    except FerError:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    st.rerun()


def go_on_button(recording: OpenRecording) -> None:
    """Show the button that continues a stopped analysis, or reads anew where nothing is left to continue."""
    requests, path = recording.requests, recording.path
    if not requests or path is None or memory().work is not None:
        return
    name = unfinished.named(recording.timeline.recording.sha256, memory().owner)
    waits = any(unfinished.waits(name, request) for request in requests.values())
    pressed = st.button(
        "Go on reading" if waits else "Read again from the beginning",
        icon=":material/play_arrow:" if waits else ":material/replay:",
        key=f"go on {recording.number}",
        help="From where it was stopped. All corrections stay."
        if waits
        else "The file from which reading could go on is not kept, or deleted. All corrections stay, and so does what "
        "is open here until more is read.",
    )
    if pressed:
        try:
            said = recording.study.read.declaration or purpose()
            job = analysis(path, requests, _pipelines(requests), said, memory().owner)
            memory().start(path, requests, job, recording.number)
        except FerError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.rerun()


def another_model(recording: OpenRecording, cards: Mapping[str, ModelCard]) -> None:
    """Show the choice of a further model that reads the recording as the first one did, to compare the two."""
    others = [name for name in cards if name not in recording.studies]
    if not others or len(recording.studies) >= MOST_COMPARED:
        return
    path, why = recording.path, _why_not_another(recording)
    if path is None or why:
        st.caption(f"Another model cannot read this recording for a comparison: {why}.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.selectbox(
            "Another model for this recording",
            others,
            format_func=loaders.titles(cards).__getitem__,
            key=f"another model {recording.number}",
            width=320,
        )
        pressed = st.button(
            "Read with this model too",
            icon=":material/model_training:",
            key=f"read another {recording.number}",
            disabled=memory().work is not None,
            help="The same samples and faces, with the corrections that were made here. It takes as long as the first "
            "reading.",
        )
    if not pressed:
        return
    requests = {model: replace(recording.study.read.request, model=model, uncertain_below=None)}
    try:
        said = recording.study.read.declaration
        job = analysis(path, requests, _pipelines(requests), said, memory().owner)
        memory().start(path, requests, job, joining=recording.number)
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.rerun()


def _why_not_another(recording: OpenRecording) -> str:
    """Why no other model can read what the first one read; empty where one can."""
    if recording.path is None:
        return "its file was not given"
    if recording.live:
        return "it was read from the camera"
    if recording.study.read.excerpt:  # the other one would find whoever was left out, and number all anew
        return "people or times were left out of its readings for good. Analyse the file again to compare models"
    return "it is not read to its end" if recording.partial else ""


def _pipelines(requests: Requests) -> dict[str, EmotionPipeline]:
    return {model: loaders.pipeline(model, request.detector.name) for model, request in requests.items()}


def _unfinished(given: UploadedFile, requests: Requests, cards: Mapping[str, ModelCard]) -> None:
    """Tell that an unfinished analysis of this file exists, how to go on with it, and offer to delete it."""
    name = unfinished.named(_sha256_of(given), memory().owner)
    found = unfinished.of(name)
    if not found:
        return
    for one in found:
        model, detector, fps = one.request.model or "", one.request.detector.name, one.request.fps
        title = cards[model].title if model in cards else model
        rate = RATES.get(fps, f"{fps:g}")
        how = f"{plain(title)}, {loaders.detector_titles().get(detector, detector)}, samples a second: {rate}"
        how += region_words(one.request.region)
        wanted = requests.get(model)
        same = (detector, fps, one.request.region)
        fits = wanted is not None and same == (wanted.detector.name, wanted.fps, wanted.region)
        end = "*Analyse* goes on from there." if fits else "Choose these *Settings* to go on from there."
        st.info(
            f"This recording was read before, up to {as_clock(one.until_s)} ({how}), and not to its end. {end}",
            icon=":material/resume:",
        )
    st.button(
        "Delete what was read",
        icon=":material/delete:",
        on_click=unfinished.remove,
        args=(name,),
        key="unfinished",
    )


def _sha256_of(given: UploadedFile) -> str:
    """SHA-256 of an uploaded file; computed once, as large files take seconds."""
    known: tuple[str, str] = st.session_state.get(_KNOWN, ("", ""))
    if known[0] != given.file_id:
        known = given.file_id, hashlib.sha256(given.getbuffer()).hexdigest()
        st.session_state[_KNOWN] = known
    return known[1]


def progress() -> None:
    """Show the progress of the analysis and a stop button until it ends; then run the page again."""
    work = memory().work
    if work is None:
        return

    @sign_in.fragment(_EVERY_S)
    def look() -> None:
        memory()  # so that a reload finds the visit, however long the reading takes
        if not work.running:
            st.rerun(scope="app")
        now = work.progress
        with st.container(border=True):
            st.progress(now.share, _words(work, now))
            st.button(
                "Stop and keep what there is",
                icon=":material/stop_circle:",
                on_click=work.cancel,
                disabled=work.stopping,
            )

    look()


def forget_button() -> None:
    """Show the button that deletes everything of this visit, once it is sure."""
    with st.popover("Forget", icon=":material/delete:"):
        st.markdown("The recordings, readings and corrections of this visit go, in every tab that shows it.")
        st.button("Forget all of it", type="primary", on_click=forget)


def _words(work: Work[dict[str, Timeline]], progress: Progress) -> str:
    if work.stopping:
        return "Stopping …"
    if not progress.words:
        return "Opening the recording …"
    left = "" if progress.remaining_s is None else f" · {as_clock(max(1, progress.remaining_s))} left"
    return f"{progress.share:.0%} · {progress.words}{left}"
