"""The panel beside the video: emotion and bars of who is seen now, the last minute, and how fast it runs.

A component of its own rather than charts: it is shown anew several times a second beside a running video, where
building a chart each time costs more than reading the frame, and where bars should glide.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from fer_core.emotions import EMOTIONS, STYLES
from fer_core.face.pose import in_words
from fer_core.live import LiveFace, LiveState, Situation
from fer_core.live.history import STEP_S, Moment
from fer_core.plain import as_plain

LONGEST_ABSENCE_S: Final = 20.0
"""People who were not seen for longer get no lane, unless nobody else has one."""

MOST_LANES: Final = 4


@dataclass(frozen=True)
class Style:
    """Name, symbol and colour of an emotion."""

    name: str
    symbol: str
    colour: str


@dataclass(frozen=True)
class Idle:
    """Shown where there is no face: a symbol, a title and a sentence."""

    symbol: str
    title: str
    text: str


@dataclass(frozen=True)
class ShownFace:
    """One face of the latest reading.

    Attributes:
        person: number.
        size: area of the box in pixels.
        label: index into `EMOTIONS`.
        uncertain: whether the reading is.
        words: what the reading is called.
        p: probabilities in the order of `EMOTIONS`.
        details: words below the bars.
    """

    person: int
    size: int
    label: int
    uncertain: bool
    words: str
    p: list[float]
    details: list[str]


@dataclass(frozen=True)
class Message:
    """Kind ("info", "warning", "error") and text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Lane:
    """One person's last minute: points of (age in seconds, 1 where uncertain, seven probabilities)."""

    person: int
    points: list[list[float]]


@dataclass(frozen=True)
class Minute:
    """The lanes, and the time between two points in seconds."""

    step: float
    people: list[Lane]


@dataclass(frozen=True)
class Progress:
    """Share, 0 to 1, of a resting face that is being measured, and what to do meanwhile."""

    share: float
    text: str


@dataclass(frozen=True)
class PanelData:
    """The data of the panel's script, which reads it as JSON under these names.

    Attributes:
        emotions: styles in the order of `EMOTIONS`.
        threshold: under which a reading is uncertain.
        idle: shown where there is no face.
        faces: of the latest reading.
        message: shown on top.
        minute: the last minute; None while nobody was seen and the camera is off.
        progress: of measuring a resting face.
        recording: time and frames of the running recording, in words.
        stats: speed, in words.
    """

    emotions: list[Style]
    threshold: float
    idle: Idle
    faces: list[ShownFace]
    message: Message | None
    minute: Minute | None
    progress: Progress | None
    recording: str | None
    stats: str


_STYLES: Final = [Style(name, STYLES[name].symbol, STYLES[name].colour) for name in EMOTIONS]


def live_panel(state: LiveState, *, playing: bool, threshold: float, message: tuple[str, str] | None) -> None:
    """Show the panel.

    Args:
        state: of the stream.
        playing: the camera is on.
        threshold: under which a reading is uncertain.
        message: kind ("info", "warning", "error") and a sentence, to be shown on top.
    """
    data = panel_data(state, playing=playing, threshold=threshold, message=message)
    _component()(data=as_plain(data), key="live panel")


def panel_data(state: LiveState, *, playing: bool, threshold: float, message: tuple[str, str] | None) -> PanelData:
    """The data of the panel's script; see `live_panel`."""
    faces = state.reading.faces if playing and state.reading else ()
    lanes = _lanes(state)
    return PanelData(
        emotions=_STYLES,
        threshold=threshold,
        idle=_idle(state, playing),
        faces=[_face(face, state) for face in faces],
        message=None if message is None else Message(*message),
        minute=Minute(STEP_S, lanes) if lanes or playing else None,
        progress=_progress(state),
        recording=_recording(state),
        stats=_stats(state) if playing and state.situation is Situation.RUNNING else "",
    )


def _face(face: LiveFace, state: LiveState) -> ShownFace:
    reading = face.reading
    details = []
    if face.person in state.baselines:
        details.append("against the resting face")
    if reading.quality.problems:
        details.append(f"picture {', '.join(reading.quality.problems)}")
    if reading.pose is not None:
        details.append(in_words(reading.pose))
    return ShownFace(
        person=face.person,
        size=reading.box.area,
        label=EMOTIONS.index(reading.label),
        uncertain=reading.uncertain,
        words=reading.words,
        p=[round(float(p), 3) for p in reading.probabilities],
        details=details,
    )


def _idle(state: LiveState, playing: bool) -> Idle:
    if not playing:
        return Idle("🎥", "Camera is off", "Press Start below the picture.")
    if state.situation is Situation.WAITING:
        return Idle("⏳", "Connecting …", "Waiting for the first frame.")
    if state.situation is Situation.STALLED:
        return Idle("⏸️", "No picture", "Waiting for the camera.")
    if state.reading is None:
        return Idle("⏳", "Reading …", "The first readings take a moment.")
    return Idle("🔍", "No face", "Look towards the camera; more light helps.")


def _lanes(state: LiveState) -> list[Lane]:
    last_seen: dict[int, float] = {}
    for moment in state.last_minute:
        last_seen |= dict.fromkeys(moment.probabilities, moment.time_s)
    recent = {p for p, time_s in last_seen.items() if state.now_s - time_s <= LONGEST_ABSENCE_S}
    people = sorted(recent or last_seen, key=lambda person: last_seen[person])[-MOST_LANES:]
    return [Lane(person, _points(state, person)) for person in sorted(people)]


def _points(state: LiveState, person: int) -> list[list[float]]:
    return [_point(moment, person, state.now_s) for moment in state.last_minute if person in moment.probabilities]


def _point(moment: Moment, person: int, now_s: float) -> list[float]:
    return [
        round(now_s - moment.time_s, 2),
        int(person in moment.uncertain),
        *(round(float(p), 3) for p in moment.probabilities[person]),
    ]


def _progress(state: LiveState) -> Progress | None:
    if state.calibrating is None:
        return None
    return Progress(state.calibrating, "Relax your face and look into the camera")


def _recording(state: LiveState) -> str | None:
    if state.recording_s is None:
        return None
    markers = f" · {state.markers} marker{'s' * (state.markers != 1)}" if state.markers else ""
    return f"● {int(state.recording_s // 60)}:{int(state.recording_s % 60):02d} · {state.recorded} frames{markers}"


def _stats(state: LiveState) -> str:
    age = "–" if state.age_ms is None else f"{state.age_ms:.0f} ms"
    return f"{state.camera_fps:.0f} frames/s, {state.analysed_fps:.0f} read · {age} old · {state.dropped} dropped"


@lru_cache(maxsize=1)
def _component() -> Any:
    folder = Path(__file__).parent
    html, css, js = ((folder / f"panel.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("face_value.live_panel", html=html, css=css, js=js)
