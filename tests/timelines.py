"""Timelines that look like real ones, made without a video: two people, gaps, doubts, poor samples."""

import base64
import dataclasses
import functools

import cv2
import numpy as np
import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.face.mean_face import mean_face
from fer_core.provenance import Provenance
from fer_core.readings import Box, FaceMesh, FaceReading, FrameReading, Pose, Quality
from fer_core.request import AnalysisRequest
from fer_core.timeline.columns import COLUMNS, RAW_COLUMNS
from fer_core.timeline.face.movements import DISTANCES
from fer_core.timeline.outline import POINTS
from fer_core.timeline.table import MEASURE_TYPES, MEASURES, TYPES, Recording, Timeline, build, rows_of_frame

RECORDING = Recording("Gespräch – Übung.mp4", "ab" * 32, 30.0, 640, 360, 25.0, True)
REQUEST = AnalysisRequest(model="resnet50v2", fps=4.0, uncertain_below=0.5)
PROVENANCE = Provenance({"model.tflite": "cd" * 32}, {"fer_core": "0.1.0", "numpy": "2.4.6"})
RATE = 25
_BIAS = {"angry": 0.2, "disgust": -1.5, "fear": -0.8, "happy": 1.6, "sad": 0.3, "surprise": 0.4, "neutral": 1.8}
_PERIODS_S = np.array([23.0, 31.0, 17.0, 13.0, 29.0, 19.0, 37.0])


def synthetic(duration_s: float = 30.0, people: int = 2, fps: float = 4.0, seed: int = 0) -> Timeline:
    """A recording with `people` people. From 40 to 50 % of the time nobody is there; from 60 to 70 % only Person 1.

    The last tenth is dark, Person 2 is also small there.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(0, duration_s, 1 / fps)
    parts = [_person(rng, times, number, duration_s) for number in range(1, people + 1)]
    seen = pd.concat(parts) if parts else pd.DataFrame(columns=list(COLUMNS))
    empty = pd.DataFrame({"time_s": np.setdiff1d(times, seen["time_s"].to_numpy(float))})
    frame = seen if empty.empty else pd.concat([seen, empty])
    frame = frame.sort_values(["time_s", "person"]).reset_index(drop=True)
    frame["frame"] = (frame["time_s"] * 25).round().astype("int64")
    frame["quality"] = frame["quality"].where(frame["person"].notna(), "")
    portraits = {number: _portrait(number) for number in range(1, people + 1)}
    recording = Recording(RECORDING.name, RECORDING.sha256, duration_s, 640, 360, 25.0, True)
    return Timeline(frame[list(COLUMNS)].astype(TYPES), recording, REQUEST, PROVENANCE, portraits)


def of_rows(rows: list[dict]) -> Timeline:
    """A timeline of given rows; what they leave out is empty."""
    return Timeline(pd.DataFrame(rows, columns=list(COLUMNS)).astype(TYPES), RECORDING, REQUEST, PROVENANCE)


def reading(time_s: float, person: int, label: str, confidence: float = 0.9, **more) -> dict:
    """One row, with the rest of the probability on the other emotions in equal parts."""
    rest = (1 - confidence) / (len(EMOTIONS) - 1)
    probabilities = {name: confidence if name == label else rest for name in EMOTIONS}
    box = {"x": 10, "y": 20, "width": 64, "height": 64}
    return {
        "time_s": time_s,
        "frame": round(time_s * 25),
        "person": person,
        **box,
        **probabilities,
        **{f"raw_{name}": p for name, p in probabilities.items()},
        "label": label,
        "confidence": confidence,
        "uncertain": confidence < 0.5,
        "quality": "good",
        **more,
    }


def nobody(time_s: float) -> dict:
    """A row of a sampled frame without a face."""
    return {"time_s": time_s, "frame": round(time_s * 25), "quality": ""}


def at(rate: float, seconds: float) -> np.ndarray:
    return np.arange(round(rate * seconds)) / rate


def face(person: int, open_share: float = 0.3, mouth: float = 0.02, brow: float = 0.3, problems=()) -> FaceReading:
    """A face with a mesh of which only the numbers matter."""
    pose = Pose(10.0 * person, -5.0, 2.0)
    numbers = {
        **dataclasses.asdict(pose),
        "gaze_x_deg": 1.0,
        "gaze_y_deg": 2.0,
        "eye_open_right": open_share,
        "eye_open_left": open_share,
        "mouth_open": mouth,
        "face_presence": 0.99,
        "face_asymmetry": 0.01,
    }
    distances = dict(zip(DISTANCES, (brow, 0.25, open_share, 0.6, 0.0, 0.5), strict=True))
    box = Box(100 * person, 20, 60, 60)
    mesh = FaceMesh(*_landmarks(box, 1 - 0.05 * person), pose, numbers, distances)
    probabilities = np.array([0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1], np.float32)
    quality = Quality(80, 900.0, 120.0, problems, pose.frontality)
    return FaceReading(box, 0.99, probabilities, False, np.zeros((3, 3), np.float32), quality, person, mesh)


def measures_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Measures for these rows that all differ, outlines among them; empty where nobody is seen."""
    made = pd.DataFrame({name: frame["time_s"] / 3 + n for n, name in enumerate(MEASURES)})
    outlines = [base64.b64encode(bytes([n % 256] * 2 * POINTS)).decode() for n in range(len(frame))]
    made["outline"] = pd.Series(outlines, frame.index, "string")
    made[frame["person"].isna().to_numpy()] = np.nan
    return made.astype(MEASURE_TYPES)


