"""The panel beside the video: emotion and bars of who is seen now, the last minute, and how fast it runs.

A component of its own rather than charts: it is shown anew several times a second beside a running video, where
building a chart each time costs more than reading the frame, and where bars should glide.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from fer_core.emotions import EMOTIONS, STYLES
from fer_core.face.pose import in_words
from fer_core.live import LiveFace, LiveState, Situation
from fer_core.live.history import STEP_S, Moment

LONGEST_ABSENCE_S: Final = 20.0
"""People who were not seen for longer get no lane, unless nobody else has one."""

MOST_LANES: Final = 4

_STYLES: Final = [{"name": name, "symbol": STYLES[name].symbol, "colour": STYLES[name].colour} for name in EMOTIONS]


def live_panel(state: LiveState, *, playing: bool, threshold: float, message: tuple[str, str] | None) -> None:
    """Show the panel.

    Args:
        state: of the stream.
        playing: the camera is on.
        threshold: under which a reading is uncertain.
        message: kind ("info", "warning", "error") and a sentence, to be shown on top.
    """
    _component()(data=panel_data(state, playing=playing, threshold=threshold, message=message), key="live panel")


def panel_data(state: LiveState, *, playing: bool, threshold: float, message: tuple[str, str] | None) -> dict[str, Any]:
    """What the panel's script gets; see `live_panel`."""
    faces = state.reading.faces if playing and state.reading else ()
    lanes = _lanes(state)
    return {
        "emotions": _STYLES,
        "threshold": threshold,
        "idle": _idle(state, playing),
        "faces": [_face(face, state) for face in faces],
        "message": None if message is None else {"kind": message[0], "text": message[1]},
        "minute": {"step": STEP_S, "people": lanes} if lanes or playing else None,
        "progress": _progress(state),
        "recording": _recording(state),
        "stats": _stats(state) if playing and state.situation is Situation.RUNNING else "",
    }


def _face(face: LiveFace, state: LiveState) -> dict[str, Any]:
    reading = face.reading
    details = []
    if face.person in state.baselines:
        details.append("against the resting face")
    if reading.quality.problems:
        details.append(f"picture {', '.join(reading.quality.problems)}")
    if reading.pose is not None:
        details.append(in_words(reading.pose))
    return {
        "person": face.person,
        "size": reading.box.area,
        "label": EMOTIONS.index(reading.label),
        "uncertain": reading.uncertain,
        "p": [round(float(p), 3) for p in reading.probabilities],
        "details": details,
    }


def _idle(state: LiveState, playing: bool) -> dict[str, str]:
    if not playing:
        return {"symbol": "🎥", "title": "Camera is off", "text": "Press Start below the picture."}
    if state.situation is Situation.WAITING:
        return {"symbol": "⏳", "title": "Connecting …", "text": "Waiting for the first frame."}
    if state.situation is Situation.STALLED:
        return {"symbol": "⏸️", "title": "No picture", "text": "Waiting for the camera."}
    if state.reading is None:
        return {"symbol": "⏳", "title": "Reading …", "text": "The first readings take a moment."}
    return {"symbol": "🔍", "title": "No face", "text": "Look towards the camera; more light helps."}


def _lanes(state: LiveState) -> list[dict[str, Any]]:
    last_seen: dict[int, float] = {}
    for moment in state.last_minute:
        last_seen |= dict.fromkeys(moment.probabilities, moment.time_s)
    recent = {p for p, time_s in last_seen.items() if state.now_s - time_s <= LONGEST_ABSENCE_S}
    people = sorted(recent or last_seen, key=lambda person: last_seen[person])[-MOST_LANES:]
    return [{"person": person, "points": _points(state, person)} for person in sorted(people)]


def _points(state: LiveState, person: int) -> list[list[float]]:
    return [_point(moment, person, state.now_s) for moment in state.last_minute if person in moment.probabilities]


def _point(moment: Moment, person: int, now_s: float) -> list[float]:
    return [
        round(now_s - moment.time_s, 2),
        int(person in moment.uncertain),
        *(round(float(p), 3) for p in moment.probabilities[person]),
    ]


def _progress(state: LiveState) -> dict[str, Any] | None:
    if state.calibrating is None:
        return None
    return {"share": state.calibrating, "text": "Relax your face and look into the camera"}


def _recording(state: LiveState) -> str | None:
    if state.recording_s is None:
        return None
    return f"● {int(state.recording_s // 60)}:{int(state.recording_s % 60):02d} · {state.recorded} frames"


def _stats(state: LiveState) -> str:
    age = "–" if state.age_ms is None else f"{state.age_ms:.0f} ms"
    return f"{state.camera_fps:.0f} frames/s, {state.analysed_fps:.0f} read · {age} old · {state.dropped} dropped"


@lru_cache(maxsize=1)
def _component() -> Any:
    folder = Path(__file__).parent
    html, css, js = ((folder / f"panel.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("face_value.live_panel", html=html, css=css, js=js)
