"""The way in of the Video page: a recording, how to read it, and how far the reading has come."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st

from fer_core.classification import ModelCard
from fer_core.media.video import VIDEO_TYPES
from fer_core.pipeline import EmotionPipeline
from fer_core.samples import SAMPLE_VIDEO, SAMPLE_VIDEO_CREDIT
from fer_core.smoothing import TIME_CONSTANT_S
from fer_core.summaries import as_clock
from fer_core.timeline import Timeline
from fer_core.ui import loaders
from fer_core.ui.text import plain
from fer_core.ui.video_memory import forget, memory
from fer_core.ui.video_work import Advance, Job, Report, Work
from fer_core.video_analysis import Progress

RATES: Final = {1.0: "1", 2.0: "2", 4.0: "4", 8.0: "8", 15.0: "15", 0.0: "every frame"}
SMOOTHINGS: Final = {
    "exponential": "Exponential average",
    "median": "Running median",
    "hmm": "Hidden Markov model",
    "none": "None",
}
MOST_COMPARED: Final = 3
"""Models on one recording; each reads it anew."""

KEPT: Final = (
    "The file lies in a temporary folder of this machine while it is open here. It is deleted with *Forget*, and when "
    "this page's visit ends."
)
_EVERY_S: Final = 0.5


@dataclass(frozen=True)
class Way:
    """How recordings are read; see `EmotionPipeline.analyze_video`."""

    models: tuple[str, ...]
    detector: str
    fps: float
    smoothing: str
    time_constant_s: float


def settings(cards: Mapping[str, ModelCard]) -> Way:
    """Ask how."""
    with st.popover("Settings", icon=":material/tune:"):
        left, right = st.columns(2)
        model = left.selectbox("Model", list(cards), format_func=lambda name: cards[name].title)
        detector = right.selectbox(
            "Face detector", list(loaders.DETECTOR_TITLES), format_func=loaders.DETECTOR_TITLES.__getitem__
        )
        others = left.multiselect(
            "Compare with",
            [name for name in cards if name != model],
            format_func=lambda name: cards[name].title,
            max_selections=MOST_COMPARED - 1,
            help="Each further model reads the same samples, and takes as long again.",
            disabled=len(cards) < 2,
        )
        fps = right.select_slider(
            "Samples a second",
            list(RATES),
            4.0,
            format_func=RATES.__getitem__,
            help="Four catch what a face shows; more of them make short expressions sharper, and take longer.",
        )
        smoothing = left.selectbox("Smoothing", list(SMOOTHINGS), format_func=SMOOTHINGS.__getitem__)
        time_constant_s = right.slider(
            "Time constant of the smoothing, in seconds",
            0.1,
            3.0,
            TIME_CONSTANT_S,
            0.1,
            disabled=smoothing == "none",
            help="How long a change takes to show by about two thirds. The raw values are kept and exported too.",
        )
    return Way((model, *others), detector, fps, smoothing, 0.0 if smoothing == "none" else time_constant_s)


def choose(cards: Mapping[str, ModelCard]) -> None:
    """A file, the sample, or the way to the camera; and how it shall be read.

    Raises:
        FerError: a model or detector cannot be loaded.
    """
    kept = memory()
    if kept.problem:
        st.error(plain(kept.problem), icon=":material/broken_image:")
    given = st.file_uploader(
        "Recording", type=list(VIDEO_TYPES), key=f"recording {kept.opened}", help="MP4, MOV, MKV, WebM, AVI and others."
    )
    way = settings(cards)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Analyse", icon=":material/play_arrow:", type="primary", disabled=given is None) and given:
            begin(given.name, given.getbuffer(), way)
        if st.button("Try the sample", icon=":material/movie:", help=SAMPLE_VIDEO_CREDIT):
            begin(SAMPLE_VIDEO.name, SAMPLE_VIDEO.read_bytes(), way)
        st.page_link("pages/2_Live.py", label="Record with the camera", icon=":material/videocam:")
    st.caption(KEPT)


def begin(name: str, data: bytes | memoryview, way: Way) -> None:
    """Store a recording and start to read it; the page then shows how far that is."""
    kept = memory()
    pipelines = {model: loaders.pipeline(model, way.detector) for model in way.models}
    kept.problem = None
    kept.source = kept.workspace.store(name, data)
    kept.work = Work(analysis(kept.source, way, pipelines), kept.workspace.new_stop(), "video analysis")
    st.rerun()


def analysis(path: Path, way: Way, pipelines: Mapping[str, EmotionPipeline]) -> Job[dict[str, Timeline]]:
    """The job that reads a recording with each model in turn, and gives the timelines by model.

    Stopped, it gives what the first model has read; of the others only those that came to the end.
    """

    def job(report: Report, stop: threading.Event) -> dict[str, Timeline]:
        done: dict[str, Timeline] = {}
        for model, pipeline in pipelines.items():
            told = partial(_tell, report, len(done), list(pipelines))
            timeline = pipeline.analyze_video(
                path,
                way.fps,
                told,
                smoothing=way.smoothing,
                time_constant_s=way.time_constant_s,
                stop=stop,
            )
            if not done or not stop.is_set():
                done[model] = timeline
            if stop.is_set():
                break
        return done

    return job


def progress() -> None:
    """How far the analysis is, shown anew by itself, with a way to stop it; then the page starts again."""
    work = memory().work
    if work is None:
        return

    @st.fragment(run_every=_EVERY_S)
    def look() -> None:
        if not work.running:
            st.rerun(scope="app")
        advance = work.advance
        with st.container(border=True):
            st.progress(advance.share, _words(work, advance))
            st.button(
                "Stop and keep what there is",
                icon=":material/stop_circle:",
                on_click=work.cancel,
                disabled=work.stopping,
            )

    look()


def forget_button() -> None:
    """Drops everything."""
    st.button(
        "Forget",
        icon=":material/delete:",
        on_click=forget,
        help="Deletes the recordings of this visit, what was read in them, and all corrections.",
    )


def _tell(report: Report, before: int, models: list[str], now: Progress) -> None:
    """One model's progress as that of all of them."""
    share = (before + now.share) / len(models)
    remaining_s = now.remaining_s
    if remaining_s is not None:
        remaining_s += (len(models) - before - 1) * (now.elapsed_s + remaining_s)
    faces = "1 face" if now.faces == 1 else f"{now.faces} faces"
    words = f"at {as_clock(now.time_s)} · {now.samples} frames · {faces}"
    report(Advance(share, words if len(models) == 1 else f"{models[before]} {words}", remaining_s))


def _words(work: Work, advance: Advance) -> str:
    if work.stopping:
        return "Stopping …"
    if not advance.words:
        return "Opening the recording …"
    left = "" if advance.remaining_s is None else f" · {as_clock(max(1, advance.remaining_s))} left"
    return f"{advance.share:.0%} · {advance.words}{left}"