def measured(seconds: float = 12.0, rate: float = RATE, cuts=()) -> Timeline:
    """Person 1 blinks at 3 s and at 7 s, talks from 8 s on and raises the brows at 5 s; person 2 sits still, and person
    3 takes their place from 6 s on."""
    made = _measured(seconds, rate, tuple(cuts))
    return dataclasses.replace(made, frame=made.frame.copy(), measures=made.measures.copy())


@functools.cache  # it takes a second
def _measured(seconds: float, rate: float, cuts: tuple[float, ...]) -> Timeline:
    rows = []
    for frame, time_s in enumerate(at(rate, seconds)):
        shut = min(abs(time_s - 3), abs(time_s - 7)) < 0.1
        mouth = 0.05 + 0.05 * np.sin(2 * np.pi * 2.7 * time_s) if time_s >= 8 else 0.02
        one = face(1, 0.05 if shut else 0.3, mouth, 0.35 if 5 <= time_s < 6 else 0.3)
        other = face(2 if time_s < 6 else 3, brow=0.2 if time_s < 6 else 0.25, problems=("dark",) if frame % 2 else ())
        rows.extend(rows_of_frame(FrameReading(float(time_s), frame, (one, other))))
    rows.extend(rows_of_frame(FrameReading(seconds, round(rate * seconds), ())))
    return build(rows, RECORDING, REQUEST, cuts=cuts)


@functools.cache
def _landmarks(box: Box, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks and irises of a face seen from the front, as wide as a box and `height` times as high as usual."""
    places = mean_face().points.copy()
    places -= places.min(axis=0)
    places *= box.width / places[:, 0].max()
    places[:, 1] *= height
    places[:, :2] += (box.x, box.y)
    eyes = [places[[outer, inner], :2].mean(axis=0) for outer, inner in ((33, 133), (362, 263))]
    rim = np.array([(0, 0), (2, 0), (0, -2), (-2, 0), (0, 2)])
    return places.astype(np.float32), np.stack([eye + rim for eye in eyes]).astype(np.float32)


def _person(rng: np.random.Generator, times: np.ndarray, number: int, duration_s: float) -> pd.DataFrame:
    part = times / duration_s
    there = ~((part >= 0.4) & (part < 0.5)) & ((number == 1) | (part < 0.6) | (part >= 0.7))
    times, part = times[there], part[there]
    waves = np.sin(2 * np.pi * (times[:, None] / _PERIODS_S + np.arange(len(EMOTIONS)) * 0.37 * number))
    logits = np.array(list(_BIAS.values())) + 2.4 * waves
    raw = _softmax(logits + rng.normal(0, 0.7, logits.shape))
    smooth = _softmax(logits)
    dark = part >= 0.9
    quality = np.where(dark, "dark" if number == 1 else "small, dark", "good")
    columns = {
        "time_s": times,
        "person": number,
        "x": np.round(60 + 260 * (number - 1) + 40 * part).astype(int),
        "y": np.round(80 + 20 * np.sin(6 * part)).astype(int),
        "width": 120,
        "height": 130,
        **dict(zip(EMOTIONS, smooth.T, strict=True)),
        **dict(zip(RAW_COLUMNS, raw.T, strict=True)),
        "label": np.array(EMOTIONS)[smooth.argmax(axis=1)],
        "confidence": smooth.max(axis=1),
        "uncertain": smooth.max(axis=1) < 0.5,
        "quality": quality,
    }
    return pd.DataFrame(columns)


def _softmax(logits: np.ndarray) -> np.ndarray:
    values = np.exp(logits - logits.max(axis=1, keepdims=True))
    return values / values.sum(axis=1, keepdims=True)


def _portrait(number: int) -> bytes:
    face = np.full((120, 112, 3), (200 - 40 * number, 150, 90 + 40 * number), np.uint8)
    cv2.circle(face, (56, 60), 40, (170, 200, 235), cv2.FILLED)
    cv2.circle(face, (42, 50), 5, (40, 40, 40), cv2.FILLED)
    cv2.circle(face, (70, 50), 5, (40, 40, 40), cv2.FILLED)
    cv2.ellipse(face, (56, 70), (18, 12), 0, 0, 180, (40, 40, 160), 3)
    return cv2.imencode(".jpg", face)[1].tobytes()
